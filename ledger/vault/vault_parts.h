// What a vault is made of; seen by vault.cc and vault_open.cc only.
#pragma once

#include "ledger/vault/fs_check.h"
#include "ledger/vault/key_tree.h"
#include "ledger/vault/keys_db.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/seed_cache.h"
#include "ledger/vault/vault.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace lacuna {

inline constexpr std::uint8_t kFirstHolder = 0;  // on disk: never renumber
inline constexpr std::uint32_t kKeysFormat = 1;  // on disk: never renumber
inline constexpr std::string_view kCreatingMark = "CREATING";

Bytes encodeIdentity(const LedgerId& ledger, const std::string& origin);

// Many short readers, one rare writer that is never starved.
class Gate {
 public:
  std::shared_lock<std::shared_mutex> shared() {
    if (waiting_.load(std::memory_order_acquire)) const std::lock_guard queue(turn_);
    return std::shared_lock(mutex_);
  }
  template <typename Act>
  void exclusively(const Act& act) {
    const std::lock_guard queue(turn_);
    waiting_.store(true, std::memory_order_release);
    {
      const std::unique_lock lock(mutex_);
      act();
    }
    waiting_.store(false, std::memory_order_release);
  }

 private:
  std::mutex turn_;
  std::atomic<bool> waiting_{false};
  std::shared_mutex mutex_;
};

// Seals when an act on the keys does not come to its end: what reached the disk is then unknown, and
// only a restart finds out.
class SealUnlessDone {
 public:
  explicit SealUnlessDone(std::atomic<bool>& sealed) : sealed_(sealed) {}
  SealUnlessDone(const SealUnlessDone&) = delete;
  SealUnlessDone& operator=(const SealUnlessDone&) = delete;
  ~SealUnlessDone() {
    if (!done_) sealed_ = true;
  }
  void done() { done_ = true; }

 private:
  std::atomic<bool>& sealed_;
  bool done_ = false;
};

// The tree of one version: its top entry, and its pages as they stood.
struct TreeEpoch {
  TreeEpoch(TreeVersion version, const Entry& top, const KeysDb& db);

  Entry top() const { return {topType, Secret(topKey.view())}; }

  const TreeVersion version;
  const EntryType topType;
  LockedBytes topKey;
  const std::unique_ptr<KeysDb::View> view;
  const PageSource pages;
};

struct Vault::Parts {
  explicit Parts(const VaultOptions& options);

  // --- finding keys; with the gate held ---
  Entry entryOf(const TreeEpoch& epoch, const Node& to) const;
  Entry cachedEntryOf(const TreeEpoch& current, const Node& to) const;  // Needs: level 1 to 4
  std::optional<Secret> lotKey(const TreeEpoch& epoch, Slot slot, LeafNo leaf) const;
  // The epoch of a version, while it is served. Fault when it has ended.
  const TreeEpoch& epochOf(TreeVersion version) const;

  // --- writing ---
  void step(std::string_view name) const;
  void mustNotBeSealed() const;
  // Runs a durable act between its two steps; whatever it throws seals the vault.
  template <typename Act>
  void durably(const std::string& name, const Act& act);
  RekeyPlan planOf(std::span<const EraseTarget> targets, Instant now) const;
  void commit(const Rekeyed& made, const Anchor& anchor, const Secret& root);
  void swapTo(std::unique_ptr<TreeEpoch> next, const RekeyPlan& plan);
  void drain(TreeVersion old);
  void checkFileSystem(const std::string& stepName);

  const VaultOptions options;
  const Clock& clock;
  Entropy& entropy;

  LedgerId ledger;
  std::string origin;
  std::optional<SigningKey> signing;
  std::unique_ptr<RootStore> roots;  // of the one holder
  std::unique_ptr<KeysDb> db;

  mutable SeedCache cache;  // of blocks of 16 slots; entries of the current epoch only
  mutable SeedCache near;  // of nodes just above 16 lots: who is written to now is written to again
  mutable Gate gate;       // guards the two epochs and the cache's belonging to `current`
  std::unique_ptr<TreeEpoch> current;
  std::unique_ptr<TreeEpoch> draining;  // the one before, while readers still use it

  mutable std::mutex readersMutex;
  mutable std::condition_variable readersGone;
  mutable std::map<TreeVersion, std::size_t> readers;

  std::atomic<bool> sealed{false};
  std::atomic<std::uint64_t> highWater{0};
  mutable std::mutex stateMutex;  // guards what follows
  std::optional<RememberedCheckpoint> checkpoint;
  std::optional<Vault::Pinned> pinned;
  std::optional<Anchor::Carried> lastErasure;
  Instant destroyedAt{};
  AssuranceReport assurance;
  std::optional<Instant> healedAt;
};

template <typename Act>
void Vault::Parts::durably(const std::string& name, const Act& act) {
  mustNotBeSealed();
  SealUnlessDone guard(sealed);
  step(name + ".before");
  act();
  step(name + ".after");
  guard.done();
}

}  // namespace lacuna
