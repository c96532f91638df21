// Withdrawing one event, as work of the read pool and the pipeline.
//
// Thread: any; the answer comes on the sequencer's.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"
#include "ledger/withdraw.h"

namespace lacuna {

class Withdrawals {
 public:
  Withdrawals(Ledger& ledger, Pipeline& pipeline, ReadPool& reads)
      : ledger_(ledger), pipeline_(pipeline), reads_(reads) {}

  // One JSON object. Without a person the event is looked for first, beside the pipeline: that may take a
  // while.
  void withdraw(const Caller& caller, WithdrawRequest request, Answer<std::string> done);
  // How far the search for an event is: one JSON object.
  std::string status() const;

 private:
  void withdrawNow(const Caller& caller, WithdrawOrder order, Answer<std::string> done);

  Ledger& ledger_;
  Pipeline& pipeline_;
  ReadPool& reads_;
  std::atomic<bool> searching_{false};
  std::atomic<std::uint64_t> seen_{0}, of_{0};  // slots
};

}  // namespace lacuna
