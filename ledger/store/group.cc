// A group as a value (FORMAT.md 5.6), and the keys of its rows.
#include "ledger/base/limits.h"
#include "ledger/store/blocks.h"
#include "ledger/store/store.h"

namespace lacuna {
namespace {

constexpr std::uint8_t kGroupVersion = 1;  // on disk: never renumber

Refusal broken(const char* what) { return {RefusalCode::tampered, what}; }

bool knownTable(std::uint8_t letter) {
  switch (static_cast<Table>(letter)) {
    case Table::persons:
    case Table::documents:
    case Table::checkpoints:
    case Table::meta:
      return true;
  }
  return false;
}

// Records and envelopes; each record must decode and stand where it says.
std::optional<Refusal> readRecords(ByteReader& in, Group& group) {
  const std::uint32_t count = in.u32();
  if (count > kGroupEventsMax) return broken("a group with more events than a group may have");
  for (std::uint32_t i = 0; i < count; ++i) {
    const ByteView bytes = in.bytes32();
    const auto record = decodeRecord(bytes);
    if (!record) return record.refusal();
    if (record->seq != Seq(group.first.raw() + i))
      return broken("a group with a record out of place");
    group.records.emplace_back(bytes.begin(), bytes.end());
    const std::uint8_t present = in.u8();
    const bool sealed = (record->flags & kHasEnvelope) != 0;
    if (present > 1 || (present == 1 && !sealed)) return broken("a group with a stray envelope");
    std::optional<Bytes>& envelope = group.envelopes.emplace_back();
    if (present == 0) continue;
    const ByteView stored = in.bytes32();
    if (stored.empty() || stored.size() > kEnvelopeBytesMax) {
      return broken("a group with an envelope outside its bounds");
    }
    envelope.emplace(stored.begin(), stored.end());
  }
  return std::nullopt;
}

std::optional<Refusal> readIds(ByteReader& in, Group& group) {
  const std::uint32_t count = in.u32();
  if (count > group.records.size()) return broken("a group with more ids than events");
  for (std::uint32_t i = 0; i < count; ++i) {
    GroupId id;
    id.index = in.u16();
    id.entry = in.digest<IdEntry>();
    id.content = in.digest<ContentDigest>();
    if (id.index >= group.records.size() || (i > 0 && id.index <= group.ids.back().index)) {
      return broken("a group with an id out of order");
    }
    group.ids.push_back(id);
  }
  return std::nullopt;
}

std::optional<Refusal> readRows(ByteReader& in, Group& group) {
  const std::uint32_t count = in.u32();
  if (count > kGroupRowsMax) return broken("a group with more rows than a group may have");
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint8_t table = in.u8();
    const ByteView key = in.bytes16();
    const std::uint8_t present = in.u8();
    if (!in.ok() || !knownTable(table) || key.empty() || key.size() > kRowKeyBytesMax ||
        present > 1) {
      return broken("a group with a row that does not follow the format");
    }
    RowChange& row = group.rows.emplace_back();
    row.table = static_cast<Table>(table);
    row.key.assign(key.begin(), key.end());
    if (present == 0) continue;
    const ByteView value = in.bytes32();
    if (value.size() > kRowBytesMax) return broken("a group with a row over its limit");
    row.value.emplace(value.begin(), value.end());
  }
  return std::nullopt;
}

Bytes numbersKey(char letter, std::uint64_t number, std::uint32_t part) {
  return ByteWriter().u8(static_cast<std::uint8_t>(letter)).u64(number).u32(part).take();
}

}  // namespace

Bytes encodeGroup(const Group& group) {
  LACUNA_ASSERT(group.records.size() == group.envelopes.size(), "one envelope entry per record");
  ByteWriter out;
  out.u8(kGroupVersion).u64(group.first.raw());
  out.u32(static_cast<std::uint32_t>(group.records.size()));
  for (std::size_t i = 0; i < group.records.size(); ++i) {
    out.bytes32(group.records[i]).u8(group.envelopes[i] ? 1 : 0);
    if (group.envelopes[i]) out.bytes32(*group.envelopes[i]);
  }
  out.u32(static_cast<std::uint32_t>(group.ids.size()));
  for (const GroupId& id : group.ids) {
    out.u16(id.index).raw(id.entry.view()).raw(id.content.view());
  }
  out.u32(static_cast<std::uint32_t>(group.rows.size()));
  for (const RowChange& row : group.rows) {
    out.u8(static_cast<std::uint8_t>(row.table)).bytes16(row.key).u8(row.value ? 1 : 0);
    if (row.value) out.bytes32(*row.value);
  }
  return out.take();
}

Result<Group> decodeGroup(ByteView bytes) {
  if (bytes.size() > kGroupEncodedBytesMax) return broken("a group over its limit");
  ByteReader in(bytes);
  if (in.u8() != kGroupVersion) {
    return Refusal{RefusalCode::unknownVersion, "a group of a version this program does not know"};
  }
  Group group;
  group.first = Seq(in.u64());
  if (group.first.raw() > UINT64_MAX - kGroupEventsMax)
    return broken("a group beyond the last seq");
  if (const auto refusal = readRecords(in, group)) return *refusal;
  if (const auto refusal = readIds(in, group)) return *refusal;
  if (const auto refusal = readRows(in, group)) return *refusal;
  if (!in.done()) return broken("a group that is cut short or goes on after its end");
  return group;
}

Bytes subjectRowKey(Slot slot) { return ByteWriter().u8('S').u64(slot.raw()).take(); }
Bytes aliasRowKey(Slot slot, LeafNo leaf) {
  return ByteWriter().u8('A').u64(slot.raw()).u16(leaf.raw()).take();
}
Bytes targetsRowKey(Slot caseSlot, std::uint32_t part) {
  return numbersKey('T', caseSlot.raw(), part);
}
Bytes fenceRowKey(Slot caseSlot, std::uint32_t part) {
  return numbersKey('F', caseSlot.raw(), part);
}

}  // namespace lacuna
