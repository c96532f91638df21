#include "daemon/sweeper.h"

#include <nlohmann/json.hpp>

#include <future>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDone = "done";

Refusal cancelledRefusal() {
  return {RefusalCode::stopping, "cancelled: what is recorded is carried out by the next sweep"};
}

}  // namespace

std::string_view Sweeper::nameOf(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::marking:
      return "marking";
    case State::recording:
      return "recording";
    case State::removing:
      return "removing";
    case State::rewritingFiles:
      return "rewriting-files";
  }
  LACUNA_ASSERT(false, "a state outside its list");
}

Sweeper::Sweeper(Ledger& ledger, Pipeline& pipeline, Options options)
    : ledger_(ledger),
      pipeline_(pipeline),
      options_(std::move(options)),
      thread_([this] { run(); }) {}

Sweeper::~Sweeper() { stop(); }

void Sweeper::stop() {
  stopping_ = halted_ = true;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::cancel() {
  cancelled_ = halted_ = true;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
}

void Sweeper::start(Answer<std::string> done) {
  bool running = false;
  {
    const std::lock_guard lock(mutex_);
    running = state_ != State::idle;
  }
  if (running) return done(status());
  Work work;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.exclusive = [this, done](Ledger& ledger) {
    const Result<SweepMark> mark = sweepDue(ledger);
    if (!mark && !pending_) return done(mark.refusal());
    {
      const std::lock_guard lock(mutex_);
      wanted_ = true;
    }
    wake_.notify_all();
    done(status());
  };
  pipeline_.enqueue(std::move(work));
}

std::string Sweeper::status() const {
  const std::lock_guard lock(mutex_);
  Json out;
  out["state"] = nameOf(wanted_ && state_ == State::idle ? State::marking : state_);
  if (state_ == State::marking) out["marked"] = {{"records", done_}, {"of", total_}};
  if (recorded_) out["sweep"] = recorded_->raw();
  if (totals_.bytesWritten > 0) {
    out["bytesRemoved"] = totals_.bytesRemoved;
    out["bytesRewritten"] = totals_.bytesWritten;
  }
  out["runs"] = runs_;
  if (!outcome_.empty()) out["outcome"] = outcome_;
  return out.dump();
}

void Sweeper::enter(State state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

// The thread. What a crash left undone comes first; then whoever asks, and the timer.
void Sweeper::run() {
  bool first = true;
  while (!stopping_) {
    bool asked = first;
    if (!first) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, options_.interval, [this] { return stopping_ || wanted_; });
      asked = wanted_;
      if (wanted_) totals_ = {}, recorded_.reset();
    }
    if (stopping_) return;
    if (!asked && options_.bytesPerSecond == 0) continue;
    cancelled_ = false;
    halted_ = stopping_.load();
    std::string outcome(kDone);
    try {
      const bool cutShort = pending_;
      Outcome swept = carryOut();
      if (swept && !first) swept = sweepOnce();
      const bool nothing = !swept && swept.refusal().code == RefusalCode::nothingToErase;
      if (nothing && cutShort) swept = Done{};  // that was what there was to do
      if (!swept) outcome = swept.refusal().message;
      // The timer asks every hour: that little was erased is no news.
      if (!swept && asked && options_.log) options_.log("sweep: " + outcome);
    } catch (const std::exception& error) {
      outcome = error.what();
      if (options_.log) options_.log("sweep stopped: " + std::string(error.what()));
    }
    const std::lock_guard lock(mutex_);
    state_ = State::idle;
    wanted_ = false;
    if (!first) ++runs_, outcome_ = std::move(outcome);
    first = false;
  }
}

std::optional<Refusal> Sweeper::alone(const std::function<void(Ledger&)>& piece) {
  std::promise<std::optional<Refusal>> answer;
  Work work;
  work.refused = [&](const Refusal& refusal) { answer.set_value(refusal); };
  work.exclusive = [&](Ledger& ledger) {
    piece(ledger);
    answer.set_value(std::nullopt);
  };
  pipeline_.enqueue(std::move(work));
  return answer.get_future().get();
}

Result<SweepMark> Sweeper::due() {
  std::optional<Result<SweepMark>> mark;
  if (const auto refused = alone([&](Ledger& ledger) { mark = sweepDue(ledger); })) return *refused;
  return *mark;
}

Result<Sweeper::Seen> Sweeper::look() {
  Seen seen;
  const auto refused = alone([&](Ledger& ledger) {
    seen = {ledger.sequencer().people().lotsOf(Slot(0)), ledger.sequencer().systems(),
            ledger.shownSize()};
  });
  if (refused) return *refused;
  return seen;
}

Result<SeqSet> Sweeper::marked(SweepMark& mark) {
  for (unsigned attempt = 0; attempt < kSweepAttemptsMax && goOn(); ++attempt) {
    const Result<SweepMark> now = due();
    if (!now) return now.refusal();
    mark = *now;
    const Result<Seen> seen = look();
    if (!seen) return seen.refusal();
    enter(State::marking);
    SweepHooks hooks;
    hooks.goOn = [this] { return goOn(); };
    hooks.onProgress = [this](std::uint64_t done, std::uint64_t total) {
      const std::lock_guard lock(mutex_);
      done_ = done;
      total_ = total;
    };
    const auto sweeps = recordedSweeps(ledger_.vault(), ledger_.store(), seen->systems, seen->lots);
    const SeqSet before = removedBy(ledger_.store(), sweeps);
    auto set = markUnreachable(ledger_.vault(), ledger_.store(), mark, before, hooks);
    if (set) return std::move(*set);
  }
  if (!goOn()) return cancelledRefusal();
  return Refusal{RefusalCode::busy, "erasures kept changing the tree while it was marked"};
}

Outcome Sweeper::sweepOnce() {
  SweepMark mark;
  const Result<SeqSet> unreachable = marked(mark);
  if (!unreachable) return unreachable.refusal();
  enter(State::recording);
  std::optional<Result<std::optional<Seq>>> recorded;
  const auto refused =
      alone([&](Ledger& ledger) { recorded = recordSweep(ledger, mark, *unreachable); });
  if (refused) return *refused;
  if (!*recorded) return recorded->refusal();
  {
    const std::lock_guard lock(mutex_);
    recorded_ = **recorded;
  }
  return carryOut();
}

Outcome Sweeper::carryOut() {
  const Result<Seen> seen = look();
  if (!seen) return seen.refusal();
  SweepRemoval removal(ledger_.store(),
                       recordedSweeps(ledger_.vault(), ledger_.store(), seen->systems, seen->lots),
                       seen->shown);
  pending_ = removal.pending();
  if (!pending_) return noteRemoved();
  enter(State::removing);
  while (goOn()) {
    const std::optional<std::uint64_t> written = removal.step();
    if (!written) break;
    {
      const std::lock_guard lock(mutex_);
      totals_ = removal.totals();
    }
    pace(*written);
  }
  if (!goOn()) return cancelledRefusal();
  enter(State::rewritingFiles);
  // Cancelling reaches into the files' rewriting, which may be long.
  while (removal.compactStep(halted_)) continue;
  if (!goOn()) return cancelledRefusal();
  removal.finish();
  pending_ = false;
  if (options_.log) options_.log("sweep: the envelopes of what was erased are removed");
  return noteRemoved();
}

// The cases whose envelopes are gone say so: those that were complete when the last sweep marked the log.
Outcome Sweeper::noteRemoved() {
  const Result<Seen> seen = look();
  if (!seen) return seen.refusal();
  const Seq through = ledger_.store().removedThrough();
  std::optional<SweepBody> last;
  for (const RecordedSweep& sweep :
       recordedSweeps(ledger_.vault(), ledger_.store(), seen->systems, seen->lots)) {
    if (sweep.seq < through) last = sweep.body;
  }
  for (bool more = last.has_value(); more && goOn();) {
    const auto refused = alone(
        [&](Ledger& ledger) { more = ledger.erasures().noteRemoved(last->marked, last->version); });
    if (refused) return *refused;
  }
  return Done{};
}

void Sweeper::pace(std::uint64_t bytes) {
  if (options_.bytesPerSecond == 0) return;
  const std::chrono::milliseconds rest(bytes * 1000 / options_.bytesPerSecond);
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, rest, [this] { return !goOn(); });
}

}  // namespace lacuna
