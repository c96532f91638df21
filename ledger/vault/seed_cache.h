// Entries of blocks of 16 slots (level 4) in locked memory, so that a lot key costs four hash steps
// instead of a walk from the top. Never a leaf key, never a seed below a block.
//
// Promise: after forget(block) or clear() returned, no byte of what was dropped is in the cache (P5).
// Thread:  any. Who swaps the tree keeps find() and keep() out while it forgets.
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

  std::optional<Entry> find(std::uint64_t block) const;
  void keep(std::uint64_t block, const Entry& entry);
  void forget(std::uint64_t block);
  void clear();

 private:
  // A place is block % entries: slots are given in order, so the newest blocks never collide.
  struct Place {
    std::uint64_t blockPlusOne = 0;  // 0: empty
    EntryType type = EntryType::dead;
  };
  static constexpr std::size_t kShards = 64;
  struct alignas(64) Shard {
    std::mutex mutex;
  };
  std::span<std::uint8_t> keyAt(std::size_t place) const;
  std::mutex& guardOf(std::size_t place) const { return shards_[place % kShards].mutex; }

  const std::size_t entries_;
  mutable std::array<Shard, kShards> shards_;
  std::vector<Place> places_;
  std::unique_ptr<LockedBytes> keys_;
};

}  // namespace lacuna
