#include "ledger/person/deadlines.h"

#include "tests/support/person_world.h"

#include <catch2/catch.hpp>

using namespace lacuna;

namespace {

Date on(std::string_view text) {
  const std::optional<Date> date = dateOf(text);
  REQUIRE(date);
  return *date;
}

struct Vector {
  const char *received, *house, *statute, *extended;
};

// Computed by others; the holidays are those of the Netherlands.
constexpr Vector kVectors[] = {
    {"2020-01-31", "2020-02-28", "2020-03-02", "2020-04-30"},  // 29 February is a Saturday
    {"2020-03-27", "2020-04-24", "2020-04-28", "2020-06-29"},  // King's day; a Saturday
    {"2020-03-31", "2020-04-28", "2020-04-30", "2020-06-30"},
    {"2020-04-01", "2020-04-29", "2020-05-01", "2020-07-01"},
    {"2020-05-01", "2020-05-29", "2020-06-02", "2020-08-03"},  // Whit Monday; a Saturday
    {"2023-12-31", "2024-01-28", "2024-01-31", "2024-04-02"},  // a Sunday stays; Easter and Monday
    {"2024-01-30", "2024-02-27", "2024-02-29", "2024-04-30"},
};

}  // namespace

TEST_CASE("both clocks of a request show the published dates", "[deadlines]") {
  const auto reg = test::parsedRegister(std::string(test::kSmallRegister));
  for (const Vector& v : kVectors) {
    CAPTURE(v.received);
    const Date received = on(v.received);
    CHECK(houseDue(reg->deadlines(), "access", received) == on(v.house));
    CHECK(statuteDue(reg->deadlines(), received, Extended::no, reg->holidays()) == on(v.statute));
    CHECK(statuteDue(reg->deadlines(), received, Extended::yes, reg->holidays()) == on(v.extended));
  }
}

TEST_CASE("the house promises nothing for a right that it does not name", "[deadlines]") {
  const auto reg = test::parsedRegister(std::string(test::kSmallRegister));
  CHECK_FALSE(houseDue(reg->deadlines(), "erasure", on("2020-01-31")));
}

TEST_CASE("the house's clock never runs longer than the law's", "[deadlines]") {
  const auto reg = test::parsedRegister(std::string(test::kSmallRegister));
  using namespace std::chrono;
  for (sys_days d = sys_days(on("2019-01-01")); d < sys_days(on("2029-01-01")); d += days(1)) {
    const Date due = statuteDue(reg->deadlines(), Date(d), Extended::no, reg->holidays());
    REQUIRE(*houseDue(reg->deadlines(), "access", Date(d)) <= due);
    const weekday name{sys_days(due)};
    REQUIRE((name != Saturday && name != Sunday && !reg->holidays().contains(due)));
  }
}

TEST_CASE("a request shows its clocks, its extension and its end", "[deadlines][person]") {
  test::PersonWorld world;
  const auto open = [](Event& e) {
    e.right = Right::access;
    e.caseRef = "1";
    e.requestState = "received";
    e.received = test::moment("2020-03-26T23:30:00Z");  // already the 27th in Amsterdam
  };
  const auto step = [](const char* state) {
    return [state](Event& e) {
      e.caseRef = "1";
      e.requestState = state;
    };
  };
  world.add(Kind::request, "2020-03-28", open);
  PersonState state = world.state("2020-04-01");
  REQUIRE(state.requests.size() == 1);
  CHECK(state.requests[0].right == "access");
  CHECK(state.requests[0].state == "received");
  CHECK(state.requests[0].dueHouse == on("2020-04-24"));
  CHECK(state.requests[0].dueStatute == on("2020-04-28"));
  CHECK_FALSE(state.requests[0].closed);

  world.add(Kind::request, "2020-04-20", step("extended"));
  world.add(Kind::request, "2020-06-01", step("fulfilled"));
  state = world.state("2020-05-01");
  CHECK(state.requests.at(0).extended);
  CHECK(state.requests.at(0).dueStatute == on("2020-06-29"));
  CHECK(state.requests.at(0).state == "extended");
  state = world.state("2020-07-01");
  REQUIRE(state.requests.size() == 1);
  CHECK(state.requests[0].state == "fulfilled");
  CHECK(state.requests[0].closed == test::moment("2020-06-01"));
}

TEST_CASE("an extension told after the first term does not extend", "[deadlines][person]") {
  test::PersonWorld world;
  world.add(Kind::request, "2020-03-27T10:00:00Z", [](Event& e) { e.right = Right::erasure; });
  world.add(Kind::request, "2020-04-29T10:00:00Z", [](Event& e) {
    e.right = Right::erasure;
    e.requestState = "extended";
  });
  const PersonState state = world.state("2020-05-01");
  REQUIRE(state.requests.size() == 1);
  CHECK_FALSE(state.requests[0].extended);
  CHECK(state.requests[0].dueStatute == on("2020-04-28"));
  CHECK_FALSE(state.requests[0].dueHouse);
}

TEST_CASE("requests without a case are told apart by right, and by what was closed", "[person]") {
  test::PersonWorld world;
  const auto request = [&](const char* at, Right right, const char* state) {
    world.add(Kind::request, at, [=](Event& e) {
      e.right = right;
      e.requestState = state;
    });
  };
  request("2020-01-01", Right::access, "received");
  request("2020-01-02", Right::erasure, "received");
  request("2020-01-10", Right::access, "refused");
  request("2020-02-01", Right::access, "received");
  const PersonState state = world.state("2020-03-01");
  REQUIRE(state.requests.size() == 3);
  CHECK(state.requests[0].state == "refused");
  CHECK(state.requests[1].right == "erasure");
  CHECK(state.requests[2].state == "received");
}
