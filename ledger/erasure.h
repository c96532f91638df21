// Erasures: what is asked for is planned, frozen, destroyed and closed, each step a record (DESIGN 8).
//
// Promise: a step that is durable is never recorded again, whatever a crash cuts short; complete is
//          recorded only when every key holder has destroyed its keys (P5).
// Failure: a Fault on the way leaves the rest to the next start, which goes on where it stopped.
// Thread:  the sequencer's, with no group on its way; due() from any thread.
#pragma once

#include "ledger/holds.h"
#include "ledger/requests.h"
#include "ledger/sequencer.h"

#include <atomic>
#include <map>
#include <span>
#include <unordered_map>

namespace lacuna {

struct EraseOrder {
  std::vector<std::string> persons;  // 1..kErasePersonsMax: scheme:value
  Ground ground = Ground::unstated;
  std::vector<std::string> classes;  // empty: the whole persons, in so far as nothing must be kept
  std::optional<ErasureId> id;       // for safe repetition
};

// What became, or would become, of one person asked for.
struct ErasedPerson {
  PersonOutcome outcome;
  std::optional<Refusal>
      refused;               // nothing was planned: unknown-person, erased, nothing-to-erase ...
  std::uint32_t number = 0;  // among the persons of the case, when nothing was refused
};

// How an erasure stands. Committed: we no longer serve it. Complete: every holder destroyed its keys.
struct Erasure {
  ErasureId id;
  std::uint64_t caseNumber = 0;
  CaseFile file;
  std::vector<std::string> classes;   // asked for; empty: the whole person
  std::vector<ErasedPerson> persons;  // in the order asked for
  std::vector<LotHandle> lots;        // that die, of all persons
  TreeVersion version;
  Instant committedAt{}, completedAt{};
  Seq intent, committed, complete;
  std::optional<Seq> removed, closed;  // told by show() alone
  bool repeated = false;               // this erasure id was asked for before

  bool reachedCommitted() const { return committed != Seq(0); }
  bool reachedComplete() const { return complete != Seq(0); }
};

struct TaskView {
  std::string id;  // case.person.task
  std::uint64_t caseNumber = 0;
  Task task;
  std::string recipient;             // as it is called today
  std::vector<std::string> aliases;  // by what names they know the person; only when taken
};

class Erasures {
 public:
  struct World {  // borrowed; outlives this
    Vault& vault;
    Store& store;
    Sequencer& sequencer;
    Entropy& entropy;
    std::function<void(Draft&)> commitNow;
    bool allowWeak = false;
    std::function<void(std::string_view step)> onStep;  // tests: NAME.before, NAME.after
  };
  explicit Erasures(World world);

  // At start: cases, fences and holds from their rows; then what a crash cut short is finished.
  void load();
  void resume();

  // What would happen. No record (the caller records the reading).
  Result<Erasure> plan(const EraseOrder& order);
  // Done as far as policy allows now. Of one person refusals come as such; of several, person by person.
  Result<Erasure> order(const Caller& caller, const EraseOrder& order);
  // Lots of many persons, without a request: for the ends of retention. The caller leaves out what a
  // law keeps; what a hold keeps is left out here. A slot of which nothing but who looked would remain
  // goes as a whole. No fence, no worklist. Refuses nothing-to-erase.
  Result<Erasure> batch(std::vector<EraseTarget> targets, Ground ground);

  // A lot of which one event is withdrawn dies; `prepare` plans its successor in the group of the intent, and
  // `beforeDeath` runs once that is durable. Whether a hold or weak storage forbids it is asked before.
  Outcome mayReplace(Slot slot, const LotHandle& lot) const;
  Erasure replace(const Caller& caller, Slot slot, const LotHandle& lot, Ground ground,
                  const std::function<void(Draft&)>& prepare,
                  const std::function<void()>& beforeDeath);

  Result<Erasure> approve(const Caller& caller, std::uint64_t caseNumber);
  Result<Erasure> cancel(const Caller& caller, std::uint64_t caseNumber);
  Result<Erasure> resume(std::uint64_t caseNumber);  // does what is due of it
  Result<Erasure> show(std::uint64_t caseNumber) const;
  // What its case says, without persons; nothing: the case has ended.
  std::optional<Erasure> fileOf(const ErasureId& id) const;
  std::vector<CertificateHolder> holdersOf(const Erasure& erasure) const;
  std::vector<Erasure> list() const;  // newest first, without persons; at most kErasuresListedMax

  // The worklist of Art. 19. `caseNumber` 0: of every case.
  std::vector<TaskView> tasks(std::uint64_t caseNumber) const;
  // queued -> sent, with the handles to tell the recipient.
  Result<TaskView> takeTask(const Caller& caller, std::string_view id);
  Result<TaskView> setTask(const Caller& caller, std::string_view id, TaskState state,
                           std::string note);

  Result<Hold> placeHold(const Caller& caller, std::string_view person, const HoldRequest& request);
  // Lifts it and carries out what waited for it.
  struct Lifted {
    Hold hold;
    std::optional<Erasure> carriedOut;
  };
  Result<Lifted> liftHold(const Caller& caller, std::uint64_t number);
  const Holds& holds() const { return holds_; }
  Requests& requests() { return requests_; }
  // Cases of which nothing is to be done any more and that keep no open request, closed so long ago at `by` that the register keeps them
  // no longer; with the end of each. Reads every case.
  void eachEndedCase(Instant by, const std::function<void(Slot, Instant end)>& visit) const;
  // Why a lot may not be erased now; KeptWhy::none when nothing keeps it.
  LotDecision decide(Slot slot, const LotHandle& lot) const;

  // Whether tick() has something to do: a cooling-off time or a fence that ended, a holder that came back.
  bool due(Instant now) const;
  void tick();
  // A sweep of the second tier was carried out: it marked the log below `marked` in the tree of `version`.
  // Records so of the cases that it covers, some thousand at a time; true when there are more of them.
  bool noteRemoved(TreeSize marked, TreeVersion version);

 private:
  struct Case {
    Slot slot;
    std::uint64_t number = 0;
    CaseFile file;
    ByteArray<32> order{};        // digest of what was asked; while it waits or is carried out
    std::uint32_t openTasks = 0;  // recipients who are still to be told
  };
  struct Part {  // one row of targets
    std::uint32_t part = 0;
    std::vector<EraseTarget> targets;
  };
  struct PersonPlan {
    std::size_t asked = 0;  // place in the order
    Slot slot;
    bool goes = false;            // the slot as a whole
    std::vector<LotHandle> lots;  // every one, whatever becomes of it
    PersonOutcome outcome;
    std::vector<EraseTarget> targets;
    std::vector<std::uint64_t> heldBy;
  };
  struct Plan {
    std::vector<ErasedPerson> asked;
    std::vector<PersonPlan> persons;  // that are known, each once
    std::size_t targets = 0;
  };
  enum class Recipients : bool { left, computed };

  // erasure_plan.cc
  Outcome check(const EraseOrder& order) const;
  Plan planOf(const EraseOrder& order);
  PersonPlan planPerson(Slot slot, const std::set<std::string>& classes);
  void addPlan(Plan& plan, Slot slot, const std::set<std::string>& classes);
  void addRecipients(Plan& plan) const;                            // refuses who has too many
  PersonPlan planLots(Slot slot, const std::set<LeafNo>& leaves);  // no leaf: the slot
  Fence fenceOf(Instant now) const;
  void fencePerson(bool whole, const PersonPlan& plan, const std::vector<AliasRow>& aliases,
                   std::vector<Fence>& into) const;

  // erasure.cc
  Case& open(Draft& draft, CaseFile file);
  Erasure carryOut(Draft& draft, Case& one, Plan& plan);
  void writeIntent(Draft& draft, Case& one, Plan& plan);
  void block(Draft& draft, const Case& one, const Plan& plan);
  void proceed(Case& one);
  std::vector<Part> targetsOf(const Case& one) const;
  void forgetTargets(Draft& draft, const std::vector<EraseTarget>& targets,
                     const std::map<Slot, std::vector<AliasRow>>& aliases);
  void commit(Draft& draft, std::string_view step);
  Seq step(Draft& draft, const Case& one, ErasureStep which,
           std::optional<StoredEvent> stored = std::nullopt);
  void recordCommitted(Draft& draft, Case& one);
  void stepDestroyed(Draft& draft, const Case& one);
  std::uint8_t holdersDestroyed(TreeVersion version) const;
  void finishIfEverywhere(Draft& draft, Case& one);
  void closeIfDone(Draft& draft, Case& one);
  StoredEvent said(const Draft& draft, const Case& one, std::uint32_t principal,
                   std::string_view what) const;

  void carryOutDue();
  void completeDue();
  void forgetDue();

  // erasure_case.cc
  void put(Draft& draft, const Case& one);
  Case& attend(Case one);            // into memory, as long as something is to be done
  void close(std::uint64_t number);  // leaves memory when nothing is; else says when it is due
  void plantDue(const Case& one);
  bool passingDue(const Case& one, Instant now) const;
  bool contactsDue(const Case& one) const;
  void forgetRows(Draft& draft, Case& one, Instant now);
  void forgetCase(Draft& draft, Slot caseSlot);
  std::optional<Case> find(std::uint64_t number) const;
  std::optional<Case> read(Slot caseSlot) const;
  void eachStep(Slot caseSlot, const std::function<void(Seq, const ErasureBody&)>& visit) const;
  Result<Case*> waiting(std::uint64_t number);
  std::optional<Erasure> repeated(const EraseOrder& order, bool& same) const;
  ByteArray<32> digestOf(const EraseOrder& order) const;
  Erasure reportOf(const Case& one) const;
  Erasure reportOf(const Case& one, const Plan& plan) const;
  Plan replan(Case& one);
  std::vector<Fence> fencesOf(const Case& one) const;
  std::optional<PersonOutcome> outcomeOf(const Case& one, std::uint32_t person) const;
  std::optional<Bytes> opened(ByteView rowKey, Slot slot, LeafNo leaf) const;

  // erasure_tasks.cc
  struct TaskPlace {
    Case one;
    std::uint32_t person = 0;
    std::size_t task = 0;
    PersonOutcome outcome;
  };
  Result<TaskPlace> findTask(std::string_view id) const;
  TaskView viewOf(const TaskPlace& place) const;
  void setTask(Draft& draft, const Caller& caller, TaskPlace& place, TaskState state);
  Erasure follow(Draft& draft, std::vector<Case>& held, Slot slot);

  struct IdHash {
    std::size_t operator()(const ErasureId& id) const noexcept {
      std::size_t out;
      std::memcpy(&out, id.bytes.data(), sizeof out);
      return out;
    }
  };
  World world_;
  Holds holds_;
  Requests requests_;
  std::unordered_map<ErasureId, Slot, IdHash> ids_;  // of every case that lives
  std::map<std::uint64_t, Case> open_;               // that something is still to be done for
  std::map<std::uint64_t, Slot> unswept_;            // complete, envelopes not yet known to be gone
  TreeSize swept_;                                   // what noteRemoved() has been through
  std::atomic<std::int64_t> dueAt_{INT64_MAX};       // ms
  std::atomic<std::uint64_t> pending_{0};            // lowest tree version not destroyed everywhere
};

}  // namespace lacuna
