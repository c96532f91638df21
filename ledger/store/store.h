// The only RocksDB of the log. FORMAT.md 5 is the specification of its rows.
//
// Promise: apply() with Sync::yes returns only when the group survives a power cut (P2).
// Failure: the first failed write or sync throws Fault and seals the store; every later apply() throws.
// Thread:  apply() from the one writer; reads from any thread.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/record/record.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
}

namespace lacuna {

enum class Sync : bool { no, yes };

// Tables of primary rows that a group may write beside records and envelopes. On disk: never renumber.
enum class Table : std::uint8_t {
  persons = 'P',      // sealed subject, alias, target and fence rows (keys: personKey... below)
  documents = 'D',    // document hash -> public text
  checkpoints = 'C',  // tree size (u64) -> signed note
  meta = 'M',         // format version, ledger id, ...
};

struct RowChange {
  Table table;
  Bytes key;
  std::optional<Bytes> value;  // nothing: the row is removed
};

// One event's id as the group keeps it.
struct GroupId {
  std::uint16_t index = 0;  // seq = first seq of the group + index
  IdEntry entry;
  ContentDigest content;
};

// A commit group as a value: applied to any copy of the log it gives the same primary rows.
struct Group {
  Seq first;
  std::vector<Bytes> records;                   // encoded, in order of seq
  std::vector<std::optional<Bytes>> envelopes;  // one entry per record
  std::vector<Tag> tags;                        // of the records, for the index in memory
  std::vector<LeafHash> leaves;
  std::vector<GroupId> ids;
  std::vector<RowChange> rows;
};
Bytes encodeGroup(const Group& group);  // FORMAT.md 5.6; for replication and tests
Result<Group> decodeGroup(ByteView bytes);

struct StoreOptions {
  std::filesystem::path directory;  // log/
  rocksdb::Env* env = nullptr;      // null: the default one; tests inject faults
  // Offline verification of a copy: nothing is written, what does not read is left to the verifier
  // (LogSource), and there are no lookups by tag or id.
  bool readOnly = false;
  std::size_t blockCacheBytes = 64 * 1024 * 1024;
  std::size_t writeBufferBytes = 96 * 1024 * 1024;  // all tables together
  std::size_t runEvents = 0;                        // 0: kRunEventsMax; tests make it small
  // Called while indexes are rebuilt at open.
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;
};

struct IdHit {
  Seq seq;
  ContentDigest content;
};

class Database;
class SeqSet;

// What one slice of a removal did.
struct RemovalSlice {
  std::uint64_t next = 0;  // nothing below it is left to do
  bool done = false;
  std::uint64_t envelopes = 0;     // removed now; those that were gone already do not count
  std::uint64_t bytesRemoved = 0;  // of envelopes
  std::uint64_t bytesWritten = 0;  // of blocks rewritten without them
};

class Store {
 public:
  // Refuses already-exists.
  static Result<std::unique_ptr<Store>> create(const StoreOptions& options, const LedgerId& ledger);
  // Refuses not-found, unknown-version, already-running, tampered. Rebuilds missing derived rows (P7).
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  ~Store();

  const LedgerId& ledger() const;
  TreeSize size() const;  // durable records
  std::optional<LeafHash> lastLeaf() const;

  // Needs: the group's first seq and first chain link continue what was applied before, `ids` ascend,
  // no tag stands in the log. Empty `tags` and `leaves` are computed. After Sync::no the group can be
  // read, but counts in size() only with the next synced write.
  void apply(const Group& group, Sync sync);
  // Rows outside a group (a checkpoint), synced.
  void applyRows(std::span<const RowChange> rows);
  // Throws once a change of the disk has failed, whoever met it: nothing may be told as done (P8).
  void requireUnsealed() const;

  // Reads. Thread-safe; each sees at least everything applied before it was called.
  std::optional<Bytes> record(Seq seq) const;
  std::optional<Bytes> envelope(Seq seq) const;  // nothing: the record has none, or it was removed
  std::optional<Seq> findTag(const Tag& tag) const;
  // Many at once (history): as findTag and as record + envelope, but with batched reads.
  std::vector<std::optional<Seq>> findTags(std::span<const Tag> tags) const;
  struct Pair {
    Bytes record;
    std::optional<Bytes> envelope;
  };
  std::vector<Pair> pairs(std::span<const Seq> seqs) const;  // Needs: all below size()
  // Their records alone. Needs: ascending, all below size().
  void eachRecord(std::span<const Seq> seqs,
                  const std::function<void(std::size_t at, ByteView record)>& visit) const;
  std::optional<IdHit> findId(const IdEntry& entry) const;
  std::vector<std::optional<IdHit>> findIds(std::span<const IdEntry> entries) const;
  std::optional<Bytes> row(Table table, ByteView key) const;
  // In key order; stop by returning false. Sees one snapshot.
  void scan(Table table, ByteView prefix,
            const std::function<bool(ByteView key, ByteView value)>& visit) const;
  // Records (and envelopes) from `first` in order; stop by returning false. One snapshot; sequential.
  // Likewise, from the first key that is not below `from`.
  void scanFrom(Table table, ByteView from,
                const std::function<bool(ByteView key, ByteView value)>& visit) const;
  void scanRecords(Seq first, TreeSize end,
                   const std::function<bool(Seq, ByteView record)>& visit) const;
  void scanPairs(Seq first, TreeSize end,
                 const std::function<bool(Seq, ByteView record, std::optional<ByteView> envelope)>&
                     visit) const;
  // Hashes of one full or partial tile (proof/tiles.h); nothing when not yet complete to that width.
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const;

  // The second tier (removal.cc). Takes the envelopes of `seqs` out of their blocks, from `from` on, until
  // about kSweepSliceBytes are written; not synced. Idempotent. Any one thread; groups go on meanwhile.
  // Needs: the sweep that names them is durable and under a shown checkpoint.
  RemovalSlice removeEnvelopes(const SeqSet& seqs, Seq from);
  // Rewrites the files that hold envelopes of [first, end), so that what was removed leaves them.
  // Nothing rests on it. Ends early when `cancelled` turns true.
  void compactEnvelopes(Seq first, Seq end, std::atomic<bool>& cancelled);
  // Sweeps recorded below this seq are carried out; synced. Derived: when it is lost they are redone.
  Seq removedThrough() const;
  void rememberRemoved(Seq seq);

  std::uint64_t freeDiskBytes() const;
  // Dropped and rebuilt from the primary rows (P7).
  void rebuildDerived();

  struct Parts;

 private:
  friend class StoreLogSource;
  explicit Store(std::unique_ptr<Parts> parts);
  static Result<std::unique_ptr<Store>> started(const StoreOptions& options,
                                                std::unique_ptr<Database> db);
  std::unique_ptr<Parts> parts_;
};

// Keys of Table::persons: numbers only (P4).
Bytes subjectRowKey(Slot slot);                          // 'S' slot
Bytes aliasRowKey(Slot slot, LeafNo leaf);               // 'A' slot leaf
Bytes targetsRowKey(Slot caseSlot, std::uint32_t part);  // 'T' case part
Bytes fenceRowKey(Slot caseSlot, std::uint32_t part);    // 'F' case part

}  // namespace lacuna
