// What an older log does not know of withdrawals (DESIGN 7): the keys have the carry rows, so nobody loses an
// event by a restore.
#include "ledger/record/envelope.h"
#include "ledger/store/blocks.h"
#include "ledger/withdraw.h"

#include <algorithm>

namespace lacuna {
namespace {

struct RowPlace {
  Slot slot;
  LeafNo leaf;
};

std::optional<RowPlace> placeOf(ByteView key) {
  ByteReader in(key);
  const std::uint8_t letter = in.u8();
  RowPlace out{Slot(in.u64()), LeafNo(in.u16())};
  in.u32();
  if (!in.done() || letter != 'R' || out.leaf.raw() >= kLeavesPerSlot) return std::nullopt;
  return out;
}

std::optional<Secret> livingKey(const Vault& vault, const RowPlace& place) {
  if (place.slot.raw() >= vault.slotHighWater()) return std::nullopt;
  return vault.lotKey(place.slot, place.leaf);
}

bool stands(const Store& store, const CarryEntry& entry) {
  if (entry.seq.raw() >= store.size().raw()) return false;
  const std::optional<Bytes> record = store.record(entry.seq);
  return record && tagOfRecord(*record) == entry.tag;
}

}  // namespace

std::vector<LostCarry> lostCarries(const Vault& vault, const Store& store) {
  std::map<std::pair<Slot, LeafNo>, std::vector<CarryRow>> found;
  vault.eachCarry([&](ByteView key, ByteView value) {
    const std::optional<RowPlace> place = placeOf(key);
    if (!place || store.row(Table::persons, key)) return true;
    const std::optional<Secret> lotKey = livingKey(vault, *place);
    if (!lotKey) return true;
    Result<Bytes> plain = openRow(*lotKey, sealedKey(key), value);
    if (!plain) throw Fault("a carry row of the keys does not open although its key lives");
    Result<CarryRow> row = decodeCarry(*plain);
    wipe(*plain);
    if (!row) throw Fault("a carry row of the keys does not follow the format");
    found[{place->slot, place->leaf}].push_back(std::move(*row));
    return true;
  });
  std::vector<LostCarry> out;
  for (auto& [place, rows] : found) {
    // Rows of a withdrawal that never came to its end: the lot before lives and has everything.
    if (rows.size() != rows.front().parts || vault.lotKey(place.first, rows.front().from)) continue;
    LostCarry lost{place.first,
                   place.second,
                   rows.front().from,
                   rows.front().klass,
                   rows.front().period,
                   rows.front().createdAt,
                   {}};
    for (CarryRow& row : rows) {  // in the order of their keys: of the parts
      for (CarryEntry& entry : row.entries) {
        if (stands(store, entry)) lost.entries.push_back(std::move(entry));
      }
    }
    if (!lost.entries.empty()) out.push_back(std::move(lost));
  }
  return out;
}

void adopt(Draft& draft, People& people, std::vector<LostCarry> lost) {
  for (LostCarry& one : lost) {
    if (!people.exists(one.slot)) continue;  // admitted in the tail that was lost
    people.adoptEnded(draft, one.slot,
                      {one.leaf, kLotEndedCarries, one.period, one.createdAt, one.klass});
    LotHandle from;
    from.leaf = one.from;
    from.klass = one.klass;
    from.period = one.period;
    planCarryRows(draft, {one.slot, one.leaf}, from, std::move(one.entries));
  }
}

void forgetDeadCarries(Vault& vault) {
  std::vector<Bytes> dead;
  vault.eachCarry([&](ByteView key, ByteView) {
    const std::optional<RowPlace> place = placeOf(key);
    if (place && !livingKey(vault, *place)) dead.emplace_back(key.begin(), key.end());
    return true;
  });
  for (const Bytes& key : dead) vault.removeCarry(key);
}

}  // namespace lacuna
