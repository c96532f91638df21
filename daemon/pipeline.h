// Gathers work into groups and makes each group durable with one synced write.
//
// Promise: whoever waits is told of success only after the sync (P2), in the order of sequence.
// Failure: the first fault seals the pipeline; whatever waits then, and all that comes later, is refused
//          `sealed` (P8). Nothing is retried.
// Bounds:  queued bytes in all and per principal; beyond them enqueue() answers `busy`, never memory.
// Thread:  enqueue() from any thread. Three threads of its own: sequencer, sealer, writer.
#pragma once

#include "ledger/ledger.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace lacuna {

inline constexpr std::size_t kWorkBytesMin = 1024;  // what any piece of work counts as, at least

// One piece of work for the sequencer.
struct Work {
  std::uint32_t principal = 0;
  std::size_t bytes = 0;  // what it holds in memory, for the bounds (kWorkBytesMin at least)
  std::size_t slots = 0;  // new slots that it takes, at most
  // Decides: plans records in the draft, and registers who waits for them. Sequencer thread.
  std::function<void(Sequencer&, Draft&)> decide;
  // Instead of decide: runs alone, with no group on its way, and commits by itself. Sequencer thread.
  std::function<void(Ledger&)> exclusive;
  // Told instead, when it is never decided. Any thread.
  std::function<void(const Refusal&)> refused;
};

class Pipeline {
 public:
  struct Options {
    std::chrono::milliseconds checkpointInterval = kCheckpointIntervalDefault;
    std::function<void(std::string_view line)> log;  // facts and faults; no personal data
  };

  Pipeline(Ledger& ledger, Options options);
  ~Pipeline();  // drains

  // Takes the work, or calls work.refused before it returns: busy, sealed, stopping, no-space.
  void enqueue(Work work);
  // Stops taking work, finishes what waits, signs a last checkpoint.
  void drain();

  bool sealed() const { return sealed_.load(); }
  // From outside: nothing more is acknowledged or signed. Any thread.
  void seal(std::string_view why);  // P8
  struct Counts {
    std::uint64_t groups = 0, events = 0, queuedBytes = 0;
  };
  Counts counts() const;

 private:
  struct Stage {  // the hand-over between two threads: at most one draft waits
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::unique_ptr<Draft>> drafts;
    bool closed = false;
  };

  void sequence();
  void sealLoop();
  void writeLoop();
  bool takeWork(std::deque<Work>& taken);
  void decideAll(std::deque<Work>& taken);
  void runExclusive(Work& work);
  void handOver(Stage& stage, std::unique_ptr<Draft> draft);
  std::unique_ptr<Draft> receive(Stage& stage, std::chrono::milliseconds wait, bool& closed);
  void close(Stage& stage);
  void finished(std::unique_ptr<Draft> draft);
  void awaitIdle();
  void awaitTurn();
  std::optional<Refusal> admissionClosed(const Work& work);
  std::optional<Refusal> queue(Work& work);  // taken from its place, unless it is refused
  void releaseBytes(const Work& work);
  void signIfDue(bool force);

  Ledger& ledger_;
  Options options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint32_t, std::deque<Work>> queues_;  // per principal: taken in turn
  std::map<std::uint32_t, std::size_t> queuedOf_;
  std::size_t queued_ = 0;
  std::uint32_t lastServed_ = 0;
  bool stopping_ = false;

  std::mutex flightMutex_;
  std::condition_variable landed_;
  std::uint64_t started_ = 0, done_ = 0;  // groups handed over, groups finished
  std::atomic<std::uint64_t> committedGroup_{0};

  std::mutex writing_;  // log and keys have one writer: the writer thread, or an exclusive piece
  Stage toSeal_, toWrite_;
  std::atomic<bool> sealed_{false};
  std::atomic<std::uint64_t> groups_{0}, events_{0};
  std::chrono::steady_clock::time_point lastSigned_{};
  std::thread sequencer_, sealer_, writer_;
};

}  // namespace lacuna
