// A blocking client of the Gate, and raw sockets for what no client would send. For tests.
#pragma once

#include "daemon/service.h"

#include <gate.capnp.h>

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <filesystem>

namespace lacuna::test {

// The event loop of a test's thread: one a thread. Its clients must go before it.
struct ClientLoop {
  kj::AsyncIoContext io = kj::setupAsyncIo();
};

class RpcClient {
 public:
  RpcClient(ClientLoop& loop, const std::filesystem::path& socket);

  template <typename T>
  auto wait(T&& promise) {
    return promise.wait(loop_.io.waitScope);
  }
  kj::WaitScope& waitScope() { return loop_.io.waitScope; }
  wire::Gate::Client& gate() { return gate_; }

  // Throw when the role is refused: a test that expects a refusal asks the gate itself.
  wire::Recorder::Client recorder();
  wire::Auditor::Client auditor();
  wire::Officer::Client officer();
  wire::Operator::Client operator_();

  Result<std::string> status();
  Result<std::vector<EventResult>> submit(const std::vector<Event>& events,
                                          Atomic atomic = Atomic::no);
  // Sends without waiting, for many batches in flight.
  kj::Promise<Result<std::vector<EventResult>>> submitLater(wire::Recorder::Client& recorder,
                                                            const std::vector<Event>& events,
                                                            Atomic atomic = Atomic::no);
  Result<std::vector<std::string>> history(const ReadRequest& request);  // all pages
  Result<std::string> state(const ReadRequest& request);
  Result<std::string> erase(const EraseRequest& request);
  Result<std::string> registerApply(const std::string& toml);
  Result<std::uint32_t> grant(const Grant& grant);
  Result<std::string> checkpoint();
  Result<std::string> receipt(Seq seq);

 private:
  ClientLoop& loop_;
  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyClient client_;
  wire::Gate::Client gate_;
};

Refusal refusalOf(wire::Refusal::Reader wire);

// A connected stream socket with blocking calls and a patience of ten seconds.
class RawSocket {
 public:
  explicit RawSocket(const std::filesystem::path& path);
  explicit RawSocket(std::uint16_t loopbackPort);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool send(std::string_view bytes);         // false: the other side has closed
  void sendEnd();                            // half-close
  std::string receive(std::size_t atLeast);  // less only at the end
  std::string receiveUntil(std::string_view mark);
  std::string receiveAll();  // until the other side closes
  bool closedByPeer();       // waits for it; false when patience ends

 private:
  void setPatience();
  int fd_;
};

struct HttpAnswer {
  unsigned status = 0;
  std::string head, body;
};
// One answer with a Content-Length.
HttpAnswer receiveHttp(RawSocket& socket);
std::string httpRequest(std::string_view method, std::string_view path, std::string_view body,
                        std::string_view contentType = "application/x-ndjson",
                        std::string_view moreHeaders = "");

}  // namespace lacuna::test
