#include "ledger/event_place.h"

#include "ledger/record/envelope.h"
#include "ledger/store/blocks.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kSlotsPerEpoch = 512;  // an epoch of the vault is short

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

}  // namespace

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

std::optional<EventPlace> placeIn(const Vault::Reader& keys, const Store& store,
                                  const PersonHandle& person, Seq seq) {
  const std::optional<Tag> tag = tagAt(store, seq);
  if (!tag) return std::nullopt;
  for (const LotHandle& lot : person.lots) {
    const std::optional<Secret> key = keys.lotKey(person.slot, lot.leaf);
    if (!key) continue;
    if (holdsTag(store, *key, *tag, seq) ||
        (lot.carries && carriesSeq(store, *key, person.slot, lot.leaf, seq))) {
      return EventPlace{person.slot, lot.leaf};
    }
  }
  return std::nullopt;
}

Secret eventKeyOf(const Secret& lotKey, const Store::Pair& pair) {
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

Result<Secret> eventKeyOf(const Vault::Reader& keys, const Store& store, const PersonHandle& person,
                          Seq seq) {
  const std::optional<EventPlace> place = placeIn(keys, store, person, seq);
  if (!place) {
    return Refusal{RefusalCode::notFound, "no sealed event of that person stands at this seq"};
  }
  const std::optional<Secret> lotKey = keys.lotKey(place->slot, place->leaf);
  LACUNA_ASSERT(lotKey.has_value(), "a key that died while an epoch holds it");
  const Store::Pair pair = store.pairs({&seq, 1}).front();
  const Result<Record> record = decodeRecord(pair.record);
  if (record && holdsTag(store, *lotKey, record->tag, seq)) return eventKeyOf(*lotKey, pair);
  for (CarryEntry& entry : carriedBy(store, *lotKey, place->slot, place->leaf)) {
    if (entry.seq != seq) continue;
    if (entry.key) return std::move(*entry.key);
    return Refusal{RefusalCode::erased, "this event was withdrawn: nobody can open it any more"};
  }
  throw Fault("an event that was found is gone");
}

}  // namespace lacuna
