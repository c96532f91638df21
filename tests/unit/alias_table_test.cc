#include "ledger/alias_table.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace lacuna;

namespace {

class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  std::mt19937_64 random_;
};

std::string aliasNo(std::uint64_t i) { return "crm:" + std::to_string(i); }
AliasPlace placeNo(std::uint64_t i) {
  return {Slot(i), LeafNo(static_cast<std::uint16_t>(i % kLeavesPerSlot))};
}

}  // namespace

TEST_CASE("an alias is found where it was put, until it is erased", "[alias-table]") {
  SeededEntropy entropy(1);
  AliasTable table(entropy);
  CHECK_FALSE(table.find("email:jan@example.nl"));
  CHECK_FALSE(table.erase("email:jan@example.nl"));
  const AliasPlace place{Slot(kSlotsMax - 1), LeafNo(kLeavesPerSlot - 1)};
  CHECK(table.insert("email:jan@example.nl", place));
  CHECK_FALSE(table.insert("email:jan@example.nl", {Slot(1), LeafNo(1)}));  // the first stays
  CHECK(table.find("email:jan@example.nl") == place);
  CHECK_FALSE(table.find("email:jan@example.n"));
  CHECK(table.size() == 1);
  CHECK(table.erase("email:jan@example.nl"));
  CHECK_FALSE(table.find("email:jan@example.nl"));
  CHECK(table.size() == 0);
  CHECK_THROWS_AS(table.insert("crm:1", {Slot(kSlotsMax), LeafNo(0)}), Bug);
  CHECK_THROWS_AS(table.insert("crm:1", {Slot(0), LeafNo(kLeavesPerSlot)}), Bug);
}

TEST_CASE("the table agrees with a map through any mix of inserts and erasures", "[alias-table]") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SeededEntropy entropy(seed);
    AliasTable table(entropy);
    std::map<std::string, AliasPlace> model;
    std::mt19937_64 random(seed);
    for (int step = 0; step < 20'000; ++step) {
      const std::uint64_t i = random() % 1500;  // shards of some 20: chains form, break and wrap
      const std::string alias = aliasNo(i);
      if (random() % 2 == 0) {
        REQUIRE(table.insert(alias, placeNo(random() % 9999)) == !model.contains(alias));
        if (!model.contains(alias)) model[alias] = *table.find(alias);
      } else {
        REQUIRE(table.erase(alias) == (model.erase(alias) == 1));
      }
      if (step % 500 != 0) continue;
      REQUIRE(table.size() == model.size());
      for (std::uint64_t j = 0; j < 1500; ++j) {
        const auto known = model.find(aliasNo(j));
        const std::optional<AliasPlace> found = table.find(aliasNo(j));
        REQUIRE(found.has_value() == (known != model.end()));
        if (found) REQUIRE(*found == known->second);
      }
    }
  }
}

TEST_CASE("an alias costs at most 48 bytes, at every size", "[alias-table]") {
  SeededEntropy entropy(3);
  AliasTable table(entropy);
  constexpr std::uint64_t kAliases = 60'000;
  double worst = 0;
  for (std::uint64_t i = 0; i < kAliases; ++i) {
    REQUIRE(table.insert(aliasNo(i), placeNo(i)));
    if (i < 5'000 || i % 500 != 0) continue;
    const double each = static_cast<double>(table.bytesHeld()) / static_cast<double>(table.size());
    worst = std::max(worst, each);
  }
  CHECK(worst <= 48);
  for (std::uint64_t i = 0; i < kAliases; ++i) REQUIRE(table.find(aliasNo(i)) == placeNo(i));
  for (std::uint64_t i = kAliases; i < 2 * kAliases; ++i) REQUIRE_FALSE(table.find(aliasNo(i)));
}

TEST_CASE("readers find what stands while the writer adds and erases", "[alias-table]") {
  SeededEntropy entropy(4);
  AliasTable table(entropy);
  for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(table.insert(aliasNo(i), placeNo(i)));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> readers;
  for (std::uint64_t r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      for (std::uint64_t i = r; !stop.load(); ++i) {
        if (table.find(aliasNo(i % 1000)) != placeNo(i % 1000)) ++wrong;
      }
    });
  }
  for (std::uint64_t i = 1000; i < 20'000; ++i) {
    REQUIRE(table.insert(aliasNo(i), placeNo(i)));
    if (i % 2 == 0) REQUIRE(table.erase(aliasNo(i)));
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong.load() == 0);
}
