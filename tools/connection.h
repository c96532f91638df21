// A connection to the daemon: the KJ loop, the Gate and the capability of one role.
//
// Thread: the one that made it. Calls are made with the generated clients and waited for here.
#pragma once

#include "ledger/base/result.h"

#include <gate.capnp.h>

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <string>
#include <vector>

namespace lacuna::tool {

Refusal refusalOf(wire::Refusal::Reader refusal);

// What the daemon, or the way to it, failed at; one sentence.
std::string sentenceOf(const kj::Exception& exception);

// The loop of this thread. One a thread; outlives its connections.
class Loop {
 public:
  Loop() : io_(kj::setupAsyncIo()) {}
  kj::AsyncIoContext& io() { return io_; }
  kj::WaitScope& wait() { return io_.waitScope; }

 private:
  kj::AsyncIoContext io_;
};

class Connection {
 public:
  // Throws kj::Exception (disconnected) when nobody listens there.
  Connection(Loop& loop, const std::string& path);

  wire::Gate::Client& gate() { return gate_; }
  Loop& loop() { return loop_; }

  // Roles. Refused wrong-role when the caller does not hold it.
  Result<wire::Recorder::Client> recorder();
  Result<wire::Auditor::Client> auditor();
  Result<wire::Officer::Client> officer();
  Result<wire::Operator::Client> op();

 private:
  Loop& loop_;
  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyClient client_;
  wire::Gate::Client gate_;
};

// An answer that is one text.
template <typename Response>
Result<std::string> takeText(Response&& answer) {
  if (answer.isRefusal()) return refusalOf(answer.getRefusal());
  KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
  const auto text = answer.getOk();
  return std::string(text.begin(), text.size());
}

// Waits for an answer that is one text, or lines.
template <typename Request>
Result<std::string> askText(Loop& loop, Request&& request) {
  return takeText(request.send().wait(loop.wait()));
}

// All lines of an answer, however many pages it has.
Result<std::vector<std::string>> linesOf(Loop& loop, wire::Lines::Reader first);

template <typename Request>
Result<std::vector<std::string>> askLines(Loop& loop, Request&& request) {
  auto answer = request.send().wait(loop.wait());
  if (answer.isRefusal()) return refusalOf(answer.getRefusal());
  KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
  return linesOf(loop, answer.getOk());
}

}  // namespace lacuna::tool
