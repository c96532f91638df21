// Looking for the lot of an event among everybody's, and how far that is.
//
// Thread: find() of one at a time (a pool of one thread); status() of any.
#pragma once

#include "ledger/event_place.h"
#include "ledger/ledger.h"

#include <atomic>
#include <optional>
#include <string>

namespace lacuna {

class EventSearch {
 public:
  // As findEvent(). Throws what that throws.
  std::optional<EventPlace> find(Ledger& ledger, Seq seq);
  std::string status() const;  // one JSON object

 private:
  std::atomic<bool> searching_{false};
  std::atomic<std::uint64_t> seen_{0}, of_{0};  // slots
};

}  // namespace lacuna
