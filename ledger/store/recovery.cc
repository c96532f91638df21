// What open() does: find the end of the log, and rebuild what is derived (P7).
#include "ledger/crypto/digest.h"
#include "ledger/store/blocks.h"
#include "ledger/store/parts.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::uint64_t kSamples = 16;
constexpr std::uint64_t kProgressEvery = 65536;
constexpr std::uint32_t kTilesPerBatch = 256;

Refusal tampered(const char* what, std::uint64_t seq) {
  return {RefusalCode::tampered, std::string(what) + " (seq " + std::to_string(seq) + ")"};
}

}  // namespace

// The last block of the log must decode, be chained and stand where it says.
Outcome Store::Parts::checkLastBlock(ByteView key, ByteView block,
                                     const std::optional<LeafHash>& before) {
  const auto first = number64(key);
  if (!first)
    return Refusal{RefusalCode::tampered, "a block of records under a key that is no number"};
  const auto records = decodeRecordBlock(block);
  if (!records) return tampered("the last block of records is damaged", *first);
  std::optional<LeafHash> prev = *first == 0 ? std::optional(LeafHash{}) : before;
  for (std::size_t i = 0; i < records->size(); ++i) {
    const std::uint64_t seq = *first + i;
    const auto record = decodeRecord((*records)[i]);
    if (!record || record->seq != Seq(seq) || (prev && record->prev != *prev)) {
      return tampered("a record at the end of the log is damaged", seq);
    }
    prev = leafHash((*records)[i]);
  }
  applied = durable = *first + records->size();
  return Done{};
}

Outcome Store::Parts::findEnd() {
  const auto blocks = db->iterator(db->primary(Family::records));
  blocks->SeekToLast();
  if (!blocks->Valid()) {
    if (blocks->status().ok()) return Done{};
    return Refusal{RefusalCode::tampered, "the end of the log does not read"};
  }
  const Bytes key = copyOf(blocks->key());
  const Bytes block = copyOf(blocks->value());
  std::optional<LeafHash> before;
  blocks->Prev();
  if (blocks->Valid()) {
    const auto records = decodeRecordBlock(viewOf(blocks->value()));
    if (records) before = leafHash(records->back());
  }
  const Outcome sound = checkLastBlock(key, block, before);
  if (!sound && !options.readOnly) return sound;
  if (!sound) {  // for the verifier, who names what is wrong: as long as the block says
    applied = durable =
        number64(key).value_or(0) + std::max<std::size_t>(readableRecords(block).size(), 1);
    return Done{};
  }
  if (options.readOnly) return Done{};
  // Ids and envelopes of a seq that no record has: rows of one group came apart.
  for (const Family family : {Family::ids, Family::envelopes}) {
    const auto rows = db->iterator(db->primary(family));
    rows->SeekToLast();
    if (!rows->Valid()) {
      must(rows->status(), "reading the end of the log");
      continue;
    }
    const auto first = number64(viewOf(rows->key()));
    if (!first || *first >= applied) {
      return Refusal{RefusalCode::tampered, "the log has rows beyond its last record"};
    }
  }
  return Done{};
}

std::optional<Bytes> Store::Parts::tileRow(unsigned level, std::uint64_t index) const {
  const auto family = indexes->tiles();
  if (!family) return std::nullopt;
  return db->readable(family->get(), tileKey(level, index));  // else it is computed
}

std::optional<Bytes> Store::Parts::fullTile(unsigned level, std::uint64_t index) const {
  if (auto row = tileRow(level, index); row && row->size() == kTileBytes) return row;
  Bytes out;
  out.reserve(kTileBytes);
  const std::uint64_t first = index * kTileWidth;
  if (level == 0) {
    const auto leaves = reader.leaves(Seq(first), TreeSize(first + kTileWidth));
    if (!leaves) return std::nullopt;
    for (const LeafHash& leaf : *leaves)
      out.insert(out.end(), leaf.bytes.begin(), leaf.bytes.end());
    return out;
  }
  for (std::uint64_t i = first; i < first + kTileWidth; ++i) {
    const auto below = fullTile(level - 1, i);
    if (!below) return std::nullopt;
    const NodeHash root = perfectRoot(*below);
    out.insert(out.end(), root.begin(), root.end());
  }
  return out;
}

bool Store::Parts::loadEdge() {
  return edge.load(
      TreeSize(applied), [this](Seq first, TreeSize end) { return reader.leaves(first, end); },
      [this](unsigned level, std::uint64_t index) {
        return options.readOnly ? fullTile(level, index) : tileRow(level, index);
      });
}

// Every record of [first, size) to `take`. Refuses tampered at the first that does not read.
Outcome Store::Parts::eachRecord(std::uint64_t first,
                                 const std::function<void(Seq, ByteView)>& take) const {
  std::uint64_t expected = first;
  reader.scan(Seq(first), TreeSize(applied), Wanted::records, Damage::skip,
              [&](Seq seq, ByteView record, auto) {
                if (seq.raw() != expected) return false;
                ++expected;
                take(seq, record);
                if (options.onProgress && expected % kProgressEvery == 0) {
                  options.onProgress(expected, applied);
                }
                return true;
              });
  if (expected < applied) return tampered("a record is missing or damaged", expected);
  return Done{};
}

Outcome Store::Parts::rebuildTiles() {
  db->dropFamily(Family::tiles);
  TreeEdge fresh;
  rocksdb::WriteBatch batch;
  std::vector<LeafHash> leaves;
  const auto family = db->derived(Family::tiles);
  const auto takeLeaves = [&] {
    for (const FullTile& tile : fresh.stage(leaves)) {
      must(batch.Put(family->get(), sliceOf(tileKey(tile.level, tile.index)), sliceOf(tile.hashes)),
           "rebuilding tiles");
    }
    fresh.publish();
    leaves.clear();
    if (batch.Count() < kTilesPerBatch) return;
    // Not synced: rows come in order, so a crash here leaves the edge without its tiles.
    db->write(batch, Sync::no);
    batch.Clear();
  };
  const Outcome read = eachRecord(0, [&](Seq, ByteView record) {
    leaves.push_back(leafHash(record));
    if (leaves.size() == kTileWidth) takeLeaves();
  });
  if (!read) return read;
  takeLeaves();
  db->write(batch, Sync::yes);
  return Done{};
}

bool Store::Parts::indexesSound() const {
  const auto run = indexes->run();
  if (!run || *run > applied) return false;
  // Samples: an index that was emptied behind our back is found here, not in a person's history.
  for (std::uint64_t i = 0; *run > 0 && i < kSamples; ++i) {
    const std::uint64_t seq = i * (*run - 1) / (kSamples - 1);
    bool found = true;
    reader.scan(Seq(seq), TreeSize(seq + 1), Wanted::records, Damage::skip,
                [&](Seq, ByteView record, auto) {
                  found = indexes->findTag(tagOfRecord(record)).has_value();
                  return false;
                });
    if (!found) return false;
    const auto rows = db->iterator(db->primary(Family::ids));
    const auto key = key64(seq);
    rows->SeekForPrev(sliceOf(key));
    if (!rows->Valid()) continue;
    const auto ids = decodeIds(viewOf(rows->value()));
    if (!ids) continue;  // not the index's fault
    const IdEntry entry = ids->front().entry;
    if (!indexes->findIds({&entry, 1})[0]) return false;
  }
  return true;
}

Outcome Store::Parts::replayIndexes(std::uint64_t from) {
  const auto rows = db->iterator(db->primary(Family::ids));
  const auto start = key64(from);
  rows->SeekForPrev(sliceOf(start));  // the group that holds `from`
  if (!rows->Valid()) rows->Seek(sliceOf(start));
  std::uint64_t idsEnd = 0;  // the ids of groups that begin below this are in
  const auto takeIds = [&](std::uint64_t seq) {
    for (; rows->Valid(); rows->Next()) {
      const auto first = number64(viewOf(rows->key()));
      if (first && *first > seq) return;
      const auto ids = decodeIds(viewOf(rows->value()));
      if (!first || !ids) throw Fault("a row of event ids is damaged");
      indexes->putIds(Seq(*first), *ids, Seq(from));
      idsEnd = *first + ids->back().index + 1;
    }
    must(rows->status(), "reading event ids");
  };
  return eachRecord(from, [&](Seq seq, ByteView record) {
    // A run ends between groups, so that it holds no id of a record beyond its end.
    if (indexes->full() && seq.raw() >= idsEnd) indexes->flush(TreeSize(seq.raw()));
    takeIds(seq.raw());
    const Tag tag = tagOfRecord(record);
    indexes->put(seq, {&tag, 1});
  });
}

Outcome Store::Parts::recover() {
  if (const Outcome end = findEnd(); !end) return end;
  indexes = std::make_unique<Indexes>(*db, runEvents(), runEvents() + 4 * kGroupEventsMax);
  if (options.readOnly) {
    // The verifier's view: no lookups, and what does not read is its to find.
    loadEdge();
    return Done{};
  }
  if (!db->complete() || !indexesSound()) indexes->reset();
  if (const Outcome replayed = replayIndexes(indexes->run().value_or(0)); !replayed)
    return replayed;
  if (!loadEdge()) {
    if (const Outcome rebuilt = rebuildTiles(); !rebuilt) return rebuilt;
    indexes->publish();
    if (!loadEdge()) return Refusal{RefusalCode::tampered, "the end of the log does not read"};
  }
  indexes->publish();
  indexes->startWorker();
  return Done{};
}

}  // namespace lacuna
