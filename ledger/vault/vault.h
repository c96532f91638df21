// The keys: who can still be read. DESIGN 7; reference for the tree: GGM construction, one erasable root.
//
// Promise: after erase() returns, no key of a target can be derived from anything that this vault's
//          directory ever held on disk, together with what it holds now (P5, one holder).
// Failure: any failed write or sync throws Fault and seals the vault: every later call throws.
// Thread:  lotKey() and the readers from any thread; everything that writes from the one writer.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/secret.h"
#include "ledger/crypto/signing.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
}

namespace lacuna {

enum class Assurance : std::uint8_t { none = 0, logical = 1, inplace = 2, hardware = 3 };
std::string_view nameOf(Assurance assurance);

struct AssuranceReport {
  Assurance level = Assurance::none;
  std::string why;  // one sentence for people; no paths
};

using ErasureId = Digest<struct ErasureIdTag, 16>;

// What dies: one lot, or with no leaf the whole slot.
struct EraseTarget {
  Slot slot;
  std::optional<LeafNo> leaf;
  auto operator<=>(const EraseTarget&) const = default;
};

struct EraseResult {
  TreeVersion version;    // the tree in which the targets are dead
  Instant destroyedAt{};  // when the old root was overwritten
};

// A signed head as the vault remembers it, so that an older log is recognised (P3).
struct RememberedCheckpoint {
  TreeSize size;
  std::string note;
};

// When the seeds of slots that were never used are replaced by fresh ones, so that a copy of keys/ taken
// before opens nobody admitted after. Rides on an erasure; costs one more path.
enum class Healing : std::uint8_t { off, daily, everyErasure };

struct VaultOptions {
  std::filesystem::path directory;       // keys/
  const Clock* clock = nullptr;          // null: systemClock()
  Entropy* entropy = nullptr;            // null: systemEntropy()
  rocksdb::Env* env = nullptr;           // null: the default one; tests inject faults
  std::size_t seedCacheEntries = 65536;  // inner seeds of blocks of 16 slots (level 4)
  std::size_t nearCacheEntries = 32768;  // inner seeds just above 16 lots (level 1): 1 MiB
  std::chrono::milliseconds readerLeaseMax = kEpochLeaseMax;  // how long erase() waits for readers
  Healing healing =
      Healing::daily;  // daily: the first erasure after a start, then once in 24 hours
  // Tests: called with the name of each durable step just before and just after it: NAME.before and
  // NAME.after of create.files, create.root, create.tree, create.done, open.wipe, recheck.wipe,
  // erase.root, erase.tree, erase.wipe, reserve, checkpoint. What it throws counts as a fault.
  std::function<void(std::string_view step)> onStep;
};

class Vault {
 public:
  // Makes keys/ with a fresh root, tree and signing key. Refuses already-exists. What a create() that
  // never returned left behind protects nothing and is made anew.
  // Needs: a valid origin (proof/checkpoint.h). No slot may be used before reserveSlots().
  static Result<std::unique_ptr<Vault>> create(const VaultOptions& options, const LedgerId& ledger,
                                               const std::string& origin);
  // Opens, runs recovery (the slot that opens the anchor is live, every other is wiped).
  // Refuses missing-key (no root.ks, tree or signing key), foreign-key (another ledger's, or no slot
  // opens the anchor: never repaired), unknown-version, already-running, incomplete (create() never
  // returned: call it again). Until the live slot is found nothing is overwritten.
  static Result<std::unique_ptr<Vault>> open(const VaultOptions& options);
  ~Vault();

  const LedgerId& ledger() const;
  const std::string& origin() const;
  const SigningKey& signingKey() const;
  AssuranceReport assurance() const;  // checked at open; recheck() repeats the check
  AssuranceReport recheck();
  TreeVersion version() const;
  // Whether every key holder has destroyed what died in this version. Thread-safe.
  bool destroyedEverywhere(TreeVersion version) const;

  // The key of a lot; nothing when the lot or its slot is dead. A few hash steps; thread-safe.
  // Needs: slot < slotHighWater(), leaf < kLeavesPerSlot. (Seeds beyond are replaced by healing.)
  std::optional<Secret> lotKey(Slot slot, LeafNo leaf) const;
  // False only when every leaf of the slot is dead.
  bool slotLives(Slot slot) const;

  // Derives many keys in one epoch: the tree it sees cannot change while it lives. Short-lived:
  // erase() waits for it, but after readerLeaseMax ends its epoch, and lotKey() throws Fault.
  // Borrowed: the vault outlives it.
  class Reader {
   public:
    Reader(Reader&&) noexcept;
    ~Reader();
    std::optional<Secret> lotKey(Slot slot, LeafNo leaf) const;
    TreeVersion version() const;

   private:
    friend class Vault;
    explicit Reader(const Vault& vault);
    struct Epoch;
    std::unique_ptr<Epoch> epoch_;
  };
  Reader reader() const;

  // Destroys the targets in one transaction (FORMAT.md 9): new root durable in the spare slot, pages
  // and anchor synced with (erasure, part), swap, readers drained, caches wiped, old slot overwritten.
  // Idempotent on (erasure, part): if the anchor already carries it the transaction is not repeated.
  // Needs: 1..kEraseTargetsMax targets below slotHighWater(). The caller has made the intent durable in the log before.
  EraseResult erase(std::span<const EraseTarget> targets, const ErasureId& erasure,
                    std::uint32_t part);
  // What the anchor carries: the last transaction that took effect.
  struct LastErasure {
    ErasureId erasure;
    std::uint32_t part = 0;
    TreeVersion version;
  };
  std::optional<LastErasure> lastErasure() const;

  // Slots below this may be used. reserveSlots() raises it, synced before it returns.
  std::uint64_t slotHighWater() const;
  void reserveSlots(std::uint64_t newHighWater);

  // The last signed checkpoint: synced before it is shown to anybody (P3). Sizes never decrease.
  void rememberCheckpoint(const RememberedCheckpoint& checkpoint);
  std::optional<RememberedCheckpoint> lastCheckpoint() const;

  // A lost tail ends an origin (P3). Synced: from now on the origin is NAME/gN, nothing is remembered of
  // it, and what was remembered is pinned until pinDone(), so that a crash between cannot forget it.
  // At start, before anything is signed.
  void beginGeneration();
  struct Pinned {
    std::string origin;
    std::string note;
  };
  std::optional<Pinned> pinned() const;
  void pinDone();

 private:
  struct Parts;
  explicit Vault(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lacuna
