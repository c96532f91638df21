// The saga. Each group below is one synced write; beside it stands what a crash right after it leaves.
#include "ledger/erasure.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/person_list.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {
namespace {

Instant later(const Register& reg, Instant t, const Period& period) {
  const std::string& zone = reg.controller().zone;
  const Date day = dateIn(zone, t);
  return startOfDay(zone, plus(day, period)) + (t - startOfDay(zone, day));
}

RowChange gone(Bytes key) { return {Table::persons, std::move(key), std::nullopt}; }

}  // namespace

Erasures::Erasures(World world)
    : world_(std::move(world)),
      holds_(world_.vault, world_.store, world_.sequencer),
      requests_(world_.vault, world_.store, world_.sequencer) {}

void Erasures::commit(Draft& draft, std::string_view name) {
  const auto tell = [&](const char* when) {
    if (world_.onStep) world_.onStep(std::string(name) + when);
  };
  tell(".before");
  world_.commitNow(draft);
  tell(".after");
}

Seq Erasures::step(Draft& draft, const Case& one, ErasureStep which,
                   std::optional<StoredEvent> stored) {
  ErasureBody body;
  body.erasure = one.file.erasure;
  body.step = which;
  body.ground = one.file.ground;
  const bool after = which == ErasureStep::committed || which == ErasureStep::complete ||
                     which == ErasureStep::removed || which == ErasureStep::closed;
  if (after) {
    body.version = one.file.version;
    body.holdersDestroyed = holdersDestroyed(one.file.version);
  }
  body.weakestAssurance = static_cast<std::uint8_t>(world_.vault.assurance().level);
  if (which == ErasureStep::intent) body.parts = one.file.parts;
  if (which == ErasureStep::received && one.file.salt != PersonSalt{}) {
    body.person = one.file.list ? PersonList(one.file.salt).root() : commitmentOf(one.file.salt);
  }
  return world_.sequencer.caseEvent(draft, one.slot, Kind::erasure, encode(body),
                                    std::move(stored));
}

// One step for each key holder that is still open. The time is when it had destroyed its keys at the latest: one
// that was there at once did so before the commit was recorded, one that was away before its return was.
void Erasures::stepDestroyed(Draft& draft, const Case& one) {
  for (const HolderStatus& holder : world_.vault.holders()) {
    if (holder.state == HolderState::closed) continue;
    ErasureBody body;
    body.erasure = one.file.erasure;
    body.step = ErasureStep::destroyed;
    body.ground = one.file.ground;
    body.version = one.file.version;
    body.holdersDestroyed = holdersDestroyed(one.file.version);
    body.weakestAssurance = static_cast<std::uint8_t>(holder.assurance.level);
    body.holder = holder.number;
    body.destroyedAt = holder.primary ? one.file.committedAt : draft.recordedAt;
    world_.sequencer.caseEvent(draft, one.slot, Kind::erasure, encode(body), std::nullopt);
  }
}

std::uint8_t Erasures::holdersDestroyed(TreeVersion version) const {
  const std::vector<HolderStatus> holders = world_.vault.holders();
  return static_cast<std::uint8_t>(
      std::count_if(holders.begin(), holders.end(), [&](const HolderStatus& holder) {
        return holder.state != HolderState::closed && holder.state != HolderState::damaged &&
               holder.destroyed >= version;
      }));
}

StoredEvent Erasures::said(const Draft& draft, const Case& one, std::uint32_t principal,
                           std::string_view what) const {
  StoredEvent stored;
  stored.event.kind = Kind::erasure;
  stored.event.at = draft.recordedAt;
  stored.principal = principal;
  stored.operationText = std::string(what);
  stored.details = one.file.classes;
  return stored;
}

Erasures::Case& Erasures::open(Draft& draft, CaseFile file) {
  Case one;
  one.slot = world_.sequencer.openCase(draft);
  People& people = world_.sequencer.people();
  one.number = people.subject(one.slot).caseNumber;
  file.receivedAt = draft.recordedAt;
  file.passing = people.openLot(draft, one.slot, kPassingClass, 0, draft.recordedAt);
  one.file = std::move(file);
  ids_.insert_or_assign(one.file.erasure, one.slot);
  const std::string what = one.file.batch ? "batch" : one.file.whole ? "person" : "classes";
  Case& kept = attend(std::move(one));
  kept.file.received =
      step(draft, kept, ErasureStep::received, said(draft, kept, kept.file.principal, what));
  return kept;
}

// ---- asking

Result<Erasure> Erasures::plan(const EraseOrder& order) {
  if (const Outcome fits = check(order); !fits) return fits.refusal();
  const Plan planned = planOf(order);
  if (order.persons.size() == 1 && planned.asked.front().refused)
    return *planned.asked.front().refused;
  Case one;
  one.file.ground = order.ground;
  one.file.whole = order.classes.empty();
  const std::set<std::string> classes(order.classes.begin(), order.classes.end());
  one.file.classes.assign(classes.begin(), classes.end());
  one.file.version = world_.vault.version();
  return reportOf(one, planned);
}

Result<Erasure> Erasures::order(const Caller& caller, const EraseOrder& order) {
  if (order.id) {
    bool same = false;
    if (std::optional<Erasure> before = repeated(order, same)) {
      if (same) return std::move(*before);
      return Refusal{RefusalCode::idReused, "another erasure was asked for under this id"};
    }
  }
  if (world_.vault.assurance().level == Assurance::none && !world_.allowWeak) {
    return Refusal{
        RefusalCode::weakErasure,
        "keys/ lies on storage that cannot be overwritten in place, so an erasure would "
        "not be one; move it to ext4 or xfs, or start lacunad with --allow-weak-erasure"};
  }
  if (const Outcome fits = check(order); !fits) return fits.refusal();
  Plan planned = planOf(order);
  if (planned.persons.empty()) {
    if (order.persons.size() == 1) return *planned.asked.front().refused;
    return Refusal{RefusalCode::nothingToErase, "nothing of any of these persons can be erased"};
  }
  CaseFile file;
  if (order.id) {
    file.erasure = *order.id;
  } else {
    world_.entropy.fill(file.erasure.bytes);
  }
  file.ground = order.ground;
  file.whole = order.classes.empty();
  file.principal = caller.principal;
  const std::set<std::string> classes(order.classes.begin(), order.classes.end());
  file.classes.assign(classes.begin(), classes.end());
  file.persons = static_cast<std::uint32_t>(planned.persons.size());
  // Each person's salt: they alone can show that this erasure was theirs.
  world_.entropy.fill(file.salt.bytes);
  file.list = order.persons.size() > 1;
  const Register& reg = world_.sequencer.registers().latest();
  const Deadlines& policy = reg.deadlines();
  file.needsApproval = policy.secondOfficer;
  Draft draft = world_.sequencer.begin();
  if (policy.coolingOff) file.notBefore = later(reg, draft.recordedAt, *policy.coolingOff);
  Case& one = open(draft, std::move(file));
  one.order = digestOf(order);
  step(draft, one, ErasureStep::planned);
  if (!one.file.needsApproval && one.file.notBefore <= draft.recordedAt) {
    return carryOut(draft, one, planned);
  }
  one.file.state = ErasureState::waiting;
  Fence fence = fenceOf(draft.recordedAt);
  fence.order = one.order;
  one.file.fenceUntil = fence.until;
  for (std::size_t first = 0; first < planned.persons.size(); first += kEraseTargetsPerRow) {
    OrderedPersons part;
    for (std::size_t i = first; i < std::min(planned.persons.size(), first + kEraseTargetsPerRow);
         ++i) {
      part.slots.push_back(planned.persons[i].slot);
    }
    const auto number = static_cast<std::uint32_t>(first / kEraseTargetsPerRow);
    draft.sealedRows.push_back(
        {orderedRowKey(one.slot, number), {one.slot, one.file.passing}, encodeOrdered(part)});
  }
  // The fence row holds nobody yet: what was asked, so that a repetition is known.
  draft.sealedRows.push_back(
      {fenceRowKey(one.slot, 0), {one.slot, one.file.passing}, encodeFence(fence)});
  put(draft, one);
  Erasure report = reportOf(one, planned);
  commit(draft, "received");  // a crash after it: the request waits
  close(one.number);
  return report;
}

// ---- carrying out

void Erasures::block(Draft& draft, const Case& one, const Plan& plan) {
  for (const PersonPlan& person : plan.persons) {
    for (const std::uint64_t hold : person.heldBy) {
      holds_.block(draft, hold,
                   {one.number, one.file.ground, one.file.principal, one.file.classes});
    }
  }
}

// Continues the draft in which the request was recorded, or begins with what is asked now.
Erasure Erasures::carryOut(Draft& draft, Case& one, Plan& plan) {
  const std::uint64_t number = one.number;
  one.file.persons = static_cast<std::uint32_t>(plan.persons.size());
  for (const PersonPlan& person : plan.persons) {
    one.file.heldRest = one.file.heldRest || !person.heldBy.empty();
  }
  block(draft, one, plan);
  if (plan.targets == 0) {
    one.file.state = one.file.heldRest ? ErasureState::held : ErasureState::refused;
    one.file.fenceUntil = draft.recordedAt;
    for (std::size_t i = 0; i < plan.persons.size(); ++i) {
      draft.sealedRows.push_back({outcomeRowKey(one.slot, static_cast<std::uint32_t>(i)),
                                  {one.slot, LeafNo(0)},
                                  encodeOutcome(plan.persons[i].outcome)});
    }
    step(draft, one, ErasureStep::refused, said(draft, one, 0, "kept"));
    put(draft, one);
    Erasure report = reportOf(one, plan);
    commit(draft, "refused");
    close(number);
    return report;
  }
  writeIntent(draft, one, plan);
  commit(draft, "intent");  // a crash after it: the next start destroys
  proceed(one);
  Erasure report = reportOf(one, plan);
  close(number);
  return report;
}

// Everything that has to be known when the keys are dead, in one group: what dies, who is told, the fence.
void Erasures::writeIntent(Draft& draft, Case& one, Plan& plan) {
  std::vector<EraseTarget> targets;
  targets.reserve(plan.targets);
  const LotRef passing{one.slot, one.file.passing};
  std::vector<Fence> fences{fenceOf(draft.recordedAt)};
  fences.front().order = one.order;
  for (std::size_t i = 0; i < plan.persons.size(); ++i) {
    PersonPlan& person = plan.persons[i];
    const auto index = static_cast<std::uint32_t>(i);
    std::vector<AliasRow> aliases;
    if (!one.file.batch) aliases = aliasRowsOf(world_.vault, world_.store, person.slot);
    for (Task& task : person.outcome.tasks) task.since = draft.recordedAt;
    draft.sealedRows.push_back(
        {outcomeRowKey(one.slot, index), {one.slot, LeafNo(0)}, encodeOutcome(person.outcome)});
    if (!person.outcome.tasks.empty()) {
      if (one.file.contacts == LeafNo(0)) {
        one.file.contacts =
            world_.sequencer.people().openLot(draft, one.slot, kContactClass, 0, draft.recordedAt);
      }
      Contacts contacts;
      for (const AliasRow& row : aliases) contacts.aliases.push_back(row.text);
      draft.sealedRows.push_back({contactsRowKey(one.slot, index),
                                  {one.slot, one.file.contacts},
                                  encodeContacts(contacts)});
    }
    if (!person.targets.empty() && !one.file.batch) {
      fencePerson(one.file.whole, person, aliases, fences);
    }
    targets.insert(targets.end(), person.targets.begin(), person.targets.end());
  }
  std::uint32_t parts = 0;
  for (std::size_t first = 0; first < targets.size(); first += kEraseTargetsPerRow, ++parts) {
    const auto begin = targets.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = targets.begin() + static_cast<std::ptrdiff_t>(
                                           std::min(targets.size(), first + kEraseTargetsPerRow));
    draft.sealedRows.push_back(
        {targetsRowKey(one.slot, parts), passing,
         encodeTargets({one.file.erasure, one.file.ground, std::vector<EraseTarget>(begin, end)})});
  }
  for (std::size_t i = 0; i < fences.size(); ++i) {
    draft.sealedRows.push_back(
        {fenceRowKey(one.slot, static_cast<std::uint32_t>(i)), passing, encodeFence(fences[i])});
  }
  for (std::uint32_t i = 0;; ++i) {  // of a request that waited
    Bytes key = orderedRowKey(one.slot, i);
    if (!world_.store.row(Table::persons, key)) break;
    draft.rows.push_back(gone(std::move(key)));
  }
  one.file.parts = parts;
  one.file.state = ErasureState::destroying;
  one.file.fenceUntil = fences.front().until;
  for (const PersonPlan& person : plan.persons) {
    one.openTasks += static_cast<std::uint32_t>(person.outcome.tasks.size());
  }
  // A withdrawn event's lot lives on in its successor; at the end of retention only what still waits is kept.
  if (!one.file.withdrawal) requests_.carry(draft, one.slot, targets, one.file.batch);
  step(draft, one, ErasureStep::frozen);
  step(draft, one, ErasureStep::queued);
  one.file.intent =
      step(draft, one, ErasureStep::intent,
           said(draft, one, one.file.principal, one.file.whole ? "person" : "classes"));
  put(draft, one);
}

std::vector<Erasures::Part> Erasures::targetsOf(const Case& one) const {
  std::vector<Part> out;
  for (std::uint32_t part = 0; part < one.file.parts; ++part) {
    const std::optional<Bytes> plain =
        opened(targetsRowKey(one.slot, part), one.slot, one.file.passing);
    if (!plain) {
      LACUNA_ASSERT(out.empty(), "targets are carried out in order");
      continue;
    }
    Result<Targets> targets = decodeTargets(*plain);
    if (!targets) throw Fault("the targets of an erasure do not follow the format");
    out.push_back({part, std::move(targets->targets)});
  }
  return out;
}

// What the intent says is destroyed, transaction by transaction. Where a crash cut it short this is
// begun again: what is dead absorbs, what is done has no row any more.
void Erasures::proceed(Case& one) {
  const std::vector<Part> rows = targetsOf(one);
  std::set<Slot> frozen;
  for (const Part& row : rows) {
    for (const EraseTarget& target : row.targets) frozen.insert(target.slot);
  }
  for (const Slot slot : frozen) world_.sequencer.freeze(slot);
  if (rows.empty()) {
    // An older log under these keys: the targets' own leaf died after the erasure was complete.
    Draft draft = world_.sequencer.begin();
    one.file.version = world_.vault.version();
    recordCommitted(draft, one);
    commit(draft, "committed");
  }
  for (std::size_t first = 0; first < rows.size(); first += kRowsPerTransaction) {
    const std::size_t end = std::min(rows.size(), first + kRowsPerTransaction);
    std::vector<EraseTarget> targets;
    for (std::size_t i = first; i < end; ++i) {
      targets.insert(targets.end(), rows[i].targets.begin(), rows[i].targets.end());
    }
    std::map<Slot, std::vector<AliasRow>> aliases;  // while the keys live
    for (const EraseTarget& target : targets) {
      if (target.leaf) continue;
      aliases.emplace(target.slot, aliasRowsOf(world_.vault, world_.store, target.slot));
    }
    const EraseResult destroyed = world_.vault.erase(targets, one.file.erasure, rows[first].part);
    // A crash from here on: the start finds the rows, destroys what is dead already, and goes on.
    Draft draft = world_.sequencer.begin();
    one.file.version = destroyed.version;
    for (std::size_t i = first; i < end; ++i) {
      draft.rows.push_back(gone(targetsRowKey(one.slot, rows[i].part)));
    }
    forgetTargets(draft, targets, aliases);
    draft.rows.push_back(treeRow(destroyed.version));
    if (end == rows.size()) {
      recordCommitted(draft, one);
    } else {
      put(draft, one);
    }
    commit(draft, "committed");  // a crash after it: committed, or the next part
  }
  for (const Slot slot : frozen) world_.sequencer.thaw(slot);
  for (const Fence& fence : fencesOf(one)) world_.sequencer.setFence(fence);
}

void Erasures::forgetTargets(Draft& draft, const std::vector<EraseTarget>& targets,
                             const std::map<Slot, std::vector<AliasRow>>& aliases) {
  People& people = world_.sequencer.people();
  std::map<Slot, std::vector<LeafNo>> leaves;
  for (const EraseTarget& target : targets) {
    if (target.leaf) {
      leaves[target.slot].push_back(*target.leaf);
    } else {
      if (people.exists(target.slot) && people.whatOf(target.slot) == SubjectWhat::caseFile) {
        forgetCase(draft, target.slot);
      }
      people.forgetSlot(draft, target.slot, aliases.at(target.slot));
      holds_.forgetSlot(target.slot);
    }
  }
  for (const auto& [slot, dead] : leaves) {
    // Gone as a whole meanwhile (another part of the same erasure): nothing is left to be said of it.
    if (people.exists(slot)) people.forgetLots(draft, slot, dead);
  }
}

void Erasures::recordCommitted(Draft& draft, Case& one) {
  one.file.state = ErasureState::committed;
  one.file.committedAt = draft.recordedAt;
  one.file.committed = step(draft, one, ErasureStep::committed);
  finishIfEverywhere(draft, one);
  put(draft, one);
}

// P5: complete is said when every key holder has destroyed its keys, and not before.
void Erasures::finishIfEverywhere(Draft& draft, Case& one) {
  if (!world_.vault.destroyedEverywhere(one.file.version)) return;
  stepDestroyed(draft, one);
  one.file.state = ErasureState::complete;
  one.file.completedAt = draft.recordedAt;
  one.file.complete = step(draft, one, ErasureStep::complete);
  unswept_.emplace(one.number, one.slot);
}

Result<Erasure> Erasures::batch(std::vector<EraseTarget> targets, Ground ground) {
  if (world_.vault.assurance().level == Assurance::none && !world_.allowWeak) {
    return Refusal{RefusalCode::weakErasure,
                   "keys/ lies on storage that cannot be overwritten in place"};
  }
  if (targets.size() > kEraseBatchMax) {
    return Refusal{RefusalCode::tooMany, "one batch destroys at most a million lots"};
  }
  std::map<Slot, std::set<LeafNo>> lots;  // none: the whole slot
  for (const EraseTarget& target : targets) {
    std::set<LeafNo>& leaves = lots[target.slot];
    if (target.leaf) leaves.insert(*target.leaf);
  }
  Plan plan;
  std::map<std::pair<std::string, std::int32_t>, LotDecision> summary;
  PersonPlan all;
  People& people = world_.sequencer.people();
  for (const auto& [slot, leaves] : lots) {
    if (!people.exists(slot)) continue;
    PersonPlan person = planLots(slot, leaves);
    if (person.targets.empty()) continue;
    plan.targets += person.targets.size();
    all.targets.insert(all.targets.end(), person.targets.begin(), person.targets.end());
    for (const LotDecision& lot : person.outcome.lots) {
      LotDecision& of = summary[{lot.klass, lot.period}];
      of.klass = lot.klass;
      of.period = lot.period;
      ++of.events;  // of a batch: lots
    }
  }
  if (plan.targets == 0) {
    return Refusal{RefusalCode::nothingToErase, "nothing of this may be erased now"};
  }
  for (auto& [key, lot] : summary) all.outcome.lots.push_back(std::move(lot));
  all.outcome.result = PersonResult::partly;
  CaseFile file;
  world_.entropy.fill(file.erasure.bytes);
  file.ground = ground;
  file.batch = true;
  Draft draft = world_.sequencer.begin();
  Case& one = open(draft, std::move(file));
  step(draft, one, ErasureStep::planned);
  plan.persons.push_back(std::move(all));
  plan.asked.push_back({plan.persons.front().outcome, std::nullopt});
  return carryOut(draft, one, plan);
}

// ---- deciding about a request that waits

Result<Erasure> Erasures::approve(const Caller& caller, std::uint64_t caseNumber) {
  const Result<Case*> found = waiting(caseNumber);
  if (!found) return found.refusal();
  Case& one = **found;
  if (!one.file.needsApproval) {
    return Refusal{RefusalCode::notPending, "this erasure waits for no approval"};
  }
  if (caller.principal == one.file.principal) {
    return Refusal{RefusalCode::needsAnother,
                   "another officer has to approve what you asked for yourself"};
  }
  Draft draft = world_.sequencer.begin();
  one.file.needsApproval = false;
  one.file.approver = caller.principal;
  one.file.approvedAt = draft.recordedAt;
  step(draft, one, ErasureStep::approved, said(draft, one, caller.principal, "approve"));
  if (one.file.notBefore <= draft.recordedAt) {
    Plan plan = replan(one);
    return carryOut(draft, one, plan);
  }
  put(draft, one);
  commit(draft, "approved");
  close(caseNumber);
  return reportOf(one);
}

Result<Erasure> Erasures::cancel(const Caller& caller, std::uint64_t caseNumber) {
  std::optional<Case> held = find(caseNumber);
  if (held && (held->file.state == ErasureState::held ||
               (held->file.heldRest && held->file.followedBy == 0))) {
    // What a hold blocked is no longer asked for; what was erased stays so.
    Case& one = attend(std::move(*held));
    Draft draft = world_.sequencer.begin();
    holds_.unblock(draft, caseNumber);
    one.file.heldRest = false;
    if (one.file.state == ErasureState::held) one.file.state = ErasureState::cancelled;
    step(draft, one, ErasureStep::cancelled, said(draft, one, caller.principal, "cancel"));
    closeIfDone(draft, one);
    put(draft, one);
    Erasure report = reportOf(one);
    commit(draft, "cancelled");
    close(caseNumber);
    return report;
  }
  const Result<Case*> found = waiting(caseNumber);
  if (!found) return found.refusal();
  Case& one = **found;
  Draft draft = world_.sequencer.begin();
  one.file.state = ErasureState::cancelled;
  one.file.fenceUntil = draft.recordedAt;
  step(draft, one, ErasureStep::cancelled, said(draft, one, caller.principal, "cancel"));
  put(draft, one);
  Erasure report = reportOf(one);
  commit(draft, "cancelled");
  close(caseNumber);
  return report;
}

Result<Erasure> Erasures::resume(std::uint64_t caseNumber) {
  const std::optional<Case> found = find(caseNumber);
  if (!found) return Refusal{RefusalCode::notFound, "there is no erasure of that number"};
  if (found->file.state == ErasureState::waiting) {
    if (found->file.needsApproval) {
      return Refusal{RefusalCode::needsAnother,
                     "another officer has to approve it: lacuna erasure approve N"};
    }
    if (world_.sequencer.now() < found->file.notBefore) {
      return Refusal{RefusalCode::notPending,
                     "its cooling-off time lasts until " + rfc3339Of(found->file.notBefore)};
    }
  }
  tick();
  return show(caseNumber);
}

}  // namespace lacuna
