// Envelopes that a recorded sweep names leave their blocks (FORMAT.md 5.2, 5.7).
#include "ledger/proof/removal.h"

#include "ledger/base/limits.h"
#include "ledger/store/blocks.h"
#include "ledger/store/parts.h"

namespace lacuna {
namespace {

constexpr std::string_view kRemovedRow = "removed";  // on disk: never rename
constexpr std::size_t kBlocksPerSliceMax = 4096;     // looked at, also when nothing is left in them

struct Block {
  std::uint64_t first = 0;
  std::vector<std::optional<ByteView>> envelopes;  // borrowed from the iterator
};

// The block that holds `seq`; nothing when it is not there (any more).
std::optional<Block> blockOf(rocksdb::Iterator& blocks, std::uint64_t seq) {
  const auto key = key64(seq);
  blocks.SeekForPrev(sliceOf(key));
  must(blocks.status(), "finding envelopes to remove");
  if (!blocks.Valid()) return std::nullopt;
  const auto first = number64(viewOf(blocks.key()));
  const ByteView bytes = viewOf(blocks.value());
  auto envelopes = decodeEnvelopeBlock(bytes);
  if (!first || !envelopes) throw Fault("a block of envelopes is damaged");
  if (seq - *first >= envelopes->size()) return std::nullopt;
  return Block{*first, std::move(*envelopes)};
}

Bytes encodeBlock(const Block& block) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(block.envelopes.size()));
  for (const auto& envelope : block.envelopes) out.bytes32(envelope ? *envelope : ByteView());
  return out.take();
}

// The block without what the set names. A block without any envelope is none.
void rewrite(Block& block, const SeqSet& seqs, rocksdb::ColumnFamilyHandle* family,
             rocksdb::WriteBatch& batch, RemovalSlice& slice) {
  bool any = false;
  bool changed = false;
  for (std::size_t i = 0; i < block.envelopes.size(); ++i) {
    auto& envelope = block.envelopes[i];
    if (envelope && seqs.contains(Seq(block.first + i))) {
      slice.bytesRemoved += envelope->size();
      ++slice.envelopes;
      envelope.reset();
      changed = true;
    }
    any |= envelope.has_value();
  }
  if (!changed) return;
  const auto key = key64(block.first);
  if (!any) {
    must(batch.Delete(family, sliceOf(key)), "removing envelopes");
    slice.bytesWritten += key.size();
    return;
  }
  const Bytes bytes = encodeBlock(block);
  must(batch.Put(family, sliceOf(key), sliceOf(bytes)), "removing envelopes");
  slice.bytesWritten += key.size() + bytes.size();
}

}  // namespace

RemovalSlice Store::removeEnvelopes(const SeqSet& seqs, Seq from) {
  Database& db = *parts_->db;
  LACUNA_ASSERT(!parts_->options.readOnly, "writing to a log opened for reading");
  db.requireUnsealed();
  auto* family = db.primary(Family::envelopes);
  const auto blocks = db.iterator(family);
  rocksdb::WriteBatch batch;
  RemovalSlice slice;
  slice.next = from.raw();
  slice.done = true;
  std::size_t looked = 0;
  seqs.each(from, [&](Seq seq) {
    if (seq.raw() < slice.next) return true;  // of a block that was just done
    LACUNA_ASSERT(seq.raw() < parts_->durable, "removing beyond the log's end");
    if (slice.bytesWritten >= kSweepSliceBytes || looked == kBlocksPerSliceMax) {
      slice.done = false;
      return false;
    }
    ++looked;
    std::optional<Block> block = blockOf(*blocks, seq.raw());
    slice.next = seq.raw() + 1;
    if (!block) return true;  // removed before
    slice.next = block->first + block->envelopes.size();
    rewrite(*block, seqs, family, batch, slice);
    return true;
  });
  // A crash here leaves some blocks with and some without: the removal is redone from the record.
  if (batch.Count() > 0) db.write(batch, Sync::no);
  return slice;
}

void Store::compactEnvelopes(Seq first, Seq end, std::atomic<bool>& cancelled) {
  Database& db = *parts_->db;
  db.requireUnsealed();
  auto* family = db.primary(Family::envelopes);
  rocksdb::FlushOptions flush;
  flush.allow_write_stall = false;
  must(db.db().Flush(flush, family), "writing out what was removed");
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;  // the log's own go on
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.canceled = &cancelled;
  const auto from = key64(first.raw());
  const auto to = key64(end.raw());
  const rocksdb::Slice low = sliceOf(from);
  const rocksdb::Slice high = sliceOf(to);
  const rocksdb::Status status = db.db().CompactRange(options, family, &low, &high);
  if (status.IsIncomplete() && cancelled) return;
  if (!status.ok()) db.seal();  // P8: what a failed rewrite left is known at the next start
  must(status, "rewriting files after a removal");
}

Seq Store::removedThrough() const {
  const auto family = parts_->db->derived(Family::derived);
  if (family == nullptr) return Seq(0);
  const auto value = parts_->db->get(family->get(), bytesOf(kRemovedRow));
  const auto seq = value ? number64(*value) : std::nullopt;
  return Seq(seq.value_or(0));
}

void Store::rememberRemoved(Seq seq) {
  const auto family = parts_->db->derived(Family::derived);
  rocksdb::WriteBatch batch;
  must(batch.Put(family->get(), sliceOf(bytesOf(kRemovedRow)), sliceOf(key64(seq.raw()))),
       "remembering a removal");
  parts_->db->write(batch, Sync::yes);  // with it, all that was removed before
}

}  // namespace lacuna
