#include "daemon/server/workers.h"

namespace lacuna {

Workers::Workers(Inbox& inbox, unsigned threads) : inbox_(inbox) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this]() { work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool Workers::take(std::uint32_t principal, Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_ >= kJobsWaitingMax) return false;
    queues_[principal].push_back(std::move(job));
    ++waiting_;
  }
  changed_.notify_one();
  return true;
}

Workers::Job Workers::nextJob() {
  auto turn = queues_.upper_bound(servedLast_);
  if (turn == queues_.end()) turn = queues_.begin();
  servedLast_ = turn->first;
  Job job = std::move(turn->second.front());
  turn->second.pop_front();
  if (turn->second.empty()) queues_.erase(turn);
  --waiting_;
  return job;
}

void Workers::work() {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this]() { return stopping_ || waiting_ > 0; });
      if (waiting_ == 0) return;
      job = nextJob();
    }
    job();
  }
}

}  // namespace lacuna
