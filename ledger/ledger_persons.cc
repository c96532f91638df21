// Persons: what was allowed to be read is opened; what is to be forgotten dies.
#include "ledger/base/limits.h"
#include "ledger/ledger.h"
#include "ledger/record/envelope.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace lacuna {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

std::string Ledger::instanceName(const InstanceRef& ref,
                                 std::map<std::uint64_t, std::string>& names) const {
  if (ref.slot == Slot(0)) return ref.category;
  std::string& name = names[ref.slot.raw()];
  if (name.empty()) {
    const std::vector<AliasRow> rows = aliasRowsOf(*vault_, *store_, ref.slot);
    name = rows.empty() ? ref.category + ":[erased]" : rows.front().text;
  }
  return name;
}

std::vector<PersonEvent> Ledger::read(const PersonHandle& person,
                                      const SystemNumbers& systems) const {
  std::vector<PersonEvent> events;
  for (const LotHandle& lot : person.lots) {
    std::vector<PersonEvent> some = readLot(*vault_, *store_, systems, person.slot, lot);
    std::move(some.begin(), some.end(), std::back_inserter(events));
  }
  std::map<std::uint64_t, std::string> names;
  for (PersonEvent& event : events) {
    if (event.stored.recipient) event.recipientName = instanceName(*event.stored.recipient, names);
    if (event.stored.source) event.sourceName = instanceName(*event.stored.source, names);
    if (event.stored.via) event.viaName = instanceName(*event.stored.via, names);
    if (event.stored.actor) event.actorName = instanceName(*event.stored.actor, names);
  }
  return events;
}

PersonFacts Ledger::facts(const PersonHandle& person, const RegisterHistory& registers) const {
  PersonFacts facts;
  facts.slot = person.slot;
  for (const AliasRow& row : aliasRowsOf(*vault_, *store_, person.slot))
    facts.aliases.push_back(row.text);
  const Register& reg = registers.latest();
  for (const LotHandle& lot : person.lots) {
    LotView view;
    view.klass = lot.klass;
    view.period = lot.period;
    view.leaf = lot.leaf;
    view.events = lot.events;
    if (const RetentionClass* klass = reg.klass(lot.klass)) {
      view.ends = retentionEnd(*klass, reg, lot.period);
    }
    facts.lots.push_back(std::move(view));
  }
  const Vault::Reader keys = vault_->reader();
  const std::optional<Secret> key = keys.lotKey(person.slot, LeafNo(0));
  const Bytes rowKey = subjectRowKey(person.slot);
  const std::optional<Bytes> sealed = store_->row(Table::persons, rowKey);
  if (!key || !sealed) return facts;
  const Result<Bytes> plain = openRow(*key, sealedKey(rowKey), *sealed);
  if (!plain) throw Fault("a subject record does not open although its key lives");
  const Result<Subject> subject = decodeSubject(*plain);
  if (!subject) throw Fault("a subject record does not follow the format");
  facts.admittedAt = subject->createdAt;
  for (const Lot& lot : subject->lots) {
    if (lot.state == kLotOpen) continue;
    LotView view;
    view.klass = lot.klass;
    view.period = lot.period;
    view.leaf = lot.leaf;
    view.erased = true;
    facts.lots.push_back(std::move(view));
  }
  return facts;
}

std::vector<Ledger::Found> Ledger::findPersons(std::string_view text, std::size_t max) const {
  const std::string wanted = lower(text);
  std::vector<Found> out;
  const ByteArray<1> prefix{'A'};
  std::optional<Slot> last;
  store_->scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    ByteReader in(key.subspan(1));
    const Slot slot(in.u64());
    if (last == slot) return true;
    const std::optional<Secret> lotKey = vault_->lotKey(slot, LeafNo(in.u16()));
    if (!lotKey) return true;
    const Result<Bytes> plain = openRow(*lotKey, sealedKey(key), value);
    if (!plain) throw Fault("an alias row does not open although its key lives");
    const Result<AliasRow> row = decodeAliasRow(*plain);
    if (!row || lower(row->text).find(wanted) == std::string::npos) return true;
    last = slot;
    Found found;
    found.slot = slot;
    for (const AliasRow& alias : aliasRowsOf(*vault_, *store_, slot))
      found.aliases.push_back(alias.text);
    out.push_back(std::move(found));
    return out.size() < max;
  });
  return out;
}

// ---- erasing

struct Ledger::ErasurePlan {
  Slot slot;
  Slot caseSlot;
  bool whole = false;
  std::vector<std::string> classes;
  std::vector<LotHandle> lots;  // what dies, of the person's events
  std::vector<EraseTarget> targets;
  std::vector<AliasRow> aliases;
};

Result<Ledger::ErasurePlan> Ledger::plan(std::string_view person,
                                         const std::vector<std::string>& classes) {
  const Result<Slot> slot = sequencer_->resolve(person);
  if (!slot) return slot.refusal();
  ErasurePlan plan;
  plan.slot = *slot;
  const SubjectWhat what = sequencer_->people().whatOf(plan.slot);
  if (what != SubjectWhat::person && what != SubjectWhat::instance) {
    return Refusal{RefusalCode::invalidValue,
                   "only a person can be erased; a case ends by its retention"};
  }
  plan.whole = classes.empty();
  const std::set<std::string> named(classes.begin(), classes.end());
  if (named.size() > kFenceClassesMax) {
    return Refusal{RefusalCode::tooMany, "one erasure names at most 256 classes"};
  }
  plan.classes.assign(named.begin(), named.end());
  plan.aliases = aliasRowsOf(*vault_, *store_, plan.slot);
  for (const std::string& klass : classes) {
    if (sequencer_->registers().latest().klass(klass) == nullptr) {
      const std::vector<std::string> ids = sequencer_->registers().latest().classIds();
      return Refusal{RefusalCode::unknownClass, "the register has no class of that id",
                     nearestOf(klass, ids)};
    }
  }
  for (LotHandle& lot : sequencer_->people().lotsOf(plan.slot)) {
    if (!plan.whole && named.count(lot.klass) == 0) continue;
    if (!plan.whole) plan.targets.push_back({plan.slot, lot.leaf});
    plan.lots.push_back(std::move(lot));
  }
  if (plan.whole) plan.targets.push_back({plan.slot, std::nullopt});
  if (plan.targets.size() > kEraseTargetsPerRow) {
    return Refusal{RefusalCode::tooMany,
                   "these classes have more lots than one erasure takes: name fewer"};
  }
  if (plan.targets.empty()) {
    return Refusal{RefusalCode::nothingToErase,
                   "nothing is recorded of this person in these classes"};
  }
  return plan;
}

Result<Erasure> Ledger::planErasure(const Caller& caller, std::string_view person,
                                    const std::vector<std::string>& classes) {
  // A plan shows what is recorded of somebody: a reading like any other (P9).
  Draft draft = sequencer_->begin();
  const Result<PersonHandle> read =
      sequencer_->consult(draft, caller, person, ReadOperation::erasePlan, {});
  if (!draft.empty()) commitNow(draft);
  if (!read) return read.refusal();
  Result<ErasurePlan> planned = plan(person, classes);
  if (!planned) return planned.refusal();
  Erasure out;
  out.classes = planned->classes;
  out.lots = std::move(planned->lots);
  out.version = vault_->version();
  return out;
}

Seq Ledger::step(Draft& draft, const ErasurePlan& plan, const Erasure& erasure, ErasureStep which,
                 Ground ground, std::uint32_t principal) {
  ErasureBody body;
  body.erasure = erasure.id;
  body.step = which;
  body.ground = ground;
  body.version = which == ErasureStep::intent ? TreeVersion(0) : erasure.version;
  body.holdersDestroyed = which == ErasureStep::intent ? 0 : 1;
  body.weakestAssurance = static_cast<std::uint8_t>(vault_->assurance().level);
  body.parts = which == ErasureStep::intent ? 1 : 0;
  std::optional<StoredEvent> stored;
  if (which == ErasureStep::intent) {
    stored.emplace();
    stored->event.kind = Kind::erasure;
    stored->event.at = draft.recordedAt;
    stored->principal = principal;
    stored->operationText = plan.whole ? "person" : "classes";
    stored->details = plan.classes;
  }
  return sequencer_->caseEvent(draft, plan.caseSlot, Kind::erasure, encode(body),
                               std::move(stored));
}

Result<Erasure> Ledger::erase(const Caller& caller, std::string_view person, Ground ground,
                              const std::vector<std::string>& classes,
                              std::optional<ErasureId> id) {
  if (id) {
    if (std::optional<Erasure> before = earlier(*id)) {
      if (isErasureOf(*before, person, classes)) return std::move(*before);
      return Refusal{RefusalCode::idReused, "another erasure was carried out under this id"};
    }
  }
  if (vault_->assurance().level == Assurance::none && !options_.allowWeakErasure) {
    return Refusal{RefusalCode::weakErasure,
                   "keys/ lies on storage that cannot be overwritten in place, so an erasure would "
                   "not be one; "
                   "move it to ext4 or xfs, or start lacunad with --allow-weak-erasure"};
  }
  Result<ErasurePlan> planned = plan(person, classes);
  if (!planned) return planned.refusal();
  ErasurePlan& plan = *planned;
  Erasure erasure;
  erasure.classes = plan.classes;
  erasure.lots = plan.lots;
  if (id) {
    erasure.id = *id;
  } else {
    entropy_.fill(erasure.id.bytes);
  }
  // A crash before the intent is durable leaves nothing; after it, the start redoes what follows.
  Draft intent = sequencer_->begin();
  plan.caseSlot = sequencer_->openCase(intent);
  erasure.caseNumber = sequencer_->people().subject(plan.caseSlot).caseNumber;
  const Targets targets{erasure.id, ground, plan.targets};
  intent.sealedRows.push_back(
      {targetsRowKey(plan.caseSlot, 0), {plan.caseSlot, LeafNo(0)}, encodeTargets(targets)});
  Fence fence;
  fence.erasedAt = intent.recordedAt;
  const Register& reg = sequencer_->registers().latest();
  const std::string& zone = reg.controller().zone;
  fence.until = std::max(endOfDay(zone, plus(dateIn(zone, fence.erasedAt), reg.deadlines().fence)),
                         fence.erasedAt);
  for (const AliasRow& row : plan.aliases) {
    if (row.unique) fence.aliases.push_back(row.text);
  }
  fence.classes = plan.classes;
  intent.sealedRows.push_back(
      {fenceRowKey(plan.caseSlot, 0), {plan.caseSlot, LeafNo(0)}, encodeFence(fence)});
  erasure.intent = step(intent, plan, erasure, ErasureStep::intent, ground, caller.principal);
  commitNow(intent);
  const EraseResult destroyed = vault_->erase(plan.targets, erasure.id, 0);
  erasure.version = destroyed.version;
  finish(plan, erasure, ground, 1);
  sequencer_->setFence(fence, plan.whole ? std::nullopt : std::optional<Slot>(plan.slot));
  return erasure;
}

// The keys are dead: the outcome is recorded, the rows go, memory forgets.
void Ledger::finish(const ErasurePlan& plan, Erasure& erasure, Ground ground, std::uint32_t parts) {
  Draft outcome = sequencer_->begin();
  erasure.committedAt = erasure.completedAt = outcome.recordedAt;
  erasure.committed = step(outcome, plan, erasure, ErasureStep::committed, ground, 0);
  erasure.complete = step(outcome, plan, erasure, ErasureStep::complete, ground, 0);
  for (std::uint32_t part = 0; part < parts; ++part) {
    outcome.rows.push_back({Table::persons, targetsRowKey(plan.caseSlot, part), std::nullopt});
  }
  if (plan.whole) {
    sequencer_->people().forgetSlot(outcome, plan.slot, plan.aliases);
  } else {
    std::vector<LeafNo> leaves;
    for (const EraseTarget& target : plan.targets) leaves.push_back(*target.leaf);
    sequencer_->people().forgetLots(outcome, plan.slot, leaves);
  }
  commitNow(outcome);
}

void Ledger::resumeErasures() {
  struct Pending {
    Slot caseSlot;
    std::uint32_t part;
    Targets targets;
  };
  std::vector<Pending> pending;
  const ByteArray<1> prefix{'T'};
  store_->scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    ByteReader in(key.subspan(1));
    const Slot caseSlot(in.u64());
    const std::uint32_t part = in.u32();
    const std::optional<Secret> caseKey = vault_->lotKey(caseSlot, LeafNo(0));
    if (!caseKey) return true;
    const Result<Bytes> plain = openRow(*caseKey, sealedKey(key), value);
    if (!plain) throw Fault("the targets of an erasure do not open although their key lives");
    Result<Targets> targets = decodeTargets(*plain);
    if (!targets) throw Fault("the targets of an erasure do not follow the format");
    pending.push_back({caseSlot, part, std::move(*targets)});
    return true;
  });
  for (Pending& one : pending) {
    ErasurePlan plan;
    plan.caseSlot = one.caseSlot;
    plan.targets = one.targets.targets;
    LACUNA_ASSERT(!plan.targets.empty(), "an erasure without targets");
    plan.slot = plan.targets.front().slot;
    plan.whole = !plan.targets.front().leaf;
    Erasure erasure;
    erasure.id = one.targets.erasure;
    plan.aliases = aliasRowsOf(*vault_, *store_, plan.slot);  // while the keys may still live
    // Idempotent: if the anchor carries it, nothing is repeated; if not, dead absorbs.
    erasure.version = vault_->erase(plan.targets, erasure.id, one.part).version;
    finish(plan, erasure, one.targets.ground, one.part + 1);
  }
}

// Whether an erasure repeated under its id is of the same person and scope: its fence still says whose
// aliases it was, as long as its case lives.
bool Ledger::isErasureOf(const Erasure& before, std::string_view person,
                         const std::vector<std::string>& classes) {
  const std::set<std::string> now(classes.begin(), classes.end());
  if (std::vector<std::string>(now.begin(), now.end()) != before.classes) return false;
  const std::optional<Slot> caseSlot =
      sequencer_->people().findCase(std::to_string(before.caseNumber));
  if (!caseSlot) return false;
  const Bytes rowKey = fenceRowKey(*caseSlot, 0);
  const std::optional<Bytes> sealed = store_->row(Table::persons, rowKey);
  const std::optional<Secret> key = vault_->lotKey(*caseSlot, LeafNo(0));
  const Result<Alias> alias = aliasOf(person, sequencer_->registers().latest());
  if (!sealed || !key || !alias) return false;
  const Result<Bytes> plain = openRow(*key, sealedKey(rowKey), *sealed);
  if (!plain) throw Fault("a fence row does not open although its key lives");
  const Result<Fence> fence = decodeFence(*plain);
  if (!fence) throw Fault("a fence row does not follow the format");
  return std::find(fence->aliases.begin(), fence->aliases.end(), alias->text()) !=
         fence->aliases.end();
}

std::optional<Erasure> Ledger::earlier(const ErasureId& id) {
  std::optional<Erasure> out;
  sequencer_->people().each(SubjectWhat::caseFile, [&](Slot slot) {
    if (out) return;
    Erasure found;
    for (const LotHandle& lot : sequencer_->people().lotsOf(slot)) {
      for (const PersonEvent& event : readLot(*vault_, *store_, sequencer_->systems(), slot, lot)) {
        if (event.kind != Kind::erasure || event.body.empty()) continue;
        const Result<ErasureBody> body = decodeErasure(event.body);
        if (!body || body->erasure != id) continue;
        found.id = id;
        found.repeated = true;
        found.caseNumber = sequencer_->people().subject(slot).caseNumber;
        found.version = body->version;
        if (body->step == ErasureStep::intent) {
          found.intent = event.seq;
          found.classes = event.stored.details;
        }
        if (body->step == ErasureStep::committed) {
          found.committed = event.seq;
          found.committedAt = event.recordedAt;
        }
        if (body->step == ErasureStep::complete) {
          found.complete = event.seq;
          found.completedAt = event.recordedAt;
        }
      }
    }
    if (found.repeated) out = std::move(found);
  });
  return out;
}

}  // namespace lacuna
