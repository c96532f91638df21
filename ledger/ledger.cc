#include "ledger/ledger.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tiles.h"
#include "ledger/sealing.h"
#include "ledger/store/sealing_fs.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

constexpr std::string_view kCosignedRow = "cosigned";  // of Table::meta: a tree size

TileSource tilesOf(const Store& store) {
  return [&store](unsigned level, std::uint64_t index, unsigned width) {
    return store.tile(level, index, width);
  };
}

}  // namespace

Ledger::Ledger(const LedgerOptions& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : systemClock()),
      entropy_(options.entropy != nullptr ? *options.entropy : systemEntropy()),
      keysEnv_(sealingEnv(options.keysEnv != nullptr ? *options.keysEnv : *rocksdb::Env::Default(),
                          keysSealed_)) {}

Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const LedgerOptions& options) {
  if (!options.origin.empty() && !originValid(options.origin)) {
    return Refusal{RefusalCode::invalidValue,
                   "the origin must be ASCII without spaces or '+', at most 255 bytes"};
  }
  std::unique_ptr<Ledger> ledger(new Ledger(options));
  Outcome begun = ledger->begin();
  if (!begun) return begun.refusal();
  return ledger;
}

void Ledger::commitNow(Draft& draft) {
  sequencer_->close(draft);
  seal(draft);
  commit(draft);
  sequencer_->committed(draft.number);
}

void Ledger::seal(Draft& draft) { sealDraft(draft, vault_->reader(), entropy_); }

void Ledger::commit(Draft& draft) {
  Group& group = draft.group;
  group.records.reserve(draft.records.size());
  group.leaves.reserve(draft.records.size());
  for (PlannedRecord& planned : draft.records) {
    planned.record.prev = lastLeaf_;
    group.records.push_back(encode(planned.record));
    lastLeaf_ = leafHash(group.records.back());
    group.leaves.push_back(lastLeaf_);
  }
  requireUnsealed();
  // A crash before this line leaves nothing; after it, everything (P2).
  store_->apply(group, Sync::yes);
  requireUnsealed();  // a fault meanwhile, behind our back, is one as well
}

void Ledger::requireUnsealed() const {
  store_->requireUnsealed();
  if (keysSealed_) throw Fault("the keys are sealed after a failed write");
}

void Ledger::signCheckpoint() {
  rememberCosigned();
  const TreeSize size = store_->size();
  if (size == shownSize() && !shown_.empty()) return;
  LACUNA_ASSERT(size >= shownSize(), "a log that became shorter");
  const Result<RootHash> root = rootFromTiles(tilesOf(*store_), size);
  if (!root) throw Fault("the tree's right edge cannot be read");
  requireUnsealed();
  const std::string note = signNote({origin_, size, *root}, vault_->signingKey());
  // log/ first: a note that only keys/ knew would make a log without it look rolled back.
  const ByteArray<8> key = key64(size.raw());
  const RowChange row{Table::checkpoints, Bytes(key.begin(), key.end()),
                      Bytes(note.begin(), note.end())};
  store_->applyRows({&row, 1});
  vault_->rememberCheckpoint({size, note});
  requireUnsealed();
  const std::lock_guard lock(shownMutex_);
  shown_ = note;
  shownSize_ = size.raw();
}

std::string Ledger::shownCheckpoint() const {
  const std::lock_guard lock(shownMutex_);
  return shown_;
}

std::string Ledger::publishedCheckpoint() const {
  const std::lock_guard lock(shownMutex_);
  return cosigned_ ? cosigned_->note : shown_;
}

void Ledger::offerCosigned(TreeSize size, std::string note) {
  const std::lock_guard lock(shownMutex_);
  LACUNA_ASSERT(size <= shownSize(), "cosigned and never shown");
  offered_ = {size, std::move(note)};
}

std::optional<std::string> Ledger::lastCosigned() const {
  const std::optional<Bytes> at = store_->row(Table::meta, bytesOf(kCosignedRow));
  if (!at) return std::nullopt;
  const std::optional<Bytes> note = store_->row(Table::checkpoints, *at);
  if (!note) return std::nullopt;
  return std::string(textOf(*note));
}

void Ledger::publishCosigned(TreeSize size, std::string note) {
  const std::lock_guard lock(shownMutex_);
  LACUNA_ASSERT(size <= shownSize(), "cosigned and never shown");
  cosigned_ = {size, std::move(note)};
}

// The note of that size gains signatures; the first of them stays the log's own.
void Ledger::rememberCosigned() {
  std::optional<Cosigned> offered;
  {
    const std::lock_guard lock(shownMutex_);
    offered.swap(offered_);
  }
  if (!offered) return;
  const ByteArray<8> key = key64(offered->size.raw());
  const Bytes size(key.begin(), key.end());
  const std::array rows{
      RowChange{Table::checkpoints, size, Bytes(offered->note.begin(), offered->note.end())},
      RowChange{Table::meta, Bytes(kCosignedRow.begin(), kCosignedRow.end()), size}};
  store_->applyRows(rows);
  requireUnsealed();
  const std::lock_guard lock(shownMutex_);
  cosigned_ = std::move(offered);
}

VerifierKey Ledger::verifierKey() const {
  return verifierKeyOf(origin_, vault_->signingKey().publicKey());
}

Result<std::string> Ledger::receipt(Seq seq) const {
  std::string note;
  TreeSize size;
  {
    const std::lock_guard lock(shownMutex_);
    // With cosignatures where there are any: a receipt is kept for long.
    const bool cosigned = cosigned_ && seq.raw() < cosigned_->size.raw();
    note = cosigned ? cosigned_->note : shown_;
    size = cosigned ? cosigned_->size : shownSize();
  }
  if (seq.raw() >= store_->size().raw()) {
    return Refusal{RefusalCode::notFound, "the log has no record of that number"};
  }
  if (seq.raw() >= size.raw()) {
    return Refusal{RefusalCode::notPublished,
                   "no signed checkpoint covers this record yet: ask again in a moment"};
  }
  const std::optional<Bytes> record = store_->record(seq);
  if (!record) throw Fault("a record below the checkpoint cannot be read");
  Result<std::vector<NodeHash>> hashes = proveInclusion(tilesOf(*store_), seq, size);
  if (!hashes) return hashes.refusal();
  return textOf(TlogProof{*record, seq, std::move(*hashes), note});
}

Result<std::vector<Bytes>> Ledger::records(Seq first, std::uint32_t count) const {
  const TreeSize size = shownSize();
  if (first.raw() >= size.raw()) {
    return Refusal{RefusalCode::notPublished, "no signed checkpoint covers this record yet"};
  }
  const std::uint64_t end =
      std::min(size.raw(), first.raw() + std::min<std::uint64_t>(count, kRecordsPerCallMax));
  std::vector<Bytes> out;
  std::size_t bytes = 0;
  store_->scanRecords(first, TreeSize(end), [&](Seq, ByteView record) {
    out.emplace_back(record.begin(), record.end());
    bytes += record.size() + 16;
    return bytes < kMessageBytesMax / 2;
  });
  return out;
}

Result<Bytes> Ledger::tile(unsigned level, std::uint64_t index, unsigned width) const {
  const unsigned there = tileWidth(level, index, shownSize());
  if (width == 0 || width > there) {
    return Refusal{RefusalCode::notPublished, "this tile is not part of the published tree"};
  }
  std::optional<Bytes> bytes = store_->tile(level, index, width);
  if (!bytes) throw Fault("a tile of the published tree cannot be read");
  return std::move(*bytes);
}

Result<Bytes> Ledger::document(const DocumentHash& hash) const {
  std::optional<Bytes> bytes = store_->row(Table::documents, hash.view());
  if (!bytes) return Refusal{RefusalCode::notFound, "there is no document of this hash"};
  return std::move(*bytes);
}

std::vector<std::string> Ledger::checkpoints(TreeSize from, std::uint32_t count) const {
  std::vector<std::string> out;
  const std::uint32_t most = std::min<std::uint32_t>(count, 1000);
  const TreeSize size = shownSize();
  store_->scanFrom(Table::checkpoints, key64(from.raw()), [&](ByteView key, ByteView value) {
    const std::optional<std::uint64_t> at = number64(key);
    if (!at || *at > size.raw() || out.size() >= most) return false;
    out.emplace_back(textOf(value));
    return true;
  });
  return out;
}

Outcome Ledger::diskOk() const {
  if (store_->freeDiskBytes() >= options_.diskReserve) return Done{};
  return Refusal{RefusalCode::noSpace,
                 "the disk is almost full: nothing is accepted until there is room again"};
}

TreeSize Ledger::size() const { return store_->size(); }

Instant Ledger::recordedAt(Seq seq) const {
  const std::uint64_t last = store_->size().raw() - 1;
  const std::optional<Bytes> bytes = store_->record(Seq(std::min(seq.raw(), last)));
  const Result<Record> record = decodeRecord(bytes.value_or(Bytes{}));
  if (!record) throw Fault("a record does not follow the format");
  return record->recordedAt;
}

AssuranceReport Ledger::assurance() const { return vault_->assurance(); }
AssuranceReport Ledger::recheckAssurance() { return vault_->recheck(); }

}  // namespace lacuna
