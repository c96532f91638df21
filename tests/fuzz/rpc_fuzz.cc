// Any bytes at the Gate: the daemon's side of a connection, over a pipe in memory, neither crashes nor
// hangs nor keeps anything. Properties: the connection ends when the bytes do; every byte that was
// counted as held is given back; nothing that the input names reaches a log.
#include "daemon/rpc/connection.h"
#include "ledger/base/fault.h"
#include "tests/support/fake_service.h"

#include <kj/async-unix.h>
#include <kj/debug.h>

#include <memory>

namespace {

using namespace lacuna;

class Quiet final : public kj::ExceptionCallback {
 public:
  void logMessage(kj::LogSeverity, const char*, int, int, kj::String&&) override {}
};

// Everything but the connection stands between inputs: threads are dear.
struct World {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  test::FakeService service;
  Meter meter;
  Inbox inbox{*io.lowLevelProvider};
  Workers workers{inbox, 1};
  Host host{service, inbox, workers, meter, io.provider->getTimer(), Patience{}};
};

kj::Promise<void> readAway(kj::AsyncIoStream& stream, kj::ArrayPtr<kj::byte> buffer) {
  return stream.tryRead(buffer.begin(), 1, buffer.size())
      .then([&stream, buffer](std::size_t got) -> kj::Promise<void> {
        if (got == 0) return kj::READY_NOW;
        return readAway(stream, buffer);
      });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto world = std::make_unique<World>();
  const Quiet quiet;
  auto& scope = world->io.waitScope;
  {
    auto pipe = kj::newTwoWayPipe();
    auto session = kj::refcounted<Session>(world->host, Peer{7, {7}});
    auto connection = kj::heap<RpcConnection>(kj::mv(pipe.ends[0]), kj::mv(session));
    auto& client = *pipe.ends[1];
    auto buffer = kj::heapArray<kj::byte>(64 * 1024);
    auto reading = readAway(client, buffer).eagerlyEvaluate([](kj::Exception&&) {});
    // A client that sends, half-closes, and reads what it is told.
    auto writing = client.write(data, size)
                       .then([&client]() { client.shutdownWrite(); })
                       .eagerlyEvaluate([](kj::Exception&&) {});
    auto closed = connection->untilClosed().catch_([](kj::Exception&&) {});
    auto patience = world->io.provider->getTimer().afterDelay(5 * kj::SECONDS).then([]() {
      LACUNA_ASSERT(false, "the connection outlived its bytes");
    });
    // The server may stop reading in the middle: so the write is not waited for.
    closed.exclusiveJoin(kj::mv(patience)).wait(scope);
  }
  // Calls that were taken are answered to nobody.
  while (world->inbox.waiting() > 0) {
    world->io.provider->getTimer().afterDelay(100 * kj::MICROSECONDS).wait(scope);
  }
  scope.poll();
  LACUNA_ASSERT(world->meter.held.taken() == 0, "held bytes were not given back");
  LACUNA_ASSERT(world->meter.unsent.taken() == 0, "unsent bytes were not given back");
  return 0;
}
