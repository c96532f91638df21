// Requests of data subjects across persons: the worklist, and the officer's steps.
//
// Everything here is derived by replay from the lots of the class `case` and kept in memory: a slot is folded
// anew when an event entered one of them, or one is gone. Nothing is stored but the events. Of a request whose
// person is erased the erasure's own case keeps what its clocks need, in a sealed row without identity: a record
// would tell everybody that the erased person had one.
//
// Thread: the sequencer's, with no group on its way.
#pragma once

#include "ledger/erasure_rows.h"
#include "ledger/person/requests.h"
#include "ledger/sequencer.h"

#include <map>

namespace lacuna {

inline constexpr std::size_t kRequestStepsMax = 256;       // of one request
inline constexpr std::size_t kRequestsCarriedMax = 4096;   // that one erasure's case takes over
inline constexpr std::size_t kRequestSlotsPerPiece = 256;  // folded before others have their turn

struct KnownRequest {
  RequestView view;
  Slot slot;            // whose, or of the case
  bool erased = false;  // its person is
};

struct RequestStep {
  std::uint64_t number = 0;
  std::string
      state;  // identity-asked identity-verified identity-failed extended answered refused withdrawn closed
  std::string code;  // of `extended` and `refused`
  std::string told;  // when the person was told, or it happened: a time or a date; empty: now
};

// The words of a closed list and what stands in the events for them.
struct RequestCode {
  std::string_view word, code;
  std::string_view right;  // of this right alone; empty: of every one
};
std::span<const RequestCode> extensionCodes();
std::span<const RequestCode> refusalCodes();

class Requests {
 public:
  Requests(const Vault& vault, const Store& store, Sequencer& sequencer)
      : vault_(vault), store_(store), sequencer_(sequencer) {}

  // Folds what was touched since, at most `slotsMax` slots; true when there are more. What is below is whole
  // once it has answered false, until the next event.
  bool refresh(std::size_t slotsMax);

  const std::map<std::uint64_t, KnownRequest>& all() const { return known_; }
  const KnownRequest* find(std::uint64_t number) const;
  // Its events, in order.
  std::vector<PersonEvent> stepsOf(const KnownRequest& request) const;
  Date today() const;

  // The event of a new request; commit it with Sequencer::append(). Refuses invalid-value, in-future.
  Result<Event> opening(std::string_view person, std::string_view right, std::string_view received,
                        std::string_view channel) const;
  // Refuses not-found, not-pending (closed already, or not yet), invalid-value, in-future, past-retention is
  // never said; an extension that is told after the first term is refused `invalid-value`.
  Result<Seq> step(Draft& draft, const Caller& caller, const RequestStep& step);

  // Before the keys of these targets die: what the clocks of their requests need goes into the case.
  void carry(Draft& draft, Slot caseSlot, std::span<const EraseTarget> targets, bool onlyOpen);
  // When the last request that a case keeps was closed; the end of time while one is open; nothing: none.
  std::optional<Instant> quietSince(Slot caseSlot) const;

 private:
  std::vector<PersonEvent> eventsOf(Slot slot) const;
  std::vector<RequestView> viewsOf(const std::vector<PersonEvent>& events) const;
  void addKept(Slot caseSlot, std::vector<PersonEvent>& into) const;
  void fold(Slot slot);
  Result<Instant> toldAt(const RequestStep& step, const RequestView& view, Instant now) const;
  Outcome allowed(const RequestStep& step, const RequestView& view, Instant told) const;

  const Vault& vault_;
  const Store& store_;
  Sequencer& sequencer_;
  std::map<std::uint64_t, KnownRequest> known_;  // by number
  std::multimap<Slot, std::uint64_t> bySlot_;
  std::map<std::uint64_t, Slot> keptBy_;  // number -> the case that keeps it
};

}  // namespace lacuna
