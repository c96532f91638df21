// The lot of a withdrawn event dies like any other, as a case; its successor has what it held.
#include "ledger/erasure.h"

namespace lacuna {

Outcome Erasures::mayReplace(Slot slot, const LotHandle& lot) const {
  if (world_.vault.assurance().level == Assurance::none && !world_.allowWeak) {
    return Refusal{
        RefusalCode::weakErasure,
        "keys/ lies on storage that cannot be overwritten in place, so that what is withdrawn "
        "could be brought back; move it to ext4 or xfs, or start lacunad with "
        "--allow-weak-erasure"};
  }
  const Deadlines& policy = world_.sequencer.registers().latest().deadlines();
  if (policy.secondOfficer || policy.coolingOff) {
    return Refusal{RefusalCode::unsupported,
                   "the register asks for a second officer or a cooling-off time, and a withdrawal "
                   "waits for neither: erase the class instead"};
  }
  for (const Hold* hold : holds_.of(slot)) {
    if (hold->covers(lot.klass)) {
      return Refusal{RefusalCode::onHold, "a hold keeps this class: lift it first"};
    }
  }
  return Done{};
}

// No law keeps it: every other event lives on in the successor, which is durable with the intent, and with every
// key holder before the lot dies.
Erasure Erasures::replace(const Caller& caller, Slot slot, const LotHandle& lot, Ground ground,
                          const std::function<void(Draft&)>& prepare,
                          const std::function<void()>& beforeDeath) {
  PersonPlan person;
  person.slot = slot;
  person.targets.push_back({slot, lot.leaf});
  LotDecision decision;
  decision.leaf = lot.leaf;
  decision.klass = lot.klass;
  decision.period = lot.period;
  decision.events = 1;
  person.outcome.lots.push_back(std::move(decision));
  person.outcome.result = PersonResult::partly;
  Plan plan;
  plan.targets = 1;
  plan.persons.push_back(std::move(person));
  plan.asked.push_back({plan.persons.front().outcome, std::nullopt});
  CaseFile file;
  world_.entropy.fill(file.erasure.bytes);
  file.ground = ground;
  file.batch = true;
  file.withdrawal = true;
  file.principal = caller.principal;
  Draft draft = world_.sequencer.begin();
  Case& one = open(draft, std::move(file));
  const std::uint64_t number = one.number;
  one.file.persons = 1;
  step(draft, one, ErasureStep::planned);
  prepare(draft);
  writeIntent(draft, one, plan);
  commit(draft,
         "intent");  // a crash before it: nothing has changed; after it: the next start goes on
  beforeDeath();
  proceed(one);
  Erasure report = reportOf(one, plan);
  close(number);
  return report;
}

}  // namespace lacuna
