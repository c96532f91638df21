// Decides, in order: alias, event id, register as of this seq; then refuses, or gives slot, lot,
// ordinal and seq (DESIGN 5.2). After that only a fault can stop an event, and a fault seals.
//
// Thread: one, the sequencer's. It reads store and vault; it writes only drafts (and reserves slots).
#pragma once

#include "ledger/caller.h"
#include "ledger/draft.h"
#include "ledger/foresight.h"
#include "ledger/pending_ids.h"
#include "ledger/people.h"
#include "ledger/person/fold.h"
#include "ledger/record/bodies.h"
#include "ledger/register/admission.h"

#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace lacuna {

class Sequencer {
 public:
  Sequencer(Vault& vault, const Store& store, const Clock& clock, Entropy& entropy);

  // Rebuilds what it knows from the log: persons, registers, fences. At start, before any begin().
  // Refuses what People::load() refuses.
  Outcome load(const std::function<void(std::uint64_t done, std::uint64_t total)>& onProgress);

  Draft begin();
  // Rows of changed subjects are encoded; nothing more may be put into the draft.
  void close(Draft& draft);
  // Groups up to this one are durable.
  void committed(std::uint64_t groupNumber);

  // Decides each event and plans its record; `done` hears one result per event once the draft is
  // durable. With Atomic::yes one refusal refuses all, and nothing is planned.
  void append(Draft& draft, const Caller& caller, std::vector<Event> events, Atomic atomic,
              BatchAnswer done);
  // Before a piece of work: whether this draft is one for so many admissions (People::expect()).
  bool expect(const Draft& draft, std::size_t slots) { return people_.expect(draft, slots); }
  // What append() would answer; nothing is planned, and `seq` means nothing.
  std::vector<EventResult> check(const Caller& caller, const std::vector<Event>& events);

  // Records that somebody reads a person, and says whom. An unknown person: the record is one of
  // nobody, and the answer is unknown-person (given by the caller only once the draft is durable).
  // `details` go into the sealed part alone.
  Result<PersonHandle> consult(Draft& draft, const Caller& caller, std::string_view person,
                               ReadOperation operation, std::string_view reason,
                               const std::vector<std::string>& details = {});
  // A scan across persons: one record of nobody, and one for each person named in the answer.
  void consultScan(Draft& draft, const Caller& caller, ReadOperation operation,
                   std::string_view reason, const std::vector<Slot>& named,
                   const std::vector<std::string>& details = {});

  // Kinds of the organisation's own, in slot 0, under a class of their own.
  Seq organisation(Draft& draft, Kind kind, std::string_view klass, Bytes body,
                   std::optional<StoredEvent> stored,
                   std::optional<DocumentHash> document = std::nullopt);
  Seq genesis(Draft& draft, const std::string& origin);
  // A new version of the register, in force for everything decided after it.
  Seq applyRegister(Draft& draft, const Caller& caller, std::shared_ptr<const Register> version);
  Outcome link(Draft& draft, const Caller& caller, std::string_view person, std::string_view alias,
               std::string_view reason);

  // The ledger's own about a person (links, holds): it stands in the class `access`, which keeps nobody.
  Seq personEvent(Draft& draft, Slot slot, Kind kind, StoredEvent stored);

  // A case has its own slot; its events stand under the class `case`.
  Slot openCase(Draft& draft);
  Seq caseEvent(Draft& draft, Slot caseSlot, Kind kind, Bytes body,
                std::optional<StoredEvent> stored);

  // A step of a request: in the class `case` of its person, or of the case that keeps the request of somebody
  // erased. Refuses busy, too-many.
  Result<Seq> requestEvent(Draft& draft, Slot slot, StoredEvent stored);

  // A record of nobody, with a public body.
  Seq nobodysEvent(Draft& draft, Kind kind, Bytes body);

  // unknown-person, erased (fence), busy (frozen), unknown-scheme
  Result<Slot> resolve(std::string_view person) const;
  // Until `fence.until`, events of those aliases and slots whose `at` lies before the erasure are refused.
  void setFence(const Fence& fence);
  void forgetFence(const Fence& fence);  // one that was set
  // While its keys are being destroyed, reads and appends of a person get `busy`.
  void freeze(Slot slot) { frozen_.insert(slot); }
  void thaw(Slot slot) { frozen_.erase(slot); }
  bool frozen(Slot slot) const { return frozen_.count(slot) > 0; }

  People& people() { return people_; }
  const RegisterHistory& registers() const { return registers_; }
  const SystemNumbers& systems() const { return systems_; }
  Instant now();
  TreeSize decided() const { return TreeSize(nextSeq_); }

 private:
  // What examine() found out about one event, before anything is changed.
  struct Examined {
    Admitted admitted;
    struct Named {  // one alias of the event
      std::string text;
      bool unique = true;
      std::optional<AliasPlace>
          place;  // whose it is; of a name: looked up once the person is known
    };
    std::vector<Named> aliases;
    std::optional<Slot> slot;     // known person, or slot 0
    std::vector<Slot> conflicts;  // further known persons
    bool admitsPerson = false;
    std::optional<Foresight::Who> who;  // of an atomic batch: known, or admitted earlier in it
    std::optional<Appended> repeated;
    // The event's id as `idSlot` counts it, and what the log's index has of it.
    std::optional<Slot> idSlot;
    IdEntry id;
    ContentDigest content;
    std::optional<IdHit> recorded;
  };
  // Events are taken this many at a time: their ids are looked up together.
  static constexpr std::size_t kWindowEvents = 64;
  using Window = std::vector<Result<Examined>>;
  // What does not depend on the events before: the register's answer, and ids of persons known already.
  void prepare(const Caller& caller, std::span<const Event> events, Window& window);
  void countId(const Event& event, Slot slot, Examined& found) const;
  void countIdsOf(std::span<const Event> events, std::span<const std::size_t> counted,
                  Window& window) const;
  // The rest, in order: whose it is, room, id, fence.
  Outcome examine(const Event& event, Examined& found, Foresight* foresight);
  EventResult decide(Draft& draft, Event& event, Result<Examined>& found);
  Outcome examinePerson(Examined& found, const Foresight* foresight);
  bool hasRoom(const Examined& found, const Foresight* foresight);
  static bool brings(const Examined& found, const Examined::Named& alias,
                     const Foresight* foresight);
  static void foresee(const Examined& found, Foresight& foresight);
  bool withinIdWindow(Seq seq) const;
  Outcome examineId(const Event& event, Examined& found, Foresight* foresight);
  void lookUp(Examined& found) const;
  Seq plan(Draft& draft, Event&& event, Examined& found);
  std::optional<InstanceRef> instance(Draft& draft, const std::optional<NamedParty>& named);
  Seq push(Draft& draft, Kind kind, SystemNo system, std::optional<People::Place> place, Bytes body,
           const std::optional<StoredEvent>& stored, std::optional<DocumentHash> document);
  void remember(Draft& draft, Seq seq, const Examined& found);
  void consultScanned(Draft& draft, const Caller& caller, ReadOperation operation,
                      std::string_view reason, Slot slot,
                      const std::vector<std::string>& details = {});
  AdmissionContext contextOf(const Caller& caller);
  bool fenced(const Examined& found) const;
  bool partyFenced(const Admitted& admitted) const;
  bool classFenced(Slot slot, std::string_view klass, Instant at) const;
  void loadRegisters();

  Vault& vault_;
  const Store& store_;
  const Clock& clock_;
  Entropy& entropy_;
  People people_;
  RegisterHistory registers_;
  SystemNumbers systems_;

  std::uint64_t nextSeq_ = 0;
  std::uint64_t nextGroup_ = 1;
  Instant lastRecordedAt_{};

  PendingIds pendingIds_;

  struct ActiveFence {
    Instant erasedAt{}, until{};
    bool operator==(const ActiveFence&) const = default;
  };
  AliasTable fencedAliases_;  // alias -> number of a fence
  std::map<std::uint64_t, ActiveFence> fences_;
  std::uint64_t nextFence_ = 0;
  struct PartFence {
    ActiveFence fence;
    bool allBut = false;
    std::vector<std::string> classes;
  };
  std::unordered_map<std::uint64_t, std::vector<PartFence>> partFences_;  // by slot
  std::unordered_set<Slot> frozen_;
};

// How many slots these events take at most: of the persons and instances that they name.
std::size_t slotsAsked(std::span<const Event> events);

// Built-in classes of slot 0.
inline constexpr std::string_view kRegisterClass = "register";
inline constexpr std::string_view kGrantsClass = "grants";
inline constexpr std::string_view kHoldersClass = "keys";

// What is heard of a person who is frozen: busy.
Refusal beingErased();

// The code of a `--reason WORD[:TEXT]`; an unknown word is `other`, none is `unstated`.
ReadReason reasonCode(std::string_view reason);

// Opens what stands in a lot, in order. Thread-safe; an epoch of the vault is held only meanwhile.
std::vector<PersonEvent> readLot(const Vault& vault, const Store& store,
                                 const SystemNumbers& systems, Slot slot, const LotHandle& lot);

// Some of them, with what shows others where they stand. Entries count from 0: those carried, then the lot's own.
// Fewer than `count` at the end; none when the lot died meanwhile.
struct ProvableEvent {
  PersonEvent event;
  bool carried = false;
  Bytes record;
  Bytes envelope;                 // while somebody can open it
  std::optional<Secret> opening;  // `e`: opens this envelope alone
};
std::vector<ProvableEvent> readProvable(const Vault& vault, const Store& store,
                                        const SystemNumbers& systems, Slot slot,
                                        const LotHandle& lot, std::uint64_t first,
                                        std::size_t count);

struct LotOfSlot {
  Slot slot;
  LotHandle lot;
};
// Of many lots the events of one kind, lot by lot and in order: the log is walked once, and the envelopes of
// other kinds stay closed. Thread-safe; one epoch is held to the end, as by readLot().
void readKind(const Vault& vault, const Store& store, const SystemNumbers& systems,
              std::span<const LotOfSlot> lots, Kind kind,
              const std::function<void(std::size_t lot, const PersonEvent& event)>& visit);

}  // namespace lacuna
