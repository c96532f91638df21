#include "ledger/vault/seed_cache.h"

#include <algorithm>

namespace lacuna {

SeedCache::SeedCache(std::size_t entries)
    : entries_(std::max<std::size_t>(entries, 1)),
      places_(entries_),
      keys_(std::make_unique<LockedBytes>(entries_ * Secret::kSize)) {}

SeedCache::~SeedCache() = default;

std::span<std::uint8_t> SeedCache::keyAt(std::size_t place) const {
  return keys_->bytes().subspan(place * Secret::kSize, Secret::kSize);
}

std::optional<Entry> SeedCache::find(std::uint64_t block) const {
  const std::size_t place = block % entries_;
  const std::lock_guard lock(guardOf(place));
  if (places_[place].blockPlusOne != block + 1) return std::nullopt;
  return Entry{places_[place].type, Secret(keyAt(place))};
}

void SeedCache::keep(std::uint64_t block, const Entry& entry) {
  if (entry.type == EntryType::dead) return;
  const std::size_t place = block % entries_;
  const std::lock_guard lock(guardOf(place));
  places_[place] = {block + 1, entry.type};
  std::memcpy(keyAt(place).data(), entry.key.view().data(), Secret::kSize);
}

void SeedCache::forget(std::uint64_t block) {
  const std::size_t place = block % entries_;
  const std::lock_guard lock(guardOf(place));
  if (places_[place].blockPlusOne != block + 1) return;
  places_[place] = {};
  wipe(keyAt(place));
}

void SeedCache::clear() {
  for (std::size_t place = 0; place < entries_; ++place) {
    const std::lock_guard lock(guardOf(place));
    if (places_[place].blockPlusOne == 0) continue;
    places_[place] = {};
    wipe(keyAt(place));
  }
}

}  // namespace lacuna
