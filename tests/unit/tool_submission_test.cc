#include "ledger/record/event_wire.h"
#include "tests/support/scratch.h"
#include "tools/submission.h"

#include <catch2/catch.hpp>
#include <kj/debug.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace lacuna::tool {
namespace {

// What a daemon does with a call: one answer an event, one for all, or the connection ends.
struct Reply {
  std::vector<std::optional<RefusalCode>> perEvent;  // missing ones: appended
  std::optional<RefusalCode> whole;
  bool hangUpBefore = false;  // nothing is recorded
  bool hangUpAfter = false;   // recorded, the answer is lost
  bool fail = false;          // a fault of the daemon
};
using Script = std::function<Reply(std::size_t call, const std::vector<Event>& events)>;

// What the daemon holds, shared by its connections; read by the test when the daemon has ended.
struct Held {
  Script script;
  std::vector<Event> recorded;
  std::map<std::string, std::uint64_t> ids;
  std::size_t calls = 0, connections = 0;
  std::size_t inFlight = 0, inFlightMax = 0;
};

class FakeRecorder final : public wire::Recorder::Server {
 public:
  FakeRecorder(Held& held, kj::Function<void()> hangUp) : held_(held), hangUp_(kj::mv(hangUp)) {}

  kj::Promise<void> submit(SubmitContext context) override {
    held_.inFlightMax = std::max(held_.inFlightMax, ++held_.inFlight);
    // Answered in a later turn, so that several calls are in flight.
    return kj::evalLater([] {}).then([this, context]() mutable { answer(context); });
  }

 private:
  void answer(SubmitContext& context) {
    --held_.inFlight;
    std::vector<Event> events;
    for (const auto event : context.getParams().getEvents())
      events.push_back(fromWire(event).value());
    const Reply reply = held_.script(held_.calls++, events);
    if (reply.hangUpBefore) return hangUp_();
    KJ_REQUIRE(!reply.fail, "the disk is gone");
    auto results = context.getResults();
    if (reply.whole) {
      refuse(results.initRefusal(), *reply.whole);
      return;
    }
    auto list = results.initOk(static_cast<unsigned>(events.size()));
    for (unsigned i = 0; i < list.size(); ++i) {
      if (i < reply.perEvent.size() && reply.perEvent[i]) {
        refuse(list[i].initRefusal(), *reply.perEvent[i]);
      } else {
        append(events[i], list[i].initAppended());
      }
    }
    if (reply.hangUpAfter) hangUp_();
  }
  void append(const Event& event, wire::EventResult::Appended::Builder out) {
    const auto known = event.id.empty() ? held_.ids.end() : held_.ids.find(event.id);
    const bool repeated = known != held_.ids.end();
    const std::uint64_t seq = repeated ? known->second : held_.recorded.size();
    if (!repeated) {
      held_.recorded.push_back(event);
      if (!event.id.empty()) held_.ids[event.id] = seq;
    }
    const ByteArray<32> leaf{1};
    out.setSeq(seq);
    out.setLeaf(kj::arrayPtr(leaf.data(), leaf.size()));
    out.setRepeated(repeated);
  }
  static void refuse(wire::Refusal::Builder out, RefusalCode code) {
    out.setCode(std::string(nameOf(code)).c_str());
    out.setMessage("because of the script");
    out.setRetryAfterMs(1);
  }
  Held& held_;
  kj::Function<void()> hangUp_;
};

class FakeGate final : public wire::Gate::Server {
 public:
  FakeGate(Held& held, kj::Function<void()> hangUp) : held_(held), hangUp_(kj::mv(hangUp)) {}
  kj::Promise<void> recorder(RecorderContext context) override {
    context.getResults().setOk(kj::heap<FakeRecorder>(held_, kj::mv(hangUp_)));
    return kj::READY_NOW;
  }

 private:
  Held& held_;
  kj::Function<void()> hangUp_;
};

// A daemon with a thread and a socket of its own.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, Script script) {
    held_.script = std::move(script);
    std::promise<void> ready;
    thread_ = std::thread([this, path, &ready] { serve(path, ready); });
    ready.get_future().wait();
  }
  ~FakeDaemon() { stop(); }
  const Held& stop() {
    if (thread_.joinable()) {
      executor_->executeSync([this] { stop_->fulfill(); });
      thread_.join();
    }
    return held_;
  }

 private:
  void serve(const std::string& path, std::promise<void>& ready) {
    Loop loop;
    auto address =
        loop.io().provider->getNetwork().parseAddress(("unix:" + path).c_str()).wait(loop.wait());
    auto listener = address->listen();
    auto stop = kj::newPromiseAndFulfiller<void>();
    stop_ = kj::mv(stop.fulfiller);
    executor_ = kj::getCurrentThreadExecutor().addRef();
    auto accepting = accept(*listener).eagerlyEvaluate([](kj::Exception&&) {});
    ready.set_value();
    stop.promise.wait(loop.wait());
  }
  kj::Promise<void> accept(kj::ConnectionReceiver& listener) {
    return listener.accept().then([this, &listener](kj::Own<kj::AsyncIoStream> stream) {
      ++held_.connections;
      auto& io = *stream;
      auto served = kj::heap<capnp::TwoPartyServer>(
          kj::heap<FakeGate>(held_, [&io] { io.shutdownWrite(), io.abortRead(); }));
      auto done = served->accept(io).attach(kj::mv(served), kj::mv(stream));
      return kj::joinPromises(
          kj::arr<kj::Promise<void>>(done.catch_([](kj::Exception&&) {}), accept(listener)));
    });
  }

  Held held_;
  kj::Own<const kj::Executor> executor_;
  kj::Own<kj::PromiseFulfiller<void>> stop_;
  std::thread thread_;
};

class Heard final : public SubmissionListener {
 public:
  void durable(const Place& place, std::uint64_t seq, std::string_view, bool repeated) override {
    order.push_back(place.line);
    CHECK(lines.emplace(place.line, "seq " + std::to_string(seq) + (repeated ? " again" : ""))
              .second);
  }
  void refused(const Place& place, const Refusal& refusal) override {
    order.push_back(place.line);
    CHECK(lines.emplace(place.line, std::string(nameOf(refusal.code))).second);
    texts[place.line] = place.text;
  }
  void advanced() override {}
  void waits() override { ++waited; }
  std::size_t waited = 0;
  std::map<std::uint64_t, std::string> lines, texts;
  std::vector<std::uint64_t> order;
};

std::string eventLine(std::size_t i, bool withId = true) {
  std::string line = "{";
  if (withId) line += R"("id":"e)" + std::to_string(i) + R"(",)";
  return line + R"("kind":"note","person":"crm:)" + std::to_string(i) + "\"}\n";
}

struct World {
  test::Scratch dir;
  std::string socket = (dir.path() / "s").string();
  Heard heard;

  SubmissionEnd submit(const std::string& input, SubmissionOptions options = {}) {
    std::array<int, 2> ends{};  // sockets: a reader that has left ends the writer without a signal
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    std::thread writer([&] {
      std::string_view rest = input;
      while (!rest.empty()) {
        const ssize_t n = ::send(ends[1], rest.data(), rest.size(), MSG_NOSIGNAL);
        if (n <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(n));
      }
      ::close(ends[1]);
    });
    SubmissionEnd end;
    {
      Loop loop;
      Submission submission(loop, socket, ends[0], options, heard);
      end = submission.run();
    }
    ::close(ends[0]);  // first: a stream that ended early leaves lines unread
    writer.join();
    return end;
  }
};

std::string lines(std::size_t count, bool withId = true) {
  std::string out;
  for (std::size_t i = 1; i <= count; ++i) out += eventLine(i, withId);
  return out;
}

}  // namespace

TEST_CASE("every line has its answer, in batches of bounded size and number") {
  World world;
  std::size_t largest = 0;
  FakeDaemon daemon(world.socket, [&](std::size_t, const std::vector<Event>& events) {
    largest = std::max(largest, events.size());
    return Reply{};
  });
  const SubmissionEnd end = world.submit(lines(5000) + "\n  \n" + eventLine(5001));
  CHECK(end.fault.empty());
  CHECK(world.heard.lines.size() == 5001);
  CHECK(world.heard.lines[1] == "seq 0");
  CHECK(world.heard.lines[5003] == "seq 5000");
  const Held& held = daemon.stop();
  CHECK(held.recorded.size() == 5001);
  CHECK(largest <= kBatchEvents);
  CHECK(held.inFlightMax <= kBatchesInFlight);
}

TEST_CASE("a line that is no event, or is refused, does not stop the others") {
  World world;
  FakeDaemon daemon(world.socket, [](std::size_t, const std::vector<Event>& events) {
    Reply reply;
    for (const Event& event : events) {
      reply.perEvent.push_back(event.id == "e2" ? std::optional(RefusalCode::unknownPurpose)
                                                : std::nullopt);
    }
    return reply;
  });
  const std::string bad = R"({"kind":"note","persn":"crm:1"})";
  const SubmissionEnd end =
      world.submit(eventLine(1) + eventLine(2) + bad + "\n{\"kind\":\n" + eventLine(3));
  CHECK(end.fault.empty());
  CHECK(world.heard.lines[1] == "seq 0");
  CHECK(world.heard.lines[2] == "unknown-purpose");
  CHECK(world.heard.lines[3] == "unknown-field");
  CHECK(world.heard.lines[4] == "invalid-json");
  CHECK(world.heard.lines[5] == "seq 1");
  CHECK(world.heard.order == std::vector<std::uint64_t>{1, 2, 3, 4, 5});  // of the input
  CHECK(world.heard.texts[3] == bad);  // as it was, to be handed back
  CHECK(world.heard.texts[2] + "\n" == eventLine(2));
}

TEST_CASE("busy is tried again and nothing is recorded twice or out of order", "[P11]") {
  const bool withId = GENERATE(true, false);
  World world;
  FakeDaemon daemon(world.socket, [](std::size_t call, const std::vector<Event>& events) {
    Reply reply;
    if (call == 1 || call == 9) reply.whole = RefusalCode::busy;
    if (call == 3) reply.perEvent = {std::nullopt, RefusalCode::busy};
    if (call == 5) reply.whole = RefusalCode::stopping;
    CHECK(events.size() <= kBatchEvents);
    return reply;
  });
  const SubmissionEnd end = world.submit(lines(3000, withId));
  CHECK(end.fault.empty());
  CHECK(world.heard.lines.size() == 3000);
  const Held& held = daemon.stop();
  CHECK(held.recorded.size() == 3000);
  for (const auto& [line, what] : world.heard.lines) CHECK(what.starts_with("seq "));
}

TEST_CASE("an event behind one that was put back is not refused for want of it") {
  World world;
  // The first event admits the person; while it waits, the second batch knows nobody.
  bool admitted = false;
  FakeDaemon daemon(world.socket, [&](std::size_t call, const std::vector<Event>& events) {
    Reply reply;
    if (call == 0)
      reply.whole = RefusalCode::busy;
    else if (events.front().id == "e1")
      admitted = true;
    else if (!admitted)
      reply.perEvent.assign(events.size(), RefusalCode::unknownPerson);
    return reply;
  });
  const SubmissionEnd end = world.submit(lines(600));
  CHECK(end.fault.empty());
  CHECK(daemon.stop().recorded.size() == 600);
}

TEST_CASE("after a lost connection events with ids are sent again and recorded once", "[P11]") {
  const bool recordedBefore = GENERATE(true, false);
  World world;
  FakeDaemon daemon(world.socket, [&](std::size_t call, const std::vector<Event>&) {
    Reply reply;
    if (call == 4) (recordedBefore ? reply.hangUpAfter : reply.hangUpBefore) = true;
    return reply;
  });
  const SubmissionEnd end = world.submit(lines(4000));
  CHECK(end.fault.empty());
  CHECK(world.heard.lines.size() == 4000);
  for (const auto& [line, what] : world.heard.lines) CHECK(what.starts_with("seq "));
  const Held& held = daemon.stop();
  CHECK(held.connections == 2);
  CHECK(held.recorded.size() == 4000);
}

TEST_CASE("after a lost connection events without ids are not sent again but told as unknown",
          "[P11]") {
  World world;
  FakeDaemon daemon(world.socket, [&](std::size_t call, const std::vector<Event>&) {
    Reply reply;
    reply.hangUpAfter = call == 4;
    return reply;
  });
  const SubmissionEnd end = world.submit(lines(40'000, false));  // far more than is ever in flight
  CHECK(end.fault.find("without an id") != std::string::npos);
  CHECK(end.unknown > 0);
  CHECK(end.unknownFirst == world.heard.lines.size() + 1);
  CHECK(end.unknownLast == world.heard.lines.size() + end.unknown);
  const Held& held = daemon.stop();
  CHECK(held.connections == 1);
  CHECK(held.recorded.size() >= world.heard.lines.size());
  CHECK(held.recorded.size() <= world.heard.lines.size() + end.unknown);
}

TEST_CASE("a daemon that gives no answer is waited for as long as was asked for") {
  World world;
  FakeDaemon daemon(world.socket, [](std::size_t, const std::vector<Event>&) {
    Reply reply;
    reply.hangUpBefore = true;
    return reply;
  });
  SubmissionOptions options;
  options.retry = std::chrono::seconds(1);
  const auto begun = std::chrono::steady_clock::now();
  const SubmissionEnd end = world.submit(lines(10), options);
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::seconds(1));
  CHECK(end.fault.find("did not come back within 1 seconds") != std::string::npos);
  CHECK(end.unknown == 10);
  CHECK(world.heard.waited > 1);
  CHECK(daemon.stop().connections > 1);
}

TEST_CASE("a fault of the daemon ends the stream and is never tried again", "[P8]") {
  World world;
  FakeDaemon daemon(world.socket, [&](std::size_t call, const std::vector<Event>& events) {
    Reply reply;
    if (call == 1) reply.fail = true;
    if (call > 1) reply.perEvent.assign(events.size(), RefusalCode::sealed);
    return reply;
  });
  const SubmissionEnd end = world.submit(lines(40'000));
  CHECK(end.fault.find("the disk is gone") != std::string::npos);
  CHECK(world.heard.lines.size() == kBatchEvents);
  CHECK(end.unknown >= kBatchEvents);
  CHECK(daemon.stop().calls <= 1 + kBatchesInFlight);
}

TEST_CASE("admit is set on every event when asked for") {
  World world;
  FakeDaemon daemon(world.socket, [](std::size_t, const std::vector<Event>&) { return Reply{}; });
  world.submit(lines(3), {true, false});
  for (const Event& event : daemon.stop().recorded) CHECK(event.admit);
}

}  // namespace lacuna::tool
