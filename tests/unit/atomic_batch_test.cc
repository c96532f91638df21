// Atomic batches, whose events depend on one another; and what else the sequencer owes.
#include "tests/support/world.h"

#include <random>

namespace lacuna::ledgertest {
namespace {

RefusalCode codeOf(const EventResult& result) {
  REQUIRE_FALSE(result);
  return result.refusal().code;
}

std::string about(const std::string& persons, const std::string& rest = "") {
  return R"({"kind":"processing","operation":"collect","person":[)" + persons +
         R"(],"purpose":"course-admin","system":"website")" + rest + "}";
}

// Whether the batch is refused as a whole, with nothing recorded.
void checkRefusedWhole(World& world, const std::vector<std::string>& lines, RefusalCode code) {
  const TreeSize before = world.ledger().size();
  const auto results = world.submit(lines, Atomic::yes);
  CHECK(world.ledger().size() == before);
  bool said = false;
  for (const EventResult& result : results) {
    REQUIRE_FALSE(result);
    said |= result.refusal().code == code;
  }
  CHECK(said);
}

}  // namespace

TEST_CASE("an id under a person's second alias is the same person's within an atomic batch",
          "[P11]") {
  World world;
  checkRefusedWhole(world,
                    {about(R"("crm:1","email:a@example.nl")", R"(,"id":"x")"),
                     about(R"("email:a@example.nl")", R"(,"id":"x","data":{"other":1})")},
                    RefusalCode::idReused);
  const auto taken = world.submit({about(R"("crm:1","email:a@example.nl")", R"(,"id":"x")"),
                                   about(R"("crm:1","email:a@example.nl")", R"(,"id":"x")")},
                                  Atomic::yes);
  REQUIRE(taken[0]);
  REQUIRE(taken[1]);
  CHECK(taken[1]->repeated);
}

TEST_CASE("a person whom an atomic batch admits has the bounds of any other", "[P10]") {
  World world;
  std::vector<std::string> lines;
  for (int i = 0; i < 10; ++i) {
    std::string persons = R"("crm:first")";
    for (int j = 0; j < 7; ++j)
      persons += ",\"email:p" + std::to_string(i * 7 + j) + "@example.nl\"";
    lines.push_back(about(persons));
  }
  checkRefusedWhole(world, lines, RefusalCode::tooMany);  // 71 aliases
  lines.resize(9);                                        // 64
  for (const EventResult& result : world.submit(lines, Atomic::yes)) CHECK(result);
}

TEST_CASE("within an atomic batch the first alias that is somebody's by then decides", "[P10]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:old", R"(,"id":"x")")));
  // The new person of the first event gets the second one, so that its id is not the old one's.
  const auto results = world.submit(
      {about(R"("crm:new")"), about(R"("crm:new","crm:old")", R"(,"id":"x","data":{})")},
      Atomic::yes);
  for (const EventResult& result : results) CHECK(result);
  CHECK(world.eventsOf("crm:new") == 2);
  CHECK(world.eventsOf("crm:old") == 1);
}

TEST_CASE("an atomic batch is recorded whole or not at all, whatever it holds", "[P10][property]") {
  const auto seed = GENERATE(range(1, 16));
  CAPTURE(seed);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  World world;
  const auto alias = [&] {
    const std::uint64_t n = random() % 6;
    if (random() % 5 == 0) return "\"name:N" + std::to_string(n) + "\"";
    return (random() % 2 == 0 ? "\"crm:" : "\"email:") + std::to_string(n) + "@example.nl\"";
  };
  std::size_t whole = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> lines;
    for (std::size_t count = 1 + random() % 5; count > 0; --count) {
      std::string persons = alias();
      while (random() % 2 == 0 && persons.size() < 100) persons += "," + alias();
      std::string rest;
      if (random() % 2 == 0) rest += R"(,"id":"i)" + std::to_string(random() % 6) + "\"";
      if (random() % 6 == 0) rest += R"(,"data":{"n":)" + std::to_string(random() % 2) + "}";
      lines.push_back(random() % 6 == 0 ? R"({"kind":"note","system":"crm","person":[)" + persons +
                                              "]" + rest + "}"
                                        : about(persons, rest));
    }
    const TreeSize before = world.ledger().size();
    const auto results = world.submit(lines, Atomic::yes);
    const auto refused = static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(), [](const auto& r) { return !r; }));
    REQUIRE((refused == 0 || refused == results.size()));
    if (refused > 0) REQUIRE(world.ledger().size() == before);
    whole += refused == 0;
  }
  CHECK(whole > 5);
  CHECK(whole < 60);
}

TEST_CASE("an id is known within its window, and free again after it", "[P11]") {
  World world;
  const std::string line = collect("crm:1", R"(,"id":"once","at":"2026-01-01T10:00:00Z")");
  const EventResult first = world.submitOne(line);
  REQUIRE(first);
  world.clock().advance(std::chrono::hours(399 * 24));
  const EventResult within = world.submitOne(line);
  REQUIRE(within);
  CHECK(within->repeated);
  CHECK(within->seq == first->seq);
  world.clock().advance(std::chrono::hours(2 * 24));
  const EventResult after = world.submitOne(line);
  REQUIRE(after);
  CHECK_FALSE(after->repeated);
  const EventResult again = world.submitOne(line);  // now it is the later one that counts
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(again->seq == after->seq);
  world.reopen();
  const EventResult restarted = world.submitOne(line);
  REQUIRE(restarted);
  CHECK(restarted->seq == after->seq);
  CHECK(world.eventsOf("crm:1") == 2);
}

TEST_CASE("`corrects` names a record that is there", "[P10]") {
  World world;
  const EventResult first = world.submitOne(collect("crm:1"));
  REQUIRE(first);
  const auto correcting = [](std::uint64_t seq) {
    return collect("crm:1", R"(,"corrects":)" + std::to_string(seq));
  };
  CHECK(world.submitOne(correcting(first->seq.raw())));
  CHECK(codeOf(world.submitOne(correcting(world.ledger().size().raw()))) == RefusalCode::notFound);
  CHECK(codeOf(world.submitOne(correcting(1'000'000))) == RefusalCode::notFound);
}

TEST_CASE("a refused link is a reading of whom it told about", "[P9]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(collect("crm:2")));
  const auto link = [&](const char* person, const char* alias) {
    Draft draft = world.sequencer().begin();
    const Outcome linked = world.sequencer().link(draft, world.caller(), person, alias, "audit");
    world.ledger().commitNow(draft);
    return linked;
  };
  const auto readings = [&](const char* person) {
    const auto events = world.history(person);  // itself one reading, the last
    REQUIRE(events);
    return std::count_if(events->begin(), events->end(), [](const PersonEvent& event) {
      return event.kind == Kind::consultation && event.stored.operationText == "link";
    });
  };
  CHECK(link("crm:1", "crm:2").refusal().code == RefusalCode::identityConflict);
  CHECK(readings("crm:1") == 1);
  CHECK(readings("crm:2") == 1);
  CHECK(link("crm:1", "crm:1").refusal().code == RefusalCode::alreadyExists);
  CHECK(readings("crm:1") == 2);
  const TreeSize before = world.ledger().size();
  CHECK(link("crm:404", "crm:9").refusal().code == RefusalCode::unknownPerson);
  CHECK(world.ledger().size().raw() == before.raw() + 1);  // a reading of nobody
  CHECK(link("crm:1", "crm:9"));
  CHECK(readings("crm:1") == 2);
}

}  // namespace lacuna::ledgertest
