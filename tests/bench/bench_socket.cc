// The rows of a lacunad in a process of its own, with its clients on the same cores.
#include "tests/bench/bench_daemon.h"
#include "tests/bench/bench_recorder.h"
#include "tests/bench/bench_world.h"

namespace lacuna::bench {
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
