// Flags across persons (P10): what was recorded although it breaks the policy, page by page.
//
// Promise: each page is a recorded scan, durably, before a line of it leaves; with aliases it is a reading of
//          every person in it as well (P9).
// Bounds:  a page looks at kFlagSlotsPerPage subjects, or fewer when they have many events; nothing is kept
//          between pages, which is why a client may stop at any time.
// Thread:  any; answers come on a thread of the pool or the sequencer's.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"

namespace lacuna {

inline constexpr std::size_t kFlagSlotsPerPage = 512;
inline constexpr std::uint64_t kFlagEventsPerPage = 32 * 1024;  // roughly: a person is never cut

class FlagScan {
 public:
  FlagScan(Ledger& ledger, Pipeline& pipeline, ReadPool& finds)
      : ledger_(ledger), pipeline_(pipeline), finds_(finds) {}

  // Refuses busy when something of one of them was erased meanwhile: ask for the same page again.
  void page(const Caller& caller, FlagsRequest request, const Answer<FlagsPage>& done);

 private:
  struct Ticket;
  struct Flags;
  void look(const Caller& caller, const Ticket& ticket, const Answer<FlagsPage>& done);
  void record(const Caller& caller, const std::shared_ptr<const Flags>& found,
              const std::string& reason, const Answer<FlagsPage>& done);

  Ledger& ledger_;
  Pipeline& pipeline_;
  ReadPool& finds_;
};

}  // namespace lacuna
