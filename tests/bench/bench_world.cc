#include "tests/bench/bench_world.h"

#include <rocksdb/write_batch.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <unistd.h>

namespace lacuna::bench {
namespace {

constexpr std::string_view kData =
    R"({"course":"NRTO-101","location":"Utrecht","session":"2026-03","note":"by the form of the site"})";

}  // namespace

RawLog::RawLog(const std::filesystem::path& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  if (!rocksdb::DB::Open(options, path.string(), &db).ok())
    throw Fault("the raw database cannot be opened");
  db_.reset(db);
}

void RawLog::append(std::span<const std::string> rows, std::size_t group) {
  rocksdb::WriteOptions durable;
  durable.sync = true;
  rocksdb::WriteBatch batch;
  for (; !rows.empty(); rows = rows.subspan(std::min(group, rows.size()))) {
    batch.Clear();
    for (const std::string& row : rows.first(std::min(group, rows.size()))) {
      const ByteArray<8> key = key64(next_++);
      batch.Put(rocksdb::Slice(reinterpret_cast<const char*>(key.data()), key.size()), row);
    }
    if (!db_->Write(durable, &batch).ok()) throw Fault("the raw database cannot be written");
  }
}

Event EventMaker::of(const std::string& person) {
  Event event;
  event.kind = Kind::processing;
  event.operation = Operation::collect;
  event.id = "bench-" + std::to_string(next_++);
  event.person = {person};
  event.purpose = "course-admin";
  event.system = "website";
  event.categories = {"name", "contact"};
  event.data = std::string(kData);
  return event;
}

Event EventMaker::invoiceOf(const std::string& person, Instant at) {
  Event event = of(person);
  event.at = at;
  event.purpose = "invoicing";
  event.categories = {"name", "invoice"};
  return event;
}

std::vector<Event> EventMaker::batch(std::size_t size) {
  std::vector<Event> events;
  events.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    events.push_back(of("crm:" + std::to_string(next_ * 2654435761U % persons_)));
  }
  return events;
}

BenchWorld::BenchWorld(std::size_t persons, std::size_t eventsEach) : events_(persons) {
  std::string fresh = (std::filesystem::current_path() / "bench-data-XXXXXX").string();
  if (::mkdtemp(fresh.data()) == nullptr) throw Fault("a folder for the bench cannot be made");
  path_ = fresh;
  open();
  caller_.allSystems = true;
  const auto reg = Register::parse(kBenchRegister);
  if (!reg) throw Bug(reg.refusal().message);
  Draft draft = ledger_->sequencer().begin();
  ledger_->sequencer().applyRegister(draft, caller_, *reg);
  ledger_->commitNow(draft);
  pipeline_ = std::make_unique<Pipeline>(*ledger_, Pipeline::Options{});

  std::vector<std::vector<Event>> batches(1);
  for (std::size_t i = 0; i < persons * eventsEach; ++i) {
    if (batches.back().size() >= 1024) batches.emplace_back();
    batches.back().push_back(events_.of("crm:" + std::to_string(i % persons)));
  }
  append(std::move(batches), 4);
}

void BenchWorld::open() {
  LedgerOptions options;
  options.data = path_ / "data";
  options.allowWeakErasure = true;
  options.clock = &clock_;
  Result<std::unique_ptr<Ledger>> opened = Ledger::open(options);
  if (!opened) throw Fault(opened.refusal().message);
  ledger_ = std::move(*opened);
}

Taken BenchWorld::reopen() {
  pipeline_.reset();
  ledger_.reset();
  Taken taken;
  taken.add([this] { open(); });
  pipeline_ = std::make_unique<Pipeline>(*ledger_, Pipeline::Options{});
  return taken;
}

BenchWorld::~BenchWorld() {
  pipeline_.reset();
  ledger_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void BenchWorld::append(std::vector<std::vector<Event>> batches, std::size_t inFlight) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t flying = 0;
  std::string failure;
  const BatchAnswer done = [&](const std::vector<EventResult>& results) {
    const std::lock_guard lock(mutex);
    for (const EventResult& result : results) {
      if (!result) failure = result.refusal().message;
    }
    --flying;
    changed.notify_all();
  };
  for (std::vector<Event>& events : batches) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return flying < inFlight; });
      ++flying;
    }
    Work work;
    work.bytes = events.size() * sizeof(Event);
    work.slots = slotsAsked(events);
    work.refused = [&done](const Refusal& refusal) { done({refusal}); };
    auto batch = std::make_shared<std::vector<Event>>(std::move(events));
    work.decide = [this, batch, &done](Sequencer& sequencer, Draft& draft) {
      sequencer.append(draft, caller_, std::move(*batch), Atomic::no, done);
    };
    pipeline_->enqueue(std::move(work));
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return flying == 0; });
  if (!failure.empty()) throw Bug(failure);
}

std::vector<PersonEvent> BenchWorld::history(const std::string& person) {
  std::promise<std::optional<Refusal>> done;
  std::optional<Result<PersonHandle>> handle;
  SystemNumbers systems;
  RegisterHistory registers;
  Work work;
  work.refused = [&](const Refusal& refusal) { done.set_value(refusal); };
  work.decide = [&](Sequencer& sequencer, Draft& draft) {
    handle = sequencer.consult(draft, caller_, person, ReadOperation::history, "audit");
    systems = sequencer.systems();
    registers = sequencer.registers();
    draft.waiting.push_back([&](const Draft&, const Refusal*) { done.set_value(std::nullopt); });
  };
  pipeline_->enqueue(std::move(work));
  if (const auto refusal = done.get_future().get()) throw Bug(refusal->message);
  if (!*handle) throw Bug(handle->refusal().message);
  std::vector<PersonEvent> events = ledger_->read(**handle, systems);
  if (historyLines(events, {}, registers, systemClock().now()).empty())
    throw Bug("an empty history");
  return events;
}

void BenchWorld::alone(const std::function<void(Ledger&)>& act) {
  std::promise<std::optional<Refusal>> done;
  Work work;
  work.refused = [&](const Refusal& refusal) { done.set_value(refusal); };
  work.exclusive = [&](Ledger& ledger) {
    act(ledger);
    done.set_value(std::nullopt);
  };
  pipeline_->enqueue(std::move(work));
  if (const auto refusal = done.get_future().get()) throw Bug(refusal->message);
}

void BenchWorld::erase(const std::string& person) { erase(std::vector{person}); }

void BenchWorld::erase(std::vector<std::string> persons) {
  std::optional<Refusal> refused;
  const EraseOrder order{std::move(persons), Ground::consentWithdrawn, {}, std::nullopt};
  alone([&](Ledger& ledger) {
    const Result<Erasure> erased = ledger.erasures().order(caller_, order);
    if (!erased) refused = erased.refusal();
  });
  if (refused) throw Bug(refused->message);
}

std::vector<std::string> BenchWorld::storedRows(std::size_t count) {
  const std::uint64_t size = ledger_->size().raw();
  std::vector<std::string> rows;
  rows.reserve(count);
  ledger_->store().scanPairs(Seq(size - std::min<std::uint64_t>(count, size)), TreeSize(size),
                             [&](Seq, ByteView record, std::optional<ByteView> envelope) {
                               std::string row(textOf(record));
                               row += textOf(envelope.value_or(ByteView()));
                               rows.push_back(std::move(row));
                               return true;
                             });
  return rows;
}

std::size_t BenchWorld::storedBytes() { return storedRows(1).front().size(); }

}  // namespace lacuna::bench
