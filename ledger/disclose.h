// One event is disclosed (FORMAT.md 10): opened for a court or an auditor, in a file that shows offline that exactly
// this text stands at that place, and that opens nothing else.
//
// Promise: the disclosure is a recorded reading of the person before the file leaves (P9). An event that is
//          erased or withdrawn is not disclosed (P5).
#pragma once

#include "ledger/event_place.h"
#include "ledger/ledger.h"

namespace lacuna {

struct DiscloseOrder {
  Seq seq;
  std::string reason;
  std::string person;  // who the officer says it is about; empty: `place` was searched for
  std::optional<EventPlace> place;
};

// Public questions, before anybody is read. Refuses not-found (no such record, or one without an envelope) and
// not-published. Any thread.
Outcome mayDisclose(const Ledger& ledger, Seq seq);

// Records the reading, with the seq in its sealed part, whatever the answer. Refuses what a consultation is
// refused, erased (no living lot holds the event) and busy. Sequencer thread; the answer counts once the draft
// is durable.
Result<PersonHandle> recordDisclosure(Sequencer& sequencer, Draft& draft, const Caller& caller,
                                      const DiscloseOrder& order);

// The file. Refuses not-found, not-published and erased; throws Fault when the event cannot be read although its key
// lives. Any thread.
Result<std::string> discloseEvent(const Ledger& ledger, const PersonHandle& person, Seq seq);

}  // namespace lacuna
