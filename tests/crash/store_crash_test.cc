// The store on a disk that fails at its n-th change and then loses its power, for every n.
//
// Debian's RocksDB is built with assertions and aborts in some error paths. An abort is a crash point
// like any other: the rounds run in a process of their own, and when it dies the parent looks at what
// it left on disk and starts it again at the next n.
#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"
#include "ledger/store/store.h"
#include "tests/support/faulty_fs.h"
#include "tests/support/log_maker.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace lacuna {
namespace {

constexpr std::size_t kGroups = 12;
constexpr const char* kHealthy =
    "a healthy disk keeps every group";  // no comma: Catch splits there
constexpr std::uint64_t kRoundsMax = 3000;

struct Round {
  std::filesystem::path dir;
  std::uint64_t n = 0;
  FaultWay way = FaultWay::notDone;

  std::filesystem::path acks() const { return dir / "acks"; }
  std::filesystem::path journal() const { return dir / "journal"; }
  StoreOptions options() const {
    StoreOptions options;
    options.directory = dir / "log";
    options.runEvents = 100;                // runs are written, taken in and merged
    options.writeBufferBytes = 256 * 1024;  // tables are flushed
    return options;
  }
};

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

void append(const std::filesystem::path& path, const std::string& line) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || ::write(file, line.data(), line.size()) < 0) std::abort();
  ::close(file);
}

std::vector<std::string> linesOf(const std::filesystem::path& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// Writes the script until a fault; tells what was acknowledged. True: the fault fired.
bool write(const Round& round, std::string& problem) {
  FaultyFs fs(round.journal());
  const auto env = fs.env();
  StoreOptions options = round.options();
  options.env = env.get();
  // Making the log is interrupted in one way, the work in every way.
  const bool fromStart = round.way == FaultWay::notDone;
  if (fromStart) fs.failAt(round.n, round.way);
  try {
    auto made = Store::create(options, LogMaker(11).ledger());
    if (made) {
      if (!fromStart) fs.failAt(round.n, round.way);
      append(round.acks(), "made\n");
      bool failed = false;
      for (const Group& group : script()) {
        try {
          (*made)->apply(group, Sync::yes);
          if (failed) problem = "a group was acknowledged after a fault (P8)";
          append(round.acks(), "group\n");
          const RowChange note{Table::checkpoints, Bytes(8, 1), Bytes{2}};
          if (group.first.raw() % 2 == 0) (*made)->applyRows({&note, 1});
        } catch (const Fault& fault) {
          failed = true;
          if (std::string(fault.what()).find('/') != std::string::npos)
            problem = "a path in a fault";
        }
      }
      fs.cutPower();
    }
  } catch (const Fault&) {  // making the log failed: nothing was acknowledged
  }
  fs.cutPower();
  return fs.fired();
}

// What the next start finds: every acknowledged group, nothing but whole groups, all of it linked.
std::string verify(const Round& round) {
  std::uint64_t acked = 0;
  bool made = false;
  for (const std::string& line : linesOf(round.acks())) {
    made |= line == "made";
    acked += line == "group";
  }
  FaultyFs healthy;  // for its speed
  const auto env = healthy.env();
  StoreOptions options = round.options();
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

Round roundOf(const std::filesystem::path& base, std::uint64_t n, FaultWay way) {
  return {base / std::to_string(n), n, way};
}

// The child: rounds from n on, until one in which no fault fires. Progress goes to a file, so that
// the parent knows where an abort struck.
void rounds(const std::filesystem::path& base, std::uint64_t n, FaultWay way) {
  for (; n <= kRoundsMax; ++n) {
    const Round round = roundOf(base, n, way);
    std::filesystem::create_directories(round.dir);
    append(base / "progress", "begin " + std::to_string(n) + "\n");
    std::string problem;
    const bool fired = write(round, problem);
    FaultyFs::loseUnsyncedOf(round.journal(), n);
    if (problem.empty()) problem = verify(round);
    if (!problem.empty())
      append(base / "progress", "bad " + std::to_string(n) + ": " + problem + "\n");
    if (problem.empty()) std::filesystem::remove_all(round.dir);
    if (!fired || !problem.empty()) {
      append(base / "progress", "end\n");
      return;
    }
  }
}

int runChild(const std::filesystem::path& base, std::uint64_t n, FaultWay way) {
  const std::string task =
      base.string() + " " + std::to_string(n) + " " + std::to_string(static_cast<int>(way));
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("LACUNA_STORE_CRASH", task.c_str(), 1);
    const int quiet = ::open("/dev/null", O_WRONLY);
    ::dup2(quiet, 1);
    ::dup2(quiet, 2);
    ::execl("/proc/self/exe", "tests_crash", kHealthy, static_cast<char*>(nullptr));
    ::_exit(99);
  }
  int status = 0;
  REQUIRE(child > 0);
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

// Also what the child runs: then the variable says which rounds.
TEST_CASE("a healthy disk keeps every group", "[store][P2]") {
  if (const char* task = std::getenv("LACUNA_STORE_CRASH")) {
    std::istringstream in(task);
    std::string base;
    std::uint64_t n = 0;
    int way = 0;
    in >> base >> n >> way;
    rounds(base, n, static_cast<FaultWay>(way));
    return;
  }
  const TempDir dir("store-healthy");
  const Round round = roundOf(dir.path(), 0, FaultWay::notDone);
  std::filesystem::create_directories(round.dir);
  std::string problem;
  CHECK_FALSE(write(round, problem));
  FaultyFs::loseUnsyncedOf(round.journal(), 1);
  CHECK(problem.empty());
  CHECK(verify(round).empty());
}

TEST_CASE(
    "at every failing change of the disk the acknowledged groups survive, and no others follow",
    "[store][P1][P2][P8]") {
  const auto way = GENERATE(FaultWay::notDone, FaultWay::done, FaultWay::torn);
  const TempDir dir("store-crash");
  std::uint64_t next = 1, aborts = 0;
  while (true) {
    const int status = runChild(dir.path(), next, way);
    const auto progress = linesOf(dir.path() / "progress");
    REQUIRE_FALSE(progress.empty());
    for (const std::string& line : progress) {
      INFO(line);
      REQUIRE(line.rfind("bad", 0) != 0);
    }
    if (progress.back() == "end") {
      REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
      break;
    }
    REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) != 99));  // it died in round n
    ++aborts;
    const std::uint64_t n = std::stoull(progress.back().substr(6));
    const Round round = roundOf(dir.path(), n, way);
    CAPTURE(n, static_cast<int>(way));
    FaultyFs::loseUnsyncedOf(round.journal(), n);
    const std::string problem = verify(round);
    REQUIRE(problem == "");
    std::filesystem::remove_all(round.dir);
    next = n + 1;
  }
  const auto progress = linesOf(dir.path() / "progress");
  WARN(progress.size() - 1 << " rounds, " << aborts << " of them aborted by the library");
  CHECK(progress.size() > 50);
}

TEST_CASE("a power cut in the middle of work loses nothing that was acknowledged", "[store][P2]") {
  const auto seed = GENERATE(range(1, 9));
  CAPTURE(seed);
  const TempDir dir("store-cut");
  Round round = roundOf(dir.path(), 0, FaultWay::notDone);
  std::filesystem::create_directories(round.dir);
  FaultyFs fs;
  const auto env = fs.env();
  StoreOptions options = round.options();
  options.env = env.get();
  {
    auto made = Store::create(options, LogMaker(11).ledger());
    REQUIRE(made);
    append(round.acks(), "made\n");
    const auto& groups = script();
    const std::size_t synced = static_cast<std::size_t>(seed) + 3;
    for (std::size_t i = 0; i < synced; ++i) {
      (*made)->apply(groups[i], Sync::yes);
      append(round.acks(), "group\n");
    }
    (*made)->apply(groups[synced], Sync::no);  // not promised, and torn by the cut
    fs.cutPower();
  }
  fs.loseUnsynced(static_cast<std::uint64_t>(seed));
  CHECK(verify(round) == "");
}

}  // namespace lacuna
