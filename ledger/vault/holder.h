// One key holder's directory (FORMAT.md 9): its root store and its rows, opened, copied, made.
//
// keys/ is a holder like the others; what is special about it is that pages are served from it, and that it
// is written first. So whatever another holder has that keys/ has not proves that keys/ are old.
#pragma once

#include "ledger/vault/key_tree.h"
#include "ledger/vault/keys_db.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/vault.h"

#include <set>

namespace lacuna {

inline constexpr std::uint8_t kFirstHolder = 0;  // on disk: never renumber
inline constexpr std::uint32_t kKeysFormat = 1;  // on disk: never renumber
inline constexpr std::string_view kCreatingMark = "CREATING";

Bytes encodeIdentity(const LedgerId& ledger, const std::string& origin);
// 1, or the N of an origin NAME/gN.
std::uint64_t generationOf(const std::string& origin);
// Absolute and without a last slash, so that the parent is the directory that holds the name.
std::filesystem::path wholePathOf(const std::filesystem::path& given);

// What every holder's rows say about one of them: row `H` | number.
struct HolderRow {
  bool closed = false;
  bool primary = false;  // it was keys/
  bool away = false;
  Instant addedAt{}, since{};  // since: closed, or away
  TreeVersion destroyed;       // the roots of every version before this were overwritten
  Assurance assurance = Assurance::none;
};
Bytes encodeHolderRow(const HolderRow& row);
HolderRow decodeHolderRow(ByteView bytes);  // Fault when damaged

Bytes holderRowKey(std::uint8_t holder);
bool ofOneHolder(ByteView key);  // rows that are not copied from one holder to another

struct LiveAnchor {
  unsigned place = 0;  // of the slot in root.ks
  Anchor anchor;
};

struct Holder {
  std::uint8_t number = kFirstHolder;
  std::filesystem::path directory;
  LedgerId ledger;
  std::string origin;
  std::unique_ptr<RootStore> roots;
  std::unique_ptr<KeysDb> db;
  std::uint64_t highWater = 0;
  std::optional<RememberedCheckpoint> checkpoint;
};

// Whether a directory is there and holds anything at all.
bool holdsAnything(const std::filesystem::path& directory);

// Opens both stores; nothing is overwritten. Refuses missing-key, foreign-key, unknown-version,
// already-running, incomplete (its making never came to its end).
Result<std::unique_ptr<Holder>> openHolder(const std::filesystem::path& directory,
                                           rocksdb::Env* env, Entropy& entropy);
// The one slot whose root opens the anchor. Refuses foreign-key when none does: never repaired.
Result<LiveAnchor> findLive(Holder& holder);

// The directory with its first files, and the mark that it is unfinished. What an unfinished making left
// is cleared; a root in it is overwritten first.
void startCreating(const std::filesystem::path& directory, Entropy& entropy);
void finishCreating(const std::filesystem::path& directory);

// A further holder of the tree of `anchor`: root and anchor of its own, all else copied from `from`, with
// the rows `more` on top. `step` is called with "root", "tree" and "done" before and after each.
struct HolderPlan {
  std::uint8_t number = 0;
  std::span<const KeyRow> more;
  std::function<void(std::string_view)> step;
};
void makeHolder(const std::filesystem::path& directory, rocksdb::Env* env, Entropy& entropy,
                const Holder& from, const Anchor& anchor, const HolderPlan& plan);

// Writes rows, synced. Fault, before RocksDB meets a full disk, when there is little room.
void writeAt(Holder& holder, std::span<const KeyRow> rows);

// What has to be written to `to` so that it holds what `from` holds, its own rows aside.
struct HolderDifference {
  std::vector<KeyRow> pages, others;
};
HolderDifference differenceOf(const KeysDb& from, const KeysDb& to);

Result<SigningKey> readSigningKey(const std::filesystem::path& file, const std::string& origin);
void writeSigningKey(const std::filesystem::path& file, const std::string& origin,
                     Entropy& entropy);

}  // namespace lacuna
