// Making keys/ and opening it: who is live is found before anything is overwritten.
#include "ledger/proof/checkpoint.h"
#include "ledger/vault/vault_parts.h"

namespace lacuna {
namespace {

namespace fs = std::filesystem;

// An empty directory, or what a creation left that never came to its end.
bool mayCreateIn(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return true;
  if (!fs::is_directory(directory, error)) return false;
  return fs::is_empty(directory, error) || fs::exists(directory / kCreatingMark, error);
}

std::optional<Vault::Pinned> readPinned(const KeysDb& db) {
  const auto row = db.get(bytesOf(kPinnedRow));
  if (!row) return std::nullopt;
  ByteReader in(*row);
  Vault::Pinned pinned;
  pinned.origin = std::string(textOf(in.bytes16()));
  pinned.note = std::string(textOf(in.rest()));
  if (!in.ok()) throw Fault("the pinned checkpoint is damaged");
  return pinned;
}

}  // namespace

Result<std::unique_ptr<Vault>> Vault::create(const VaultOptions& options, const LedgerId& ledger,
                                             const std::string& origin) {
  LACUNA_ASSERT(originValid(origin), "the origin is checked by the caller");
  const fs::path directory = wholePathOf(options.directory);
  if (!mayCreateIn(directory)) {
    return Refusal{RefusalCode::alreadyExists,
                   "there are keys already; they are never overwritten"};
  }
  {
    Parts parts(options);
    parts.ledger = ledger;
    // Until the mark is gone every crash leaves an unfinished creation, which is made anew.
    parts.durably("create.files", [&] {
      startCreating(directory, parts.entropy);
      writeSigningKey(directory / "signing.key", origin, parts.entropy);
    });
    Anchor anchor{TreeVersion(1), {EntryType::seed, {}}, std::nullopt};
    parts.entropy.fill({anchor.top.key.data(), Secret::kSize});
    Secret root;
    parts.durably("create.root", [&] {
      const auto roots =
          RootStore::create(directory / "root.ks", ledger, kFirstHolder, parts.entropy);
      root = roots->prepare(anchor.version);
    });
    parts.durably("create.tree", [&] {
      makePrivateDirectory(directory / "db");
      auto db = KeysDb::open(directory / "db", options.env, KeysDb::Mode::create);
      if (!db) throw Fault("making the key tree: " + db.refusal().message);
      const std::vector<KeyRow> rows{
          {Bytes{'I'}, encodeIdentity(ledger, origin)},
          {Bytes{'N'}, ByteWriter(8).u64(0).take()},
          {anchorRowKey(kFirstHolder),
           sealAnchor(ledger, kFirstHolder, anchor, root, parts.entropy)}};
      (*db)->write(rows);
      syncDirectory(directory);
    });
    parts.durably("create.done", [&] { finishCreating(directory); });
  }
  return open(options);
}

Result<std::unique_ptr<Vault>> Vault::open(const VaultOptions& options) {
  const fs::path directory = wholePathOf(options.directory);
  auto parts = std::make_unique<Parts>(options);
  auto self = openHolder(directory, options.env, parts->entropy);
  if (!self) return self.refusal();
  parts->self = std::move(*self);
  Holder& keys = *parts->self;
  parts->ledger = keys.ledger;
  parts->origin = keys.origin;
  auto signing = readSigningKey(directory / "signing.key", parts->origin);
  if (!signing) return signing.refusal();
  parts->signing.emplace(std::move(*signing));
  auto live = findLive(keys);
  if (!live) return live.refusal();
  parts->highWater = keys.highWater;
  parts->checkpoint = keys.checkpoint;
  parts->pinned = readPinned(*keys.db);
  parts->loadMarks();
  parts->lastErasure = live->anchor.erasure;
  parts->current = std::make_unique<TreeEpoch>(live->anchor.version, live->anchor.top, *keys.db);
  parts->loadHolders();

  // Further holders are looked at before anything is overwritten: one that has more proves keys/ old.
  keys.roots->setLive(parts->ledger, live->place);
  const std::lock_guard holding(parts->holdersMutex);
  if (Outcome attached = parts->attachAll(true); !attached) return attached.refusal();
  // Recovery in one line: the slot that opens the anchor is live, the other is overwritten, at every
  // start and whatever is in it. A crash in here leaves the same work for the next start.
  parts->primary().assurance = parts->checkFileSystem(*keys.roots, "open.wipe");
  parts->primary().row.destroyed = live->anchor.version;
  parts->destroyedAt = parts->clock.now();
  if (parts->holdersChanged) parts->saveHolders();
  return std::unique_ptr<Vault>(new Vault(std::move(parts)));
}

}  // namespace lacuna
