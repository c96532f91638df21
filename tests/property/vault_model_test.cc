// Random lives of a vault against a table of what ought to be readable.
#include "ledger/base/limits.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/vault.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <random>

using namespace lacuna;
using namespace lacuna::test;

namespace {

constexpr std::uint16_t kLeaves = 6;

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed), entropy_(seed), options_(vaultIn(scratch_.path())) {
    options_.entropy = &entropy_;
    options_.clock = &clock_;
    options_.healing = static_cast<Healing>(seed % 3);
    options_.seedCacheEntries = 1 + roll(8);
    vault_ = madeVault(options_, 20);
    learn(0, 20);
  }

  void act() {
    clock_.millis += static_cast<std::int64_t>(roll(8) * 3'600'000);
    switch (roll(10)) {
      case 0:
        restart();
        break;
      case 1:
        grow();
        break;
      case 2:
        repeat();
        break;
      case 3:
        erase(1 + roll(30));
        break;
      default:
        erase(1);
        break;
    }
  }

  void check() const {
    const Vault::Reader reader = vault_->reader();
    std::map<std::uint64_t, bool> lives;
    std::size_t wrong = 0;
    for (const auto& [lot, key] : model_) {
      wrong += hexOfKey(vault_->lotKey(Slot(lot.first), LeafNo(lot.second))) == key ? 0 : 1;
      wrong += hexOfKey(reader.lotKey(Slot(lot.first), LeafNo(lot.second))) == key ? 0 : 1;
      lives[lot.first] = !whole_.contains(lot.first);
    }
    for (const auto& [slot, alive] : lives) wrong += vault_->slotLives(Slot(slot)) == alive ? 0 : 1;
    REQUIRE(wrong == 0);
    REQUIRE(vault_->version() == version_);
    checkOneRoot();
  }

 private:
  std::uint64_t roll(std::uint64_t below) { return random_() % below; }

  void learn(std::uint64_t from, std::uint64_t end) {
    for (std::uint64_t slot = from; slot < end; ++slot) {
      for (std::uint16_t leaf = 0; leaf < kLeaves; ++leaf) {
        const std::string key = hexOfKey(vault_->lotKey(Slot(slot), LeafNo(leaf)));
        REQUIRE(seen_.insert({key, 0}).second);  // no two lots ever share a key
        model_[{slot, leaf}] = key;
      }
    }
    slots_ = end;
  }
  void grow() {
    const std::uint64_t end = slots_ + 1 + roll(30);
    vault_->reserveSlots(end);
    learn(slots_, end);
  }
  void restart() {
    vault_.reset();
    vault_ = std::move(*Vault::open(options_));
  }
  void erase(std::uint64_t count) {
    targets_.clear();
    for (std::uint64_t i = 0; i < count; ++i) {
      const Slot slot(roll(slots_));
      const LeafNo leaf(static_cast<std::uint16_t>(roll(kLeaves)));
      const bool whole = roll(4) == 0;
      targets_.push_back({slot, whole ? std::nullopt : std::optional(leaf)});
      if (whole) whole_[slot.raw()] = true;
      for (std::uint16_t n = 0; n < kLeaves; ++n) {
        if (whole || n == leaf.raw()) model_[{slot.raw(), n}] = "dead";  // I4: for ever
      }
    }
    ++erasures_;
    version_ = TreeVersion(version_.raw() + 1);
    REQUIRE(vault_->erase(targets_, erasureNumber(erasures_), 0).version == version_);
  }
  void repeat() {  // a retry after a lost answer
    if (erasures_ == 0) return;
    REQUIRE(vault_->erase(targets_, erasureNumber(erasures_), 0).version == version_);
    REQUIRE(vault_->lastErasure()->erasure == erasureNumber(erasures_));
  }
  // I1 and I5: between two acts exactly one root is in root.ks, the one of this version.
  void checkOneRoot() const {
    std::ifstream in(options_.directory / "root.ks", std::ios::binary);
    const Bytes content((std::istreambuf_iterator<char>(in)), {});
    unsigned whole = 0;
    for (unsigned place = 0; place < 2; ++place) {
      const auto slot =
          parseRootSlot(ByteView(content).subspan(place * kRootSlotBytes, kRootSlotBytes));
      if (!slot) continue;
      REQUIRE(slot->version == version_);
      ++whole;
    }
    REQUIRE(whole == 1);
  }

  std::mt19937_64 random_;
  SeededEntropy entropy_;
  SetClock clock_;
  ScratchDirectory scratch_;
  VaultOptions options_;
  std::unique_ptr<Vault> vault_;
  std::map<std::pair<std::uint64_t, std::uint16_t>, std::string> model_;
  std::map<std::string, int> seen_;
  std::map<std::uint64_t, bool> whole_;
  std::vector<EraseTarget> targets_;
  std::uint64_t slots_ = 0, erasures_ = 0;
  TreeVersion version_{1};
};

}  // namespace

TEST_CASE("whatever happens to a vault, exactly the erased are dead", "[P5][P8]") {
  const auto seed = GENERATE(range(1, 9));
  CAPTURE(seed);
  World world(static_cast<std::uint64_t>(seed));
  for (int step = 0; step < 40; ++step) {
    CAPTURE(step);
    world.act();
    world.check();
  }
}
