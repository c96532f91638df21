#include "ledger/carry.h"

#include "ledger/base/bytes.h"
#include "ledger/people.h"
#include "ledger/record/envelope.h"

namespace lacuna {
namespace {

constexpr std::uint8_t kRowVersion = 1;                // on disk: never renumber
constexpr std::uint64_t kMillisMax = 253402300799999;  // the last that RFC 3339 can write
constexpr std::uint32_t kPartsMax = 1U << 24;

bool holds(const CarryRow& row) {
  if (row.part >= row.parts || row.parts > kPartsMax) return false;
  if (row.from.raw() == 0 || row.from.raw() >= kLeavesPerSlot) return false;
  if (row.klass.empty() || row.klass.size() > kNameBytesMax) return false;
  if (row.createdAt < Instant{}) return false;
  if (row.entries.empty() || row.entries.size() > kCarryEntriesMax) return false;
  for (std::size_t i = 1; i < row.entries.size(); ++i) {
    if (row.entries[i].seq <= row.entries[i - 1].seq) return false;
  }
  return true;
}

[[noreturn]] void faultCarry() {
  throw Fault("a carry row is missing or does not open although its key lives: the log is damaged");
}

}  // namespace

Bytes encodeCarry(const CarryRow& row) {
  LACUNA_ASSERT(holds(row), "a carry row within its bounds");
  ByteWriter out(40 + row.klass.size() + row.entries.size() * 65);  // never grown: it holds secrets
  out.u8(kRowVersion).u32(row.part).u32(row.parts).u16(row.from.raw());
  out.u32(static_cast<std::uint32_t>(row.period)).u64(millisOf(row.createdAt));
  out.bytes16(bytesOf(row.klass)).u16(static_cast<std::uint16_t>(row.entries.size()));
  for (const CarryEntry& entry : row.entries) {
    out.u64(entry.ordinal.raw()).u64(entry.seq.raw()).raw(entry.tag.view());
    out.u8(entry.key ? 1 : 0);
    if (entry.key) out.raw(entry.key->view());
  }
  return out.take();
}

Result<CarryRow> decodeCarry(ByteView bytes) {
  const Refusal tampered{RefusalCode::tampered, "a carry row that this ledger did not write"};
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) {
    return Refusal{RefusalCode::unknownVersion, "a carry row of an unknown version"};
  }
  CarryRow row;
  row.part = in.u32();
  row.parts = in.u32();
  row.from = LeafNo(in.u16());
  row.period = static_cast<std::int32_t>(in.u32());
  const std::uint64_t createdAt = in.u64();
  row.klass = std::string(textOf(in.bytes16()));
  const std::size_t count = in.u16();
  if (!in.ok() || createdAt > kMillisMax || count > kCarryEntriesMax) return tampered;
  row.createdAt = instantOf(createdAt);
  row.entries.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    CarryEntry& entry = row.entries.emplace_back();
    entry.ordinal = Ordinal(in.u64());
    entry.seq = Seq(in.u64());
    entry.tag = in.digest<Tag>();
    const std::uint8_t present = in.u8();
    if (present > 1) return tampered;
    if (present == 0) continue;
    const ByteView key = in.raw(Secret::kSize);
    if (in.ok()) entry.key.emplace(key);
  }
  if (!in.done() || !holds(row)) return tampered;
  return row;
}

Bytes carryRowKey(Slot slot, LeafNo leaf, std::uint32_t part) {
  return ByteWriter().u8('R').u64(slot.raw()).u16(leaf.raw()).u32(part).take();
}

std::vector<CarryEntry> carriedBy(const Store& store, const Secret& lotKey, Slot slot,
                                  LeafNo leaf) {
  std::vector<CarryEntry> out;
  std::uint32_t parts = 1;
  for (std::uint32_t part = 0; part < parts; ++part) {
    const Bytes rowKey = carryRowKey(slot, leaf, part);
    const std::optional<Bytes> sealed = store.row(Table::persons, rowKey);
    if (!sealed) faultCarry();
    Result<Bytes> plain = openRow(lotKey, sealedKey(rowKey), *sealed);
    if (!plain) faultCarry();
    Result<CarryRow> row = decodeCarry(*plain);
    wipe(*plain);
    if (!row || row->part != part || (part > 0 && row->parts != parts)) faultCarry();
    parts = row->parts;
    for (CarryEntry& entry : row->entries) {
      if (!out.empty() && entry.seq <= out.back().seq) faultCarry();
      out.push_back(std::move(entry));
    }
  }
  return out;
}

}  // namespace lacuna
