#include "ledger/subject.h"

#include "ledger/base/bytes.h"

#include <algorithm>
#include <bitset>

namespace lacuna {
namespace {

constexpr std::uint8_t kRowVersion = 1;    // on disk: never renumber
constexpr std::uint8_t kFenceVersion = 2;  // 1 held classes beside aliases; on disk: never renumber
// The last millisecond that RFC 3339 can write (9999-12-31T23:59:59.999Z).
constexpr std::uint64_t kMillisMax = 253402300799999;

Refusal unknownVersion(const char* what) {
  return {RefusalCode::unknownVersion, std::string(what) + " of an unknown version"};
}
Refusal tampered(const char* what) {
  return {RefusalCode::tampered, std::string(what) + " that this ledger did not write"};
}

std::string text16(ByteReader& in) { return std::string(textOf(in.bytes16())); }
bool nameFits(std::string_view name) { return !name.empty() && name.size() <= kNameBytesMax; }
bool timeFits(Instant t) { return t.time_since_epoch().count() >= 0 && millisOf(t) <= kMillisMax; }
// scheme:value, both given.
bool aliasFits(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
         text.size() <= kAliasBytesMax;
}

// Marks the leaf as used; false when it is not one that was handed out, or is used twice.
class LeafSet {
 public:
  explicit LeafSet(std::uint16_t nextLeaf) : nextLeaf_(nextLeaf) {}
  bool take(LeafNo leaf) {
    if (leaf.raw() == 0 || leaf.raw() >= nextLeaf_ || seen_[leaf.raw()]) return false;
    seen_[leaf.raw()] = true;
    return true;
  }

 private:
  std::uint16_t nextLeaf_;
  std::bitset<kLeavesPerSlot> seen_;
};

// One property, asked where a record is written and where it is read.
bool holds(const Subject& s) {
  if (s.what > SubjectWhat::caseFile || !timeFits(s.createdAt)) return false;
  if (s.nextLeaf < 1 || s.nextLeaf > kLeavesPerSlot) return false;
  if (s.what == SubjectWhat::instance ? !nameFits(s.category) : !s.category.empty()) return false;
  if (s.what != SubjectWhat::caseFile && s.caseNumber != 0) return false;
  if (s.aliases.size() > kAliasesPerPersonMax || s.merged.size() > kMergedSlotsMax) return false;
  LeafSet leaves(s.nextLeaf);
  for (const Lot& lot : s.lots) {
    if (!leaves.take(lot.leaf) || !nameFits(lot.klass) || !timeFits(lot.createdAt)) return false;
    if (lot.state < kLotOpen || lot.state > kLotEndedCarries) return false;
  }
  for (const LeafNo alias : s.aliases) {
    if (!leaves.take(alias)) return false;
  }
  for (const Slot slot : s.merged) {
    if (slot.raw() >= kSlotsMax) return false;
  }
  return true;
}

bool holds(const EraseTarget& target) {
  return target.slot.raw() < kSlotsMax && (!target.leaf || target.leaf->raw() < kLeavesPerSlot);
}

bool holds(const Fence& fence) {
  if (!timeFits(fence.erasedAt) || !timeFits(fence.until)) return false;
  if (fence.aliases.size() > kFenceAliasesMax || fence.slots.size() > kFenceSlotsMax) return false;
  for (const std::string& alias : fence.aliases) {
    if (!aliasFits(alias)) return false;
  }
  for (const SlotFence& slot : fence.slots) {
    if (slot.slot.raw() >= kSlotsMax || slot.classes.size() > kFenceClassesMax) return false;
    for (const std::string& klass : slot.classes) {
      if (!nameFits(klass)) return false;
    }
  }
  return true;
}

}  // namespace

Bytes encodeSubject(const Subject& subject) {
  LACUNA_ASSERT(holds(subject), "a subject record within its bounds");
  ByteWriter out(64 + subject.lots.size() * 32 + subject.aliases.size() * 2);
  out.u8(kRowVersion).u8(static_cast<std::uint8_t>(subject.what)).u64(millisOf(subject.createdAt));
  out.u16(subject.nextLeaf).bytes16(bytesOf(subject.category));
  out.u16(static_cast<std::uint16_t>(subject.lots.size()));
  for (const Lot& lot : subject.lots) {
    out.u16(lot.leaf.raw()).u8(lot.state).u32(static_cast<std::uint32_t>(lot.period));
    out.u64(millisOf(lot.createdAt)).bytes16(bytesOf(lot.klass));
  }
  out.u16(static_cast<std::uint16_t>(subject.aliases.size()));
  for (const LeafNo alias : subject.aliases) out.u16(alias.raw());
  out.u16(static_cast<std::uint16_t>(subject.merged.size()));
  for (const Slot slot : subject.merged) out.u64(slot.raw());
  out.u64(subject.caseNumber);
  return out.take();
}

Result<Subject> decodeSubject(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("a subject record");
  Subject subject;
  subject.what = static_cast<SubjectWhat>(in.u8());
  subject.createdAt = instantOf(in.u64());
  subject.nextLeaf = in.u16();
  subject.category = text16(in);
  // ok() in the loops: a count beyond the bytes must not make memory.
  for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left) {
    Lot lot;
    lot.leaf = LeafNo(in.u16());
    lot.state = in.u8();
    lot.period = static_cast<std::int32_t>(in.u32());
    lot.createdAt = instantOf(in.u64());
    lot.klass = text16(in);
    subject.lots.push_back(std::move(lot));
  }
  for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left) {
    subject.aliases.emplace_back(in.u16());
  }
  for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left) {
    subject.merged.emplace_back(in.u64());
  }
  subject.caseNumber = in.u64();
  if (!in.done() || !holds(subject)) return tampered("a subject record");
  return subject;
}

Bytes encodeAliasRow(const AliasRow& row) {
  LACUNA_ASSERT(aliasFits(row.text) && timeFits(row.addedAt), "an alias row within its bounds");
  ByteWriter out(12 + row.text.size());
  out.u8(kRowVersion).u64(millisOf(row.addedAt)).u8(row.unique ? 1 : 0);
  return out.bytes16(bytesOf(row.text)).take();
}

Result<AliasRow> decodeAliasRow(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("an alias row");
  AliasRow row;
  row.addedAt = instantOf(in.u64());
  const std::uint8_t unique = in.u8();
  row.unique = unique == 1;
  row.text = text16(in);
  if (!in.done() || unique > 1 || !aliasFits(row.text) || !timeFits(row.addedAt))
    return tampered("an alias row");
  return row;
}

Bytes encodeTargets(const Targets& row) {
  LACUNA_ASSERT(!row.targets.empty() && row.targets.size() <= kEraseTargetsPerRow,
                "one row of targets");
  ByteWriter out(22 + row.targets.size() * 11);
  out.u8(kRowVersion).raw(row.erasure.view()).u8(static_cast<std::uint8_t>(row.ground));
  out.u32(static_cast<std::uint32_t>(row.targets.size()));
  for (const EraseTarget& target : row.targets) {
    LACUNA_ASSERT(holds(target), "a target within the tree");
    out.u64(target.slot.raw()).u8(target.leaf ? 0 : 1).u16(target.leaf ? target.leaf->raw() : 0);
  }
  return out.take();
}

Result<Targets> decodeTargets(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("a targets row");
  Targets row;
  row.erasure = in.digest<ErasureId>();
  const std::uint8_t ground = in.u8();
  const std::uint32_t count = in.u32();
  if (!in.ok() || count == 0 || count > kEraseTargetsPerRow ||
      ground > static_cast<std::uint8_t>(Ground::retentionEnd)) {
    return tampered("a targets row");
  }
  row.ground = static_cast<Ground>(ground);
  row.targets.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    EraseTarget target;
    target.slot = Slot(in.u64());
    const std::uint8_t whole = in.u8();
    const LeafNo leaf(in.u16());
    if (whole > 1 || (whole == 1 && leaf.raw() != 0)) return tampered("a targets row");
    if (whole == 0) target.leaf = leaf;
    if (!holds(target)) return tampered("a targets row");
    row.targets.push_back(target);
  }
  if (!in.done()) return tampered("a targets row");
  return row;
}

Bytes encodeFence(const Fence& fence) {
  LACUNA_ASSERT(holds(fence), "a fence row within its bounds");
  ByteWriter out;
  out.u8(kFenceVersion).u64(millisOf(fence.erasedAt)).u64(millisOf(fence.until)).raw(fence.order);
  out.u16(static_cast<std::uint16_t>(fence.aliases.size()));
  for (const std::string& alias : fence.aliases) out.bytes16(bytesOf(alias));
  out.u16(static_cast<std::uint16_t>(fence.slots.size()));
  for (const SlotFence& slot : fence.slots) {
    out.u64(slot.slot.raw()).u8(slot.allBut ? 1 : 0);
    out.u16(static_cast<std::uint16_t>(slot.classes.size()));
    for (const std::string& klass : slot.classes) out.bytes16(bytesOf(klass));
  }
  return out.take();
}

Result<Fence> decodeFence(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kFenceVersion && in.ok()) return unknownVersion("a fence row");
  Fence fence;
  fence.erasedAt = instantOf(in.u64());
  fence.until = instantOf(in.u64());
  const ByteView order = in.raw(fence.order.size());
  if (order.size() == fence.order.size())
    std::copy(order.begin(), order.end(), fence.order.begin());
  for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left) {
    fence.aliases.push_back(text16(in));
  }
  bool fits = true;
  for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left) {
    SlotFence slot;
    slot.slot = Slot(in.u64());
    const std::uint8_t allBut = in.u8();
    fits = fits && allBut <= 1;
    slot.allBut = allBut == 1;
    for (std::uint16_t classes = in.u16(); classes > 0 && in.ok(); --classes) {
      slot.classes.push_back(text16(in));
    }
    fence.slots.push_back(std::move(slot));
  }
  if (!fits || !in.done() || !holds(fence)) return tampered("a fence row");
  return fence;
}

}  // namespace lacuna
