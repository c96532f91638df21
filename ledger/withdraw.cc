#include "ledger/withdraw.h"

#include "ledger/base/limits.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {
namespace {

Refusal notFound() {
  return {RefusalCode::notFound, "no sealed event of a living person stands at this seq"};
}

// Everything that the successor has to know, in order of seq; the withdrawn event without its key. Nothing: it
// was withdrawn before.
std::optional<std::vector<CarryEntry>> entriesOf(Ledger& ledger, Slot slot, const LotHandle& lot,
                                                 Seq withdrawn) {
  const std::optional<Secret> key = ledger.vault().lotKey(slot, lot.leaf);
  LACUNA_ASSERT(key.has_value(), "an open lot whose key is dead");
  std::vector<CarryEntry> out;
  if (lot.carries) out = carriedBy(ledger.store(), *key, slot, lot.leaf);
  for (CarryEntry& entry : out) {
    if (entry.seq != withdrawn) continue;
    if (!entry.key) return std::nullopt;
    entry.key.reset();
  }
  std::vector<Seq> seqs;
  std::vector<Tag> tags;
  for (std::uint64_t i = 0; i < lot.events; ++i) tags.push_back(tagOf(*key, Ordinal(i)));
  for (const std::optional<Seq>& seq : ledger.store().findTags(tags)) {
    if (!seq) throw Fault("an event of a lot is missing from the log");
    seqs.push_back(*seq);
  }
  const std::vector<Store::Pair> pairs = ledger.store().pairs(seqs);
  for (std::size_t i = 0; i < seqs.size(); ++i) {
    CarryEntry entry{Ordinal(i), seqs[i], tags[i], std::nullopt};
    const bool sealed = (pairs[i].record.at(2) & kHasEnvelope) != 0;
    if (sealed && seqs[i] != withdrawn) entry.key = eventKeyOf(*key, pairs[i]);
    out.push_back(std::move(entry));
  }
  return out;
}

// Every key holder has the rows before the old lot dies.
void giveToHolders(Vault& vault, const Store& store, const std::vector<Bytes>& keys) {
  for (const Bytes& key : keys) {
    const std::optional<Bytes> sealed = store.row(Table::persons, key);
    if (!sealed) throw Fault("a carry row is missing from the log");
    vault.putCarry(key, *sealed);
  }
}

// Records the reading, and says in which lot the event stands.
Result<EventPlace> consulted(Ledger& ledger, const Caller& caller, const WithdrawOrder& order) {
  Sequencer& sequencer = ledger.sequencer();
  Draft draft = sequencer.begin();
  std::optional<Result<PersonHandle>> person;
  if (order.person.empty()) {
    std::vector<Slot> named;
    if (order.place) named.push_back(order.place->slot);
    sequencer.consultScan(draft, caller, ReadOperation::erasePlan, order.reason, named);
  } else {
    person = sequencer.consult(draft, caller, order.person, ReadOperation::erasePlan, order.reason);
  }
  if (!draft.empty()) ledger.commitNow(draft);
  if (person && !*person) return person->refusal();
  PersonHandle whose;
  if (person) {
    whose = std::move(**person);
  } else {
    if (!order.place || !sequencer.people().exists(order.place->slot)) return notFound();
    whose = sequencer.people().handleOf(order.place->slot);
  }
  const std::optional<EventPlace> place =
      placeIn(ledger.vault().reader(), ledger.store(), whose, order.seq);
  if (!place) return notFound();
  return *place;
}

Outcome mayWithdraw(Ledger& ledger, const EventPlace& place, const LotHandle& lot) {
  People& people = ledger.sequencer().people();
  const SubjectWhat what = people.whatOf(place.slot);
  const bool own = what != SubjectWhat::person && what != SubjectWhat::instance;
  if (own || lot.klass == kAccessClass) {
    return Refusal{RefusalCode::invalidValue,
                   "only what was reported about a person can be withdrawn; who looked stays"};
  }
  if (lot.events > kCarryEventsMax) {
    return Refusal{RefusalCode::tooMany, "the lot of this event has more events than can be moved"};
  }
  if (people.subject(place.slot).nextLeaf + kLeavesKeptBack >= kLeavesPerSlot) {
    return Refusal{RefusalCode::tooMany, "this person has as many lots as the ledger keeps"};
  }
  return ledger.erasures().mayReplace(place.slot, lot);
}

}  // namespace

std::vector<Bytes> planCarryRows(Draft& draft, const EventPlace& successor, const LotHandle& from,
                                 std::vector<CarryEntry> entries) {
  std::vector<Bytes> keys;
  const std::size_t parts = (entries.size() + kCarryEntriesMax - 1) / kCarryEntriesMax;
  for (std::size_t part = 0; part < parts; ++part) {
    CarryRow row;
    row.part = static_cast<std::uint32_t>(part);
    row.parts = static_cast<std::uint32_t>(parts);
    row.from = from.leaf;
    row.period = from.period;
    row.createdAt = draft.recordedAt;
    row.klass = from.klass;
    const auto first = entries.begin() + static_cast<std::ptrdiff_t>(part * kCarryEntriesMax);
    const auto left = static_cast<std::size_t>(entries.end() - first);
    row.entries.assign(std::make_move_iterator(first),
                       std::make_move_iterator(
                           first + static_cast<std::ptrdiff_t>(std::min(left, kCarryEntriesMax))));
    keys.push_back(carryRowKey(successor.slot, successor.leaf, row.part));
    draft.sealedRows.push_back({keys.back(), {successor.slot, successor.leaf}, encodeCarry(row)});
  }
  return keys;
}

Result<Withdrawal> withdraw(Ledger& ledger, const Caller& caller, const WithdrawOrder& order) {
  const Result<EventPlace> place = consulted(ledger, caller, order);
  if (!place) return place.refusal();
  People& people = ledger.sequencer().people();
  const std::vector<LotHandle> lots = people.lotsOf(place->slot);
  const auto lot = std::find_if(lots.begin(), lots.end(),
                                [&](const LotHandle& each) { return each.leaf == place->leaf; });
  if (lot == lots.end()) return notFound();
  if (Outcome may = mayWithdraw(ledger, *place, *lot); !may) return may.refusal();
  std::optional<std::vector<CarryEntry>> entries = entriesOf(ledger, place->slot, *lot, order.seq);
  if (!entries) {
    return Refusal{RefusalCode::nothingToErase, "this event was withdrawn before"};
  }
  Withdrawal out{order.seq, lot->klass, lot->period, {}};
  std::vector<Bytes> rows;
  out.erasure = ledger.erasures().replace(
      caller, place->slot, *lot, order.ground,
      [&](Draft& draft) {
        const EventPlace successor{place->slot, people.succeed(draft, place->slot, place->leaf)};
        rows = planCarryRows(draft, successor, *lot, std::move(*entries));
      },
      [&] { giveToHolders(ledger.vault(), ledger.store(), rows); });
  return out;
}

void giveCarriesToHolders(Vault& vault, const Store& store) {
  std::vector<Bytes> missing;
  const ByteArray<1> prefix{'R'};
  store.scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    const std::optional<Bytes> held = vault.carry(key);
    if (!held || !sameBytes(*held, value)) missing.emplace_back(key.begin(), key.end());
    return true;
  });
  giveToHolders(vault, store, missing);
}

}  // namespace lacuna
