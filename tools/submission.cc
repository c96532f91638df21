#include "tools/submission.h"

#include "ledger/record/event_wire.h"

#include <kj/async-unix.h>
#include <kj/debug.h>

#include <algorithm>

namespace lacuna::tool {
namespace {

constexpr std::chrono::milliseconds kBackoffMin{50};
constexpr std::chrono::milliseconds kBackoffMax{5000};
constexpr std::chrono::milliseconds kReconnectAfter{200};  // doubled each time, up to:
constexpr std::chrono::milliseconds kReconnectEach{5000};

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

kj::Duration durationOf(std::chrono::milliseconds d) { return d.count() * kj::MILLISECONDS; }

}  // namespace

// One call, and what became of it. The promise comes last: it refers to the rest.
struct Submission::Batch {
  std::vector<Item> items;
  kj::Maybe<capnp::Response<Results>> answer;
  kj::Maybe<kj::Exception> failure;
  bool nothingSent = false;
  kj::ForkedPromise<void> done = nullptr;

  bool answered() const { return nothingSent || answer != nullptr || failure != nullptr; }
  void watch(kj::Promise<capnp::Response<Results>> call) {
    done = call.then([this](capnp::Response<Results>&& response) { answer = kj::mv(response); },
                     [this](kj::Exception&& exception) { failure = kj::mv(exception); })
               .fork();
  }
};

Submission::Submission(Loop& loop, std::string address, int inputFd, SubmissionOptions options,
                       SubmissionListener& listener)
    : loop_(loop),
      address_(std::move(address)),
      inputFd_(inputFd),
      lines_(inputFd),
      options_(options),
      listener_(listener) {}
Submission::~Submission() = default;

SubmissionEnd Submission::run() {
  SubmissionEnd end;
  try {
    end.noRole = connect();
    if (end.noRole) return end;
  } catch (const kj::Exception& exception) {
    if (!options_.retryFirst) throw;
    lose(exception);
  }
  progressAt_ = std::chrono::steady_clock::now();
  for (;;) {
    // What was answered busy goes first, in its old order, once nothing is in flight any more.
    const bool held = !fault_.empty() || lost_ || !retry_.empty();
    if (!held && inFlight_.size() < kBatchesInFlight) {
      gather();
      if (!next_.empty()) {
        send();
        continue;
      }
      if (!inputEnded_) {
        waitForAnything();
        if (inFlight_.empty() || !inFlight_.front()->answered()) continue;
      }
    }
    if (!inFlight_.empty()) {
      takeFront();
    } else if (!fault_.empty()) {
      break;
    } else if (lost_) {
      resume();
    } else if (!retry_.empty()) {
      pause();
    } else if (inputEnded_ && backlog_.empty()) {
      break;
    }
  }
  end.fault = fault_;
  end.unknown = unanswered_.size();
  for (const Item& item : unanswered_) {
    end.unknownFirst = end.unknownFirst == 0 ? item.line : std::min(end.unknownFirst, item.line);
    end.unknownLast = std::max(end.unknownLast, item.line);
  }
  return end;
}

std::optional<Refusal> Submission::connect() {
  recorder_ = nullptr;
  connection_.reset();
  connection_ = std::make_unique<Connection>(loop_, address_);
  auto recorder = connection_->recorder();
  if (!recorder) return recorder.refusal();
  recorder_ = kj::mv(*recorder);
  return std::nullopt;
}

void Submission::gather() {
  while (next_.size() < kBatchEvents && nextBytes_ < kBatchBytes) {
    if (!backlog_.empty()) {
      Item item = std::move(backlog_.front());
      backlog_.pop_front();
      take(std::move(item));
      continue;
    }
    LineSource::Line line;
    const LineSource::State state = inputEnded_ ? LineSource::State::end : lines_.next(line);
    if (state == LineSource::State::later) return;
    if (state == LineSource::State::end) {
      inputEnded_ = true;
      return;
    }
    if (line.cut) {
      Item item{line.number, std::string(line.text)};
      item.cut = true;
      pass(std::move(item), {RefusalCode::tooLarge, "the line is longer than any event may be"});
    } else if (!blank(line.text)) {
      take({line.number, std::string(line.text)});
    }
  }
}

void Submission::take(Item item) {
  Result<Event> event = parser_.parse(item.text);
  if (!event) return pass(std::move(item), event.refusal());
  if (options_.admit) event->admit = true;
  item.hasId = !event->id.empty();
  nextBytes_ += item.text.size();
  next_.push_back(std::move(item));
  nextEvents_.push_back(std::move(*event));
}

// Goes with its batch, so that answers keep the order of the input, but not over the wire.
void Submission::pass(Item item, Refusal refusal) {
  item.refusal = std::move(refusal);
  nextBytes_ += item.text.size();
  next_.push_back(std::move(item));
}

bool Submission::told(const Item& item) {
  if (!item.refusal) return false;
  listener_.refused({item.line, item.text, item.cut}, *item.refusal);
  return true;
}

void Submission::send() {
  auto batch = std::make_unique<Batch>();
  batch->items = std::move(next_);
  auto& recorder = KJ_ASSERT_NONNULL(recorder_);
  const auto fill = [&](capnp::List<schema::Event>::Builder events) {
    for (unsigned i = 0; i < events.size(); ++i) toWire(nextEvents_[i], events[i]);
  };
  const auto count = static_cast<unsigned>(nextEvents_.size());
  if (count == 0) {
    batch->nothingSent = true;
    batch->done = kj::Promise<void>(kj::READY_NOW).fork();
  } else if (options_.checkOnly) {
    auto request = recorder.checkRequest();
    fill(request.initEvents(count));
    batch->watch(request.send());
  } else {
    auto request = recorder.submitRequest();
    fill(request.initEvents(count));
    batch->watch(request.send());
  }
  next_.clear();
  nextEvents_.clear();
  nextBytes_ = 0;
  inFlight_.push_back(std::move(batch));
}

// Returns when more input is at hand, or the oldest batch has its answer.
void Submission::waitForAnything() {
  if (observer_ == nullptr) {
    // Not for files: those are always at hand, so that nobody comes here for one.
    observer_ = kj::heap<kj::UnixEventPort::FdObserver>(
        loop_.io().unixEventPort, inputFd_, kj::UnixEventPort::FdObserver::OBSERVE_READ);
  }
  kj::Promise<void> readable = KJ_ASSERT_NONNULL(observer_)->whenBecomesReadable();
  if (!inFlight_.empty()) readable = readable.exclusiveJoin(inFlight_.front()->done.addBranch());
  readable.wait(loop_.wait());
}

void Submission::takeFront() {
  const std::unique_ptr<Batch> batch = std::move(inFlight_.front());
  inFlight_.pop_front();
  batch->done.addBranch().wait(loop_.wait());
  KJ_IF_MAYBE(exception, batch->failure) {
    leaveUnanswered(*batch);
    lose(*exception);
  } else KJ_IF_MAYBE(answer, batch->answer) {
    takeResults(*batch, *answer);
  } else {
    leaveUnanswered(*batch);  // nothing of it was sent
  }
  listener_.advanced();
}

// What was refused here has its answer; the rest has none.
void Submission::leaveUnanswered(Batch& batch) {
  for (Item& item : batch.items) {
    if (!told(item)) unanswered_.push_back(std::move(item));
  }
}

void Submission::takeResults(Batch& batch, Results::Reader results) {
  if (results.isRefusal()) {
    const Refusal refusal = refusalOf(results.getRefusal());
    for (Item& item : batch.items) {
      if (!told(item)) takeRefusal(item, refusal);
    }
    return;
  }
  const auto sent = std::count_if(batch.items.begin(), batch.items.end(),
                                  [](const Item& item) { return !item.refusal; });
  if (!results.isOk() || results.getOk().size() != sent) {
    leaveUnanswered(batch);
    if (fault_.empty()) fault_ = "the daemon's answer does not fit the question";
    return;
  }
  const auto list = results.getOk();
  unsigned next = 0;
  for (Item& item : batch.items) {
    if (!told(item)) takeResult(item, list[next++]);
  }
}

void Submission::takeResult(Item& item, wire::EventResult::Reader result) {
  if (result.isAppended()) {
    const auto appended = result.getAppended();
    const auto leaf = appended.getLeaf();
    listener_.durable({item.line, item.text}, appended.getSeq(), hexOf({leaf.begin(), leaf.size()}),
                      appended.getRepeated());
    progressAt_ = std::chrono::steady_clock::now();
    backoff_ = std::chrono::milliseconds(0);
    lostAt_.reset();
  } else if (result.isRefusal()) {
    takeRefusal(item, refusalOf(result.getRefusal()));
  } else {
    unanswered_.push_back(std::move(item));
    if (fault_.empty()) fault_ = "the daemon gave no answer for an event";
  }
}

void Submission::takeRefusal(Item& item, const Refusal& refusal) {
  if (refusal.code == RefusalCode::sealed && !options_.checkOnly) {
    // After a fault what was in flight may or may not have reached the disk (P8).
    unanswered_.push_back(std::move(item));
    if (fault_.empty())
      fault_ = "the ledger is sealed after a fault and accepts nothing until a restart";
    return;
  }
  const bool waits = refusal.code == RefusalCode::busy || refusal.code == RefusalCode::stopping;
  // Behind an event that was put back, "unknown" may only mean "not yet".
  const bool behind = refusal.code == RefusalCode::unknownPerson && !retry_.empty();
  const bool patient = std::chrono::steady_clock::now() - progressAt_ < kBusyPatience;
  if ((waits || behind) && patient) {
    backoff_ = std::max(backoff_, refusal.retryAfter);
    retry_.push_back(std::move(item));
    return;
  }
  progressAt_ = std::chrono::steady_clock::now();
  listener_.refused({item.line, item.text}, refusal);
}

void Submission::lose(const kj::Exception& exception) {
  if (exception.getType() == kj::Exception::Type::DISCONNECTED) {
    lost_ = true;
    if (!lostAt_) lostAt_ = std::chrono::steady_clock::now();
  } else if (fault_.empty()) {
    fault_ = sentenceOf(exception);
  }
}

// The connection is gone and nothing is in flight. Sending again is safe when each event that has no
// answer has an id, because the daemon records an id once (P11).
void Submission::resume() {
  const bool safe = options_.checkOnly || std::all_of(unanswered_.begin(), unanswered_.end(),
                                                      [](const Item& item) { return item.hasId; });
  if (!safe) {
    fault_ = "the connection was lost, and events without an id cannot safely be sent again";
    return;
  }
  const auto until = *lostAt_ + options_.retry;
  for (std::chrono::milliseconds wait = kReconnectAfter;;
       wait = std::min(wait * 2, kReconnectEach)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    listener_.waits();
    loop_.io().provider->getTimer().afterDelay(durationOf(std::min(wait, left))).wait(loop_.wait());
    try {
      if (const auto noRole = connect()) {
        fault_ = "the connection was lost, and after it the role of recorder";
        return;
      }
    } catch (const kj::Exception&) {
      continue;  // not yet back
    }
    putBack(unanswered_);
    lost_ = false;
    return;
  }
  fault_ = "the connection was lost and the daemon did not come back within " +
           std::to_string(options_.retry.count()) + " seconds";
}

// Nothing is in flight: wait as long as the daemon asked for, then begin with what was put back.
void Submission::pause() {
  backoff_ = std::clamp(backoff_, kBackoffMin, kBackoffMax);
  loop_.io().provider->getTimer().afterDelay(durationOf(backoff_)).wait(loop_.wait());
  backoff_ = std::min(backoff_ * 2, kBackoffMax);
  putBack(retry_);
}

// To be sent again, before any new line and in the order of the input.
void Submission::putBack(std::vector<Item>& items) {
  backlog_.insert(backlog_.end(), std::make_move_iterator(items.begin()),
                  std::make_move_iterator(items.end()));
  items.clear();
  std::stable_sort(backlog_.begin(), backlog_.end(),
                   [](const Item& a, const Item& b) { return a.line < b.line; });
}

}  // namespace lacuna::tool
