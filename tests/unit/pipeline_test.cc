#include "daemon/pipeline.h"

#include "ledger/base/limits.h"
#include "tests/support/faulty_fs.h"
#include "tests/support/whole.h"
#include "tests/support/world.h"

#include <future>
#include <random>

namespace lacuna::ledgertest {
namespace {

using namespace std::chrono_literals;

// On a disk that does not wait: these tests are about order, not about what survives.
class QuickWorld {
 public:
  QuickWorld() : env_(disk_.env()), world_(std::make_unique<World>(options())) {}
  World& operator*() { return *world_; }

 private:
  LedgerOptions options() const {
    LedgerOptions options;
    options.logEnv = env_.get();
    options.keysEnv = env_.get();
    return options;
  }
  FaultyFs disk_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<World> world_;
};

// Catch2's assertions are for one thread: others only count, and are asserted about when they are done.
constexpr auto kPatience = 20s;  // nothing here takes a second; a hang must end

Event eventOf(const std::string& line) {
  EventParser parser;
  Result<Event> event = parser.parse(line);
  if (!event) throw Fault("a test's own line does not parse: " + event.refusal().message);
  return std::move(*event);
}

// Work that keeps the sequencer until the test lets it go, so that a queue can grow behind it.
class Gate {
 public:
  explicit Gate(Pipeline& pipeline) : open_(opened_.get_future().share()) {
    Work work;
    work.principal = 1000;
    work.decide = [this, open = open_](Sequencer&, Draft&) {
      reached_.set_value();
      open.wait();
    };
    work.refused = [](const Refusal&) {};
    pipeline.enqueue(std::move(work));
    reached_.get_future().wait();
  }
  ~Gate() { open(); }
  void open() {
    if (!std::exchange(isOpen_, true)) opened_.set_value();
  }

 private:
  std::promise<void> reached_, opened_;
  std::shared_future<void> open_;
  bool isOpen_ = false;
};

// What one piece of work was told, and how often.
struct Told {
  std::atomic<int> done{0}, refused{0};
  std::atomic<RefusalCode> code{};
  int times() const { return done + refused; }
  void refuse(const Refusal& refusal) {
    code = refusal.code;
    ++refused;
  }
};

Work quietWork(std::uint32_t principal, std::size_t bytes, Told& told) {
  Work work;
  work.principal = principal;
  work.bytes = bytes;
  work.refused = [&told](const Refusal& refusal) { told.refuse(refusal); };
  work.decide = [&told](Sequencer&, Draft& draft) {
    draft.waiting.push_back([&told](const Draft&, const Refusal* failure) {
      if (failure != nullptr) return told.refuse(*failure);
      ++told.done;
    });
  };
  return work;
}

Work appendWork(const Caller& caller, std::vector<std::string> lines, BatchAnswer done) {
  Work work;
  work.principal = caller.principal;
  work.bytes = lines.size() * 1024;
  work.refused = [count = lines.size(), done](const Refusal& refusal) {
    done(std::vector<EventResult>(count, EventResult(refusal)));
  };
  work.decide = [caller, lines, done](Sequencer& sequencer, Draft& draft) {
    std::vector<Event> events;
    for (const std::string& line : lines) events.push_back(eventOf(line));
    sequencer.append(draft, caller, std::move(events), Atomic::no, done);
  };
  return work;
}

// Submits and waits: what a client does that wants its answer before it goes on.
std::vector<EventResult> submitAndWait(Pipeline& pipeline, const Caller& caller,
                                       std::vector<std::string> lines) {
  auto answer = std::make_shared<std::promise<std::vector<EventResult>>>();
  auto future = answer->get_future();
  pipeline.enqueue(appendWork(caller, std::move(lines), [answer](std::vector<EventResult> results) {
    answer->set_value(std::move(results));
  }));
  if (future.wait_for(kPatience) != std::future_status::ready) throw Fault("nobody answered");
  return future.get();
}

Caller callerOf(std::uint32_t principal) {
  Caller caller;
  caller.principal = principal;
  caller.allSystems = true;
  return caller;
}

Pipeline::Options quickly() { return {5ms, {}}; }

}  // namespace

TEST_CASE("what waits is bounded for each principal and in all; beyond it the answer is busy",
          "[pipeline][tsan]") {
  constexpr std::size_t kPiece = 1024 * 1024;
  QuickWorld quick;
  World& world = *quick;
  std::vector<std::unique_ptr<Told>> told;
  std::size_t accepted = 0;
  {
    Pipeline pipeline(world.ledger(), quickly());
    Gate gate(pipeline);
    // Until somebody is told at once: whoever is taken waits behind the gate.
    const auto fill = [&](std::uint32_t principal) {
      for (std::size_t pieces = 0;; ++pieces) {
        told.push_back(std::make_unique<Told>());
        pipeline.enqueue(quietWork(principal, kPiece, *told.back()));
        if (told.back()->times() == 0) continue;
        CHECK(told.back()->code == RefusalCode::busy);
        accepted += pieces;
        return pieces;
      }
    };
    CHECK(fill(1) == kQueueBytesPerPrincipalMax / kPiece);
    CHECK(fill(2) == (kQueueBytesMax - kQueueBytesPerPrincipalMax) / kPiece);
    CHECK(fill(3) == 0);
    CHECK(pipeline.counts().queuedBytes == kQueueBytesMax);
    Told small;
    pipeline.enqueue(quietWork(3, 1, small));
    CHECK(small.code == RefusalCode::busy);
    gate.open();
    pipeline.drain();
    CHECK(pipeline.counts().queuedBytes == 0);
  }
  std::size_t done = 0;
  for (const auto& each : told) {
    CHECK(each->times() == 1);
    done += static_cast<std::size_t>(each->done);
  }
  CHECK(done == accepted);
}

TEST_CASE("a refusal of a full queue says when to try again, and then there is room",
          "[pipeline]") {
  QuickWorld quick;
  World& world = *quick;
  Pipeline pipeline(world.ledger(), quickly());
  Told first;
  std::optional<Refusal> heard;
  {
    Gate gate(pipeline);
    pipeline.enqueue(quietWork(1, kQueueBytesPerPrincipalMax, first));
    Told ignored;
    Work work = quietWork(1, 1, ignored);
    work.refused = [&](const Refusal& refusal) { heard = refusal; };
    pipeline.enqueue(std::move(work));
  }
  REQUIRE(heard);
  CHECK(heard->code == RefusalCode::busy);
  CHECK(heard->retryAfter == kBusyRetryAfter);
  while (first.times() == 0) std::this_thread::sleep_for(1ms);
  CHECK(submitAndWait(pipeline, callerOf(1), {collect("crm:1")}).front());
  CHECK(first.done == 1);
}

TEST_CASE("empty pieces of work are counted too, so that they cannot fill the memory",
          "[pipeline]") {
  QuickWorld quick;
  World& world = *quick;
  Pipeline pipeline(world.ledger(), quickly());
  Told told;
  {
    Gate gate(pipeline);
    for (int i = 0; i < 10; ++i) pipeline.enqueue(quietWork(1, 0, told));
    CHECK(pipeline.counts().queuedBytes == 10 * kWorkBytesMin);
  }
  pipeline.drain();
  CHECK(told.done == 10);
  CHECK(pipeline.counts().queuedBytes == 0);
}

TEST_CASE("work for which too few slots are reserved goes into the next group", "[pipeline][P6]") {
  QuickWorld quick;
  World& world = *quick;
  Pipeline pipeline(world.ledger(), quickly());
  std::vector<std::uint64_t> groups;  // sequencer thread, read after drain()
  {
    Gate gate(pipeline);
    const auto enqueue = [&](const std::string& line, std::size_t slots) {
      Work work = appendWork(callerOf(1), {line}, [](std::vector<EventResult>) {});
      work.slots = slots;
      work.decide = [&groups, decide = work.decide](Sequencer& sequencer, Draft& draft) {
        groups.push_back(draft.number);
        decide(sequencer, draft);
      };
      pipeline.enqueue(std::move(work));
    };
    enqueue(collect("crm:1"), 5);
    enqueue(collect("crm:2"), 2 * kGroupEventsFull);  // known of when the group began
    enqueue(collect("crm:3"), 5);
    enqueue(collect("crm:4"), 4 * kGroupEventsFull);
    enqueue(collect("crm:5"), 5);
  }
  pipeline.drain();
  REQUIRE(groups.size() == 5);
  CHECK(groups[1] == groups[0]);
  CHECK(groups[2] == groups[0]);
  CHECK(groups[3] == groups[0] + 1);
  CHECK(groups[4] == groups[3]);
}

TEST_CASE("one who floods the queue does not keep the others waiting: each principal in turn",
          "[pipeline]") {
  QuickWorld quick;
  World& world = *quick;
  Pipeline pipeline(world.ledger(), quickly());
  std::vector<std::uint32_t> order;  // sequencer thread, read after drain()
  {
    Gate gate(pipeline);
    const auto enqueue = [&](std::uint32_t principal) {
      Work work;
      work.principal = principal;
      work.bytes = 1000;
      work.decide = [&order, principal](Sequencer&, Draft&) { order.push_back(principal); };
      work.refused = [](const Refusal&) {};
      pipeline.enqueue(std::move(work));
    };
    for (int i = 0; i < 200; ++i) enqueue(1);
    for (int i = 0; i < 3; ++i) enqueue(2);
    for (int i = 0; i < 3; ++i) enqueue(3);
  }
  pipeline.drain();
  REQUIRE(order.size() == 206);
  for (const std::uint32_t patient : {2u, 3u}) {
    for (std::ptrdiff_t round = 1; round <= 3; ++round) {
      CHECK(std::count(order.begin(), order.begin() + 3 * round, patient) == round);
    }
  }
}

TEST_CASE("acknowledgements leave in the order of sequence, and only for what is durable",
          "[pipeline][P2][tsan]") {
  QuickWorld quick;
  World& world = *quick;
  struct Ack {
    std::uint64_t seq;
    std::uint64_t durable;
    std::size_t client;
    std::size_t n;
  };
  std::vector<Ack> acks;  // writer thread, read after drain()
  constexpr std::size_t kClients = 4, kBatches = 40;
  {
    Pipeline pipeline(world.ledger(), quickly());
    std::vector<std::thread> clients;
    for (std::size_t client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        for (std::size_t n = 0; n < kBatches; ++n) {  // not waiting for answers
          const std::string person = "crm:" + std::to_string(client);
          pipeline.enqueue(appendWork(
              callerOf(static_cast<std::uint32_t>(client)), {collect(person), collect(person)},
              [&acks, &world, client, n](const std::vector<EventResult>& results) {
                for (const EventResult& result : results) {
                  const std::uint64_t seq = result ? result->seq.raw() : UINT64_MAX;
                  acks.push_back({seq, world.ledger().size().raw(), client, n});
                }
              }));
        }
      });
    }
    for (std::thread& client : clients) client.join();
    pipeline.drain();
  }
  REQUIRE(acks.size() == kClients * kBatches * 2);
  std::vector<std::size_t> next(kClients, 0);
  for (std::size_t i = 0; i < acks.size(); ++i) {
    REQUIRE(acks[i].seq < acks[i].durable);
    if (i > 0) REQUIRE(acks[i].seq == acks[i - 1].seq + 1);
    if (i % 2 == 1) CHECK(acks[i].n == next[acks[i].client]++);  // a client's own order is kept
  }
  checkShown(world.ledger());
}

TEST_CASE("drain finishes what waits, signs what it finished, and takes nothing more",
          "[pipeline][P2]") {
  QuickWorld quick;
  World& world = *quick;
  std::vector<std::unique_ptr<Told>> told;
  std::atomic<int> recorded{0};
  Pipeline pipeline(world.ledger(), {1h, {}});  // the timer signs nothing
  std::thread drainer;
  Told late;
  {
    Gate gate(pipeline);
    for (int i = 0; i < 50; ++i) {
      pipeline.enqueue(
          appendWork(callerOf(1), {collect("crm:1")}, [&](const std::vector<EventResult>& results) {
            if (results.front()) ++recorded;
          }));
    }
    drainer = std::thread([&] { pipeline.drain(); });
    do {  // until the drain has begun
      pipeline.enqueue(quietWork(2, 1, late));
      std::this_thread::sleep_for(1ms);
    } while (late.refused == 0);
    CHECK(late.code == RefusalCode::stopping);
    CHECK(recorded == 0);
  }
  drainer.join();
  CHECK(recorded == 50);
  CHECK(world.ledger().shownSize() == world.ledger().size());
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 50);
}

TEST_CASE("a decision that fails seals: everybody is told exactly once, and nothing more is taken",
          "[pipeline][P8][tsan]") {
  // Before anybody waits for it, between two who do, and after it registered its own.
  const int stage = GENERATE(0, 1, 2);
  CAPTURE(stage);
  QuickWorld quick;
  World& world = *quick;
  std::vector<std::unique_ptr<Told>> told;
  std::vector<std::string> lines;
  const TreeSize before = world.ledger().size();
  Told good, bad, late, exclusive;
  {
    Pipeline pipeline(world.ledger(),
                      {5ms, [&](std::string_view line) { lines.emplace_back(line); }});
    {
      Gate gate(pipeline);
      if (stage > 0) pipeline.enqueue(quietWork(1, 1, good));
      Work work = quietWork(1, 1, bad);
      work.decide = [&bad, stage](Sequencer&, Draft& draft) {
        if (stage == 2) {
          draft.waiting.push_back([&bad](const Draft&, const Refusal* failure) {
            if (failure == nullptr) return static_cast<void>(++bad.done);
            bad.refuse(*failure);
          });
        }
        throw Fault("the world failed");
      };
      pipeline.enqueue(std::move(work));
      for (int i = 0; i < 20; ++i) {
        told.push_back(std::make_unique<Told>());
        pipeline.enqueue(quietWork(static_cast<std::uint32_t>(i % 3), 1, *told.back()));
      }
      Work alone;
      alone.principal = 1;
      alone.exclusive = [&](Ledger&) { ++exclusive.done; };
      alone.refused = [&](const Refusal& refusal) { exclusive.refuse(refusal); };
      pipeline.enqueue(std::move(alone));
    }
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!pipeline.sealed() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(1ms);
    }
    REQUIRE(pipeline.sealed());
    pipeline.enqueue(quietWork(9, 1, late));
    CHECK(late.times() == 1);
    CHECK(late.code == RefusalCode::sealed);
    pipeline.drain();
  }
  // Fairness lets some of the others be decided in the same group: they share its fate.
  for (const auto& each : told) {
    CHECK(each->done == 0);
    CHECK(each->refused == 1);
    CHECK(each->code == RefusalCode::sealed);
  }
  CHECK(bad.done == 0);
  CHECK(bad.refused == 1);
  CHECK(good.times() == (stage > 0 ? 1 : 0));
  CHECK(exclusive.done == 0);
  CHECK(exclusive.refused == 1);
  CHECK(lines.size() == 1);
  CHECK(world.ledger().size() == before);
  world.reopen();  // the restart recovers
  CHECK(world.submitOne(collect("crm:1")));
}

TEST_CASE("when a decision fails, those before it in the group are told before it",
          "[pipeline][P8]") {
  QuickWorld quick;
  World& world = *quick;
  std::mutex mutex;
  std::string order;
  const auto tell = [&](char who) {
    const std::lock_guard lock(mutex);
    order += who;
  };
  {
    Pipeline pipeline(world.ledger(), quickly());
    {
      Gate gate(pipeline);
      for (const char who : {'a', 'b'}) {
        Work work;
        work.decide = [&tell, who](Sequencer&, Draft& draft) {
          draft.waiting.push_back([&tell, who](const Draft&, const Refusal*) { tell(who); });
        };
        work.refused = [&tell, who](const Refusal&) { tell(who); };
        pipeline.enqueue(std::move(work));
      }
      Work bad;
      bad.decide = [](Sequencer&, Draft&) { throw Fault("the world failed"); };
      bad.refused = [&tell](const Refusal&) { tell('c'); };
      pipeline.enqueue(std::move(bad));
      Work late;
      late.decide = [](Sequencer&, Draft&) {};
      late.refused = [&tell](const Refusal&) { tell('d'); };
      pipeline.enqueue(std::move(late));
    }
    pipeline.drain();
  }
  CHECK(order == "abcd");
}

TEST_CASE("what runs alone has no group beside it; when it fails nothing is signed after it",
          "[pipeline][P8][tsan]") {
  QuickWorld quick;
  World& world = *quick;
  std::atomic<int> answered{0};
  Told failing, late;
  std::atomic<bool> wasWhole{false};
  TreeSize shown;
  {
    Pipeline pipeline(world.ledger(), {1ms, {}});
    for (int i = 0; i < 30; ++i) {
      pipeline.enqueue(appendWork(callerOf(1), {collect("crm:1")},
                                  [&](const std::vector<EventResult>&) { ++answered; }));
    }
    Work alone;
    alone.principal = 1;
    alone.exclusive = [&](Ledger& ledger) {
      wasWhole = answered == 30 && ledger.sequencer().decided() == ledger.size();
      // A record is on disk, and then the world fails: the signer must not come past this.
      Draft draft = ledger.sequencer().begin();
      ledger.sequencer().consultScan(draft, callerOf(1), ReadOperation::find, "audit", {});
      ledger.commitNow(draft);
      shown = ledger.shownSize();
      std::this_thread::sleep_for(20ms);
      throw Fault("the world failed");
    };
    alone.refused = [&](const Refusal& refusal) { failing.refuse(refusal); };
    pipeline.enqueue(std::move(alone));
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (failing.refused == 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(1ms);
    }
    pipeline.enqueue(quietWork(1, 1, late));
    pipeline.drain();
  }
  CHECK(wasWhole);
  CHECK(failing.refused == 1);
  CHECK(failing.code == RefusalCode::sealed);
  CHECK(late.code == RefusalCode::sealed);
  CHECK(world.ledger().shownSize() == shown);
  CHECK(world.ledger().size() > shown);
}

TEST_CASE("clients with one event each, readers, auditors and an eraser do not disturb each other",
          "[pipeline][P2][P7][P9][tsan]") {
  QuickWorld quick;
  World& world = *quick;
  constexpr int kClients = 4, kEvents = 30, kReads = 15;
  std::atomic<int> recorded{0}, read{0}, receipts{0}, erased{0}, wrong{0};
  {
    Pipeline pipeline(world.ledger(), {2ms, {}});
    const auto consultAndRead = [&](const std::string& person) {
      auto answer =
          std::make_shared<std::promise<std::pair<Result<PersonHandle>, SystemNumbers>>>();
      auto future = answer->get_future();
      Work work;
      work.principal = 77;
      work.bytes = 1;
      work.decide = [&, answer, person](Sequencer& sequencer, Draft& draft) {
        Result<PersonHandle> handle =
            sequencer.consult(draft, callerOf(77), person, ReadOperation::history, "audit");
        draft.waiting.push_back([answer, handle = std::move(handle), systems = sequencer.systems()](
                                    const Draft&, const Refusal* failure) {
          if (failure != nullptr) return answer->set_value({Result<PersonHandle>(*failure), {}});
          answer->set_value({handle, systems});
        });
      };
      work.refused = [answer](const Refusal& refusal) {
        answer->set_value({Result<PersonHandle>(refusal), {}});
      };
      pipeline.enqueue(std::move(work));
      if (future.wait_for(kPatience) != std::future_status::ready) return ++wrong;
      auto [handle, systems] = future.get();
      if (!handle) return handle.refusal().code == RefusalCode::unknownPerson ? 0 : ++wrong;
      const std::vector<PersonEvent> events = world.ledger().read(*handle, systems);
      const bool ordered = std::all_of(events.begin(), events.end(), [](const PersonEvent& event) {
        return event.kind == Kind::consultation || event.klass == "enrolment";
      });
      return ordered && !events.empty() ? ++read : ++wrong;
    };
    std::vector<std::thread> threads;
    for (int client = 0; client < kClients; ++client) {
      threads.emplace_back([&, client] {
        for (int n = 0; n < kEvents; ++n) {
          const auto results = submitAndWait(pipeline, callerOf(static_cast<std::uint32_t>(client)),
                                             {collect("crm:" + std::to_string(client),
                                                      R"(,"id":"e-)" + std::to_string(n) + "\"")});
          results.front() ? ++recorded : ++wrong;
        }
      });
    }
    for (int reader = 0; reader < 2; ++reader) {
      threads.emplace_back([&, reader] {
        for (int n = 0; n < kReads; ++n) {
          consultAndRead("crm:" + std::to_string((reader + n) % kClients));
        }
      });
    }
    threads.emplace_back([&] {  // an auditor: whatever is shown can be proved
      std::uint64_t last = 0;
      for (int n = 0; n < kReads; ++n) {
        const std::uint64_t shown = world.ledger().shownSize().raw();
        if (shown < last || !world.ledger().receipt(Seq(shown - 1))) ++wrong;
        if (!world.ledger().records(Seq(0), 100)) ++wrong;
        if (world.ledger().checkpoints(TreeSize(0), 1000).empty()) ++wrong;
        last = shown;
        ++receipts;
        std::this_thread::sleep_for(1ms);
      }
    });
    threads.emplace_back([&] {
      for (int n = 0; n < 3; ++n) {
        const std::string person = "email:gone" + std::to_string(n) + "@example.nl";
        if (!submitAndWait(pipeline, callerOf(50), {collect(person)}).front()) ++wrong;
        std::promise<bool> answer;
        Work work;
        work.principal = 50;
        work.refused = [&answer](const Refusal&) { answer.set_value(false); };
        work.exclusive = [&](Ledger& ledger) {
          answer.set_value(static_cast<bool>(
              ledger.erase(callerOf(50), person, Ground::consentWithdrawn, {}, std::nullopt)));
        };
        pipeline.enqueue(std::move(work));
        answer.get_future().get() ? ++erased : ++wrong;
      }
    });
    for (std::thread& thread : threads) thread.join();
    pipeline.drain();
  }
  CHECK(wrong == 0);
  CHECK(recorded == kClients * kEvents);
  CHECK(receipts == kReads);
  CHECK(erased == 3);
  CHECK(world.ledger().shownSize() == world.ledger().size());
  world.reopen();
  for (int client = 0; client < kClients; ++client) {
    CHECK(world.eventsOf("crm:" + std::to_string(client)) == kEvents);
  }
  checkShown(world.ledger());
}

}  // namespace lacuna::ledgertest
