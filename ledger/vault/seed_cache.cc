#include "ledger/vault/seed_cache.h"

#include <algorithm>

namespace lacuna {

SeedCache::SeedCache(std::size_t entries)
    : entries_(std::max<std::size_t>(entries, 1)),
      places_(entries_),
      keys_(std::make_unique<LockedBytes>(entries_ * Secret::kSize)) {}

SeedCache::~SeedCache() = default;

// Scattered, since the near nodes of all slots are multiples of one another's distance.
std::size_t SeedCache::placeOf(std::uint64_t node) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{node * 0x9e3779b97f4a7c15} * entries_) >> 64);
}

std::span<std::uint8_t> SeedCache::keyAt(std::size_t place) const {
  return keys_->bytes().subspan(place * Secret::kSize, Secret::kSize);
}

std::optional<Entry> SeedCache::find(std::uint64_t node) const {
  const std::size_t place = placeOf(node);
  const std::lock_guard lock(guardOf(place));
  if (places_[place].nodePlusOne != node + 1) return std::nullopt;
  return Entry{places_[place].type, Secret(keyAt(place))};
}

void SeedCache::keep(std::uint64_t node, const Entry& entry) {
  if (entry.type == EntryType::dead) return;
  const std::size_t place = placeOf(node);
  const std::lock_guard lock(guardOf(place));
  places_[place] = {node + 1, entry.type};
  std::memcpy(keyAt(place).data(), entry.key.view().data(), Secret::kSize);
}

void SeedCache::forget(std::uint64_t node) {
  const std::size_t place = placeOf(node);
  const std::lock_guard lock(guardOf(place));
  if (places_[place].nodePlusOne != node + 1) return;
  places_[place] = {};
  wipe(keyAt(place));
}

void SeedCache::clear() {
  for (std::size_t place = 0; place < entries_; ++place) {
    const std::lock_guard lock(guardOf(place));
    if (places_[place].nodePlusOne == 0) continue;
    places_[place] = {};
    wipe(keyAt(place));
  }
}

}  // namespace lacuna
