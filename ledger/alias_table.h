// Persons are found through memory only (DESIGN 7): alias -> slot, and the leaf of the alias's row.
//
// Promise: no alias and no digest of one leaves this table; its digests are keyed by 16 random bytes
//          of this process, and key and entries are wiped when they are given back (P4).
// Thread:  insert and erase from the one writer; find from any thread.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/secret.h"

#include <array>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

namespace lacuna {

struct AliasPlace {
  Slot slot;
  LeafNo leaf;  // of the alias row
  bool operator==(const AliasPlace&) const = default;
};

// Open addressing with linear probing, 24 bytes an entry, between 30 and 45 bytes an alias. Cut into
// shards with a lock each: growing moves one part of the table at a time, and a crowd of readers
// holds up the writer in one shard at most.
class AliasTable {
 public:
  explicit AliasTable(Entropy& entropy);
  ~AliasTable();
  AliasTable(const AliasTable&) = delete;
  AliasTable& operator=(const AliasTable&) = delete;

  // `alias` is the normalised text `scheme:value`, everywhere. False: it is there already, and stays.
  // Needs: slot < kSlotsMax, leaf < kLeavesPerSlot.
  bool insert(std::string_view alias, AliasPlace place);
  bool erase(std::string_view alias);  // false: it was not there
  std::optional<AliasPlace> find(std::string_view alias) const;

  std::size_t size() const;
  std::size_t bytesHeld() const;

 private:
  struct Entry {
    std::uint64_t high = 0, low = 0;  // SipHash-2-4-128 of the alias
    std::uint64_t place = kFree;      // slot * kLeavesPerSlot + leaf
  };
  struct Shard {
    mutable std::shared_mutex mutex;
    std::vector<Entry> entries;
    std::size_t used = 0;
  };
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};
  static constexpr unsigned kShardBits = 6;
  static_assert(sizeof(Entry) == 24, "what an alias costs");
  static_assert(kSlotsMax <= kFree / kLeavesPerSlot, "a place is never kFree");

  Entry digestOf(std::string_view alias) const;
  static std::size_t shardOf(const Entry& digest) { return digest.high >> (64 - kShardBits); }
  static std::size_t homeOf(const Entry& digest, std::size_t capacity);
  // Where the digest stands, or the free entry where it would. Needs: capacity > used.
  static std::size_t seek(const std::vector<Entry>& entries, const Entry& digest);
  static void grow(Shard& shard);
  static void wipeEntries(std::vector<Entry>& entries);

  Secret key_;
  std::array<Shard, std::size_t{1} << kShardBits> shards_;
};

}  // namespace lacuna
