#include "ledger/store/database.h"

#include "ledger/base/limits.h"
#include "ledger/store/sealing_fs.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::array<std::string_view, kFamilies> kFamilyNames = {
    "records", "envelopes", "ids",  "persons", "documents", "checkpoints",
    "meta",    "tiles",     "tags", "idindex", "derived"};

constexpr const char* kUnfinished = "no ledger stands here, or its making was never finished";

// Write-ahead logs that are replayed at start: bounds the restart, not the memory.
constexpr std::uint64_t kWalBytesMax = 160 * 1024 * 1024;

std::string_view classOf(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return "no space left";
  switch (status.code()) {
    case rocksdb::Status::kCorruption:
      return "damaged bytes";
    case rocksdb::Status::kIOError:
      return "an input or output error";
    case rocksdb::Status::kAborted:
      return "aborted";
    case rocksdb::Status::kBusy:
      return "busy";
    case rocksdb::Status::kTimedOut:
      return "timed out";
    case rocksdb::Status::kShutdownInProgress:
      return "shutting down";
    case rocksdb::Status::kInvalidArgument:
      return "an argument it did not accept";
    case rocksdb::Status::kNotSupported:
      return "an operation it does not support";
    case rocksdb::Status::kNotFound:
      return "something missing";
    default:
      return "an error";
  }
}

// RocksDB has no code for a held LOCK; these are its two sentences for it.
bool heldByAnother(const rocksdb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string text = status.ToString();
  return text.find("lock hold by current process") != std::string::npos ||
         text.find("While lock file") != std::string::npos;
}

// Offline verification writes nothing, not even RocksDB's own log file.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// RocksDB's own log file, without its pages of settings (which hold paths) at every start.
class WarningsOnly final : public rocksdb::Logger {
 public:
  explicit WarningsOnly(std::shared_ptr<rocksdb::Logger> target)
      : Logger(rocksdb::WARN_LEVEL), target_(std::move(target)) {}
  void LogHeader(const char*, va_list) override {}
  void Logv(const char* format, va_list arguments) override { target_->Logv(format, arguments); }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level >= rocksdb::WARN_LEVEL) target_->Logv(level, format, arguments);
  }

 private:
  std::shared_ptr<rocksdb::Logger> target_;
};

std::shared_ptr<rocksdb::Logger> loggerFor(const StoreOptions& options,
                                           const rocksdb::Options& base) {
  std::shared_ptr<rocksdb::Logger> file;
  if (options.readOnly ||
      !rocksdb::CreateLoggerFromOptions(options.directory.string(), base, &file).ok()) {
    return std::make_shared<NoLog>();
  }
  return std::make_shared<WarningsOnly>(std::move(file));
}

}  // namespace

std::string_view nameOf(Family family) { return kFamilyNames.at(static_cast<std::size_t>(family)); }

Family familyOf(Table table) {
  switch (table) {
    case Table::persons:
      return Family::persons;
    case Table::documents:
      return Family::documents;
    case Table::checkpoints:
      return Family::checkpoints;
    case Table::meta:
      return Family::meta;
  }
  LACUNA_ASSERT(false, "a table outside the list");
}

void must(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return;
  throw Fault("the log's database failed while " + std::string(doing) + ": " +
              std::string(classOf(status)));
}

// Any failure in the background (a flush, a compaction, the manifest) is a failed write (P8).
class Database::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(std::atomic<bool>& sealed) : sealed_(sealed) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status*) override {
    sealed_ = true;
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* autoRecovery) override {
    *autoRecovery = false;  // after an uncertain write nobody retries
  }

 private:
  std::atomic<bool>& sealed_;
};

Database::Database(const StoreOptions& options)
    : options_(options),
      env_(sealingEnv(options.env != nullptr ? *options.env : *rocksdb::Env::Default(), sealed_)) {
  base_.env = env_.get();
  base_.paranoid_checks = true;
  base_.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  base_.WAL_ttl_seconds = 0;  // an archived log would outlive its rows
  base_.WAL_size_limit_MB = 0;
  base_.recycle_log_file_num = 0;  // a recycled log mixes old bytes with new
  base_.max_total_wal_size = kWalBytesMax;
  base_.max_bgerror_resume_count = 0;
  base_.listeners.push_back(std::make_shared<Listener>(sealed_));
  base_.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.writeBufferBytes);
  base_.max_background_jobs = 2;
  base_.max_open_files = -1;
  base_.max_file_opening_threads = 2;  // sixteen are started at every open, even for two files
  base_.bytes_per_sync = 1024 * 1024;  // no bursts of write-back beside the log's syncs
  base_.skip_stats_update_on_db_open = true;
  base_.stats_dump_period_sec = 0;
  base_.stats_persist_period_sec = 0;
  base_.info_log_level = rocksdb::WARN_LEVEL;
  base_.max_log_file_size = 1024 * 1024;
  base_.keep_log_file_num = 2;
  base_.compression = rocksdb::kNoCompression;

  const auto cache = rocksdb::NewLRUCache(options.blockCacheBytes);
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    const bool random = family == Family::tags || family == Family::idindex;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.block_size = 4096;
    // Index and filters live in the one cache, in pages, so that memory stays flat as the log grows.
    table.cache_index_and_filter_blocks = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.metadata_block_size = 4096;
    if (random || family == Family::persons) {
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      table.partition_filters = true;
    }
    if (family == Family::idindex) {
      // Every event asks every run whether its id is there, and it hardly ever is: the filters are as
      // hot as anything can be. Held beside the cache and whole they answer in one look, 1.3 bytes an id.
      table.cache_index_and_filter_blocks = false;
      table.index_type = rocksdb::BlockBasedTableOptions::kBinarySearch;
      table.partition_filters = false;
    }
    familyOptions_[i] = familyOptions(family);
    familyOptions_[i].table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }
}

rocksdb::Options Database::familyOptions(Family family) const {
  rocksdb::Options out = base_;
  const std::size_t budget = options_.writeBufferBytes;
  switch (family) {
    case Family::envelopes:
      out.write_buffer_size = budget / 3;
      break;
    case Family::records:
      out.write_buffer_size = budget / 6;
      break;
    default:
      out.write_buffer_size = budget / 12;
      break;
  }
  if (family == Family::documents) out.compression = rocksdb::kLZ4Compression;  // the only texts
  if (family == Family::tags || family == Family::idindex) {
    // Sorted runs over the whole key space: merged by size, because they never hold garbage.
    out.compaction_style = rocksdb::kCompactionStyleUniversal;
    out.level0_file_num_compaction_trigger = 8;
    out.level0_slowdown_writes_trigger = 1 << 20;  // ingestion is paced by the run worker itself
    out.level0_stop_writes_trigger = 1 << 20;
    out.compaction_options_universal.max_size_amplification_percent = 1'000'000;
    out.compaction_options_universal.min_merge_width = 4;
  } else {
    // Ascending keys: files never overlap and sink to the last level without being rewritten.
    out.level_compaction_dynamic_level_bytes = true;
  }
  return out;
}

Database::~Database() {
  for (auto& family : families_) family.reset();
  if (default_ != nullptr) db_->DestroyColumnFamilyHandle(default_).PermitUncheckedError();
  if (db_ != nullptr) db_->Close().PermitUncheckedError();  // what was acknowledged is synced
}

std::optional<Refusal> Database::probeVersion(const std::vector<std::string>& names) const {
  if (std::find(names.begin(), names.end(), "meta") == names.end()) {
    return Refusal{RefusalCode::notFound, kUnfinished};
  }
  rocksdb::Options quiet = base_;
  quiet.info_log = std::make_shared<NoLog>();
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted = {{rocksdb::kDefaultColumnFamilyName, quiet},
                                                         {"meta", quiet}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(quiet, options_.directory.string(), wanted, &handles, &raw)
           .ok()) {
    return Refusal{RefusalCode::tampered, "the log's database does not open"};
  }
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::string value;
  const rocksdb::Status found = db->Get({}, handles[1], "format", &value);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  if (found.IsNotFound()) return Refusal{RefusalCode::notFound, kUnfinished};
  if (found.ok() && value != textOf(ByteWriter().u32(kLogFormat).view())) {
    return Refusal{RefusalCode::unknownVersion, "the log has a format this program does not know"};
  }
  return std::nullopt;
}

std::optional<Refusal> Database::openFamilies(bool create) {
  const std::string path = options_.directory.string();
  std::vector<std::string> names;
  if (env_->FileExists(path + "/CURRENT").ok()) {
    if (!rocksdb::DB::ListColumnFamilies(base_, path, &names).ok()) {
      return Refusal{RefusalCode::tampered, "the log's list of files does not read"};
    }
    std::size_t known = 0;
    for (std::size_t i = 0; i < kFamilies; ++i) {
      known += std::find(names.begin(), names.end(), kFamilyNames[i]) != names.end();
    }
    // Anything unexpected: ask the version before touching it.
    if (!create && (known < kFamilies || names.size() != kFamilies + 1)) {
      if (const auto refusal = probeVersion(names)) return refusal;
      if (names.size() != known + 1) {
        return Refusal{RefusalCode::tampered, "the log has a table that its format does not know"};
      }
    }
  } else if (!create) {
    return Refusal{RefusalCode::notFound, "there is no log here"};
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted = {
      {rocksdb::kDefaultColumnFamilyName, base_}};
  std::vector<Family> opened;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    if (!create && std::find(names.begin(), names.end(), kFamilyNames[i]) == names.end()) {
      if (!isDerived(family)) return Refusal{RefusalCode::tampered, "a primary table is missing"};
      complete_ = false;
      if (options_.readOnly) continue;
    }
    wanted.emplace_back(std::string(kFamilyNames[i]), familyOptions_[i]);
    opened.push_back(family);
  }
  rocksdb::Options options = base_;
  options.info_log = loggerFor(options_, base_);
  options.create_if_missing = create;
  options.create_missing_column_families = !options_.readOnly;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status status =
      options_.readOnly ? rocksdb::DB::OpenForReadOnly(options, path, wanted, &handles, &raw)
                        : rocksdb::DB::Open(options, path, wanted, &handles, &raw);
  if (heldByAnother(status)) {
    return Refusal{RefusalCode::alreadyRunning, "another process has this ledger open"};
  }
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument()) {
    return Refusal{RefusalCode::tampered, "the log's database is damaged and does not open"};
  }
  must(status, "opening the log");
  db_.reset(raw);
  default_ = handles[0];
  for (std::size_t i = 0; i < opened.size(); ++i) {
    families_[static_cast<std::size_t>(opened[i])] =
        std::make_shared<const FamilyHandle>(*db_, handles[i + 1]);
  }
  requireUnsealed();  // a write failed that RocksDB could do without; we do not
  return std::nullopt;
}

Result<std::unique_ptr<Database>> Database::create(const StoreOptions& options) {
  LACUNA_ASSERT(!options.readOnly, "creating read-only");
  std::unique_ptr<Database> out(new Database(options));
  if (auto refusal = out->openFamilies(true)) return *refusal;
  return out;
}

Result<std::unique_ptr<Database>> Database::open(const StoreOptions& options) {
  std::unique_ptr<Database> out(new Database(options));
  if (auto refusal = out->openFamilies(false)) return *refusal;
  std::string format;
  const rocksdb::Status read = out->db_->Get({}, out->primary(Family::meta), "format", &format);
  if (read.IsNotFound()) {
    return Refusal{RefusalCode::notFound, kUnfinished};
  }
  if (read.IsCorruption())
    return Refusal{RefusalCode::tampered, "the log's first rows are damaged"};
  must(read, "reading the log's format");
  if (format != textOf(ByteWriter().u32(kLogFormat).view())) {
    return Refusal{RefusalCode::unknownVersion, "the log has a format this program does not know"};
  }
  if (!out->ledger()) return Refusal{RefusalCode::tampered, "the log does not name its ledger"};
  return out;
}

rocksdb::ColumnFamilyHandle* Database::primary(Family family) const {
  LACUNA_ASSERT(!isDerived(family), "a derived family asked for as a primary one");
  return families_[static_cast<std::size_t>(family)]->get();
}

std::shared_ptr<const FamilyHandle> Database::derived(Family family) const {
  return families_[static_cast<std::size_t>(family)];
}

void Database::requireUnsealed() const {
  if (sealed_) throw Fault("the log is sealed after a failed write");
}

void Database::write(rocksdb::WriteBatch& batch, Sync sync) {
  requireUnsealed();
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::yes;
  const rocksdb::Status status = db_->Write(options, &batch);
  // A crash right here leaves the whole batch or nothing of it. After an error it is unknown which.
  if (!status.ok()) seal();  // P8
  must(status, "writing to the log");
  requireUnsealed();  // a background job failed meanwhile: do not acknowledge
}

void Database::dropFamily(Family family) {
  LACUNA_ASSERT(isDerived(family), "dropping a primary family");
  requireUnsealed();
  auto& held = families_[static_cast<std::size_t>(family)];
  rocksdb::Status status = db_->DropColumnFamily(held->get());
  // A crash right here leaves the family missing; open() makes it anew and rebuilds.
  rocksdb::ColumnFamilyHandle* made = nullptr;
  if (status.ok()) {
    status = db_->CreateColumnFamily(optionsOf(family), std::string(nameOf(family)), &made);
  }
  if (!status.ok()) seal();
  must(status, "emptying a derived table");
  held = std::make_shared<const FamilyHandle>(*db_, made);
}

std::optional<Bytes> Database::get(rocksdb::ColumnFamilyHandle* family, ByteView key) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get({}, family, sliceOf(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  must(status, "reading a row");
  return copyOf(value);
}

std::optional<Bytes> Database::readable(rocksdb::ColumnFamilyHandle* family, ByteView key) const {
  rocksdb::PinnableSlice value;
  if (!db_->Get({}, family, sliceOf(key), &value).ok()) return std::nullopt;
  return copyOf(value);
}

std::unique_ptr<rocksdb::Iterator> Database::iterator(rocksdb::ColumnFamilyHandle* family,
                                                      const rocksdb::Slice* end) const {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = end;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, family));
}

std::optional<LedgerId> Database::ledger() const {
  const auto value = get(primary(Family::meta), bytesOf("ledger"));
  return value ? LedgerId::from(*value) : std::nullopt;
}

const rocksdb::Options& Database::optionsOf(Family family) const {
  return familyOptions_[static_cast<std::size_t>(family)];
}

}  // namespace lacuna
