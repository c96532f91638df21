#include "ledger/sweep.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kRowsPerWriteBytes = 8 * 1024 * 1024;
constexpr std::uint64_t kCompactSeqs = std::uint64_t{1} << 20;  // of one stretch

Refusal notDue() {
  return {RefusalCode::nothingToErase,
          "too few were erased since the last sweep: envelopes are removed for at least " +
              std::to_string(kSweepSlotsMin) +
              " slots at once, so that comparing two copies singles nobody out"};
}

}  // namespace

Result<SweepMark> sweepDue(Ledger& ledger) {
  const People& people = ledger.sequencer().people();
  const Unswept& unswept = people.unswept();
  SweepMark mark{ledger.size(), ledger.vault().version(), false};
  if (unswept.slots.size() < kSweepSlotsMin) {
    const bool allowed = ledger.sequencer().registers().latest().deadlines().smallSweep;
    const bool waited = ledger.sequencer().now() - unswept.since >= kSweepSmallAfter;
    if (unswept.slots.empty() || !allowed || !waited) return notDue();
    mark.few = true;
  }
  if (!ledger.vault().destroyedEverywhere(mark.version)) {
    return Refusal{RefusalCode::incomplete,
                   "an erasure is not complete: a key holder has not yet destroyed its keys"};
  }
  return mark;
}

std::vector<RecordedSweep> recordedSweeps(const Vault& vault, const Store& store,
                                          const SystemNumbers& systems,
                                          const std::vector<LotHandle>& lots) {
  std::vector<RecordedSweep> out;
  for (const LotHandle& lot : lots) {
    if (lot.klass != kSweepClass) continue;
    for (const PersonEvent& event : readLot(vault, store, systems, Slot(0), lot)) {
      const Result<SweepBody> body = decodeSweep(event.body);
      if (event.kind != Kind::sweep || !body)
        throw Fault("a sweep's record does not follow the format");
      out.push_back({event.seq, event.recordedAt, *body});
    }
  }
  std::sort(out.begin(), out.end(),
            [](const RecordedSweep& a, const RecordedSweep& b) { return a.seq < b.seq; });
  return out;
}

SeqSet removedBy(const Store& store, const std::vector<RecordedSweep>& sweeps) {
  SeqSet out;
  for (const RecordedSweep& sweep : sweeps) {
    for (const SweepBody::Part& part : sweep.body.parts) {
      const std::optional<Bytes> document = store.row(Table::documents, part.document.view());
      if (!document || sha256(*document) != part.document.bytes) {
        throw Fault("a document of a sweep is missing, or is not the one that was recorded");
      }
      const Result<Removal> removal = decodeRemoval(*document);
      if (!removal || removal->range != part.range ||
          (part.range << kRemovalRangeBits) + *removal->removed.last() >= sweep.body.marked.raw()) {
        throw Fault("a document of a sweep does not follow the format");
      }
      out.add(part.range, removal->removed);
    }
  }
  return out;
}

Result<std::optional<Seq>> recordSweep(Ledger& ledger, const SweepMark& mark,
                                       const SeqSet& removed) {
  if (ledger.vault().version() != mark.version) {
    return Refusal{RefusalCode::busy,
                   "an erasure changed the tree since it was marked: mark again"};
  }
  std::vector<SweepBody::Part> parts;
  std::vector<RowChange> documents;
  std::size_t bytes = 0;
  const auto write = [&] {
    if (!documents.empty()) ledger.store().applyRows(documents);
    documents.clear();
    bytes = 0;
  };
  for (const auto& [range, set] : removed.ranges()) {
    if (set.empty()) continue;
    LACUNA_ASSERT((range << kRemovalRangeBits) + *set.last() < mark.size.raw(),
                  "a removal beyond what was marked");
    Bytes document = encodeRemoval(range, set);
    const DocumentHash hash{sha256(document)};
    parts.push_back({range, hash});
    bytes += document.size();
    documents.push_back(
        {Table::documents, Bytes(hash.bytes.begin(), hash.bytes.end()), std::move(document)});
    if (bytes >= kRowsPerWriteBytes) write();
  }
  write();  // a crash here leaves documents that no record names
  Sequencer& sequencer = ledger.sequencer();
  Draft draft = sequencer.begin();
  std::optional<Seq> last;
  for (std::size_t from = 0; from < parts.size(); from += kSweepPartsMax) {
    SweepBody body{mark.size, mark.version, mark.few, {}};
    const std::size_t count = std::min(kSweepPartsMax, parts.size() - from);
    const auto first = parts.begin() + static_cast<std::ptrdiff_t>(from);
    body.parts.assign(first, first + static_cast<std::ptrdiff_t>(count));
    last = sequencer.organisation(draft, Kind::sweep, kSweepClass, encode(body), std::nullopt);
  }
  sequencer.people().forgetUnswept(draft);
  ledger.commitNow(draft);  // a crash after it: the removal is carried out at the next start
  ledger.signCheckpoint();
  LACUNA_ASSERT(!last || last->raw() < ledger.shownSize().raw(), "a sweep that is not published");
  return last;
}

SweepRemoval::SweepRemoval(Store& store, const std::vector<RecordedSweep>& sweeps, TreeSize shown)
    : store_(store), from_(store.removedThrough()), through_(from_) {
  std::vector<RecordedSweep> mine;
  for (const RecordedSweep& sweep : sweeps) {
    if (sweep.seq < from_ || sweep.seq.raw() >= shown.raw()) continue;
    mine.push_back(sweep);
    through_ = lacuna::next(sweep.seq);
  }
  seqs_ = removedBy(store, mine);
}

std::optional<std::uint64_t> SweepRemoval::step() {
  const RemovalSlice slice = store_.removeEnvelopes(seqs_, next_);
  next_ = Seq(slice.next);
  totals_.envelopes += slice.envelopes;
  totals_.bytesRemoved += slice.bytesRemoved;
  totals_.bytesWritten += slice.bytesWritten;
  if (slice.done && slice.bytesWritten == 0) return std::nullopt;
  return slice.bytesWritten;
}

bool SweepRemoval::compactStep(std::atomic<bool>& cancelled) {
  std::optional<std::uint64_t> first;
  seqs_.each(Seq(compacted_), [&](Seq seq) {
    first = seq.raw();
    return false;
  });
  if (!first || cancelled) return false;
  const std::uint64_t from = *first / kCompactSeqs * kCompactSeqs;
  compacted_ = from + kCompactSeqs;
  store_.compactEnvelopes(Seq(from), Seq(compacted_), cancelled);
  return true;
}

void SweepRemoval::finish() {
  if (pending()) store_.rememberRemoved(through_);
}

}  // namespace lacuna
