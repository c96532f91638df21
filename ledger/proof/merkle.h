// The Merkle tree of RFC 6962 section 2.1 (= RFC 9162 2.1) over leaf hashes: append, roots, proofs.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

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
class TreeBuilder {
 public:
  TreeBuilder() = default;
  // Reload: `node(height, index)` gives MTH of the perfect subtree (height h covers 2^h leaves).
  TreeBuilder(TreeSize size, const std::function<NodeHash(unsigned height, std::uint64_t index)>& node);

  void append(const LeafHash& leaf, const std::function<void(const TileHash&)>& emit);
  TreeSize size() const { return TreeSize(size_); }
  RootHash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<NodeHash> stack_;
};

// Where proofs get their hashes: a tile's first `width` hashes (32 bytes each), or nothing.
using TileSource = std::function<std::optional<Bytes>(unsigned level, std::uint64_t index, unsigned width)>;

// Refuse not-published when a tile is missing, invalid-value when the indices do not fit.
Result<RootHash> rootFromTiles(const TileSource& tiles, TreeSize size);
Result<std::vector<NodeHash>> proveInclusion(const TileSource& tiles, Seq index, TreeSize size);
Result<std::vector<NodeHash>> proveConsistency(const TileSource& tiles, TreeSize older, TreeSize newer);

// RFC 9162 2.1.3.2 and 2.1.4.2. Strict about the proof's length. Refuse `tampered`.
Outcome verifyInclusion(const LeafHash& leaf, Seq index, TreeSize size,
                        std::span<const NodeHash> proof, const RootHash& root);
Outcome verifyConsistency(TreeSize older, const RootHash& olderRoot, TreeSize newer,
                          const RootHash& newerRoot, std::span<const NodeHash> proof);

}  // namespace lacuna
