// The Merkle tree of RFC 6962 section 2.1 (= RFC 9162 2.1) over leaf hashes: append, roots, proofs.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/digest.h"

#include <array>
#include <bit>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace lacuna {

using NodeHash = ByteArray<32>;

RootHash emptyRoot();  // SHA-256 of nothing

// One hash of a level of tiles: level l, index i = MTH(D[i*256^l : (i+1)*256^l]).
struct TileHash {
  unsigned level = 0;
  std::uint64_t index = 0;
  NodeHash hash{};
};

// The growing tree: a stack of perfect subtrees, one hash for each set bit of the size.
// append() reports each hash that belongs into a tile; upper tiles cost no extra hashing.
// A plain value; append allocates nothing and hashes n - popcount(n) nodes for n leaves.
class TreeBuilder {
 public:
  TreeBuilder() = default;
  // Reload: `node(height, index)` gives MTH of the perfect subtree (height h covers 2^h leaves).
  TreeBuilder(TreeSize size,
              const std::function<NodeHash(unsigned height, std::uint64_t index)>& node);

  // `emit` is called with each const TileHash& that this leaf completes, level 0 first.
  template <typename Emit>
  void append(const LeafHash& leaf, Emit&& emit);
  TreeSize size() const { return TreeSize(size_); }
  RootHash root() const;

 private:
  std::uint64_t size_ = 0;
  std::array<NodeHash, 64> stack_;  // the first popcount(size_) count
};

template <typename Emit>
void TreeBuilder::append(const LeafHash& leaf, Emit&& emit) {
  NodeHash hash = leaf.bytes;
  std::size_t depth = static_cast<std::size_t>(std::popcount(size_));
  unsigned height = 0;
  emit(TileHash{0, size_, hash});
  for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    hash = nodeHash(stack_[--depth], hash);  // two perfect subtrees of one size become one
    if (++height % 8 == 0) emit(TileHash{height / 8, size_ >> height, hash});
  }
  stack_[depth] = hash;
  ++size_;
}

// Where proofs get their hashes: a tile's first `width` hashes (32 bytes each), or nothing. Asked only
// for widths that tiles.h's tileWidth() gives for the tree's size.
using TileSource =
    std::function<std::optional<Bytes>(unsigned level, std::uint64_t index, unsigned width)>;

// Refuse not-published when a tile is missing or of another width, invalid-value when the indices do not
// fit. A consistency proof from size 0, or between equal sizes, is empty.
Result<RootHash> rootFromTiles(const TileSource& tiles, TreeSize size);
Result<std::vector<NodeHash>> proveInclusion(const TileSource& tiles, Seq index, TreeSize size);
Result<std::vector<NodeHash>> proveConsistency(const TileSource& tiles, TreeSize older,
                                               TreeSize newer);

// RFC 9162 2.1.3.2 and 2.1.4.2. Strict about the proof's length. Refuse `tampered`.
Outcome verifyInclusion(const LeafHash& leaf, Seq index, TreeSize size,
                        std::span<const NodeHash> proof, const RootHash& root);
Outcome verifyConsistency(TreeSize older, const RootHash& olderRoot, TreeSize newer,
                          const RootHash& newerRoot, std::span<const NodeHash> proof);

}  // namespace lacuna
