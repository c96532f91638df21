// Drives the second tier (ledger/sweep.h) beside the pipeline: on command, on a timer, and at start for what
// a crash left undone.
//
// Promise: groups go on meanwhile; the ledger is had alone only to ask what is due and to record. What it
//          writes is paced. What stops it (a fault, damage) stops the sweep, never the ledger.
// Thread:  one of its own; every method from any thread.
#pragma once

#include "daemon/pipeline.h"
#include "daemon/service.h"
#include "ledger/sweep.h"

namespace lacuna {

class Sweeper {
 public:
  struct Options {
    std::uint64_t bytesPerSecond =
        kSweepBytesPerSecond;  // written while removing; 0: no sweep by itself
    std::chrono::milliseconds interval = kSweepCheckInterval;
    std::function<void(std::string_view line)> log;
  };
  // Borrowed: both outlive it.
  Sweeper(Ledger& ledger, Pipeline& pipeline, Options options);
  ~Sweeper();  // stops

  // Begins a sweep, or joins the one that runs. Answers with status() once it is known to be due; else refuses
  // what sweepDue() refuses.
  void start(Answer<std::string> done);
  // Ends the marking, or the removal: what is recorded goes on at the next start of one.
  void cancel();
  std::string status() const;  // one JSON object
  // Cancels and joins. Before the pipeline drains.
  void stop();

 private:
  enum class State : std::uint8_t { idle, marking, recording, removing, rewritingFiles };
  static std::string_view nameOf(State state);
  struct Seen {  // of the ledger, had alone
    std::vector<LotHandle> lots;
    SystemNumbers systems;
    TreeSize shown;
  };

  void run();
  // Refuse what ends them early: nothing is due, cancelled (stopping), the tree changes too often (busy).
  Outcome sweepOnce();
  Result<SeqSet> marked(SweepMark& mark);
  Outcome carryOut();
  Outcome noteRemoved();
  Result<SweepMark> due();
  Result<Seen> look();
  // Waits until the piece has run alone; nothing: it was refused, or failed (and the pipeline sealed).
  std::optional<Refusal> alone(const std::function<void(Ledger&)>& piece);
  void pace(std::uint64_t bytes);
  bool goOn() const { return !stopping_ && !cancelled_; }
  void enter(State state);

  Ledger& ledger_;
  Pipeline& pipeline_;
  Options options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false;
  State state_ = State::idle;
  std::uint64_t done_ = 0, total_ = 0;  // records marked
  std::optional<Seq> recorded_;         // by the last sweep of this process
  SweepRemoval::Totals totals_;
  std::string outcome_;  // of the last run: done, cancelled, or why it ended
  std::uint64_t runs_ = 0;

  std::atomic<bool> stopping_{false}, cancelled_{false};
  std::atomic<bool> pending_{false};  // something is recorded and not yet removed
  std::atomic<bool> halted_{false};   // either, as a library looks at it
  std::thread thread_;
};

}  // namespace lacuna
