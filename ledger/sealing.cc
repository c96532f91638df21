#include "ledger/sealing.h"

#include "ledger/crypto/digest.h"
#include "ledger/people.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {
namespace {

// Events whose keys are derived and envelopes sealed together: their keys lie on the stack meanwhile.
constexpr std::size_t kTogether = 64;

void putTags(std::span<PlannedRecord> records, std::span<const Nonce> nonces,
             const Vault::Reader& keys, std::span<std::optional<Secret>> lotKeys) {
  std::array<LotPlace, kTogether> lots;
  std::array<std::optional<Secret>, kTogether> found;
  std::array<TagPlace, kTogether> places;
  std::array<Tag, kTogether> tags;
  std::array<std::size_t, kTogether> whose;
  std::size_t count = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Record& record = records[i].record;
    if (!records[i].lot) {  // of nobody: random, and never used as a nonce
      std::memcpy(record.tag.bytes.data(), nonces[i].data(), Tag::kSize);
      continue;
    }
    lots[count] = *records[i].lot;
    whose[count++] = i;
  }
  keys.lotKeys(std::span(lots).first(count), std::span(found).first(count));
  for (std::size_t i = 0; i < count; ++i) {
    LACUNA_ASSERT(found[i].has_value(), "a lot that died while an event of it was on its way");
    places[i] = {&*found[i], records[whose[i]].ordinal};
  }
  tagsOf(std::span(places).first(count), std::span(tags).first(count));
  for (std::size_t i = 0; i < count; ++i) {
    records[whose[i]].record.tag = tags[i];
    lotKeys[whose[i]] = std::move(found[i]);
  }
}

void sealSome(std::span<PlannedRecord> records, std::span<const Nonce> nonces,
              const Vault::Reader& keys, Group& group) {
  std::array<std::optional<Secret>, kTogether> lotKeys;
  std::array<Bytes, kTogether> heads, envelopes;
  std::array<EventToSeal, kTogether> events;
  putTags(records, nonces, keys, lotKeys);
  std::size_t count = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    group.tags.push_back(records[i].record.tag);
    if (!records[i].plain) continue;
    LACUNA_ASSERT(lotKeys[i].has_value(), "an envelope of nobody");
    heads[count] = encodeHead(records[i].record);
    events[count] = {&*lotKeys[i], &nonces[i], heads[count], *records[i].plain};
    ++count;
  }
  sealEvents(std::span(events).first(count), std::span(envelopes).first(count));
  std::size_t next = 0;
  for (PlannedRecord& planned : records) {
    if (!planned.plain) {
      group.envelopes.emplace_back();
      continue;
    }
    wipe(*planned.plain);
    planned.record.commitment.bytes = sha256(envelopes[next]);
    group.envelopes.emplace_back(std::move(envelopes[next++]));
  }
}

}  // namespace

void sealDraft(Draft& draft, const Vault::Reader& keys, Entropy& entropy) {
  Group& group = draft.group;
  group.first = draft.first;
  const std::span<PlannedRecord> records(draft.records);
  std::vector<Nonce> nonces(records.size() + draft.sealedRows.size());
  entropy.fill({reinterpret_cast<std::uint8_t*>(nonces.data()), nonces.size() * kNonceBytes});
  group.envelopes.reserve(records.size());
  group.tags.reserve(records.size());
  for (std::size_t from = 0; from < records.size(); from += kTogether) {
    const std::size_t count = std::min(kTogether, records.size() - from);
    sealSome(records.subspan(from, count), std::span(nonces).subspan(from, count), keys, group);
  }
  std::size_t nonce = records.size();
  for (PlannedRow& row : draft.sealedRows) {
    const std::optional<Secret> key = keys.lotKey(row.lot.slot, row.lot.leaf);
    LACUNA_ASSERT(key.has_value(), "a row of a lot that is dead");
    group.rows.push_back(
        {Table::persons, row.key, sealRow(*key, nonces[nonce++], sealedKey(row.key), row.plain)});
    wipe(row.plain);
  }
  for (RowChange& row : draft.rows) group.rows.push_back(std::move(row));
  // By key: RocksDB numbers rows as they come, and the order of the events would tell whose each is.  // P6
  std::stable_sort(group.rows.begin(), group.rows.end(),
                   [](const RowChange& a, const RowChange& b) { return a.key < b.key; });
  group.ids = std::move(draft.ids);
}

}  // namespace lacuna
