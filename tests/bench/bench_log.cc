// What others ask of a log: receipts, in process; and its tiles over HTTP, by wrk.
#include "tests/bench/bench_daemon.h"
#include "tests/bench/bench_recorder.h"
#include "tests/bench/bench_world.h"

#include <kj/compat/http.h>

#include <array>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>

namespace lacuna::bench {
namespace {

constexpr unsigned kRounds = 5;
constexpr std::size_t kTileBytes = 256 * 32;

// KJ's HTTP server with a tile's bytes in memory: what the library and wrk leave of these cores.
class BareServer {
 public:
  BareServer() {
    std::promise<unsigned> ready;
    auto port = ready.get_future();
    thread_ = std::thread([this, &ready] { serve(ready); });
    port_ = std::to_string(port.get());
  }
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;
  ~BareServer() {
    executor_->executeSync([this] { stop_->fulfill(); });
    thread_.join();
  }
  const std::string& port() const { return port_; }

 private:
  struct Tile final : kj::HttpService {
    explicit Tile(const kj::HttpHeaderTable& names) : table(names) {}
    kj::Promise<void> request(kj::HttpMethod, kj::StringPtr, const kj::HttpHeaders&,
                              kj::AsyncInputStream&, Response& response) override {
      kj::HttpHeaders headers(table);
      headers.set(kj::HttpHeaderId::CONTENT_TYPE, "application/octet-stream");
      auto body = response.send(200, "OK", headers, kTileBytes);
      auto written = body->write(bytes.data(), bytes.size());
      return written.attach(kj::mv(body));
    }
    const kj::HttpHeaderTable& table;
    const std::array<kj::byte, kTileBytes> bytes{};
  };

  void serve(std::promise<unsigned>& ready) {
    auto io = kj::setupAsyncIo();
    const auto table = kj::HttpHeaderTable::Builder().build();
    Tile tile(*table);
    kj::HttpServer server(io.provider->getTimer(), *table, tile);
    auto address = io.provider->getNetwork().parseAddress("127.0.0.1", 0).wait(io.waitScope);
    auto port = address->listen();
    executor_ = kj::getCurrentThreadExecutor().addRef();
    auto stop = kj::newPromiseAndFulfiller<void>();
    stop_ = kj::mv(stop.fulfiller);
    ready.set_value(port->getPort());
    server.listenHttp(*port).exclusiveJoin(kj::mv(stop.promise)).wait(io.waitScope);
  }

  std::thread thread_;
  kj::Own<const kj::Executor> executor_;
  kj::Own<kj::PromiseFulfiller<void>> stop_;
  std::string port_;
};

// Requests a second of 16 connections in a second of wrk's, for `path` with numbers below `count` in it.
double asked(const Folder& folder, const std::string& port, const std::string& path,
             std::size_t count) {
  const std::string script = (folder.path() / "paths.lua").string();
  std::ofstream(script) << "local n = -1\nrequest = function()\n  n = n + 1\n"
                        << "  return wrk.format('GET', string.format('" << path << "', n % "
                        << count << "))\nend\n";
  const std::string command =
      "wrk -t1 -c16 -d1s -s " + script + " http://127.0.0.1:" + port + "/ 2>&1";
  FILE* const wrk = popen(command.c_str(), "r");
  if (wrk == nullptr) throw std::runtime_error("no process for wrk");
  std::string said;
  std::array<char, 4096> buffer;
  while (std::size_t got = fread(buffer.data(), 1, buffer.size(), wrk)) {
    said.append(buffer.data(), got);
  }
  const int ended = pclose(wrk);
  const std::string mark = "Requests/sec:";
  const auto at = said.find(mark);
  if (ended != 0 || at == std::string::npos || said.find("Non-2xx") != std::string::npos) {
    throw std::runtime_error("wrk (scripts/bootstrap bench) says: " + said);
  }
  return std::strtod(said.c_str() + at + mark.size(), nullptr);
}

}  // namespace

Row receiptsRow() {
  constexpr std::size_t kGroup = 1024, kReceipts = 20'000;
  BenchWorld world(2000);
  for (std::size_t i = 0; i < scaled(400); ++i) world.append({world.events().batch(kGroup)}, 1);
  world.ledger().signCheckpoint();
  const std::uint64_t size = world.ledger().shownSize().raw();
  std::mt19937_64 random(1);
  std::vector<double> ours, theirs;
  std::size_t bytes = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    std::vector<Seq> asked;
    for (std::size_t i = 0; i < kReceipts; ++i) asked.emplace_back(random() % size);
    theirs.push_back(secondsOf([&] {
      for (const Seq seq : asked) {
        if (!world.ledger().store().record(seq)) throw Bug("a record is missing");
      }
    }));
    ours.push_back(secondsOf([&] {
      for (const Seq seq : asked) bytes = world.ledger().receipt(seq).value().size();
    }));
  }
  char note[128];
  std::snprintf(note, sizeof note,
                "at random of %llu records, one thread; %zu B; baseline: reading the records",
                static_cast<unsigned long long>(size), bytes);
  return {"receipts",
          kReceipts / median(ours),
          "receipts/s",
          kReceipts / median(theirs),
          median(theirs) / median(ours),
          kRounds,
          "",
          note};
}

Row tilesRow() {
  constexpr std::size_t kBatch = 1024, kTiles = 400;
  const Folder folder("bench-tiles");
  const Daemon daemon(folder.path() / "data");
  {
    Recorder recorder(daemon.socket());
    EventMaker events(2000);
    recorder.submit(events, kTiles * 256 / kBatch, kBatch, 4);
  }
  const std::string port = daemon.port();
  const BareServer bare;
  usleep(1'000'000);  // the timer signs
  std::vector<double> tiles, bundles, heads, theirs;
  for (unsigned round = 0; round < kRounds; ++round) {
    theirs.push_back(asked(folder, bare.port(), "/tile/0/%03d", kTiles));
    tiles.push_back(asked(folder, port, "/tile/0/%03d", kTiles));
    bundles.push_back(asked(folder, port, "/tile/entries/%03d", kTiles));
    heads.push_back(asked(folder, port, "/checkpoint", 1));
  }
  char note[160];
  std::snprintf(note, sizeof note,
                "wrk, 16 connections, same cores; %.0f bundles/s, %.0f checkpoints/s; baseline: "
                "KJ's server with the bytes in memory",
                median(bundles), median(heads));
  return {
      "tiles", median(tiles), "requests/s", median(theirs), median(tiles) / median(theirs), kRounds,
      "",      note};
}

}  // namespace lacuna::bench
