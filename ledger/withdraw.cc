#include "ledger/withdraw.h"

#include "ledger/base/limits.h"
#include "ledger/record/envelope.h"
#include "ledger/store/blocks.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kSlotsPerEpoch = 512;  // an epoch of the vault is short

Refusal notFound() {
  return {RefusalCode::notFound, "no sealed event of a living person stands at this seq"};
}

// Whether `tag` is one of the lot's: its events ascend, so a few lookups tell.
bool holdsTag(const Store& store, const Secret& key, const Tag& tag, Seq seq) {
  const auto seqOf = [&](std::uint64_t ordinal) {
    return store.findTag(tagOf(key, Ordinal(ordinal)));
  };
  std::optional<Seq> at = seqOf(0);
  if (!at || *at > seq) return false;
  std::uint64_t low = 0;  // its seq is not above ours
  std::uint64_t high = 1;
  while ((at = seqOf(high)) && *at <= seq) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    at = seqOf(middle);
    (at && *at <= seq ? low : high) = middle;
  }
  return tagOf(key, Ordinal(low)) == tag;
}

bool carriesSeq(const Store& store, const Secret& key, Slot slot, LeafNo leaf, Seq seq) {
  const std::vector<CarryEntry> entries = carriedBy(store, key, slot, leaf);
  return std::any_of(entries.begin(), entries.end(),
                     [&](const CarryEntry& e) { return e.seq == seq; });
}

std::optional<Tag> tagAt(const Store& store, Seq seq) {
  const std::optional<Bytes> bytes = store.record(seq);
  if (!bytes) return std::nullopt;
  const Result<Record> record = decodeRecord(*bytes);
  if (!record || (record->flags & kHasEnvelope) == 0) return std::nullopt;
  return record->tag;
}

// `e` of an event, tried on the envelope: what is carried on is known to open.
Secret keyOf(const Secret& lotKey, const Store::Pair& pair) {
  const Result<Record> record = decodeRecord(pair.record);
  if (!record || !pair.envelope || pair.envelope->size() < kEnvelopeOverhead) {
    throw Fault("an event of a lot is missing from the log");
  }
  Nonce nonce;
  std::copy_n(pair.envelope->begin() + 1, nonce.size(), nonce.begin());
  const Bytes head = encodeHead(*record);
  Secret key = eventKey(lotKey, nonce, head);
  Result<Bytes> plain = openEventWithKey(key, head, *pair.envelope);
  if (!plain) throw Fault("an envelope does not open although its key lives");
  wipe(*plain);
  return key;
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
    if (sealed && seqs[i] != withdrawn) entry.key = keyOf(*key, pairs[i]);
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

Result<EventPlace> placeIn(Ledger& ledger, const PersonHandle& person, Seq seq, const Tag& tag) {
  for (const LotHandle& lot : person.lots) {
    const std::optional<Secret> key = ledger.vault().lotKey(person.slot, lot.leaf);
    if (!key) continue;
    if (holdsTag(ledger.store(), *key, tag, seq) ||
        (lot.carries && carriesSeq(ledger.store(), *key, person.slot, lot.leaf, seq))) {
      return EventPlace{person.slot, lot.leaf};
    }
  }
  return notFound();
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
  const std::optional<Tag> tag = tagAt(ledger.store(), order.seq);
  if (!tag) return notFound();
  if (person) return placeIn(ledger, **person, order.seq, *tag);
  if (!order.place || !sequencer.people().exists(order.place->slot)) return notFound();
  return placeIn(ledger, sequencer.people().handleOf(order.place->slot), order.seq, *tag);
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

std::optional<EventPlace> findEvent(const Vault& vault, const Store& store, Seq seq,
                                    const FindHooks& hooks) {
  const std::optional<Tag> tag = tagAt(store, seq);
  if (!tag) return std::nullopt;
  std::optional<EventPlace> out;
  std::optional<Vault::Reader> keys;
  std::uint64_t seen = 0;
  const ByteArray<1> prefix{'S'};
  store.scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    if (seen++ % kSlotsPerEpoch == 0) {
      keys.reset();
      if (hooks.goOn && !hooks.goOn()) return false;
      if (hooks.onProgress) hooks.onProgress(seen, vault.slotHighWater());
      keys.emplace(vault.reader());
    }
    ByteReader in(key.subspan(1));
    const Slot slot(in.u64());
    const std::optional<Secret> identity = keys->lotKey(slot, LeafNo(0));
    if (!identity) return true;
    const Result<Bytes> plain = openRow(*identity, sealedKey(key), value);
    if (!plain) throw Fault("a subject record does not open although its key lives");
    const Result<Subject> who = decodeSubject(*plain);
    if (!who) throw Fault("a subject record does not follow the format");
    for (const Lot& lot : who->lots) {
      const std::optional<Secret> lotKey = keys->lotKey(slot, lot.leaf);
      if (!lotKey) continue;
      if (holdsTag(store, *lotKey, *tag, seq) ||
          (carriesRows(lot.state) && carriesSeq(store, *lotKey, slot, lot.leaf, seq))) {
        out = EventPlace{slot, lot.leaf};
        return false;
      }
    }
    return true;
  });
  return out;
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
