// Making a control report, as work of the pipeline and of a read pool.
//
// Thread: any; the answer comes on the sequencer's or a thread of the pool.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"
#include "ledger/control.h"

namespace lacuna {

class ControlDesk {
 public:
  // `finds`: one thread, for looking through everything.
  ControlDesk(Ledger& ledger, Pipeline& pipeline, ReadPool& finds)
      : ledger_(ledger), pipeline_(pipeline), finds_(finds) {}

  // Recorded, durably, before anything is looked at (P9).
  void report(const Caller& caller, const ControlOrder& order, const Answer<std::string>& done);

 private:
  void count(const Caller& caller, const ControlOrder& order, const ControlTime& time,
             const Answer<std::string>& done);

  Ledger& ledger_;
  Pipeline& pipeline_;
  ReadPool& finds_;
};

}  // namespace lacuna
