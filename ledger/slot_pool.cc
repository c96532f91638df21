#include "ledger/slot_pool.h"

#include "ledger/base/fault.h"
#include "ledger/crypto/secret.h"

#include <algorithm>

namespace lacuna {
namespace {

std::span<std::uint8_t> bytesOfNumbers(std::span<std::uint64_t> numbers) {
  return {reinterpret_cast<std::uint8_t*>(numbers.data()), numbers.size_bytes()};
}

}  // namespace

SlotPool::~SlotPool() { wipe(bytesOfNumbers(free_)); }

void SlotPool::add(std::uint64_t first, std::uint64_t end) {
  LACUNA_ASSERT(first <= end && end <= kSlotsMax, "slots are below 2^36");
  // Grown by hand: memory that is given back would keep what the order was.  // P6
  std::vector<std::uint64_t> all;
  all.reserve(free_.size() + (end - first));
  all.insert(all.end(), free_.begin(), free_.end());
  for (std::uint64_t slot = first; slot < end; ++slot) all.push_back(slot);
  wipe(bytesOfNumbers(free_));
  free_.swap(all);
  settle(end);
}

void SlotPool::restore(std::span<const std::uint64_t> left, std::uint64_t end) {
  LACUNA_ASSERT(free_.empty(), "numbers are taken up once");
  free_.assign(left.begin(), left.end());
  settle(end);
}

Slot SlotPool::draw() {
  LACUNA_ASSERT(!free_.empty(), "no slot is reserved");
  const Slot slot(free_.back());
  wipe(bytesOfNumbers({&free_.back(), 1}));  // memory keeps no order in which they went  // P6
  free_.pop_back();
  return slot;
}

std::vector<std::uint64_t> SlotPool::left() const {
  std::vector<std::uint64_t> out(free_);
  std::sort(out.begin(), out.end());
  return out;
}

// Fisher and Yates; the bias of a product of 64 bits is below 2^-28 a draw.
void SlotPool::settle(std::uint64_t end) {
  const std::uint64_t from = end > kSlotWindow ? end - kSlotWindow : 0;
  const auto gone = std::remove_if(free_.begin(), free_.end(),
                                   [from](std::uint64_t slot) { return slot < from; });
  free_.erase(gone, free_.end());
  std::vector<std::uint64_t> luck(free_.size());
  entropy_.fill(bytesOfNumbers(luck));
  for (std::size_t i = free_.size(); i > 1; --i) {
    __extension__ using Wide = unsigned __int128;
    std::swap(free_[i - 1], free_[static_cast<std::size_t>((Wide{luck[i - 1]} * i) >> 64)]);
  }
  wipe(bytesOfNumbers(luck));
}

}  // namespace lacuna
