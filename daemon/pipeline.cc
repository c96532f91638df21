#include "daemon/pipeline.h"

#include "ledger/base/limits.h"

#include <pthread.h>

namespace lacuna {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kGroupsReady =
    2;  // may lie between two stages, so that a slow sync stops neither

Refusal sealedRefusal() {
  return {RefusalCode::sealed,
          "a write failed and its outcome is unknown: nothing more is recorded until the daemon is "
          "restarted"};
}

// As `top -H` and a profiler show it.
void nameThread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace

Pipeline::Pipeline(Ledger& ledger, Options options)
    : ledger_(ledger),
      options_(std::move(options)),
      sequencer_([this] { sequence(); }),
      sealer_([this] { sealLoop(); }),
      writer_([this] { writeLoop(); }) {}

Pipeline::~Pipeline() { drain(); }

std::optional<Refusal> Pipeline::admissionClosed(const Work& work) {
  if (sealed_) return sealedRefusal();
  if (stopping_) return Refusal{RefusalCode::stopping, "the daemon is stopping"};
  const auto own = queuedOf_.find(work.principal);
  const std::size_t ownBytes = own == queuedOf_.end() ? 0 : own->second;
  if (queued_ + work.bytes > kQueueBytesMax || ownBytes + work.bytes > kQueueBytesPerPrincipalMax) {
    Refusal busy{RefusalCode::busy, "more waits than the queue holds: send it again in a moment"};
    busy.retryAfter = kBusyRetryAfter;
    return busy;
  }
  return std::nullopt;
}

std::optional<Refusal> Pipeline::queue(Work& work) {
  const std::lock_guard lock(mutex_);
  if (std::optional<Refusal> refusal = admissionClosed(work)) return refusal;
  queued_ += work.bytes;
  queuedOf_[work.principal] += work.bytes;
  queues_[work.principal].push_back(std::move(work));
  return std::nullopt;
}

void Pipeline::enqueue(Work work) {
  work.bytes = std::max(work.bytes, kWorkBytesMin);  // an empty batch costs memory too
  if (const std::optional<Refusal> refusal = queue(work)) {
    work.refused(*refusal);
  } else {
    wake_.notify_one();
  }
}

void Pipeline::drain() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (sequencer_.joinable()) sequencer_.join();
  close(toSeal_);
  if (sealer_.joinable()) sealer_.join();
  close(toWrite_);
  if (writer_.joinable()) writer_.join();
}

Pipeline::Counts Pipeline::counts() const {
  const std::lock_guard lock(mutex_);
  return {groups_.load(), events_.load(), queued_};
}

// ---- sequencer

// Takes work fairly, one piece of each principal in turn, until a group is full. An exclusive piece is
// taken alone. False: stopping, and nothing waits.
bool Pipeline::takeWork(std::deque<Work>& taken) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queues_.empty(); });
  std::size_t bytes = 0;
  while (!queues_.empty() && bytes < kGroupBytesMax) {
    auto turn = queues_.upper_bound(lastServed_);
    if (turn == queues_.end()) turn = queues_.begin();
    Work& front = turn->second.front();
    if (front.exclusive && !taken.empty()) break;
    const bool alone = static_cast<bool>(front.exclusive);
    bytes += front.bytes;
    lastServed_ = turn->first;
    taken.push_back(std::move(front));
    turn->second.pop_front();
    if (turn->second.empty()) queues_.erase(turn);
    if (alone) break;
  }
  return !taken.empty() || !stopping_;
}

void Pipeline::releaseBytes(const Work& work) {
  const std::lock_guard lock(mutex_);
  queued_ -= work.bytes;
  const auto own = queuedOf_.find(work.principal);
  LACUNA_ASSERT(own != queuedOf_.end() && own->second >= work.bytes, "more released than waited");
  own->second -= work.bytes;
  if (own->second == 0) queuedOf_.erase(own);
}

void Pipeline::sequence() {
  nameThread("sequencer");
  std::deque<Work> taken;
  while (takeWork(taken)) {
    while (!taken.empty()) {
      if (sealed_) {
        taken.front().refused(sealedRefusal());
        releaseBytes(taken.front());
        taken.pop_front();
      } else if (taken.front().exclusive) {
        runExclusive(taken.front());
        releaseBytes(taken.front());
        taken.pop_front();
      } else {
        decideAll(taken);
      }
      wipeStack();
    }
  }
}

namespace {

// What the pieces of the next group may take, of as many as a group holds.
std::size_t slotsOf(const std::deque<Work>& taken) {
  std::size_t slots = 0;
  for (const Work& work : taken) {
    if (work.exclusive || slots >= 2 * kGroupEventsFull) break;
    slots += work.slots;
  }
  return slots;
}

}  // namespace

// One group: as much of what was taken as it holds.
void Pipeline::decideAll(std::deque<Work>& taken) {
  if (const Outcome disk = ledger_.diskOk(); !disk) {
    for (; !taken.empty() && !taken.front().exclusive; taken.pop_front()) {
      taken.front().refused(disk.refusal());
      releaseBytes(taken.front());
    }
    return;
  }
  awaitTurn();
  auto draft = std::make_unique<Draft>();
  Work current;
  std::size_t heard =
      0;  // how many wait for the draft; the piece being decided is not yet among them
  try {
    Sequencer& sequencer = ledger_.sequencer();
    sequencer.committed(committedGroup_.load());
    *draft = sequencer.begin();
    sequencer.expect(*draft, slotsOf(taken));
    while (!taken.empty() && !taken.front().exclusive && draft->records.size() < kGroupEventsFull &&
           draft->bytes < kGroupBytesMax && sequencer.expect(*draft, taken.front().slots)) {
      current = std::move(taken.front());
      taken.pop_front();
      releaseBytes(current);
      heard = draft->waiting.size();
      current.decide(sequencer, *draft);
    }
    heard = draft->waiting.size() + 1;  // from here on everybody is
    sequencer.close(*draft);
  } catch (const std::exception& error) {
    seal(error.what());
    const Refusal refusal = sealedRefusal();
    awaitIdle();  // everybody hears in the order in which they were taken
    for (auto& waiting : draft->waiting) waiting(*draft, &refusal);
    if (draft->waiting.size() == heard && current.refused) current.refused(refusal);
    return;
  }
  {
    const std::lock_guard lock(flightMutex_);
    ++started_;
  }
  handOver(toSeal_, std::move(draft));
}

// Little waits: let it grow while one group syncs and one is ready. Much waits: keep all threads busy.
void Pipeline::awaitTurn() {
  std::size_t waiting = 0;
  {
    const std::lock_guard lock(mutex_);
    waiting = queued_;
  }
  const std::uint64_t most = waiting >= kGroupDeepBytes ? kGroupsInFlightMax + kGroupsReady : 2;
  std::unique_lock lock(flightMutex_);
  landed_.wait(lock, [&] { return started_ - done_ < most; });
}

void Pipeline::runExclusive(Work& work) {
  awaitIdle();
  if (sealed_) {
    work.refused(sealedRefusal());
    return;
  }
  try {
    ledger_.sequencer().committed(committedGroup_.load());
    if (const Outcome disk = ledger_.diskOk(); !disk) {
      work.refused(disk.refusal());
      return;
    }
    const std::lock_guard alone(writing_);
    try {
      work.exclusive(ledger_);
    } catch (const std::exception& error) {
      seal(error.what());  // before the writer may sign again
      throw;
    }
  } catch (const std::exception& error) {
    seal(error.what());
    work.refused(sealedRefusal());
  }
}

// ---- hand-over

void Pipeline::handOver(Stage& stage, std::unique_ptr<Draft> draft) {
  std::unique_lock lock(stage.mutex);
  stage.changed.wait(lock, [&] { return stage.drafts.empty(); });
  stage.drafts.push_back(std::move(draft));
  stage.changed.notify_all();
}

std::unique_ptr<Draft> Pipeline::receive(Stage& stage, std::chrono::milliseconds wait,
                                         bool& closed) {
  std::unique_lock lock(stage.mutex);
  stage.changed.wait_for(lock, wait, [&] { return stage.closed || !stage.drafts.empty(); });
  closed = stage.closed && stage.drafts.empty();
  if (stage.drafts.empty()) return nullptr;
  std::unique_ptr<Draft> draft = std::move(stage.drafts.front());
  stage.drafts.pop_front();
  stage.changed.notify_all();
  return draft;
}

void Pipeline::close(Stage& stage) {
  const std::lock_guard lock(stage.mutex);
  stage.closed = true;
  stage.changed.notify_all();
}

void Pipeline::awaitIdle() {
  std::unique_lock lock(flightMutex_);
  landed_.wait(lock, [this] { return started_ == done_; });
}

// ---- sealer and writer

void Pipeline::sealLoop() {
  nameThread("sealer");
  bool closed = false;
  while (!closed) {
    std::unique_ptr<Draft> draft = receive(toSeal_, 1000ms, closed);
    if (!draft) continue;
    if (!sealed_) {
      try {
        ledger_.seal(*draft);
      } catch (const std::exception& error) {
        seal(error.what());
      }
    }
    handOver(toWrite_, std::move(draft));
  }
}

void Pipeline::writeLoop() {
  nameThread("writer");
  bool closed = false;
  while (!closed) {
    std::unique_ptr<Draft> draft = receive(toWrite_, options_.checkpointInterval, closed);
    if (draft) {
      if (!sealed_) {
        try {
          const std::lock_guard alone(writing_);
          if (!draft->empty()) ledger_.commit(*draft);
          committedGroup_ = draft->number;
          ++groups_;
          events_ += draft->records.size();
        } catch (const std::exception& error) {
          seal(error.what());
        }
      }
      finished(std::move(draft));
    }
    signIfDue(closed);
  }
}

// Whoever waits is told, in the order in which the events were decided.
void Pipeline::finished(std::unique_ptr<Draft> draft) {
  const Refusal refusal = sealedRefusal();
  const bool failed = committedGroup_.load() != draft->number;
  for (auto& waiting : draft->waiting) waiting(*draft, failed ? &refusal : nullptr);
  const std::lock_guard lock(flightMutex_);
  ++done_;
  landed_.notify_all();
}

void Pipeline::signIfDue(bool force) {
  const auto now = std::chrono::steady_clock::now();
  if (!force && now - lastSigned_ < options_.checkpointInterval) return;
  lastSigned_ = now;
  const std::lock_guard alone(writing_);
  if (sealed_) return;  // asked under the lock: what ran alone may have failed just now
  try {
    ledger_.signCheckpoint();
  } catch (const std::exception& error) {
    seal(error.what());
  }
}

void Pipeline::seal(std::string_view why) {
  if (sealed_.exchange(true)) return;
  if (options_.log) options_.log("sealed: " + std::string(why));
}

}  // namespace lacuna
