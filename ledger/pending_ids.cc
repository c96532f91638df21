#include "ledger/pending_ids.h"

#include "ledger/base/fault.h"

#include <cstring>
#include <utility>

namespace lacuna {

const IdHit* PendingIds::find(const IdEntry& entry) const {
  const Row& row = rows_[seek(entry)];
  return row.taken ? &row.hit : nullptr;
}

void PendingIds::put(const IdEntry& entry, const IdHit& hit) {
  if (2 * (used_ + 1) > rows_.size()) grow();
  Row& row = rows_[seek(entry)];
  LACUNA_ASSERT(!row.taken, "an event id that is decided twice");
  row = {entry, hit, true};
  ++used_;
  open_.push_back(entry);
}

void PendingIds::closeGroup(std::uint64_t number) {
  if (open_.empty()) return;
  groups_.push_back({number, std::move(open_)});
  open_.clear();
}

void PendingIds::committed(std::uint64_t number) {
  for (; !groups_.empty() && groups_.front().number <= number; groups_.pop_front()) {
    for (const IdEntry& entry : groups_.front().entries) erase(entry);
  }
}

std::size_t PendingIds::homeOf(const IdEntry& entry) const {
  std::size_t home = 0;
  std::memcpy(&home, entry.bytes.data(), sizeof home);  // keyed digests are random already
  return home & (rows_.size() - 1);
}

std::size_t PendingIds::seek(const IdEntry& entry) const {
  std::size_t at = homeOf(entry);
  while (rows_[at].taken && rows_[at].entry != entry) at = (at + 1) & (rows_.size() - 1);
  return at;
}

// The rows behind it move up, so that no chain of probing breaks and nothing marks that one went.
void PendingIds::erase(const IdEntry& entry) {
  const std::size_t mask = rows_.size() - 1;
  std::size_t hole = seek(entry);
  if (!rows_[hole].taken) return;
  for (std::size_t at = (hole + 1) & mask; rows_[at].taken; at = (at + 1) & mask) {
    const std::size_t fromHome = (at - homeOf(rows_[at].entry)) & mask;
    if (fromHome < ((at - hole) & mask)) continue;  // it may not stand before its home
    rows_[hole] = rows_[at];
    hole = at;
  }
  rows_[hole] = Row{};
  --used_;
}

void PendingIds::grow() {
  std::vector<Row> before(rows_.size() * 2);
  before.swap(rows_);
  for (const Row& row : before) {
    if (row.taken) rows_[seek(row.entry)] = row;
  }
}

}  // namespace lacuna
