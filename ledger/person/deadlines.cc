#include "ledger/person/deadlines.h"

namespace lacuna {

Date workingDayFrom(Date date, const std::set<Date>& holidays) {
  using namespace std::chrono;
  // Ends: the holidays are a finite list, and beyond it only weekends are skipped.
  for (sys_days day = date;; day += days(1)) {
    const weekday name(day);
    if (name != Saturday && name != Sunday && !holidays.contains(Date(day))) return Date(day);
  }
}

std::optional<Date> houseDue(const Deadlines& rules, std::string_view right, Date received) {
  const auto promise = rules.house.find(right);
  if (promise == rules.house.end()) return std::nullopt;
  return plus(received, promise->second);
}

Date statuteDue(const Deadlines& rules, Date received, Extended extended,
                const std::set<Date>& holidays) {
  Period period = rules.statute;
  if (extended == Extended::yes) {
    period.years += rules.extension.years;
    period.months += rules.extension.months;
    period.days += rules.extension.days;
  }
  return workingDayFrom(plus(received, period), holidays);
}

}  // namespace lacuna
