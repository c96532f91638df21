#include "ledger/ledger.h"

#include "tests/support/whole.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

RefusalCode codeOf(const EventResult& result) {
  REQUIRE_FALSE(result);
  return result.refusal().code;
}

}  // namespace

TEST_CASE("an event is recorded, found by its person and read back whole", "[P1][P7]") {
  World world;
  const EventResult first = world.submitOne(collect(
      "email:jan@example.nl", R"(,"categories":["name","contact"],"data":{"course":"NRTO-101"})"));
  REQUIRE(first);
  const auto events = world.history("email:JAN@example.nl ");
  REQUIRE(events);
  REQUIRE(events->size() == 1);
  const PersonEvent& event = events->front();
  CHECK(event.seq == first->seq);
  CHECK(event.leaf == first->leaf);
  CHECK(event.klass == "enrolment");
  CHECK(event.system == "website");
  CHECK(event.stored.event.data == R"({"course":"NRTO-101"})");
  CHECK(event.stored.event.categories == std::vector<std::string>{"name", "contact"});
  CHECK(event.stored.event.person.empty());  // never an alias in an envelope (P4)
  checkWhole(world);
}

TEST_CASE("what was recorded is there after a restart, and goes on where it stopped",
          "[P1][P2][P7]") {
  World world;
  for (int i = 0; i < 5; ++i) REQUIRE(world.submitOne(collect("crm:1")));
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 5);
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(collect("crm:2")));
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 6);
  CHECK(world.eventsOf("crm:2") == 1);
  checkWhole(world);
}

TEST_CASE("an event submitted twice under one id is recorded once, also after a restart", "[P11]") {
  World world;
  const std::string line = collect("crm:1", R"(,"id":"a-1")");
  const EventResult first = world.submitOne(line);
  REQUIRE(first);
  const TreeSize size = world.ledger().size();
  const auto twice = world.submit({line, line});
  world.reopen();
  const EventResult third = world.submitOne(line);
  for (const EventResult& again : {twice[0], twice[1], third}) {
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->seq == first->seq);
    CHECK(again->leaf == first->leaf);
  }
  CHECK(world.ledger().size() == size);
  CHECK(codeOf(world.submitOne(collect("crm:1", R"(,"id":"a-1","data":{"other":1})"))) ==
        RefusalCode::idReused);
  REQUIRE(world.submitOne(collect("crm:2", R"(,"id":"a-1")")));  // ids are counted per person
}

TEST_CASE("one id twice in one batch is one event", "[P11]") {
  World world;
  const std::string line = collect("crm:7", R"(,"id":"b")");
  const auto results = world.submit({line, line});
  REQUIRE(results[0]);
  REQUIRE(results[1]);
  CHECK(results[0]->seq == results[1]->seq);
  CHECK_FALSE(results[0]->repeated);
  CHECK(results[1]->repeated);
}

TEST_CASE("an event is about whom an earlier event of its batch made known", "[P10][P11]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:9")));
  const auto of = [](const std::string& persons, const std::string& id) {
    return R"({"kind":"processing","operation":"use","admit":true,"purpose":"course-admin","system":"website","person":)" +
           persons + R"(,"id":")" + id + "\"}";
  };
  const std::string admits = of(R"(["crm:1","email:a@example.nl"])", "one");
  const std::string links = of(R"(["crm:9","email:b@example.nl"])", "one");
  const auto results =
      world.submit({admits, of(R"("email:a@example.nl")", "two"), admits, links,
                    of(R"("email:b@example.nl")", "one"), of(R"("email:b@example.nl")", "two")});
  for (const std::size_t i : {0, 1, 2, 3, 5}) REQUIRE(results[i]);
  CHECK_FALSE(results[1]->repeated);
  CHECK(results[2]->repeated);
  CHECK(results[2]->seq == results[0]->seq);
  CHECK(codeOf(results[4]) == RefusalCode::idReused);
  CHECK(world.eventsOf("crm:1") == 2);
  CHECK(world.eventsOf("crm:9") == 3);
}

TEST_CASE("an id twice in a batch is one event, however far apart", "[P11]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  std::vector<std::string> lines;
  for (int i = 0; i < 600; ++i) {
    lines.push_back(collect("crm:1", R"(,"id":"n-)" + std::to_string(i % 599) + "\""));
  }
  const auto results = world.submit(lines);
  REQUIRE(results.back());
  CHECK(results.back()->repeated);
  CHECK(results.back()->seq == results.front()->seq);
  CHECK(world.eventsOf("crm:1") == 600);
}

TEST_CASE("an unknown person is refused unless the event may admit one", "[P10]") {
  World world;
  CHECK(codeOf(world.submitOne(invoice("crm:9", "2026-02-01T10:00:00Z"))) ==
        RefusalCode::unknownPerson);
  REQUIRE(world.submitOne(collect("crm:9")));
  REQUIRE(world.submitOne(invoice("crm:9", "2026-02-01T10:00:00Z")));
}

TEST_CASE("several aliases are one person; a second known person is kept as a conflict", "[P10]") {
  World world;
  REQUIRE(world.submitOne(
      R"({"kind":"processing","operation":"collect","person":["email:a@example.nl","crm:1","name:Jan Jansen"],"purpose":"course-admin","system":"website"})"));
  CHECK(world.eventsOf("crm:1") == 1);
  CHECK(world.eventsOf("email:a@example.nl") == 1);
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.submitOne(
      R"({"kind":"processing","operation":"use","person":["crm:1","crm:2","name:Jan Jansen"],"purpose":"course-admin","system":"website"})"));
  const auto events = world.history("crm:1");
  REQUIRE(events);
  const PersonEvent& last = *std::find_if(events->begin(), events->end(), [](const PersonEvent& e) {
    return e.stored.event.operation == Operation::use;
  });
  CHECK(last.stored.otherPersons.size() == 1);
  CHECK(last.stored.aliases.size() == 2);
  CHECK(world.sequencer().people().aliasCount(*world.sequencer().resolve("crm:1")) == 3);
  CHECK_FALSE(world.history("name:Jan Jansen"));
}

TEST_CASE("an alias said twice is one alias", "[P10]") {
  World world;
  REQUIRE(world.submitOne(
      R"({"kind":"processing","operation":"collect","person":["crm:1","crm:1"],"purpose":"course-admin","system":"website"})"));
  CHECK(world.sequencer().people().aliasCount(*world.sequencer().resolve("crm:1")) == 1);
}

TEST_CASE("an atomic batch is recorded whole or not at all", "[P10]") {
  World world;
  const TreeSize before = world.ledger().size();
  const auto refused =
      world.submit({collect("crm:1"), invoice("crm:2", "2026-02-01T10:00:00Z")}, Atomic::yes);
  CHECK(codeOf(refused[0]) == RefusalCode::batchRefused);
  CHECK(codeOf(refused[1]) == RefusalCode::unknownPerson);
  CHECK(world.ledger().size() == before);
  const auto taken =
      world.submit({collect("crm:1"), invoice("crm:1", "2026-02-01T10:00:00Z")}, Atomic::yes);
  CHECK(taken[0]);
  CHECK(taken[1]);
}

TEST_CASE("a reading is in the history before its answer, and of nobody when nobody is known",
          "[P9]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.history("crm:1"));
  const auto again = world.history("crm:1");
  REQUIRE(again);
  CHECK(again->size() == 2);
  CHECK(again->back().kind == Kind::consultation);
  CHECK(again->back().stored.reason == "audit");
  const TreeSize before = world.ledger().size();
  CHECK_FALSE(world.history("crm:unknown"));
  CHECK(world.ledger().size().raw() == before.raw() + 1);
  const Result<Record> record = decodeRecord(*world.ledger().store().record(Seq(before.raw())));
  REQUIRE(record);
  CHECK(record->kind == Kind::consultation);
  CHECK(record->flags == 0);
}

TEST_CASE("an erased person is gone, the log is whole, and the slot is never found again",
          "[P5][P1]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  const Slot slot = *world.sequencer().resolve("crm:1");
  const Result<Erasure> erased = world.erase("crm:1");
  REQUIRE(erased);
  CHECK(erased->committed.raw() > erased->intent.raw());
  CHECK_FALSE(world.ledger().vault().slotLives(slot));
  const auto refused = world.history("crm:1");
  REQUIRE_FALSE(refused);
  CHECK(refused.refusal().code == RefusalCode::erased);
  CHECK(world.eventsOf("crm:2") == 1);
  CHECK_FALSE(world.ledger().store().row(Table::persons, subjectRowKey(slot)));
  checkWhole(world);
  world.reopen();
  CHECK_FALSE(world.history("crm:1"));
  CHECK(world.eventsOf("crm:2") == 1);
  checkWhole(world);
}

TEST_CASE("a fence keeps a lagging integration from bringing an erased person back", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  world.clock().advance(std::chrono::hours(1));
  REQUIRE(world.erase("crm:1"));
  const std::string late = collect("crm:1", R"(,"at":"2026-03-01T12:30:00Z")");
  CHECK(codeOf(world.submitOne(late)) == RefusalCode::unknownPerson);
  world.reopen();
  CHECK(codeOf(world.submitOne(late)) == RefusalCode::unknownPerson);
  world.clock().advance(std::chrono::hours(1));
  REQUIRE(world.submitOne(collect("crm:1")));  // really back: a new slot
  CHECK(world.eventsOf("crm:1") == 1);
  world.clock().advance(std::chrono::hours(8 * 24));
  REQUIRE(world.submitOne(late));  // the fence is forgotten
}

TEST_CASE("who withdraws can come back: a new lot, and one year's invoices end before the next",
          "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  REQUIRE(world.submitOne(invoice("crm:1", "2024-05-01T10:00:00Z")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-05-01T10:00:00Z")));
  world.clock().advance(std::chrono::hours(1));
  REQUIRE(world.erase("crm:1", {"marketing"}));
  CHECK(world.eventsOf("crm:1") == 3);
  CHECK(codeOf(world.submitOne(consent("crm:1", "given", R"(,"at":"2026-03-01T12:10:00Z")"))) ==
        RefusalCode::unknownPerson);
  world.clock().advance(std::chrono::hours(1));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  CHECK(world.eventsOf("crm:1") == 4);
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 4);
  const auto events = world.history("crm:1");
  std::set<std::int32_t> years;
  for (const PersonEvent& event : *events) {
    if (event.klass == "billing") years.insert(event.period);
  }
  CHECK(years == std::set<std::int32_t>{2024, 2025});
  checkWhole(world);
}

TEST_CASE("an erasure repeated under its id is the same erasure", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  ErasureId id;
  id.bytes.fill(7);
  const auto first = world.ledger().erase(world.caller(), "crm:1", Ground::objection, {}, id);
  REQUIRE(first);
  world.reopen();
  const auto again = world.ledger().erase(world.caller(), "crm:1", Ground::objection, {}, id);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(again->committed == first->committed);
  CHECK(again->version == first->version);
  // Of another person, or of another scope, it is another erasure.
  REQUIRE(world.submitOne(collect("crm:2")));
  for (const auto& [person, classes] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{{"crm:2", {}},
                                                                     {"crm:1", {"marketing"}}}) {
    const auto other = world.ledger().erase(world.caller(), person, Ground::objection, classes, id);
    REQUIRE_FALSE(other);
    CHECK(other.refusal().code == RefusalCode::idReused);
  }
  CHECK(world.eventsOf("crm:2") == 1);
}

TEST_CASE("a case and the organisation cannot be erased as persons are", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.erase("crm:1"));
  const auto refused = world.erase("case:1");
  REQUIRE_FALSE(refused);
  CHECK(refused.refusal().code == RefusalCode::invalidValue);
  const auto classes = world.erase("crm:1", std::vector<std::string>(1000, "marketing"));
  CHECK_FALSE(classes);
}

TEST_CASE("an erasure cut short at any step of the key holder is finished at the next start",
          "[P5][crash]") {
  std::vector<std::string> steps;
  {
    LedgerOptions options;
    options.onVaultStep = [&](std::string_view step) { steps.emplace_back(step); };
    World world(options);
    REQUIRE(world.submitOne(collect("crm:1")));
    steps.clear();
    REQUIRE(world.erase("crm:1"));
  }
  REQUIRE(steps.size() >= 4);
  for (std::size_t stop = 0; stop < steps.size(); ++stop) {
    CAPTURE(steps[stop]);
    struct Crash {};
    auto armed = std::make_shared<long>(-1);
    LedgerOptions options;
    options.onVaultStep = [armed](std::string_view) {
      if (*armed > 0 && --*armed == 0) throw Crash{};
    };
    World world(options);
    REQUIRE(world.submitOne(collect("crm:1")));
    REQUIRE(world.submitOne(collect("crm:2")));
    *armed = static_cast<long>(stop) + 1;
    CHECK_THROWS_AS(world.erase("crm:1"), Crash);
    *armed = -1;
    world.reopen();
    CHECK_FALSE(world.history("crm:1"));
    CHECK(world.eventsOf("crm:2") == 1);
    checkWhole(world);
  }
}

TEST_CASE("a log older than what was signed is refused at start", "[P3]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  world.ledger().signCheckpoint();
  world.close();
  const auto data = world.scratch() / "data";
  std::filesystem::copy(data / "log", world.scratch() / "old-log",
                        std::filesystem::copy_options::recursive);
  world.open();
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.erase("crm:1"));
  world.ledger().signCheckpoint();
  world.close();
  std::filesystem::remove_all(data / "log");
  std::filesystem::copy(world.scratch() / "old-log", data / "log",
                        std::filesystem::copy_options::recursive);
  const auto refused = Ledger::open(world.options());
  REQUIRE_FALSE(refused);
  CHECK(refused.refusal().code == RefusalCode::rolledBack);

  // Accepted as lost, nobody comes back, and what is left of the living is readable under a new generation.
  world.options().acceptLostTail = true;
  world.open();
  CHECK(world.ledger().origin() == "test.example.org/ledger/g2");
  CHECK_FALSE(world.history("crm:1"));
  REQUIRE(world.submitOne(collect("crm:3")));
  checkWhole(world);
}

TEST_CASE("a group takes the largest batch, each event with its own new person and aliases",
          "[P1]") {
  World world;
  std::vector<Event> events(kBatchEventsMax);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].kind = Kind::processing;
    events[i].operation = Operation::collect;
    events[i].purpose = "course-admin";
    events[i].system = "website";
    events[i].id = "b" + std::to_string(i);
    for (std::size_t a = 0; a < kAliasesPerEventMax; ++a) {
      events[i].person.push_back("crm:" + std::to_string(i) + "-" + std::to_string(a));
    }
  }
  const auto results = world.submitEvents(std::move(events));
  CHECK(std::all_of(results.begin(), results.end(), [](const EventResult& r) { return r.ok(); }));
  CHECK(world.eventsOf("crm:8191-7") == 1);
}

TEST_CASE("a creation cut short at any step is made anew at the next start", "[P2][crash]") {
  std::vector<std::string> steps;
  {
    LedgerOptions options;
    options.onVaultStep = [&](std::string_view step) { steps.emplace_back(step); };
    World world(options);
  }
  for (std::size_t stop = 0; stop < steps.size(); ++stop) {
    CAPTURE(steps[stop]);
    struct Crash {};
    const Scratch scratch;
    long left = static_cast<long>(stop) + 1;
    LedgerOptions options;
    options.data = scratch / "data";
    options.diskReserve = 0;
    options.onVaultStep = [&](std::string_view) {
      if (left > 0 && --left == 0) throw Crash{};
    };
    try {
      static_cast<void>(Ledger::open(options));
    } catch (const Crash&) {
    }
    left = -1;
    const auto again = Ledger::open(options);
    if (!again) FAIL(again.refusal().message);
    CHECK((*again)->size() == TreeSize(2));
  }
}

TEST_CASE("keys of another ledger, missing keys and a missing log are refused with a sentence",
          "[P3]") {
  World one;
  World two;
  REQUIRE(one.submitOne(collect("crm:1")));
  one.ledger().signCheckpoint();
  one.close();
  two.close();
  const auto data = one.scratch() / "data";
  const auto refusalOf = [&] {
    const auto opened = Ledger::open(one.options());
    REQUIRE_FALSE(opened);
    return opened.refusal().code;
  };
  std::filesystem::rename(data / "keys", one.scratch() / "keys-away");
  CHECK(refusalOf() == RefusalCode::missingKey);
  std::filesystem::copy(two.scratch() / "data" / "keys", data / "keys",
                        std::filesystem::copy_options::recursive);
  CHECK(refusalOf() == RefusalCode::foreignKey);
  std::filesystem::remove_all(data / "keys");
  std::filesystem::rename(one.scratch() / "keys-away", data / "keys");
  std::filesystem::rename(data / "log", one.scratch() / "log-away");
  CHECK(refusalOf() == RefusalCode::rolledBack);
  std::filesystem::rename(one.scratch() / "log-away", data / "log");
  one.open();
  CHECK(one.eventsOf("crm:1") == 1);
}

TEST_CASE("a teacher named in events has a slot of their own; erasing it takes the name out",
          "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(
      R"({"kind":"sharing","person":"crm:1","purpose":"course-admin","recipient":"teacher:jansen","system":"crm"})"));
  auto events = world.history("crm:1");
  REQUIRE(events);
  const auto shared = [&] {
    return *std::find_if(events->begin(), events->end(),
                         [](const PersonEvent& e) { return e.kind == Kind::sharing; });
  };
  CHECK(shared().recipientName == "teacher:jansen");
  REQUIRE(world.erase("teacher:jansen"));
  events = world.history("crm:1");
  CHECK(shared().recipientName == "teacher:[erased]");
}

TEST_CASE("everything derived can be dropped and means the same again", "[P7]") {
  World world;
  for (int i = 0; i < 40; ++i) REQUIRE(world.submitOne(collect("crm:" + std::to_string(i % 4))));
  world.ledger().store().rebuildDerived();
  world.reopen();
  for (int i = 0; i < 4; ++i) CHECK(world.eventsOf("crm:" + std::to_string(i)) == 10);
  checkWhole(world);
}

}  // namespace lacuna::ledgertest
