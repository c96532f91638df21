// Persons: what was allowed to be read is opened; what is to be forgotten dies.
#include "ledger/base/limits.h"
#include "ledger/ledger.h"
#include "ledger/record/envelope.h"

#include <algorithm>
#include <cctype>

namespace lacuna {
namespace {

constexpr std::uint64_t kRowsPerEpoch = 2048;  // of alias rows looked through

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

std::string Ledger::nameOfRecipient(const InstanceRef& recipient) const {
  std::map<std::uint64_t, std::string> names;
  return instanceName(recipient, names);
}

std::vector<PersonEvent> Ledger::read(const PersonHandle& person,
                                      const SystemNumbers& systems) const {
  std::vector<PersonEvent> events;
  for (const LotHandle& lot : person.lots) {
    std::vector<PersonEvent> some = readLot(*vault_, *store_, systems, person.slot, lot);
    if (events.empty()) {
      events = std::move(some);
    } else {
      std::move(some.begin(), some.end(), std::back_inserter(events));
    }
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

bool Ledger::stands(const PersonHandle& person) const {
  const Vault::Reader keys = vault_->reader();
  return std::all_of(person.lots.begin(), person.lots.end(), [&](const LotHandle& lot) {
    return keys.lotKey(person.slot, lot.leaf).has_value();
  });
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
  const Bytes holds = ByteWriter().u8('H').u64(person.slot.raw()).take();
  store_->scan(Table::persons, holds, [&](ByteView holdKey, ByteView value) {
    const Result<Bytes> opened = openRow(*key, sealedKey(holdKey), value);
    if (!opened) throw Fault("a hold does not open although its key lives");
    const Result<Hold> hold = decodeHold(*opened);
    if (!hold) throw Fault("a hold does not follow the format");
    facts.holds.push_back(
        {hold->number, hold->classes, hold->ground, hold->placedAt, hold->review});
    return true;
  });
  for (const Lot& lot : subject->lots) {
    if (lot.state != kLotErased) continue;
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
  std::optional<Vault::Reader> keys;  // an erasure waits for it, so it is short
  std::uint64_t rows = 0;
  store_->scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    if (rows++ % kRowsPerEpoch == 0) {
      keys.reset();
      keys.emplace(vault_->reader());
    }
    ByteReader in(key.subspan(1));
    const Slot slot(in.u64());
    if (last == slot) return true;
    const std::optional<Secret> lotKey = keys->lotKey(slot, LeafNo(in.u16()));
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

Result<Erasure> Ledger::planErasure(const Caller& caller, const EraseOrder& order) {
  // A plan shows what is recorded of somebody: a reading like any other (P9).
  Draft draft = sequencer_->begin();
  std::optional<Refusal> refusal;
  for (const std::string& person : order.persons) {
    const Result<PersonHandle> read =
        sequencer_->consult(draft, caller, person, ReadOperation::erasePlan, {});
    if (!read) refusal = read.refusal();
  }
  if (!draft.empty()) commitNow(draft);
  if (order.persons.size() == 1 && refusal) return *refusal;
  return erasures_->plan(order);
}

Result<Erasure> Ledger::planErasure(const Caller& caller, std::string_view person,
                                    const std::vector<std::string>& classes) {
  return planErasure(caller, EraseOrder{{std::string(person)}, {}, classes, {}});
}

Result<Erasure> Ledger::erase(const Caller& caller, std::string_view person, Ground ground,
                              const std::vector<std::string>& classes,
                              std::optional<ErasureId> id) {
  return erasures_->order(caller, {{std::string(person)}, ground, classes, id});
}

}  // namespace lacuna
