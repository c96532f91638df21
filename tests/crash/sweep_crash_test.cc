// A sweep that ends at any of its steps, by a power cut: nothing living is lost, the log verifies, and the next
// start carries out what was recorded.
#include "tests/support/faulty_fs.h"
#include "tests/support/sweep_run.h"
#include "tests/support/whole.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

using test::carryOut;
using test::envelopesOf;
using test::mark;
using test::readable;
using test::sweepsOf;

enum class Stage {
  marked,
  beforeRecord,      // documents are written
  beforeCheckpoint,  // the record is durable and not published
  recorded,
  halfRemoved,
  removed,
  rewritten,
  finished,
};
constexpr Stage kStages[] = {Stage::marked,    Stage::beforeRecord, Stage::beforeCheckpoint,
                             Stage::recorded,  Stage::halfRemoved,  Stage::removed,
                             Stage::rewritten, Stage::finished};

struct Stop {};

// A ledger in which a sweep is due, made once and copied.
World& prepared() {
  static World world;
  static const bool made = [] {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < kSweepSlotsMin + 10; ++i) {
      lines.push_back(collect("crm:" + std::to_string(i)));
      lines.push_back(consent("crm:" + std::to_string(i), "given"));
    }
    for (const EventResult& result : world.submit(lines)) REQUIRE(result);
    for (std::size_t i = 0; i < kSweepSlotsMin; ++i) {
      REQUIRE(world.erase("crm:" + std::to_string(i)));
    }
    world.close();
    return true;
  }();
  static_cast<void>(made);
  return world;
}

std::unique_ptr<Ledger> opened(const LedgerOptions& options) {
  Result<std::unique_ptr<Ledger>> ledger = Ledger::open(options);
  if (!ledger) FAIL(ledger.refusal().message);
  return std::move(*ledger);
}

// Runs a sweep up to the stage.
void runTo(Stage stage, Ledger& ledger, bool& stopAtCheckpoint) {
  const Result<SweepMark> due = sweepDue(ledger);
  REQUIRE(due);
  const std::optional<SeqSet> set = mark(ledger, *due);
  REQUIRE(set);
  if (stage == Stage::marked) return;
  if (stage == Stage::beforeRecord) {
    const Bytes document = encodeRemoval(0, set->ranges().at(0));
    const ByteArray<32> hash = sha256(document);
    const RowChange row{Table::documents, Bytes(hash.begin(), hash.end()), document};
    ledger.store().applyRows({&row, 1});
    return;
  }
  stopAtCheckpoint = stage == Stage::beforeCheckpoint;
  if (stopAtCheckpoint) {
    CHECK_THROWS_AS(recordSweep(ledger, *due, *set), Stop);
    return;
  }
  REQUIRE(recordSweep(ledger, *due, *set));
  if (stage == Stage::recorded) return;
  if (stage == Stage::halfRemoved) {
    SeqSet half;
    set->each(Seq(0), [&](Seq seq) {
      if (seq.raw() % 2 == 0) half.insert(seq);
      return true;
    });
    ledger.store().removeEnvelopes(half, Seq(0));
    return;
  }
  SweepRemoval removal(ledger.store(), sweepsOf(ledger), ledger.shownSize());
  while (removal.step()) continue;
  if (stage == Stage::removed) return;
  std::atomic<bool> cancelled{false};
  while (removal.compactStep(cancelled)) continue;
  if (stage == Stage::rewritten) return;
  removal.finish();
}

}  // namespace

TEST_CASE(
    "a power cut at any step of a sweep loses nothing that lives, and the next start finishes it",
    "[P1][P2][P5][sweep]") {
  World& base = prepared();
  std::set<std::uint64_t> living;
  {
    test::Scratch look;
    std::filesystem::copy(base.scratch() / "data", look / "data",
                          std::filesystem::copy_options::recursive);
    LedgerOptions options = base.options();
    options.data = look / "data";
    living = readable(*opened(options));
  }
  for (const Stage stage : kStages) {
    CAPTURE(static_cast<int>(stage));
    test::Scratch scratch;
    std::filesystem::copy(base.scratch() / "data", scratch / "data",
                          std::filesystem::copy_options::recursive);
    LedgerOptions options = base.options();
    options.data = scratch / "data";
    bool stopAtCheckpoint = false;
    {
      FaultyFs fs;
      const auto env = fs.env();
      LedgerOptions failing = options;
      failing.logEnv = env.get();
      failing.onVaultStep = [&](std::string_view step) {
        if (stopAtCheckpoint && step == "checkpoint.before") throw Stop{};
      };
      {
        const std::unique_ptr<Ledger> ledger = opened(failing);
        runTo(stage, *ledger, stopAtCheckpoint);
        fs.cutPower();
      }
      fs.loseUnsynced(static_cast<std::uint64_t>(stage) + 1);
    }
    const std::unique_ptr<Ledger> ledger = opened(options);
    checkShown(*ledger);
    const std::set<std::uint64_t> now = readable(*ledger);
    for (const std::uint64_t seq : living) CHECK(now.count(seq) == 1);
    const bool recorded = stage != Stage::marked && stage != Stage::beforeRecord;
    CHECK(sweepsOf(*ledger).size() == (recorded ? 1 : 0));
    carryOut(*ledger);  // as the daemon does at its start
    if (!recorded) {
      CHECK(envelopesOf(ledger->store()).missing.empty());
      REQUIRE(test::sweep(*ledger));
    }
    const test::Envelopes envelopes = envelopesOf(ledger->store());
    CHECK(envelopes.missing.size() >= 2 * kSweepSlotsMin);
    const std::set<std::uint64_t> end = readable(*ledger);
    for (const std::uint64_t seq : envelopes.present) CHECK(end.count(seq) == 1);
    for (const std::uint64_t seq : envelopes.missing) CHECK(end.count(seq) == 0);
    const SweepRemoval::Totals again = carryOut(*ledger);  // idempotent
    CHECK(again.envelopes == 0);
    checkShown(*ledger);
  }
}

TEST_CASE("a removal that was cut short is redone although it is said to be done", "[P7][sweep]") {
  World& base = prepared();
  test::Scratch scratch;
  std::filesystem::copy(base.scratch() / "data", scratch / "data",
                        std::filesystem::copy_options::recursive);
  LedgerOptions options = base.options();
  options.data = scratch / "data";
  const std::unique_ptr<Ledger> ledger = opened(options);
  REQUIRE(test::sweep(*ledger));
  const Seq done = ledger->store().removedThrough();
  CHECK(done.raw() > 0);
  ledger->store().rebuildDerived();  // what says so is derived
  CHECK(ledger->store().removedThrough() <= done);
  carryOut(*ledger);
  CHECK(ledger->store().removedThrough() == done);
  checkShown(*ledger);
}

}  // namespace lacuna::ledgertest
