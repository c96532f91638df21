// The two clocks of a request (Art. 12(3) and the house's own promise), as pure date arithmetic.
// Dates are computed in the controller's zone and derived, never stored.
#pragma once

#include "ledger/base/civil.h"
#include "ledger/register/register.h"

#include <optional>
#include <set>
#include <string_view>

namespace lacuna {

// The date itself, or the next one that is no Saturday, Sunday or holiday.
Date workingDayFrom(Date date, const std::set<Date>& holidays);

// Received + the house's period, to the day: a promise to a person is not moved by a weekend.
// Nothing: the house has promised none for this right.
std::optional<Date> houseDue(const Deadlines& rules, std::string_view right, Date received);

enum class Extended : bool { no, yes };
// The corresponding date one month on (its month's last day where there is none), moved to the next
// working day. An extension counts from the day of receipt, not from the extension.
Date statuteDue(const Deadlines& rules, Date received, Extended extended,
                const std::set<Date>& holidays);

}  // namespace lacuna
