// A few threads that open what was allowed to be read. Bounded: beyond it the answer is `busy`.
#pragma once

#include "ledger/base/result.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lacuna {

// What a reader hears when submit() takes nothing.
Refusal readsFull();

class ReadPool {
 public:
  explicit ReadPool(unsigned threads);
  ~ReadPool();  // drains

  // Finishes what waits; nothing is taken any more.
  void drain();

  // False: too much waits, and `job` was not taken.
  bool submit(std::function<void()> job);

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lacuna
