// What officers ask about erasures, tasks and holds, as work of the pipeline; and the timer's part.
//
// Thread: every method from any thread; answers come on the sequencer's.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/service.h"

#include <atomic>

namespace lacuna {

class ErasureDesk {
 public:
  // `changed` is told after work that may have changed how many persons there are.
  ErasureDesk(Ledger& ledger, Pipeline& pipeline, std::function<void(Ledger&)> changed)
      : ledger_(ledger), pipeline_(pipeline), changed_(std::move(changed)) {}

  void erase(const Caller& caller, EraseRequest request, Answer<std::string> done);
  void act(const Caller& caller, ErasureAct act, std::uint64_t number, Answer<std::string> done);
  void list(const Caller& caller, Answer<std::vector<std::string>> done);
  void tasks(const Caller& caller, std::uint64_t number, Answer<std::vector<std::string>> done);
  void takeTask(const Caller& caller, std::string id, Answer<std::string> done);
  void setTask(const Caller& caller, std::string id, std::string state, std::string note,
               Answer<std::string> done);
  void placeHold(const Caller& caller, HoldOrder order, Answer<std::string> done);
  void liftHold(const Caller& caller, std::uint64_t number, Answer<std::string> done);
  void holds(const Caller& caller, std::string reason, Answer<std::vector<std::string>> done);

  // Every kTickInterval: queues what time brings, once.
  void tick();

 private:
  template <typename T>
  void alone(const Caller& caller, std::size_t bytes, const Answer<T>& done,
             std::function<Result<T>(Ledger&)> act);

  Ledger& ledger_;
  Pipeline& pipeline_;
  std::function<void(Ledger&)> changed_;
  std::atomic<bool> ticking_{false};
};

}  // namespace lacuna
