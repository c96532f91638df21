// The start: what is there is held against what was signed, before anything is served or overwritten.
//
// keys/ are the newest of all (they are written before anything is shown). So a log that knows less than
// keys/ has lost its tail, which may be accepted; and whoever knows more than keys/ - the log, another key
// holder, a checkpoint kept elsewhere - proves that keys/ are old, which may not: they would open what was
// erased.
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/ledger.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/tiles.h"
#include "ledger/store/sealing_fs.h"
#include "ledger/vault/holder.h"
#include "ledger/withdraw.h"

#include <algorithm>

namespace lacuna {
namespace {

TileSource tilesOf(const Store& store) {
  return [&store](unsigned level, std::uint64_t index, unsigned width) {
    return store.tile(level, index, width);
  };
}

Refusal rolledBack(std::string why, std::string_view what) {
  return {RefusalCode::rolledBack, std::move(why) + "; " + std::string(what)};
}

constexpr std::string_view kRestoreLog =
    "restore the newer log, or start once with --accept-lost-tail to open a new generation of this "
    "origin";
constexpr std::string_view kRestoreKeys =
    "they would open what was erased: put the newest keys/ back, or make them anew from a newer "
    "key "
    "holder (move keys/ away, --rebuild-keys); where none is left, start once with --recover-keys";

std::string freshOrigin(Entropy& entropy) {
  ByteArray<8> random;
  entropy.fill(random);
  return "ledger-" + hexOf(random) + ".example.org/lacuna";
}

// Opening a ledger writes: what a crash left in write-ahead logs, healed pages, a checkpoint. Below this
// it is not opened, because RocksDB aborts the process on a full disk.
constexpr std::uint64_t kDiskStartBytes = 48 * 1024 * 1024;

// Whether a new ledger would lie among things that are somebody else's. A daemon's sockets, and what a
// new file system brings along, are not.
bool holdsOtherThings(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name != "log" && name != "keys" && name != "lost+found" && !entry.is_socket(error))
      return true;
  }
  return false;
}

void requireRoom(const std::filesystem::path& folder, std::uint64_t bytes, std::string_view what) {
  std::error_code error;
  const std::filesystem::space_info disk = std::filesystem::space(folder, error);
  if (!error && disk.available < bytes) {
    throw Fault("the disk is almost full: " + std::string(what));
  }
}

std::string originOfNote(std::string_view note) {
  return std::string(note.substr(0, note.find('\n')));
}

}  // namespace

Outcome Ledger::begin() {
  const bool hasLog = holdsAnything(options_.data / "log");
  if (options_.rebuildKeys) {
    if (Outcome made = Vault::rebuild(vaultOptions()); !made) return made;
  }
  const bool hasKeys = holdsAnything(options_.data / "keys");
  if (!hasKeys) {
    if (Outcome missing = missingKeys(hasLog); !missing) return missing;
  }
  Outcome parts = hasKeys ? openParts(hasLog) : create();
  // A creation that a crash cut short protects nothing yet: it is made anew.
  if (!parts && !hasLog && parts.refusal().code == RefusalCode::incomplete) parts = create();
  if (!parts && parts.refusal().code == RefusalCode::incomplete) {
    return Refusal{RefusalCode::incomplete,
                   "making keys/ was cut short: start again with --rebuild-keys"};
  }
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
  if (Outcome checked = checkAgainstKeys(); !checked) {
    if (!tailLost_ || !options_.acceptLostTail) return checked;
    if (Outcome ended = endGeneration(); !ended) return ended;
  }
  lastLeaf_ = store_->lastLeaf().value_or(LeafHash{});
  if (options_.recoverKeys || vault_->recovering()) recoverKeys();
  sequencer_ = std::make_unique<Sequencer>(*vault_, *store_, clock_, entropy_);
  if (Outcome loaded = load(); !loaded) return loaded;
  settleSlots();
  if (store_->size() == TreeSize(0)) {
    Draft draft = sequencer_->begin();
    sequencer_->genesis(draft, origin_);
    AccessBody body;
    body.action = AccessAction::singleUserBegan;
    sequencer_->organisation(draft, Kind::access, kGrantsClass, encode(body), std::nullopt);
    commitNow(draft);
  }
  if (const std::optional<Vault::Pinned> old = vault_->pinned()) leaveTail(*old);
  settleHolders();
  erasures_ = std::make_unique<Erasures>(Erasures::World{
      *vault_, *store_, *sequencer_, entropy_, [this](Draft& draft) { commitNow(draft); },
      options_.allowWeakErasure, options_.onErasureStep});
  erasures_->load();
  giveCarriesToHolders(*vault_, *store_);  // before what they carry on from dies
  erasures_->resume();
  forgetDeadCarries(*vault_);
  signCheckpoint();
  return Done{};
}

// keys/ are not there. Only where nothing else of a ledger is there either, one is created.
Outcome Ledger::missingKeys(bool hasLog) const {
  const bool holder =
      std::any_of(options_.keyHolders.begin(), options_.keyHolders.end(),
                  [](const std::filesystem::path& directory) { return holdsAnything(directory); });
  if (hasLog && holder) {
    return Refusal{RefusalCode::missingKey,
                   "keys/ are not there, but a key holder is: start once with --rebuild-keys, and "
                   "keys/ are made anew from it; no payload is lost"};
  }
  if (hasLog) {
    return Refusal{
        RefusalCode::missingKey,
        "the log is there but its keys/ are not: put the key holder's directory back, or "
        "name a further key holder (--key-holder DIR)"};
  }
  if (holder) {
    return Refusal{
        RefusalCode::alreadyExists,
        "a directory of --key-holder holds the keys of a ledger that is not here: put its "
        "log/ here, or name an empty directory for a new ledger"};
  }
  if (holdsOtherThings(options_.data)) {
    return Refusal{RefusalCode::invalidValue,
                   "the data directory holds other things and no ledger: name an empty one, or one "
                   "that is not there yet"};
  }
  return Done{};
}

VaultOptions Ledger::vaultOptions() {
  VaultOptions keys;
  keys.directory = options_.data / "keys";
  keys.holders = options_.keyHolders;
  keys.clock = &clock_;
  keys.entropy = &entropy_;
  keys.env = keysEnv_.get();
  keys.holderEnv = options_.keysEnv != nullptr ? options_.keysEnv : rocksdb::Env::Default();
  keys.onStep = options_.onVaultStep;
  return keys;
}

Outcome Ledger::openParts(bool hasLog) {
  for (const char* part : {"log", "keys"}) {
    requireRoom(options_.data / part, std::min(kDiskStartBytes, options_.diskReserve),
                "make room, then start again");
  }
  Result<std::unique_ptr<Vault>> vault = Vault::open(vaultOptions());
  if (!vault) return vault.refusal();
  vault_ = std::move(*vault);
  const bool signedOnce = vault_->lastCheckpoint() || vault_->pinned();
  if (!hasLog && vault_->lastCheckpoint() && !options_.acceptLostTail) {
    return Refusal{RefusalCode::rolledBack,
                   "the log is missing although a checkpoint of it was signed: put a copy of log/ "
                   "back, or start once with --accept-lost-tail to begin a new generation without "
                   "any of its records"};
  }
  StoreOptions log;
  log.directory = options_.data / "log";
  log.env = options_.logEnv;
  log.runEvents = options_.runEvents;
  log.onProgress = options_.onProgress;
  Result<std::unique_ptr<Store>> store =
      hasLog ? Store::open(log) : Store::create(log, vault_->ledger());
  // The log is no log yet: its creation was cut short, and goes on.
  if (!store && hasLog && store.refusal().code == RefusalCode::notFound &&
      (!signedOnce || options_.acceptLostTail || vault_->pinned())) {
    store = Store::create(log, vault_->ledger());
  }
  if (!store) return store.refusal();
  store_ = std::move(*store);
  return Done{};
}

Outcome Ledger::create() {
  LedgerId id;
  entropy_.fill(id.bytes);
  std::error_code error;
  std::filesystem::create_directories(options_.data, error);
  if (error) throw Fault("the data directory cannot be made");
  requireRoom(options_.data, options_.diskReserve, "a new ledger is not begun on it");
  const std::string origin = options_.origin.empty() ? freshOrigin(entropy_) : options_.origin;
  Result<std::unique_ptr<Vault>> vault = Vault::create(vaultOptions(), id, origin);
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

// --- the gate

Outcome Ledger::checkAgainstKeys() {
  const std::optional<RememberedCheckpoint> last = vault_->lastCheckpoint();
  const TreeSize known = last ? last->size : TreeSize(0);
  if (Outcome elsewhere = checkKeptElsewhere(known); !elsewhere) return elsewhere;
  if (last) {
    if (last->size > store_->size()) {
      if (Outcome generation = checkGeneration(); !generation) return generation;
      tailLost_ = true;
      return rolledBack("the log is shorter than the checkpoint that was signed over it",
                        kRestoreLog);
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
  }
  return checkNewerNotes(known);
}

// A checkpoint that was shown is in keys/ before anybody sees it: one that keys/ do not know shows that they are
// old, and then what the log has is of no help, since it may be as old.
Outcome Ledger::checkKeptElsewhere(TreeSize known) {
  const PublicKey key = vault_->signingKey().publicKey();
  for (const std::string& note : options_.checkpoints) {
    const std::string origin = originOfNote(note);
    const Result<Checkpoint> kept = originValid(origin)
                                        ? openNote(note, verifierKeyOf(origin, key))
                                        : Result<Checkpoint>(Refusal{RefusalCode::tampered, ""});
    if (!kept) {
      return Refusal{RefusalCode::invalidValue,
                     "the checkpoint given is not one that this ledger's key has signed"};
    }
    const std::uint64_t its = generationOf(origin), mine = generationOf(origin_);
    if (its > mine || (its == mine && kept->size > known)) {
      return rolledBack(
          "keys/ are older than the checkpoint given",
          "they would open what was erased: put the newest keys/ and log/ back, or make keys/ anew "
          "from a newer key holder (move keys/ away, --rebuild-keys)");
    }
    if (its < mine || kept->size > store_->size()) continue;  // judged by what keys/ remember
    const Result<RootHash> root = rootFromTiles(tilesOf(*store_), kept->size);
    if (!root) return root.refusal();
    if (*root != kept->root) {
      return Refusal{RefusalCode::tampered,
                     "the log is not the one of the checkpoint given: run `lacuna verify --data`"};
    }
  }
  return Done{};
}

// The log gets a note before keys/ do, so a crash leaves one that keys/ do not know; it is remembered here,
// before another is signed. Two of them keys/ have never been without knowing: then they are old.
Outcome Ledger::checkNewerNotes(TreeSize known) {
  const PublicKey key = vault_->signingKey().publicKey();
  const bool recovers = options_.recoverKeys || vault_->recovering();
  std::size_t newer = 0;
  RememberedCheckpoint last;
  store_->scanFrom(Table::checkpoints, key64(known.raw() + 1), [&](ByteView at, ByteView value) {
    const std::optional<std::uint64_t> size = number64(at);
    const std::string note(textOf(value));
    if (!size || !openNote(note, verifierKeyOf(origin_, key))) return true;
    last = {TreeSize(*size), note};
    return ++newer < 2 || recovers;
  });
  if (newer > 1 && !recovers) return rolledBack("keys/ are older than the log", kRestoreKeys);
  if (newer == 0) return Done{};
  const Result<Checkpoint> note = openNote(last.note, verifierKeyOf(origin_, key));
  if (!note || last.size > store_->size()) return Done{};  // `verify` tells; nothing is built on it
  const Result<RootHash> root = rootFromTiles(tilesOf(*store_), last.size);
  if (!root || *root != note->root) return Done{};
  if (newer > 1) vault_->beginRecovery();  // what follows is not forgotten with these notes
  vault_->rememberCheckpoint(last);
  shown_ = last.note;
  shownSize_ = last.size.raw();
  return Done{};
}

// A shorter log is no older one if it is of a later generation: then keys/ are old.
Outcome Ledger::checkGeneration() {
  const PublicKey key = vault_->signingKey().publicKey();
  bool later = false;
  store_->scanFrom(Table::checkpoints, key64(0), [&](ByteView, ByteView value) {
    const std::string note(textOf(value));
    const std::string origin = originOfNote(note);
    later = originValid(origin) && generationOf(origin) > generationOf(origin_) &&
            openNote(note, verifierKeyOf(origin, key));
    return !later;
  });
  if (!later) return Done{};
  return rolledBack("keys/ are of an earlier generation than the log",
                    "they would open what was erased: put the newest keys/ back");
}

Outcome Ledger::endGeneration() {
  if (vault_->leafMark(Slot(0)) + 2 * kRestoreLeafStep > kLeavesPerSlot) {
    return Refusal{RefusalCode::tooMany,
                   "the tail of this log was lost as often as it may be: restore the newer log"};
  }
  vault_->beginGeneration();
  origin_ = vault_->origin();
  return Done{};
}

Outcome Ledger::load() {
  // Before any row is opened: keys across a healing do not open who came after it, which is no damage.
  if (treeVersionOfLog() > vault_->version().raw()) {
    return rolledBack("keys/ are older than the log", kRestoreKeys);
  }
  Outcome loaded = sequencer_->load(options_.onProgress);
  if (loaded) return loaded;
  if (loaded.refusal().code == RefusalCode::tampered) throw Fault(loaded.refusal().message);
  return rolledBack("keys/ are older than the log", kRestoreKeys);
}

// The newest tree in which the log says that somebody is dead.
std::uint64_t Ledger::treeVersionOfLog() const {
  const std::optional<Bytes> row = store_->row(Table::meta, bytesOf(kTreeRow));
  return row ? number64(*row).value_or(0) : 0;
}

// --- what the end before this start may have left in use

// A slot is used once its subject row is durable. After a clean stop of this very log, what was never used is
// known; after any other end, slots that were reserved may have sealed what never became durable, or what a lost
// tail held: they die.
void Ledger::settleSlots() {
  People& people = sequencer_->people();
  const std::optional<Vault::RestMark> rested = vault_->takeRestMark();
  const bool clean =
      rested && rested->size == store_->size() && !tailLost_ && !vault_->pinned() && !unrecovered_;
  if (clean && people.continueWith(rested->unused)) return;
  const std::vector<LeafRange> doubtful = people.slotsInDoubt();
  if (!doubtful.empty()) vault_->bury(doubtful);
}

void Ledger::rest() { vault_->rest({store_->size(), sequencer_->people().slotsLeft()}); }

bool Ledger::restoreRecorded(const Vault::Pinned& old) {
  const ByteArray<32> note = sha256(bytesOf(old.note));
  for (const LotHandle& lot : sequencer_->people().lotsOf(Slot(0))) {
    if (lot.klass != kOrganisationClass) continue;
    for (const PersonEvent& event :
         readLot(*vault_, *store_, sequencer_->systems(), Slot(0), lot)) {
      if (event.kind != Kind::restore) continue;
      const Result<RestoreBody> body = decodeRestore(event.body);
      if (body && body->oldCheckpoint.bytes == note) return true;
    }
  }
  return false;
}

// Nothing was kept: record 0 is of this very generation.
bool Ledger::begunAnew() const {
  const std::optional<Bytes> bytes = store_->record(Seq(0));
  const Result<Record> record = decodeRecord(bytes.value_or(Bytes{}));
  if (!record) throw Fault("the first record cannot be read");
  const Result<GenesisBody> genesis = decodeGenesis(record->body);
  return genesis && genesis->origin == origin_;
}

// P3: what is left of the log goes on under a new generation of the origin; the old checkpoint is pinned by the
// next record. Before it, what the tail may have used dies (P5) or is left behind (P6); a crash on the way
// leaves the pin, and all of this is done again.
void Ledger::leaveTail(const Vault::Pinned& old) {
  if (restoreRecorded(old)) {
    vault_->pinDone();
    return;
  }
  People& people = sequencer_->people();
  std::vector<LostCarry> lost = lostCarries(*vault_, *store_);
  std::set<std::uint64_t> kept;
  for (const LostCarry& one : lost) {
    kept.insert(one.slot.raw() * kLeavesPerSlot + one.leaf.raw());
  }
  const std::vector<LeafRange> used = people.leavesOfTail(kept);
  if (!used.empty()) vault_->bury(used);
  Draft rows = sequencer_->begin();
  people.leaveTail(rows, [this](Draft& full) {
    commitNow(full);
    full = sequencer_->begin();
  });
  adopt(rows, people, std::move(lost));
  if (!rows.empty()) commitNow(rows);
  RestoreBody body;
  body.kept = begunAnew() ? TreeSize(0) : store_->size();
  body.oldOrigin = old.origin;
  body.oldCheckpoint.bytes = sha256(bytesOf(old.note));
  Draft draft = sequencer_->begin();
  sequencer_->organisation(draft, Kind::restore, kOrganisationClass, encode(body), std::nullopt);
  commitNow(draft);
  vault_->pinDone();
}

}  // namespace lacuna
