// Civil time: RFC 3339 instants, dates in the controller's zone, ISO 8601 periods.
#pragma once

#include "ledger/base/clock.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lacuna {

using Date = std::chrono::year_month_day;

// RFC 3339 with offset or Z, to the millisecond (finer digits are cut). Years 1900 to 9999.
std::optional<Instant> instantOfRfc3339(std::string_view text);
std::string rfc3339Of(Instant t);  // "2020-04-01T09:12:33Z"; milliseconds only when not zero
std::optional<Date> dateOf(std::string_view text);  // YYYY-MM-DD
std::string textOf(Date date);

// An IANA zone by name; throws Fault when the system has no such zone (ask zoneKnown first).
bool zoneKnown(std::string_view zone);
Date dateIn(std::string_view zone, Instant t);
Instant startOfDay(std::string_view zone, Date date);
Instant endOfDay(std::string_view zone, Date date);  // the last millisecond of that day there

// A point in time as officers write it: RFC 3339, or a date, meaning the end of that day there.
std::optional<Instant> momentOf(std::string_view text, std::string_view zone);

// ISO 8601 periods of years, months, weeks and days (P7Y, P28D, P1M).
struct Period {
  int years = 0, months = 0, days = 0;
  bool operator==(const Period&) const = default;
};
std::optional<Period> periodOf(std::string_view text);
std::string textOf(const Period& period);
// Corresponding date; where the month has none, its last day (privacy law's counting of months).
Date plus(Date date, const Period& period);

}  // namespace lacuna
