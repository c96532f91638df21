#include "tests/support/person_world.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace lacuna;
using lacuna::test::moment;
using lacuna::test::PersonWorld;

namespace {

template <typename T>
const T& oneOf(std::mt19937& random, const std::vector<T>& list) {
  return list[random() % list.size()];
}

void fillAtRandom(Event& e, std::mt19937& random, std::uint64_t seq) {
  static const std::vector<std::string> purposes = {
      "newsletter", "offers", "course-admin", "course-delivery", "invoicing", "site-statistics"};
  static const std::vector<std::string> parties = {
      "teacher:jansen", "teacher:smit", "zoom",   "mandrill",     "facebook",
      "employer:acme",  "pollster",     "hotjar", "venue:central"};
  static const std::vector<std::string> categories = {"name", "email", "presence", "amount",
                                                      "page"};
  e.purpose = oneOf(random, purposes);
  if (random() % 2) e.categories = {oneOf(random, categories), oneOf(random, categories)};
  if (random() % 8 == 0) e.corrects = 2 + random() % seq;
  switch (e.kind) {
    case Kind::sharing:
      e.recipient = oneOf(random, parties);
      break;
    case Kind::processing:
      e.operation = static_cast<Operation>(random() % 9);
      if (random() % 3 == 0) e.source = oneOf(random, parties);
      break;
    case Kind::consent:
      e.consentState = static_cast<ConsentState>(1 + random() % 5);
      e.form = static_cast<ConsentForm>(random() % 4);
      if (random() % 4 == 0) e.notice = "privacy-2020-03-31";
      break;
    case Kind::notice:
      e.notice = random() % 2 ? "privacy-2020-03-31" : "privacy-2018-05-25";
      break;
    case Kind::request:
      e.right = static_cast<Right>(1 + random() % 4);
      e.requestState = random() % 3 ? "received" : random() % 2 ? "extended" : "refused";
      if (random() % 2) e.caseRef = std::to_string(random() % 3);
      break;
    case Kind::restriction:
      if (random() % 2) e.purpose.clear();
      if (random() % 2) e.validUntil = *e.at + std::chrono::hours(random() % 2000);
      break;
    case Kind::agreement:
      e.recipient = oneOf(random, parties);
      break;
    default:
      break;
  }
}

PersonWorld worldOf(std::uint32_t seed) {
  static const std::vector<Kind> kinds = {
      Kind::processing, Kind::processing, Kind::sharing,     Kind::sharing,   Kind::consent,
      Kind::notice,     Kind::objection,  Kind::restriction, Kind::request,   Kind::rectification,
      Kind::agreement,  Kind::erasure,    Kind::note,        Kind::complaint, Kind::consultation};
  std::mt19937 random(seed);
  PersonWorld world;
  for (std::uint64_t i = 0; i < 60; ++i) {
    if (i == 30) world.apply("2020-08-01", test::registerAfterSchremsTwo());
    // Few distinct moments, so that many events share one.
    const Instant at = moment("2020-03-01") + std::chrono::hours(24 * (random() % 200));
    const Instant recorded = at + std::chrono::hours(24 * (random() % 60));
    world.add(
        oneOf(random, kinds), rfc3339Of(at), [&](Event& e) { fillAtRandom(e, random, i + 1); },
        rfc3339Of(recorded));
  }
  return world;
}

std::string stateText(const std::vector<PersonEvent>& events, const PersonWorld& world, Instant t) {
  return jsonOf(fold(events, world.person, world.registers, t), world.person);
}

}  // namespace

TEST_CASE("a state is the same in whatever order the events come", "[person][P7]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const PersonWorld world = worldOf(seed);
    std::vector<PersonEvent> events = world.all();
    const Instant t = moment("2020-12-01");
    const std::string expected = stateText(events, world, t);
    const auto lines = historyLines(events, {}, world.registers, t);
    std::mt19937 random(seed);
    for (int round = 0; round < 3; ++round) {
      std::shuffle(events.begin(), events.end(), random);
      REQUIRE(stateText(events, world, t) == expected);
      REQUIRE(historyLines(events, {}, world.registers, t) == lines);
    }
  }
}

TEST_CASE("a state as of a moment is the state of what had happened by then", "[person][P7]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const PersonWorld world = worldOf(seed);
    const std::vector<PersonEvent> all = world.all();
    for (const char* day : {"2020-03-15", "2020-05-01", "2020-07-16", "2020-09-30"}) {
      const Instant t = moment(day);
      std::vector<PersonEvent> happened = all;
      std::erase_if(happened, [&](const PersonEvent& e) { return e.at() > t; });
      REQUIRE(stateText(all, world, t) == stateText(happened, world, t));
    }
  }
}

TEST_CASE("what was known then is the state of what had been recorded by then", "[person][P7]") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const PersonWorld world = worldOf(seed);
    const std::vector<PersonEvent> all = world.all();
    HistoryQuery query;
    query.knownAt = moment("2020-06-15");
    query.asOf = moment("2020-09-01");
    std::vector<PersonEvent> known = all;
    std::erase_if(known, [&](const PersonEvent& e) { return e.recordedAt > *query.knownAt; });
    const PersonState state =
        stateOf(all, query, world.person, world.registers, moment("2026-01-01"));
    REQUIRE(jsonOf(state, world.person) ==
            jsonOf(fold(known, world.person, world.registers.knownBy(query), *query.asOf),
                   world.person));
  }
}
