// A ledger under load, killed at any moment, again and again on one data directory.
//
// The child tells the parent through a pipe what it submits and what was acknowledged; what is in the
// pipe outlives it. LACUNA_KILL_ROUNDS and LACUNA_KILL_SEED choose longer and other runs.
#include "daemon/pipeline.h"
#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/support/child.h"
#include "tests/support/faulty_fs.h"
#include "tests/support/world.h"

#include <future>
#include <iostream>
#include <random>
#include <sstream>

namespace lacuna::ledgertest {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kLoadTest = "four clients and an eraser under load are all answered";
constexpr const char* kTask = "LACUNA_KILL_TASK";
constexpr unsigned kClients = 4;
constexpr std::uint64_t kEventsPerPerson = 40;  // so that persons are admitted all the time
constexpr std::uint64_t kOverlap = 10;          // acknowledged events that a client sends again

std::string personOf(unsigned client, std::uint64_t n) {
  return "crm:" + std::to_string(client) + "-" + std::to_string(n / kEventsPerPerson);
}
std::string goneOf(std::uint64_t n) { return "email:gone" + std::to_string(n) + "@example.nl"; }

Event eventOf(unsigned client, std::uint64_t n) {
  EventParser parser;
  Result<Event> event = parser.parse(collect(
      personOf(client, n), R"(,"at":"2026-01-01T10:00:00Z","id":"e-)" + std::to_string(n) + "\""));
  if (!event) throw Fault("a test's own line does not parse");
  return std::move(*event);
}

Caller callerOf(unsigned principal) {
  Caller caller;
  caller.principal = principal;
  caller.allSystems = true;
  return caller;
}

// A killed process loses nothing that it gave to the kernel, so that nothing needs to be synced here
// and far more is done between two kills. (Power cuts: ledger_fault_test.cc.)
class Disk {
 public:
  rocksdb::Env* env() { return env_.get(); }

 private:
  FaultyFs fs_;
  std::unique_ptr<rocksdb::Env> env_ = fs_.env();
};

std::unique_ptr<Ledger> openAt(const std::filesystem::path& data, Disk& disk) {
  LedgerOptions options;
  options.data = data;
  options.origin = "test.example.org/ledger";
  options.allowWeakErasure = true;
  options.diskReserve = 0;
  options.runEvents = 300;
  options.logEnv = options.keysEnv = disk.env();
  Result<std::unique_ptr<Ledger>> opened = Ledger::open(options);
  if (!opened) throw Fault("the ledger does not open: " + opened.refusal().message);
  std::unique_ptr<Ledger> ledger = std::move(*opened);
  if (ledger->sequencer().registers().versions() == 0) {
    const auto parsed = Register::parse(kSmallRegister);
    if (!parsed) throw Fault("the register does not parse");
    Draft draft = ledger->sequencer().begin();
    ledger->sequencer().applyRegister(draft, callerOf(0), *parsed);
    ledger->commitNow(draft);
  }
  return ledger;
}

// Where each client goes on, and how long.
struct Task {
  std::filesystem::path data;
  std::uint64_t seed = 0;
  std::uint64_t batches = UINT64_MAX;          // of each client
  std::array<std::uint64_t, kClients> next{};  // the first event not known to be acknowledged
  std::uint64_t nextGone = 0;

  std::string text() const {
    std::ostringstream out;
    out << data.string() << ' ' << seed << ' ' << batches;
    for (const std::uint64_t n : next) out << ' ' << n;
    out << ' ' << nextGone;
    return out.str();
  }
  static Task of(const std::string& text) {
    Task task;
    std::string data;
    std::istringstream in(text);
    in >> data >> task.seed >> task.batches;
    for (std::uint64_t& n : task.next) in >> n;
    in >> task.nextGone;
    task.data = data;
    return task;
  }
};

// Lines: O (the ledger is open) · S client n (submitted: before) · A client n seq leaf (acknowledged)
// G n / F n (the erasure of gone person n asked for / reported complete) · X text (an error)
using Report = std::function<void(const std::string& lines)>;

// One client: batches of random size, two on their way, until all are answered.
void client(Pipeline& pipeline, unsigned number, const Task& task, const Report& report) {
  std::mt19937_64 random(task.seed * 31 + number);
  std::uint64_t n = task.next[number] - std::min(task.next[number], kOverlap);
  std::deque<std::future<bool>> waiting;
  for (std::uint64_t batch = 0; batch < task.batches; ++batch) {
    std::vector<std::uint64_t> ns;
    std::vector<Event> events;
    std::string lines;
    for (std::uint64_t count = 1 + random() % 24; count > 0; --count, ++n) {
      lines += "S " + std::to_string(number) + ' ' + std::to_string(n) + '\n';
      ns.push_back(n);
      events.push_back(eventOf(number, n));
    }
    report(lines);
    auto answered = std::make_shared<std::promise<bool>>();
    waiting.push_back(answered->get_future());
    const BatchAnswer done = [=](const std::vector<EventResult>& results) {
      std::string acks;
      for (std::size_t i = 0; i < results.size(); ++i) {
        if (!results[i]) {
          acks += "X " + std::string(nameOf(results[i].refusal().code)) + '\n';
          continue;
        }
        acks += "A " + std::to_string(number) + ' ' + std::to_string(ns[i]) + ' ' +
                std::to_string(results[i]->seq.raw()) + ' ' + hexOf(results[i]->leaf.view()) + '\n';
      }
      report(acks);
      answered->set_value(true);
    };
    Work work;
    work.principal = number;
    work.bytes = events.size() * 1024;
    auto moved = std::make_shared<std::vector<Event>>(std::move(events));
    work.decide = [=](Sequencer& sequencer, Draft& draft) {
      sequencer.append(draft, callerOf(number), std::move(*moved), Atomic::no, done);
    };
    work.refused = [=](const Refusal& refusal) {
      report("X " + std::string(nameOf(refusal.code)) + '\n');
      answered->set_value(false);
    };
    pipeline.enqueue(std::move(work));
    if (waiting.size() < 2) continue;
    waiting.front().get();
    waiting.pop_front();
  }
  for (auto& each : waiting) each.get();
}

// Admits a person and erases it, again and again.
void eraser(Pipeline& pipeline, const Task& task, const Report& report) {
  std::uint64_t n = task.nextGone;
  for (std::uint64_t batch = 0; batch < std::min<std::uint64_t>(task.batches, 1000000);
       ++batch, ++n) {
    report("G " + std::to_string(n) + '\n');
    std::promise<std::string> answer;
    Work work;
    work.principal = kClients;
    work.refused = [&](const Refusal& refusal) {
      answer.set_value("X " + std::string(nameOf(refusal.code)));
    };
    work.exclusive = [&](Ledger& ledger) {
      EventParser parser;
      std::vector<Event> events;
      events.push_back(std::move(*parser.parse(collect(goneOf(n)))));
      Draft draft = ledger.sequencer().begin();
      ledger.sequencer().append(draft, callerOf(0), std::move(events), Atomic::no, [](auto) {});
      ledger.commitNow(draft);
      const auto erased =
          ledger.erase(callerOf(0), goneOf(n), Ground::consentWithdrawn, {}, std::nullopt);
      answer.set_value(erased ? "F " + std::to_string(n) : "X the erasure was refused");
    };
    pipeline.enqueue(std::move(work));
    report(answer.get_future().get() + '\n');
    std::this_thread::sleep_for(5ms);
  }
}

void load(const Task& task, const Report& report) {
  try {
    Disk disk;
    const std::unique_ptr<Ledger> ledger = openAt(task.data, disk);
    report("O\n");
    Pipeline pipeline(*ledger, {20ms, [&](std::string_view) { report("X sealed\n"); }});
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < kClients; ++number) {
      threads.emplace_back([&, number] { client(pipeline, number, task, report); });
    }
    threads.emplace_back([&] { eraser(pipeline, task, report); });
    for (std::thread& thread : threads) thread.join();
    pipeline.drain();
  } catch (const std::exception& error) {
    report(std::string("X ") + error.what() + '\n');
  }
}

// What the parent knows.
class Known {
 public:
  void take(const std::string& line) {
    std::istringstream in(line);
    std::string what, leaf;
    unsigned number = 0;
    std::uint64_t n = 0, seq = 0;
    in >> what;
    if (what == "O") ++opened;
    if (what == "X") errors.push_back(line);
    if (what == "G" && in >> n) next.nextGone = std::max(next.nextGone, n + 1);
    if (what == "F" && in >> n) gone.insert(n);
    if (what == "S" && in >> number >> n) submitted.insert({number, n});
    if (what == "A" && in >> number >> n >> seq >> leaf) acknowledge(number, n, seq, leaf);
  }
  void acknowledge(unsigned number, std::uint64_t n, std::uint64_t seq, const std::string& leaf) {
    const auto [at, fresh] = acks.try_emplace({number, n}, seq, leaf);
    if (fresh) {
      unchecked.push_back({number, n});
      next.next[number] = std::max(next.next[number], n + 1);
    } else if (at->second != std::pair(seq, leaf)) {
      errors.push_back("an id was answered with two places: e-" + std::to_string(n));
    }
  }

  using Id = std::pair<unsigned, std::uint64_t>;
  std::map<Id, std::pair<std::uint64_t, std::string>> acks;
  std::set<Id> submitted;
  std::vector<Id> unchecked;  // acknowledged since the last look
  std::set<std::uint64_t> gone;
  std::vector<std::string> errors;
  std::size_t opened = 0;
  Task next;
  std::string rest;  // an unfinished line: the writer was killed in it

  void takeAll(std::string_view bytes) {
    rest += bytes;
    std::size_t end;
    while ((end = rest.find('\n')) != std::string::npos) {
      take(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
  }
};

std::size_t countOf(Ledger& ledger, const std::string& person) {
  Draft draft = ledger.sequencer().begin();
  const auto handle =
      ledger.sequencer().consult(draft, callerOf(9), person, ReadOperation::history, "audit");
  ledger.commitNow(draft);
  if (!handle) return 0;
  const auto events = ledger.read(*handle, ledger.sequencer().systems());
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(),
                    [](const PersonEvent& event) { return event.kind != Kind::consultation; }));
}

std::vector<EventResult> again(Ledger& ledger, const std::vector<Known::Id>& ids) {
  std::vector<EventResult> out;
  for (std::size_t from = 0; from < ids.size(); from += 1000) {
    std::vector<Event> events;
    for (std::size_t i = from; i < std::min(ids.size(), from + 1000); ++i) {
      events.push_back(eventOf(ids[i].first, ids[i].second));
    }
    Draft draft = ledger.sequencer().begin();
    ledger.sequencer().append(draft, callerOf(9), std::move(events), Atomic::no,
                              [&](std::vector<EventResult> results) {
                                std::move(results.begin(), results.end(), std::back_inserter(out));
                              });
    ledger.commitNow(draft);
    for (auto& waiting : draft.waiting) waiting(draft, nullptr);
  }
  return out;
}

// P1, P3: chain, tree, commitments, and every checkpoint that was ever signed.
void checkLog(Ledger& ledger) {
  ledger.signCheckpoint();
  const StoreLogSource source(ledger.store());
  VerifyOptions options;
  options.key = ledger.verifierKey();
  options.checkpoints = source.checkpoints();
  REQUIRE_FALSE(options.checkpoints.empty());
  const VerifyReport report = verifyLog(source, options);
  for (const Finding& finding : report.findings) UNSCOPED_INFO(finding.what);
  REQUIRE(report.whole());
  REQUIRE(report.trusted);
}

// P2, P11: every one of `ids`, acknowledged before, has the place that it was told.
void checkPlaces(Ledger& ledger, const Known& known, const std::vector<Known::Id>& ids) {
  const std::vector<EventResult> results = again(ledger, ids);
  REQUIRE(results.size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    CAPTURE(ids[i].first, ids[i].second);
    REQUIRE(results[i]);
    const auto& [seq, leaf] = known.acks.at(ids[i]);
    REQUIRE(results[i]->repeated);
    REQUIRE(results[i]->seq.raw() == seq);
    REQUIRE(hexOf(results[i]->leaf.view()) == leaf);
  }
}

void checkAfterKill(Known& known, std::vector<double>& restarts) {
  Disk disk;
  const auto start = Clock::now();
  const std::unique_ptr<Ledger> ledger = openAt(known.next.data, disk);
  restarts.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  checkPlaces(*ledger, known, known.unchecked);
  known.unchecked.clear();
  checkLog(*ledger);
  // P5: what was reported complete is gone; what was under way is one or the other, and not half.
  for (std::uint64_t n = known.next.nextGone - std::min<std::uint64_t>(known.next.nextGone, 20);
       n < known.next.nextGone; ++n) {
    CAPTURE(n);
    const std::size_t count = countOf(*ledger, goneOf(n));
    if (known.gone.count(n) != 0) {
      REQUIRE(count == 0);
    } else {
      REQUIRE(count <= 1);
    }
  }
}

std::uint64_t numberFrom(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

}  // namespace

// Also what the child runs: then the variable says from where on, and it ends by being killed.
TEST_CASE("four clients and an eraser under load are all answered", "[crash][P2][P11]") {
  if (const char* task = std::getenv(kTask)) {
    std::mutex mutex;
    load(Task::of(task), [&mutex](const std::string& lines) {
      const std::lock_guard lock(mutex);
      for (std::size_t at = 0; at < lines.size();) {
        const ssize_t wrote = ::write(test::Child::kReport, lines.data() + at, lines.size() - at);
        if (wrote <= 0) ::_exit(1);
        at += static_cast<std::size_t>(wrote);
      }
    });
    return;
  }
  const Scratch scratch;
  Known known;
  known.next.data = scratch / "data";
  Task task = known.next;
  task.batches = 10;
  std::mutex mutex;
  load(task, [&](const std::string& lines) {
    const std::lock_guard lock(mutex);
    known.takeAll(lines);
  });
  CHECK(known.errors.empty());
  CHECK(known.acks.size() == known.submitted.size());
  CHECK(known.gone.size() == 10);
  std::vector<double> restarts;
  checkAfterKill(known, restarts);
}

TEST_CASE("killed at any moment, the ledger keeps each acknowledged event where it was, once",
          "[crash][P1][P2][P3][P5][P11]") {
  const std::uint64_t seed = numberFrom("LACUNA_KILL_SEED", 20260301);
  const std::uint64_t rounds = numberFrom("LACUNA_KILL_ROUNDS", 50);
  CAPTURE(seed);
  const Scratch scratch;
  std::mt19937_64 random(seed);
  Known known;
  known.next.data = scratch / "data";
  std::vector<double> restarts;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    known.next.seed = random();
    {
      test::Child child(kLoadTest, kTask, known.next.text());
      const auto delay = std::chrono::milliseconds(1 + random() % 200);
      const bool whileOpening = random() % 8 == 0;
      std::promise<void> opened;
      std::thread reader([&, before = known.opened, told = false]() mutable {
        child.drain([&](std::string_view bytes) {
          known.takeAll(bytes);
          if (!told && known.opened > before) opened.set_value(), told = true;
        });
        if (!told) opened.set_value();
      });
      if (!whileOpening) opened.get_future().wait();
      std::this_thread::sleep_for(delay);
      const int status = child.kill();
      reader.join();
      known.rest.clear();
      for (const std::string& error : known.errors) UNSCOPED_INFO(error);
      REQUIRE(known.errors.empty());
      REQUIRE(WIFSIGNALED(status));
      REQUIRE(WTERMSIG(status) == SIGKILL);
    }
    // Sometimes twice in a row without a look in between.
    if (random() % 4 != 0 || round + 1 == rounds) checkAfterKill(known, restarts);
  }

  Disk disk;
  const std::unique_ptr<Ledger> ledger = openAt(known.next.data, disk);
  std::vector<Known::Id> all;
  for (const auto& [id, place] : known.acks) all.push_back(id);
  checkPlaces(*ledger, known, all);
  // What was never acknowledged is submitted again: recorded before or now, but once.
  const std::vector<Known::Id> submitted(known.submitted.begin(), known.submitted.end());
  for (const EventResult& result : again(*ledger, submitted)) REQUIRE(result);
  std::map<std::string, std::size_t> expected;
  for (const auto& [number, n] : submitted) ++expected[personOf(number, n)];
  for (const auto& [person, count] : expected) {
    CAPTURE(person);
    REQUIRE(countOf(*ledger, person) == count);
  }
  checkLog(*ledger);
  CHECK(known.acks.size() > rounds);
  std::sort(restarts.begin(), restarts.end());
  WARN("seed " << seed << ": " << rounds << " kills, " << known.acks.size()
               << " acknowledged events of " << submitted.size() << ", " << known.gone.size()
               << " erasures, " << ledger->size().raw() << " records; restart "
               << restarts[restarts.size() / 2] << " s median, " << restarts.back()
               << " s longest");
}

}  // namespace lacuna::ledgertest
