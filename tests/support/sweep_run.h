// A whole sweep on one thread, and who can still be read: for tests and the bench.
#pragma once

#include "ledger/sweep.h"

#include <set>

namespace lacuna::test {

inline std::vector<RecordedSweep> sweepsOf(Ledger& ledger) {
  return recordedSweeps(ledger.vault(), ledger.store(), ledger.sequencer().systems(),
                        ledger.sequencer().people().lotsOf(Slot(0)));
}

inline std::optional<SeqSet> mark(Ledger& ledger, const SweepMark& at,
                                  const SweepHooks& hooks = {}) {
  const SeqSet before = removedBy(ledger.store(), sweepsOf(ledger));
  return markUnreachable(ledger.vault(), ledger.store(), at, before, hooks);
}

inline SweepRemoval::Totals carryOut(Ledger& ledger) {
  SweepRemoval removal(ledger.store(), sweepsOf(ledger), ledger.shownSize());
  while (removal.step()) continue;
  std::atomic<bool> cancelled{false};
  while (removal.compactStep(cancelled)) continue;
  removal.finish();
  return removal.totals();
}

inline Result<SweepRemoval::Totals> sweep(Ledger& ledger) {
  const Result<SweepMark> due = sweepDue(ledger);
  if (!due) return due.refusal();
  const std::optional<SeqSet> unreachable = mark(ledger, *due);
  if (!unreachable) throw Bug("nothing changed the tree");
  const Result<std::optional<Seq>> recorded = recordSweep(ledger, *due, *unreachable);
  if (!recorded) return recorded.refusal();
  return carryOut(ledger);
}

// Every seq whose event somebody can open, found through the indexes, as readers do.
inline std::set<std::uint64_t> readable(Ledger& ledger) {
  std::set<std::uint64_t> out;
  People& people = ledger.sequencer().people();
  for (const SubjectWhat what : {SubjectWhat::organisation, SubjectWhat::person,
                                 SubjectWhat::instance, SubjectWhat::caseFile}) {
    people.each(what, [&](Slot slot) {
      for (const LotHandle& lot : people.lotsOf(slot)) {
        for (const PersonEvent& event :
             readLot(ledger.vault(), ledger.store(), ledger.sequencer().systems(), slot, lot)) {
          if (!event.withdrawn) out.insert(event.seq.raw());
        }
      }
    });
  }
  return out;
}

struct Envelopes {
  std::set<std::uint64_t> present, missing;  // of records whose flag says that they have one
};
inline Envelopes envelopesOf(const Store& store) {
  Envelopes out;
  store.scanPairs(Seq(0), store.size(),
                  [&](Seq seq, ByteView bytes, std::optional<ByteView> envelope) {
                    const Result<Record> record = decodeRecord(bytes);
                    if (!record || (record->flags & kHasEnvelope) == 0) return true;
                    (envelope ? out.present : out.missing).insert(seq.raw());
                    return true;
                  });
  return out;
}

}  // namespace lacuna::test
