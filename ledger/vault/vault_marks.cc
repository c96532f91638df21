// Marks in keys/ of what may be in use, so that what a lost tail took is never taken again; and the small
// rows that others keep in every holder's keys/.
#include "ledger/vault/vault_parts.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kBuriedNodesMax = 10'000;  // of one transaction

Bytes leafMarkKey(Slot slot) { return ByteWriter(9).u8('M').u64(slot.raw()).take(); }

Bytes carryKey(ByteView key) {
  LACUNA_ASSERT(!key.empty() && key.size() <= kRowKeyBytesMax, "keys of rows are short");
  return ByteWriter(key.size() + 1).raw(kCarryRow).raw(key).take();
}

// The fewest nodes that cover exactly these leaves.
void appendNodes(LeafRange range, std::vector<Node>& out) {
  while (range.first < range.end) {
    unsigned level = 0;
    while (level < kTreeHeight) {
      const std::uint64_t wider = std::uint64_t{1} << (4 * (level + 1));
      if (range.first % wider != 0 || range.end - range.first < wider) break;
      ++level;
    }
    out.push_back({level, range.first >> (4 * level)});
    range.first += std::uint64_t{1} << (4 * level);
  }
}

}  // namespace

void Vault::Parts::loadMarks() {
  self->db->scan(bytesOf(kLeafMarkRow), [&](ByteView key, ByteView value) {
    ByteReader in(value);
    const std::uint16_t below = in.u16();
    if (!in.done() || below > kLeavesPerSlot) throw Fault("a mark of used leaves is damaged");
    if (key.size() == 1) {
      leafFloor = below;
    } else if (const auto slot = number64(key.subspan(1))) {
      leafMarks[Slot(*slot)] = below;
    }
    return true;
  });
}

std::uint16_t Vault::leafMark(Slot slot) const {
  const std::lock_guard lock(parts_->stateMutex);
  const auto found = parts_->leafMarks.find(slot);
  return found == parts_->leafMarks.end() ? parts_->leafFloor
                                          : std::max(found->second, parts_->leafFloor);
}

// beginGeneration() raised the floor by one multiple: that one is free, whatever lies below may not be.
std::uint16_t Vault::leavesOfTailEnd(Slot slot) const {
  const std::lock_guard lock(parts_->stateMutex);
  const auto found = parts_->leafMarks.find(slot);
  const std::uint16_t own = found == parts_->leafMarks.end() ? std::uint16_t{0} : found->second;
  return std::max(own, static_cast<std::uint16_t>(parts_->leafFloor - kRestoreLeafStep));
}

void Vault::markLeaves(Slot slot, std::uint16_t below) {
  Parts& p = *parts_;
  LACUNA_ASSERT(below <= kLeavesPerSlot, "a slot has 4096 leaves");
  if (below <= leafMark(slot)) return;
  const KeyRow row{leafMarkKey(slot), ByteWriter(2).u16(below).take()};
  p.write("leaves", {&row, 1});
  const std::lock_guard lock(p.stateMutex);
  p.leafMarks[slot] = below;
}

void Vault::bury(std::span<const LeafRange> ranges, TreeVersion version) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  std::vector<Node> nodes;
  const auto flush = [&](std::size_t count) {
    const Instant now = p.clock.now();
    RekeyPlan plan = p.planOf({}, now);
    const auto end = nodes.begin() + static_cast<std::ptrdiff_t>(count);
    plan.targets.assign(nodes.begin(), end);
    nodes.erase(nodes.begin(), end);
    const TreeVersion next(std::max(p.current->version.raw() + 1, version.raw()));
    p.transact(plan, p.lastErasure, next);
    const std::lock_guard lock(p.stateMutex);
    if (plan.unusedFromLeaf) p.healedAt = now;
  };
  for (const LeafRange& range : ranges) {
    LACUNA_ASSERT(range.end <= kSlotsMax * kLeavesPerSlot, "leaves are below 2^48");
    appendNodes(range, nodes);
    while (nodes.size() >= kBuriedNodesMax) flush(kBuriedNodesMax);
  }
  if (!nodes.empty() || p.current->version < version) flush(nodes.size());
}

void Vault::rest(const RestMark& mark) {
  ByteWriter value(8 * (mark.unused.size() + 1));
  value.u64(mark.size.raw());
  for (const std::uint64_t slot : mark.unused) value.u64(slot);
  const KeyRow row{Bytes{'U'}, value.take()};
  parts_->write("rest", {&row, 1});
}

std::optional<Vault::RestMark> Vault::takeRestMark() {
  Parts& p = *parts_;
  const auto row = p.self->db->get(bytesOf(kRestRow));
  if (!row) return std::nullopt;
  ByteReader in(*row);
  RestMark mark;
  mark.size = TreeSize(in.u64());
  bool whole = in.ok() && in.rest().size() % 8 == 0;
  while (whole && !in.done()) {
    const std::uint64_t slot = in.u64();
    whole = slot < slotHighWater() && (mark.unused.empty() || mark.unused.back() < slot);
    mark.unused.push_back(slot);
  }
  if (!whole) throw Fault("the mark of a clean stop is damaged");
  // Gone before a slot is used: a crash from here on leaves slots that may have been.
  const KeyRow gone{Bytes{'U'}, std::nullopt};
  p.write("unrest", {&gone, 1});
  return mark;
}

void Vault::beginRecovery() {
  const KeyRow row{Bytes{'R'}, Bytes{1}};
  parts_->write("recovery", {&row, 1});
}

bool Vault::recovering() const { return parts_->self->db->get(bytesOf(kRecoveryRow)).has_value(); }

void Vault::endRecovery() {
  const KeyRow row{Bytes{'R'}, std::nullopt};
  parts_->write("recovered", {&row, 1});
}

void Vault::putCarry(ByteView key, ByteView value) {
  const KeyRow row{carryKey(key), Bytes(value.begin(), value.end())};
  parts_->write("carry", {&row, 1});
}

void Vault::removeCarry(ByteView key) {
  const KeyRow row{carryKey(key), std::nullopt};
  parts_->write("carry", {&row, 1});
}

std::optional<Bytes> Vault::carry(ByteView key) const {
  return parts_->self->db->get(carryKey(key));
}

void Vault::eachCarry(const std::function<bool(ByteView, ByteView)>& visit) const {
  parts_->self->db->scan(bytesOf(kCarryRow), [&](ByteView key, ByteView value) {
    return visit(key.subspan(1), value);
  });
}

}  // namespace lacuna
