// scripts/bench: the table of DESIGN 12 as far as this version goes.
#include "ledger/crypto/digest.h"
#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/bench/bench_world.h"

#include <cstring>
#include <mutex>
#include <thread>

namespace lacuna::bench {
namespace {

constexpr unsigned kRounds = 5;
constexpr std::size_t kGroup = 1024;
constexpr std::size_t kInFlight = 16;  // batches: a full group for each stage of the pipeline

std::vector<std::vector<Event>> batchesOf(BenchWorld& world, std::size_t count, std::size_t size) {
  std::vector<std::vector<Event>> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(world.events().batch(size));
  return out;
}

// Rounds of 256 groups: some hundred megabytes on either side, so that both pay for their flushes.
Row appendRow() {
  constexpr std::size_t kGroups = 256;
  const std::size_t pieces = scaled(1);
  const double events = static_cast<double>(pieces * kGroups * kGroup);
  BenchWorld world(2000);
  RawLog raw(world.path() / "raw");
  std::vector<double> ours, theirs, ratios, ourCpu, theirCpu;
  for (unsigned round = 0; round < kRounds; ++round) {
    Taken mine, yardstick;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      std::vector<std::vector<Event>> batches = batchesOf(world, kGroups, kGroup);
      mine.add([&] { world.append(std::move(batches), kInFlight); });
      const std::vector<std::string> rows = world.storedRows(kGroups * kGroup);
      yardstick.add([&] { raw.append(rows, kGroup); });
    }
    ours.push_back(mine.wall), theirs.push_back(yardstick.wall);
    ourCpu.push_back(mine.cpu), theirCpu.push_back(yardstick.cpu);
    ratios.push_back(yardstick.wall / mine.wall);
  }
  char note[128];
  std::snprintf(
      note, sizeof note,
      "groups of 1024, %zu B an event; ratio at least %.3f; cpu at best %.2f against %.2f us",
      world.storedBytes(), percentile(ratios, 0), percentile(ourCpu, 0) / events * 1e6,
      percentile(theirCpu, 0) / events * 1e6);
  return {"append",       events / median(ours),
          "events/s",     events / median(theirs),
          median(ratios), kRounds,
          ">= 0.5",       note};
}

Row singleRow() {
  BenchWorld world(2000);
  const auto run = [&](unsigned clients, std::vector<double>& latencies) {
    constexpr int kEach = 60;
    std::mutex mutex;
    std::vector<std::thread> threads;
    const double seconds = secondsOf([&] {
      for (unsigned i = 0; i < clients; ++i) {
        threads.emplace_back([&] {
          std::vector<double> mine;
          for (int event = 0; event < kEach; ++event) {
            std::vector<std::vector<Event>> one = batchesOf(world, 1, 1);
            mine.push_back(secondsOf([&] { world.append(std::move(one), 1); }));
          }
          const std::lock_guard lock(mutex);
          latencies.insert(latencies.end(), mine.begin(), mine.end());
        });
      }
      for (std::thread& thread : threads) thread.join();
    });
    return clients * kEach / seconds;
  };
  std::vector<double> one, many, lone, crowd;
  for (unsigned round = 0; round < kRounds; ++round) {
    one.push_back(run(1, lone));
    many.push_back(run(64, crowd));
  }
  char note[96];
  std::snprintf(note, sizeof note, "64 clients: p99 %.2f ms; one: median %.2f ms",
                percentile(crowd, 0.99) * 1e3, median(lone) * 1e3);
  return {"single", median(many), "events/s", median(one), median(many) / median(one),
          kRounds,  ">= 20",      note};
}

// OpenSSL over the same bytes on the same cores: every envelope and every record once.
double hashAll(double records, std::size_t envelopeBytes) {
  return secondsOf([&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        const Bytes record(kRecordBytesMin), envelope(envelopeBytes);
        unsigned sink = 0;
        for (double i = 0; i < records / 2; ++i) sink += sha256(record)[0] + sha256(envelope)[0];
        static_cast<void>(*static_cast<volatile unsigned*>(&sink));
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
}

Row verifyRow() {
  BenchWorld world(2000);
  world.append(batchesOf(world, 400, kGroup), 4);
  world.ledger().signCheckpoint();
  const StoreLogSource source(world.ledger().store());
  VerifyOptions options;
  options.threads = 2;
  options.key = world.ledger().verifierKey();
  options.checkpoints = {world.ledger().shownCheckpoint()};
  const auto records = static_cast<double>(world.ledger().size().raw());
  std::vector<double> ours, theirs;
  for (unsigned round = 0; round < kRounds; ++round) {
    theirs.push_back(hashAll(records, world.storedBytes() - kRecordBytesMin));
    bool whole = false;
    ours.push_back(secondsOf([&] { whole = verifyLog(source, options).whole(); }));
    if (!whole) throw Bug("the log of the bench does not verify");
  }
  return {"verify",
          records / median(ours),
          "records/s",
          records / median(theirs),
          median(theirs) / median(ours),
          kRounds,
          ">= 0.35",
          "chain, tree, commitments; 2 threads, page cache warm"};
}

Row historyRow() {
  BenchWorld world(2000);
  std::vector<std::vector<Event>> batches = batchesOf(world, 1000, 255);
  for (std::vector<Event>& batch : batches) batch.push_back(world.events().of("crm:history"));
  world.append(std::move(batches), 4);
  std::vector<double> ours, theirs;
  std::vector<PersonEvent> events;
  constexpr unsigned kReads = 100;  // so that the slowest hundredth is one of many
  for (unsigned round = 0; round < kReads; ++round) {
    ours.push_back(secondsOf([&] { events = world.history("crm:history"); }));
    theirs.push_back(secondsOf([&] {
      for (const PersonEvent& event : events) {
        if (!world.ledger().store().record(event.seq)) throw Bug("a record is missing");
        static_cast<void>(world.ledger().store().envelope(event.seq));
      }
    }));
  }
  if (events.size() < 1000) throw Bug("the history of the bench is not complete");
  char note[128];
  std::snprintf(
      note, sizeof note,
      "1,000 events among 256,000, warm, recorded as read; median %.1f ms; baseline: gets",
      median(ours) * 1e3);
  return {"history",
          percentile(ours, 0.99) * 1e3,
          "ms p99",
          median(theirs) * 1e3,
          median(ours) / median(theirs),
          kReads,
          "< 25 ms",
          note};
}

// From the files as a kill would leave them: memtables are replayed from the write-ahead log.
Row restartRow() {
  constexpr double kMost = 2;
  const std::size_t persons = scaled(100'000), count = scaled(1'000'000);
  BenchWorld world(persons);
  // Not a whole number of index runs: half of one is rebuilt from the records at each start.
  for (std::size_t done = persons; done < count; done += 64 * kGroup) {
    world.append(batchesOf(world, 64, kGroup), 4);
  }
  std::vector<double> ours, processor;
  for (unsigned round = 0; round < kRounds; ++round) {
    const Taken taken = world.reopen();
    ours.push_back(taken.wall), processor.push_back(taken.cpu);
  }
  char note[128];
  std::snprintf(note, sizeof note,
                "%llu records of %zu persons; at most %.2f s; of the processors %.2f s",
                static_cast<unsigned long long>(world.ledger().size().raw()), persons,
                percentile(ours, 1), median(processor));
  return {"restart", median(ours), "s", kMost, median(ours) / kMost, kRounds, "<= 2 s", note};
}

struct Named {
  const char* name;
  Row (*run)();
};
constexpr Named kRows[] = {{"append", appendRow},
                           {"socket", socketRow},
                           {"single", singleRow},
                           {"verify", verifyRow},
                           {"history", historyRow},
                           {"erase", eraseRow},
                           {"erase-flat", eraseFlatRow},
                           {"erase-batch", eraseBatchRow},
                           {"retention", retentionRow},
                           {"sweep", sweepRow},
                           {"verify-erased", verifyErasedRow},
                           {"receipts", receiptsRow},
                           {"tiles", tilesRow},
                           {"restart", restartRow},
                           {"memory", memoryRow}};

const Named* rowOf(const std::string& name) {
  for (const Named& row : kRows) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

int run(int argc, char** argv) {
  bool json = false;
  std::vector<const Named*> wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
      continue;
    }
    wanted.push_back(rowOf(argv[i]));
    if (wanted.back() != nullptr) continue;
    std::fprintf(stderr, "bench: no row '%s'; rows:", argv[i]);
    for (const Named& row : kRows) std::fprintf(stderr, " %s", row.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  if (wanted.empty()) {
    for (const Named& row : kRows) wanted.push_back(&row);
  }
  for (const Named* row : wanted) print(row->run(), json);
  return 0;
}

}  // namespace
}  // namespace lacuna::bench

int main(int argc, char** argv) { return lacuna::bench::run(argc, argv); }
