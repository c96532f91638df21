// Withdrawing one event, as work of the read pool and the pipeline.
//
// Thread: any; the answer comes on the sequencer's.
#pragma once

#include "daemon/event_search.h"
#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"
#include "ledger/withdraw.h"

namespace lacuna {

class Withdrawals {
 public:
  Withdrawals(Ledger& ledger, Pipeline& pipeline, ReadPool& finds, EventSearch& search)
      : ledger_(ledger), pipeline_(pipeline), finds_(finds), search_(search) {}

  // One JSON object. Without a person the event is looked for first, beside the pipeline: that may take a
  // while.
  void withdraw(const Caller& caller, WithdrawRequest request, Answer<std::string> done);

 private:
  void withdrawNow(const Caller& caller, WithdrawOrder order, const Answer<std::string>& done);

  Ledger& ledger_;
  Pipeline& pipeline_;
  ReadPool& finds_;
  EventSearch& search_;
};

}  // namespace lacuna
