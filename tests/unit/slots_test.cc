// P6: a slot's number does not tell when its subject was admitted; and none is used twice, however the ledger
// ended.
#include "ledger/slot_pool.h"
#include "tests/support/whole.h"
#include "tests/support/world.h"

#include <numeric>
#include <random>
#include <set>

namespace lacuna::ledgertest {
namespace {

namespace fs = std::filesystem;

constexpr auto kWhole = fs::copy_options::recursive;

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  std::mt19937_64 random_;
};

std::string nameOf(std::size_t n) { return "crm:" + std::to_string(n); }

std::vector<std::string> admissions(std::size_t from, std::size_t count) {
  std::vector<std::string> lines;
  for (std::size_t n = from; n < from + count; ++n) lines.push_back(collect(nameOf(n)));
  return lines;
}

std::uint64_t slotOf(World& world, const std::string& alias) {
  const std::optional<Slot> slot = world.sequencer().people().find(alias);
  REQUIRE(slot);
  return slot->raw();
}

std::vector<std::uint64_t> slotsOf(World& world, std::size_t from, std::size_t count) {
  std::vector<std::uint64_t> out;
  for (std::size_t n = from; n < from + count; ++n) out.push_back(slotOf(world, nameOf(n)));
  return out;
}

// Of n numbers in an order of chance about half the steps go down: by more than 6 deviations is no chance.
void checkByLot(const std::vector<std::uint64_t>& slots) {
  const auto steps = static_cast<double>(slots.size() - 1);
  double down = 0;
  for (std::size_t i = 1; i < slots.size(); ++i) down += slots[i] < slots[i - 1] ? 1 : 0;
  CAPTURE(slots.size(), down);
  CHECK(std::abs(down - steps / 2) < 6 * std::sqrt((steps + 2) / 12));
}

void submitAll(World& world, std::size_t from, std::size_t count) {
  for (const EventResult& result : world.submit(admissions(from, count))) REQUIRE(result);
}

void replace(const fs::path& what, const fs::path& with) {
  fs::remove_all(what);
  fs::copy(with, what, kWhole);
}

// Every number that was ever given out: by each of them a person.
struct Given {
  std::set<std::uint64_t> slots;
  std::size_t next = 0;

  std::vector<std::uint64_t> admit(World& world, std::size_t count) {
    submitAll(world, next, count);
    std::vector<std::uint64_t> fresh = slotsOf(world, next, count);
    for (const std::uint64_t slot : fresh) {
      CAPTURE(slot);
      CHECK(slots.insert(slot).second);
    }
    next += count;
    return fresh;
  }
};

}  // namespace

TEST_CASE("slots are drawn by lot: persons, instances and cases", "[P6]") {
  World world;
  std::vector<std::string> lines;
  for (std::size_t n = 0; n < 200; ++n) {
    lines.push_back(collect(nameOf(n), R"(,"source":"teacher:t)" + std::to_string(n) + "\""));
  }
  for (const EventResult& result : world.submit(lines)) REQUIRE(result);
  std::vector<std::uint64_t> instances, cases;
  for (std::size_t n = 0; n < 200; ++n) {
    instances.push_back(slotOf(world, "teacher:t" + std::to_string(n)));
  }
  checkByLot(slotsOf(world, 0, 200));
  checkByLot(instances);
  for (std::size_t n = 0; n < 60; ++n) {
    const auto erased = world.erase(nameOf(n));
    REQUIRE(erased);
    cases.push_back(world.sequencer().people().findCase(std::to_string(erased->caseNumber))->raw());
  }
  checkByLot(cases);
  // People hear of cases in their order all the same.
  const std::vector<Erasure> listed = world.ledger().erasures().list();
  REQUIRE(listed.size() == 60);
  for (std::size_t i = 1; i < listed.size(); ++i) {
    CHECK(listed[i].caseNumber < listed[i - 1].caseNumber);
  }
}

TEST_CASE("one group draws from one lot, also when it admits more than was reserved", "[P6]") {
  World world;
  submitAll(world, 0, 10);
  const std::uint64_t before = world.ledger().vault().slotHighWater();
  constexpr std::size_t kMany = 3000;
  submitAll(world, 10, kMany);
  const std::vector<std::uint64_t> slots = slotsOf(world, 10, kMany);
  checkByLot(slots);
  // Of what was reserved for this group, those who came first got as much as those who came last.
  const auto fresh = [&](std::size_t from) {
    return std::count_if(slots.begin() + static_cast<std::ptrdiff_t>(from),
                         slots.begin() + static_cast<std::ptrdiff_t>(from + 1000),
                         [&](std::uint64_t slot) { return slot >= before; });
  };
  CHECK(std::abs(fresh(0) - fresh(kMany - 1000)) < 150);
}

TEST_CASE("a group that has admitted takes no work that needs more numbers than are left", "[P6]") {
  World world;
  Draft draft = world.sequencer().begin();
  CHECK(world.sequencer().expect(draft, 5000));
  std::vector<Event> events;
  events.push_back(*EventParser().parse(collect("crm:1")));
  world.sequencer().append(draft, world.caller(), std::move(events), Atomic::no, [](auto) {});
  CHECK(world.sequencer().expect(draft, 4999));  // they were reserved before its first
  CHECK_FALSE(world.sequencer().expect(draft, 100'000));
  world.ledger().commitNow(draft);
  Draft other = world.sequencer().begin();
  CHECK(world.sequencer().expect(other, 100'000));
}

TEST_CASE("a stop that was clean goes on with the numbers that are left, another gives them up",
          "[P5][P6]") {
  World world;
  Given given;
  given.admit(world, 300);
  const std::uint64_t high = world.ledger().vault().slotHighWater();
  world.ledger().rest();
  world.reopen();
  const std::uint64_t version = world.ledger().vault().version().raw();
  const std::vector<std::uint64_t> second = given.admit(world, 300);
  checkByLot(second);
  CHECK(*std::min_element(second.begin(), second.end()) < 300);  // holes are filled
  CHECK(world.ledger().vault().slotHighWater() <= high + kSlotReserve);
  CHECK(world.ledger().vault().version().raw() == version);  // nothing was buried
  const std::uint64_t reserved = world.ledger().vault().slotHighWater();
  world.reopen();  // not rested: a crash
  for (std::uint64_t slot = 1; slot < reserved; ++slot) {
    CAPTURE(slot);
    CHECK(world.ledger().vault().slotLives(Slot(slot)) == (given.slots.count(slot) > 0));
  }
  const std::vector<std::uint64_t> third = given.admit(world, 300);
  CHECK(*std::min_element(third.begin(), third.end()) >= reserved);
  CHECK(world.eventsOf(nameOf(7)) == 1);
  checkWhole(world);
}

TEST_CASE("no number is used twice across stops, crashes and erasures", "[P5][P6]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 4));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  World world;
  Given given;
  std::size_t erased = 0;
  for (int round = 0; round < 12; ++round) {
    for (std::size_t groups = 1 + random() % 3; groups > 0; --groups) {
      given.admit(world, 1 + random() % 400);
    }
    for (std::size_t count = random() % 4; count > 0 && erased < given.next; --count) {
      const std::string who = nameOf(erased);
      erased += 1 + random() % 20;
      const auto done = world.erase(who);
      if (!done) continue;  // jumped beyond the last
      const auto file =
          world.sequencer().people().findCase(std::to_string(done->caseNumber))->raw();
      CHECK(given.slots.insert(file).second);
    }
    if (random() % 2 == 0) world.ledger().rest();
    world.reopen();
  }
  checkWhole(world);
}

TEST_CASE("what a lost tail admitted is dead, and its numbers are used by nobody", "[P5][P6]") {
  const bool clean = GENERATE(true, false);
  CAPTURE(clean);
  World world;
  Given given;
  const std::vector<std::uint64_t> kept = given.admit(world, 300);
  world.ledger().signCheckpoint();
  world.ledger().rest();
  world.close();
  const fs::path data = world.options().data;
  fs::copy(data / "log", world.scratch() / "old-log", kWhole);
  world.open();
  // Some of them got numbers between those who are kept, and others far above.
  std::vector<std::uint64_t> lost = given.admit(world, 200);
  REQUIRE(*std::min_element(lost.begin(), lost.end()) <
          *std::max_element(kept.begin(), kept.end()));
  const std::vector<std::uint64_t> more = given.admit(world, 4000);
  lost.insert(lost.end(), more.begin(), more.end());
  world.ledger().signCheckpoint();
  const std::uint64_t reserved = world.ledger().vault().slotHighWater();
  if (clean) world.ledger().rest();
  world.close();
  replace(data / "log", world.scratch() / "old-log");
  world.options().acceptLostTail = true;
  world.open();
  world.options().acceptLostTail = false;
  for (const std::uint64_t slot : kept) REQUIRE(world.ledger().vault().slotLives(Slot(slot)));
  for (const std::uint64_t slot : lost) REQUIRE_FALSE(world.ledger().vault().slotLives(Slot(slot)));
  const std::vector<std::uint64_t> fresh = given.admit(world, 300);
  CHECK(*std::min_element(fresh.begin(), fresh.end()) >= reserved);
  CHECK(world.eventsOf(nameOf(7)) == 1);
  checkWhole(world);
}

TEST_CASE("keys of an older clean stop give no number again that the log has used", "[P5][P6]") {
  World world;
  Given given;
  given.admit(world, 50);
  world.ledger().signCheckpoint();
  world.ledger().rest();
  world.close();
  const fs::path data = world.options().data;
  fs::copy(data / "keys", world.scratch() / "old-keys", kWhole);
  world.open();
  given.admit(world, 50);
  world.ledger().rest();
  world.close();
  replace(data / "keys", world.scratch() / "old-keys");
  world.open();
  const std::vector<std::uint64_t> fresh = given.admit(world, 900);
  CHECK(*std::min_element(fresh.begin(), fresh.end()) >= kSlotReserve);
  CHECK(world.eventsOf(nameOf(70)) == 1);
}

TEST_CASE("the mark of a clean stop comes back once, and a damaged one is none", "[P5]") {
  World world;
  Vault& vault = world.ledger().vault();
  CHECK_FALSE(vault.takeRestMark());
  vault.rest({TreeSize(7), {3, 9, kSlotReserve - 1}});
  const std::optional<Vault::RestMark> mark = vault.takeRestMark();
  REQUIRE(mark);
  CHECK(mark->size == TreeSize(7));
  CHECK(mark->unused == std::vector<std::uint64_t>{3, 9, kSlotReserve - 1});
  CHECK_FALSE(vault.takeRestMark());
  for (const std::vector<std::uint64_t>& unused :
       {std::vector<std::uint64_t>{9, 3}, {3, 3}, {3, vault.slotHighWater()}}) {
    vault.rest({TreeSize(7), unused});
    CHECK_THROWS_AS(vault.takeRestMark(), Fault);
  }
}

TEST_CASE("a pool gives each number once, each order as likely as another", "[P6]") {
  SeededEntropy entropy(5);
  std::map<std::vector<std::uint64_t>, int> orders;
  for (int round = 0; round < 6000; ++round) {
    SlotPool pool(entropy);
    pool.add(10, 12);
    pool.add(12, 13);
    std::vector<std::uint64_t> drawn;
    while (pool.size() > 0) drawn.push_back(pool.draw().raw());
    ++orders[drawn];
  }
  CHECK(orders.size() == 6);
  for (const auto& [order, times] : orders) {
    CHECK(std::set<std::uint64_t>(order.begin(), order.end()) ==
          std::set<std::uint64_t>{10, 11, 12});
    CHECK(std::abs(times - 1000) < 180);
  }
}

TEST_CASE("a pool reaches no further down than its window", "[P6]") {
  SeededEntropy entropy(6);
  SlotPool pool(entropy);
  pool.add(1, 1024);
  pool.add(kSlotWindow, kSlotWindow + 500);
  const std::vector<std::uint64_t> left = pool.left();
  CHECK(left.front() == 500);
  CHECK(left.size() == 524 + 500);
  SlotPool next(entropy);
  next.restore(left, kSlotWindow + 1000);
  CHECK(next.left().front() == 1000);
}

}  // namespace lacuna::ledgertest
