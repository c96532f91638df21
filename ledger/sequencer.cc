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

Outcome Sequencer::examinePerson(Examined& found, const Foreseen* foreseen) {
  if (found.slot && frozen_.count(*found.slot) > 0) {
    Refusal busy =
        refuse(RefusalCode::busy, "this person is being erased: send it again in a moment");
    busy.retryAfter = kBusyRetryAfter;
    return busy;
  }
  if (found.slot) return Done{};
  const Refusal unknown =
      refuse(RefusalCode::unknownPerson, "nobody is known by any of these aliases");
  if (fenced(found)) return unknown;
  bool anyUnique = false;
  for (const Examined::Named& alias : found.aliases) {
    if (!alias.unique) continue;
    anyUnique = true;
    if (foreseen != nullptr && foreseen->aliases.count(alias.text) > 0) return Done{};
  }
  if (!found.admitted.mayAdmitPerson || !anyUnique) return unknown;
  found.admitsPerson = true;
  return Done{};
}

Outcome Sequencer::examineId(const Event& event, Examined& found, const Foreseen* foreseen) {
  if (event.id.empty()) return Done{};
  const Refusal reused =
      refuse(RefusalCode::idReused, "an event with this id but other content is recorded");
  if (!found.slot) {
    if (foreseen == nullptr || found.aliases.empty()) return Done{};
    const auto same = foreseen->ids.find(found.aliases.front().text + '\0' + event.id);
    if (same == foreseen->ids.end() || same->second == canonicalOf(event)) return Done{};
    return reused;
  }
  if (found.idSlot != found.slot) {  // nobody knew the person when the window was prepared
    countId(event, *found.slot, found);
    found.recorded = store_.findId(found.id);
  }
  // An id that became durable meanwhile is still pending: only committed() forgets it.
  const IdHit* pending = pendingIds_.find(found.id);
  const IdHit* hit = pending != nullptr ? pending : found.recorded ? &*found.recorded : nullptr;
  if (hit == nullptr && foreseen != nullptr) {
    const auto same = foreseen->known.find(found.id);
    if (same != foreseen->known.end() && same->second != found.content) return reused;
  }
  if (hit == nullptr) return Done{};
  if (hit->content != found.content) return reused;
  found.repeated = Appended{hit->seq, {}, true};
  return Done{};
}

bool Sequencer::hasRoom(const Examined& found, const Foreseen* foreseen) {
  std::set<std::string> earlier;  // what earlier events of an atomic batch will add
  if (foreseen != nullptr) {
    const auto before = foreseen->added.find(*found.slot);
    if (before != foreseen->added.end()) earlier = before->second;
  }
  const auto added =
      earlier.size() + static_cast<std::size_t>(std::count_if(
                           found.aliases.begin(), found.aliases.end(), [&](const auto& alias) {
                             return !alias.place && earlier.count(alias.text) == 0;
                           }));
  if (added > 0 && people_.aliasCount(*found.slot) + added > kAliasesPerPersonMax) return false;
  return people_.roomFor(*found.slot, found.admitted.klass, found.admitted.period, added);
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
  std::vector<IdEntry> ids;
  std::vector<std::size_t> places;
  window.clear();
  window.reserve(events.size());
  ids.reserve(events.size());
  places.reserve(events.size());
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
    if (event.id.empty() || !found.slot) continue;
    countId(event, *found.slot, found);
    ids.push_back(found.id);
    places.push_back(window.size() - 1);
  }
  const std::vector<std::optional<IdHit>> recorded = store_.findIds(ids);
  for (std::size_t i = 0; i < ids.size(); ++i) window[places[i]]->recorded = recorded[i];
}

Outcome Sequencer::examine(const Event& event, Examined& found, const Foreseen* foreseen) {
  if (Outcome person = examinePerson(found, foreseen); !person) return person;
  if (found.slot && !hasRoom(found, foreseen)) {
    return refuse(RefusalCode::tooMany,
                  "this person has as many aliases or lots as the ledger keeps");
  }
  if (Outcome id = examineId(event, found, foreseen); !id) return id;
  // Recorders hear unknown-person: that an alias is unknown is all they may learn (P9).
  // Whoever came back under an alias is somebody new: what lies before the erasure is not theirs either.
  if (!found.repeated && found.slot && *found.slot != Slot(0) &&
      (classFenced(*found.slot, found.admitted.klass, found.admitted.at) || fenced(found))) {
    return refuse(RefusalCode::unknownPerson,
                  "nobody is known by any of these aliases for that time");
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

Seq Sequencer::plan(Draft& draft, Event event, Examined& found) {
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
  Foreseen foreseen;
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
    const Outcome examined = found ? examine(event, *found, &foreseen) : Outcome(found.refusal());
    if (!examined) {
      results.push_back(examined.refusal());
      continue;
    }
    if (found->admitsPerson || (found->slot && *found->slot != Slot(0)) || !found->slot) {
      for (const auto& alias : found->aliases) foreseen.aliases.insert(alias.text);
    }
    if (!found->slot && !event.id.empty() && !found->aliases.empty()) {
      foreseen.ids.emplace(found->aliases.front().text + '\0' + event.id, canonicalOf(event));
    }
    if (found->slot) {
      for (const auto& alias : found->aliases) {
        if (!alias.place) foreseen.added[*found->slot].insert(alias.text);
      }
    }
    if (found->slot && !event.id.empty()) foreseen.known.emplace(found->id, found->content);
    results.push_back(found->repeated.value_or(Appended{}));
  }
  return results;
}

}  // namespace lacuna
