// Making keys/ and opening it: who is live is found before anything is overwritten.
#include "ledger/proof/checkpoint.h"
#include "ledger/vault/vault_parts.h"

#include <unistd.h>

namespace lacuna {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Keys of a ledger. A copy of this directory undoes every erasure after it: never back it "
    "up.\n";

struct Identity {
  LedgerId ledger;
  std::string origin;
};

Result<Identity> decodeIdentity(ByteView row) {
  ByteReader in(row);
  if (in.u32() != kKeysFormat) {
    return Refusal{RefusalCode::unknownVersion,
                   "keys/ has a format that this program does not know"};
  }
  Identity identity;
  identity.ledger = in.digest<LedgerId>();
  identity.origin = std::string(textOf(in.bytes16()));
  if (!in.done()) throw Fault("the identity of keys/ is damaged");
  return identity;
}

Refusal foreign(const std::string& why) { return {RefusalCode::foreignKey, why}; }

void wipeText(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

Result<SigningKey> readSigningKey(const fs::path& file, const std::string& origin) {
  auto content = readSmallFile(file, kSigningKeyFileBytesMax);
  if (!content) return Refusal{RefusalCode::missingKey, "signing.key is not there"};
  const WipedBytes text(std::move(*content));
  std::string_view line = textOf(text.view());
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  auto named = signingKeyOfText(line);
  if (!named) return foreign("signing.key is not a signing key");
  // The key keeps the name under which it was made; later generations of the origin are NAME/gN.
  if (origin != named->name && origin.rfind(named->name + "/g", 0) != 0) {
    return foreign("signing.key belongs to another origin");
  }
  return std::move(named->key);
}

void writeSigningKey(const fs::path& file, const std::string& origin, Entropy& entropy) {
  Secret seed;
  entropy.fill({seed.data(), Secret::kSize});
  const SigningKey key(std::move(seed));
  std::string text = privateKeyText(origin, key);
  if (text.empty() || text.back() != '\n') {
    text.reserve(text.size() + 1);
    text.push_back('\n');
  }
  writeNewFile(file, bytesOf(text));
  wipeText(text);
}

// Absolute and without a last slash, so that the parent is the directory that holds the name.
fs::path wholePathOf(const fs::path& given) {
  fs::path path = fs::absolute(given).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// An empty directory, or what a creation left that never came to its end.
bool mayCreateIn(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return true;
  if (!fs::is_directory(directory, error)) return false;
  return fs::is_empty(directory, error) || fs::exists(directory / kCreatingMark, error);
}

void startCreating(const fs::path& directory) {
  makePrivateDirectory(directory);
  std::error_code error;
  const bool unfinished = fs::exists(directory / kCreatingMark, error);
  if (unfinished) {
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().filename() != kCreatingMark) fs::remove_all(entry.path(), error);
    }
    if (error) throw Fault("clearing an unfinished creation: " + error.message());
  } else {
    writeNewFile(directory / kCreatingMark, {});
    syncDirectory(directory.parent_path());
  }
  writeNewFile(directory / "CACHEDIR.TAG", bytesOf(kCacheTag));
  writeNewFile(directory / ".nobackup", {});
}

// The one slot whose root opens the anchor, and the anchor.
struct Live {
  unsigned place = 0;
  Anchor anchor;
};

Result<Live> findLive(const std::array<std::optional<RootSlot>, 2>& slots, const LedgerId& ledger,
                      std::uint8_t holder, ByteView anchorRow) {
  std::optional<Live> live;
  for (unsigned place = 0; place < 2; ++place) {
    const auto& slot = slots[place];
    if (!slot) continue;
    if (slot->ledger != ledger || slot->holder != holder) {
      return foreign("root.ks belongs to another ledger or key holder");
    }
    const Secret root = rootOf(slot->factor, ledger, holder, slot->version);
    std::optional<Anchor> anchor = openAnchor(ledger, holder, root, anchorRow);
    if (!anchor) continue;
    if (anchor->version != slot->version) throw Fault("a root opens the anchor of another version");
    if (live) throw Fault("two roots open the anchor, which cannot be");
    live = Live{place, std::move(*anchor)};
  }
  if (!live) {
    return foreign(
        "no root in root.ks opens the key tree: it is another ledger's, or keys/ is older than it "
        "was");
  }
  return std::move(*live);
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

std::optional<RememberedCheckpoint> readCheckpoint(const KeysDb& db) {
  const auto row = db.get(bytesOf(kCheckpointRow));
  if (!row) return std::nullopt;
  ByteReader in(*row);
  RememberedCheckpoint checkpoint{TreeSize(in.u64()), std::string(textOf(in.rest()))};
  if (!in.ok()) throw Fault("the remembered checkpoint is damaged");
  return checkpoint;
}

std::uint64_t readHighWater(const KeysDb& db) {
  const auto row = db.get(bytesOf(kHighWaterRow));
  const auto value = row ? number64(*row) : std::nullopt;
  if (!value || *value > kSlotsMax) throw Fault("the mark of used slots is damaged");
  return *value;
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
      startCreating(directory);
      writeSigningKey(directory / "signing.key", origin, parts.entropy);
    });
    Anchor anchor{TreeVersion(1), {EntryType::seed, {}}, std::nullopt};
    parts.entropy.fill({anchor.top.key.data(), Secret::kSize});
    Secret root;
    parts.durably("create.root", [&] {
      parts.roots = RootStore::create(directory / "root.ks", ledger, kFirstHolder, parts.entropy);
      root = parts.roots->prepare(anchor.version);
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
    parts.durably("create.done", [&] {
      if (::unlink((directory / kCreatingMark).c_str()) != 0) throwErrno("finishing the keys");
      syncDirectory(directory);
    });
  }
  return open(options);
}

Result<std::unique_ptr<Vault>> Vault::open(const VaultOptions& options) {
  const fs::path directory = wholePathOf(options.directory);
  std::error_code error;
  if (fs::exists(directory / kCreatingMark, error)) {
    return Refusal{RefusalCode::incomplete, "the keys were never made to the end"};
  }
  auto parts = std::make_unique<Parts>(options);
  auto roots = RootStore::open(directory / "root.ks", kFirstHolder, parts->entropy);
  if (!roots) return roots.refusal();
  parts->roots = std::move(*roots);
  auto db = KeysDb::open(directory / "db", options.env, KeysDb::Mode::open);
  if (!db) return db.refusal();
  parts->db = std::move(*db);

  const auto identityRow = parts->db->get(bytesOf(kIdentityRow));
  if (!identityRow) throw Fault("keys/ does not say whose they are");
  auto identity = decodeIdentity(*identityRow);
  if (!identity) return identity.refusal();
  parts->ledger = identity->ledger;
  parts->origin = identity->origin;
  auto signing = readSigningKey(directory / "signing.key", parts->origin);
  if (!signing) return signing.refusal();
  parts->signing.emplace(std::move(*signing));

  const auto anchorRow = parts->db->get(anchorRowKey(kFirstHolder));
  if (!anchorRow) return foreign("the key tree has no anchor of this key holder");
  if (anchorRow->empty() || anchorRow->front() != 1) {
    return Refusal{RefusalCode::unknownVersion, "the key tree has a format not known here"};
  }
  auto live = findLive(parts->roots->load(), parts->ledger, kFirstHolder, *anchorRow);
  if (!live) return live.refusal();
  parts->highWater = readHighWater(*parts->db);
  parts->checkpoint = readCheckpoint(*parts->db);
  parts->pinned = readPinned(*parts->db);
  parts->lastErasure = live->anchor.erasure;
  parts->current = std::make_unique<TreeEpoch>(live->anchor.version, live->anchor.top, *parts->db);

  // Recovery in one line: the slot that opens the anchor is live, the other is overwritten, at every
  // start and whatever is in it. A crash in here leaves the same work for the next start.
  parts->roots->setLive(parts->ledger, live->place);
  parts->checkFileSystem("open.wipe");
  parts->destroyedAt = parts->clock.now();
  return std::unique_ptr<Vault>(new Vault(std::move(parts)));
}

}  // namespace lacuna
