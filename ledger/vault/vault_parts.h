// What a vault is made of; seen by vault*.cc only.
#pragma once

#include "ledger/vault/fs_check.h"
#include "ledger/vault/holder.h"
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

// A holder as this vault knows it.
struct KnownHolder {
  HolderRow row;
  std::unique_ptr<Holder> open;  // nothing: closed, away or damaged; or keys/ itself
  AssuranceReport assurance;
  bool damaged = false;
  std::string why;
  Secret prepared;  // within a transaction: its new root
};

struct Vault::Parts {
  explicit Parts(const VaultOptions& options);

  // --- finding keys; with the gate held ---
  Entry entryOf(const TreeEpoch& epoch, const Node& to) const;
  Entry cachedEntryOf(const TreeEpoch& current, const Node& to) const;  // Needs: level 1 to 4
  void mustBeReserved(Slot slot, LeafNo leaf) const;
  std::optional<Secret> lotKey(const TreeEpoch& epoch, Slot slot, LeafNo leaf) const;
  void lotKeys(const TreeEpoch& epoch, std::span<const LotPlace> lots,
               std::span<std::optional<Secret>> keys) const;
  // The epoch of a version, while it is served. Fault when it has ended.
  const TreeEpoch& epochOf(TreeVersion version) const;

  // --- writing ---
  void step(std::string_view name) const;
  void mustNotBeSealed() const;
  // Runs a durable act between its two steps; whatever it throws seals the vault.
  template <typename Act>
  void durably(const std::string& name, const Act& act);
  RekeyPlan planOf(std::span<const EraseTarget> targets, Instant now) const;
  // One transaction of the tree, at all present holders (FORMAT 9). Returns the new version.
  TreeVersion transact(const RekeyPlan& plan, std::optional<Anchor::Carried> carried,
                       TreeVersion next);
  void swapTo(std::unique_ptr<TreeEpoch> next);
  void drain(TreeVersion old);
  AssuranceReport checkFileSystem(RootStore& roots, const std::string& stepName);
  // Rows that all holders have: keys/ first, then the others.
  void write(const std::string& step, std::span<const KeyRow> rows);

  // --- holders; holdersMutex held ---
  bool alone() const { return known.size() == 1; }
  KnownHolder& primary() { return known.at(self->number); }
  // Runs an act on a further holder: what it throws is that holder's failure.
  template <typename Act>
  void attempt(std::uint8_t number, const std::string& step, const Act& act);
  void lose(std::uint8_t number, const std::string& why);
  void doubt(std::uint8_t number, const std::string& why);
  std::vector<KeyRow> holderRows() const;
  void saveHolders();
  void loadHolders();
  // Holds a holder against this tree, and catches it up. Refuses rolled-back when keys/ are the older.
  Result<std::uint8_t> attach(std::unique_ptr<Holder> holder);
  void catchUp(Holder& holder, HolderDifference difference, bool newTree);
  Outcome attachAll(bool starting);
  std::optional<std::string> faultOf(Holder& holder) const;
  void loadMarks();

  const VaultOptions options;
  const Clock& clock;
  Entropy& entropy;

  LedgerId ledger;
  std::string origin;
  std::optional<SigningKey> signing;
  std::unique_ptr<Holder> self;  // keys/

  // Checkpoints come from the writer thread, marks from the sequencer's: whatever touches further holders
  // holds this.
  mutable std::mutex holdersMutex;
  std::map<std::uint8_t, KnownHolder> known;  // keys/ among them
  bool holdersChanged = false;                // rows to be saved

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
  std::optional<Instant> healedAt;
  std::uint16_t leafFloor = kRestoreLeafStep;  // leaves below may be used in every slot
  std::map<Slot, std::uint16_t> leafMarks;     // and in these below this
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

// The one place below main where faults of another are not our own: a further holder is there for
// availability, and its disk must not stop the ledger. It is away from then on, and says so.
template <typename Act>
void Vault::Parts::attempt(std::uint8_t number, const std::string& name, const Act& act) {
  const std::string whole = "holder" + std::to_string(number) + "." + name;
  try {
    step(whole + ".before");
    act();
    step(whole + ".after");
  } catch (const std::exception&) {
    lose(number, "a write to it failed");
  }
}

}  // namespace lacuna
