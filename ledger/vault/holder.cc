#include "ledger/vault/holder.h"

#include "ledger/proof/checkpoint.h"
#include "ledger/vault/files.h"

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace lacuna {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Keys of a ledger. A copy of this directory undoes every erasure after it: never back it "
    "up.\n";
constexpr std::uint8_t kHolderRowVersion = 1;  // on disk: never renumber
constexpr std::size_t kCopiedRowsMax = 4096;   // in one batch of a holder in the making
// RocksDB aborts on a full disk, and a further holder's must not stop the ledger.
constexpr std::uintmax_t kHolderReserveBytes = 16 * 1024 * 1024;

Refusal foreign(const std::string& why) { return {RefusalCode::foreignKey, why}; }

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

std::uint8_t readNumber(const KeysDb& db) {
  const auto row = db.get(bytesOf(kWhoseRow));
  if (!row) return kFirstHolder;  // keys made before there were further holders
  if (row->size() != 1) throw Fault("keys/ do not say which holder's they are");
  return row->front();
}

void wipeText(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

// A root of a holder that never came to be may open what it was made for: it goes like any other.
void overwriteRoots(const fs::path& file, Entropy& entropy) {
  auto opened = RootStore::open(file, kFirstHolder, entropy);
  if (!opened) {
    if (opened.refusal().code == RefusalCode::alreadyRunning) {
      throw Fault("clearing an unfinished key holder: another process uses it");
    }
    return;  // none, or none that was written to the end
  }
  (*opened)->destroyAll();
}

}  // namespace

Bytes encodeIdentity(const LedgerId& ledger, const std::string& origin) {
  ByteWriter out;
  out.u32(kKeysFormat).raw(ledger.view()).bytes16(bytesOf(origin));
  return out.take();
}

std::uint64_t generationOf(const std::string& origin) {
  const std::size_t mark = origin.rfind("/g");
  if (mark == std::string::npos) return 1;
  std::uint64_t number = 0;
  const char* const end = origin.data() + origin.size();
  const auto [stop, error] = std::from_chars(origin.data() + mark + 2, end, number);
  return error == std::errc() && stop == end ? number : 1;
}

fs::path wholePathOf(const fs::path& given) {
  fs::path path = fs::absolute(given).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool holdsAnything(const fs::path& directory) {
  std::error_code error;
  return fs::is_directory(directory, error) && !fs::is_empty(directory, error);
}

// --- rows ---

Bytes encodeHolderRow(const HolderRow& row) {
  ByteWriter out;
  out.u8(kHolderRowVersion).u8(row.closed ? 2 : 1).u8(row.primary ? 1 : 2).u8(row.away ? 1 : 0);
  out.u64(millisOf(row.addedAt)).u64(millisOf(row.since)).u64(row.destroyed.raw());
  return out.u8(static_cast<std::uint8_t>(row.assurance)).take();
}

HolderRow decodeHolderRow(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  const std::uint8_t state = in.u8();
  const std::uint8_t role = in.u8();
  const std::uint8_t away = in.u8();
  HolderRow row;
  row.closed = state == 2;
  row.primary = role == 1;
  row.away = away == 1;
  row.addedAt = instantOf(in.u64());
  row.since = instantOf(in.u64());
  row.destroyed = TreeVersion(in.u64());
  const std::uint8_t assurance = in.u8();
  row.assurance = static_cast<Assurance>(assurance);
  const bool known = version == kHolderRowVersion && state >= 1 && state <= 2 && role >= 1 &&
                     role <= 2 && away <= 1 && assurance <= 3;
  if (!in.done() || !known) throw Fault("what keys/ say about their holders is damaged");
  return row;
}

Bytes holderRowKey(std::uint8_t holder) { return ByteWriter(2).u8('H').u8(holder).take(); }

bool ofOneHolder(ByteView key) {
  return !key.empty() && (key.front() == 'A' || key.front() == kWhoseRow.front());
}

// --- opening ---

Result<std::unique_ptr<Holder>> openHolder(const fs::path& given, rocksdb::Env* env,
                                           Entropy& entropy) {
  const fs::path directory = wholePathOf(given);
  std::error_code error;
  if (fs::exists(directory / kCreatingMark, error)) {
    return Refusal{RefusalCode::incomplete, "the keys were never made to the end"};
  }
  auto roots = RootStore::open(directory / "root.ks", kFirstHolder, entropy);
  if (!roots) return roots.refusal();
  auto db = KeysDb::open(directory / "db", env, KeysDb::Mode::open);
  if (!db) return db.refusal();
  auto holder = std::make_unique<Holder>();
  holder->directory = directory;
  holder->roots = std::move(*roots);
  holder->db = std::move(*db);
  const auto identityRow = holder->db->get(bytesOf(kIdentityRow));
  if (!identityRow) throw Fault("keys/ does not say whose they are");
  auto identity = decodeIdentity(*identityRow);
  if (!identity) return identity.refusal();
  holder->ledger = identity->ledger;
  holder->origin = identity->origin;
  holder->number = readNumber(*holder->db);
  holder->roots->belongTo(holder->number);
  holder->highWater = readHighWater(*holder->db);
  holder->checkpoint = readCheckpoint(*holder->db);
  return holder;
}

Result<LiveAnchor> findLive(Holder& holder) {
  const auto anchorRow = holder.db->get(anchorRowKey(holder.number));
  if (!anchorRow) return foreign("the key tree has no anchor of this key holder");
  if (anchorRow->empty() || anchorRow->front() != 1) {
    return Refusal{RefusalCode::unknownVersion, "the key tree has a format not known here"};
  }
  const auto slots = holder.roots->load();
  std::optional<LiveAnchor> live;
  for (unsigned place = 0; place < 2; ++place) {
    const auto& slot = slots[place];
    if (!slot) continue;
    if (slot->ledger != holder.ledger || slot->holder != holder.number) {
      return foreign("root.ks belongs to another ledger or key holder");
    }
    const Secret root = rootOf(slot->factor, holder.ledger, holder.number, slot->version);
    std::optional<Anchor> anchor = openAnchor(holder.ledger, holder.number, root, *anchorRow);
    if (!anchor) continue;
    if (anchor->version != slot->version) throw Fault("a root opens the anchor of another version");
    if (live) throw Fault("two roots open the anchor, which cannot be");
    live = LiveAnchor{place, std::move(*anchor)};
  }
  if (!live) {
    return foreign(
        "no root in root.ks opens the key tree: it is another ledger's, or keys/ is older than it "
        "was; put the newest keys/ back, or start once with --rebuild-keys where a further key "
        "holder is there");
  }
  return std::move(*live);
}

// --- making ---

void startCreating(const fs::path& directory, Entropy& entropy) {
  makePrivateDirectory(directory);
  std::error_code error;
  const bool unfinished = fs::exists(directory / kCreatingMark, error);
  if (unfinished) {
    overwriteRoots(directory / "root.ks", entropy);
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

void finishCreating(const fs::path& directory) {
  if (::unlink((directory / kCreatingMark).c_str()) != 0) throwErrno("finishing the keys");
  syncDirectory(directory);
}

void makeHolder(const fs::path& given, rocksdb::Env* env, Entropy& entropy, const Holder& from,
                const Anchor& anchor, const HolderPlan& plan) {
  const fs::path directory = wholePathOf(given);
  const auto step = [&](std::string_view name) {
    if (plan.step) plan.step(name);
  };
  // Until the mark is gone every crash leaves an unfinished holder, which is made anew.
  step("root.before");
  startCreating(directory, entropy);
  auto signing = readSmallFile(from.directory / "signing.key", kSigningKeyFileBytesMax);
  if (!signing) throw Fault("the signing key is not there to be copied");
  const WipedBytes text(std::move(*signing));
  writeNewFile(directory / "signing.key", text.view());
  const auto roots = RootStore::create(directory / "root.ks", from.ledger, plan.number, entropy);
  const Secret root = roots->prepare(anchor.version);
  step("root.after");
  step("tree.before");
  makePrivateDirectory(directory / "db");
  auto db = KeysDb::open(directory / "db", env, KeysDb::Mode::create);
  if (!db) throw Fault("making a key holder: " + db.refusal().message);
  std::vector<KeyRow> rows;
  from.db->scan({}, [&](ByteView key, ByteView value) {
    if (ofOneHolder(key)) return true;
    rows.push_back({Bytes(key.begin(), key.end()), Bytes(value.begin(), value.end())});
    if (rows.size() >= kCopiedRowsMax) {
      (*db)->write(rows);
      rows.clear();
    }
    return true;
  });
  for (const KeyRow& row : plan.more) rows.push_back(row);
  rows.push_back({Bytes(kWhoseRow.begin(), kWhoseRow.end()), Bytes{plan.number}});
  rows.push_back(
      {anchorRowKey(plan.number), sealAnchor(from.ledger, plan.number, anchor, root, entropy)});
  (*db)->write(rows);
  syncDirectory(directory);
  step("tree.after");
  step("done.before");
  finishCreating(directory);
  step("done.after");
}

void writeAt(Holder& holder, std::span<const KeyRow> rows) {
  std::error_code error;
  const fs::space_info space = fs::space(holder.directory, error);
  if (!error && space.available < kHolderReserveBytes) throw Fault("writing keys: no space left");
  holder.db->write(rows);
}

HolderDifference differenceOf(const KeysDb& from, const KeysDb& to) {
  HolderDifference out;
  const auto listOf = [&](ByteView key) -> std::vector<KeyRow>& {
    return key.front() == 'K' ? out.pages : out.others;
  };
  from.scan({}, [&](ByteView key, ByteView value) {
    if (ofOneHolder(key)) return true;
    const auto there = to.get(key);
    if (there && sameBytes(*there, value)) return true;
    listOf(key).push_back({Bytes(key.begin(), key.end()), Bytes(value.begin(), value.end())});
    return true;
  });
  to.scan({}, [&](ByteView key, ByteView) {
    if (!ofOneHolder(key) && !from.get(key)) {
      listOf(key).push_back({Bytes(key.begin(), key.end()), std::nullopt});
    }
    return true;
  });
  return out;
}

// --- the signing key ---

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

}  // namespace lacuna
