#include "ledger/ledger.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tiles.h"
#include "ledger/record/envelope.h"

#include <algorithm>

namespace lacuna {
namespace {

TileSource tilesOf(const Store& store) {
  return [&store](unsigned level, std::uint64_t index, unsigned width) {
    return store.tile(level, index, width);
  };
}

Refusal rolledBack(std::string why) {
  return {RefusalCode::rolledBack,
          std::move(why) +
              "; restore the newer log, or start once with --accept-lost-tail to open a new "
              "generation of this origin"};
}

std::string freshOrigin(Entropy& entropy) {
  ByteArray<8> random;
  entropy.fill(random);
  return "ledger-" + hexOf(random) + ".example.org/lacuna";
}

bool holdsAnything(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_directory(folder, error) && !std::filesystem::is_empty(folder, error);
}

}  // namespace

Ledger::Ledger(const LedgerOptions& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : systemClock()),
      entropy_(options.entropy != nullptr ? *options.entropy : systemEntropy()) {}

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

Outcome Ledger::begin() {
  const bool hasLog = holdsAnything(options_.data / "log");
  const bool hasKeys = holdsAnything(options_.data / "keys");
  if (hasLog && !hasKeys) {
    return Refusal{RefusalCode::missingKey,
                   "the log is there but its keys/ are not: put the key holder's directory back"};
  }
  Outcome parts = hasKeys ? openParts(hasLog) : create();
  // A creation that a crash cut short protects nothing yet: it is made anew.
  if (!parts && !hasLog && parts.refusal().code == RefusalCode::incomplete) parts = create();
  if (!parts) return parts;
  if (store_->ledger() != vault_->ledger()) {
    return Refusal{RefusalCode::foreignKey, "these keys belong to another ledger"};
  }
  origin_ = vault_->origin();
  if (!options_.origin.empty() && options_.origin != origin_ &&
      origin_.rfind(options_.origin + "/g", 0) != 0) {
    return Refusal{RefusalCode::invalidValue,
                   "this ledger was created under another origin: " + origin_};
  }
  Outcome checked = checkAgainstKeys();
  if (!checked && !(options_.acceptLostTail && checked.refusal().code == RefusalCode::rolledBack)) {
    return checked;
  }
  if (!checked) {
    vault_->beginGeneration();
    origin_ = vault_->origin();
  }
  lastLeaf_ = store_->lastLeaf().value_or(LeafHash{});
  sequencer_ = std::make_unique<Sequencer>(*vault_, *store_, clock_, entropy_);
  if (Outcome loaded = sequencer_->load(options_.onProgress); !loaded) return loaded;
  if (store_->size() == TreeSize(0)) {
    Draft draft = sequencer_->begin();
    sequencer_->genesis(draft, origin_);
    AccessBody body;
    body.action = AccessAction::singleUserBegan;
    sequencer_->organisation(draft, Kind::access, kGrantsClass, encode(body), std::nullopt);
    commitNow(draft);
  }
  if (Outcome keysNewEnough = checkTreeVersion(); !keysNewEnough) return keysNewEnough;
  if (const std::optional<Vault::Pinned> old = vault_->pinned()) pinOldCheckpoint(*old);
  erasures_ = std::make_unique<Erasures>(Erasures::World{
      *vault_, *store_, *sequencer_, entropy_, [this](Draft& draft) { commitNow(draft); },
      options_.allowWeakErasure, options_.onErasureStep});
  erasures_->load();
  erasures_->resume();
  signCheckpoint();
  return Done{};
}

Outcome Ledger::openParts(bool hasLog) {
  VaultOptions keys;
  keys.directory = options_.data / "keys";
  keys.clock = &clock_;
  keys.entropy = &entropy_;
  keys.env = options_.keysEnv;
  keys.onStep = options_.onVaultStep;
  Result<std::unique_ptr<Vault>> vault = Vault::open(keys);
  if (!vault) return vault.refusal();
  vault_ = std::move(*vault);
  if (!hasLog && (vault_->lastCheckpoint() || vault_->pinned())) {
    return Refusal{
        RefusalCode::rolledBack,
        "the log is missing although a checkpoint of it was signed: put a copy of log/ back"};
  }
  StoreOptions log;
  log.directory = options_.data / "log";
  log.env = options_.logEnv;
  log.runEvents = options_.runEvents;
  log.onProgress = options_.onProgress;
  Result<std::unique_ptr<Store>> store =
      hasLog ? Store::open(log) : Store::create(log, vault_->ledger());
  // Nothing was ever signed and the log is no log yet: its creation was cut short, and goes on.
  if (!store && hasLog && store.refusal().code == RefusalCode::notFound &&
      !vault_->lastCheckpoint() && !vault_->pinned()) {
    store = Store::create(log, vault_->ledger());
  }
  if (!store) return store.refusal();
  store_ = std::move(*store);
  return Done{};
}

Outcome Ledger::create() {
  LedgerId id;
  entropy_.fill(id.bytes);
  VaultOptions keys;
  keys.directory = options_.data / "keys";
  keys.clock = &clock_;
  keys.entropy = &entropy_;
  keys.env = options_.keysEnv;
  keys.onStep = options_.onVaultStep;
  std::error_code error;
  std::filesystem::create_directories(options_.data, error);
  if (error) throw Fault("the data directory cannot be made");
  const std::string origin = options_.origin.empty() ? freshOrigin(entropy_) : options_.origin;
  Result<std::unique_ptr<Vault>> vault = Vault::create(keys, id, origin);
  if (!vault) return vault.refusal();
  vault_ = std::move(*vault);
  StoreOptions log;
  log.directory = options_.data / "log";
  log.env = options_.logEnv;
  log.runEvents = options_.runEvents;
  Result<std::unique_ptr<Store>> store = Store::create(log, id);
  if (!store) return store.refusal();
  store_ = std::move(*store);
  return Done{};
}

Outcome Ledger::checkAgainstKeys() {
  const std::optional<RememberedCheckpoint> last = vault_->lastCheckpoint();
  if (!last) return Done{};
  if (last->size > store_->size()) {
    return rolledBack("the log is shorter than the checkpoint that was signed over it");
  }
  const Result<Checkpoint> checkpoint =
      openNote(last->note, verifierKeyOf(origin_, vault_->signingKey().publicKey()));
  if (!checkpoint)
    return Refusal{RefusalCode::tampered, "the remembered checkpoint does not verify"};
  const Result<RootHash> root = rootFromTiles(tilesOf(*store_), last->size);
  if (!root) return root.refusal();
  if (*root != checkpoint->root) {
    return Refusal{RefusalCode::tampered,
                   "the log is not the one that was signed: run `lacuna verify --data`"};
  }
  shown_ = last->note;
  shownSize_ = last->size.raw();
  return Done{};
}

// The tree is older than the log says: old keys under a newer log would open what was erased.
Outcome Ledger::checkTreeVersion() {
  const std::optional<Bytes> row = store_->row(Table::meta, bytesOf("tree"));
  const std::uint64_t known = row ? number64(*row).value_or(0) : 0;
  if (known > vault_->version().raw()) {
    return Refusal{RefusalCode::rolledBack,
                   "the keys are older than the log: they would open what was erased; put the "
                   "newest keys/ back"};
  }
  return Done{};
}

// P3: what is left of the log goes on under a new generation of the origin; the old checkpoint is pinned.
void Ledger::pinOldCheckpoint(const Vault::Pinned& old) {
  RestoreBody body;
  body.kept = store_->size();
  body.oldOrigin = old.origin;
  body.oldCheckpoint.bytes = sha256(bytesOf(old.note));
  Draft draft = sequencer_->begin();
  sequencer_->organisation(draft, Kind::restore, kOrganisationClass, encode(body), std::nullopt);
  sequencer_->people().skipLeaves(draft, [this](Draft& full) {
    commitNow(full);
    full = sequencer_->begin();
  });
  commitNow(draft);
  vault_->pinDone();
}

void Ledger::commitNow(Draft& draft) {
  sequencer_->close(draft);
  seal(draft);
  commit(draft);
  sequencer_->committed(draft.number);
}

void Ledger::seal(Draft& draft) {
  const std::size_t count = draft.records.size();
  Bytes random(count * kNonceBytes + draft.sealedRows.size() * kNonceBytes);
  entropy_.fill(random);
  std::size_t at = 0;
  const auto nextNonce = [&] {
    Nonce nonce;
    std::memcpy(nonce.data(), random.data() + at, kNonceBytes);
    at += kNonceBytes;
    return nonce;
  };
  Group& group = draft.group;
  group.first = draft.first;
  group.envelopes.reserve(count);
  group.tags.reserve(count);
  const Vault::Reader keys = vault_->reader();
  for (PlannedRecord& planned : draft.records) {
    const Nonce nonce = nextNonce();
    std::optional<Secret> key;
    if (planned.lot) {
      key = keys.lotKey(planned.lot->slot, planned.lot->leaf);
      LACUNA_ASSERT(key.has_value(), "a lot that died while an event of it was on its way");
      planned.record.tag = tagOf(*key, planned.ordinal);
    } else {
      std::memcpy(planned.record.tag.bytes.data(), nonce.data(), Tag::kSize);
    }
    group.tags.push_back(planned.record.tag);
    if (!planned.plain) {
      group.envelopes.emplace_back();
      continue;
    }
    LACUNA_ASSERT(key.has_value(), "an envelope of nobody");
    const Bytes head = encodeHead(planned.record);
    Bytes envelope = sealEvent(*key, nonce, head, *planned.plain);
    wipe(*planned.plain);
    planned.record.commitment.bytes = sha256(envelope);
    group.envelopes.emplace_back(std::move(envelope));
  }
  for (PlannedRow& row : draft.sealedRows) {
    const std::optional<Secret> key = keys.lotKey(row.lot.slot, row.lot.leaf);
    LACUNA_ASSERT(key.has_value(), "a row of a lot that is dead");
    group.rows.push_back(
        {Table::persons, row.key, sealRow(*key, nextNonce(), sealedKey(row.key), row.plain)});
    wipe(row.plain);
  }
  for (RowChange& row : draft.rows) group.rows.push_back(std::move(row));
  group.ids = std::move(draft.ids);
}

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
  // A crash before this line leaves nothing; after it, everything (P2).
  store_->apply(group, Sync::yes);
}

void Ledger::signCheckpoint() {
  const TreeSize size = store_->size();
  if (size == shownSize() && !shown_.empty()) return;
  LACUNA_ASSERT(size >= shownSize(), "a log that became shorter");
  const Result<RootHash> root = rootFromTiles(tilesOf(*store_), size);
  if (!root) throw Fault("the tree's right edge cannot be read");
  const std::string note = signNote({origin_, size, *root}, vault_->signingKey());
  // log/ first: a note that only keys/ knew would make a log without it look rolled back.
  const ByteArray<8> key = key64(size.raw());
  const RowChange row{Table::checkpoints, Bytes(key.begin(), key.end()),
                      Bytes(note.begin(), note.end())};
  store_->applyRows({&row, 1});
  vault_->rememberCheckpoint({size, note});
  const std::lock_guard lock(shownMutex_);
  shown_ = note;
  shownSize_ = size.raw();
}

std::string Ledger::shownCheckpoint() const {
  const std::lock_guard lock(shownMutex_);
  return shown_;
}

VerifierKey Ledger::verifierKey() const {
  return verifierKeyOf(origin_, vault_->signingKey().publicKey());
}

Result<std::string> Ledger::receipt(Seq seq) const {
  std::string note;
  TreeSize size;
  {
    const std::lock_guard lock(shownMutex_);
    note = shown_;
    size = shownSize();
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
