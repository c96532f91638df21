// A whole Merkle tree with its tiles in memory.
#pragma once

#include "ledger/base/limits.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/tiles.h"

#include <map>
#include <vector>

namespace lacuna::test {

class MemoryTree {
 public:
  void append(const LeafHash& leaf) {
    leaves_.push_back(leaf);
    builder_.append(leaf, [&](const TileHash& hash) {
      Bytes& tile = tiles_[{hash.level, hash.index / kTileWidth}];
      LACUNA_ASSERT(tile.size() == hash.index % kTileWidth * 32, "hashes of a tile come in order");
      tile.insert(tile.end(), hash.hash.begin(), hash.hash.end());
    });
  }
  TreeSize size() const { return builder_.size(); }
  RootHash root() const { return builder_.root(); }
  const std::vector<LeafHash>& leaves() const { return leaves_; }
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const {
    const auto found = tiles_.find({level, index});
    if (found == tiles_.end() || found->second.size() < std::size_t{width} * 32)
      return std::nullopt;
    return Bytes(found->second.begin(), found->second.begin() + std::ptrdiff_t{width} * 32);
  }
  TileSource tiles() const {  // a copy: outlives the tree
    return [copy = *this](unsigned level, std::uint64_t index, unsigned width) {
      return copy.tile(level, index, width);
    };
  }

 private:
  TreeBuilder builder_;
  std::vector<LeafHash> leaves_;
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> tiles_;
};

}  // namespace lacuna::test
