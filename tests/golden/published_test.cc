// Published vectors that are not copied into the project: the 196 probes of transparency-dev/merkle and the
// log fixture of transparency-dev/tessera. Looked for under LACUNA_VECTORS, else beside the project.
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/tiles.h"
#include "tests/support/trees.h"
#include "tests/support/vectors.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace lacuna;
using namespace lacuna::test;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

std::vector<nlohmann::json> probesIn(const fs::path& folder) {
  std::vector<nlohmann::json> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) out.push_back(nlohmann::json::parse(contentOf(entry.path())));
  }
  return out;
}

// Hashes of any length stand in the probes; one that is not 32 bytes cannot even be passed on.
template <typename D>
std::optional<D> digestIn(const nlohmann::json& value) {
  if (value.is_null()) return std::nullopt;
  const auto bytes = bytesOfBase64(value.get<std::string>());
  REQUIRE(bytes);
  return D::from(*bytes);
}

std::optional<std::vector<NodeHash>> proofIn(const nlohmann::json& value) {
  std::vector<NodeHash> out;
  if (value.is_null()) return out;
  for (const nlohmann::json& item : value) {
    const auto hash = digestIn<LeafHash>(item);
    if (!hash) return std::nullopt;
    out.push_back(hash->bytes);
  }
  return out;
}

bool includes(const nlohmann::json& probe) {
  const auto leaf = digestIn<LeafHash>(probe["leafHash"]);
  const auto root = digestIn<RootHash>(probe["root"]);
  const auto proof = proofIn(probe["proof"]);
  return leaf && root && proof &&
         verifyInclusion(*leaf, Seq(probe["leafIdx"].get<std::uint64_t>()),
                         TreeSize(probe["treeSize"].get<std::uint64_t>()), *proof, *root);
}

// One probe compares two equal roots that are no hashes ("don't care 2"); a digest of the text keeps what
// it is about, equality, and is as wrong a root as the text itself in the probes that want an error.
RootHash rootIn(const nlohmann::json& value) {
  const auto root = digestIn<RootHash>(value);
  return root ? *root : RootHash{sha256(bytesOf(value.is_null() ? "" : value.get<std::string>()))};
}

bool extends(const nlohmann::json& probe) {
  const auto older = rootIn(probe["root1"]);
  const auto newer = rootIn(probe["root2"]);
  const auto proof = proofIn(probe["proof"]);
  return proof && verifyConsistency(TreeSize(probe["size1"].get<std::uint64_t>()), older,
                                    TreeSize(probe["size2"].get<std::uint64_t>()), newer, *proof);
}

}  // namespace

TEST_CASE("the published inclusion probes are accepted and refused as they say", "[P1]") {
  const auto folder = publishedVectors("merkle/inclusion");
  if (!folder) return;
  const auto probes = probesIn(*folder);
  CHECK(probes.size() == 98);
  for (const nlohmann::json& probe : probes) {
    INFO(probe.dump());
    CHECK(includes(probe) != probe["wantErr"].get<bool>());
  }
}

TEST_CASE("the published consistency probes are accepted and refused as they say", "[P1]") {
  const auto folder = publishedVectors("merkle/consistency");
  if (!folder) return;
  const auto probes = probesIn(*folder);
  CHECK(probes.size() == 98);
  for (const nlohmann::json& probe : probes) {
    INFO(probe.dump());
    CHECK(extends(probe) != probe["wantErr"].get<bool>());
  }
}

TEST_CASE("the published log is reproduced byte for byte", "[P1][P3]") {
  const auto folder = publishedVectors("tessera-log");
  if (!folder) return;
  const auto signing = signingKeyOfText(
      "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg");
  REQUIRE(signing);
  const auto key = verifierKeyOfText(
      "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
  REQUIRE(key);
  CHECK(verifierKeyOf(signing->name, signing->key.publicKey()) == *key);

  const std::vector<std::string> words = {"one",    "two",   "three",    "four",    "five",
                                          "six",    "seven", "eit",      "nain",    "ten",
                                          "ileven", "twelf", "threeten", "fourten", "fivten"};
  MemoryTree tree;
  std::vector<Bytes> entries;
  std::size_t compared = 0;
  for (unsigned size = 0; size <= words.size(); ++size) {
    CAPTURE(size);
    const Checkpoint checkpoint{signing->name, TreeSize(size), tree.root()};
    const std::string note = contentOf(*folder / ("checkpoint." + std::to_string(size)));
    CHECK(signNote(checkpoint, signing->key) == note);
    const auto opened = openNote(note, *key);
    REQUIRE(opened);
    CHECK(*opened == checkpoint);
    if (size > 0) {
      const std::string tile = contentOf(*folder / pathOf({0, 0, size}));
      CHECK(tree.tile(0, 0, size) == Bytes(tile.begin(), tile.end()));
      const std::string bundle = contentOf(*folder / pathOf({std::nullopt, 0, size}));
      CHECK(encodeBundle(entries) == Bytes(bundle.begin(), bundle.end()));
      CHECK(decodeBundle(bytesOf(bundle), size).value() == entries);
      compared += 2;
    }
    if (size == words.size()) break;
    entries.emplace_back(words[size].begin(), words[size].end());
    tree.append(leafHash(entries.back()));
  }
  CHECK(compared == 30);
}
