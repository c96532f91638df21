// Exports of persons, as work of a pool and the pipeline: each begun once, then fetched piece by piece.
//
// Promise: the export is a recorded reading of the person, durably, before a byte of it leaves (P9). Of an export
//          during which something of the person died nothing more is given.
// Bounds:  kExportsOpenMax are open; one that nobody fetches from for kExportIdleMax is given up.
// Thread:  any; answers come on a thread of the pool or the sequencer's. drain() before the ledger goes.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"
#include "ledger/person_export.h"

#include <map>
#include <mutex>

namespace lacuna {

inline constexpr std::size_t kExportsOpenMax = 16;
inline constexpr std::chrono::seconds kExportIdleMax{60};
inline constexpr std::chrono::seconds kExportHeadMax{5};  // for a signed head that covers all of it

class Exports {
 public:
  Exports(Ledger& ledger, Pipeline& pipeline) : ledger_(ledger), pipeline_(pipeline) {}

  void begin(const Caller& caller, ExportRequest request, const Answer<ExportStarted>& done);
  // One at a time for each number.
  void next(std::uint64_t number, const Answer<ExportPage>& done);
  void end(std::uint64_t number);
  void tick();  // gives up what is idle
  void drain() { pool_.drain(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Open {
    std::unique_ptr<PersonExport> work;  // null while a page is made
    Clock::time_point used;
  };

  void start(ExportTicket ticket, TreeSize covers, const Answer<ExportStarted>& done);
  void make(std::unique_ptr<PersonExport> work, std::uint64_t number,
            const Answer<ExportPage>& done);
  std::uint64_t keep(std::unique_ptr<PersonExport> work);
  void giveUpIdle();  // under the lock

  Ledger& ledger_;
  Pipeline& pipeline_;
  std::mutex mutex_;
  std::map<std::uint64_t, Open> open_;
  std::uint64_t last_ = 0;
  ReadPool pool_{1, kFindsWaitingMax};  // last: its thread uses everything above
};

}  // namespace lacuna
