// Index rows since the last sorted run, in memory, by 16 random bytes.
//
// Thread:  put() from the one writer; find() from any thread, without locks: a row is written before
//          its place is published, and never moves or changes after that.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/fault.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <vector>

namespace lacuna {

// Row: a value with a 16-byte digest `key`.
template <typename Row>
class MemoryIndex {
 public:
  using Key = decltype(Row::key);

  explicit MemoryIndex(std::size_t capacity)
      : capacity_(capacity),
        rows_(std::make_unique_for_overwrite<Row[]>(capacity)),
        slots_(std::bit_ceil(std::max<std::size_t>(capacity + capacity / 3, 16))) {
    LACUNA_ASSERT(capacity < UINT32_MAX, "a place is 32 bits");
  }

  std::size_t size() const { return count_; }  // writer, or once the table is frozen

  // A later row of the same key hides the earlier one: false. Needs: size() below the capacity.
  bool put(const Row& row) {
    LACUNA_ASSERT(count_ < capacity_, "an index in memory over its bound");
    rows_[count_] = row;
    const std::uint64_t hash = hashOf(row.key);
    const std::uint64_t place = (hash & kPrint) | ++count_;
    for (std::size_t at = slotOf(hash);; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint64_t slot = slots_[at].load(std::memory_order_relaxed);
      if (slot == 0 || (((slot ^ hash) & kPrint) == 0 && rowOf(slot).key == row.key)) {
        slots_[at].store(place, std::memory_order_release);
        return slot == 0;
      }
    }
  }

  // Asks for the memory that find() and put() of this key will look at first.
  void prefetch(const Key& key) const { __builtin_prefetch(&slots_[slotOf(hashOf(key))]); }

  const Row* find(const Key& key) const {
    const std::uint64_t hash = hashOf(key);
    for (std::size_t at = slotOf(hash);; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint64_t slot = slots_[at].load(std::memory_order_acquire);
      if (slot == 0) return nullptr;
      if (((slot ^ hash) & kPrint) == 0 && rowOf(slot).key == key) return &rowOf(slot);
    }
  }

  // Ascending by key, each key once (its latest row). Needs: nobody puts.
  std::vector<const Row*> sorted() const {
    struct Sortable {
      std::uint64_t front;
      std::uint32_t place;
    };
    // Dealt out by their first bits, then sorted where they fit the nearest cache: keys are random.
    std::vector<std::uint32_t> ends(kBuckets + 1);
    for (std::size_t i = 0; i < count_; ++i) ++ends[bucketOf(frontOf(rows_[i].key)) + 1];
    for (std::size_t i = 0; i < kBuckets; ++i) ends[i + 1] += ends[i];
    std::vector<Sortable> order(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint64_t front = frontOf(rows_[i].key);
      order[ends[bucketOf(front)]++] = {front, static_cast<std::uint32_t>(i)};
    }
    const auto before = [this](const Sortable& a, const Sortable& b) {
      if (a.front != b.front) return a.front < b.front;
      const auto keys = rows_[a.place].key <=> rows_[b.place].key;
      return keys != 0 ? keys < 0 : a.place < b.place;
    };
    for (std::size_t bucket = 0, from = 0; bucket < kBuckets; from = ends[bucket++]) {
      std::sort(order.begin() + static_cast<std::ptrdiff_t>(from),
                order.begin() + static_cast<std::ptrdiff_t>(ends[bucket]), before);
    }
    std::vector<const Row*> out;
    out.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      if (i + kAhead < count_) __builtin_prefetch(&rows_[order[i + kAhead].place]);
      const Row* row = &rows_[order[i].place];
      if (!out.empty() && out.back()->key == row->key) out.pop_back();
      out.push_back(row);
    }
    return out;
  }

 private:
  static constexpr std::uint64_t kPrint = 0xffffffff00000000;  // upper half: part of the hash
  static constexpr std::size_t kBuckets = 1024;
  static constexpr std::size_t kAhead = 8;  // rows asked for before they are needed

  static std::uint64_t frontOf(const Key& key) { return *number64(key.view().first(8)); }
  static std::size_t bucketOf(std::uint64_t front) { return front / (UINT64_MAX / kBuckets + 1); }

  // The keys are random, but a table must not fall over when somebody's are not.
  static std::uint64_t hashOf(const Key& key) {
    const std::uint64_t front = frontOf(key);
    const std::uint64_t back = *number64(key.view().last(8));
    std::uint64_t hash = front ^ std::rotl(back, 29);
    hash = (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 29);
  }
  std::size_t slotOf(std::uint64_t hash) const { return hash & (slots_.size() - 1); }
  const Row& rowOf(std::uint64_t slot) const { return rows_[(slot & ~kPrint) - 1]; }

  std::size_t capacity_;
  std::size_t count_ = 0;
  std::unique_ptr<Row[]> rows_;
  std::vector<std::atomic<std::uint64_t>> slots_;  // 0: free; else print and place + 1
};

}  // namespace lacuna
