// Durable append in process: Store::apply against a raw RocksDB that syncs the same bytes, one row
// per event. Interleaved group by group in one process, so that both meet the same disk.
// Prints one JSON object per row: {"row","value","unit","baseline","ratio","runs"}.
#include "ledger/base/limits.h"
#include "tests/support/log_maker.h"
#include "tests/support/scratch.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace lacuna {
namespace {

constexpr std::size_t kGroupEvents = 1024;
constexpr std::size_t kEnvelopeBytes = 300;

double microsOf(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

// Of this thread alone: tells work from waiting on a busy machine.
double cpuMicros() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <typename Work>
double timed(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return microsOf(std::chrono::steady_clock::now() - start);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

double sum(const std::vector<double>& values) {
  double out = 0;
  for (const double v : values) out += v;
  return out;
}

// The yardstick: default options, the same promise (synced), one row per event.
class Raw {
 public:
  explicit Raw(const std::filesystem::path& path) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* db = nullptr;
    if (!rocksdb::DB::Open(options, path.string(), &db).ok()) std::abort();
    db_.reset(db);
  }
  void write(const Group& group) {
    rocksdb::WriteBatch batch;
    for (std::size_t i = 0; i < group.records.size(); ++i) {
      const auto key = key64(group.first.raw() + i);
      const rocksdb::Slice parts[2] = {slice(group.records[i]), slice(*group.envelopes[i])};
      const rocksdb::Slice name = slice(key);
      if (!batch.Put(nullptr, {&name, 1}, {parts, 2}).ok()) std::abort();
    }
    rocksdb::WriteOptions synced;
    synced.sync = true;
    if (!db_->Write(synced, &batch).ok()) std::abort();
  }

 private:
  static rocksdb::Slice slice(ByteView v) {
    return {reinterpret_cast<const char*>(v.data()), v.size()};
  }
  std::unique_ptr<rocksdb::DB> db_;
};

void printRow(const char* row, double ours, double raw, double ratio, std::size_t runs) {
  std::printf(
      "{\"row\":\"%s\",\"value\":%.3f,\"unit\":\"us/event\",\"baseline\":%.3f,"
      "\"ratio\":%.3f,\"runs\":%zu}\n",
      row, ours, raw, ratio, runs);
}

void run(std::size_t groups) {
  const test::Scratch dir(std::filesystem::temp_directory_path());
  LogMaker maker(1);
  StoreOptions options;
  options.directory = dir.path() / "log";
  auto store = std::move(*Store::create(options, maker.ledger()));
  Raw raw(dir.path() / "raw");
  std::vector<double> ours, theirs, ratios, ourCpu, theirCpu;
  for (std::size_t i = 0; i < groups; ++i) {
    const Group group =
        maker.next({.events = kGroupEvents, .envelopeBytes = kEnvelopeBytes, .idsOf4 = 4});
    const auto mine = [&] {
      const double cpu = cpuMicros();
      ours.push_back(timed([&] { store->apply(group, Sync::yes); }));
      ourCpu.push_back(cpuMicros() - cpu);
    };
    const auto yardstick = [&] {
      const double cpu = cpuMicros();
      theirs.push_back(timed([&] { raw.write(group); }));
      theirCpu.push_back(cpuMicros() - cpu);
    };
    if (i % 2 == 0) {
      mine();
      yardstick();
    } else {
      yardstick();
      mine();
    }
    ratios.push_back(theirs.back() / ours.back());
  }
  const double perEvent = 1.0 / kGroupEvents;
  printRow("store-append-median", median(ours) * perEvent, median(theirs) * perEvent,
           median(ratios), groups);
  printRow("store-append-mean", sum(ours) * perEvent / static_cast<double>(groups),
           sum(theirs) * perEvent / static_cast<double>(groups), sum(theirs) / sum(ours), groups);
  printRow("store-append-cpu", median(ourCpu) * perEvent, median(theirCpu) * perEvent,
           median(theirCpu) / median(ourCpu), groups);
  for (const bool again : {false, true}) {
    if (again) store = nullptr;
    const double opened = again ? timed([&] { store = std::move(*Store::open(options)); }) : 0;
    if (again)
      std::printf("{\"row\":\"store-open\",\"value\":%.1f,\"unit\":\"ms\"}\n", opened / 1e3);
    const std::uint64_t size = store->size().raw();
    std::vector<Tag> tags;
    for (std::uint64_t k = 0; k < 1000; ++k) tags.push_back(madeTag(k * 7919 % size));
    for (const char* pass : {"first", "warm"}) {
      std::vector<std::optional<Seq>> found;
      const double tagTime = timed([&] { found = store->findTags(tags); });
      std::vector<Seq> seqs;
      for (const auto& seq : found) seqs.push_back(*seq);
      const double cpu = cpuMicros();
      const double pairTime = timed([&] { static_cast<void>(store->pairs(seqs)); });
      std::printf(
          "{\"row\":\"store-history-1000-%s\",\"value\":%.2f,\"unit\":\"ms\",\"tags\":%.2f,\"pairs-"
          "cpu\":%.2f}\n",
          pass, (tagTime + pairTime) / 1e3, tagTime / 1e3, (cpuMicros() - cpu) / 1e3);
    }
  }
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
  const unsigned long groups = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 512;
  lacuna::run(std::max(groups, 2UL));
  return 0;
}
