#include "daemon/server/server.h"

#include "daemon/http/event_service.h"
#include "daemon/rpc/connection.h"
#include "daemon/rpc/translate.h"

#include <kj/async-unix.h>
#include <kj/debug.h>

#include <atomic>
#include <csignal>
#include <list>
#include <sys/eventfd.h>
#include <unistd.h>

namespace lacuna {
namespace {

constexpr unsigned kWorkerThreads = 2;
constexpr kj::Duration kAcceptPause = 100 * kj::MILLISECONDS;  // when no descriptor is left
constexpr kj::Duration kDrainLook = 5 * kj::MILLISECONDS;

// KJ logs texts that may hold what a client sent: only where it happened is passed on.
class QuietLog final : public kj::ExceptionCallback {
 public:
  explicit QuietLog(const std::function<void(std::string_view)>& log) : log_(log) {}
  void logMessage(kj::LogSeverity severity, const char* file, int line, int,
                  kj::String&&) override {
    if (severity < kj::LogSeverity::WARNING) return;
    const std::string_view path(file);
    log_("library warning at " + std::string(path.substr(path.rfind('/') + 1)) + ":" +
         std::to_string(line));
  }

 private:
  const std::function<void(std::string_view)>& log_;
};

kj::HttpServerSettings httpSettings(HttpErrors& errors, const Patience& patience) {
  kj::HttpServerSettings settings;
  settings.headerTimeout = durationOf(patience.httpHeader);
  settings.pipelineTimeout = durationOf(patience.httpIdle);
  settings.canceledUploadGracePeriod = 1 * kj::SECONDS;
  settings.canceledUploadGraceBytes = 256 * 1024;
  settings.errorHandler = errors;
  return settings;
}

int newEventFd() {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw Fault("no event descriptor is left");
  return fd;
}

}  // namespace

class Server::Loop final : private kj::TaskSet::ErrorHandler {
 public:
  Loop(LedgerService& service, Hooks hooks, Patience patience)
      : hooks_(std::move(hooks)),
        io_(kj::setupAsyncIo()),
        stopFd_(newEventFd()),
        stopRead_(io_.lowLevelProvider->wrapInputFd(stopFd_,
                                                    kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP)),
        inbox_(*io_.lowLevelProvider),
        workers_(std::make_unique<Workers>(inbox_, kWorkerThreads)),
        host_{service, inbox_, *workers_, meter_, io_.provider->getTimer(), patience},
        errors_(names_),
        http_(
            host_.timer, *names_.table,
            [this](kj::AsyncIoStream& stream) { return newHttpService(stream); },
            httpSettings(errors_, patience)),
        tasks_(newTaskSet()),
        accepting_(newTaskSet()) {}

  ~Loop() noexcept(false) {
    // Jobs and answers in flight reach the inbox; so it must outlive both.
    workers_.reset();
  }

  void run(ListenSockets sockets, const std::function<void()>& drain);

  void stop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stopFd_, &one, sizeof one);
  }
  std::uint16_t httpPort() const { return httpPort_; }

 private:
  enum class Speaks { rpc, httpUnix, httpTcp };

  kj::Own<kj::TaskSet> newTaskSet() {
    return kj::heap<kj::TaskSet>(static_cast<kj::TaskSet::ErrorHandler&>(*this));
  }
  void listen(ListenSockets sockets);
  void serve(const ListenSocket& socket, Speaks speaks);
  kj::Promise<void> acceptLoop(kj::Own<kj::ConnectionReceiver> receiver, Speaks speaks);
  void accepted(kj::Own<kj::AsyncIoStream> stream, Speaks speaks);
  void startRpc(kj::Own<kj::AsyncIoStream> stream, Peer peer, Allowance::Share place);
  void startHttp(kj::Own<kj::AsyncIoStream> stream, std::optional<Peer> peer, HttpOrigin origin,
                 Allowance::Share place);
  kj::Own<kj::HttpService> newHttpService(kj::AsyncIoStream& stream);
  kj::Promise<void> untilStopped();
  void drainAll(const std::function<void()>& drain);
  kj::Promise<void> untilIdle();

  void taskFailed(kj::Exception&&) override {}  // a connection's end; its client knows more

  const Hooks hooks_;
  kj::AsyncIoContext io_;
  const int stopFd_;  // owned by stopRead_
  kj::Own<kj::AsyncInputStream> stopRead_;
  std::uint64_t stopCount_ = 0;
  Meter meter_;
  Inbox inbox_;
  std::unique_ptr<Workers> workers_;
  Host host_;
  HttpNames names_;
  HttpErrors errors_;

  // What newHttpService() is to be made for; set right before the server asks for it.
  struct Arrival {
    kj::Maybe<kj::Own<Session>> session;
    HttpOrigin origin = HttpOrigin::unixSocket;
  };
  Arrival arrival_;
  kj::HttpServer http_;

  std::optional<ListenSockets> sockets_;
  std::atomic<std::uint16_t> httpPort_{0};
  std::list<RpcConnection*> rpcConnections_;  // owned by tasks_
  kj::Own<kj::TaskSet> tasks_;                // connections
  kj::Own<kj::TaskSet> accepting_;
};

void Server::Loop::listen(ListenSockets sockets) {
  sockets_.emplace(std::move(sockets));
  serve(sockets_->rpc, Speaks::rpc);
  serve(sockets_->http, Speaks::httpUnix);
  if (!sockets_->tcp) return;
  httpPort_ = sockets_->tcp->port();
  serve(*sockets_->tcp, Speaks::httpTcp);
}

void Server::Loop::serve(const ListenSocket& socket, Speaks speaks) {
  auto receiver = io_.lowLevelProvider->wrapListenSocketFd(
      socket.fd(),
      kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC | kj::LowLevelAsyncIoProvider::ALREADY_NONBLOCK);
  accepting_->add(acceptLoop(kj::mv(receiver), speaks));
}

kj::Promise<void> Server::Loop::acceptLoop(kj::Own<kj::ConnectionReceiver> receiver,
                                           Speaks speaks) {
  auto& from = *receiver;
  // KJ throws for some errors, and rejects for others.
  return kj::evalNow([&from]() { return from.accept(); })
      .then(
          [this, speaks](kj::Own<kj::AsyncIoStream> stream) -> kj::Promise<void> {
            accepted(kj::mv(stream), speaks);
            return kj::READY_NOW;
          },
          // Descriptors are used up, or the client is gone: neither is a reason to stop listening.
          [this](kj::Exception&&) { return host_.timer.afterDelay(kAcceptPause); })
      .then([this, speaks, receiver = kj::mv(receiver)]() mutable {
        return acceptLoop(kj::mv(receiver), speaks);
      });
}

void Server::Loop::accepted(kj::Own<kj::AsyncIoStream> stream, Speaks speaks) {
  const int fd = KJ_ASSERT_NONNULL(stream->getFd());
  auto peer = speaks == Speaks::httpTcp ? peerOfLoopback(fd) : peerOfUnixSocket(fd);
  // Strangers share one allowance, so that they take no place from those we know.
  constexpr std::uint32_t kStranger = UINT32_MAX;
  auto place = meter_.connections.tryTake(peer ? peer->uid : kStranger, 1);
  KJ_IF_MAYBE(share, place) {
    if (speaks != Speaks::rpc) {
      const auto origin = speaks == Speaks::httpTcp ? HttpOrigin::loopback : HttpOrigin::unixSocket;
      startHttp(kj::mv(stream), std::move(peer), origin, kj::mv(*share));
    } else if (peer) {
      startRpc(kj::mv(stream), std::move(*peer), kj::mv(*share));
    }
  }
  // Else the stream is closed: more connections than the bound allows.
}

void Server::Loop::startRpc(kj::Own<kj::AsyncIoStream> stream, Peer peer, Allowance::Share place) {
  auto session = kj::refcounted<Session>(host_, std::move(peer));
  auto connection = kj::heap<RpcConnection>(kj::mv(stream), kj::mv(session));
  const auto at = rpcConnections_.insert(rpcConnections_.end(), connection.get());
  auto forget = kj::defer([this, at]() { rpcConnections_.erase(at); });
  auto closed = connection->untilClosed();
  tasks_->add(closed.attach(kj::mv(connection), kj::mv(forget), kj::mv(place)));
}

void Server::Loop::startHttp(kj::Own<kj::AsyncIoStream> stream, std::optional<Peer> peer,
                             HttpOrigin origin, Allowance::Share place) {
  arrival_ = {nullptr, origin};
  if (peer) arrival_.session = kj::refcounted<Session>(host_, std::move(*peer));
  tasks_->add(http_.listenHttp(kj::mv(stream)).attach(kj::mv(place)));
}

kj::Own<kj::HttpService> Server::Loop::newHttpService(kj::AsyncIoStream& stream) {
  return kj::heap<EventHttpService>(host_, names_, kj::mv(arrival_.session), arrival_.origin,
                                    stream);
}

kj::Promise<void> Server::Loop::untilStopped() {
  const auto signal = [this](int number) {
    return io_.unixEventPort.onSignal(number).ignoreResult();
  };
  auto told = stopRead_->read(&stopCount_, sizeof stopCount_);
  return signal(SIGTERM).exclusiveJoin(signal(SIGINT)).exclusiveJoin(kj::mv(told));
}

void Server::Loop::run(ListenSockets sockets, const std::function<void()>& drain) {
  const QuietLog quiet(hooks_.log);
  listen(std::move(sockets));
  if (hooks_.ready) hooks_.ready();
  try {
    untilStopped().wait(io_.waitScope);
    drainAll(drain);
  } catch (kj::Exception& e) {
    throw Fault(faultForClient(kj::mv(e)).getDescription().cStr());
  }
}

kj::Promise<void> Server::Loop::untilIdle() {
  bool busy = inbox_.waiting() > 0 || host_.httpAnswering > 0;
  for (auto* connection : rpcConnections_) busy = busy || !connection->idle();
  if (!busy) return kj::READY_NOW;
  return host_.timer.afterDelay(kDrainLook).then([this]() { return untilIdle(); });
}

void Server::Loop::drainAll(const std::function<void()>& drain) {
  accepting_ = newTaskSet();
  sockets_.reset();
  hooks_.log("stopping: finishing what has been taken");
  // Connections end after the answer they are at. A request that has not arrived whole was not taken,
  // and is not waited for.
  auto httpDone = http_.drain().eagerlyEvaluate(nullptr);
  // The service waits for its own threads; meanwhile this loop hands out their answers. What comes
  // in from now on is refused `stopping` by the service.
  std::function<Result<Done>()> job = [&drain]() -> Result<Done> {
    drain();
    return Done{};
  };
  auto drained = workers_->run<Done>(0, std::move(job)).ignoreResult();
  drained.wait(io_.waitScope);

  host_.timer.timeoutAfter(durationOf(host_.patience.drain), untilIdle())
      .catch_(
          [this](kj::Exception&&) { hooks_.log("stopping: some answers were not read in time"); })
      .wait(io_.waitScope);
  tasks_ = newTaskSet();
}

Server::Server(LedgerService& service, Hooks hooks, Patience patience)
    : loop_(std::make_unique<Loop>(service, std::move(hooks), patience)) {}

Server::~Server() = default;

void Server::run(ListenSockets sockets, const std::function<void()>& drain) {
  loop_->run(std::move(sockets), drain);
}
void Server::stop() { loop_->stop(); }
std::uint16_t Server::httpPort() const { return loop_->httpPort(); }

void Server::captureSignals() {
  kj::UnixEventPort::captureSignal(SIGTERM);
  kj::UnixEventPort::captureSignal(SIGINT);
}

}  // namespace lacuna
