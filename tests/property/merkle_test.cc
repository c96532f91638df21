// The tree against its definition in RFC 6962, written down recursively.
#include "ledger/proof/merkle.h"

#include "tests/support/trees.h"

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <span>

using namespace lacuna;
using namespace lacuna::test;

namespace {

using Leaves = std::span<const LeafHash>;

std::size_t cut(std::size_t n) {
  std::size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

NodeHash mth(Leaves d) {
  if (d.empty()) return sha256(ByteView{});
  if (d.size() == 1) return d[0].bytes;
  const std::size_t k = cut(d.size());
  return nodeHash(mth(d.first(k)), mth(d.subspan(k)));
}

std::vector<NodeHash> path(std::size_t m, Leaves d) {
  if (d.size() == 1) return {};
  const std::size_t k = cut(d.size());
  std::vector<NodeHash> out = m < k ? path(m, d.first(k)) : path(m - k, d.subspan(k));
  out.push_back(m < k ? mth(d.subspan(k)) : mth(d.first(k)));
  return out;
}

std::vector<NodeHash> subproof(std::size_t m, Leaves d, bool whole) {
  if (m == d.size()) return whole ? std::vector<NodeHash>{} : std::vector<NodeHash>{mth(d)};
  const std::size_t k = cut(d.size());
  std::vector<NodeHash> out =
      m <= k ? subproof(m, d.first(k), whole) : subproof(m - k, d.subspan(k), false);
  out.push_back(m <= k ? mth(d.subspan(k)) : mth(d.first(k)));
  return out;
}

MemoryTree treeOf(std::size_t count, std::uint64_t seed) {
  MemoryTree tree;
  for (std::size_t i = 0; i < count; ++i) {
    tree.append(LeafHash{sha256({key64(seed), key64(i)})});
  }
  return tree;
}

TileSource borrowed(const MemoryTree& tree) {
  return [&tree](unsigned level, std::uint64_t index, unsigned width) {
    return tree.tile(level, index, width);
  };
}

bool included(const MemoryTree& tree, std::size_t i, std::size_t n, Leaves proofOf,
              const std::vector<NodeHash>& proof) {
  return verifyInclusion(proofOf[i], Seq(i), TreeSize(n), proof,
                         RootHash{mth(Leaves(tree.leaves()).first(n))})
      .ok();
}

// Every proof that is nearly this one is refused.
template <typename Accepts>
void checkNeighbours(const std::vector<NodeHash>& proof, std::mt19937_64& random, Accepts accepts) {
  std::vector<NodeHash> other = proof;
  other.push_back(NodeHash{});
  CHECK_FALSE(accepts(other));
  other = proof;
  other.insert(other.begin(), NodeHash{});
  CHECK_FALSE(accepts(other));
  if (proof.empty()) return;
  other = proof;
  other.pop_back();
  CHECK_FALSE(accepts(other));
  other = {proof.begin() + 1, proof.end()};
  CHECK_FALSE(accepts(other));
  other = proof;
  other[random() % other.size()][random() % 32] ^= static_cast<std::uint8_t>(1U << (random() % 8));
  CHECK_FALSE(accepts(other));
}

}  // namespace

TEST_CASE("every proof of every tree below 70 leaves is the defined one and verifies", "[P1]") {
  const MemoryTree tree = treeOf(70, 1);
  const Leaves all(tree.leaves());
  for (std::size_t n = 1; n < 70; ++n) {
    const Leaves d = all.first(n);
    CAPTURE(n);
    CHECK(rootFromTiles(borrowed(tree), TreeSize(n)).value().bytes == mth(d));
    for (std::size_t i = 0; i < n; ++i) {
      const auto proof = proveInclusion(borrowed(tree), Seq(i), TreeSize(n));
      REQUIRE(proof);
      CHECK(*proof == path(i, d));
      CHECK(included(tree, i, n, all, *proof));
    }
    for (std::size_t m = 1; m <= n; ++m) {
      const auto proof = proveConsistency(borrowed(tree), TreeSize(m), TreeSize(n));
      REQUIRE(proof);
      CHECK(*proof == (m == n ? std::vector<NodeHash>{} : subproof(m, d, true)));
      CHECK(verifyConsistency(TreeSize(m), RootHash{mth(all.first(m))}, TreeSize(n),
                              RootHash{mth(d)}, *proof));
    }
  }
}

TEST_CASE("proofs of larger trees are the defined ones, and their neighbours are refused", "[P1]") {
  std::mt19937_64 random(2);
  const MemoryTree tree = treeOf(3000, 2);
  const Leaves all(tree.leaves());
  for (int round = 0; round < 60; ++round) {
    const std::size_t n = 2 + random() % 2998;
    const std::size_t i = random() % n;
    const std::size_t m = 1 + random() % (n - 1);
    CAPTURE(n, i, m);
    const Leaves d = all.first(n);
    const RootHash root{mth(d)};
    const auto inclusion = proveInclusion(borrowed(tree), Seq(i), TreeSize(n));
    REQUIRE(inclusion);
    CHECK(*inclusion == path(i, d));
    checkNeighbours(*inclusion, random, [&](const std::vector<NodeHash>& proof) {
      return verifyInclusion(all[i], Seq(i), TreeSize(n), proof, root).ok();
    });
    CHECK_FALSE(verifyInclusion(all[i], Seq(i ^ 1), TreeSize(n), *inclusion, root));
    CHECK_FALSE(verifyInclusion(all[i], Seq(i + n), TreeSize(n), *inclusion, root));

    const RootHash older{mth(all.first(m))};
    const auto consistency = proveConsistency(borrowed(tree), TreeSize(m), TreeSize(n));
    REQUIRE(consistency);
    CHECK(*consistency == subproof(m, d, true));
    CHECK(verifyConsistency(TreeSize(m), older, TreeSize(n), root, *consistency));
    checkNeighbours(*consistency, random, [&](const std::vector<NodeHash>& proof) {
      return verifyConsistency(TreeSize(m), older, TreeSize(n), root, proof).ok();
    });
    CHECK_FALSE(verifyConsistency(TreeSize(m), root, TreeSize(n), older, *consistency));
    CHECK_FALSE(verifyConsistency(TreeSize(n), root, TreeSize(m), older, *consistency));
  }
}

TEST_CASE("proofs over three levels of tiles verify", "[P1]") {
  std::mt19937_64 random(3);
  const MemoryTree tree = treeOf(66500, 3);
  const std::vector<std::size_t> sizes = {255, 256, 257, 4096, 65535, 65536, 65537, 66499, 66500};
  for (const std::size_t n : sizes) {
    const RootHash root = rootFromTiles(borrowed(tree), TreeSize(n)).value();
    for (int round = 0; round < 20; ++round) {
      const std::size_t i = round == 0 ? 0 : round == 1 ? n - 1 : random() % n;
      const std::size_t m = 1 + random() % n;
      CAPTURE(n, i, m);
      const auto inclusion = proveInclusion(borrowed(tree), Seq(i), TreeSize(n));
      REQUIRE(inclusion);
      CHECK(verifyInclusion(tree.leaves()[i], Seq(i), TreeSize(n), *inclusion, root));
      const auto consistency = proveConsistency(borrowed(tree), TreeSize(m), TreeSize(n));
      REQUIRE(consistency);
      CHECK(verifyConsistency(TreeSize(m), rootFromTiles(borrowed(tree), TreeSize(m)).value(),
                              TreeSize(n), root, *consistency));
    }
  }
}

TEST_CASE("a tree reloaded at any size goes on as if it had never stopped", "[P1][P7]") {
  const MemoryTree tree = treeOf(700, 4);
  const Leaves all(tree.leaves());
  for (std::size_t n = 0; n <= 700; n += n < 70 ? 1 : 63) {
    CAPTURE(n);
    TreeBuilder builder(TreeSize(n), [&](unsigned height, std::uint64_t index) {
      return mth(all.subspan(index << height, std::size_t{1} << height));
    });
    CHECK(builder.root().bytes == mth(all.first(n)));
    std::vector<TileHash> emitted;
    for (std::size_t i = n; i < 700; ++i) {
      builder.append(all[i], [&](const TileHash& hash) { emitted.push_back(hash); });
    }
    CHECK(builder.root() == tree.root());
    CHECK(builder.size() == TreeSize(700));
    std::set<std::pair<unsigned, std::uint64_t>> seen;
    for (const TileHash& hash : emitted) {
      CHECK(seen.insert({hash.level, hash.index}).second);
      const std::size_t span = std::size_t{1} << (8 * hash.level);
      CHECK(hash.hash == mth(all.subspan(hash.index * span, span)));
    }
    CHECK(seen.size() == (700 - n) + (2 - n / 256));
  }
}

TEST_CASE("proofs need indices that fit and tiles that are there", "[P1]") {
  const MemoryTree tree = treeOf(300, 5);
  const auto tiles = borrowed(tree);
  const auto code = [](const auto& result) { return result.refusal().code; };
  CHECK(code(proveInclusion(tiles, Seq(300), TreeSize(300))) == RefusalCode::invalidValue);
  CHECK(code(proveInclusion(tiles, Seq(0), TreeSize(0))) == RefusalCode::invalidValue);
  CHECK(code(proveConsistency(tiles, TreeSize(5), TreeSize(4))) == RefusalCode::invalidValue);
  CHECK(code(rootFromTiles(tiles, TreeSize(~0ULL))) == RefusalCode::invalidValue);
  CHECK(proveConsistency(tiles, TreeSize(0), TreeSize(4)).value().empty());
  CHECK(rootFromTiles(tiles, TreeSize(0)).value() == emptyRoot());
  // Beyond the tree: tiles of these widths do not exist.
  CHECK(code(proveInclusion(tiles, Seq(0), TreeSize(301))) == RefusalCode::notPublished);
  const TileSource wrongWidth = [&](unsigned level, std::uint64_t index, unsigned width) {
    auto bytes = tree.tile(level, index, width);
    if (bytes) bytes->pop_back();
    return bytes;
  };
  CHECK(code(rootFromTiles(wrongWidth, TreeSize(300))) == RefusalCode::notPublished);
}

TEST_CASE("a tile is asked for once a proof, and only with its width in that tree", "[P1]") {
  const MemoryTree tree = treeOf(70000, 6);
  std::set<std::pair<unsigned, std::uint64_t>> asked;
  const TileSource counting = [&](unsigned level, std::uint64_t index, unsigned width) {
    CHECK(asked.insert({level, index}).second);
    CHECK(width == tileWidth(level, index, TreeSize(69000)));
    CHECK(width > 0);
    return tree.tile(level, index, width);
  };
  REQUIRE(proveInclusion(counting, Seq(12345), TreeSize(69000)));
  CHECK(asked.size() <= 4);
}
