#include "ledger/vault/seed_cache.h"

#include <algorithm>
#include <memory>

namespace lacuna {

SeedCache::SeedCache(std::size_t entries)
    : entries_(std::max<std::size_t>(entries, 1)),
      memory_(std::make_unique<LockedBytes>(entries_ * sizeof(Place))),
      used_((entries_ + kStretch - 1) / kStretch) {
  std::uninitialized_value_construct_n(places(), entries_);
}

SeedCache::~SeedCache() = default;

// Scattered, since the near nodes of all slots are multiples of one another's distance.
std::size_t SeedCache::placeOf(std::uint64_t node) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>((Wide{node * 0x9e3779b97f4a7c15} * entries_) >> 64);
}

std::optional<Entry> SeedCache::find(std::uint64_t node) const {
  const std::size_t at = placeOf(node);
  const std::lock_guard lock(guardOf(at));
  const Place& place = places()[at];
  if (place.nodePlusOne != node + 1) return std::nullopt;
  return Entry{static_cast<EntryType>(place.type), Secret(place.key)};
}

void SeedCache::keep(std::uint64_t node, const Entry& entry) {
  if (entry.type == EntryType::dead) return;
  const std::size_t at = placeOf(node);
  const std::lock_guard lock(guardOf(at));
  used_[at / kStretch] = 1;  // before the first secret byte
  Place& place = places()[at];
  place.nodePlusOne = (node + 1) & kNodeMask;
  place.type = static_cast<std::uint8_t>(entry.type);
  std::memcpy(place.key.data(), entry.key.view().data(), Secret::kSize);
}

void SeedCache::clear() {
  for (std::size_t stretch = 0; stretch < used_.size(); ++stretch) {
    const std::size_t first = stretch * kStretch;
    const std::lock_guard lock(guardOf(first));
    if (used_[stretch] == 0) continue;
    const std::size_t count = std::min(kStretch, entries_ - first);
    wipe(memory_->bytes().subspan(first * sizeof(Place), count * sizeof(Place)));  // zeros: empty
    used_[stretch] = 0;
  }
}

}  // namespace lacuna
