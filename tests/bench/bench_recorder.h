// A client of lacunad's socket that records, as an application would.
#pragma once

#include "ledger/record/event_wire.h"
#include "tests/bench/bench_world.h"

#include <gate.capnp.h>

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <deque>

namespace lacuna::bench {

// A recorder on the daemon's socket that keeps some batches on their way.
class Recorder {
 public:
  explicit Recorder(const std::string& socket) : io_(kj::setupAsyncIo()) {
    auto address = io_.provider->getNetwork().parseAddress("unix:" + socket).wait(io_.waitScope);
    stream_ = address->connect().wait(io_.waitScope);
    client_ = kj::heap<capnp::TwoPartyClient>(*stream_);
    wire::Gate::Client gate = client_->bootstrap().castAs<wire::Gate>();
    auto officer = gate.officerRequest().send().wait(io_.waitScope).getOk();
    auto apply = officer.registerApplyRequest();
    apply.setToml(std::string(kBenchRegister).c_str());
    if (!apply.send().wait(io_.waitScope).isOk()) throw Bug("the register of the bench is refused");
    recorder_ = gate.recorderRequest().send().wait(io_.waitScope).getOk();
  }

  void submit(EventMaker& events, std::size_t batches, std::size_t size, std::size_t inFlight) {
    std::deque<Answer> flying;
    const auto land = [&] {
      auto answer = flying.front().wait(io_.waitScope);
      if (!answer.isOk() || !answer.getOk()[0].isAppended()) throw Bug("the daemon refused");
      flying.pop_front();
    };
    for (std::size_t i = 0; i < batches; ++i) {
      if (flying.size() >= inFlight) land();
      flying.push_back(send(events.batch(size)));
    }
    while (!flying.empty()) land();
  }

 private:
  using Request = decltype(std::declval<wire::Recorder::Client&>().submitRequest());
  using Answer = decltype(std::declval<Request&>().send());
  Answer send(const std::vector<Event>& batch) {
    auto request = recorder_.submitRequest();
    auto list = request.initEvents(static_cast<unsigned>(batch.size()));
    for (std::size_t i = 0; i < batch.size(); ++i) toWire(batch[i], list[static_cast<unsigned>(i)]);
    return request.send();
  }

  kj::AsyncIoContext io_;
  kj::Own<kj::AsyncIoStream> stream_;
  kj::Own<capnp::TwoPartyClient> client_;
  wire::Recorder::Client recorder_ = nullptr;
};

}  // namespace lacuna::bench
