// The whole ledger behind its pipeline, on disks (log and keys) that fail at their n-th change and
// then lose their power, for every n.
//
// Debian's RocksDB aborts in some error paths. An abort is a crash point like any other: the rounds
// run in a process of their own, and when it dies the parent looks at what it left.
//
// By default every 7th n, to stay within a minute; LACUNA_FAULT_STEP=1 tries every one.
#include "daemon/pipeline.h"
#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/support/child.h"
#include "tests/support/faulty_fs.h"
#include "tests/support/world.h"

#include <fstream>
#include <future>
#include <sstream>

namespace lacuna::ledgertest {
namespace {

constexpr const char* kHealthyTest = "on healthy disks the script is acknowledged whole";
constexpr const char* kTask = "LACUNA_FAULT_TASK";
constexpr std::uint64_t kRoundsMax = 2000;
constexpr int kBatches = 6, kBatchEvents = 12, kPersons = 4;
constexpr std::string_view kErased = "crm:erased";

struct Round {
  std::filesystem::path dir;
  std::uint64_t n = 0;
  FaultWay way = FaultWay::notDone;

  std::filesystem::path acks() const { return dir / "acks"; }
  std::filesystem::path journal() const { return dir / "journal"; }
  LedgerOptions options(rocksdb::Env* env) const {
    LedgerOptions options;
    options.data = dir / "data";
    options.origin = "test.example.org/ledger";
    options.allowWeakErasure = true;
    options.diskReserve = 0;
    options.runEvents = 20;  // sorted runs are written and taken in
    options.logEnv = options.keysEnv = env;
    return options;
  }
};

void append(const std::filesystem::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || ::write(file, text.data(), text.size()) < 0) std::abort();
  ::close(file);
}

std::vector<std::string> linesOf(const std::filesystem::path& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

Caller anyone() {
  Caller caller;
  caller.allSystems = true;
  return caller;
}

ErasureId erasureId() {
  ErasureId id;
  id.bytes.fill(7);
  return id;
}

std::string personOf(int n) { return "crm:" + std::to_string(n % kPersons); }

Event eventOf(int n) {
  EventParser parser;
  Result<Event> event = parser.parse(
      collect(personOf(n), R"(,"at":"2026-01-01T10:00:00Z","id":"e-)" + std::to_string(n) + "\""));
  if (!event) throw Fault("a test's own line does not parse");
  return std::move(*event);
}

std::vector<EventResult> submit(Ledger& ledger, std::vector<Event> events) {
  std::vector<EventResult> out;
  Draft draft = ledger.sequencer().begin();
  ledger.sequencer().append(draft, anyone(), std::move(events), Atomic::no,
                            [&](std::vector<EventResult> results) { out = std::move(results); });
  ledger.commitNow(draft);
  for (auto& waiting : draft.waiting) waiting(draft, nullptr);
  return out;
}

// What every round begins with: a register, the person to erase, a few events; closed cleanly.
void makeTemplate(const Round& round) {
  FaultyFs fs;  // for its speed
  const auto env = fs.env();
  const auto ledger = Ledger::open(round.options(env.get()));
  if (!ledger) throw Fault("the template does not open: " + ledger.refusal().message);
  const auto parsed = Register::parse(kSmallRegister);
  if (!parsed) throw Fault("the register does not parse");
  Draft draft = (*ledger)->sequencer().begin();
  (*ledger)->sequencer().applyRegister(draft, anyone(), *parsed);
  (*ledger)->commitNow(draft);
  EventParser parser;
  std::vector<Event> events;
  events.push_back(std::move(*parser.parse(collect(std::string(kErased)))));
  for (int n = -8; n < 0; ++n) events.push_back(eventOf(100 - n));
  submit(**ledger, std::move(events));
  (*ledger)->signCheckpoint();
}

// The script behind a pipeline: batches, in their middle an erasure, checkpoints all along. Says in
// `acks` what was acknowledged and shown; `problem` when something was acknowledged after a refusal.
class Script {
 public:
  Script(const Round& round, const FaultyFs& fs, Ledger& ledger, std::string& problem)
      : round_(round), fs_(fs), ledger_(ledger), problem_(problem) {}

  void run() {
    Pipeline pipeline(ledger_,
                      {std::chrono::milliseconds(1), {}});  // signs after almost each group
    for (int batch = 0; batch < kBatches; ++batch) {
      note(append(pipeline, batch), "a batch");
      if (batch == kBatches / 2) note(erase(pipeline), "an erasure");
      shown();
    }
    if (refused_ && !pipeline.sealed()) problem_ = "a refusal without a seal (P8)";
    pipeline.drain();
    shown();
  }
  bool refused() const { return refused_; }

 private:
  void note(bool acknowledged, const std::string& what) {
    if (acknowledged && refused_) problem_ = what + " was acknowledged after a refusal (P8)";
    if (!acknowledged && !fs_.fired()) problem_ = what + " was refused on a healthy disk";
    refused_ |= !acknowledged;
  }
  bool append(Pipeline& pipeline, int batch) {
    std::vector<Event> events;
    for (int i = 0; i < kBatchEvents; ++i) events.push_back(eventOf(batch * kBatchEvents + i));
    std::promise<std::string> answer;
    Work work;
    work.bytes = 1000;
    work.refused = [&](const Refusal& refusal) {
      if (refusal.code != RefusalCode::sealed) problem_ = "refused otherwise than sealed (P8)";
      answer.set_value("");
    };
    work.decide = [&](Sequencer& sequencer, Draft& draft) {
      sequencer.append(draft, anyone(), std::move(events), Atomic::no,
                       [&](const std::vector<EventResult>& results) {
                         std::string lines;
                         for (std::size_t i = 0; i < results.size(); ++i) {
                           if (!results[i]) continue;
                           lines += "A " +
                                    std::to_string(batch * kBatchEvents + static_cast<int>(i)) +
                                    ' ' + std::to_string(results[i]->seq.raw()) + ' ' +
                                    hexOf(results[i]->leaf.view()) + '\n';
                         }
                         answer.set_value(lines);
                       });
    };
    pipeline.enqueue(std::move(work));
    const std::string lines = answer.get_future().get();
    ledgertest::append(round_.acks(), lines);
    return !lines.empty();
  }
  bool erase(Pipeline& pipeline) {
    std::promise<bool> answer;
    Work work;
    work.refused = [&](const Refusal&) { answer.set_value(false); };
    work.exclusive = [&](Ledger& ledger) {
      const auto erased = ledger.erase(anyone(), kErased, Ground::objection, {}, erasureId());
      if (!erased) problem_ = "the erasure was refused: " + erased.refusal().message;
      if (erased) {
        ledgertest::append(round_.acks(), "E " + std::to_string(erased->complete.raw()) + '\n');
      }
      answer.set_value(static_cast<bool>(erased));
    };
    pipeline.enqueue(std::move(work));
    return answer.get_future().get();
  }
  void shown() {
    std::string note = ledger_.shownCheckpoint();
    if (note == shown_) return;
    shown_ = note;
    ledgertest::append(round_.acks(), "C " + hexOf(bytesOf(note)) + '\n');
  }

  const Round& round_;
  const FaultyFs& fs_;
  Ledger& ledger_;
  std::string& problem_;
  std::string shown_;
  bool refused_ = false;
};

// True: the fault fired.
bool write(const Round& round, std::string& problem) {
  FaultyFs fs(round.journal());
  const auto env = fs.env();
  // The start is interrupted in one way, the work in every way.
  const bool fromStart = round.way == FaultWay::notDone;
  if (fromStart && round.n > 0) fs.failAt(round.n, round.way);
  try {
    auto opened = Ledger::open(round.options(env.get()));
    if (!opened && !fs.fired())
      problem = "a healthy ledger is refused: " + opened.refusal().message;
    if (opened) {
      if (!fromStart && round.n > 0) fs.failAt(round.n, round.way);
      Script(round, fs, **opened, problem).run();
      fs.cutPower();
    }
  } catch (const std::exception& fault) {
    if (!fs.fired()) problem = std::string("a fault on a healthy disk: ") + fault.what();
  }
  fs.cutPower();
  return fs.fired();
}

std::string checkErasure(Ledger& ledger, std::optional<std::uint64_t> complete) {
  const auto slot = ledger.sequencer().resolve(kErased);
  if (complete && slot) return "a person whose erasure was complete is found (P5)";
  if (complete && slot.refusal().code != RefusalCode::erased) return "the fence is gone (P5)";
  const auto again = ledger.erase(anyone(), kErased, Ground::objection, {}, erasureId());
  if (!again) return "the erasure cannot be asked for again: " + again.refusal().message;
  if (complete && !again->repeated) return "a complete erasure was done twice";
  if (complete && again->complete.raw() != *complete) return "the erasure's outcome moved";
  if (ledger.sequencer().resolve(kErased)) return "an erased person is found (P5)";
  return {};
}

std::string checkWhole(Ledger& ledger, std::vector<std::string> checkpoints) {
  ledger.signCheckpoint();
  checkpoints.push_back(ledger.shownCheckpoint());
  const StoreLogSource source(ledger.store());
  for (std::string& note : source.checkpoints()) checkpoints.push_back(std::move(note));
  VerifyOptions options;
  options.key = ledger.verifierKey();
  options.checkpoints = std::move(checkpoints);
  const VerifyReport report = verifyLog(source, options);
  if (!report.whole()) return "the log is not whole (P1, P3): " + report.findings.front().what;
  return report.trusted ? "" : "no checkpoint verifies (P3)";
}

// What the next start finds.
std::string verify(const Round& round) {
  FaultyFs healthy;
  const auto env = healthy.env();
  const auto opened = Ledger::open(round.options(env.get()));
  if (!opened) return "the ledger does not open: " + opened.refusal().message;
  Ledger& ledger = **opened;
  std::map<int, std::pair<std::uint64_t, std::string>> acks;
  std::optional<std::uint64_t> complete;
  std::vector<std::string> checkpoints;
  for (const std::string& line : linesOf(round.acks())) {
    std::istringstream in(line);
    std::string what, text;
    int n = 0;
    std::uint64_t seq = 0;
    in >> what;
    if (what == "A" && in >> n >> seq >> text) acks[n] = {seq, text};
    if (what == "E" && in >> seq) complete = seq;
    if (what == "C" && in >> text) {
      const Bytes note = *bytesOfHex(text);
      checkpoints.emplace_back(note.begin(), note.end());
    }
  }
  std::vector<Event> events;
  for (int n = 0; n < kBatches * kBatchEvents; ++n) events.push_back(eventOf(n));
  const std::vector<EventResult> results = submit(ledger, std::move(events));
  for (int n = 0; n < kBatches * kBatchEvents; ++n) {
    const EventResult& result = results[static_cast<std::size_t>(n)];
    if (!result) return "an event is refused after the restart: " + result.refusal().message;
    const auto ack = acks.find(n);
    if (ack == acks.end()) continue;
    if (!result->repeated) return "an acknowledged event is gone (P2)";
    if (std::pair(result->seq.raw(), hexOf(result->leaf.view())) != ack->second) {
      return "an acknowledged event has another place (P11)";
    }
  }
  std::size_t count = 0;
  for (int person = 0; person < kPersons; ++person) {
    Draft draft = ledger.sequencer().begin();
    const auto handle = ledger.sequencer().consult(draft, anyone(), personOf(person),
                                                   ReadOperation::history, "audit");
    ledger.commitNow(draft);
    if (!handle) return "a person is gone: " + handle.refusal().message;
    for (const PersonEvent& event : ledger.read(*handle, ledger.sequencer().systems())) {
      count += event.kind != Kind::consultation;
    }
  }
  if (count != kBatches * kBatchEvents + 8) return "an event is doubled or missing (P11)";
  std::string problem = checkErasure(ledger, complete);
  return problem.empty() ? checkWhole(ledger, std::move(checkpoints)) : problem;
}

Round roundOf(const std::filesystem::path& base, std::uint64_t n, FaultWay way) {
  return {base / std::to_string(n), n, way};
}

std::string verifyOrFault(const Round& round) {
  FaultyFs::loseUnsyncedOf(round.journal(), round.n);
  try {
    return verify(round);
  } catch (const std::exception& error) {
    return std::string("the restart fails: ") + error.what();
  }
}

// The child: rounds from n on, until one in which no fault fires. Progress goes to a file.
void rounds(const std::filesystem::path& base, std::uint64_t n, std::uint64_t step, FaultWay way) {
  for (; n <= kRoundsMax; n += step) {
    const Round round = roundOf(base, n, way);
    std::filesystem::create_directories(round.dir);
    std::filesystem::copy(base / "template", round.dir / "data",
                          std::filesystem::copy_options::recursive);
    append(base / "progress", "begin " + std::to_string(n) + "\n");
    std::string problem;
    const bool fired = write(round, problem);
    if (problem.empty()) problem = verifyOrFault(round);
    if (!problem.empty()) {
      append(base / "progress", "bad " + std::to_string(n) + ": " + problem + "\n");
    } else {
      std::filesystem::remove_all(round.dir);
    }
    if (!fired || !problem.empty()) {
      append(base / "progress", "end\n");
      return;
    }
  }
}

}  // namespace

// Also what the child runs: then the variable says which rounds.
TEST_CASE("on healthy disks the script is acknowledged whole", "[crash][P2][P8]") {
  if (const char* task = std::getenv(kTask)) {
    std::istringstream in(task);
    std::string base;
    std::uint64_t n = 0, step = 1;
    int way = 0;
    in >> base >> n >> step >> way;
    rounds(base, n, step, static_cast<FaultWay>(way));
    return;
  }
  const Scratch scratch;
  Round round = roundOf(scratch.path(), 0, FaultWay::notDone);
  std::filesystem::create_directories(round.dir);
  makeTemplate(round);
  std::string problem;
  CHECK_FALSE(write(round, problem));
  CHECK(problem == "");
  // Every event and the erasure; how many checkpoints come between is the timer's affair.
  CHECK(linesOf(round.acks()).size() > kBatches * kBatchEvents);
  CHECK(verifyOrFault(round) == "");
}

TEST_CASE(
    "at every failing change of the disks the ledger keeps what it acknowledged and forgets "
    "what it erased",
    "[crash][P1][P2][P3][P5][P8][P11]") {
  const auto way = GENERATE(FaultWay::notDone, FaultWay::done, FaultWay::torn);
  const char* text = std::getenv("LACUNA_FAULT_STEP");
  const std::uint64_t step = text == nullptr ? 7 : std::stoull(text);
  const Scratch scratch;
  const Round first = roundOf(scratch.path(), 0, way);
  std::filesystem::create_directories(first.dir);
  makeTemplate(first);
  std::filesystem::rename(first.dir / "data", scratch / "template");
  std::uint64_t next = 1, aborts = 0;
  while (true) {
    test::Child child(kHealthyTest, kTask,
                      scratch.path().string() + ' ' + std::to_string(next) + ' ' +
                          std::to_string(step) + ' ' + std::to_string(static_cast<int>(way)));
    const int status = child.wait();
    const auto progress = linesOf(scratch / "progress");
    REQUIRE_FALSE(progress.empty());
    for (const std::string& line : progress) {
      INFO(line);
      REQUIRE(line.rfind("bad", 0) != 0);
    }
    if (progress.back() == "end") {
      REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
      break;
    }
    REQUIRE(WIFSIGNALED(status));  // it died in round n
    REQUIRE(WTERMSIG(status) == SIGABRT);
    ++aborts;
    const std::uint64_t n = std::stoull(progress.back().substr(6));
    CAPTURE(n, static_cast<int>(way));
    const Round round = roundOf(scratch.path(), n, way);
    REQUIRE(verifyOrFault(round) == "");
    std::filesystem::remove_all(round.dir);
    next = n + step;
  }
  const auto progress = linesOf(scratch / "progress");
  WARN("way " << static_cast<int>(way) << ": n = 1.." << progress.at(progress.size() - 2).substr(6)
              << " in steps of " << step << ", " << aborts << " aborted by the library");
  CHECK(progress.size() * step > 100);
}

}  // namespace lacuna::ledgertest
