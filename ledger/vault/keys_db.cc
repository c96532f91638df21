#include "ledger/vault/keys_db.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

namespace lacuna {
namespace {

rocksdb::Slice sliceOf(ByteView bytes) {
  if (bytes.empty()) return {};  // not a null pointer: Slice compares with memcmp
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes bytesOfSlice(const rocksdb::Slice& slice) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(slice.data());
  return {data, data + slice.size()};
}

// A status's own text may hold a path; only its kind is told.
std::string_view kindOf(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return "no space left on the device";
  if (status.IsIOError()) return "input/output error";
  if (status.IsCorruption()) return "corruption";
  return "the database refused";
}

void must(const rocksdb::Status& status, std::string_view act) {
  if (!status.ok()) throw Fault(std::string(act) + ": " + std::string(kindOf(status)));
}

// Durability only: that nothing is readable after an erasure depends on none of these, because every
// row that matters is sealed.
rocksdb::Options optionsFor(rocksdb::Env* env, KeysDb::Mode mode) {
  rocksdb::Options options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = mode == KeysDb::Mode::create;
  options.error_if_exists = mode == KeysDb::Mode::create;
  options.paranoid_checks = true;
  options.track_and_verify_wals_in_manifest = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // What the log gave back is flushed and synced before open() returns. Recovery relies on it: bytes
  // that a failed sync left in the page cache only are made durable before an old root is overwritten.
  options.avoid_flush_during_recovery = false;
  options.WAL_ttl_seconds = 0;
  options.WAL_size_limit_MB = 0;
  options.recycle_log_file_num = 0;
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = kKeysWriteBufferBytes;
  options.max_write_buffer_number = 2;
  options.max_open_files = 256;
  options.max_file_opening_threads = 1;
  options.max_background_jobs = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1024 * 1024;
  options.info_log_level = rocksdb::WARN_LEVEL;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kKeysCacheBytes, 2);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

bool heldByAnother(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && (text.find("lock hold by current process") != std::string::npos ||
                                text.find("While lock file") != std::string::npos);
}

std::optional<Bytes> read(rocksdb::DB& db, const rocksdb::ReadOptions& options, ByteView key) {
  rocksdb::PinnableSlice value;
  const auto status = db.Get(options, db.DefaultColumnFamily(), sliceOf(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  must(status, "reading keys");
  return bytesOfSlice(value);
}

}  // namespace

Bytes pageRowKey(const Node& node) {
  ByteWriter out(10);
  return out.u8('K').u8(static_cast<std::uint8_t>(node.level)).u64(node.index).take();
}

Bytes anchorRowKey(std::uint8_t holder) {
  ByteWriter out(2);
  return out.u8('A').u8(holder).take();
}

struct KeysDb::Parts {
  std::unique_ptr<rocksdb::DB> db;
};

struct KeysDb::View::Parts {
  rocksdb::DB& db;
  const rocksdb::Snapshot* snapshot;
};

KeysDb::KeysDb(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
KeysDb::~KeysDb() = default;

Result<std::unique_ptr<KeysDb>> KeysDb::open(const std::filesystem::path& directory,
                                             rocksdb::Env* env, Mode mode) {
  const rocksdb::Options options = optionsFor(env, mode);
  const rocksdb::Status there = options.env->FileExists((directory / "CURRENT").string());
  if (mode == Mode::open && there.IsNotFound()) {  // asked first, so that nothing is made there
    return Refusal{RefusalCode::missingKey, "the key tree is not there"};
  }
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(options, directory.string(), &raw);
  if (heldByAnother(status)) {
    return Refusal{RefusalCode::alreadyRunning, "another process uses these keys"};
  }
  must(status, "opening keys");
  auto parts = std::make_unique<Parts>();
  parts->db.reset(raw);
  return std::unique_ptr<KeysDb>(new KeysDb(std::move(parts)));
}

std::optional<Bytes> KeysDb::get(ByteView key) const {
  return read(*parts_->db, rocksdb::ReadOptions(), key);
}

void KeysDb::scan(ByteView prefix, const std::function<bool(ByteView, ByteView)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> rows(parts_->db->NewIterator(rocksdb::ReadOptions()));
  const auto viewOf = [](const rocksdb::Slice& slice) {
    return ByteView(reinterpret_cast<const std::uint8_t*>(slice.data()), slice.size());
  };
  for (rows->Seek(sliceOf(prefix)); rows->Valid() && rows->key().starts_with(sliceOf(prefix));
       rows->Next()) {
    if (!visit(viewOf(rows->key()), viewOf(rows->value()))) break;
  }
  must(rows->status(), "reading keys");
}

void KeysDb::write(std::span<const KeyRow> rows) {
  rocksdb::WriteBatch batch;
  for (const KeyRow& row : rows) {
    const auto status = row.value ? batch.Put(sliceOf(row.key), sliceOf(*row.value))
                                  : batch.Delete(sliceOf(row.key));
    must(status, "gathering keys");
  }
  rocksdb::WriteOptions durably;
  durably.sync = true;
  must(parts_->db->Write(durably, &batch), "writing keys");
}

KeysDb::View::View(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
KeysDb::View::~View() { parts_->db.ReleaseSnapshot(parts_->snapshot); }

std::optional<Bytes> KeysDb::View::get(ByteView key) const {
  rocksdb::ReadOptions options;
  options.snapshot = parts_->snapshot;
  return read(parts_->db, options, key);
}

std::unique_ptr<KeysDb::View> KeysDb::view() const {
  rocksdb::DB& db = *parts_->db;
  auto parts = std::make_unique<View::Parts>(View::Parts{db, db.GetSnapshot()});
  return std::unique_ptr<View>(new View(std::move(parts)));
}

}  // namespace lacuna
