// The second tier: what a sweep rewrites, how fast it marks, and that verifying goes on as before.
#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/bench/bench_world.h"
#include "tests/support/sweep_run.h"

#include <fstream>

namespace lacuna::bench {
namespace {

// Bytes that this process had written to storage, files' rewriting included.
double bytesWritten() {
  std::ifstream in("/proc/self/io");
  for (std::string name; in >> name;) {
    double value = 0;
    in >> value;
    if (name == "write_bytes:") return value;
  }
  return 0;
}

double verifySeconds(Ledger& ledger) {
  ledger.signCheckpoint();
  const StoreLogSource source(ledger.store());
  VerifyOptions options;
  options.key = ledger.verifierKey();
  options.checkpoints = {ledger.shownCheckpoint()};
  std::vector<double> seconds;
  for (int round = 0; round < 3; ++round) {
    bool whole = false;
    seconds.push_back(secondsOf([&] { whole = verifyLog(source, options).whole(); }));
    if (!whole) throw Bug("the log of the bench does not verify");
  }
  return median(seconds) / static_cast<double>(ledger.size().raw());
}

}  // namespace

// A tenth of the persons are erased; their events lie anywhere among those of the others.
Row sweepRow() {
  constexpr std::size_t kPersons = 2000, kErased = 200;
  BenchWorld world(kPersons);
  std::vector<std::vector<Event>> batches;
  for (std::size_t i = 0; i < scaled(100); ++i) batches.push_back(world.events().batch(1024));
  world.append(std::move(batches), 4);
  Ledger& ledger = world.ledger();
  const double before = verifySeconds(ledger);
  for (std::size_t i = 0; i < kErased; ++i) world.erase("crm:" + std::to_string(i));
  const Result<SweepMark> due = sweepDue(ledger);
  if (!due) throw Bug("no sweep is due in the bench");
  std::optional<SeqSet> set;
  const double marking = secondsOf([&] { set = test::mark(ledger, *due); });
  if (!set || !recordSweep(ledger, *due, *set)) throw Bug("the sweep of the bench is not recorded");
  const double written = bytesWritten();
  const SweepRemoval::Totals totals = test::carryOut(ledger);
  const auto removed = static_cast<double>(totals.bytesRemoved);
  const double after = verifySeconds(ledger);
  char note[160];
  std::snprintf(
      note, sizeof note,
      "rewritten per byte removed; baseline: with logs and files rewritten; ratio: verify a "
      "record, before / after; marks %.0f k records/s",
      static_cast<double>(ledger.size().raw()) / marking / 1e3);
  return {"sweep",        static_cast<double>(totals.bytesWritten) / removed,
          "B/B",          (bytesWritten() - written) / removed,
          before / after, 1,
          "<= 16",        note};
}

}  // namespace lacuna::bench
