// The ledger's own events: readings, the register, links, cases; and what the sequencer knows at start.
#include "ledger/base/limits.h"
#include "ledger/carry.h"
#include "ledger/crypto/digest.h"
#include "ledger/event_place.h"
#include "ledger/record/envelope.h"
#include "ledger/sequencer.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kKindSearchEvents = 64 * 1024;  // looked through at once, in memory meanwhile

Refusal unknownPerson() { return {RefusalCode::unknownPerson, "nobody is known by this alias"}; }

StoredEvent ownEvent(Kind kind, const Caller& caller, Instant at, std::string_view operation,
                     std::string_view reason) {
  StoredEvent stored;
  stored.event.kind = kind;
  stored.event.at = at;
  stored.principal = caller.principal;
  stored.operationText = std::string(operation);
  stored.reason = std::string(reason);
  return stored;
}

Bytes consultationBody(const Caller& caller, ReadOperation operation, std::string_view reason) {
  ConsultationBody body;
  body.officer = caller.principal;
  body.operation = operation;
  body.reason = reasonCode(reason);
  return encode(body);
}

}  // namespace

Refusal beingErased() {
  Refusal refusal{RefusalCode::busy, "this person is being erased: ask again in a moment"};
  refusal.retryAfter = kBusyRetryAfter;
  return refusal;
}

ReadReason reasonCode(std::string_view reason) {
  if (reason.empty() || reason == nameOf(ReadReason::unstated)) return ReadReason::unstated;
  return readReasonOf(reason.substr(0, reason.find(':'))).value_or(ReadReason::other);
}

Result<Slot> Sequencer::resolve(std::string_view person) const {
  if (person.substr(0, 5) == "case:") {
    const std::optional<Slot> slot = people_.findCase(person.substr(5));
    if (!slot) return Refusal{RefusalCode::unknownPerson, "there is no case of that number"};
    return *slot;
  }
  const Result<Alias> alias = aliasOf(person, registers_.latest());
  if (!alias) return alias.refusal();
  if (!alias->unique) {
    return Refusal{RefusalCode::unknownPerson,
                   "this kind of alias is not unique: look the person up with `person find`"};
  }
  if (const std::optional<Slot> slot = people_.find(alias->text())) {
    if (frozen_.count(*slot) > 0) return beingErased();
    return *slot;
  }
  if (const std::optional<AliasPlace> fence = fencedAliases_.find(alias->text());
      fence && lastRecordedAt_ <= fences_.at(fence->slot.raw()).until) {
    return Refusal{RefusalCode::erased, "this person was erased"};
  }
  return unknownPerson();
}

Result<PersonHandle> Sequencer::consult(Draft& draft, const Caller& caller, std::string_view person,
                                        ReadOperation operation, std::string_view reason,
                                        const std::vector<std::string>& details) {
  const Result<Slot> slot = resolve(person);
  if (!slot) {
    // A reading of nobody is a record too, without the alias.
    if (slot.refusal().code == RefusalCode::unknownPerson ||
        slot.refusal().code == RefusalCode::erased) {
      push(draft, Kind::consultation, SystemNo(0), {}, consultationBody(caller, operation, reason),
           {}, {});
    }
    return slot.refusal();
  }
  PersonHandle handle = people_.handleOf(*slot);
  consultScanned(draft, caller, operation, reason, *slot, details);
  return handle;
}

void Sequencer::consultScanned(Draft& draft, const Caller& caller, ReadOperation operation,
                               std::string_view reason, Slot slot,
                               const std::vector<std::string>& details) {
  const Register& reg = registers_.latest();
  const RetentionClass* access = reg.klass(kAccessClass);
  const std::int32_t period =
      access != nullptr && access->perYear() ? periodOf(*access, reg, draft.recordedAt) : 0;
  const People::Place place = people_.take(draft, slot, kAccessClass, period, draft.recordedAt);
  StoredEvent stored =
      ownEvent(Kind::consultation, caller, draft.recordedAt, nameOf(operation), reason);
  stored.registerVersion = registers_.versions();
  stored.details = details;
  push(draft, Kind::consultation, SystemNo(0), place, consultationBody(caller, operation, reason),
       std::move(stored), {});
}

void Sequencer::consultScan(Draft& draft, const Caller& caller, ReadOperation operation,
                            std::string_view reason, const std::vector<Slot>& named,
                            const std::vector<std::string>& details) {
  push(draft, Kind::consultation, SystemNo(0), {}, consultationBody(caller, operation, reason), {},
       {});
  for (const Slot slot : named) {
    if (people_.exists(slot)) {
      consultScanned(draft, caller, operation, reason, slot, details);
    }
  }
}

Seq Sequencer::organisation(Draft& draft, Kind kind, std::string_view klass, Bytes body,
                            std::optional<StoredEvent> stored,
                            std::optional<DocumentHash> document) {
  const People::Place place = people_.take(draft, Slot(0), klass, 0, draft.recordedAt);
  return push(draft, kind, SystemNo(0), place, std::move(body), std::move(stored), document);
}

Seq Sequencer::genesis(Draft& draft, const std::string& origin) {
  GenesisBody body;
  body.ledger = store_.ledger();
  body.origin = origin;
  body.key = vault_.signingKey().publicKey();
  const Seq seq = push(draft, Kind::genesis, SystemNo(0), {}, encode(body), {}, {});
  const Slot organisation = people_.admit(draft, SubjectWhat::organisation, {}, draft.recordedAt);
  LACUNA_ASSERT(organisation == Slot(0), "the organisation has slot 0");
  return seq;
}

Seq Sequencer::applyRegister(Draft& draft, const Caller&, std::shared_ptr<const Register> version) {
  RegisterBody body;
  body.version = registers_.versions() + 1;
  const DocumentHash hash{sha256(bytesOf(version->text()))};
  draft.rows.push_back({Table::documents, Bytes(hash.bytes.begin(), hash.bytes.end()),
                        Bytes(version->text().begin(), version->text().end())});
  const Seq seq = organisation(draft, Kind::registerChange, kRegisterClass, encode(body), {}, hash);
  systems_.add(*version);
  registers_.add(seq, draft.recordedAt, std::move(version));
  return seq;
}

Outcome Sequencer::link(Draft& draft, const Caller& caller, std::string_view person,
                        std::string_view alias, std::string_view reason) {
  const Result<Alias> added = aliasOf(alias, registers_.latest());
  if (!added) return added.refusal();
  const Result<Slot> slot = resolve(person);
  if (!slot) return consult(draft, caller, person, ReadOperation::link, reason).refusal();
  // What is refused below tells something of those persons: a reading of each (P9).
  const auto refused = [&](RefusalCode code, const char* why, std::optional<Slot> other = {}) {
    consultScanned(draft, caller, ReadOperation::link, reason, *slot);
    if (other) consultScanned(draft, caller, ReadOperation::link, reason, *other);
    return Refusal{code, why};
  };
  if (people_.whatOf(*slot) != SubjectWhat::person) {
    return refused(RefusalCode::invalidValue, "only a person can be linked to an alias");
  }
  if (const std::optional<Slot> other = people_.find(added->text()); other && *other != *slot) {
    return refused(RefusalCode::identityConflict, "this alias belongs to another known person",
                   *other);
  }
  if (people_.aliasLeaf(*slot, added->text(), added->unique)) {
    return refused(RefusalCode::alreadyExists, "this person already has this alias");
  }
  if (people_.aliasCount(*slot) >= kAliasesPerPersonMax) {
    return refused(RefusalCode::tooMany, "this person has as many aliases as the ledger keeps");
  }
  const LeafNo leaf =
      people_.addAlias(draft, *slot, added->text(), added->unique, draft.recordedAt);
  StoredEvent stored = ownEvent(Kind::person, caller, draft.recordedAt, "link", reason);
  stored.aliases.push_back(leaf);
  personEvent(draft, *slot, Kind::person, std::move(stored));
  return Done{};
}

Seq Sequencer::personEvent(Draft& draft, Slot slot, Kind kind, StoredEvent stored) {
  const Register& reg = registers_.latest();
  const RetentionClass* access = reg.klass(kAccessClass);
  const std::int32_t period =
      access != nullptr && access->perYear() ? periodOf(*access, reg, draft.recordedAt) : 0;
  const People::Place place = people_.take(draft, slot, kAccessClass, period, draft.recordedAt);
  stored.registerVersion = registers_.versions();
  return push(draft, kind, SystemNo(0), place, {}, std::move(stored), {});
}

Slot Sequencer::openCase(Draft& draft) {
  return people_.admit(draft, SubjectWhat::caseFile, {}, draft.recordedAt);
}

Seq Sequencer::caseEvent(Draft& draft, Slot caseSlot, Kind kind, Bytes body,
                         std::optional<StoredEvent> stored) {
  const People::Place place = people_.take(draft, caseSlot, kCaseClass, 0, draft.recordedAt);
  if (stored) stored->registerVersion = registers_.versions();
  return push(draft, kind, SystemNo(0), place, std::move(body), std::move(stored), {});
}

Result<Seq> Sequencer::requestEvent(Draft& draft, Slot slot, StoredEvent stored) {
  if (frozen(slot)) return beingErased();
  if (!people_.roomFor(slot, kCaseClass, 0, 0)) {
    return Refusal{RefusalCode::tooMany, "this person has as many lots as the ledger keeps"};
  }
  const People::Place place = people_.take(draft, slot, kCaseClass, 0, draft.recordedAt);
  stored.registerVersion = registers_.versions();
  return push(draft, Kind::request, SystemNo(0), place, {}, std::move(stored), {});
}

Seq Sequencer::nobodysEvent(Draft& draft, Kind kind, Bytes body) {
  return push(draft, kind, SystemNo(0), {}, std::move(body), {}, {});
}

void Sequencer::setFence(const Fence& fence) {
  if (fence.until <= lastRecordedAt_) return;
  const ActiveFence active{fence.erasedAt, fence.until};
  if (!fence.aliases.empty()) {
    const Slot number(nextFence_++);
    fences_.emplace(number.raw(), active);
    for (const std::string& alias : fence.aliases) {
      fencedAliases_.erase(alias);
      fencedAliases_.insert(alias, {number, LeafNo(0)});
    }
  }
  for (const SlotFence& part : fence.slots) {
    if (people_.exists(part.slot)) {
      partFences_[part.slot.raw()].push_back({active, part.allBut, part.classes});
    }
  }
}

void Sequencer::forgetFence(const Fence& fence) {
  const ActiveFence active{fence.erasedAt, fence.until};
  std::set<std::uint64_t> numbers;
  for (const std::string& alias : fence.aliases) {
    const std::optional<AliasPlace> at = fencedAliases_.find(alias);
    // A younger fence may have taken the alias over.
    if (!at || fences_.at(at->slot.raw()) != active) continue;
    numbers.insert(at->slot.raw());
    fencedAliases_.erase(alias);
  }
  for (const std::uint64_t number : numbers) fences_.erase(number);
  for (const SlotFence& part : fence.slots) {
    const auto found = partFences_.find(part.slot.raw());
    if (found == partFences_.end()) continue;
    std::erase_if(found->second, [&](const PartFence& one) { return one.fence == active; });
    if (found->second.empty()) partFences_.erase(found);
  }
}

// ---- at start

Outcome Sequencer::load(const std::function<void(std::uint64_t, std::uint64_t)>& onProgress) {
  if (store_.size() == TreeSize(0)) return Done{};
  const std::optional<Bytes> last = store_.record(Seq(store_.size().raw() - 1));
  if (!last) throw Fault("the last record cannot be read");
  const Result<Record> record = decodeRecord(*last);
  if (!record) throw Fault("the last record does not follow the format");
  lastRecordedAt_ = record->recordedAt;
  if (Outcome loaded = people_.load(onProgress); !loaded) return loaded;
  loadRegisters();
  people_.loadCases();
  return Done{};
}

void Sequencer::loadRegisters() {
  for (const LotHandle& lot : people_.lotsOf(Slot(0))) {
    if (lot.klass != kRegisterClass) continue;
    for (const PersonEvent& event : readLot(vault_, store_, systems_, Slot(0), lot)) {
      if (event.kind != Kind::registerChange) continue;
      const std::optional<Bytes> text = store_.row(Table::documents, event.document.view());
      if (!text) throw Fault("a version of the register is missing from the log");
      Result<std::shared_ptr<const Register>> version = Register::parse(textOf(*text));
      if (!version) throw Fault("a version of the register in the log cannot be read");
      systems_.add(**version);
      registers_.add(event.seq, event.recordedAt, *version);
    }
  }
}

namespace {

// The lot's own entries of [first, end), which need no key of their own.
void addOwn(const Store& store, const Secret& key, std::uint64_t first, std::uint64_t end,
            std::vector<CarryEntry>& out) {
  std::vector<Tag> tags;
  tags.reserve(end - first);
  for (std::uint64_t i = first; i < end; ++i) tags.push_back(tagOf(key, Ordinal(i)));
  const std::vector<std::optional<Seq>> found = store.findTags(tags);
  out.reserve(out.size() + found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) throw Fault("an event of a lot is missing from the log");
    out.push_back({Ordinal(first + i), *found[i], tags[i], std::nullopt});
  }
}

// Where the events of a lot stand: those carried over, then its own.
std::vector<CarryEntry> entriesOf(const Store& store, const Secret& key, Slot slot,
                                  const LotHandle& lot) {
  std::vector<CarryEntry> out;
  if (lot.carries) out = carriedBy(store, key, slot, lot.leaf);
  addOwn(store, key, 0, lot.events, out);
  return out;
}

Record checked(ByteView bytes, const CarryEntry& entry) {
  Result<Record> record = decodeRecord(bytes);
  if (!record || record->tag != entry.tag) throw Fault("a record does not follow the format");
  return std::move(*record);
}

// `key` is the lot's; an entry that was carried over opens with its own.
PersonEvent eventOf(const Secret& key, const SystemNumbers& systems, const LotHandle& lot,
                    const CarryEntry& entry, bool carried, const Store::Pair& pair) {
  const Record record = checked(pair.record, entry);
  PersonEvent event;
  event.seq = entry.seq;
  event.leaf = leafHash(pair.record);
  event.kind = record.kind;
  event.recordedAt = record.recordedAt;
  event.system = systems.idOf(record.system);
  event.klass = lot.klass;
  event.period = lot.period;
  event.lot = lot.leaf;
  event.ordinal = entry.ordinal;
  event.body = record.body;
  if ((record.flags & kHasDocument) != 0) event.document.bytes = record.commitment.bytes;
  event.withdrawn = carried && !entry.key && (record.flags & kHasEnvelope) != 0;
  if ((record.flags & kHasEnvelope) == 0 || event.withdrawn) {
    event.stored.event.kind = record.kind;
    return event;
  }
  if (!pair.envelope) throw Fault("an envelope is missing from the log");
  const Bytes head = encodeHead(record);
  const Result<Bytes> plain = carried ? openEventWithKey(*entry.key, head, *pair.envelope)
                                      : openEvent(key, head, *pair.envelope);
  if (!plain) throw Fault("an envelope does not open although its key lives");
  Result<StoredEvent> stored = decodeStored(*plain);
  if (!stored) throw Fault("an envelope's content does not follow the format");
  event.stored = std::move(*stored);
  return event;
}

std::vector<Seq> seqsOf(const std::vector<CarryEntry>& entries) {
  std::vector<Seq> seqs;
  seqs.reserve(entries.size());
  for (const CarryEntry& entry : entries) seqs.push_back(entry.seq);
  return seqs;
}

// The entries of some lots, and which of them stand in a record of one kind.
struct KindSearch {
  struct Found {
    std::size_t lot, entry;  // places in the two below
  };
  std::vector<std::optional<Secret>> keys;
  std::vector<std::vector<CarryEntry>> entries;
  std::vector<Found> found;  // by lot, in order
};

void search(const Store& store, Kind kind, KindSearch& in) {
  std::vector<KindSearch::Found> places;
  for (std::size_t lot = 0; lot < in.entries.size(); ++lot) {
    for (std::size_t i = 0; i < in.entries[lot].size(); ++i) places.push_back({lot, i});
  }
  const auto entryOf = [&](const KindSearch::Found& place) -> const CarryEntry& {
    return in.entries[place.lot][place.entry];
  };
  std::sort(places.begin(), places.end(),
            [&](const auto& a, const auto& b) { return entryOf(a).seq < entryOf(b).seq; });
  std::vector<Seq> seqs;
  seqs.reserve(places.size());
  for (const KindSearch::Found& place : places) seqs.push_back(entryOf(place).seq);
  store.eachRecord(seqs, [&](std::size_t at, ByteView record) {
    if (checked(record, entryOf(places[at])).kind == kind) in.found.push_back(places[at]);
  });
  std::sort(in.found.begin(), in.found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.lot, a.entry) < std::pair(b.lot, b.entry);
  });
}

}  // namespace

std::vector<PersonEvent> readLot(const Vault& vault, const Store& store,
                                 const SystemNumbers& systems, Slot slot, const LotHandle& lot) {
  std::vector<PersonEvent> out;
  // Held to the end: an erasure waits for those who are reading, so that none reads on after it.
  const Vault::Reader keys = vault.reader();
  const std::optional<Secret> key = keys.lotKey(slot, lot.leaf);
  if (!key) return out;  // erased meanwhile
  const std::vector<CarryEntry> entries = entriesOf(store, *key, slot, lot);
  const std::vector<Store::Pair> pairs = store.pairs(seqsOf(entries));
  out.reserve(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool carried = i < entries.size() - lot.events;
    out.push_back(eventOf(*key, systems, lot, entries[i], carried, pairs[i]));
  }
  return out;
}

std::vector<ProvableEvent> readProvable(const Vault& vault, const Store& store,
                                        const SystemNumbers& systems, Slot slot,
                                        const LotHandle& lot, std::uint64_t first,
                                        std::size_t count) {
  std::vector<ProvableEvent> out;
  const Vault::Reader keys = vault.reader();
  const std::optional<Secret> key = keys.lotKey(slot, lot.leaf);
  if (!key) return out;
  std::vector<CarryEntry> entries;
  if (lot.carries) entries = carriedBy(store, *key, slot, lot.leaf);
  const std::uint64_t carriedAll = entries.size();
  const std::uint64_t end = std::min(carriedAll + lot.events, first + count);
  if (first >= end) return out;
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(std::min(carriedAll, end)),
                entries.end());
  entries.erase(entries.begin(),
                entries.begin() + static_cast<std::ptrdiff_t>(std::min(carriedAll, first)));
  const std::size_t carried = entries.size();
  if (end > carriedAll) {
    addOwn(store, *key, std::max(first, carriedAll) - carriedAll, end - carriedAll, entries);
  }
  std::vector<Store::Pair> pairs = store.pairs(seqsOf(entries));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    ProvableEvent& one = out.emplace_back();
    one.carried = i < carried;
    one.event = eventOf(*key, systems, lot, entries[i], one.carried, pairs[i]);
    const bool sealed = (pairs[i].record.at(2) & kHasEnvelope) != 0;
    if (sealed && !one.event.withdrawn) {
      one.opening = one.carried ? std::move(entries[i].key) : eventKeyOf(*key, pairs[i]);
      one.envelope = std::move(*pairs[i].envelope);
    }
    one.record = std::move(pairs[i].record);
  }
  return out;
}

void readKind(const Vault& vault, const Store& store, const SystemNumbers& systems,
              std::span<const LotOfSlot> lots, Kind kind,
              const std::function<void(std::size_t lot, const PersonEvent& event)>& visit) {
  const Vault::Reader keys = vault.reader();
  for (std::size_t first = 0, end = 0; first < lots.size(); first = end) {
    KindSearch some;
    for (std::size_t events = 0; end < lots.size() && events < kKindSearchEvents; ++end) {
      const LotOfSlot& one = lots[end];
      some.keys.push_back(keys.lotKey(one.slot, one.lot.leaf));
      std::vector<CarryEntry>& entries = some.entries.emplace_back();
      if (some.keys.back()) entries = entriesOf(store, *some.keys.back(), one.slot, one.lot);
      events += entries.size();
    }
    search(store, kind, some);
    std::vector<Seq> seqs;
    seqs.reserve(some.found.size());
    for (const auto& [lot, entry] : some.found) seqs.push_back(some.entries[lot][entry].seq);
    const std::vector<Store::Pair> pairs = store.pairs(seqs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto& [at, entry] = some.found[i];
      const LotHandle& lot = lots[first + at].lot;
      const std::vector<CarryEntry>& entries = some.entries[at];
      const bool carried = entry < entries.size() - lot.events;
      visit(first + at, eventOf(*some.keys[at], systems, lot, entries[entry], carried, pairs[i]));
    }
  }
}

}  // namespace lacuna
