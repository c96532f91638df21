// Threads that open what was allowed to be read. Bounded: beyond it the answer is `busy`.
#pragma once

#include "ledger/base/result.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lacuna {

// What a reader hears when submit() takes nothing; and a search through everybody, which go one after the other.
Refusal readsFull();
Refusal findsFull();
// And one who read while something of the person died.
Refusal changedMeanwhile();
// What cannot be opened. A fault's own sentence is passed on, since it holds no personal datum; a library's may.
Refusal unreadable(const std::exception& error);
Refusal reasonTooLong();

inline constexpr std::size_t kFindsWaitingMax = 16;

class ReadPool {
 public:
  // At most `waitingMax` jobs wait.
  ReadPool(unsigned threads, std::size_t waitingMax);
  ~ReadPool();  // drains

  // Finishes what waits; nothing is taken any more.
  void drain();

  // False: too much waits, and `job` was not taken.
  bool submit(std::function<void()> job);

 private:
  void loop();

  const std::size_t waitingMax_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lacuna
