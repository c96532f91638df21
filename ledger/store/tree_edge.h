// The right edge of the Merkle tree: the tiles that are not full yet. Full ones are rows.
//
// Thread:  partial() and last() from any thread; everything else from the one writer.
#pragma once

#include "ledger/base/limits.h"
#include "ledger/proof/merkle.h"

#include <mutex>

namespace lacuna {

inline constexpr std::size_t kTileBytes = kTileWidth * 32;

// MTH over 1..256 hashes whose number is a power of two.
NodeHash perfectRoot(ByteView hashes);
Bytes tileKey(unsigned level, std::uint64_t index);

struct FullTile {
  unsigned level = 0;
  std::uint64_t index = 0;
  Bytes hashes;
};

class TreeEdge {
 public:
  // Nothing: what was asked for does not read.
  using Leaves = std::function<std::optional<std::vector<LeafHash>>(Seq first, TreeSize end)>;
  using Tile = std::function<std::optional<Bytes>(unsigned level, std::uint64_t index)>;
  // False when something of the edge is missing; then nothing has changed.
  bool load(TreeSize size, const Leaves& leaves, const Tile& fullTile);

  // Takes in leaves and gives the tiles that became full. Readers see nothing of it before publish().
  std::vector<FullTile> stage(std::span<const LeafHash> leaves);
  void publish();

  // The first `width` hashes of a tile that is not full; nothing when it is, or has fewer.
  std::optional<Bytes> partial(unsigned level, std::uint64_t index, unsigned width) const;
  std::optional<LeafHash> last() const;

 private:
  struct Level {
    std::uint64_t index = 0;  // of the tile that grows
    Bytes hashes;
    bool push(const NodeHash& hash);  // true: full now; begin the next with clear()
    void clear() { hashes.clear(), ++index; }
  };
  static Level& levelOf(std::vector<Level>& levels, unsigned level);

  TreeBuilder builder_;
  std::vector<Level> staged_;    // the writer's
  std::vector<TileHash> added_;  // staged and not yet published
  std::optional<LeafHash> lastStaged_;
  mutable std::mutex mutex_;
  std::vector<Level> shown_;
  std::optional<LeafHash> last_;
};

}  // namespace lacuna
