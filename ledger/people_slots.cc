// Which slot a subject gets: what is reserved, what is used, what nobody may use any more.
#include "ledger/base/limits.h"
#include "ledger/people.h"

#include <algorithm>

namespace lacuna {

bool People::expect(const Draft& draft, std::size_t slots) {
  if (admitting_ == draft.number) return pool_.size() >= slots;
  if (expected_.draft != draft.number) expected_ = {draft.number, 0};
  expected_.slots = std::max(expected_.slots, slots);
  return true;
}

// The pool is filled up before the first admission of a draft and not within it: all its numbers come from one
// lot, and which of them is whose, only chance has decided.  // P6
Slot People::drawSlot(const Draft& draft) {
  const std::uint64_t expected = expected_.draft == draft.number ? expected_.slots : 0;
  const std::uint64_t least =
      admitting_ == draft.number ? 1 : std::max<std::uint64_t>(kSlotReserve, expected);
  admitting_ = draft.number;
  if (pool_.size() < least) {
    const std::uint64_t from = vault_.slotHighWater();
    const std::uint64_t blocks = (least - pool_.size() + kSlotReserve - 1) / kSlotReserve;
    LACUNA_ASSERT(from + blocks * kSlotReserve <= kSlotsMax, "the key tree is full");
    vault_.reserveSlots(from + blocks * kSlotReserve);
    pool_.add(std::max<std::uint64_t>(from, 1), from + blocks * kSlotReserve);
  }
  return pool_.draw();
}

bool People::continueWith(std::span<const std::uint64_t> left) {
  const bool unused = std::all_of(left.begin(), left.end(), [this](std::uint64_t slot) {
    return slot > 0 && !exists(Slot(slot)) && vault_.slotLives(Slot(slot));
  });
  if (unused) pool_.restore(left, vault_.slotHighWater());
  return unused;
}

// Whatever was drawn since the last record that is left lies above the window below the last slot that is
// left: the pool never reaches further down.
std::vector<LeafRange> People::slotsInDoubt() const {
  const std::uint64_t seen = std::max<std::uint64_t>(slots_.size(), 1);  // 0: the organisation
  const std::uint64_t high = vault_.slotHighWater();
  std::vector<LeafRange> out;
  const auto add = [&out](std::uint64_t first, std::uint64_t end) {
    const LeafRange range{first * kLeavesPerSlot, end * kLeavesPerSlot};
    if (!out.empty() && out.back().end == range.first) {
      out.back().end = range.end;
    } else {
      out.push_back(range);
    }
  };
  for (std::uint64_t i = seen > kSlotWindow ? seen - kSlotWindow : 1; i < std::min(seen, high);
       ++i) {
    if (!exists(Slot(i)) && vault_.slotLives(Slot(i))) add(i, i + 1);
  }
  if (seen < high) add(seen, high);
  return out;
}

}  // namespace lacuna
