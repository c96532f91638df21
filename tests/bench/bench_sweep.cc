// The second tier: what a sweep rewrites, how fast it marks, and that verifying goes on as before.
#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/bench/bench_world.h"
#include "tests/support/sweep_run.h"

#include <fstream>

namespace lacuna::bench {
namespace {

struct Verified {
  double wall = 0, cpu = 0;  // a record
};

// The best of some, of the processors as well: what else the machine does must not look like a difference.
Verified verified(Ledger& ledger) {
  ledger.signCheckpoint();
  // A sweep leaves the envelopes in files: what is compared with it must not lie in memory still.
  std::atomic<bool> cancelled{false};
  ledger.store().compactEnvelopes(Seq(0), Seq(ledger.size().raw()), cancelled);
  const StoreLogSource source(ledger.store());
  VerifyOptions options;
  options.key = ledger.verifierKey();
  options.checkpoints = {ledger.shownCheckpoint()};
  const auto records = static_cast<double>(ledger.size().raw());
  Verified best;
  for (int round = 0; round < 5; ++round) {
    bool whole = false;
    Taken taken;
    taken.add([&] { whole = verifyLog(source, options).whole(); });
    if (!whole) throw Bug("the log of the bench does not verify");
    best.wall = round == 0 ? taken.wall / records : std::min(best.wall, taken.wall / records);
    best.cpu = round == 0 ? taken.cpu / records : std::min(best.cpu, taken.cpu / records);
  }
  return best;
}

}  // namespace

double bytesWritten() {
  std::ifstream in("/proc/self/io");
  for (std::string name; in >> name;) {
    double value = 0;
    in >> value;
    if (name == "write_bytes:") return value;
  }
  return 0;
}

// A tenth of the persons are erased; their events lie anywhere among those of the others.
Row sweepRow() {
  constexpr std::size_t kPersons = 2000, kErased = 200;
  BenchWorld world(kPersons);
  std::vector<std::vector<Event>> batches;
  for (std::size_t i = 0; i < scaled(100); ++i) batches.push_back(world.events().batch(1024));
  world.append(std::move(batches), 4);
  Ledger& ledger = world.ledger();
  const Verified before = verified(ledger);
  for (std::size_t i = 0; i < kErased; ++i) world.erase("crm:" + std::to_string(i));
  const Result<SweepMark> due = sweepDue(ledger);
  if (!due) throw Bug("no sweep is due in the bench");
  std::optional<SeqSet> set;
  const double marking = secondsOf([&] { set = test::mark(ledger, *due); });
  if (!set || !recordSweep(ledger, *due, *set)) throw Bug("the sweep of the bench is not recorded");
  const double written = bytesWritten();
  const SweepRemoval::Totals totals = test::carryOut(ledger);
  const double rewritten = bytesWritten() - written;
  const auto removed = static_cast<double>(totals.bytesRemoved);
  const Verified after = verified(ledger);
  char note[160];
  std::snprintf(
      note, sizeof note,
      "rewritten per byte removed; baseline: with logs and files rewritten; ratio: verify a "
      "record, processor before / after; marks %.0f k records/s",
      static_cast<double>(ledger.size().raw()) / marking / 1e3);
  return {"sweep",
          static_cast<double>(totals.bytesWritten) / removed,
          "B/B",
          rewritten / removed,
          before.cpu / after.cpu,
          1,
          "<= 16",
          note};
}

// Whoever verifies has no keys: that most of the persons are erased must not be felt, nor that the
// envelopes of theirs left.
Row verifyErasedRow() {
  const std::size_t persons = std::getenv("LACUNA_LONG") != nullptr ? 1'000'000 : scaled(100'000);
  BenchWorld world(persons);
  Ledger& ledger = world.ledger();
  const Verified before = verified(ledger);
  std::vector<EraseTarget> targets;
  ledger.sequencer().people().each(SubjectWhat::person, [&](Slot slot) {
    targets.push_back({slot, std::nullopt});
  });
  const std::size_t erased = targets.size() * 9 / 10;
  targets.resize(erased);
  const double erasing = secondsOf([&] {
    world.alone([&](Ledger& at) {
      if (!at.erasures().batch(std::move(targets), Ground::retentionEnd)) throw Bug("not erased");
    });
  });
  const Verified after = verified(ledger);
  if (!test::sweep(ledger)) throw Bug("no sweep is due in the bench");
  const Verified swept = verified(ledger);
  char note[160];
  std::snprintf(note, sizeof note,
                "%zu of %zu persons erased in %.1f s; baseline: before; ratio of processor time; "
                "swept, %.2f",
                erased, persons, erasing, before.cpu / swept.cpu);
  return {"verify-erased",
          1 / after.wall,
          "records/s",
          1 / before.wall,
          before.cpu / after.cpu,
          5,
          ">= 0.95",
          note};
}

}  // namespace lacuna::bench
