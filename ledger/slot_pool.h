// Slot numbers that are reserved in keys/ and were never given out, drawn by lot.
//
// Promise: each number that is free is as likely as any other to be the next: which of the slots of a
//          group is whose, their order does not tell (P6).
// Bounds:  numbers kSlotWindow below the newest are given up, so that after an end that was not clean
//          only a window has to be looked through.
// Thread:  one.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/strong.h"

#include <span>
#include <vector>

namespace lacuna {

inline constexpr std::uint64_t kSlotWindow = 256 * kSlotReserve;

class SlotPool {
 public:
  explicit SlotPool(Entropy& entropy) : entropy_(entropy) {}
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  std::size_t size() const { return free_.size(); }
  // Numbers [first, end), just reserved. Everything is shuffled anew.
  void add(std::uint64_t first, std::uint64_t end);
  // What was left at a clean stop, below `end`. Needs: the pool is empty.
  void restore(std::span<const std::uint64_t> left, std::uint64_t end);
  // Needs: size() > 0.
  Slot draw();
  std::vector<std::uint64_t> left() const;  // ascending

 private:
  void settle(std::uint64_t end);

  Entropy& entropy_;
  std::vector<std::uint64_t> free_;  // in the order in which they will be drawn, from the back
};

}  // namespace lacuna
