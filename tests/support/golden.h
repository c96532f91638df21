// The vectors of scripts/golden_vectors.py, an independent writer of ledger/FORMAT.md.
#pragma once

#include "ledger/base/bytes.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>
#include <string>

namespace lacuna::test {

inline const nlohmann::json& goldenVectors() {
  static const nlohmann::json vectors = [] {
    std::ifstream in(std::string(LACUNA_SOURCE_DIR) + "/tests/golden/vectors.json");
    if (!in) throw std::runtime_error("tests/golden/vectors.json is not there");
    return nlohmann::json::parse(in);
  }();
  return vectors;
}

inline Bytes hexBytes(const nlohmann::json& value) {
  const auto bytes = bytesOfHex(value.get<std::string>());
  if (!bytes) throw std::runtime_error("not hex in vectors.json");
  return *bytes;
}

template <typename D>
D hexDigest(const nlohmann::json& value) {
  const auto digest = D::from(hexBytes(value));
  if (!digest) throw std::runtime_error("a digest of another length in vectors.json");
  return *digest;
}

}  // namespace lacuna::test
