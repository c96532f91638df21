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
  if (draft.ids.empty()) return;
  std::vector<IdEntry> entries;
  entries.reserve(draft.ids.size());
  for (const GroupId& id : draft.ids) entries.push_back(id.entry);
  pendingGroups_.emplace_back(draft.number, std::move(entries));
}

void Sequencer::committed(std::uint64_t groupNumber) {
  people_.committed(groupNumber);
  while (!pendingGroups_.empty() && pendingGroups_.front().first <= groupNumber) {
    for (const IdEntry& entry : pendingGroups_.front().second) pendingIds_.erase(entry);
    pendingGroups_.pop_front();
  }
}

AdmissionContext Sequencer::contextOf(const Caller& caller) {
  return {registers_.latest(), systems_,        lastRecordedAt_,
          caller.allSystems,   &caller.systems, caller.defaultSystem};
}

// ---- examine: nothing is changed

// Whose the aliases are: the first known person decides, further ones are conflicts.
void Sequencer::lookUp(Examined& found) const {
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
  for (const Examined::Named& alias : found.aliases) {
    const std::optional<AliasPlace> index = fencedAliases_.find(alias.text);
    if (!index) continue;
    const ActiveFence& fence = fences_[index->slot.raw()];
    if (lastRecordedAt_ <= fence.until && found.admitted.at < fence.erasedAt) return true;
  }
  return false;
}

bool Sequencer::classFenced(Slot slot, std::string_view klass, Instant at) const {
  const auto found = classFences_.find(slot.raw());
  if (found == classFences_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const ClassFence& entry) {
    return entry.klass == klass && lastRecordedAt_ <= entry.fence.until &&
           at < entry.fence.erasedAt;
  });
}

Outcome Sequencer::examinePerson(const Event& event, Examined& found, const Foreseen* foreseen) {
  if (event.person.empty()) {
    found.slot = Slot(0);
    return Done{};
  }
  lookUp(found);
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
  const std::optional<Secret> identity = vault_.lotKey(*found.slot, LeafNo(0));
  LACUNA_ASSERT(identity.has_value(), "a known person without an identity key");
  found.id = idEntryOf(*identity, event.id);
  found.content = contentDigestOf(*identity, canonicalOf(event));
  std::optional<IdHit> hit;
  if (const auto pending = pendingIds_.find(*found.id); pending != pendingIds_.end()) {
    hit = IdHit{pending->second.seq, pending->second.content};
  } else {
    hit = store_.findId(*found.id);
  }
  if (!hit && foreseen != nullptr) {
    const auto same = foreseen->known.find(*found.id);
    if (same != foreseen->known.end() && same->second != found.content) return reused;
  }
  if (!hit) return Done{};
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

Result<Sequencer::Examined> Sequencer::examine(const Caller& caller, const Event& event,
                                               const Foreseen* foreseen) {
  Result<Admitted> admitted = admit(event, contextOf(caller));
  if (!admitted) return admitted.refusal();
  Examined found;
  found.admitted = std::move(*admitted);
  if (Outcome person = examinePerson(event, found, foreseen); !person) return person.refusal();
  if (found.slot && !hasRoom(found, foreseen)) {
    return refuse(RefusalCode::tooMany,
                  "this person has as many aliases or lots as the ledger keeps");
  }
  if (Outcome id = examineId(event, found, foreseen); !id) return id.refusal();
  // Recorders hear unknown-person: that an alias is unknown is all they may learn (P9).
  if (!found.repeated && found.slot &&
      classFenced(*found.slot, found.admitted.klass, found.admitted.at)) {
    return refuse(RefusalCode::unknownPerson,
                  "nobody is known by any of these aliases for that time");
  }
  return found;
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
                    Bytes body, std::optional<StoredEvent> stored,
                    std::optional<DocumentHash> document) {
  PlannedRecord planned;
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
  planned.stored = std::move(stored);
  draft.records.push_back(std::move(planned));
  draft.bytes += kPlannedBytes;
  return Seq(nextSeq_ - 1);
}

Seq Sequencer::plan(Draft& draft, Event event, Examined& found) {
  Admitted& admitted = found.admitted;
  if (!found.slot) found.slot = people_.admit(draft, SubjectWhat::person, {}, draft.recordedAt);
  const Slot slot = *found.slot;
  if (!event.id.empty() && !found.id) {
    const std::optional<Secret> identity = vault_.lotKey(slot, LeafNo(0));
    LACUNA_ASSERT(identity.has_value(), "a new person without an identity key");
    found.id = idEntryOf(*identity, event.id);
    found.content = contentDigestOf(*identity, canonicalOf(event));
  }
  draft.bytes += bytesHeldBy(event);
  StoredEvent stored;
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
  const Seq seq = push(draft, kind, admitted.system, place, {}, std::move(stored), {});
  if (found.id) remember(draft, seq, *found.id, found.content);
  return seq;
}

void Sequencer::remember(Draft& draft, Seq seq, const IdEntry& entry,
                         const ContentDigest& content) {
  GroupId id;
  id.index = static_cast<std::uint16_t>(seq.raw() - draft.first.raw());
  id.entry = entry;
  id.content = content;
  draft.ids.push_back(id);
  pendingIds_.insert_or_assign(entry, PendingId{seq, content});
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
  for (Event& event : events) {
    Result<Examined> found = examine(caller, event, nullptr);
    if (!found) {
      results.push_back(found.refusal());
    } else if (found->repeated) {
      results.push_back(*found->repeated);
    } else {
      results.push_back(Appended{plan(draft, std::move(event), *found), {}, false});
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
  for (const Event& event : events) {
    Result<Examined> found = examine(caller, event, &foreseen);
    if (!found) {
      results.push_back(found.refusal());
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
    if (found->id) foreseen.known.emplace(*found->id, found->content);
    results.push_back(found->repeated.value_or(Appended{}));
  }
  return results;
}

}  // namespace lacuna
