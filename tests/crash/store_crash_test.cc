// The store on a disk that fails at its n-th change and then loses its power, for every n.
#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"
#include "ledger/store/store.h"
#include "tests/support/fault_rounds.h"
#include "tests/support/log_maker.h"
#include "tests/support/scratch.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

constexpr std::size_t kGroups = 12;

using test::appendTo;
using test::FaultRound;
using test::linesOf;
using test::Scratch;

StoreOptions optionsOf(const FaultRound& round) {
  StoreOptions options;
  options.directory = round.dir / "log";
  options.runEvents = 100;                // runs are written, taken in and merged
  options.writeBufferBytes = 256 * 1024;  // tables are flushed
  return options;
}

// The script's groups: the same for every round.
const std::vector<Group>& script() {
  static const std::vector<Group> groups = [] {
    LogMaker maker(11);
    std::vector<Group> out;
    for (std::size_t i = 0; i < kGroups; ++i) {
      out.push_back(maker.next({.events = i % 3 == 0 ? 1 : 30 + i, .envelopeBytes = 800}));
      out.back().rows = {{Table::persons, subjectRowKey(Slot(i)), Bytes(8, 1)}};
    }
    return out;
  }();
  return groups;
}

// Whether the disk has failed. Whoever met it (a background thread may not have told yet that it did),
// the store seals: waits until it has, and calls it a problem when it never does (P8).
bool struck(const FaultyFs& fs, const Store& store, std::string& problem) {
  if (!fs.fired()) return false;
  if (!test::saysSealed([&] { store.requireUnsealed(); })) problem = "a fault does not seal (P8)";
  return true;
}

// Writes the script until a fault; tells what was acknowledged. True: the fault fired.
bool write(const FaultRound& round, std::string& problem) {
  FaultyFs fs(round.journal());
  const auto env = fs.env();
  StoreOptions options = optionsOf(round);
  options.env = env.get();
  // Making the log is interrupted in one way, the work in every way.
  const bool fromStart = round.way == FaultWay::notDone;
  if (fromStart && round.n > 0) fs.failAt(round.n, round.way);
  try {
    auto made = Store::create(options, LogMaker(11).ledger());
    if (made) {
      if (!fromStart && round.n > 0) fs.failAt(round.n, round.way);
      appendTo(round.acks(), "made\n");
      for (const Group& group : script()) {
        const bool failed = struck(fs, **made, problem);
        try {
          (*made)->apply(group, Sync::yes);
          if (failed) problem = "a group was acknowledged after a fault (P8)";
          appendTo(round.acks(), "group\n");
          const RowChange note{Table::checkpoints, Bytes(8, 1), Bytes{2}};
          if (group.first.raw() % 2 == 0) (*made)->applyRows({&note, 1});
        } catch (const Fault& fault) {
          if (!fs.fired()) problem = "a fault on a healthy disk";
          if (std::string(fault.what()).find('/') != std::string::npos)
            problem = "a path in a fault";
        }
      }
      fs.cutPower();
    }
  } catch (const Fault&) {  // making the log failed: nothing was acknowledged
  }
  fs.cutPower();
  if (!problem.empty() && fs.fired()) problem += "; it was: " + fs.struck();
  return fs.fired();
}

// What the next start finds: every acknowledged group, nothing but whole groups, all of it linked.
std::string verify(const FaultRound& round) {
  std::uint64_t acked = 0;
  bool made = false;
  for (const std::string& line : linesOf(round.acks())) {
    made |= line == "made";
    acked += line == "group";
  }
  FaultyFs healthy;  // for its speed
  const auto env = healthy.env();
  StoreOptions options = optionsOf(round);
  options.env = env.get();
  auto opened = Store::open(options);
  if (!opened && made) return "an acknowledged log does not open: " + opened.refusal().message;
  if (!opened) {
    if (opened.refusal().code != RefusalCode::notFound) return opened.refusal().message;
    opened = Store::create(options, LogMaker(11).ledger());
    if (!opened) return "a log half made cannot be made again: " + opened.refusal().message;
  }
  Store& store = **opened;
  const std::vector<Group>& groups = script();
  std::size_t whole = 0;
  while (whole < groups.size() && groups[whole].first.raw() < store.size().raw()) ++whole;
  if (whole < acked) return "an acknowledged group is gone (P2)";
  const std::uint64_t end = whole < groups.size() ? groups[whole].first.raw() : store.size().raw();
  if (store.size().raw() != end) return "half a group stands in the log";
  for (std::size_t i = whole; i < groups.size(); ++i) store.apply(groups[i], Sync::yes);

  TreeBuilder tree;
  for (const Group& group : groups) {
    for (std::size_t i = 0; i < group.records.size(); ++i) {
      const Seq seq(group.first.raw() + i);
      if (store.record(seq) != group.records[i]) return "a record changed (P1)";
      if (store.envelope(seq) != group.envelopes[i]) return "an envelope changed (P1)";
      if (store.findTag(group.tags[i]) != seq) return "a tag is not found (P7)";
      tree.append(leafHash(group.records[i]), [](const TileHash&) {});
    }
    for (const GroupId& id : group.ids) {
      const auto hit = store.findId(id.entry);
      if (!hit || hit->seq.raw() != group.first.raw() + id.index) return "an id is not found (P11)";
    }
    if (store.row(Table::persons, group.rows[0].key) != group.rows[0].value) return "a row is gone";
  }
  const auto root = rootFromTiles([&](unsigned level, std::uint64_t index,
                                      unsigned width) { return store.tile(level, index, width); },
                                  store.size());
  if (!root || *root != tree.root()) return "the tree changed (P1)";
  return {};
}

const test::FaultScript kScript{"a healthy disk keeps every group", "LACUNA_STORE_FAULTS", write,
                                verify};

}  // namespace

// Also what the child runs: then the variable says which rounds.
TEST_CASE("a healthy disk keeps every group", "[store][P2]") {
  if (ranAsChild(kScript)) return;
  const Scratch dir;
  bool fired = true;
  CHECK(runRound(kScript, {dir.path(), 0, FaultWay::notDone}, fired) == "");
  CHECK_FALSE(fired);
}

TEST_CASE(
    "at every failing change of the disk the acknowledged groups survive, and no others follow",
    "[store][P1][P2][P8]") {
  const Scratch dir;
  for (const test::FaultRuns& runs : runFaults(kScript, dir.path(), 1)) {
    WARN("way " << static_cast<int>(runs.way) << ": n = 1.." << runs.last << ", " << runs.aborts
                << " aborted by the library");
    CHECK(runs.problem == "");
    CHECK(runs.last > 50);
  }
}

TEST_CASE("a power cut in the middle of work loses nothing that was acknowledged", "[store][P2]") {
  const auto seed = GENERATE(range(1, 9));
  CAPTURE(seed);
  const Scratch dir;
  const FaultRound round{dir.path(), 0, FaultWay::notDone};
  FaultyFs fs;
  const auto env = fs.env();
  StoreOptions options = optionsOf(round);
  options.env = env.get();
  {
    auto made = Store::create(options, LogMaker(11).ledger());
    REQUIRE(made);
    appendTo(round.acks(), "made\n");
    const auto& groups = script();
    const std::size_t synced = static_cast<std::size_t>(seed) + 3;
    for (std::size_t i = 0; i < synced; ++i) {
      (*made)->apply(groups[i], Sync::yes);
      appendTo(round.acks(), "group\n");
    }
    (*made)->apply(groups[synced], Sync::no);  // not promised, and torn by the cut
    fs.cutPower();
  }
  fs.loseUnsynced(static_cast<std::uint64_t>(seed));
  CHECK(verify(round) == "");
}

}  // namespace lacuna
