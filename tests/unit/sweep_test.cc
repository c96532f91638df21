// The second tier: envelopes that no living lot reaches are removed, those and no others.
#include "ledger/sweep.h"

#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/support/sweep_run.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

using test::carryOut;
using test::envelopesOf;
using test::mark;
using test::readable;
using test::sweep;
using test::sweepsOf;

constexpr int kErased = static_cast<int>(kSweepSlotsMin);

std::string nameOf(int person) { return "crm:" + std::to_string(person); }

VerifyReport verified(World& world) {
  const StoreLogSource source(world.ledger().store());
  VerifyOptions options;
  options.key = world.ledger().verifierKey();
  world.ledger().signCheckpoint();
  options.checkpoints = {world.ledger().shownCheckpoint()};
  return verifyLog(source, options);
}

void checkWhole(World& world) {
  const VerifyReport report = verified(world);
  for (const Finding& finding : report.findings) UNSCOPED_INFO(finding.what);
  CHECK(report.whole());
}

// Persons with events of several classes; the first `erased` are gone, a few more lost one class.
void populate(World& world, int persons, int erased, int partly) {
  std::vector<std::string> lines;
  for (int i = 0; i < persons; ++i) {
    lines.push_back(collect(nameOf(i)));
    if (i % 2 == 0) lines.push_back(invoice(nameOf(i), "2026-02-01T10:00:00Z"));
    if (i % 3 == 0) lines.push_back(consent(nameOf(i), "given"));
  }
  for (const EventResult& result : world.submit(lines)) REQUIRE(result);
  for (int i = 0; i < erased; ++i) REQUIRE(world.erase(nameOf(i)));
  for (int i = erased; i < erased + partly; ++i) REQUIRE(world.erase(nameOf(i), {"enrolment"}));
}

// What stands is exactly what can be read.
void checkExact(World& world) {
  const std::set<std::uint64_t> living = readable(world.ledger());
  const test::Envelopes envelopes = envelopesOf(world.ledger().store());
  for (const std::uint64_t seq : envelopes.present) CHECK(living.count(seq) == 1);
  for (const std::uint64_t seq : envelopes.missing) CHECK(living.count(seq) == 0);
  CHECK_FALSE(envelopes.missing.empty());
}

}  // namespace

TEST_CASE("a sweep removes the envelopes that no living lot reaches, those and no others",
          "[P1][P5][P6][sweep]") {
  World world;
  populate(world, kErased + 20, kErased, 4);
  const std::size_t before = envelopesOf(world.ledger().store()).present.size();
  const auto totals = sweep(world.ledger());
  REQUIRE(totals);
  CHECK(totals->envelopes == envelopesOf(world.ledger().store()).missing.size());
  CHECK(totals->envelopes + envelopesOf(world.ledger().store()).present.size() >= before);
  CHECK(totals->bytesRemoved > 0);
  checkExact(world);
  checkWhole(world);
  const std::vector<RecordedSweep> sweeps = sweepsOf(world.ledger());
  REQUIRE(sweeps.size() == 1);
  CHECK_FALSE(sweeps[0].body.few);
  CHECK(sweeps[0].seq.raw() < world.ledger().shownSize().raw());
  CHECK(verified(world).envelopesRemoved == totals->envelopes);

  world.reopen();  // living persons are whole after a restart, and the log goes on
  checkExact(world);
  REQUIRE(world.submitOne(collect(nameOf(kErased + 1))));
  CHECK(world.eventsOf(nameOf(kErased + 10)) >= 1);
  checkWhole(world);
}

TEST_CASE("a second sweep names only what is newly removed", "[P6][sweep]") {
  World world;
  populate(world, 2 * kErased + 5, kErased, 0);
  REQUIRE(sweep(world.ledger()));
  const SeqSet first = removedBy(world.ledger().store(), sweepsOf(world.ledger()));
  const Result<SweepRemoval::Totals> early = sweep(world.ledger());
  REQUIRE_FALSE(early);
  CHECK(early.refusal().code == RefusalCode::nothingToErase);
  for (int i = kErased; i < 2 * kErased; ++i) REQUIRE(world.erase(nameOf(i)));
  REQUIRE(sweep(world.ledger()));
  std::vector<RecordedSweep> sweeps = sweepsOf(world.ledger());
  REQUIRE(sweeps.size() == 2);
  const SeqSet second = removedBy(world.ledger().store(), {sweeps[1]});
  CHECK_FALSE(second.empty());
  first.each(Seq(0), [&](Seq seq) {
    CHECK_FALSE(second.contains(seq));
    return true;
  });
  checkExact(world);
  checkWhole(world);
}

TEST_CASE(
    "fewer than a hundred are swept only after 30 days and if the register says so, and that is "
    "said",
    "[P6][sweep]") {
  World world;
  populate(world, 10, 3, 2);
  world.reopen();  // who was erased is remembered
  REQUIRE_FALSE(sweepDue(world.ledger()));
  world.clock().advance(std::chrono::hours(31 * 24));
  REQUIRE_FALSE(sweepDue(world.ledger()));
  world.applyRegister(std::string(kSmallRegister) + "[erasure]\nsmall_sweep = true\n");
  REQUIRE(sweepDue(world.ledger()));
  REQUIRE(sweep(world.ledger()));
  CHECK(sweepsOf(world.ledger()).at(0).body.few);
  checkExact(world);
  checkWhole(world);
  REQUIRE(world.erase(nameOf(9)));
  CHECK_FALSE(sweepDue(world.ledger()));  // the 30 days begin anew
}

TEST_CASE("an erasure while a sweep marks makes the marking stale, and nothing is recorded",
          "[P5][sweep]") {
  World world;
  populate(world, kErased + 5, kErased, 0);
  const Result<SweepMark> due = sweepDue(world.ledger());
  REQUIRE(due);
  const std::optional<SeqSet> unreachable = mark(world.ledger(), *due);
  REQUIRE(unreachable);
  REQUIRE(world.erase(nameOf(kErased)));
  CHECK_FALSE(mark(world.ledger(), *due));
  const TreeSize size = world.ledger().size();
  const Result<std::optional<Seq>> recorded = recordSweep(world.ledger(), *due, *unreachable);
  REQUIRE_FALSE(recorded);
  CHECK(recorded.refusal().code == RefusalCode::busy);
  CHECK(world.ledger().size() == size);
  SweepHooks cancel;
  cancel.goOn = [] { return false; };
  const Result<SweepMark> again = sweepDue(world.ledger());
  REQUIRE(again);
  CHECK_FALSE(mark(world.ledger(), *again, cancel));
  REQUIRE(mark(world.ledger(), *again));
}

TEST_CASE("events recorded while a sweep marks are no candidates", "[P5][sweep]") {
  World world;
  populate(world, kErased + 5, kErased, 0);
  const Result<SweepMark> due = sweepDue(world.ledger());
  REQUIRE(due);
  REQUIRE(world.submitOne(collect("crm:new")));
  REQUIRE(world.submitOne(collect(nameOf(kErased + 1))));
  const std::optional<SeqSet> unreachable = mark(world.ledger(), *due);
  REQUIRE(unreachable);
  REQUIRE(recordSweep(world.ledger(), *due, *unreachable));
  carryOut(world.ledger());
  checkExact(world);
  CHECK(world.eventsOf("crm:new") == 1);
  CHECK(world.eventsOf(nameOf(kErased + 1)) ==
        2 + (kErased + 1) % 2 * 0 + ((kErased + 1) % 3 == 0));
}

TEST_CASE("marking never asks the derived index", "[P7][sweep]") {
  LedgerOptions options;
  options.runEvents = 50;
  World world(std::move(options));
  populate(world, kErased + 10, kErased, 2);
  const Result<SweepMark> due = sweepDue(world.ledger());
  REQUIRE(due);
  const std::optional<SeqSet> expected = mark(world.ledger(), *due);
  REQUIRE(expected);
  world.close();
  StoreOptions copy;  // a log opened for verification has no lookups: they are asserted against
  copy.directory = world.options().data / "log";
  copy.readOnly = true;
  const auto store = Store::open(copy);
  REQUIRE(store);
  VaultOptions keys;
  keys.directory = world.options().data / "keys";
  const auto vault = Vault::open(keys);
  REQUIRE(vault);
  const std::optional<SeqSet> marked = markUnreachable(**vault, **store, *due, SeqSet{}, {});
  REQUIRE(marked);
  CHECK(marked->count() == expected->count());
  expected->each(Seq(0), [&](Seq seq) {
    CHECK(marked->contains(seq));
    return true;
  });
}

TEST_CASE("a subject record that is missing or does not open while its key lives stops the sweep",
          "[P5][sweep]") {
  World world;
  populate(world, kErased + 10, kErased, 0);
  const Slot slot = *world.sequencer().resolve(nameOf(kErased + 2));
  const Result<SweepMark> due = sweepDue(world.ledger());
  REQUIRE(due);
  const Bytes key = subjectRowKey(slot);
  Bytes row = *world.ledger().store().row(Table::persons, key);
  const auto put = [&](std::optional<Bytes> value) {
    const RowChange change{Table::persons, key, std::move(value)};
    world.ledger().store().applyRows({&change, 1});
  };
  SECTION("missing") {
    put(std::nullopt);
    CHECK_THROWS_AS(mark(world.ledger(), *due), Fault);
  }
  SECTION("missing, of somebody who lost a lot") {
    put(row);
    REQUIRE(world.erase(nameOf(kErased + 2), {"enrolment"}));
    put(std::nullopt);
    const Result<SweepMark> now = sweepDue(world.ledger());
    REQUIRE(now);
    CHECK_THROWS_AS(mark(world.ledger(), *now), Fault);
  }
  SECTION("changed") {
    row.back() ^= 1;
    put(row);
    CHECK_THROWS_AS(mark(world.ledger(), *due), Fault);
  }
  SECTION("moved to a slot that was never given out") {
    const RowChange change{Table::persons,
                           subjectRowKey(Slot(world.ledger().vault().slotHighWater())), row};
    world.ledger().store().applyRows({&change, 1});
    CHECK_THROWS_AS(mark(world.ledger(), *due), Fault);
  }
  SECTION("as it was: the sweep goes on") {
    put(row);
    CHECK(mark(world.ledger(), *due));
  }
}

TEST_CASE("a missing envelope that no sweep names is damage, and its record is named",
          "[P1][sweep]") {
  World world;
  populate(world, kErased + 10, kErased, 0);
  REQUIRE(sweep(world.ledger()));
  checkWhole(world);
  const std::set<std::uint64_t> living = readable(world.ledger());
  const test::Envelopes before = envelopesOf(world.ledger().store());
  std::uint64_t victim = 0;  // of a living person
  for (const std::uint64_t seq : before.present) {
    if (living.count(seq) == 1) victim = seq;
  }
  SeqSet one;
  one.insert(Seq(victim));
  world.ledger().store().removeEnvelopes(one, Seq(0));  // as an intruder would
  const VerifyReport report = verified(world);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0] ==
        Finding{Seq(victim), std::string(finding::kEnvelopeMissing), std::nullopt});
}

TEST_CASE(
    "a sweep that is not published, or whose document is not the recorded one, removes nothing",
    "[P1][P3][sweep]") {
  World world;
  populate(world, kErased + 5, kErased, 0);
  const Result<SweepMark> due = sweepDue(world.ledger());
  const std::optional<SeqSet> unreachable = mark(world.ledger(), *due);
  const Result<std::optional<Seq>> seq = recordSweep(world.ledger(), *due, *unreachable);
  REQUIRE((seq && *seq));
  SweepRemoval unpublished(world.ledger().store(), sweepsOf(world.ledger()),
                           TreeSize((**seq).raw()));
  CHECK_FALSE(unpublished.pending());
  CHECK_FALSE(unpublished.step());
  CHECK(envelopesOf(world.ledger().store()).missing.empty());
  const DocumentHash hash = sweepsOf(world.ledger()).at(0).body.parts.at(0).document;
  Bytes other = *world.ledger().store().row(Table::documents, hash.view());
  other.back() ^= 1;
  const RowChange change{Table::documents, Bytes(hash.bytes.begin(), hash.bytes.end()), other};
  world.ledger().store().applyRows({&change, 1});
  CHECK_THROWS_AS(carryOut(world.ledger()), Fault);
  CHECK(envelopesOf(world.ledger().store()).missing.empty());
}

}  // namespace lacuna::ledgertest
