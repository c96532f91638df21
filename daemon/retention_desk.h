// The ends of retention as work of the pipeline: what is due, and sweeping it, asked for or by the timer.
//
// One pass at a time; it goes in slices, so that appends and reads go on between them: what ends by date is
// decided and destroyed on the sequencer's thread, lots until an event are read on the read pool.
// Thread: every method from any thread.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"
#include "ledger/retention.h"

#include <atomic>
#include <map>

namespace lacuna {

class RetentionDesk {
 public:
  // `changed` is told after work that may have changed how many persons there are.
  RetentionDesk(Ledger& ledger, Pipeline& pipeline, ReadPool& reads,
                std::function<void(Ledger&)> changed);

  // JSON lines, one for each class and year. `within`: a period from now, P7D; empty: what is due now.
  void due(const Caller& caller, const std::string& within, Answer<std::vector<std::string>> done);
  // One JSON object.
  void sweep(const Caller& caller, Answer<std::string> done);
  // Every kTickInterval: begins a sweep once a day, the first soon after the start.
  void tick(Instant now);

 private:
  enum class Does : bool { looks, destroys };
  struct Pass {
    Does does = Does::looks;
    Instant by{};
    std::string within;
    std::map<std::pair<std::string, std::int32_t>, RetentionRow> rows;
    std::vector<std::uint64_t> cases;
    std::uint64_t lots = 0, held = 0;
    bool complete = true;
    std::optional<Slot> next;
    std::vector<UntilEventLot> slice;
    RegisterHistory registers;
    SystemNumbers systems;
    std::function<void(const Refusal*)> finished;
  };

  void begin(const Caller& caller, Pass pass);
  void enqueue(std::function<void(Ledger&)> step);
  void byDate(Ledger& ledger);
  void gather(Ledger& ledger);
  void evaluate();
  void settle(Ledger& ledger);
  void add(const Retention::Swept& swept);
  void finish(const Refusal* refusal);

  Ledger& ledger_;
  Pipeline& pipeline_;
  ReadPool& reads_;
  std::function<void(Ledger&)> changed_;
  // Handed from thread to thread with the work itself; owned by the one pass that runs.
  std::atomic<bool> running_{false};
  std::uint32_t principal_ = 0;
  Pass pass_;
  std::atomic<std::int64_t> sweepAt_;  // ms
};

}  // namespace lacuna
