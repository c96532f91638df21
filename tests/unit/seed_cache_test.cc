// The cache of inner seeds: what it forgets it forgets as a whole.
#include "ledger/vault/seed_cache.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

Entry seedOf(std::uint64_t node) {
  ByteArray<Secret::kSize> bytes{};
  bytes.fill(static_cast<std::uint8_t>(node + 1));
  return {EntryType::seed, Secret(bytes)};
}

std::size_t kept(const SeedCache& cache, std::uint64_t nodes) {
  std::size_t out = 0;
  for (std::uint64_t node = 0; node < nodes; ++node) {
    const std::optional<Entry> found = cache.find(node);
    if (!found) continue;
    ++out;
    CHECK(found->type == EntryType::seed);
    CHECK(sameBytes(found->key.view(), seedOf(node).key.view()));
  }
  return out;
}

}  // namespace

TEST_CASE("a cache that was cleared finds nothing of what it kept, and is a cache again", "[P5]") {
  for (const std::size_t entries : {1UL, 63UL, 64UL, 65UL, 1000UL}) {
    CAPTURE(entries);
    SeedCache cache(entries);
    constexpr std::uint64_t kNodes = 3000;
    for (int round = 0; round < 3; ++round) {
      for (std::uint64_t node = 0; node < kNodes; ++node) cache.keep(node, seedOf(node));
      CHECK(kept(cache, kNodes) == entries);
      cache.clear();
      CHECK(kept(cache, kNodes) == 0);
      cache.keep(7, seedOf(7));  // one place alone: the others are not looked at, this one is
      CHECK(kept(cache, kNodes) == 1);
      cache.clear();
      CHECK(kept(cache, kNodes) == 0);
    }
  }
}

}  // namespace lacuna
