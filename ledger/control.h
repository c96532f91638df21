// The control report of a time (FORMAT.md 12): public records counted, and what the cases of erasures add to them.
//
// Promise: making one is itself a record before the file leaves; nobody is named in it (P4, P9).
#pragma once

#include "ledger/ledger.h"
#include "ledger/proof/control_report.h"

#include <string>

namespace lacuna {

struct ControlOrder {
  std::string from, to;  // dates, as typed
  std::uint32_t sample = 0;
  std::string seed;
  std::string reason;
};
// The time asked for, in the controller's zone.
struct ControlTime {
  std::string zone, from, to;
  Instant begins{}, ends{};
};
// Refuses invalid-value. Sequencer thread.
Result<ControlTime> controlTimeOf(const ControlOrder& order, const Sequencer& sequencer);

struct ControlCounted {
  ControlTime time;
  std::string checkpoint;  // of the records that were counted
  ControlTally tally;
  ControlPublic log;
};
// Looks through the whole log below the published checkpoint. Refuses too-many. Any thread.
Result<ControlCounted> countForControl(const Ledger& ledger, const ControlTime& time);

// The file. Refuses too-large, and tampered when it would not verify. Sequencer thread, with no group on its way.
Result<std::string> controlReport(Ledger& ledger, const ControlOrder& order,
                                  ControlCounted counted);

}  // namespace lacuna
