// Published vectors that are not copied into the project, under LACUNA_VECTORS or beside the project.
#pragma once

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace lacuna::test {

inline std::optional<std::filesystem::path> publishedVectors(const char* part) {
  const char* given = std::getenv("LACUNA_VECTORS");
  const std::filesystem::path root =
      given != nullptr ? std::filesystem::path(given)
                       : std::filesystem::path(LACUNA_SOURCE_DIR) / ".." / "shared" / "vectors";
  if (std::filesystem::is_directory(root / part)) return root / part;
  REQUIRE(given == nullptr);  // named by the caller, so it has to be there
  WARN("published vectors not found (set LACUNA_VECTORS): " << part << " was not checked");
  return std::nullopt;
}

}  // namespace lacuna::test
