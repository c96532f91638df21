// A ledger with its pipeline on the disk of the working folder, and events of about 300 stored bytes.
#pragma once

#include "daemon/pipeline.h"
#include "ledger/ledger.h"
#include "tests/bench/bench.h"
#include "tests/support/small_register.h"

#include <rocksdb/db.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lacuna::bench {

inline constexpr std::string_view kBenchRegister = ledgertest::kSmallRegister;

// The yardstick: a RocksDB with its default options, one row an event (record and envelope as the ledger
// stored them, behind an ascending number), a synced WriteBatch for each group. Its bytes are therefore
// as many, as distinct and as incompressible as ours, and lie ready in memory: it seals nothing, chains
// nothing, finds nothing again but by its number.
class RawLog {
 public:
  explicit RawLog(const std::filesystem::path& path);
  void append(std::span<const std::string> rows, std::size_t group);

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t next_ = 0;
};

// The system's time, and what was skipped of it.
class BenchClock final : public Clock {
 public:
  Instant now() const override { return systemClock().now() + skipped_.load(); }
  void skip(std::chrono::milliseconds time) { skipped_ = skipped_.load() + time; }

 private:
  std::atomic<std::chrono::milliseconds> skipped_{std::chrono::milliseconds(0)};
};

// Makes events with ids, of the persons crm:0 ... in no order.
class EventMaker {
 public:
  explicit EventMaker(std::size_t persons) : persons_(persons) {}
  Event of(const std::string& person);
  // Of a class that a law keeps for seven years after the year of `at`.
  Event invoiceOf(const std::string& person, Instant at);
  std::vector<Event> batch(std::size_t size);

 private:
  std::atomic<std::uint64_t> next_{0};
  std::size_t persons_;
};

class BenchWorld {
 public:
  explicit BenchWorld(std::size_t persons, std::size_t eventsEach = 1);
  Taken reopen();  // what opening took; memtables are not flushed before
  ~BenchWorld();
  BenchWorld(const BenchWorld&) = delete;
  BenchWorld& operator=(const BenchWorld&) = delete;

  EventMaker& events() { return events_; }
  BenchClock& clock() { return clock_; }
  // Submits through the pipeline, at most `inFlight` batches on their way; all durable on return.
  void append(std::vector<std::vector<Event>> batches, std::size_t inFlight);
  // Recorded as read, then opened and folded.
  std::vector<PersonEvent> history(const std::string& person);
  void erase(const std::string& person);
  void erase(std::vector<std::string> persons);  // as one case
  // As the daemon runs what has to be alone.
  void alone(const std::function<void(Ledger&)>& act);

  // The last `count` events as the log holds them: record, then envelope.
  std::vector<std::string> storedRows(std::size_t count);
  std::size_t storedBytes();  // of one event
  Ledger& ledger() { return *ledger_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  void open();
  std::filesystem::path path_;
  EventMaker events_;
  BenchClock clock_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Pipeline> pipeline_;
  Caller caller_;
};

// Over the socket: a daemon and a client on the same two cores (bench_socket.cc).
Row socketRow();
// The same, for what the daemon holds in memory.
Row memoryRow();

// Erasures (bench_erase.cc): one person; the same among ever more; a thousand at once; the ends of retention.
Row eraseRow();
Row eraseFlatRow();
Row eraseBatchRow();
Row retentionRow();

// The second tier of erasures, and verifying after many (bench_sweep.cc).
Row sweepRow();
Row verifyErasedRow();

// Others who check (bench_log.cc): receipts, and the tiles over HTTP.
Row receiptsRow();
Row tilesRow();

double bytesWritten();  // that this process had written to storage so far

}  // namespace lacuna::bench
