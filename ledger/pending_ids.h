// Ids of events that were decided and are not durable yet: the index of the log does not have them.
//
// Thread: the sequencer's alone.
#pragma once

#include "ledger/store/store.h"

#include <deque>
#include <vector>

namespace lacuna {

class PendingIds {
 public:
  PendingIds() : rows_(kRowsMin) {}

  const IdHit* find(const IdEntry& entry) const;
  // Asks for the memory that find() and put() of this entry will look at first.
  void prefetch(const IdEntry& entry) const { __builtin_prefetch(&rows_[homeOf(entry)]); }
  // Of the group that is being decided. Needs: the entry is not there.
  void put(const IdEntry& entry, const IdHit& hit);
  // What was put since the last call belongs to this group. Numbers grow.
  void closeGroup(std::uint64_t number);
  // Groups up to this one are durable: the log's index has their ids.
  void committed(std::uint64_t number);

  std::size_t size() const { return used_; }

 private:
  static constexpr std::size_t kRowsMin = 1024;  // a power of two, as every capacity
  struct Row {
    IdEntry entry;
    IdHit hit;
    bool taken = false;
  };
  struct Group {
    std::uint64_t number = 0;
    std::vector<IdEntry> entries;
  };
  std::size_t homeOf(const IdEntry& entry) const;
  std::size_t seek(const IdEntry& entry) const;  // where it stands, or the free row where it would
  void erase(const IdEntry& entry);
  void grow();

  std::vector<Row> rows_;  // open addressing, linear probing, at most half full
  std::size_t used_ = 0;
  std::vector<IdEntry> open_;  // of the group that is being decided
  std::deque<Group> groups_;   // closed ones, in order
};

}  // namespace lacuna
