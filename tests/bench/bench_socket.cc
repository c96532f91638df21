// The socket row: lacunad in a process of its own, a Cap'n Proto client in this one, same cores.
#include "ledger/record/event_wire.h"
#include "tests/bench/bench_world.h"

#include <gate.capnp.h>

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <csignal>
#include <deque>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lacuna::bench {
namespace {

class Daemon {
 public:
  explicit Daemon(const std::filesystem::path& data) : socket_((data / "lacuna.sock").string()) {
    const std::string program = std::string(LACUNA_BUILD_DIR) + "/daemon/lacunad";
    const std::string folder = data.string();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execl(program.c_str(), "lacunad", "--data", folder.c_str(), "--allow-weak-erasure", nullptr);
      _exit(127);
    }
    for (int i = 0; i < 500 && ::access(socket_.c_str(), F_OK) != 0; ++i) usleep(20'000);
  }
  ~Daemon() {
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(pid_, &status, 0);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  const std::string& socket() const { return socket_; }

 private:
  std::string socket_;
  pid_t pid_ = 0;
};

}  // namespace

Row socketRow() {
  constexpr std::size_t kBatch = 256, kInFlight = 8, kBatches = 512, kCount = kBatches * kBatch;
  constexpr unsigned kRuns = 5;
  const std::filesystem::path path =
      std::filesystem::current_path() / ("bench-socket-" + std::to_string(getpid()));
  std::filesystem::create_directories(path);
  std::vector<double> ours, theirs, ratios;
  // What the yardstick writes: events like those of the client, as a ledger in this process stored them.
  const std::vector<std::string> rows = [] {
    BenchWorld world(2000);
    for (std::size_t i = 0; i < kCount / 1024; ++i) world.append({world.events().batch(1024)}, 1);
    return world.storedRows(kCount);
  }();
  {
    Daemon daemon(path / "data");
    kj::AsyncIoContext io = kj::setupAsyncIo();
    auto address =
        io.provider->getNetwork().parseAddress("unix:" + daemon.socket()).wait(io.waitScope);
    auto stream = address->connect().wait(io.waitScope);
    capnp::TwoPartyClient client(*stream);
    auto gate = client.bootstrap().castAs<wire::Gate>();
    auto officer = gate.officerRequest().send().wait(io.waitScope).getOk();
    auto apply = officer.registerApplyRequest();
    apply.setToml(std::string(kBenchRegister).c_str());
    if (!apply.send().wait(io.waitScope).isOk()) throw Bug("the register of the bench is refused");
    auto recorder = gate.recorderRequest().send().wait(io.waitScope).getOk();

    RawLog raw(path / "raw");
    EventMaker events(2000);
    const auto send = [&] {
      auto request = recorder.submitRequest();
      const std::vector<Event> batch = events.batch(kBatch);
      auto list = request.initEvents(kBatch);
      for (std::size_t i = 0; i < kBatch; ++i) toWire(batch[i], list[static_cast<unsigned>(i)]);
      return request.send();
    };
    const auto run = [&] {
      std::deque<decltype(send())> flying;
      const auto land = [&] {
        auto answer = flying.front().wait(io.waitScope);
        if (!answer.isOk() || !answer.getOk()[0].isAppended()) throw Bug("the daemon refused");
        flying.pop_front();
      };
      for (std::size_t i = 0; i < kBatches; ++i) {
        if (flying.size() >= kInFlight) land();
        flying.push_back(send());
      }
      while (!flying.empty()) land();
    };
    for (unsigned round = 0; round <= kRuns; ++round) {
      const double raws = secondsOf([&] { raw.append(rows, 1024); });
      const double seconds = secondsOf(run);
      if (round == 0) continue;  // warm-up: persons are admitted
      theirs.push_back(raws);
      ours.push_back(seconds);
      ratios.push_back(raws / seconds);
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  return {"socket",       kCount / median(ours),
          "events/s",     kCount / median(theirs),
          median(ratios), kRuns,
          ">= 0.3",       "batches of 256, 8 in flight, client on the same cores"};
}

}  // namespace lacuna::bench
