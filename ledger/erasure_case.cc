// The cases of erasures: their rows, what of them is in memory, and what is shown of them.
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/erasure.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {

std::optional<Bytes> Erasures::opened(ByteView rowKey, Slot slot, LeafNo leaf) const {
  const std::optional<Bytes> sealed = world_.store.row(Table::persons, rowKey);
  const std::optional<Secret> key = world_.vault.lotKey(slot, leaf);
  if (!sealed || !key) return std::nullopt;
  Result<Bytes> plain = openRow(*key, sealedKey(rowKey), *sealed);
  if (!plain) throw Fault("a row of a case does not open although its key lives");
  return std::move(*plain);
}

void Erasures::put(Draft& draft, const Case& one) {
  draft.sealedRows.push_back(
      {caseFileRowKey(one.slot), {one.slot, LeafNo(0)}, encodeCaseFile(one.file)});
}

// ---- in memory

Erasures::Case& Erasures::attend(Case one) {
  const std::uint64_t number = one.number;
  return open_.insert_or_assign(number, std::move(one)).first->second;
}

bool Erasures::passingDue(const Case& one, Instant now) const {
  return !one.file.forgotten && one.file.state != ErasureState::waiting &&
         one.file.state != ErasureState::destroying && one.file.fenceUntil < now;
}

bool Erasures::contactsDue(const Case& one) const {
  return one.file.contacts != LeafNo(0) && !one.file.contactsForgotten && one.openTasks == 0 &&
         one.file.state != ErasureState::destroying;
}

void Erasures::plantDue(const Case& one) {
  const CaseFile& file = one.file;
  std::int64_t at = INT64_MAX;
  const auto from = [&](Instant t) { at = std::min(at, t.time_since_epoch().count()); };
  if (file.state == ErasureState::waiting && !file.needsApproval) from(file.notBefore);
  if (file.state != ErasureState::waiting && !file.forgotten) {
    from(file.fenceUntil + std::chrono::milliseconds(1));
  }
  if (contactsDue(one)) from(Instant{});
  dueAt_ = std::min(dueAt_.load(), at);
  if (file.state == ErasureState::committed) {
    const std::uint64_t before = pending_.load();
    pending_ = before == 0 ? file.version.raw() : std::min(before, file.version.raw());
  }
}

void Erasures::close(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const CaseFile& file = found->second.file;
  const bool moving = file.state == ErasureState::waiting ||
                      file.state == ErasureState::destroying ||
                      file.state == ErasureState::committed;
  const bool told = file.contacts == LeafNo(0) || file.contactsForgotten;
  if (!moving && file.forgotten && told) {
    open_.erase(found);
  } else {
    plantDue(found->second);
  }
}

// ---- at start

std::optional<Erasures::Case> Erasures::read(Slot caseSlot) const {
  const std::optional<Bytes> plain = opened(caseFileRowKey(caseSlot), caseSlot, LeafNo(0));
  if (!plain) return std::nullopt;
  Result<CaseFile> file = decodeCaseFile(*plain);
  if (!file) throw Fault("the file of a case does not follow the format");
  Case one;
  one.slot = caseSlot;
  one.number = world_.sequencer.people().subject(caseSlot).caseNumber;
  one.file = std::move(*file);
  return one;
}

std::optional<Erasures::Case> Erasures::find(std::uint64_t number) const {
  const auto known = open_.find(number);
  if (known != open_.end()) return known->second;
  const std::optional<Slot> slot = world_.sequencer.people().findCase(std::to_string(number));
  return slot ? read(*slot) : std::nullopt;
}

// A row a case: nothing of its events is read.
void Erasures::load() {
  holds_.load();
  world_.sequencer.people().eachCase([&](Slot slot) {
    std::optional<Case> one = read(slot);
    if (!one) return;  // a case of another kind
    ids_.emplace(one->file.erasure, slot);
    if (one->file.state == ErasureState::complete) unswept_.emplace(one->number, slot);
    CaseFile& file = one->file;
    // Keys from before it was forgotten, put back: it is forgotten again.
    if (file.forgotten && world_.vault.lotKey(slot, file.passing)) file.forgotten = false;
    if (file.contactsForgotten && world_.vault.lotKey(slot, file.contacts)) {
      file.contactsForgotten = false;
    }
    if (file.contacts != LeafNo(0) && !file.contactsForgotten) {
      for (std::uint32_t i = 0; i < file.persons; ++i) {
        const std::optional<PersonOutcome> outcome = outcomeOf(*one, i);
        if (!outcome) continue;
        one->openTasks += static_cast<std::uint32_t>(
            std::count_if(outcome->tasks.begin(), outcome->tasks.end(),
                          [](const Task& task) { return !settled(task.state); }));
      }
    }
    const std::uint64_t number = one->number;
    const Case& kept = attend(std::move(*one));
    if (!kept.file.forgotten) {
      for (const Fence& fence : fencesOf(kept)) world_.sequencer.setFence(fence);
    }
    close(number);
  });
}

void Erasures::resume() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, one] : open_) {
    if (one.file.state == ErasureState::destroying) numbers.push_back(number);
  }
  for (const std::uint64_t number : numbers) {
    proceed(open_.at(number));
    close(number);
  }
  completeDue();
}

std::vector<Fence> Erasures::fencesOf(const Case& one) const {
  std::vector<Fence> out;
  const std::optional<Secret> key = world_.vault.lotKey(one.slot, one.file.passing);
  if (!key) return out;
  const Bytes prefix = ByteWriter().u8('F').u64(one.slot.raw()).take();
  world_.store.scan(Table::persons, prefix, [&](ByteView rowKey, ByteView value) {
    const Result<Bytes> plain = openRow(*key, sealedKey(rowKey), value);
    if (!plain) throw Fault("a fence row does not open although its key lives: the log is damaged");
    Result<Fence> fence = decodeFence(*plain);
    if (!fence) throw Fault("a fence row does not follow the format");
    out.push_back(std::move(*fence));
    return true;
  });
  return out;
}

// ---- forgetting

void Erasures::forgetRows(Draft& draft, Case& one, Instant now) {
  const auto drop = [&](char letter) {
    const Bytes prefix =
        ByteWriter().u8(static_cast<std::uint8_t>(letter)).u64(one.slot.raw()).take();
    world_.store.scan(Table::persons, prefix, [&](ByteView key, ByteView) {
      draft.rows.push_back({Table::persons, Bytes(key.begin(), key.end()), std::nullopt});
      return true;
    });
  };
  if (passingDue(one, now)) {
    for (const char letter : {'F', 'O', 'T'}) drop(letter);
    one.file.forgotten = true;
  }
  if (contactsDue(one)) {
    drop('C');
    one.file.contactsForgotten = true;
  }
  put(draft, one);
}

// A case whose own time is over.
void Erasures::forgetCase(Draft& draft, Slot caseSlot) {
  for (const char letter : {'E', 'F', 'O', 'T', 'C', 'W', 'Q'}) {
    const Bytes prefix =
        ByteWriter().u8(static_cast<std::uint8_t>(letter)).u64(caseSlot.raw()).take();
    world_.store.scan(Table::persons, prefix, [&](ByteView key, ByteView) {
      draft.rows.push_back({Table::persons, Bytes(key.begin(), key.end()), std::nullopt});
      return true;
    });
  }
  std::erase_if(ids_, [&](const auto& entry) { return entry.second == caseSlot; });
  std::erase_if(open_, [&](const auto& entry) { return entry.second.slot == caseSlot; });
  std::erase_if(unswept_, [&](const auto& entry) { return entry.second == caseSlot; });
}

// ---- requests

Result<Erasures::Case*> Erasures::waiting(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found != open_.end() && found->second.file.state == ErasureState::waiting)
    return &found->second;
  if (find(number)) {
    return Refusal{RefusalCode::notPending, "this erasure waits for nothing any more"};
  }
  return Refusal{RefusalCode::notFound, "there is no erasure of that number"};
}

// What was asked, whatever the order in which it was said.
ByteArray<32> Erasures::digestOf(const EraseOrder& order) const {
  std::set<std::string> persons;
  for (const std::string& person : order.persons) {
    const Result<Alias> alias = aliasOf(person, world_.sequencer.registers().latest());
    persons.insert(alias ? alias->text() : person);
  }
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(order.ground)).u64(persons.size());
  for (const std::string& person : persons) out.bytes32(bytesOf(person));
  const std::set<std::string> classes(order.classes.begin(), order.classes.end());
  for (const std::string& klass : classes) out.bytes32(bytesOf(klass));
  return sha256(out.view());
}

// Whether it is the same that is asked again: the fence row says so as long as it lives; after it the id
// and the classes alone, because nothing is left to say whom it was about.
std::optional<Erasure> Erasures::repeated(const EraseOrder& order, bool& same) const {
  const auto known = ids_.find(*order.id);
  if (known == ids_.end()) return std::nullopt;
  std::optional<Case> one = read(known->second);
  LACUNA_ASSERT(one.has_value(), "a case without its file");
  if (const auto live = open_.find(one->number); live != open_.end()) one = live->second;
  const std::set<std::string> classes(order.classes.begin(), order.classes.end());
  same = std::vector<std::string>(classes.begin(), classes.end()) == one->file.classes &&
         order.ground == one->file.ground && !one->file.batch;
  const std::vector<Fence> fences = fencesOf(*one);
  if (same && !fences.empty()) same = fences.front().order == digestOf(order);
  Erasure report = reportOf(*one);
  report.repeated = true;
  return report;
}

Erasures::Plan Erasures::replan(Case& one) {
  const std::vector<Fence> fences = fencesOf(one);
  if (!fences.empty()) one.order = fences.front().order;
  Plan plan;
  const std::set<std::string> classes(one.file.classes.begin(), one.file.classes.end());
  for (std::uint32_t part = 0;; ++part) {
    const std::optional<Bytes> plain =
        opened(orderedRowKey(one.slot, part), one.slot, one.file.passing);
    if (!plain) break;
    const Result<OrderedPersons> persons = decodeOrdered(*plain);
    if (!persons) throw Fault("an order row does not follow the format");
    for (const Slot slot : persons->slots) addPlan(plan, slot, classes);
  }
  addRecipients(plan);
  return plan;
}

void Erasures::addPlan(Plan& plan, Slot slot, const std::set<std::string>& classes) {
  ErasedPerson& asked = plan.asked.emplace_back();
  if (!world_.sequencer.people().exists(slot)) {
    asked.refused = Refusal{RefusalCode::erased, "this person was erased meanwhile"};
    return;
  }
  PersonPlan person = planPerson(slot, classes);
  if (person.targets.empty() && person.outcome.lots.empty() && person.heldBy.empty()) {
    asked.refused =
        Refusal{RefusalCode::nothingToErase, "nothing is recorded of this person in these classes"};
    return;
  }
  person.asked = plan.asked.size() - 1;
  asked.outcome = person.outcome;
  asked.number = static_cast<std::uint32_t>(plan.persons.size());
  plan.targets += person.targets.size();
  plan.persons.push_back(std::move(person));
}

void Erasures::eachEndedCase(Instant by,
                             const std::function<void(Slot, Instant end)>& visit) const {
  const Register& reg = world_.sequencer.registers().latest();
  const std::string& zone = reg.controller().zone;
  world_.sequencer.people().eachCase([&](Slot slot) {
    const std::optional<Case> one = read(slot);
    if (!one || open_.count(one->number) > 0 || one->openTasks > 0 || one->file.heldRest) return;
    const CaseFile& file = one->file;
    const auto endOf = [&](Instant closed) {
      return endOfDay(zone, plus(dateIn(zone, closed), reg.deadlines().caseRetention));
    };
    Instant end =
        endOf(std::max({file.receivedAt, file.approvedAt, file.completedAt, file.fenceUntil}));
    if (end > by) return;
    if (const std::optional<Instant> quiet = requests_.quietSince(slot)) {
      if (*quiet == Instant::max()) return;
      end = std::max(end, endOf(*quiet));
    }
    if (end <= by) visit(slot, end);
  });
}

// ---- what is shown

std::optional<PersonOutcome> Erasures::outcomeOf(const Case& one, std::uint32_t person) const {
  const std::optional<Bytes> plain = opened(outcomeRowKey(one.slot, person), one.slot, LeafNo(0));
  if (!plain) return std::nullopt;
  Result<PersonOutcome> outcome = decodeOutcome(*plain);
  if (!outcome) throw Fault("an outcome row does not follow the format");
  return std::move(*outcome);
}

Erasure Erasures::reportOf(const Case& one) const {
  Erasure out;
  out.id = one.file.erasure;
  out.caseNumber = one.number;
  out.file = one.file;
  out.classes = one.file.classes;
  out.version = one.file.version;
  out.committedAt = one.file.committedAt;
  out.completedAt = one.file.completedAt;
  out.intent = one.file.intent;
  out.committed = one.file.committed;
  out.complete = one.file.complete;
  return out;
}

Erasure Erasures::reportOf(const Case& one, const Plan& plan) const {
  Erasure out = reportOf(one);
  out.persons = plan.asked;
  for (const PersonPlan& person : plan.persons) {
    if (person.asked < out.persons.size()) out.persons[person.asked].outcome = person.outcome;
    for (const LotDecision& lot : person.outcome.lots) {
      if (lot.why == KeptWhy::none)
        out.lots.push_back({lot.leaf, lot.klass, lot.period, lot.events});
    }
  }
  return out;
}

Result<Erasure> Erasures::show(std::uint64_t caseNumber) const {
  const std::optional<Case> one = find(caseNumber);
  if (!one) return Refusal{RefusalCode::notFound, "there is no erasure of that number"};
  Erasure out = reportOf(*one);
  for (std::uint32_t i = 0; i < one->file.persons; ++i) {
    if (std::optional<PersonOutcome> outcome = outcomeOf(*one, i)) {
      out.persons.push_back({std::move(*outcome), std::nullopt, i});
    }
  }
  if (one->file.state != ErasureState::removed && one->file.state != ErasureState::closed) {
    return out;
  }
  eachStep(one->slot, [&](Seq seq, const ErasureBody& body) {
    if (body.step == ErasureStep::removed) out.removed = seq;
    if (body.step == ErasureStep::closed) out.closed = seq;
  });
  return out;
}

std::optional<Erasure> Erasures::fileOf(const ErasureId& id) const {
  const auto known = ids_.find(id);
  if (known == ids_.end()) return std::nullopt;
  const std::optional<Case> one = read(known->second);
  if (!one) return std::nullopt;
  return reportOf(*one);
}

// The steps that the case itself records, as its own events.
void Erasures::eachStep(Slot caseSlot,
                        const std::function<void(Seq, const ErasureBody&)>& visit) const {
  for (const LotHandle& lot : world_.sequencer.people().lotsOf(caseSlot)) {
    for (const PersonEvent& event :
         readLot(world_.vault, world_.store, world_.sequencer.systems(), caseSlot, lot)) {
      if (event.kind != Kind::erasure || event.body.empty()) continue;
      const Result<ErasureBody> body = decodeErasure(event.body);
      if (body) visit(event.seq, *body);
    }
  }
}

// Who has destroyed stands in the case's own steps, so that the list is that of the record `complete` whoever was
// added since; who has not is known to the vault.
std::vector<CertificateHolder> Erasures::holdersOf(const Erasure& erasure) const {
  std::map<std::uint32_t, CertificateHolder> out;
  const std::optional<Slot> slot =
      world_.sequencer.people().findCase(std::to_string(erasure.caseNumber));
  if (slot) {
    eachStep(*slot, [&](Seq, const ErasureBody& body) {
      if (body.step != ErasureStep::destroyed) return;
      out[body.holder] = {body.holder, "destroyed", body.destroyedAt,
                          std::string(nameOf(static_cast<Assurance>(body.weakestAssurance)))};
    });
  }
  const bool complete = !out.empty();  // the steps are recorded together, when all have destroyed
  for (const HolderStatus& holder : world_.vault.holders()) {
    if (out.count(holder.number) > 0) continue;
    const std::string assurance(nameOf(holder.assurance.level));
    if (holder.state == HolderState::closed) {
      if (holder.destroyed < erasure.version)
        out[holder.number] = {holder.number, "closed", holder.since, assurance};
    } else if (!complete) {
      const bool done = holder.state != HolderState::damaged && holder.destroyed >= erasure.version;
      out[holder.number] = {holder.number, done ? "destroyed" : "pending", std::nullopt, assurance};
      if (done) out[holder.number].at = erasure.committedAt;
    }
  }
  std::vector<CertificateHolder> list;
  list.reserve(out.size());
  for (auto& [number, holder] : out) list.push_back(std::move(holder));
  return list;
}

std::vector<Erasure> Erasures::list() const {
  std::vector<Slot> slots;
  world_.sequencer.people().eachCase([&](Slot slot) { slots.push_back(slot); });
  std::vector<Erasure> out;
  for (auto at = slots.rbegin(); at != slots.rend() && out.size() < kErasuresListedMax; ++at) {
    if (const std::optional<Case> one = read(*at)) out.push_back(reportOf(*one));
  }
  return out;
}

}  // namespace lacuna
