// Key holders as work of the pipeline: checked, added, closed, and looked for while they are away.
//
// Each piece runs with no group on its way. Thread: every method from any thread.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/service.h"

#include <functional>
#include <string>
#include <string_view>

namespace lacuna {

class HolderDesk {
 public:
  HolderDesk(Ledger& ledger, Pipeline& pipeline, std::function<void(std::string_view)> log)
      : ledger_(ledger), pipeline_(pipeline), log_(std::move(log)) {}

  // Each answers one JSON object.
  void check(const Answer<std::string>& done);
  void add(const Caller& caller, HolderOrder order, const Answer<std::string>& done);
  void close(const Caller& caller, std::uint8_t number, const Answer<std::string>& done);
  // A holder that was away is looked for at every tick, so that its return completes what waits for it.
  void look();

 private:
  void alone(const Caller& caller, const Answer<std::string>& done,
             std::function<Result<std::string>(Ledger&)> act);

  Ledger& ledger_;
  Pipeline& pipeline_;
  std::function<void(std::string_view)> log_;
};

}  // namespace lacuna
