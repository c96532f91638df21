// A stream of event lines on its way to the daemon: batches in flight, answers in order, nothing lost.
//
// Promise: every line is told apart as durable, refused, or unknown, and never counted durable before its
//          acknowledgement. An event is sent again only where that cannot record it twice: after `busy`
//          (nothing was recorded), or after a lost connection when every unacknowledged event has an id.
// Memory:  kBatchesInFlight batches and one line.
// Thread:  the loop's.
#pragma once

#include "ledger/record/event_json.h"
#include "tools/connection.h"
#include "tools/console.h"
#include "tools/line_source.h"

#include <kj/async-unix.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lacuna::tool {

inline constexpr std::size_t kBatchEvents = 256;
inline constexpr std::size_t kBatchBytes = 1024 * 1024;  // of JSON; the message stays below 4 MiB
inline constexpr std::size_t kBatchesInFlight = 8;
inline constexpr std::chrono::seconds kReconnectFor{60};  // unless told otherwise
inline constexpr std::uint64_t kReconnectSecondsMax = 7 * 24 * 3600;
inline constexpr std::chrono::seconds kBusyPatience{60};  // without any progress
static_assert(kBatchBytes + kBatchEvents * 1024 + kJsonLineBytesMax < kMessageBytesMax,
              "a batch fits one message, with a kilobyte of structure per event");

// Told about each line once, in the order of the input but for what was sent again.
class SubmissionListener {
 public:
  virtual ~SubmissionListener() = default;
  struct Place {
    std::uint64_t line;
    std::string_view text;  // as it was read
    bool cut = false;       // the text is only the line's beginning
  };
  virtual void durable(const Place& place, std::uint64_t seq, std::string_view leafHex,
                       bool repeated) = 0;
  virtual void refused(const Place& place, const Refusal& refusal) = 0;
  virtual void advanced() = 0;  // a batch was answered
  virtual void waits() {}       // for a daemon that is away
};

struct SubmissionOptions {
  bool admit = false;
  bool checkOnly = false;                      // admission only: nothing is recorded
  std::chrono::seconds retry = kReconnectFor;  // how long a lost daemon is waited for
  bool retryFirst = false;                     // also before there was any connection
};

// How the stream ended.
struct SubmissionEnd {
  std::optional<Refusal> noRole;                    // not begun: the caller is no recorder
  std::string fault;                                // empty: every line has its answer
  std::uint64_t unknown = 0;                        // events that were in flight, with no answer
  std::uint64_t unknownFirst = 0, unknownLast = 0;  // their lines
};

class Submission {
 public:
  Submission(Loop& loop, std::string address, int inputFd, SubmissionOptions options,
             SubmissionListener& listener);
  ~Submission();

  SubmissionEnd run();

 private:
  struct Item {
    std::uint64_t line = 0;
    std::string text;
    bool hasId = false;
    bool cut = false;
    std::optional<Refusal> refusal = {};  // found here: not sent, told in its turn
  };
  struct Batch;
  using Results = wire::Outcome<capnp::List<wire::EventResult>>;

  std::optional<Refusal> connect();
  void gather();  // lines at hand into next_, without waiting
  void take(Item item);
  void pass(Item item, Refusal refusal);
  bool told(const Item& item);  // whether it was refused here
  void send();
  void waitForAnything();
  void takeFront();
  void leaveUnanswered(Batch& batch);
  void takeResults(Batch& batch, Results::Reader results);
  void takeResult(Item& item, wire::EventResult::Reader result);
  void takeRefusal(Item& item, const Refusal& refusal);
  void lose(const kj::Exception& exception);
  void resume();
  void pause();
  void putBack(std::vector<Item>& items);

  Loop& loop_;
  std::string address_;
  int inputFd_;
  LineSource lines_;
  SubmissionOptions options_;
  SubmissionListener& listener_;
  EventParser parser_;

  std::deque<Item> backlog_;      // to be sent before any new line
  std::vector<Item> retry_;       // answered busy, or behind one that was
  std::vector<Item> unanswered_;  // of the lost connection
  std::vector<Item> next_;
  std::vector<Event> nextEvents_;
  std::size_t nextBytes_ = 0;

  bool inputEnded_ = false;
  bool lost_ = false;  // the connection; unanswered_ is what it took along
  std::optional<std::chrono::steady_clock::time_point> lostAt_;  // without an answer since then
  std::string fault_;
  std::chrono::milliseconds backoff_{0};
  std::chrono::steady_clock::time_point progressAt_{};

  // Last, in this order: what waits on the connection dies before it.
  kj::Maybe<kj::Own<kj::UnixEventPort::FdObserver>> observer_;
  std::unique_ptr<Connection> connection_;
  kj::Maybe<wire::Recorder::Client> recorder_;
  std::deque<std::unique_ptr<Batch>> inFlight_;
};

}  // namespace lacuna::tool
