#include "ledger/person_export.h"

#include "ledger/record/event_shown.h"

#include <algorithm>

namespace lacuna {
namespace {

AccessEvent::Told toldAs(ExportStanding standing) {
  switch (standing) {
    case ExportStanding::open:
      return AccessEvent::Told::whole;
    case ExportStanding::closed:
      return AccessEvent::Told::closed;
    case ExportStanding::withdrawn:
      return AccessEvent::Told::withdrawn;
    case ExportStanding::isPublic:
      return AccessEvent::Told::bare;
  }
  LACUNA_ASSERT(false, "a standing outside the list");
}

constexpr std::size_t kWindowEvents = 128;  // read at once; keys live that long

ExportStanding standingOf(const ProvableEvent& one, Instant now) {
  if (one.event.withdrawn) return ExportStanding::withdrawn;
  if (!one.opening) return ExportStanding::isPublic;
  return keptClosed(one.event, now) ? ExportStanding::closed : ExportStanding::open;
}

// The request's number is told to the person; what an officer wrote besides is not.
std::string shownReason(const std::string& reason) {
  const ReadReason code = reasonCode(reason);
  return code == ReadReason::request ? reason : std::string(nameOf(code));
}

}  // namespace

PersonExport::PersonExport(const Ledger& ledger, ExportTicket ticket)
    : ledger_(ledger), ticket_(std::move(ticket)) {
  // As the manifest lists them.
  std::sort(ticket_.person.lots.begin(), ticket_.person.lots.end(),
            [](const LotHandle& a, const LotHandle& b) { return a.leaf < b.leaf; });
}

Result<std::unique_ptr<PersonExport>> PersonExport::begin(const Ledger& ledger,
                                                          ExportTicket ticket) {
  if (ticket.person.what != SubjectWhat::person && ticket.person.what != SubjectWhat::instance) {
    return Refusal{RefusalCode::invalidValue, "only what is recorded of a person can be exported"};
  }
  std::unique_ptr<PersonExport> out(new PersonExport(ledger, std::move(ticket)));
  if (const Outcome read = out->read(); !read) return read.refusal();
  return out;
}

std::string PersonExport::nameOf(const InstanceRef& instance) {
  if (instance.slot == Slot(0)) return instance.category;
  const auto [at, fresh] = names_.try_emplace(instance.slot.raw());
  if (fresh) at->second = ledger_.nameOfRecipient(instance);
  return at->second;
}

void PersonExport::nameInstances(PersonEvent& event) {
  const StoredEvent& stored = event.stored;
  if (stored.recipient) event.recipientName = nameOf(*stored.recipient);
  if (stored.source) event.sourceName = nameOf(*stored.source);
  if (stored.via) event.viaName = nameOf(*stored.via);
}

// Once through all of it, without what applications wrote: what an event means depends on the others.
Outcome PersonExport::read() {
  std::vector<PersonEvent> events;
  Seq last;
  for (const LotHandle& lot : ticket_.person.lots) {
    std::uint64_t carried = 0;
    for (std::uint64_t first = 0;; first += kWindowEvents) {
      std::vector<ProvableEvent> some =
          readProvable(ledger_.vault(), ledger_.store(), ticket_.systems, ticket_.person.slot, lot,
                       first, kWindowEvents);
      for (ProvableEvent& one : some) {
        carried += one.carried ? 1 : 0;
        last = std::max(last, one.event.seq);
        one.event.stored.event.data.clear();
        nameInstances(one.event);
        events.push_back(std::move(one.event));
      }
      if (events.size() > kExportEventsMax) {
        return Refusal{RefusalCode::tooMany, "an export has at most 200000 events"};
      }
      if (some.size() < kWindowEvents) break;
    }
    carried_.push_back(carried);
  }
  events_ = events.size();
  if (Outcome found = findHead(last); !found) return found;
  facts_ = ledger_.facts(ticket_.person, ticket_.registers);
  const AccessContext context{ticket_.now, shownReason(ticket_.reason), head_.origin,
                              head_.size.raw(), hexOf(head_.root.view())};
  answer_ = accessAnswer(std::move(events), facts_, ticket_.registers, context);
  pageEn_ = std::make_unique<AccessPage>(PageLanguage::en, answer_.person);
  pageNl_ = std::make_unique<AccessPage>(PageLanguage::nl, answer_.person);
  waiting_.push_back({kExportCheckpointFile, note_});
  waiting_.push_back({kExportPageEnFile, pageEn_->head()});
  waiting_.push_back({kExportPageNlFile, pageNl_->head()});
  return Done{};
}

// The published head, which witnesses may have cosigned; else the last that was shown.
Outcome PersonExport::findHead(Seq last) {
  for (const std::string& note : {ledger_.publishedCheckpoint(), ledger_.shownCheckpoint()}) {
    Result<Checkpoint> head = openNote(note, ledger_.verifierKey());
    if (!head || head->size.raw() <= last.raw()) continue;
    note_ = note;
    head_ = std::move(*head);
    return Done{};
  }
  return Refusal{RefusalCode::notPublished,
                 "no signed checkpoint covers all of this person's events yet: ask again"};
}

ExportPart PersonExport::part(std::string_view file, std::string bytes) {
  for (std::size_t i = 0; i < kExportFiles.size(); ++i) {
    if (kExportFiles[i] == file) hashes_[i].add(bytesOf(bytes));
  }
  return {file, std::move(bytes)};
}

void PersonExport::tell(const ProvableEvent& one, Lines& lines) {
  ExportEvent event;
  event.seq = one.event.seq;
  event.lot = one.event.lot;
  event.ordinal = one.event.ordinal;
  event.standing = standingOf(one, ticket_.now);
  event.kind = one.event.kind;
  event.recordedAt = one.event.recordedAt;
  if (const auto added = answer_.added.find(event.seq); added != answer_.added.end()) {
    event.added = added->second;
  }
  ExportProof proof;
  proof.seq = event.seq;
  proof.record = one.record;
  const Store& store = ledger_.store();
  Result<std::vector<NodeHash>> hashes =
      proveInclusion([&store](unsigned level, std::uint64_t index,
                              unsigned width) { return store.tile(level, index, width); },
                     event.seq, head_.size);
  if (!hashes) throw Fault("a tile below the checkpoint cannot be read");
  proof.inclusion = std::move(*hashes);
  if (event.standing == ExportStanding::open) {
    event.content = jsonOf(one.event.stored);
    proof.envelope = one.envelope;
    proof.opening = Secret(one.opening->view());
  }
  lines.events += lineOf(event) + "\n";
  lines.proofs += lineOf(proof) + "\n";
  const AccessEvent shown{toldAs(event.standing), event.kind, event.recordedAt, event.content,
                          event.added};
  lines.pageEn += pageEn_->row(shown);
  lines.pageNl += pageNl_->row(shown);
  ++told_;
}

std::vector<ExportPart> PersonExport::nextEvents() {
  Lines lines;
  while (lot_ < ticket_.person.lots.size() && lines.size() < kExportPageBytes) {
    const LotHandle& lot = ticket_.person.lots[lot_];
    const std::vector<ProvableEvent> some =
        readProvable(ledger_.vault(), ledger_.store(), ticket_.systems, ticket_.person.slot, lot,
                     entry_, kWindowEvents);
    for (const ProvableEvent& one : some) {
      if (lines.size() >= kExportPageBytes) break;
      tell(one, lines);
      ++entry_;
    }
    if (entry_ < carried_[lot_] + lot.events && !some.empty()) continue;
    ++lot_;
    entry_ = 0;
  }
  if (lot_ == ticket_.person.lots.size()) queueEnd();
  std::vector<ExportPart> out;
  out.push_back(part(kExportEventsFile, std::move(lines.events)));
  out.push_back(part(kExportProofsFile, std::move(lines.proofs)));
  out.push_back(part(kExportPageEnFile, std::move(lines.pageEn)));
  out.push_back(part(kExportPageNlFile, std::move(lines.pageNl)));
  return out;
}

void PersonExport::queueEnd() {
  waiting_.push_back({kExportPageEnFile, pageEn_->tail()});
  waiting_.push_back({kExportPageNlFile, pageNl_->tail()});
  waiting_.push_back({kExportPersonFile, std::move(answer_.person)});
  step_ = Step::end;
}

ExportPart PersonExport::nextWaiting() {
  const ExportPart& first = waiting_.front();
  ExportPart out = part(first.file, first.bytes.substr(offset_, kExportPageBytes));
  offset_ += out.bytes.size();
  if (offset_ == first.bytes.size()) {
    waiting_.pop_front();
    offset_ = 0;
  }
  return out;
}

std::string PersonExport::manifest() {
  ExportManifest out;
  out.key = textOf(ledger_.verifierKey());
  out.madeAt = ticket_.now;
  out.size = head_.size;
  for (std::size_t i = 0; i < ticket_.person.lots.size(); ++i) {
    const LotHandle& lot = ticket_.person.lots[i];
    out.lots.push_back({lot.leaf, lot.klass, lot.period, false, carried_[i], lot.events});
  }
  for (const LotView& lot : facts_.lots) {
    if (lot.erased) out.lots.push_back({lot.leaf, lot.klass, lot.period, true, 0, 0});
  }
  std::sort(out.lots.begin(), out.lots.end(),
            [](const ExportLot& a, const ExportLot& b) { return a.leaf < b.leaf; });
  for (std::size_t i = 0; i < kExportFiles.size(); ++i) {
    out.files.push_back({std::string(kExportFiles[i]), hashes_[i].size(), hashes_[i].hash()});
  }
  return signedTextOf(out, ledger_.vault().signingKey());
}

std::vector<ExportPart> PersonExport::next() {
  LACUNA_ASSERT(!done(), "an export that is done has nothing more");
  if (waiting_.empty() && step_ == Step::events) return nextEvents();
  std::vector<ExportPart> out;
  out.push_back(nextWaiting());
  if (!waiting_.empty()) return out;
  switch (step_) {
    case Step::begin:
      step_ = Step::events;
      break;
    case Step::end:
      waiting_.push_back({kExportManifestFile, manifest()});  // the hash of each file is known now
      step_ = Step::manifest;
      break;
    case Step::manifest:
      step_ = Step::done;
      break;
    case Step::events:
    case Step::done:
      break;
  }
  return out;
}

}  // namespace lacuna
