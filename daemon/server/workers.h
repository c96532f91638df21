// A few threads for calls that may wait for a disk, so that the event loop never does.
//
// Fair: among principals in turn, in order within one. Bounded: kJobsWaitingMax, then `busy`.
// Thread: run() on the loop's thread. Jobs run on the workers and touch no KJ type.
#pragma once

#include "daemon/server/inbox.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <thread>

namespace lacuna {

class Workers {
 public:
  Workers(Inbox& inbox, unsigned threads);
  ~Workers();  // finishes what was taken
  KJ_DISALLOW_COPY(Workers);

  // A Fault of the job rejects the promise with its sentence, any other exception with a fixed one.
  template <typename T>
  kj::Promise<Result<T>> run(std::uint32_t principal, std::function<Result<T>()> job) {
    auto awaited = inbox_.expect<Result<T>>();
    auto task = [job = std::move(job), done = awaited.done, failed = awaited.failed]() {
      try {
        done(job());
      } catch (const Fault& fault) {
        failed(fault.what());
      } catch (...) {
        failed("an internal check of the daemon failed");
      }
    };
    if (!take(principal, std::move(task))) {
      awaited.done(Refusal{RefusalCode::busy,
                           "Too many reads are waiting; try again shortly.",
                           {},
                           kBusyRetryAfter});
    }
    return kj::mv(awaited.answer);
  }

 private:
  using Job = std::function<void()>;
  bool take(std::uint32_t principal, Job job);
  void work();
  Job nextJob();  // Needs: mutex_ held, waiting_ > 0

  Inbox& inbox_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint32_t, std::deque<Job>> queues_;  // none empty
  std::uint32_t servedLast_ = 0;
  std::size_t waiting_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lacuna
