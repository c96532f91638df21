// What an erasure would destroy and what must stay, lot by lot; who has had the data; the fence after it.
#include "ledger/base/limits.h"
#include "ledger/erasure.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::string_view kLegallyRequired = "eu-gdpr:JustificationA17LegallyRequired";

// Lots that never keep a person (DESIGN 6): who looked, and what is only about the identity.
bool keepsNobody(std::string_view klass) {
  return klass == kAccessClass || klass == kIdentityClass;
}

LotDecision decisionOf(const LotHandle& lot) {
  LotDecision out;
  out.leaf = lot.leaf;
  out.klass = lot.klass;
  out.period = lot.period;
  out.events = lot.events;
  return out;
}

}  // namespace

Outcome Erasures::check(const EraseOrder& order) const {
  if (order.persons.empty()) return Refusal{RefusalCode::missingField, "nobody is named"};
  if (order.persons.size() > kErasePersonsMax) {
    return Refusal{RefusalCode::tooMany, "one erasure names at most 10000 persons"};
  }
  const std::set<std::string> named(order.classes.begin(), order.classes.end());
  if (named.size() > kFenceClassesMax) {
    return Refusal{RefusalCode::tooMany, "one erasure names at most 256 classes"};
  }
  const Register& reg = world_.sequencer.registers().latest();
  for (const std::string& klass : named) {
    if (reg.klass(klass) != nullptr) continue;
    const std::vector<std::string> ids = reg.classIds();
    return Refusal{RefusalCode::unknownClass, "the register has no class of that id",
                   nearestOf(klass, ids)};
  }
  return Done{};
}

// "Unless and in so far as the law requires": a legal minimum keeps its lot whatever the ground.
LotDecision Erasures::decide(Slot slot, const LotHandle& lot) const {
  LotDecision out = decisionOf(lot);
  const Register& reg = world_.sequencer.registers().latest();
  const RetentionClass* klass = reg.klass(lot.klass);
  if (klass != nullptr && klass->retention.legalMinimum) {
    // Of a lot that the register gave no period when it was opened the end is not known: it stays.
    const std::optional<Instant> end = retentionEnd(*klass, reg, lot.period);
    if (!end || world_.sequencer.now() < *end) {
      out.why = KeptWhy::law;
      out.code = klass->retention.code.empty() ? kLegallyRequired : klass->retention.code;
      out.law = klass->retention.law;
      out.until = end;
      return out;
    }
  }
  for (const Hold* hold : holds_.of(slot)) {
    if (!hold->covers(lot.klass)) continue;
    out.why = KeptWhy::hold;
    out.code = hold->ground;
    out.until = hold->review;
    out.hold = hold->number;
    break;
  }
  return out;
}

Erasures::PersonPlan Erasures::planPerson(Slot slot, const std::set<std::string>& classes) {
  PersonPlan plan;
  plan.slot = slot;
  bool stays = false;
  std::vector<LotDecision> followers;  // their fate is the slot's
  plan.lots = world_.sequencer.people().lotsOf(slot);
  for (const LotHandle& lot : plan.lots) {
    const bool named = classes.count(lot.klass) > 0;
    if (!named && keepsNobody(lot.klass) && (!classes.empty() || lot.klass == kAccessClass)) {
      LotDecision decision = decide(slot, lot);
      if (decision.why == KeptWhy::hold) plan.heldBy.push_back(decision.hold);
      stays = stays || decision.why != KeptWhy::none;
      followers.push_back(std::move(decision));
      continue;
    }
    if (!named && !classes.empty()) {
      stays = true;
      continue;
    }
    LotDecision decision = decide(slot, lot);
    if (decision.why == KeptWhy::hold) plan.heldBy.push_back(decision.hold);
    if (decision.why == KeptWhy::none) {
      plan.targets.push_back({slot, lot.leaf});
    } else {
      stays = true;
    }
    plan.outcome.lots.push_back(std::move(decision));
  }
  // A hold on everything keeps the person even where only the identity is left to keep.
  for (const Hold* hold : holds_.of(slot)) {
    if (!hold->classes.empty()) continue;
    stays = true;
    plan.heldBy.push_back(hold->number);
  }
  std::sort(plan.heldBy.begin(), plan.heldBy.end());
  plan.heldBy.erase(std::unique(plan.heldBy.begin(), plan.heldBy.end()), plan.heldBy.end());
  plan.goes = !stays && (classes.empty() || !plan.targets.empty());
  if (plan.goes) plan.targets.assign(1, {slot, std::nullopt});
  for (LotDecision& decision : followers) {
    if (!plan.goes && !classes.empty()) continue;  // not asked for
    if (!plan.goes && decision.why == KeptWhy::none) decision.why = KeptWhy::withPerson;
    plan.outcome.lots.push_back(std::move(decision));
  }
  plan.outcome.result = plan.goes              ? PersonResult::erased
                        : plan.targets.empty() ? PersonResult::kept
                                               : PersonResult::partly;
  return plan;
}

// Art. 19: everyone to whom data of the lots that die were disclosed. Before the keys die: afterwards
// nobody knows.
void Erasures::addRecipients(Plan& plan) const {
  std::vector<LotOfSlot> lots;
  std::vector<std::size_t> whose;
  for (std::size_t i = 0; i < plan.persons.size(); ++i) {
    std::set<LeafNo> dying;
    for (const LotDecision& decision : plan.persons[i].outcome.lots) {
      if (decision.why == KeptWhy::none && decision.klass != kAccessClass) {
        dying.insert(decision.leaf);
      }
    }
    for (const LotHandle& lot : plan.persons[i].lots) {
      if (dying.count(lot.leaf) == 0) continue;
      lots.push_back({plan.persons[i].slot, lot});
      whose.push_back(i);
    }
  }
  std::vector<std::map<std::pair<std::string, Slot>, Task>> tasks(plan.persons.size());
  readKind(world_.vault, world_.store, world_.sequencer.systems(), lots, Kind::sharing,
           [&](std::size_t lot, const PersonEvent& event) {
             const InstanceRef who = event.stored.recipient.value_or(
                 InstanceRef{event.stored.event.recipient, Slot(0)});
             if (who.category.empty()) return;
             const auto [at, fresh] = tasks[whose[lot]].try_emplace({who.category, who.slot});
             Task& task = at->second;
             if (fresh) {
               task.recipient = who;
               task.first = task.last = event.at();
             }
             task.first = std::min(task.first, event.at());
             task.last = std::max(task.last, event.at());
           });
  std::vector<PersonPlan> kept;
  for (std::size_t i = 0; i < plan.persons.size(); ++i) {
    PersonPlan& person = plan.persons[i];
    ErasedPerson& asked = plan.asked[person.asked];
    if (tasks[i].size() > kTasksPerPersonMax) {
      asked.refused =
          Refusal{RefusalCode::tooMany,
                  "these data went to more recipients than one erasure lists: name fewer classes"};
      plan.targets -= person.targets.size();
      continue;
    }
    for (auto& [key, task] : tasks[i]) person.outcome.tasks.push_back(std::move(task));
    asked.outcome = person.outcome;
    kept.push_back(std::move(person));
  }
  plan.persons = std::move(kept);
}

Erasures::Plan Erasures::planOf(const EraseOrder& order) {
  Plan plan;
  const std::set<std::string> classes(order.classes.begin(), order.classes.end());
  std::set<Slot> seen;
  for (std::size_t i = 0; i < order.persons.size(); ++i) {
    ErasedPerson& asked = plan.asked.emplace_back();
    const Result<Slot> slot = world_.sequencer.resolve(order.persons[i]);
    if (!slot) {
      asked.refused = slot.refusal();
      continue;
    }
    const SubjectWhat what = world_.sequencer.people().whatOf(*slot);
    if (what != SubjectWhat::person && what != SubjectWhat::instance) {
      asked.refused = Refusal{RefusalCode::invalidValue,
                              "only a person can be erased; a case ends by its retention"};
      continue;
    }
    if (!seen.insert(*slot).second) {
      asked.refused = Refusal{RefusalCode::alreadyExists, "this person is named more than once"};
      continue;
    }
    plan.asked.pop_back();
    addPlan(plan, *slot, classes);
  }
  addRecipients(plan);
  return plan;
}

Erasures::PersonPlan Erasures::planLots(Slot slot, const std::set<LeafNo>& leaves) {
  PersonPlan plan;
  plan.slot = slot;
  const std::vector<const Hold*> holds = holds_.of(slot);
  bool stays = std::any_of(holds.begin(), holds.end(),
                           [](const Hold* hold) { return hold->classes.empty(); });
  for (const LotHandle& lot : world_.sequencer.people().lotsOf(slot)) {
    LotDecision decision = decide(slot, lot);
    const bool named = leaves.empty() || leaves.count(lot.leaf) > 0;
    stays = stays || decision.why != KeptWhy::none || (!named && !keepsNobody(lot.klass));
    if (!named || decision.why != KeptWhy::none) continue;
    plan.targets.push_back({slot, lot.leaf});
    plan.outcome.lots.push_back(std::move(decision));
  }
  if (!leaves.empty() && plan.targets.empty()) return plan;
  plan.goes = !stays;
  if (plan.goes) plan.targets.assign(1, {slot, std::nullopt});
  return plan;
}

Fence Erasures::fenceOf(Instant now) const {
  const Register& reg = world_.sequencer.registers().latest();
  const std::string& zone = reg.controller().zone;
  Fence fence;
  fence.erasedAt = now;
  fence.until = std::max(endOfDay(zone, plus(dateIn(zone, now), reg.deadlines().fence)), now);
  return fence;
}

// Rows of bounded size: a new one is begun when the last is full. Needs: one is there.
void Erasures::fencePerson(bool whole, const PersonPlan& plan, const std::vector<AliasRow>& aliases,
                           std::vector<Fence>& into) const {
  const auto room = [&](std::size_t more, std::size_t have, std::size_t most) -> Fence& {
    if (have + more > most) {
      Fence next;
      next.erasedAt = into.front().erasedAt;
      next.until = into.front().until;
      next.order = into.front().order;
      into.push_back(std::move(next));
    }
    return into.back();
  };
  if (plan.goes) {
    std::vector<std::string> unique;
    for (const AliasRow& row : aliases) {
      if (row.unique) unique.push_back(row.text);
    }
    Fence& fence = room(unique.size(), into.back().aliases.size(), kFenceAliasesMax);
    std::move(unique.begin(), unique.end(), std::back_inserter(fence.aliases));
    return;
  }
  SlotFence part;
  part.slot = plan.slot;
  part.allBut = whole;
  std::set<std::string> classes;
  for (const LotDecision& lot : plan.outcome.lots) {
    // Asked for as a whole, whatever must not be kept is fenced; else what was erased.
    if ((lot.why == KeptWhy::none) != part.allBut) classes.insert(lot.klass);
  }
  if (!part.allBut) {
    for (const LotDecision& lot : plan.outcome.lots) {
      if (lot.why != KeptWhy::none) classes.erase(lot.klass);  // a late invoice is still to be kept
    }
  }
  part.classes.assign(classes.begin(), classes.end());
  if (part.classes.size() > kFenceClassesMax) part.classes.resize(kFenceClassesMax);
  Fence& fence = room(1, into.back().slots.size(), kFenceSlotsMax);
  fence.slots.push_back(std::move(part));
}

}  // namespace lacuna
