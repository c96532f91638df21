// The façade: everything that daemon/ may call. One data directory, opened once.
//
// A group passes three hands, each one thread, in the order of groups: the sequencer decides
// (sequencer()), the sealer seals (seal()), the writer links and makes it durable (commit()).
// Failure: the first Fault of any of them ends writing; whoever drives them must stop (P8).
#pragma once

#include "ledger/erasure.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/sequencer.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace lacuna {

struct LedgerOptions {
  std::filesystem::path data;  // holds log/ and keys/
  // Where further key holders are. One that is empty is made a new holder, unless a known one is away.
  std::vector<std::filesystem::path> keyHolders;
  std::string origin;              // at creation; else checked when given
  const Clock* clock = nullptr;    // null: the system's
  Entropy* entropy = nullptr;      // null: the system's
  rocksdb::Env* logEnv = nullptr;  // tests inject faults
  rocksdb::Env* keysEnv = nullptr;
  std::size_t runEvents = 0;  // 0: the default; tests make it small
  std::uint64_t diskReserve = kDiskReserveBytes;
  // The log is older than what was signed and its tail is lost: open a new generation of the origin
  // instead of refusing (P3).
  bool acceptLostTail = false;
  bool rebuildKeys = false;  // keys/ are gone: make them anew from the newest key holder
  // The keys are behind the log and no better ones are left: what the log says died is destroyed before
  // anything is served, and what cannot be read any more is recorded.
  bool recoverKeys = false;
  std::vector<std::string> checkpoints;  // notes kept elsewhere: neither log nor keys may be older
  bool allowWeakErasure = false;         // erase although keys/ cannot be overwritten in place
  std::function<void(std::string_view step)> onVaultStep;    // tests
  std::function<void(std::string_view step)> onErasureStep;  // tests: the groups of an erasure
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;
};

class Ledger {
 public:
  // Opens, or creates where there is nothing. Finishes what a crash interrupted. Refusals say what to do:
  // missing-key, foreign-key, rolled-back, unknown-version, already-running, tampered, invalid-value.
  static Result<std::unique_ptr<Ledger>> open(const LedgerOptions& options);
  ~Ledger();

  Sequencer& sequencer() { return *sequencer_; }
  void seal(Draft& draft);
  void commit(Draft& draft);

  // Signs what is durable, remembers it in log/ and keys/, synced, and only then shows it (P3). Nothing
  // happens while the size is what was last signed. Writer thread.
  void signCheckpoint();
  std::string shownCheckpoint() const;
  TreeSize shownSize() const { return TreeSize(shownSize_.load()); }
  // The checkpoint for others: the last one that witnesses have cosigned, once there is one; else the last shown.
  std::string publishedCheckpoint() const;
  // A shown checkpoint with the cosignatures it was given. Remembered by the next signCheckpoint(), and
  // published then. Any thread.
  void offerCosigned(TreeSize size, std::string note);
  // The last one remembered, also by an earlier run; nothing: none. Publishing it again is the caller's choice.
  std::optional<std::string> lastCosigned() const;
  void publishCosigned(TreeSize size, std::string note);  // Needs: it is remembered
  VerifierKey verifierKey() const;
  const std::string& origin() const { return origin_; }

  // Any thread. Public things, below the shown size only (not-published).
  Result<std::string> receipt(Seq seq) const;
  Result<std::vector<Bytes>> records(Seq first, std::uint32_t count) const;
  Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const;
  Result<Bytes> document(const DocumentHash& hash) const;
  std::vector<std::string> checkpoints(TreeSize from, std::uint32_t count) const;

  // Any thread. What consult() allowed; opened from the log.
  std::vector<PersonEvent> read(const PersonHandle& person, const SystemNumbers& systems) const;
  PersonFacts facts(const PersonHandle& person, const RegisterHistory& registers) const;
  // Whether every lot of the handle still lives. If not, what was read with it may lack what an erasure took,
  // and what a withdrawal moved to another lot. Asked after reading.
  bool stands(const PersonHandle& person) const;
  // A recipient as it is called today: a party, or an instance by its name.
  std::string nameOfRecipient(const InstanceRef& recipient) const;
  // Subjects one of whose aliases contains `text`, ignoring ASCII case. Opens every alias row.
  struct Found {
    Slot slot;
    std::vector<std::string> aliases;
  };
  std::vector<Found> findPersons(std::string_view text, std::size_t max) const;

  // Sequencer thread, with no group on its way (ledger/erasure.h).
  Erasures& erasures() { return *erasures_; }
  // The plan of one, a reading of each person named (P9); and one person's erasure.
  Result<Erasure> planErasure(const Caller& caller, const EraseOrder& order);
  Result<Erasure> planErasure(const Caller& caller, std::string_view person,
                              const std::vector<std::string>& classes);
  Result<Erasure> erase(const Caller& caller, std::string_view person, Ground ground,
                        const std::vector<std::string>& classes, std::optional<ErasureId> id);
  // One JSON file that anybody can check offline (proof/certificate.h). Refuses not-found, incomplete.
  Result<std::string> certificate(std::uint64_t caseNumber);

  // Closes, seals and commits. Sequencer thread, with no group on its way.
  void commitNow(Draft& draft);

  // Key holders; sequencer thread, with no group on its way. Each change is a recorded event first.
  // With `replaces` that holder is closed: lost, or retired.
  Result<std::uint8_t> addHolder(const Caller& caller, const std::filesystem::path& directory,
                                 std::optional<std::uint8_t> replaces);
  Outcome closeHolder(const Caller& caller, std::uint8_t number);

  // A clean stop: no slot has to be given up at the next start. Nothing may be decided after it.
  void rest();

  // Any thread. Throws Fault once a change of the disk under log or keys has failed, whoever met it:
  // nothing may be told as done (P8).
  void requireUnsealed() const;
  // New work is refused when this is not ok (no-space).
  Outcome diskOk() const;
  TreeSize size() const;
  // When a record was recorded; of a seq beyond the log, when its last one was.
  Instant recordedAt(Seq seq) const;
  AssuranceReport assurance() const;
  AssuranceReport recheckAssurance();
  Vault& vault() { return *vault_; }
  const Vault& vault() const { return *vault_; }
  Store& store() { return *store_; }
  const Store& store() const { return *store_; }

 private:
  explicit Ledger(const LedgerOptions& options);
  Outcome begin();  // open or create
  Outcome create();
  // ledger_open.cc
  VaultOptions vaultOptions();
  Outcome openParts(bool hasLog);
  Outcome missingKeys(bool hasLog) const;
  Outcome checkAgainstKeys();
  Outcome checkKeptElsewhere(TreeSize known);
  Outcome checkNewerNotes(TreeSize known);
  Outcome checkGeneration();
  bool begunAnew() const;
  Outcome endGeneration();
  Outcome load();
  std::uint64_t treeVersionOfLog() const;
  void settleSlots();
  void leaveTail(const Vault::Pinned& old);
  bool restoreRecorded(const Vault::Pinned& old);
  // ledger_holders.cc
  void settleHolders();
  void recordHolder(AccessAction action, std::uint8_t number, std::uint32_t principal,
                    std::vector<std::string> details = {});
  void recoverKeys();
  std::string instanceName(const InstanceRef& ref,
                           std::map<std::uint64_t, std::string>& names) const;

  void rememberCosigned();

  LedgerOptions options_;
  const Clock& clock_;
  Entropy& entropy_;
  std::atomic<bool> keysSealed_{false};
  std::unique_ptr<rocksdb::Env> keysEnv_;  // seals; outlives the vault
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<Erasures> erasures_;
  std::string origin_;
  LeafHash lastLeaf_;
  bool tailLost_ = false;                                // the log is shorter than what was signed
  std::optional<std::vector<std::string>> unrecovered_;  // by recoverKeys(), still to be recorded

  mutable std::mutex shownMutex_;
  std::string shown_;
  std::atomic<std::uint64_t> shownSize_{0};
  struct Cosigned {
    TreeSize size;
    std::string note;
  };
  std::optional<Cosigned> offered_, cosigned_;
};

}  // namespace lacuna
