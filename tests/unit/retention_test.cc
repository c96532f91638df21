// Ends of retention: derived from lots and register, swept in batches, never against a hold (DESIGN 8).
#include "ledger/retention.h"

#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

// The small register with a class that ends by the year, and one that ends with its consent.
std::string retentionRegister() {
  std::string toml(kSmallRegister);
  const auto put = [&](const std::string& id, const std::string& rule) {
    const std::size_t at = toml.find("id = \"" + id + "\"");
    const std::size_t from = toml.find("retention = ", at);
    toml.replace(from, toml.find('\n', from) - from, "retention = " + rule);
  };
  put("enrolment", R"({ period = "P1Y", from = "calendar-year-end" })");
  put("marketing", R"({ period = "P1M", from = "until-event" })");
  return toml;
}

struct RetentionWorld : World {
  RetentionWorld() { applyRegister(retentionRegister()); }
  Retention retention() { return {sequencer(), ledger().erasures()}; }
  void setTime(const char* at) { clock().advance(*instantOfRfc3339(at) - clock().now()); }
  Retention::Swept sweep(std::size_t lotsMax = 100) {
    bool more = false;
    Result<Retention::Swept> swept = retention().sweep(lotsMax, more);
    REQUIRE(swept);
    return *swept;
  }
  // As the daemon's desk does it, in one slice.
  Retention::Swept sweepUntilEvent() {
    std::optional<Slot> next;
    std::vector<UntilEventLot> ended;
    for (UntilEventLot& one : retention().untilEventLots(Slot(0), 1000, next)) {
      const Register& reg = sequencer().registers().latest();
      const auto events =
          readLot(ledger().vault(), ledger().store(), sequencer().systems(), one.slot, one.lot);
      const auto end = Retention::endedAt(events, *reg.klass(one.lot.klass), reg);
      if (end && *end <= clock().now()) ended.push_back(std::move(one));
    }
    CHECK_FALSE(next);
    Result<Retention::Swept> swept = retention().sweepEnded(ended);
    REQUIRE(swept);
    return *swept;
  }
};

}  // namespace

TEST_CASE("what is due is told by class and year, and who it is about is not", "[P4]") {
  RetentionWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-05-01T10:00:00Z")));
  CHECK(world.retention().due(world.clock().now()).empty());
  const auto rows = world.retention().due(*instantOfRfc3339("2028-01-01T12:00:00Z"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].klass == "enrolment");
  CHECK(rows[0].period == 2026);
  CHECK(rfc3339Of(rows[0].ends) == "2027-12-31T23:00:00Z");
  CHECK(rows[0].lots == 2);
  CHECK(rows[0].held == 0);
}

TEST_CASE("a sweep destroys what is due and nothing else, and says so once", "[P5]") {
  RetentionWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(invoice("crm:1", "2026-02-01T10:00:00Z")));
  REQUIRE(world.submitOne(collect("crm:2")));
  CHECK(world.sweep().lots == 0);
  world.setTime("2028-01-01T12:00:00Z");
  const Retention::Swept swept = world.sweep();
  CHECK(swept.lots == 2);
  CHECK(swept.cases.size() == 1);
  CHECK(swept.complete);
  CHECK(world.eventsOf("crm:1") == 1);  // the invoice: a law keeps it
  CHECK_FALSE(world.history("crm:2"));  // nothing else was kept of them
  CHECK(world.sweep().cases.empty());
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 1);
  CHECK_FALSE(world.history("crm:2"));
}

TEST_CASE("a sweep goes on in batches until nothing is due", "[P5]") {
  RetentionWorld world;
  for (int i = 0; i < 5; ++i) REQUIRE(world.submitOne(collect("crm:" + std::to_string(i))));
  world.setTime("2028-01-01T12:00:00Z");
  bool more = true;
  std::size_t lots = 0, batches = 0;
  while (more) {
    const auto swept = world.retention().sweep(2, more);
    REQUIRE(swept);
    lots += swept->lots;
    ++batches;
  }
  CHECK(lots == 5);
  CHECK(batches == 3);
}

TEST_CASE("a hold keeps its class through a sweep, and lifting it lets the next one have it",
          "[P5]") {
  RetentionWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  world.setTime("2026-03-02T12:00:00Z");
  const auto hold = world.ledger().erasures().placeHold(
      world.caller(), "crm:1", {{"enrolment"}, "legal-claims", *dateOf("2029-01-01"), "a lawsuit"});
  REQUIRE(hold);
  world.setTime("2028-01-01T12:00:00Z");
  const Retention::Swept held = world.sweep();
  CHECK(held.lots == 0);
  CHECK(held.held == 1);
  CHECK(world.eventsOf("crm:1") >= 1);
  REQUIRE(world.ledger().erasures().liftHold(world.caller(), hold->number));
  CHECK(world.sweep().lots == 1);
}

TEST_CASE("a lot until an event ends when its consent does, with the days of grace", "[P5]") {
  RetentionWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  CHECK(world.sweepUntilEvent().lots == 0);
  REQUIRE(world.submitOne(consent("crm:1", "withdrawn")));
  world.setTime("2026-03-31T12:00:00Z");
  CHECK(world.sweepUntilEvent().lots == 0);  // a month of grace
  world.setTime("2026-04-02T12:00:00Z");
  SECTION("and goes") {
    CHECK(world.sweepUntilEvent().lots == 1);
    CHECK(world.eventsOf("crm:1") == 1);  // the enrolment
  }
  SECTION("unless it was given again") {
    REQUIRE(world.submitOne(consent("crm:1", "given")));
    CHECK(world.sweepUntilEvent().lots == 0);
    CHECK(world.eventsOf("crm:1") == 4);
  }
}

TEST_CASE("a case ends as long after its closing as the register says", "[P5]") {
  RetentionWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const auto erased = world.erase("crm:1");
  REQUIRE(erased);
  const std::uint64_t number = erased->caseNumber;
  world.setTime("2026-04-01T12:00:00Z");  // the fence is over
  world.ledger().erasures().tick();
  world.setTime("2027-03-01T12:00:00Z");
  CHECK(world.sweep().lots == 0);
  CHECK(world.ledger().erasures().show(number));
  world.setTime("2027-06-01T12:00:00Z");  // 13 months and more
  CHECK(world.sweep().lots == 1);
  CHECK_FALSE(world.ledger().erasures().show(number));
}

}  // namespace lacuna::ledgertest
