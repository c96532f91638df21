#include "ledger/alias_table.h"

#include "ledger/base/bytes.h"
#include "ledger/base/fault.h"
#include "ledger/crypto/digest.h"

#include <algorithm>
#include <mutex>

namespace lacuna {
namespace {

constexpr std::size_t kCapacityFirst = 16;
// At most 4/5 full; growing by half leaves it at least 8/15 full: 24 / (8/15) = 45 bytes an alias.
constexpr bool full(std::size_t used, std::size_t capacity) {
  return (used + 1) * 5 > capacity * 4;
}

Secret freshKey(Entropy& entropy) {
  Secret key;
  entropy.fill({key.data(), Secret::kSize});
  return key;
}

}  // namespace

AliasTable::AliasTable(Entropy& entropy) : key_(freshKey(entropy)) {}

AliasTable::~AliasTable() {
  for (Shard& shard : shards_) wipeEntries(shard.entries);
}

bool AliasTable::insert(std::string_view alias, AliasPlace place) {
  LACUNA_ASSERT(place.slot.raw() < kSlotsMax && place.leaf.raw() < kLeavesPerSlot,
                "an alias stands within the key tree");
  Entry entry = digestOf(alias);
  entry.place = place.slot.raw() * kLeavesPerSlot + place.leaf.raw();
  Shard& shard = shards_[shardOf(entry)];
  const std::unique_lock lock(shard.mutex);
  if (full(shard.used, shard.entries.size())) grow(shard);
  Entry& found = shard.entries[seek(shard.entries, entry)];
  if (found.place != kFree) return false;
  found = entry;
  ++shard.used;
  return true;
}

bool AliasTable::erase(std::string_view alias) {
  const Entry digest = digestOf(alias);
  Shard& shard = shards_[shardOf(digest)];
  const std::unique_lock lock(shard.mutex);
  std::vector<Entry>& entries = shard.entries;
  if (entries.empty()) return false;
  const std::size_t capacity = entries.size();
  std::size_t hole = seek(entries, digest);
  if (entries[hole].place == kFree) return false;
  // The entries behind it move up, so that no chain of probing breaks and nothing marks that one went.
  for (std::size_t i = (hole + 1) % capacity; entries[i].place != kFree; i = (i + 1) % capacity) {
    const std::size_t home = homeOf(entries[i], capacity);
    const std::size_t fromHome = (i + capacity - home) % capacity;
    const std::size_t fromHole = (i + capacity - hole) % capacity;
    if (fromHome < fromHole) continue;  // it may not stand before its home
    entries[hole] = entries[i];
    hole = i;
  }
  entries[hole] = Entry{};
  --shard.used;
  return true;
}

std::optional<AliasPlace> AliasTable::find(std::string_view alias) const {
  const Entry digest = digestOf(alias);
  const Shard& shard = shards_[shardOf(digest)];
  const std::shared_lock lock(shard.mutex);
  const std::vector<Entry>& entries = shard.entries;
  if (entries.empty()) return std::nullopt;
  const std::uint64_t place = entries[seek(entries, digest)].place;
  if (place == kFree) return std::nullopt;
  return AliasPlace{Slot(place / kLeavesPerSlot),
                    LeafNo(static_cast<std::uint16_t>(place % kLeavesPerSlot))};
}

std::size_t AliasTable::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::shared_lock lock(shard.mutex);
    size += shard.used;
  }
  return size;
}

std::size_t AliasTable::bytesHeld() const {
  std::size_t bytes = sizeof(*this);
  for (const Shard& shard : shards_) {
    const std::shared_lock lock(shard.mutex);
    bytes += shard.entries.capacity() * sizeof(Entry);
  }
  return bytes;
}

AliasTable::Entry AliasTable::digestOf(std::string_view alias) const {
  const ByteArray<16> digest = siphash128(key_.view().first(16), bytesOf(alias));
  ByteReader in(digest);
  Entry entry;
  entry.high = in.u64();
  entry.low = in.u64();
  return entry;
}

std::size_t AliasTable::homeOf(const Entry& digest, std::size_t capacity) {
  // The bits below the shard's, scaled to any capacity without a division.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{digest.high << kShardBits} * capacity) >> 64);
}

std::size_t AliasTable::seek(const std::vector<Entry>& entries, const Entry& digest) {
  std::size_t i = homeOf(digest, entries.size());
  while (entries[i].place != kFree &&
         (entries[i].high != digest.high || entries[i].low != digest.low)) {
    if (++i == entries.size()) i = 0;
  }
  return i;
}

void AliasTable::grow(Shard& shard) {
  const std::size_t capacity = shard.entries.size();
  std::vector<Entry> larger(std::max(kCapacityFirst, capacity + capacity / 2));
  for (const Entry& entry : shard.entries) {
    if (entry.place != kFree) larger[seek(larger, entry)] = entry;
  }
  shard.entries.swap(larger);
  wipeEntries(larger);
}

void AliasTable::wipeEntries(std::vector<Entry>& entries) {
  if (entries.empty()) return;
  wipe({reinterpret_cast<std::uint8_t*>(entries.data()), entries.size() * sizeof(Entry)});
}

}  // namespace lacuna
