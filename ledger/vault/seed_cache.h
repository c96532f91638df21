// Entries of inner nodes of one level in locked memory, so that a lot key costs a hash step or a few
// instead of a walk from the top. Never a leaf key. The vault has two: of blocks of 16 slots (level 4),
// which reach far, and of the nodes just above 16 lots (level 1), which are near.
//
// Promise: after clear() returned, no byte of what was dropped is in the cache (P5).
// Thread:  any. Who swaps the tree keeps find() and keep() out while it forgets.
// Cost:    clear() touches what was used since the last one, not all there is: an erasure waits for it.
#pragma once

#include "ledger/vault/tree_codec.h"

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace lacuna {

class SeedCache {
 public:
  explicit SeedCache(std::size_t entries);
  ~SeedCache();

  std::optional<Entry> find(std::uint64_t node) const;
  // Asks for the memory that find() will look at.
  void prefetch(std::uint64_t node) const { __builtin_prefetch(&places()[placeOf(node)]); }
  void keep(std::uint64_t node, const Entry& entry);
  void clear();

 private:
  // What is looked at and what is taken lie beside one another: one line of memory a look.
  struct Place {
    std::uint64_t nodePlusOne : 56 = 0;  // 0: empty
    std::uint64_t type : 8 = 0;          // EntryType
    ByteArray<Secret::kSize> key;
  };
  static constexpr std::uint64_t kNodeMask = (std::uint64_t{1} << 56) - 1;
  static_assert(4 * kTreeHeight < 56, "the nodes of every level fit");
  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kStretch = 64;  // places that are wiped together
  struct alignas(64) Shard {
    std::mutex mutex;
  };
  std::size_t placeOf(std::uint64_t node) const;
  Place* places() const { return reinterpret_cast<Place*>(memory_->bytes().data()); }
  std::mutex& guardOf(std::size_t place) const {
    return shards_[place / kStretch % kShards].mutex;  // one for a whole stretch
  }

  const std::size_t entries_;
  mutable std::array<Shard, kShards> shards_;
  std::unique_ptr<LockedBytes> memory_;  // the places
  std::vector<std::uint8_t> used_;       // a stretch, under its guard: not 0 once a place was taken
};

}  // namespace lacuna
