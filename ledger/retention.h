// Ends of retention: what the register says has been kept long enough (DESIGN 6, 8; Art. 5(1)(e) GDPR).
//
// Everything here is derived from the open lots and the register in force, and nothing is stored. Rows
// name classes and years, never a person. Three rules end a lot: its period is over; what its purposes
// rest on has ended (consent withdrawn or run out, an objection) and the days of grace with it; a case was
// closed for as long as the register keeps cases. A gap in the policy, and a session, end nothing here.
// Thread:  the sequencer's, with no group on its way; endedAt() from any.
#pragma once

#include "ledger/erasure.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lacuna {

// Lots of one class and year that end together.
struct RetentionRow {
  std::string klass;  // `case` for closed cases
  std::int32_t period = 0;
  Instant ends{};
  std::uint64_t lots = 0;
  std::uint64_t held = 0;  // of them: a hold stands
};

// Lots until an event: whether one has ended stands only in its own events.
struct UntilEventLot {
  Slot slot;
  LotHandle lot;
};

class Retention {
 public:
  Retention(Sequencer& sequencer, Erasures& erasures)
      : sequencer_(sequencer), erasures_(erasures) {}

  // What is due at `by`, by date; in order of class and year.
  std::vector<RetentionRow> due(Instant by);

  struct Swept {
    std::uint64_t lots = 0;
    std::uint64_t held = 0;            // due, but a hold stands
    std::vector<std::uint64_t> cases;  // one for each batch
    bool complete = true;              // every holder has destroyed its keys
    std::vector<RetentionRow> rows;    // what was due
  };
  // Erases one batch of what is due by date, at most `lotsMax`. Nothing due: no case. `more` tells whether
  // another call would find something.
  Result<Swept> sweep(std::size_t lotsMax, bool& more);

  // Candidates among the slots from `from` on, at most about `lotsMax`; `next` is where to go on, nothing
  // at the end.
  std::vector<UntilEventLot> untilEventLots(Slot from, std::size_t lotsMax,
                                            std::optional<Slot>& next);
  // Erases these, which endedAt() has found ended, unless a hold stands or events came since.
  Result<Swept> sweepEnded(const std::vector<UntilEventLot>& ended);

  // When the lot ended, its grace included; nothing: it has not. `events`: what stands in it.
  static std::optional<Instant> endedAt(const std::vector<PersonEvent>& events,
                                        const RetentionClass& klass, const Register& reg);

 private:
  struct Due {
    std::vector<EraseTarget> targets;
    std::vector<RetentionRow> rows;
    bool more = false;
  };
  Due collect(Instant by, std::size_t targetsMax);
  Result<Swept> erase(Due due);

  Sequencer& sequencer_;
  Erasures& erasures_;
};

}  // namespace lacuna
