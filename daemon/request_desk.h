// Requests of data subjects as work of the pipeline: opened, moved on by steps, listed with their clocks.
//
// What is known of them is folded from the log when somebody asks: all of it once after a start, in slices,
// so that appends go on between them; from then on what changed. The list is answered from memory.
// Thread: every method from any thread.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/service.h"

namespace lacuna {

class RequestDesk {
 public:
  // `changed` is told after work that may have changed how many persons there are.
  RequestDesk(Pipeline& pipeline, std::function<void(Ledger&)> changed)
      : pipeline_(pipeline), changed_(std::move(changed)) {}

  // Each answers one JSON object.
  void open(const Caller& caller, RequestOrder order, const Answer<std::string>& done);
  void step(const Caller& caller, RequestStepOrder order, const Answer<std::string>& done);
  // Says about whom: a reading of that person (P9).
  void show(const Caller& caller, std::uint64_t number, std::string reason,
            const Answer<std::string>& done);
  // JSON lines, what is due first comes first; nobody is named. `which`: open, overdue, all. `within`: a period
  // from today, P7D; empty: whenever.
  void list(const Caller& caller, const std::string& which, const std::string& within,
            const Answer<std::vector<std::string>>& done);

 private:
  template <typename T>
  void whole(const Caller& caller, const Answer<T>& done, std::function<Result<T>(Ledger&)> act);
  void refresh(std::uint32_t principal, const std::function<void(const Refusal&)>& refused,
               const std::function<void(Ledger&)>& then);

  Pipeline& pipeline_;
  std::function<void(Ledger&)> changed_;
};

}  // namespace lacuna
