// Holds: a legal reason to keep what would be erased (Art. 17(3)). A hold blocks only its classes, has a
// ground of the closed list and a day on which it is to be reviewed, and is an event of the person's.
//
// The rows lie in the person's slot and go with it. Thread: the sequencer's.
#pragma once

#include "ledger/erasure_rows.h"
#include "ledger/sequencer.h"

#include <map>

namespace lacuna {

struct HoldRequest {
  std::vector<std::string> classes;  // empty: every class
  std::string ground;                // legal-claims, or eu-gdpr:JustificationA17LegalClaims
  Date review{};
  std::string reason;
};

class Holds {
 public:
  struct Standing {
    Slot slot;
    Hold hold;
  };

  Holds(Vault& vault, Store& store, Sequencer& sequencer)
      : vault_(vault), store_(store), sequencer_(sequencer) {}

  void load();

  // Refuses unknown-person, busy, unknown-class, unknown-ground, invalid-value (a review in the past),
  // too-many. Changes nothing when it refuses.
  Result<Hold> place(Draft& draft, const Caller& caller, std::string_view person,
                     const HoldRequest& request);
  // Refuses not-found.
  Result<Standing> lift(Draft& draft, const Caller& caller, std::uint64_t number);

  // Those of a slot, by number.
  std::vector<const Hold*> of(Slot slot) const;
  const std::map<std::uint64_t, Standing>& all() const { return holds_; }
  // A request that waits for the hold; once for the same case.
  void block(Draft& draft, std::uint64_t number, Blocked blocked);
  void unblock(Draft& draft, std::uint64_t caseNumber);
  void forgetSlot(Slot slot);  // its rows go with the slot's others

 private:
  void write(Draft& draft, const Standing& one);
  void record(Draft& draft, const Caller& caller, const Standing& one, std::string_view what,
              std::string_view reason);

  Vault& vault_;
  Store& store_;
  Sequencer& sequencer_;
  std::map<std::uint64_t, Standing> holds_;  // by number
  std::multimap<Slot, std::uint64_t> bySlot_;
  std::uint64_t next_ = 1;
};

}  // namespace lacuna
