// The keys: who can still be read. DESIGN 7; reference for the tree: GGM construction, one erasable root.
//
// keys/ is one key holder; further ones (other disks) have a root of their own and a copy of the pages.
//
// Promise: after erase() returns, no key of a target can be derived from anything that the directory of a
//          present holder ever held on disk, together with what it holds now (P5); of every holder once
//          destroyedEverywhere() says so.
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
#include "ledger/vault/vault_options.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lacuna {

enum class Assurance : std::uint8_t { none = 0, logical = 1, inplace = 2, hardware = 3 };
std::string_view nameOf(Assurance assurance);

struct AssuranceReport {
  Assurance level = Assurance::none;
  std::string why;  // one sentence for people; no paths
};

using ErasureId = Digest<struct ErasureIdTag, 16>;

struct LotPlace {
  Slot slot;
  LeafNo leaf;
};

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

// present: it has destroyed what this vault has. away: not there, or a write to it failed; it catches up when
// it returns. damaged: what it holds is not what it says; it is never served from and never counted.
// closed: lost or retired; named in every later certificate.
enum class HolderState : std::uint8_t { present = 0, away = 1, damaged = 2, closed = 3 };
std::string_view nameOf(HolderState state);

struct HolderStatus {
  std::uint8_t number = 0;
  bool primary = false;  // keys/
  HolderState state = HolderState::present;
  AssuranceReport assurance;  // as last seen
  TreeVersion
      destroyed;      // the roots of every version before this were overwritten, as far as is known
  Instant addedAt{};  // the epoch: since the ledger was made
  Instant since{};    // of the state; the epoch while present
  std::string why;    // one sentence for people when away or damaged; no paths
};

// Leaves of the whole tree, [first, end): slot * kLeavesPerSlot + leaf.
struct LeafRange {
  std::uint64_t first = 0, end = 0;
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
  // returned: call it again), rolled-back (a further holder has more than keys/: keys/ are old).
  // Until the live slot is found nothing is overwritten. Holders found catch up before it returns.
  static Result<std::unique_ptr<Vault>> open(const VaultOptions& options);
  // Makes keys/ anew, under a fresh root and a number of its own, from the newest of options.holders; the
  // lost one is closed. Refuses already-exists, missing-key (none is there). Open afterwards.
  static Outcome rebuild(const VaultOptions& options);
  ~Vault();

  const LedgerId& ledger() const;
  const std::string& origin() const;
  const SigningKey& signingKey() const;
  // Of the weakest open holder; checked at open. recheck() repeats the check, compares every holder with
  // keys/ and takes back those that returned.
  AssuranceReport assurance() const;
  AssuranceReport recheck();
  TreeVersion version() const;

  // The key of a lot; nothing when the lot or its slot is dead. A few hash steps; thread-safe.
  // Needs: slot < slotHighWater(), leaf < kLeavesPerSlot. (Seeds beyond are replaced by healing.)
  std::optional<Secret> lotKey(Slot slot, LeafNo leaf) const;
  // The same for many, which costs about half. Needs: as many keys as lots.
  void lotKeys(std::span<const LotPlace> lots, std::span<std::optional<Secret>> keys) const;
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
    void lotKeys(std::span<const LotPlace> lots, std::span<std::optional<Secret>> keys) const;
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

  // --- key holders (vault_holders.cc); the one writer ---

  // Every holder there ever was, in order of number.
  std::vector<HolderStatus> holders() const;
  // True when every open holder has overwritten the roots of all versions before this one. One that is away or
  // damaged has not, as far as is known (P5).
  bool destroyedEverywhere(TreeVersion version) const;
  // The number that the next holder gets.
  std::uint8_t nextHolder() const;
  // Whether addHolder() and closeHolder() would be refused: asked before the event is recorded.
  Outcome mayAddHolder(const std::filesystem::path& directory) const;
  Outcome mayCloseHolder(std::uint8_t number) const;
  // A further holder, made in a directory that holds nothing. Registered first: a crash leaves one that is
  // away, never one that nobody counts. Refuses already-exists, too-many, invalid-value.
  Outcome addHolder(std::uint8_t number, const std::filesystem::path& directory);
  // Takes back a holder that was away, from a directory that need not be among the options. Refuses what
  // open() refuses of it, and damaged ones (tampered).
  Result<std::uint8_t> returnHolder(const std::filesystem::path& directory);
  // Looks for holders that are away where options.holders say. True when one came back.
  bool takeBackHolders();
  // Lost, or no longer wanted; one that is present destroys its roots first. Refuses not-found, and
  // invalid-value for keys/ itself.
  Outcome closeHolder(std::uint8_t number);
  // What the log says and the keys do not know, after a crash between the two: it is registered as away.
  void expectHolder(std::uint8_t number);

  // Small rows for others, in every holder's keys/ (DESIGN 4: carry rows): synced when it returns.
  void putCarry(ByteView key, ByteView value);
  void removeCarry(ByteView key);
  std::optional<Bytes> carry(ByteView key) const;
  void eachCarry(const std::function<bool(ByteView key, ByteView value)>& visit) const;

  // --- what a lost tail may have used (vault_marks.cc) ---

  // Leaves of a slot below this may be used. markLeaves() raises it, synced before it returns.
  std::uint16_t leafMark(Slot slot) const;
  void markLeaves(Slot slot, std::uint16_t below);
  // Once a generation has begun: leaves of a slot that the lost tail may have used lie below this.
  std::uint16_t leavesOfTailEnd(Slot slot) const;
  // Leaves that nobody may ever use die, in as many transactions as it takes. Not an erasure: what
  // lastErasure() says stays. The tree gets at least `version`.
  void bury(std::span<const LeafRange> ranges, TreeVersion version = TreeVersion(0));
  // Written at a clean stop. takeRestMark() removes it, synced. Of a log of another size it is no mark: that
  // one went on, or is not the one.
  struct RestMark {
    TreeSize size;                      // of the log
    std::vector<std::uint64_t> unused;  // slots that are reserved and were never used, ascending
  };
  void rest(const RestMark& mark);
  std::optional<RestMark> takeRestMark();
  // These keys are behind the log and what the log says died has still to die; nothing is served meanwhile.
  void beginRecovery();
  bool recovering() const;
  void endRecovery();

 private:
  struct Parts;
  explicit Vault(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lacuna
