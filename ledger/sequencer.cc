#include "ledger/sequencer.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kPlannedBytes = 256;  // what a record costs beside its texts, roughly

Refusal refuse(RefusalCode code, std::string message) { return {code, std::move(message)}; }

std::size_t textBytes(const Event& event) {
  return event.data.size() + event.purpose.size() + event.id.size() + event.categories.size() * 16 +
         kPlannedBytes;
}

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

Result<Slot> Sequencer::known(const std::vector<Alias>& aliases,
                              std::vector<Slot>& conflicts) const {
  std::optional<Slot> first;
  for (const Alias& alias : aliases) {
    if (!alias.unique) continue;  // a name never resolves
    const std::optional<Slot> slot = people_.find(alias.text());
    if (!slot) continue;
    if (!first) {
      first = slot;
    } else if (*slot != *first &&
               std::find(conflicts.begin(), conflicts.end(), *slot) == conflicts.end()) {
      conflicts.push_back(*slot);
    }
  }
  if (first) return *first;
  return refuse(RefusalCode::unknownPerson, "nobody is known by any of these aliases");
}

bool Sequencer::fenced(const std::vector<Alias>& aliases, Instant at) const {
  for (const Alias& alias : aliases) {
    const std::optional<AliasPlace> index = fencedAliases_.find(alias.text());
    if (!index) continue;
    const ActiveFence& fence = fences_[index->slot.raw()];
    if (lastRecordedAt_ <= fence.until && at < fence.erasedAt) return true;
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
  const Result<Slot> slot = known(found.admitted.person, found.conflicts);
  if (slot) {
    found.slot = *slot;
    return Done{};
  }
  if (fenced(found.admitted.person, found.admitted.at)) return slot.refusal();
  const bool anyUnique = std::any_of(found.admitted.person.begin(), found.admitted.person.end(),
                                     [](const Alias& alias) { return alias.unique; });
  if (foreseen != nullptr) {
    for (const Alias& alias : found.admitted.person) {
      if (alias.unique && foreseen->aliases.count(alias.text()) > 0) return Done{};
    }
  }
  if (!found.admitted.mayAdmitPerson || !anyUnique) return slot.refusal();
  found.admitsPerson = true;
  return Done{};
}

Outcome Sequencer::examineId(const Event& event, Examined& found, const Foreseen* foreseen) {
  if (event.id.empty()) return Done{};
  const Refusal reused =
      refuse(RefusalCode::idReused, "an event with this id but other content is recorded");
  if (!found.slot) {
    if (foreseen == nullptr || found.admitted.person.empty()) return Done{};
    const auto same = foreseen->ids.find(found.admitted.person.front().text() + '\0' + event.id);
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
  if (!hit) return Done{};
  if (hit->content != found.content) return reused;
  found.repeated = Appended{hit->seq, {}, true};
  return Done{};
}

bool Sequencer::hasRoom(const Examined& found) {
  std::size_t added = 0;
  for (const Alias& alias : found.admitted.person) {
    const bool known = people_.aliasLeaf(*found.slot, alias.text(), alias.unique) ||
                       (alias.unique && people_.find(alias.text()));
    if (!known) ++added;
  }
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
  if (found.slot && !hasRoom(found)) {
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

Seq Sequencer::plan(Draft& draft, const Event& event, Examined& found) {
  Admitted& admitted = found.admitted;
  const bool person = !event.person.empty();
  if (person && !found.slot) {
    // An earlier event of the same batch may have admitted the person meanwhile.
    const Result<Slot> slot = known(admitted.person, found.conflicts);
    found.slot = slot ? *slot : people_.admit(draft, SubjectWhat::person, {}, draft.recordedAt);
  }
  const Slot slot = *found.slot;
  StoredEvent stored;
  if (person) {
    for (const Alias& alias : admitted.person) {
      std::optional<LeafNo> leaf = people_.aliasLeaf(slot, alias.text(), alias.unique);
      const bool elsewhere = !leaf && alias.unique && people_.find(alias.text());
      if (elsewhere) continue;  // a second known person: kept as a slot, below
      if (!leaf) leaf = people_.addAlias(draft, slot, alias.text(), alias.unique, draft.recordedAt);
      stored.aliases.push_back(*leaf);
    }
    stored.otherPersons = found.conflicts;
  }
  stored.recipient = instance(draft, admitted.recipient);
  stored.source = instance(draft, admitted.source);
  stored.via = instance(draft, admitted.via);
  stored.actor = instance(draft, admitted.actor);
  stored.event = event;
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
  draft.bytes += textBytes(event);
  const Seq seq = push(draft, event.kind, admitted.system, place, {}, std::move(stored), {});
  if (!event.id.empty()) {
    if (!found.id) {
      const std::optional<Secret> identity = vault_.lotKey(slot, LeafNo(0));
      LACUNA_ASSERT(identity.has_value(), "a new person without an identity key");
      found.id = idEntryOf(*identity, event.id);
      found.content = contentDigestOf(*identity, canonicalOf(event));
    }
    remember(draft, seq, *found.id, found.content);
  }
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
  for (const Event& event : events) {
    Result<Examined> found = examine(caller, event, nullptr);
    if (!found) {
      results.push_back(found.refusal());
    } else if (found->repeated) {
      results.push_back(*found->repeated);
    } else {
      results.push_back(Appended{plan(draft, event, *found), {}, false});
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
      for (const Alias& alias : found->admitted.person) foreseen.aliases.insert(alias.text());
    }
    if (!found->slot && !event.id.empty() && !found->admitted.person.empty()) {
      foreseen.ids.emplace(found->admitted.person.front().text() + '\0' + event.id,
                           canonicalOf(event));
    }
    results.push_back(found->repeated.value_or(Appended{}));
  }
  return results;
}

}  // namespace lacuna
