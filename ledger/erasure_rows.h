// What the case of an erasure keeps, and what a hold keeps, as sealed rows (FORMAT.md 7.4).
//
// A case has leaves that end before it does: the *passing* leaf seals targets, order and fence, the
// *contact* leaf the handles by which recipients know the person. When both are dead, nothing in the
// case says any more who was erased. What is sealed under its leaf 0 names no person: the file, and what
// became of each person with the recipients to be told.
// Encoders check their bounds as bugs; decoders are strict; decode and encode are inverse.
#pragma once

#include "ledger/proof/certificate.h"
#include "ledger/record/event.h"
#include "ledger/store/store.h"
#include "ledger/subject.h"

namespace lacuna {

// Classes of lots that only cases have. No event stands in them.
inline constexpr std::string_view kPassingClass = "passing";
inline constexpr std::string_view kContactClass = "contact";

// On disk: never renumber.
enum class ErasureState : std::uint8_t {
  waiting = 1,     // for a second officer, or for the end of its cooling-off time
  destroying = 2,  // frozen; the intent is durable
  committed = 3,
  complete = 4,
  refused = 5,  // everything must be kept
  cancelled = 6,
  held = 7,      // a hold blocks everything; lifting it opens a new case
  followed = 8,  // was held; another case carried it out
  closed = 9,
  removed =
      10,  // the envelopes are physically gone; somebody has still to be told, or a hold stands
};
std::string_view nameOf(ErasureState state);

struct CaseFile {  // 'E'
  ErasureId erasure;
  Ground ground = Ground::unstated;
  ErasureState state = ErasureState::waiting;
  bool whole = false;          // asked: the persons, not only some classes of theirs
  bool batch = false;          // lots of many, without a request (retention)
  bool needsApproval = false;  // and has none yet
  bool forgotten = false;      // the passing leaf is dead
  bool contactsForgotten = false;
  bool heldRest = false;    // a hold kept some of what was asked for
  bool list = false;        // of many: the salt is the secret of their list (proof/person_list.h)
  bool withdrawal = false;  // of one event: its lot died, and a successor has the others
  std::uint32_t principal = 0, approver = 0;
  std::uint64_t follows = 0, followedBy = 0;  // case numbers
  Instant receivedAt{}, approvedAt{}, notBefore{}, committedAt{}, completedAt{}, fenceUntil{};
  Seq received, intent, committed, complete;
  TreeVersion version;
  std::uint32_t parts = 0, persons = 0;
  LeafNo passing, contacts;  // 0: none
  PersonSalt salt;           // zeros: none
  std::vector<std::string> classes;
  bool operator==(const CaseFile&) const = default;
};
Bytes encodeCaseFile(const CaseFile& file);
Result<CaseFile> decodeCaseFile(ByteView bytes);

// Why a lot is not erased. On disk: never renumber.
enum class KeptWhy : std::uint8_t {
  none = 0,        // it is erased
  law = 1,         // a legal minimum that has not ended
  hold = 2,        // a hold stands
  withPerson = 3,  // who looked: kept as long as anything else is
};
std::string_view nameOf(KeptWhy why);

struct LotDecision {
  LeafNo leaf;  // not on disk
  std::string klass;
  std::int32_t period = 0;
  std::uint64_t events = 0;
  KeptWhy why = KeptWhy::none;
  std::string code, law;         // eu-gdpr:JustificationA17..., the rule as the register names it
  std::optional<Instant> until;  // of a hold: when it is to be reviewed
  std::uint64_t hold = 0;        // its number
  bool operator==(const LotDecision&) const = default;
};

// Art. 19: what became of telling one recipient. On disk: never renumber.
enum class TaskState : std::uint8_t {
  queued = 1,
  sent = 2,
  acknowledged = 3,
  executed = 4,
  failed = 5,
  impossible = 6,
};
std::string_view nameOf(TaskState state);
std::optional<TaskState> taskStateOf(std::string_view name);
bool settled(TaskState state);

struct Task {
  InstanceRef recipient;  // a party of the register, or the slot of an instance
  TaskState state = TaskState::queued;
  Instant first{}, last{};  // shared
  Instant since{};          // of the state
  std::uint32_t principal = 0;
  std::string note;
  bool operator==(const Task&) const = default;
};

// What became of one person of the case. On disk: never renumber.
enum class PersonResult : std::uint8_t { erased = 1, partly = 2, kept = 3, planned = 4 };
std::string_view nameOf(PersonResult result);
struct PersonOutcome {  // 'W'
  PersonResult result = PersonResult::planned;
  std::vector<LotDecision> lots;
  std::vector<Task> tasks;
  bool operator==(const PersonOutcome&) const = default;
};
Bytes encodeOutcome(const PersonOutcome& outcome);
Result<PersonOutcome> decodeOutcome(ByteView bytes);

struct Contacts {  // 'C': by what names recipients know the person
  std::vector<std::string> aliases;
  bool operator==(const Contacts&) const = default;
};
Bytes encodeContacts(const Contacts& contacts);
Result<Contacts> decodeContacts(ByteView bytes);

struct OrderedPersons {  // 'O': whom a waiting erasure is about
  std::vector<Slot> slots;
  bool operator==(const OrderedPersons&) const = default;
};
Bytes encodeOrdered(const OrderedPersons& persons);
Result<OrderedPersons> decodeOrdered(ByteView bytes);

// A request that waits for a hold to be lifted.
struct Blocked {
  std::uint64_t caseNumber = 0;
  Ground ground = Ground::unstated;
  std::uint32_t principal = 0;
  std::vector<std::string> classes;  // empty: the whole person
  bool operator==(const Blocked&) const = default;
};
struct Hold {  // 'H'
  std::uint64_t number = 0;
  Instant placedAt{};
  Instant review{};  // the end of that day
  std::uint32_t principal = 0;
  std::string ground;                // eu-gdpr:JustificationA17...
  std::vector<std::string> classes;  // empty: every class
  std::vector<Blocked> blocked;
  bool covers(std::string_view klass) const;
  bool operator==(const Hold&) const = default;
};
Bytes encodeHold(const Hold& hold);
Result<Hold> decodeHold(ByteView bytes);

// Keys of Table::persons: numbers only (P4).
Bytes caseFileRowKey(Slot caseSlot);                        // 'E' case
Bytes outcomeRowKey(Slot caseSlot, std::uint32_t person);   // 'W' case person
Bytes contactsRowKey(Slot caseSlot, std::uint32_t person);  // 'C' case person
Bytes orderedRowKey(Slot caseSlot, std::uint32_t part);     // 'O' case part
Bytes requestRowKey(Slot caseSlot, std::uint32_t number);   // 'Q' case number
Bytes holdRowKey(Slot slot, std::uint64_t number);          // 'H' slot number
// Row of Table::meta: the largest tree version that a step of the log says. Older keys are refused.
inline constexpr std::string_view kTreeRow = "tree";
RowChange treeRow(TreeVersion version);

}  // namespace lacuna
