#include "daemon/read_pool.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"

namespace lacuna {

namespace {

Refusal busy(std::string message) {
  Refusal refusal{RefusalCode::busy, std::move(message)};
  refusal.retryAfter = kBusyRetryAfter;
  return refusal;
}

}  // namespace

Refusal readsFull() { return busy("too many questions wait: ask again in a moment"); }
Refusal findsFull() {
  return busy("others are looking through all persons, one after the other: ask again in a moment");
}
Refusal changedMeanwhile() {
  return busy("something of this person was erased or withdrawn while it was read: ask again");
}

Refusal unreadable(const std::exception& error) {
  const auto* fault = dynamic_cast<const Fault*>(&error);
  return {RefusalCode::tampered, std::string("this cannot be read: ") +
                                     (fault != nullptr ? fault->what() : "see `lacuna verify`")};
}
Refusal reasonTooLong() { return {RefusalCode::tooLarge, "a reason has at most 512 bytes"}; }

ReadPool::ReadPool(unsigned threads, std::size_t waitingMax) : waitingMax_(waitingMax) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { loop(); });
}

ReadPool::~ReadPool() { drain(); }

void ReadPool::drain() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool ReadPool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= waitingMax_) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void ReadPool::loop() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
    wipeStack();
  }
}

}  // namespace lacuna
