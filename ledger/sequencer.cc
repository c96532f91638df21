#include "ledger/sequencer.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kPlannedBytes = 256;  // what a record costs beside its texts, roughly

Refusal refuse(RefusalCode code, std::string message) { return {code, std::move(message)}; }

}  // namespace

Sequencer::Sequencer(Vault& vault, const Store& store, const Clock& clock, Entropy& entropy)
    : vault_(vault),
      store_(store),
      clock_(clock),
      entropy_(entropy),
      people_(vault, store, entropy),
      nextSeq_(store.size().raw()),
      fencedAliases_(entropy) {}

Instant Sequencer::now() { return std::max(clock_.now(), lastRecordedAt_); }

Draft Sequencer::begin() {
  Draft draft;
  draft.first = Seq(nextSeq_);
  draft.recordedAt = lastRecordedAt_ = now();  // never steps back (P1)
  draft.number = nextGroup_++;
  return draft;
}

void Sequencer::close(Draft& draft) {
  people_.encodeWritten(draft);
  pendingIds_.closeGroup(draft.number);
}

void Sequencer::committed(std::uint64_t groupNumber) {
  people_.committed(groupNumber);
  pendingIds_.committed(groupNumber);
}

AdmissionContext Sequencer::contextOf(const Caller& caller) {
  return {registers_.latest(), systems_,        lastRecordedAt_,
          caller.allSystems,   &caller.systems, caller.defaultSystem};
}

// ---- examine: nothing is changed

// Whose the aliases are: the first known person decides, further ones are conflicts.
void Sequencer::lookUp(Examined& found) const {
  found.slot.reset();
  found.aliases.clear();
  found.conflicts.clear();
  if (found.admitted.person.empty()) found.slot = Slot(0);
  found.aliases.reserve(found.admitted.person.size());
  for (const Alias& alias : found.admitted.person) {
    Examined::Named named{alias.text(), alias.unique, std::nullopt};
    const bool twice = std::any_of(found.aliases.begin(), found.aliases.end(),
                                   [&](const auto& other) { return other.text == named.text; });
    if (twice) continue;
    if (alias.unique) named.place = people_.placeOf(named.text);  // a name never resolves
    if (named.place && !found.slot) {
      found.slot = named.place->slot;
    } else if (named.place && named.place->slot != *found.slot &&
               std::find(found.conflicts.begin(), found.conflicts.end(), named.place->slot) ==
                   found.conflicts.end()) {
      found.conflicts.push_back(named.place->slot);
    }
    found.aliases.push_back(std::move(named));
  }
  if (!found.slot) return;
  for (Examined::Named& named : found.aliases) {
    if (named.unique) continue;
    const std::optional<LeafNo> leaf = people_.aliasLeaf(*found.slot, named.text, false);
    if (leaf) named.place = AliasPlace{*found.slot, *leaf};
  }
}

bool Sequencer::fenced(const Examined& found) const {
  if (fences_.empty()) return false;
  for (const Examined::Named& alias : found.aliases) {
    const std::optional<AliasPlace> number = fencedAliases_.find(alias.text);
    if (!number) continue;
    const ActiveFence& fence = fences_.at(number->slot.raw());
    if (lastRecordedAt_ <= fence.until && found.admitted.at < fence.erasedAt) return true;
  }
  return false;
}

// Whether a party that the event names is an instance that was erased after it: it may not come back so.
bool Sequencer::partyFenced(const Admitted& admitted) const {
  if (fences_.empty()) return false;
  const auto inside = [&](const std::optional<NamedParty>& named) {
    if (!named || named->party == nullptr || named->instance.empty()) return false;
    const auto number = fencedAliases_.find(named->party->id + ":" + named->instance);
    if (!number) return false;
    const ActiveFence& fence = fences_.at(number->slot.raw());
    return lastRecordedAt_ <= fence.until && admitted.at < fence.erasedAt;
  };
  return inside(admitted.recipient) || inside(admitted.source) || inside(admitted.via) ||
         inside(admitted.actor);
}

bool Sequencer::classFenced(Slot slot, std::string_view klass, Instant at) const {
  const auto found = partFences_.find(slot.raw());
  if (found == partFences_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const PartFence& entry) {
    const bool named =
        std::find(entry.classes.begin(), entry.classes.end(), klass) != entry.classes.end();
    return named != entry.allBut && lastRecordedAt_ <= entry.fence.until &&
           at < entry.fence.erasedAt;
  });
}

Outcome Sequencer::examinePerson(Examined& found, const Foresight* foresight) {
  if (foresight != nullptr && found.slot != Slot(0)) {
    // The first alias that somebody has by then decides, as it will.
    for (const Examined::Named& alias : found.aliases) {
      if (!alias.unique) continue;
      found.who = alias.place ? Foresight::knownAt(alias.place->slot) : foresight->find(alias.text);
      if (found.who) break;
    }
    if (found.who && !found.who->known) found.slot.reset();
    if (found.who && found.who->known) found.slot = Slot(found.who->number);
  }
  if (found.slot && frozen(*found.slot)) {
    Refusal busy =
        refuse(RefusalCode::busy, "this person is being erased: send it again in a moment");
    busy.retryAfter = kBusyRetryAfter;
    return busy;
  }
  if (found.slot) return Done{};
  const Refusal unknown =
      refuse(RefusalCode::unknownPerson, "nobody is known by any of these aliases");
  if (fenced(found)) return unknown;
  if (found.who) return Done{};
  const bool anyUnique = std::any_of(found.aliases.begin(), found.aliases.end(),
                                     [](const auto& alias) { return alias.unique; });
  if (!found.admitted.mayAdmitPerson || !anyUnique) return unknown;
  found.admitsPerson = true;
  return Done{};
}

Outcome Sequencer::examineId(const Event& event, Examined& found, Foresight* foresight) {
  if (event.id.empty()) return Done{};
  const Refusal reused =
      refuse(RefusalCode::idReused, "an event with this id but other content is recorded");
  const auto foreseenElse = [&] {
    if (foresight == nullptr) return false;
    const Foresight::Who who = found.who.value_or(Foresight::knownAt(Slot(0)));
    return !foresight->takeId(who, event.id, canonicalOf(event));
  };
  if (!found.slot) return foreseenElse() ? Outcome(reused) : Done{};
  if (found.idSlot != found.slot) {  // nobody knew the person when the window was prepared
    countId(event, *found.slot, found);
    found.recorded = store_.findId(found.id);
  }
  // An id that became durable meanwhile is still pending: only committed() forgets it.
  const IdHit* hit = pendingIds_.find(found.id);
  if (hit == nullptr && found.recorded && withinIdWindow(found.recorded->seq)) {
    hit = &*found.recorded;
  }
  if (hit == nullptr) return foreseenElse() ? Outcome(reused) : Done{};
  if (hit->content != found.content) return reused;
  found.repeated = Appended{hit->seq, {}, true};
  return Done{};
}

// P11: an id is known for so long; the entry of an older one is as good as dropped.
bool Sequencer::withinIdWindow(Seq seq) const {
  if (seq.raw() >= store_.size().raw()) return true;
  const std::optional<Bytes> bytes = store_.record(seq);
  const Result<Record> record = decodeRecord(bytes.value_or(Bytes{}));
  if (!record) throw Fault("a record that an event id names does not read");
  return lastRecordedAt_ - record->recordedAt <= kIdWindow;
}

// Whether the event gives its person this alias, which nobody has by then.
bool Sequencer::brings(const Examined& found, const Examined::Named& alias,
                       const Foresight* foresight) {
  if (foresight == nullptr) return !alias.place;
  if (alias.unique) return !alias.place && !foresight->find(alias.text);
  const bool has = alias.place && found.slot == alias.place->slot;
  return !has && !foresight->links(*found.who, alias.text);
}

// Whether the person has room for what the event brings, and an atomic batch brought before it.
bool Sequencer::hasRoom(const Examined& found, const Foresight* foresight) {
  auto aliases = static_cast<std::size_t>(
      std::count_if(found.aliases.begin(), found.aliases.end(),
                    [&](const auto& alias) { return brings(found, alias, foresight); }));
  std::size_t lots = 0;
  const Admitted& admitted = found.admitted;
  if (foresight != nullptr && found.who) {
    aliases += foresight->aliasesOf(*found.who);
    lots = foresight->otherLotsOf(*found.who, admitted.klass, admitted.period);
  }
  if (!found.slot) {
    return aliases <= kAliasesPerPersonMax &&
           1 + aliases + lots + 1 + kLeavesKeptBack <= kLeavesPerSlot;
  }
  if (aliases > 0 && people_.aliasCount(*found.slot) + aliases > kAliasesPerPersonMax) return false;
  return people_.roomFor(*found.slot, admitted.klass, admitted.period, aliases + lots);
}

// Enters what the event will bring. Needs: it was examined and not refused.
void Sequencer::foresee(const Examined& found, Foresight& foresight) {
  if (!found.who || found.repeated) return;
  for (const Examined::Named& alias : found.aliases) {
    if (brings(found, alias, &foresight)) foresight.link(*found.who, alias.text, alias.unique);
  }
  foresight.open(*found.who, found.admitted.klass, found.admitted.period);
}

void Sequencer::countId(const Event& event, Slot slot, Examined& found) const {
  const std::optional<Secret> identity = vault_.lotKey(slot, LeafNo(0));
  LACUNA_ASSERT(identity.has_value(), "a known person without an identity key");
  found.idSlot = slot;
  found.id = idEntryOf(*identity, event.id);
  found.content = contentDigestOf(*identity, canonicalOf(event));
}

void Sequencer::prepare(const Caller& caller, std::span<const Event> events, Window& window) {
  const AdmissionContext context = contextOf(caller);
  std::vector<std::size_t> counted;  // which events have an id of a person known already
  window.clear();
  window.reserve(events.size());
  counted.reserve(events.size());
  for (const Event& event : events) {
    Result<Admitted> admitted = admit(event, context);
    if (!admitted) {
      window.emplace_back(admitted.refusal());
      continue;
    }
    window.emplace_back(Examined{});
    Examined& found = *window.back();
    found.admitted = std::move(*admitted);
    lookUp(found);
    if (!event.id.empty() && found.slot) counted.push_back(window.size() - 1);
  }
  countIdsOf(events, counted, window);
}

// What countId() and Store::findId() give, for many.
void Sequencer::countIdsOf(std::span<const Event> events, std::span<const std::size_t> counted,
                           Window& window) const {
  const std::size_t count = counted.size();
  std::vector<LotPlace> identities(count);
  std::vector<std::optional<Secret>> keys(count);
  std::vector<Bytes> canonical(count);
  std::vector<IdToCount> ids(count);
  std::vector<IdEntry> entries(count);
  std::vector<ContentDigest> contents(count);
  for (std::size_t i = 0; i < count; ++i) {
    identities[i] = {*window[counted[i]]->slot, LeafNo(0)};
    canonical[i] = canonicalOf(events[counted[i]]);
  }
  vault_.lotKeys(identities, keys);
  for (std::size_t i = 0; i < count; ++i) {
    LACUNA_ASSERT(keys[i].has_value(), "a known person without an identity key");
    ids[i] = {&*keys[i], events[counted[i]].id, canonical[i]};
  }
  countIds(ids, entries, contents);
  const std::vector<std::optional<IdHit>> recorded = store_.findIds(entries);
  for (std::size_t i = 0; i < count; ++i) {
    Examined& found = *window[counted[i]];
    found.idSlot = found.slot;
    found.id = entries[i];
    found.content = contents[i];
    found.recorded = recorded[i];
    pendingIds_.prefetch(found.id);
    people_.prefetch(*found.slot);
  }
}

Outcome Sequencer::examine(const Event& event, Examined& found, Foresight* foresight) {
  if (Outcome person = examinePerson(found, foresight); !person) return person;
  if (foresight != nullptr && found.admitsPerson) found.who = foresight->admit();
  if ((found.slot || foresight != nullptr) && !hasRoom(found, foresight)) {
    return refuse(RefusalCode::tooMany,
                  "this person has as many aliases or lots as the ledger keeps");
  }
  if (Outcome id = examineId(event, found, foresight); !id) return id;
  if (!found.repeated && event.corrects && *event.corrects >= nextSeq_) {
    return refuse(RefusalCode::notFound, "`corrects` names a record that the log does not have");
  }
  // Recorders hear unknown-person: that an alias is unknown is all they may learn (P9).
  // Whoever came back under an alias is somebody new: what lies before the erasure is not theirs either.
  if (!found.repeated && found.slot && *found.slot != Slot(0) &&
      (classFenced(*found.slot, found.admitted.klass, found.admitted.at) || fenced(found))) {
    return refuse(RefusalCode::unknownPerson,
                  "nobody is known by any of these aliases for that time");
  }
  if (!found.repeated && partyFenced(found.admitted)) {
    return refuse(RefusalCode::unknownPerson,
                  "a party that the event names is known by that name no more");
  }
  return Done{};
}

// ---- plan: nothing is refused any more

std::optional<InstanceRef> Sequencer::instance(Draft& draft,
                                               const std::optional<NamedParty>& named) {
  if (!named || named->party == nullptr) return std::nullopt;
  if (named->instance.empty()) return InstanceRef{named->party->id, Slot(0)};
  const std::string alias = named->party->id + ":" + named->instance;
  if (const std::optional<Slot> slot = people_.find(alias))
    return InstanceRef{named->party->id, *slot};
  const Slot slot = people_.admit(draft, SubjectWhat::instance, named->party->id, draft.recordedAt);
  people_.addAlias(draft, slot, alias, true, draft.recordedAt);
  return InstanceRef{named->party->id, slot};
}

Seq Sequencer::push(Draft& draft, Kind kind, SystemNo system, std::optional<People::Place> place,
                    Bytes body, const std::optional<StoredEvent>& stored,
                    std::optional<DocumentHash> document) {
  PlannedRecord& planned = draft.records.emplace_back();
  planned.record.kind = kind;
  planned.record.recordedAt = draft.recordedAt;
  planned.record.system = system;
  planned.record.body = std::move(body);
  planned.record.seq = Seq(nextSeq_++);
  if (stored) planned.record.flags = kHasEnvelope;
  if (document) {
    planned.record.flags = kHasDocument;
    planned.record.commitment.bytes = document->bytes;
  }
  if (place) {
    planned.lot = place->lot;
    planned.ordinal = place->ordinal;
  }
  if (stored) planned.plain = encodeStored(*stored);
  draft.bytes += kPlannedBytes;
  return Seq(nextSeq_ - 1);
}

Seq Sequencer::plan(Draft& draft, Event&& event, Examined& found) {
  Admitted& admitted = found.admitted;
  if (!found.slot) found.slot = people_.admit(draft, SubjectWhat::person, {}, draft.recordedAt);
  const Slot slot = *found.slot;
  const bool counted = !event.id.empty();
  if (counted && found.idSlot != slot) countId(event, slot, found);  // admitted just now
  draft.bytes += bytesHeldBy(event);
  std::optional<StoredEvent> made(std::in_place);
  StoredEvent& stored = *made;
  for (const Examined::Named& alias : found.aliases) {
    if (alias.place && alias.place->slot != slot)
      continue;  // a second known person: kept as a slot
    stored.aliases.push_back(
        alias.place ? alias.place->leaf
                    : people_.addAlias(draft, slot, alias.text, alias.unique, draft.recordedAt));
  }
  stored.otherPersons = std::move(found.conflicts);
  stored.recipient = instance(draft, admitted.recipient);
  stored.source = instance(draft, admitted.source);
  stored.via = instance(draft, admitted.via);
  stored.actor = instance(draft, admitted.actor);
  stored.event = std::move(event);
  stored.event.person.clear();
  stored.event.at = admitted.at;
  stored.event.klass = admitted.klass;
  stored.event.safeguard = admitted.safeguard;
  stored.event.system.clear();
  if (stored.recipient) stored.event.recipient.clear();
  if (stored.source) stored.event.source.clear();
  if (stored.via) stored.event.via.clear();
  if (stored.actor) stored.event.actor.clear();
  stored.registerVersion = registers_.versions();
  const People::Place place =
      people_.take(draft, slot, admitted.klass, admitted.period, draft.recordedAt);
  const Kind kind = stored.event.kind;
  const Seq seq = push(draft, kind, admitted.system, place, {}, made, {});
  if (counted) remember(draft, seq, found);
  return seq;
}

void Sequencer::remember(Draft& draft, Seq seq, const Examined& found) {
  GroupId id;
  id.index = static_cast<std::uint16_t>(seq.raw() - draft.first.raw());
  id.entry = found.id;
  id.content = found.content;
  draft.ids.push_back(id);
  pendingIds_.put(found.id, {seq, found.content});
}

EventResult Sequencer::decide(Draft& draft, Event& event, Result<Examined>& found) {
  if (!found) return found.refusal();
  if (const Outcome examined = examine(event, *found, nullptr); !examined) {
    return examined.refusal();
  }
  if (found->repeated) return *found->repeated;
  return Appended{plan(draft, std::move(event), *found), {}, false};
}

std::size_t slotsAsked(std::span<const Event> events) {
  std::size_t slots = 0;
  for (const Event& event : events) {
    if (!event.person.empty()) ++slots;
    for (const std::string* party : {&event.recipient, &event.source, &event.via, &event.actor}) {
      if (party->find(':') != std::string::npos) ++slots;
    }
  }
  return slots;
}

void Sequencer::append(Draft& draft, const Caller& caller, std::vector<Event> events, Atomic atomic,
                       BatchAnswer done) {
  std::vector<EventResult> results;
  results.reserve(events.size());
  if (atomic == Atomic::yes) {
    results = check(caller, events);
    const auto bad =
        std::find_if(results.begin(), results.end(), [](const EventResult& r) { return !r; });
    if (bad != results.end()) {
      for (EventResult& result : results) {
        if (result)
          result = refuse(RefusalCode::batchRefused, "another event of this batch was refused");
      }
      events.clear();
    } else {
      results.clear();
    }
  }
  constexpr std::size_t kSlotsPerEvent = 5;  // a person and four parties
  if (events.size() * kSlotsPerEvent > kSlotReserve) people_.expect(draft, slotsAsked(events));
  Window window;
  for (std::size_t from = 0; from < events.size(); from += kWindowEvents) {
    const std::span<Event> some(events.data() + from,
                                std::min(kWindowEvents, events.size() - from));
    prepare(caller, some, window);
    const std::size_t rows = draft.sealedRows.size();
    for (std::size_t i = 0; i < some.size(); ++i) {
      // Every alias that an event brings is a sealed row: who was unknown may be known by now.
      if (window[i] && draft.sealedRows.size() != rows) lookUp(*window[i]);
      results.push_back(decide(draft, some[i], window[i]));
    }
  }
  draft.waiting.push_back([this, results = std::move(results), done = std::move(done)](
                              const Draft& durable, const Refusal* failure) mutable {
    for (EventResult& result : results) {
      if (!result) continue;
      if (failure != nullptr) {
        result = *failure;
      } else if (result->seq >= durable.first && result->seq < durable.nextSeq()) {
        result->leaf = durable.group.leaves[result->seq.raw() - durable.first.raw()];
      } else if (const std::optional<Bytes> record = store_.record(result->seq)) {
        result->leaf = leafHash(*record);
      }
    }
    done(std::move(results));
  });
}

std::vector<EventResult> Sequencer::check(const Caller& caller, const std::vector<Event>& events) {
  Foresight foresight;
  std::vector<EventResult> results;
  results.reserve(events.size());
  Window window;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    const std::size_t at = i % kWindowEvents;
    if (at == 0) {
      prepare(caller, std::span(events).subspan(i, std::min(kWindowEvents, events.size() - i)),
              window);
    }
    Result<Examined>& found = window[at];
    const Outcome examined = found ? examine(event, *found, &foresight) : Outcome(found.refusal());
    if (!examined) {
      results.push_back(examined.refusal());
      continue;
    }
    foresee(*found, foresight);
    results.push_back(found->repeated.value_or(Appended{}));
  }
  return results;
}

}  // namespace lacuna
