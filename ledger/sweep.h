// The second tier of an erasure (DESIGN 8): the envelopes that no living lot can reach leave the disk.
//
//   sweepDue()      sequencer thread, with no group on its way: at what size and tree version to mark
//   markUnreachable()   any thread, while events are appended: what no living lot reaches
//   recordSweep()   sequencer thread, alone: the public record, synced and under a shown checkpoint
//   SweepRemoval    any thread: what the record names is removed; redone after a crash
//
// Promise: an envelope is removed only when its lot is dead in the tree of every holder and a durable,
//          published record names it (P1, P5); at least kSweepSlotsMin slots at once (P6).
// Failure: a row or page that is missing or does not open while its tree entry lives is a Fault, and
//          nothing is removed.
#pragma once

#include "ledger/ledger.h"
#include "ledger/proof/removal.h"

namespace lacuna {

// What one marking stands on.
struct SweepMark {
  TreeSize size;        // only records below it are candidates
  TreeVersion version;  // the tree that says which lots live
  bool few = false;     // fewer slots than kSweepSlotsMin, because the register says so
};

// Refuses nothing-to-erase (too few slots were erased since the last sweep) and incomplete (a key holder
// has not yet destroyed what was erased). Sequencer thread.
Result<SweepMark> sweepDue(Ledger& ledger);

struct SweepHooks {
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;  // in records
  std::function<bool()> goOn;  // asked often; false cancels
};

// The seqs below mark.size whose envelope no living lot reaches, and no earlier sweep removed. Nothing:
// cancelled, or an erasure changed the tree meanwhile (mark again).
// Every lot that the tree says is alive is walked by its derivable tags and its carry rows, against the
// records themselves. Memory: 24 bytes for each of kSweepWindowRecords, 12 for each living lot, and for
// each record two bits.
std::optional<SeqSet> markUnreachable(const Vault& vault, const Store& store, const SweepMark& mark,
                                      const SeqSet& removedBefore, const SweepHooks& hooks);

// One recorded sweep, as its public body says.
struct RecordedSweep {
  Seq seq;
  Instant recordedAt{};
  SweepBody body;
};
// All of them, in order. Any thread; `lots` are those of slot 0 (People::lotsOf).
std::vector<RecordedSweep> recordedSweeps(const Vault& vault, const Store& store,
                                          const SystemNumbers& systems,
                                          const std::vector<LotHandle>& lots);
// What these sweeps removed. Throws Fault when a document is missing or is not the one that was recorded.
SeqSet removedBy(const Store& store, const std::vector<RecordedSweep>& sweeps);

// Refuses busy when the tree has changed since `mark`. Documents first, then the record, then a shown
// checkpoint over it: a crash between leaves documents that nothing names. Sequencer thread, alone.
// Nothing in the set: nothing is recorded, and there is no seq.
Result<std::optional<Seq>> recordSweep(Ledger& ledger, const SweepMark& mark,
                                       const SeqSet& removed);

// Carries out what was recorded: in slices, so that its caller can pace it.
class SweepRemoval {
 public:
  struct Totals {
    std::uint64_t envelopes = 0, bytesRemoved = 0, bytesWritten = 0;
  };
  // Takes the sweeps that are under a shown checkpoint and not yet carried out. Borrowed: the store.
  SweepRemoval(Store& store, const std::vector<RecordedSweep>& sweeps, TreeSize shown);

  bool pending() const { return through_ > from_; }
  // One bounded slice; the bytes written by it. Nothing: all is removed.
  std::optional<std::uint64_t> step();
  // Afterwards: rewrites the touched files, one bounded stretch a call. False: none is left.
  bool compactStep(std::atomic<bool>& cancelled);
  // The end: a later start does not look at these sweeps again. Synced.
  void finish();
  const Totals& totals() const { return totals_; }

 private:
  Store& store_;
  Seq from_, through_;  // sweeps recorded in [from_, through_)
  SeqSet seqs_;
  Seq next_;
  std::uint64_t compacted_ = 0;  // seqs below it lie in rewritten files
  Totals totals_;
};

inline constexpr std::string_view kSweepClass = "sweep";  // of slot 0: where the records are found

}  // namespace lacuna
