#include "ledger/store/store.h"

#include "ledger/crypto/digest.h"
#include "ledger/proof/tiles.h"
#include "ledger/store/blocks.h"
#include "ledger/store/parts.h"

#include <algorithm>
#include <exception>
#include <sys/statvfs.h>

namespace lacuna {
namespace {

// Between the first change of the writer's state and its publication nothing may fail and go on.
class SealOnThrow {
 public:
  explicit SealOnThrow(Database& db) : db_(db), before_(std::uncaught_exceptions()) {}
  ~SealOnThrow() {
    if (std::uncaught_exceptions() > before_) db_.seal();
  }
  SealOnThrow(const SealOnThrow&) = delete;
  SealOnThrow& operator=(const SealOnThrow&) = delete;

 private:
  Database& db_;
  int before_;
};

void putRows(const Database& db, std::span<const RowChange> rows, rocksdb::WriteBatch& batch) {
  for (const RowChange& row : rows) {
    LACUNA_ASSERT(!row.key.empty() && row.key.size() <= kRowKeyBytesMax, "a row key out of bounds");
    LACUNA_ASSERT(
        row.table != Table::meta || (textOf(row.key) != "format" && textOf(row.key) != "ledger"),
        "the log's own rows are written once");
    auto* family = db.primary(familyOf(row.table));
    must(row.value ? batch.Put(family, sliceOf(row.key), sliceOf(*row.value))
                   : batch.Delete(family, sliceOf(row.key)),
         "gathering a group");
  }
}

bool empty(const Database& db, Family family) {
  const auto rows = db.iterator(db.primary(family));
  rows->SeekToFirst();
  return !rows->Valid() && rows->status().ok();
}

// The first key after all that begin with the prefix; empty when none comes after them.
Bytes afterAll(ByteView prefix) {
  Bytes end(prefix.begin(), prefix.end());
  while (!end.empty() && end.back() == 0xff) end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

// The pieces of one block's row: `Length` is the width of an item's length.
template <typename Length>
class BlockRow {
 public:
  BlockRow(std::uint64_t first, std::size_t count) : key_(key64(first)) {
    count_ = static_cast<std::uint8_t>(count);
    parts_[used_++] = rocksdb::Slice(reinterpret_cast<const char*>(&count_), 1);
  }
  void add(ByteView item) {
    auto& length = lengths_[added_++];
    for (std::size_t i = 0; i < sizeof(Length); ++i) {
      length[i] = static_cast<std::uint8_t>(item.size() >> (8 * (sizeof(Length) - 1 - i)));
    }
    parts_[used_++] = sliceOf(length);
    parts_[used_++] = sliceOf(item);
  }
  void put(rocksdb::ColumnFamilyHandle* family, rocksdb::WriteBatch& batch) const {
    const rocksdb::Slice key = sliceOf(key_);
    must(batch.Put(family, rocksdb::SliceParts(&key, 1),
                   rocksdb::SliceParts(parts_.data(), static_cast<int>(used_))),
         "gathering a group");
  }

 private:
  ByteArray<8> key_;
  std::uint8_t count_;
  std::size_t used_ = 0, added_ = 0;
  std::array<ByteArray<sizeof(Length)>, kBlockRecordsMax> lengths_;
  std::array<rocksdb::Slice, 1 + 2 * kBlockRecordsMax> parts_;
};

void putBlocks(const Database& db, const Group& group, rocksdb::WriteBatch& batch) {
  for (std::size_t from = 0; from < group.records.size(); from += kBlockRecordsMax) {
    const std::size_t count = std::min(kBlockRecordsMax, group.records.size() - from);
    const std::uint64_t first = group.first.raw() + from;
    BlockRow<std::uint16_t> records(first, count);
    BlockRow<std::uint32_t> envelopes(first, count);
    bool any = false;
    for (std::size_t i = from; i < from + count; ++i) {
      records.add(group.records[i]);
      const auto& envelope = group.envelopes[i];
      any |= envelope.has_value();
      envelopes.add(envelope ? ByteView(*envelope) : ByteView());
    }
    records.put(db.primary(Family::records), batch);
    if (any) envelopes.put(db.primary(Family::envelopes), batch);
  }
}

// A group that does not link would be a wrong log for ever: asserted where it is written (P1).
void checkGroup(const Group& group, std::uint64_t applied, const std::optional<LeafHash>& last,
                std::span<const LeafHash> leaves) {
  const std::size_t count = group.records.size();
  LACUNA_ASSERT(group.first.raw() == applied, "a group that does not continue the log");
  LACUNA_ASSERT(count <= kGroupEventsMax && group.envelopes.size() == count,
                "a group out of shape");
  LACUNA_ASSERT(group.tags.empty() || group.tags.size() == count, "a tag for some records only");
  LACUNA_ASSERT(leaves.size() == count, "a leaf hash for some records only");
  LACUNA_ASSERT(applied == 0 || last.has_value(), "a log without its last leaf");
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView record = group.records[i];
    LACUNA_ASSERT(record.size() >= kRecordBytesMin && record.size() <= kRecordBytesMax,
                  "a record out of bounds");
    LACUNA_ASSERT(seqOfRecord(record).raw() == applied + i, "a record out of place");
    const LeafHash prev = i > 0 ? leaves[i - 1] : applied == 0 ? LeafHash{} : *last;
    LACUNA_ASSERT(prevOfRecord(record) == prev, "a record that does not link to the one before");
    LACUNA_ASSERT(group.tags.empty() || group.tags[i] == tagOfRecord(record),
                  "a tag of another record");
    const auto& envelope = group.envelopes[i];
    LACUNA_ASSERT(!envelope || (!envelope->empty() && envelope->size() <= kEnvelopeBytesMax),
                  "an envelope out of bounds");
  }
  for (std::size_t i = 0; i < group.ids.size(); ++i) {
    LACUNA_ASSERT(
        group.ids[i].index < count && (i == 0 || group.ids[i].index > group.ids[i - 1].index),
        "event ids out of order");
  }
}

}  // namespace

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::create(const StoreOptions& options, const LedgerId& ledger) {
  auto made = Database::create(options);
  if (!made) return made.refusal();
  Database& db = **made;
  auto* meta = db.primary(Family::meta);
  // Until the format stands there, nothing was made: a crash before this write is tried again.
  if (db.get(meta, bytesOf("format"))) {
    return Refusal{RefusalCode::alreadyExists, "a ledger stands here already"};
  }
  if (!empty(db, Family::records)) {
    return Refusal{RefusalCode::tampered, "a log stands here that does not name its ledger"};
  }
  rocksdb::WriteBatch batch;
  must(batch.Put(meta, "format", sliceOf(ByteWriter().u32(kLogFormat).view())), "making a log");
  must(batch.Put(meta, "ledger", sliceOf(ledger.view())), "making a log");
  db.write(batch, Sync::yes);
  return started(options, std::move(*made));
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  auto db = Database::open(options);
  if (!db) return db.refusal();
  return started(options, std::move(*db));
}

Result<std::unique_ptr<Store>> Store::started(const StoreOptions& options,
                                              std::unique_ptr<Database> db) {
  auto parts = std::make_unique<Parts>(options, std::move(db));
  if (const Outcome recovered = parts->recover(); !recovered) return recovered.refusal();
  return std::unique_ptr<Store>(new Store(std::move(parts)));
}

const LedgerId& Store::ledger() const { return parts_->ledger; }
TreeSize Store::size() const { return TreeSize(parts_->durable); }
std::optional<LeafHash> Store::lastLeaf() const { return parts_->edge.last(); }

void Store::requireUnsealed() const { parts_->db->requireUnsealed(); }

void Store::apply(const Group& group, Sync sync) {
  Parts& parts = *parts_;
  Database& db = *parts.db;
  LACUNA_ASSERT(!parts.options.readOnly, "writing to a log opened for reading");
  db.requireUnsealed();
  const std::size_t count = group.records.size();
  std::vector<LeafHash> computed;
  if (group.leaves.empty()) {
    for (const Bytes& record : group.records) computed.push_back(leafHash(record));
  }
  const std::span<const LeafHash> leaves = group.leaves.empty() ? computed : group.leaves;
  checkGroup(group, parts.applied, parts.edge.last(), leaves);

  const SealOnThrow guard(db);
  // A run is cut from durable events only, and memory for the next is bounded.
  if (parts.indexes->full()) sync = Sync::yes;
  rocksdb::WriteBatch& batch = parts.groupBatch;
  batch.Clear();
  putBlocks(db, group, batch);
  const auto key = key64(group.first.raw());
  if (!group.ids.empty()) {
    must(batch.Put(db.primary(Family::ids), sliceOf(key), sliceOf(encodeIds(group.ids))),
         "gathering a group");
  }
  const auto tiles = parts.indexes->tiles();
  for (const FullTile& tile : parts.edge.stage(leaves)) {
    must(batch.Put(tiles->get(), sliceOf(tileKey(tile.level, tile.index)), sliceOf(tile.hashes)),
         "gathering a group");
  }
  putRows(db, group.rows, batch);
  db.write(batch, sync);  // P2: a crash up to here leaves the whole group or nothing of it

  // Readers: first what an answer points at, then what finds it.
  parts.edge.publish();
  parts.applied += count;
  if (sync == Sync::yes) parts.durable = parts.applied.load();
  std::vector<Tag> tags;
  if (group.tags.empty()) {
    for (const Bytes& record : group.records) tags.push_back(tagOfRecord(record));
  }
  const bool fresh = parts.indexes->put(group.first, group.tags.empty() ? tags : group.tags);
  LACUNA_ASSERT(fresh, "two records with one tag");
  parts.indexes->putIds(group.first, group.ids);
  if (sync == Sync::yes && parts.indexes->full()) parts.indexes->freeze(TreeSize(parts.applied));
}

void Store::applyRows(std::span<const RowChange> rows) {
  Parts& parts = *parts_;
  LACUNA_ASSERT(!parts.options.readOnly, "writing to a log opened for reading");
  rocksdb::WriteBatch batch;
  putRows(*parts.db, rows, batch);
  parts.db->write(batch, Sync::yes);
  parts.durable = parts.applied.load();  // one log: what was written before is synced with it
}

std::optional<Bytes> Store::record(Seq seq) const {
  if (seq.raw() >= parts_->applied) return std::nullopt;
  return parts_->reader.record(seq);
}

std::optional<Bytes> Store::envelope(Seq seq) const {
  if (seq.raw() >= parts_->applied) return std::nullopt;
  return parts_->reader.envelope(seq);
}

std::optional<Seq> Store::findTag(const Tag& tag) const {
  LACUNA_ASSERT(!parts_->options.readOnly, "a lookup in a log opened for verification");
  return parts_->indexes->findTag(tag);
}

std::vector<std::optional<Seq>> Store::findTags(std::span<const Tag> tags) const {
  LACUNA_ASSERT(!parts_->options.readOnly, "a lookup in a log opened for verification");
  return parts_->indexes->findTags(tags);
}

std::vector<Store::Pair> Store::pairs(std::span<const Seq> seqs) const {
  const std::uint64_t applied = parts_->applied;
  for (const Seq seq : seqs) LACUNA_ASSERT(seq.raw() < applied, "a pair beyond the log's end");
  return parts_->reader.pairs(seqs);
}

void Store::eachRecord(std::span<const Seq> seqs,
                       const std::function<void(std::size_t, ByteView)>& visit) const {
  LACUNA_ASSERT(seqs.empty() || seqs.back().raw() < parts_->applied,
                "a record beyond the log's end");
  parts_->reader.each(seqs, visit);
}

std::optional<IdHit> Store::findId(const IdEntry& entry) const {
  return findIds({&entry, 1}).front();
}

std::vector<std::optional<IdHit>> Store::findIds(std::span<const IdEntry> entries) const {
  LACUNA_ASSERT(!parts_->options.readOnly, "a lookup in a log opened for verification");
  return parts_->indexes->findIds(entries);
}

std::optional<Bytes> Store::row(Table table, ByteView key) const {
  return parts_->db->get(parts_->db->primary(familyOf(table)), key);
}

void Store::scan(Table table, ByteView prefix,
                 const std::function<bool(ByteView, ByteView)>& visit) const {
  // Rows that erasures deleted stay in the database for a while, side by side: without an end, whoever
  // reads the rows before them would walk them all to find what comes next.
  const Bytes end = afterAll(prefix);
  const rocksdb::Slice bound = sliceOf(end);
  const auto rows =
      parts_->db->iterator(parts_->db->primary(familyOf(table)), end.empty() ? nullptr : &bound);
  for (rows->Seek(sliceOf(prefix)); rows->Valid(); rows->Next()) {
    const ByteView key = viewOf(rows->key());
    if (!rows->key().starts_with(sliceOf(prefix))) return;
    if (!visit(key, viewOf(rows->value()))) return;
  }
  must(rows->status(), "reading rows");
}

void Store::scanFrom(Table table, ByteView from,
                     const std::function<bool(ByteView, ByteView)>& visit) const {
  const auto rows = parts_->db->iterator(parts_->db->primary(familyOf(table)));
  for (rows->Seek(sliceOf(from)); rows->Valid(); rows->Next()) {
    if (!visit(viewOf(rows->key()), viewOf(rows->value()))) return;
  }
  must(rows->status(), "reading rows");
}

void Store::scanRecords(Seq first, TreeSize end,
                        const std::function<bool(Seq, ByteView)>& visit) const {
  parts_->reader.scan(first, std::min(end, TreeSize(parts_->applied)), Wanted::records,
                      Damage::fault,
                      [&](Seq seq, ByteView record, auto) { return visit(seq, record); });
}

void Store::scanPairs(
    Seq first, TreeSize end,
    const std::function<bool(Seq, ByteView, std::optional<ByteView>)>& visit) const {
  parts_->reader.scan(first, std::min(end, TreeSize(parts_->applied)), Wanted::pairs, Damage::fault,
                      visit);
}

std::optional<Bytes> Store::tile(unsigned level, std::uint64_t index, unsigned width) const {
  const Parts& parts = *parts_;
  if (width == 0 || width > tileWidth(level, index, TreeSize(parts.applied))) return std::nullopt;
  if (width < kTileWidth) {
    if (auto partial = parts.edge.partial(level, index, width)) return partial;
  }
  // Full by now: its row was written before the edge let go of it.
  auto full = parts.fullTile(level, index);
  if (full) full->resize(std::size_t{width} * 32);
  return full;
}

std::uint64_t Store::freeDiskBytes() const {
  struct statvfs stats {};
  if (::statvfs(parts_->options.directory.c_str(), &stats) != 0) {
    throw Fault("the file system did not say how much space is free");
  }
  return std::uint64_t{stats.f_bavail} * stats.f_frsize;
}

void Store::rebuildDerived() {
  Parts& parts = *parts_;
  LACUNA_ASSERT(!parts.options.readOnly, "writing to a log opened for reading");
  parts.db->requireUnsealed();
  const SealOnThrow guard(*parts.db);
  applyRows({});  // runs hold durable events only
  parts.indexes->reset();
  Outcome rebuilt = parts.rebuildTiles();
  if (rebuilt) rebuilt = parts.replayIndexes(0);
  if (!rebuilt) throw Fault(rebuilt.refusal().message);  // sealed: the log itself is not whole
  parts.indexes->publish();
}

}  // namespace lacuna
