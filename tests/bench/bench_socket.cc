// The socket row: lacunad in a process of its own, a Cap'n Proto client in this one, same cores.
#include "ledger/record/event_wire.h"
#include "tests/bench/bench_world.h"

#include <gate.capnp.h>

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <csignal>
#include <cstdlib>
#include <deque>
#include <fstream>
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
  // A line of /proc/PID/status in MiB: VmRSS now, VmHWM the most it ever was.
  double mebibytes(const std::string& name) const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind(name + ":", 0) == 0) {
        return std::strtod(line.c_str() + name.size() + 1, nullptr) / 1024;
      }
    }
    return 0;
  }

 private:
  std::string socket_;
  pid_t pid_ = 0;
};

// A folder on the disk of the working folder, removed when it goes.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::current_path() / (name + "-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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

}  // namespace

Row socketRow() {
  constexpr std::size_t kBatch = 256, kInFlight = 64, kBatches = 1024, kCount = kBatches * kBatch;
  constexpr unsigned kRuns = 5;
  const Folder folder("bench-socket");
  std::vector<double> ours, theirs, ratios;
  // What the yardstick writes: events like those of the client, as a ledger in this process stored them.
  const std::vector<std::string> rows = [] {
    BenchWorld world(2000);
    for (std::size_t i = 0; i < kCount / 1024; ++i) world.append({world.events().batch(1024)}, 1);
    return world.storedRows(kCount);
  }();
  const Daemon daemon(folder.path() / "data");
  Recorder recorder(daemon.socket());
  RawLog raw(folder.path() / "raw");
  EventMaker events(2000);
  for (unsigned round = 0; round <= kRuns; ++round) {
    const double raws = secondsOf([&] { raw.append(rows, 1024); });
    const double seconds = secondsOf([&] { recorder.submit(events, kBatches, kBatch, kInFlight); });
    if (round == 0) continue;  // warm-up: persons are admitted
    theirs.push_back(raws);
    ours.push_back(seconds);
    ratios.push_back(raws / seconds);
  }
  char note[96];
  std::snprintf(note, sizeof note,
                "batches of 256, 64 in flight, client on the same cores; ratio at least %.3f",
                percentile(ratios, 0));
  return {"socket",       kCount / median(ours),
          "events/s",     kCount / median(theirs),
          median(ratios), kRuns,
          ">= 0.3",       note};
}

// DESIGN's figure is of 10 M events and 1 M persons: LACUNA_BENCH_SCALE=10.
Row memoryRow() {
  constexpr double kMost = 512;
  const std::size_t persons = scaled(100'000), count = scaled(1'000'000), batch = 1024;
  const Folder folder("bench-memory");
  const Daemon daemon(folder.path() / "data");
  Recorder recorder(daemon.socket());
  EventMaker events(persons);
  const double empty = daemon.mebibytes("VmRSS");
  recorder.submit(events, count / 10 / batch + 1, batch, 4);
  const double tenth = daemon.mebibytes("VmRSS");
  recorder.submit(events, count * 9 / 10 / batch + 1, batch, 4);
  const double peak = daemon.mebibytes("VmHWM");
  char note[128];
  std::snprintf(note, sizeof note,
                "peak of the daemon, %zu events of %zu persons; %.0f MiB empty, %.0f after a tenth",
                count, persons, empty, tenth);
  return {"memory", peak, "MiB", kMost, peak / kMost, 1, "<= 512", note};
}

}  // namespace lacuna::bench
