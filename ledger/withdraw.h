// One event is withdrawn (DESIGN 4): it becomes undecryptable, the others of its lot move to a successor lot
// as carry rows, and the lot dies as a case of its own.
//
// Promise: the others stay readable, whatever moment a crash chooses: until the carry rows are in the log and
//          with every key holder the lot lives, and afterwards they open what it opened.
#pragma once

#include "ledger/carry.h"
#include "ledger/event_place.h"
#include "ledger/ledger.h"

namespace lacuna {

struct WithdrawOrder {
  Seq seq;
  Ground ground = Ground::unstated;
  std::string reason;  // of the reading that finding it was
  std::string person;  // who the officer says it is about; empty: `place` was searched for
  std::optional<EventPlace> place;  // nothing: look through the person's lots
};
struct Withdrawal {
  Seq seq;
  std::string klass;
  std::int32_t period = 0;
  Erasure erasure;  // of the lot that it stood in
};
// Refuses unknown-person, not-found (no sealed event of that person stands there), nothing-to-erase (it was
// withdrawn before), invalid-value (a reading, or an event of the ledger's own), too-many, and what an
// erasure is refused. The reading is recorded whatever the answer (P9). Sequencer thread, alone.
Result<Withdrawal> withdraw(Ledger& ledger, const Caller& caller, const WithdrawOrder& order);

// The carry rows of a successor, planned in the draft; their keys.
std::vector<Bytes> planCarryRows(Draft& draft, const EventPlace& successor, const LotHandle& from,
                                 std::vector<CarryEntry> entries);

// At start, before what a crash cut short is destroyed: every key holder has every carry row of the log.
void giveCarriesToHolders(Vault& vault, const Store& store);
// And none of a lot that died since.
void forgetDeadCarries(Vault& vault);

// After a lost tail (carry_lost.cc): lots that only the keys know to carry events of this log. Their leaves are
// not buried, and the log gets them back, without what it has lost itself.
struct LostCarry {
  Slot slot;
  LeafNo leaf, from;
  std::string klass;
  std::int32_t period = 0;
  Instant createdAt{};
  std::vector<CarryEntry> entries;
};
std::vector<LostCarry> lostCarries(const Vault& vault, const Store& store);
void adopt(Draft& draft, People& people, std::vector<LostCarry> lost);

}  // namespace lacuna
