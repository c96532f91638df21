// The RocksDB below the store: its families, its settings, and the one place that reads a Status.
//
// Promise: write() with Sync::yes returns only when the batch survives a power cut (P2).
// Failure: the first failed write, sync or background job seals: every later write() throws (P8).
// Thread:  any; write() from the writer, the run worker for its own rows, and a removal for blocks of
//          envelopes that the writer is done with: none of them touches what another writes.
#pragma once

#include "ledger/store/store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <string_view>

namespace lacuna {

inline constexpr std::uint32_t kLogFormat = 1;  // on disk: never renumber

// Column families (FORMAT.md 5). Their names are on disk: never rename.
enum class Family : std::uint8_t {
  records,
  envelopes,
  ids,
  persons,
  documents,
  checkpoints,
  meta,  // primary
  tiles,
  tags,
  idindex,
  derived,  // derived: may be missing
};
inline constexpr std::size_t kFamilies = 11;
std::string_view nameOf(Family family);
constexpr bool isDerived(Family family) { return family >= Family::tiles; }
Family familyOf(Table table);

inline rocksdb::Slice sliceOf(ByteView bytes) {
  if (bytes.empty()) return {};  // not a null pointer: Slice compares with memcmp
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteView viewOf(const rocksdb::Slice& slice) {
  return {reinterpret_cast<const std::uint8_t*>(slice.data()), slice.size()};
}
inline Bytes copyOf(const rocksdb::Slice& slice) {
  const ByteView view = viewOf(slice);
  return {view.begin(), view.end()};
}

// Throws Fault unless ok. The status' own text may hold paths, so only its class is told.
void must(const rocksdb::Status& status, std::string_view doing);

// A column family as somebody holds it. A dropped family stays readable while it is held, so that
// readers of derived rows finish on the rows they began with.
class FamilyHandle {
 public:
  FamilyHandle(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* handle) : db_(db), handle_(handle) {}
  ~FamilyHandle() { db_.DestroyColumnFamilyHandle(handle_).PermitUncheckedError(); }
  FamilyHandle(const FamilyHandle&) = delete;
  FamilyHandle& operator=(const FamilyHandle&) = delete;
  rocksdb::ColumnFamilyHandle* get() const { return handle_; }

 private:
  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* handle_;
};

class Database {
 public:
  // Refuses already-running, tampered. create: makes the database, or opens what is there.
  static Result<std::unique_ptr<Database>> create(const StoreOptions& options);
  // Refuses not-found, unknown-version, already-running, tampered. Derived families that are missing
  // are made (not when read-only) and then `complete()` is false.
  static Result<std::unique_ptr<Database>> open(const StoreOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::Env& env() const { return *env_; }
  const std::filesystem::path& directory() const { return options_.directory; }
  bool readOnly() const { return options_.readOnly; }
  bool complete() const { return complete_; }  // no derived family was missing at open

  // Null: the family is missing (derived ones of a read-only copy). Derived families are handed out
  // as shared values because dropFamily() replaces them under readers.
  rocksdb::ColumnFamilyHandle* primary(Family family) const;
  std::shared_ptr<const FamilyHandle> derived(Family family) const;

  // One atomic batch. Throws Fault, and seals on the first failure.
  void write(rocksdb::WriteBatch& batch, Sync sync);
  // Empties a derived family by dropping it and making it anew. Writer only; readers keep theirs.
  void dropFamily(Family family);
  void seal() { sealed_ = true; }
  bool sealed() const { return sealed_; }
  void requireUnsealed() const;  // throws Fault

  std::optional<Bytes> get(rocksdb::ColumnFamilyHandle* family, ByteView key) const;
  // Where damage is an answer: nothing also when the row does not read.
  std::optional<Bytes> readable(rocksdb::ColumnFamilyHandle* family, ByteView key) const;
  // With `end`, which the caller keeps: it ends before that key, and does not walk what was deleted behind it.
  std::unique_ptr<rocksdb::Iterator> iterator(rocksdb::ColumnFamilyHandle* family,
                                              const rocksdb::Slice* end = nullptr) const;
  std::optional<LedgerId> ledger() const;  // of meta
  // The options of a family, for sorted runs written beside it.
  const rocksdb::Options& optionsOf(Family family) const;

 private:
  class Listener;
  explicit Database(const StoreOptions& options);
  std::optional<Refusal> openFamilies(bool create);
  std::optional<Refusal> probeVersion(const std::vector<std::string>& names) const;
  rocksdb::Options familyOptions(Family family) const;

  StoreOptions options_;
  std::atomic<bool> sealed_ = false;
  std::unique_ptr<rocksdb::Env> env_;  // on top of the caller's
  bool complete_ = true;
  rocksdb::Options base_;
  std::array<rocksdb::Options, kFamilies> familyOptions_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_ = nullptr;
  std::array<std::shared_ptr<const FamilyHandle>, kFamilies> families_;
};

}  // namespace lacuna
