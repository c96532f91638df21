// The whole ledger behind its pipeline, on disks (log and keys) that fail at their n-th change and
// then lose their power, for every n. LACUNA_FAULT_STEP=7 tries every seventh.
#include "daemon/pipeline.h"
#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/support/fault_rounds.h"
#include "tests/support/world.h"

#include <future>
#include <sstream>

namespace lacuna::ledgertest {
namespace {

using test::appendTo;
using test::FaultRound;
using test::linesOf;
using test::saysSealed;

constexpr int kBatches = 6, kBatchEvents = 12, kPersons = 4;
constexpr std::string_view kErased = "crm:erased";

LedgerOptions optionsOf(const FaultRound& round, rocksdb::Env* env) {
  LedgerOptions options;
  options.data = round.dir / "data";
  options.origin = "test.example.org/ledger";
  options.allowWeakErasure = true;
  options.diskReserve = 0;
  options.runEvents = 20;  // sorted runs are written and taken in
  options.logEnv = options.keysEnv = env;
  return options;
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
void makeTemplate(const FaultRound& round) {
  FaultyFs fs;  // for its speed
  const auto env = fs.env();
  const auto ledger = Ledger::open(optionsOf(round, env.get()));
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
// `acks` what was acknowledged and shown; `problem` when something was that must not be.
class Script {
 public:
  Script(const FaultRound& round, const FaultyFs& fs, Ledger& ledger, std::string& problem)
      : round_(round), fs_(fs), ledger_(ledger), problem_(problem) {}

  void run() {
    Pipeline pipeline(ledger_,
                      {std::chrono::milliseconds(1), {}});  // signs after almost each group
    for (int batch = 0; batch < kBatches; ++batch) {
      step("a batch", [&] { return append(pipeline, batch); });
      if (batch == kBatches / 2) step("an erasure", [&] { return erase(pipeline); });
      shown();
    }
    if (refused_ && !pipeline.sealed()) problem_ = "a refusal without a seal (P8)";
    pipeline.drain();
    shown();
  }

 private:
  // Whether the disk has failed. Whoever met it (a background thread may not have told yet that it
  // did), the ledger seals: waits until it has, and calls it a problem when it never does (P8).
  bool struck() {
    if (!fs_.fired()) return false;
    if (!settled_ && !saysSealed([this] { ledger_.requireUnsealed(); }))
      problem_ = "a fault does not seal (P8)";
    return settled_ = true;
  }
  // P8: what is asked for after the disk's first fault is never acknowledged, whoever met that fault.
  template <typename Act>
  void step(const std::string& what, const Act& act) {
    const bool before = struck();
    const bool acknowledged = act();
    if (acknowledged && before) problem_ = what + " was acknowledged after a fault (P8)";
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
    appendTo(round_.acks(), lines);
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
        appendTo(round_.acks(), "E " + std::to_string(erased->complete.raw()) + '\n');
      }
      answer.set_value(static_cast<bool>(erased));
    };
    pipeline.enqueue(std::move(work));
    return answer.get_future().get();
  }
  void shown() {
    const bool now = struck();
    std::string note = ledger_.shownCheckpoint();
    if (note != shown_) {
      if (struckBefore_) problem_ = "a checkpoint was shown after a fault (P8)";
      shown_ = note;
      appendTo(round_.acks(), "C " + hexOf(bytesOf(note)) + '\n');
    }
    struckBefore_ = now;
  }

  const FaultRound& round_;
  const FaultyFs& fs_;
  Ledger& ledger_;
  std::string& problem_;
  std::string shown_;
  bool refused_ = false, settled_ = false;
  bool struckBefore_ = false;  // when the shown checkpoint was last looked at
};

// True: the fault fired.
bool write(const FaultRound& round, std::string& problem) {
  FaultyFs fs(round.journal());
  const auto env = fs.env();
  // The start is interrupted in one way, the work in every way.
  const bool fromStart = round.way == FaultWay::notDone;
  if (fromStart && round.n > 0) fs.failAt(round.n, round.way);
  try {
    auto opened = Ledger::open(optionsOf(round, env.get()));
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
  if (!problem.empty() && fs.fired()) problem += "; it was: " + fs.struck();
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
std::string verify(const FaultRound& round) {
  FaultyFs healthy;
  const auto env = healthy.env();
  const auto opened = Ledger::open(optionsOf(round, env.get()));
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

const test::FaultScript kScript{"on healthy disks the script is acknowledged whole",
                                "LACUNA_FAULT_TASK", write, verify};

}  // namespace

// Also what the child runs: then the variable says which rounds.
TEST_CASE("on healthy disks the script is acknowledged whole", "[crash][P2][P8]") {
  if (ranAsChild(kScript)) return;
  const Scratch scratch;
  const FaultRound round{scratch.path(), 0, FaultWay::notDone};
  makeTemplate(round);
  bool fired = true;
  CHECK(runRound(kScript, round, fired) == "");
  CHECK_FALSE(fired);
  // Every event and the erasure; how many checkpoints come between is the timer's affair.
  CHECK(linesOf(round.acks()).size() > kBatches * kBatchEvents);
}

TEST_CASE(
    "at every failing change of the disks the ledger keeps what it acknowledged and forgets "
    "what it erased",
    "[crash][P1][P2][P3][P5][P8][P11]") {
  const char* text = std::getenv("LACUNA_FAULT_STEP");
  const std::uint64_t step = text == nullptr ? 1 : std::stoull(text);
  const Scratch scratch;
  makeTemplate({scratch.path(), 0, FaultWay::notDone});
  std::filesystem::rename(scratch / "data", scratch / "template");
  for (const test::FaultRuns& runs : runFaults(kScript, scratch.path(), step)) {
    WARN("way " << static_cast<int>(runs.way) << ": n = 1.." << runs.last << " in steps of " << step
                << ", " << runs.aborts << " aborted by the library");
    CHECK(runs.problem == "");
    CHECK(runs.last > 100);
  }
}

}  // namespace lacuna::ledgertest
