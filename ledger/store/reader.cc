#include "ledger/store/reader.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/store/blocks.h"

#include <rocksdb/snapshot.h>

#include <algorithm>
#include <numeric>

namespace lacuna {
namespace {

constexpr std::size_t kReadaheadBytes = 2 * 1024 * 1024;
constexpr std::size_t kMultiGetMax = 256;
constexpr std::uint64_t kSkipMax = 4096;

std::uint64_t firstOf(const rocksdb::Iterator& block) {
  const auto first = number64(viewOf(block.key()));
  if (!first) throw Fault("the log has a block under a key that is no number");
  return *first;
}

// Puts the iterator on the block that holds seq, and gives the block's first.
std::uint64_t seekBlock(rocksdb::Iterator& blocks, std::uint64_t seq) {
  const auto key = key64(seq);
  blocks.SeekForPrev(sliceOf(key));
  must(blocks.status(), "finding a record");
  if (!blocks.Valid()) throw Fault("a record is missing from the log");
  return firstOf(blocks);
}

ByteView recordAt(ByteView block, std::uint64_t index) {
  const Result<ByteView> found = recordIn(block, index);
  if (!found) throw Fault("a record is missing from the log, or its block is damaged");
  return *found;
}

std::optional<Bytes> envelopeAt(ByteView block, std::size_t index) {
  const Result<ByteView> found = envelopeIn(block, index);
  if (!found) throw Fault("a block of envelopes is damaged");
  if (found->empty()) return std::nullopt;
  return Bytes(found->begin(), found->end());
}

}  // namespace

Bytes LogReader::record(Seq seq) const {
  const auto blocks = db_.iterator(db_.primary(Family::records));
  const std::uint64_t first = seekBlock(*blocks, seq.raw());
  const ByteView found = recordAt(viewOf(blocks->value()), seq.raw() - first);
  return {found.begin(), found.end()};
}

std::optional<Bytes> LogReader::envelope(Seq seq) const {
  const auto blocks = db_.iterator(db_.primary(Family::envelopes));
  const auto key = key64(seq.raw());
  blocks->SeekForPrev(sliceOf(key));
  must(blocks->status(), "finding an envelope");
  // Blocks without any envelope are not written, so the one found may end before seq.
  if (!blocks->Valid()) return std::nullopt;
  const std::uint64_t index = seq.raw() - firstOf(*blocks);
  const ByteView block = viewOf(blocks->value());
  if (index >= kBlockRecordsMax || block.empty() || index >= block[0]) return std::nullopt;
  return envelopeAt(block, index);
}

void LogReader::each(std::span<const Seq> seqs,
                     const std::function<void(std::size_t, ByteView)>& visit) const {
  LACUNA_ASSERT(std::is_sorted(seqs.begin(), seqs.end()), "records are asked for in order");
  const auto blocks = db_.iterator(db_.primary(Family::records));
  ByteView block;  // the one that the iterator stands on
  std::uint64_t first = 0;
  for (std::size_t at = 0; at < seqs.size(); ++at) {
    const std::uint64_t seq = seqs[at].raw();
    if (block.empty() || seq - first >= block[0]) {
      first = seekBlock(*blocks, seq);
      block = viewOf(blocks->value());
    }
    visit(at, recordAt(block, seq - first));
  }
}

std::vector<Store::Pair> LogReader::pairs(std::span<const Seq> seqs) const {
  std::vector<std::size_t> order(seqs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return seqs[a] < seqs[b]; });

  // The records, walking upwards; and which envelope blocks they point at.
  struct Want {
    std::size_t block, index, out;
  };
  std::vector<Store::Pair> out(seqs.size());
  std::vector<Want> wants;
  std::vector<ByteArray<8>> keys;
  const auto blocks = db_.iterator(db_.primary(Family::records));
  ByteView block;  // the one that the iterator stands on
  std::uint64_t first = 0;
  for (const std::size_t at : order) {
    const std::uint64_t seq = seqs[at].raw();
    if (block.empty() || seq - first >= block[0]) {
      first = seekBlock(*blocks, seq);
      block = viewOf(blocks->value());
      keys.push_back(key64(first));
    }
    const ByteView record = recordAt(block, seq - first);
    out[at].record.assign(record.begin(), record.end());
    wants.push_back({keys.size() - 1, seq - first, at});
  }

  std::size_t want = 0;
  for (std::size_t from = 0; from < keys.size(); from += kMultiGetMax) {
    const std::size_t count = std::min(kMultiGetMax, keys.size() - from);
    std::vector<rocksdb::Slice> slices;
    for (std::size_t i = 0; i < count; ++i) slices.push_back(sliceOf(keys[from + i]));
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);
    db_.db().MultiGet({}, db_.primary(Family::envelopes), count, slices.data(), values.data(),
                      statuses.data(), true);
    for (; want < wants.size() && wants[want].block < from + count; ++want) {
      const std::size_t i = wants[want].block - from;
      if (statuses[i].IsNotFound()) continue;
      must(statuses[i], "reading envelopes");
      out[wants[want].out].envelope = envelopeAt(viewOf(values[i]), wants[want].index);
    }
  }
  return out;
}

// One walk: two iterators on one snapshot.
struct LogReader::Walk {
  Walk(const Database& db, std::uint64_t end, Wanted wanted, Damage onDamage)
      : snapshot(&db.db()), bound(key64(end)), upper(sliceOf(bound)), damage(onDamage) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot.snapshot();
    options.fill_cache = false;
    options.readahead_size = kReadaheadBytes;
    options.iterate_upper_bound = &upper;
    blocks.reset(db.db().NewIterator(options, db.primary(Family::records)));
    if (wanted == Wanted::pairs) {
      envelopes.reset(db.db().NewIterator(options, db.primary(Family::envelopes)));
    }
  }

  // The envelopes beside the block that `blocks` stands on; shorter where they do not read.
  std::vector<std::optional<ByteView>> envelopesBeside(std::size_t count) {
    if (envelopes == nullptr) return {};
    const rocksdb::Slice key = blocks->key();
    if (!placed || !envelopes->Valid()) envelopes->Seek(key);
    placed = true;
    while (envelopes->Valid() && envelopes->key().compare(key) < 0) envelopes->Next();
    if (damage == Damage::fault) must(envelopes->status(), "reading envelopes");
    if (!envelopes->Valid() || envelopes->key() != key) return {};
    const ByteView block = viewOf(envelopes->value());
    if (damage == Damage::skip) return readableEnvelopes(block);
    auto found = decodeEnvelopeBlock(block);
    if (!found || found->size() != count) throw Fault("a block of envelopes is damaged");
    return *found;
  }

  rocksdb::ManagedSnapshot snapshot;
  ByteArray<8> bound;
  rocksdb::Slice upper;
  Damage damage;
  std::unique_ptr<rocksdb::Iterator> blocks, envelopes;
  bool placed = false;
};

void LogReader::scan(Seq first, TreeSize end, Wanted wanted, Damage damage,
                     const Visit& visit) const {
  if (first.raw() >= end.raw()) return;
  Walk walk(db_, end.raw(), wanted, damage);
  rocksdb::Iterator& blocks = *walk.blocks;
  std::uint64_t expected = first.raw();
  std::uint64_t skip = 1;  // doubled while nothing reads
  const auto start = key64(expected);
  blocks.SeekForPrev(sliceOf(start));
  // Nothing at or before `first`: damage, or a log that begins later.
  if (!blocks.Valid() && blocks.status().ok()) blocks.Seek(sliceOf(start));
  while (expected < end.raw()) {
    if (!blocks.Valid()) {
      if (damage == Damage::fault) must(blocks.status(), "reading records");
      if (blocks.status().ok()) break;
      const auto behind = key64(std::min(expected + skip, end.raw()));
      expected = std::min(expected + skip, end.raw());
      skip = std::min(skip * 2, kSkipMax);
      blocks.Seek(sliceOf(behind));
      continue;
    }
    skip = 1;
    const auto at = number64(viewOf(blocks.key()));
    auto records = readableRecords(viewOf(blocks.value()));
    const bool whole = decodeRecordBlock(viewOf(blocks.value())).ok();
    if (damage == Damage::fault && (!at || !whole || *at > expected)) {
      throw Fault("a record is missing from the log, or its block is damaged");
    }
    // Bytes behind a block's last record belong to nobody: the record beside them is not vouched for.
    if (!whole && !records.empty() && records.size() == viewOf(blocks.value())[0])
      records.pop_back();
    const auto envelopes = walk.envelopesBeside(records.size());
    for (std::size_t i = 0; at && i < records.size(); ++i) {
      const std::uint64_t seq = *at + i;
      if (seq < expected) continue;  // before `first`, or a block that overlaps the one before
      if (seq >= end.raw()) return;
      expected = seq + 1;
      const auto envelope = i < envelopes.size() ? envelopes[i] : std::nullopt;
      if (!visit(Seq(seq), records[i], envelope)) return;
    }
    blocks.Next();
  }
  if (damage == Damage::fault && expected < end.raw()) throw Fault("the log ends before its size");
}

std::optional<std::vector<LeafHash>> LogReader::leaves(Seq first, TreeSize end) const {
  std::vector<LeafHash> out;
  out.reserve(end.raw() - first.raw());
  scan(first, end, Wanted::records, Damage::skip, [&](Seq seq, ByteView record, auto) {
    if (seq.raw() != first.raw() + out.size()) return false;
    out.push_back(leafHash(record));
    return true;
  });
  if (out.size() != end.raw() - first.raw()) return std::nullopt;
  return out;
}

}  // namespace lacuna
