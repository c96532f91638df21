#include "ledger/base/civil.h"

#include "ledger/base/fault.h"

#include <catch2/catch.hpp>

using namespace lacuna;

namespace {

constexpr const char* kZone = "Europe/Amsterdam";

std::uint64_t millis(std::string_view text) { return millisOf(instantOfRfc3339(text).value()); }
std::string moment(std::string_view text) { return rfc3339Of(momentOf(text, kZone).value()); }
std::string plused(std::string_view date, std::string_view period) {
  return textOf(plus(dateOf(date).value(), periodOf(period).value()));
}

}  // namespace

TEST_CASE("RFC 3339 instants are read to the millisecond, in any offset") {
  CHECK(millis("1970-01-01T00:00:00Z") == 0);
  CHECK(millis("2020-04-01T09:12:33Z") == 1585732353000);
  CHECK(millis("2020-04-01T11:12:33+02:00") == 1585732353000);
  CHECK(millis("2020-04-01T04:42:33-04:30") == 1585732353000);
  CHECK(millis("2020-04-01t09:12:33z") == 1585732353000);
  CHECK(millis("2020-04-01T09:12:33.5Z") == 1585732353500);
  CHECK(millis("2020-04-01T09:12:33.0019Z") == 1585732353001);
  CHECK(millis("2020-02-29T00:00:00Z") == 1582934400000);
}

TEST_CASE("what is not an instant is refused") {
  for (const char* wrong : {"",
                            "2020-04-01",
                            "2020-04-01T09:12:33",
                            "2020-04-01T09:12Z",
                            "2020-13-01T00:00:00Z",
                            "2020-00-01T00:00:00Z",
                            "2021-02-29T00:00:00Z",
                            "2020-04-31T00:00:00Z",
                            "2020-04-01T24:00:00Z",
                            "2020-04-01T09:60:00Z",
                            "2020-04-01T09:12:61Z",
                            "2020-04-01T09:12:33.Z",
                            "2020-04-01T09:12:33.1234567890Z",
                            "2020-04-01T09:12:33+2:00",
                            "2020-04-01T09:12:33+0200",
                            "2020-04-01T09:12:33+24:00",
                            "2020-04-01T09:12:33+02:60",
                            "2020-04-01T09:12:33Zx",
                            "1899-12-31T23:59:59Z",
                            "02020-04-01T09:12:33Z",
                            "2020-4-01T09:12:33Z",
                            "2020/04/01T09:12:33Z",
                            "20 0-04-01T09:12:33Z"}) {
    CAPTURE(wrong);
    CHECK_FALSE(instantOfRfc3339(wrong));
  }
}

TEST_CASE("instants are written with milliseconds only when there are any") {
  CHECK(rfc3339Of(instantOf(1585732353000)) == "2020-04-01T09:12:33Z");
  CHECK(rfc3339Of(instantOf(1585732353007)) == "2020-04-01T09:12:33.007Z");
  CHECK(rfc3339Of(Instant(std::chrono::milliseconds(-1))) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a date means the end of that day in the controller's zone") {
  CHECK(moment("2020-01-15") == "2020-01-15T22:59:59.999Z");
  CHECK(moment("2020-07-15") == "2020-07-15T21:59:59.999Z");
  CHECK(moment("2020-03-29") == "2020-03-29T21:59:59.999Z");  // 23 hours long
  CHECK(moment("2020-10-25") == "2020-10-25T22:59:59.999Z");  // 25 hours long
  CHECK(moment("2020-07-15T12:00:00Z") == "2020-07-15T12:00:00Z");
  CHECK_FALSE(momentOf("2020-02-30", kZone));
  CHECK_FALSE(momentOf("tomorrow", kZone));
  CHECK(textOf(dateIn(kZone, *instantOfRfc3339("2020-07-14T22:00:00Z"))) == "2020-07-15");
  CHECK(textOf(dateIn(kZone, *instantOfRfc3339("2020-07-14T21:59:59Z"))) == "2020-07-14");
  CHECK(rfc3339Of(startOfDay(kZone, *dateOf("2020-07-15"))) == "2020-07-14T22:00:00Z");
}

TEST_CASE("only zones of the system's database are known") {
  CHECK(zoneKnown(kZone));
  CHECK(zoneKnown("UTC"));
  CHECK_FALSE(zoneKnown(""));
  CHECK_FALSE(zoneKnown("Europe/Atlantis"));
  CHECK_FALSE(zoneKnown(std::string(100, 'a')));
  CHECK_THROWS_AS(dateIn("Europe/Atlantis", Instant{}), Fault);
}

TEST_CASE("periods are those of ISO 8601 and come back") {
  for (const char* text : {"P7Y", "P28D", "P1M", "P1Y6M", "P0D"}) {
    CAPTURE(text);
    REQUIRE(periodOf(text));
    CHECK(periodOf(textOf(*periodOf(text))) == periodOf(text));
  }
  CHECK(periodOf("P2W") == Period{0, 0, 14});
  for (const char* wrong : {"", "P", "7Y", "P7", "PY", "P-1Y", "P1.5Y", "P1H", "PT1H", "P1Y1Y",
                            "P1D1Y", "P7Y ", "p7y", "P99999999999Y"}) {
    CAPTURE(wrong);
    CHECK_FALSE(periodOf(wrong));
  }
}

TEST_CASE("a month later is the same day, or the last of a shorter month") {
  CHECK(plused("2024-01-31", "P1M") == "2024-02-29");
  CHECK(plused("2023-01-31", "P1M") == "2023-02-28");
  CHECK(plused("2024-02-29", "P1Y") == "2025-02-28");
  CHECK(plused("2024-12-15", "P2M") == "2025-02-15");
  CHECK(plused("2024-03-01", "P28D") == "2024-03-29");
  CHECK(plused("2016-12-31", "P7Y") == "2023-12-31");
}
