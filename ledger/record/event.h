// What an application reports (DESIGN 9), and the form in which it is sealed.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/record/record.h"

#include <optional>
#include <string>
#include <vector>

namespace lacuna {

// Closed lists; `none` (0) means the field was not given. On disk: never renumber.
// Wire and JSON names are kebab-case.
enum class Operation : std::uint8_t {
  none,
  collect,
  observe,
  use,
  derive,
  decide,
  anonymise,
  store,
  erase
};
// `erase` is spelled "delete" outside; the word is taken in C++.
enum class SharingHow : std::uint8_t {
  none,
  sent,
  fetched,
  collectedByRecipient,
  published,
  compelled
};
enum class ConsentState : std::uint8_t { none, given, refused, withdrawn, expired, invalidated };
enum class ConsentForm : std::uint8_t {
  none,
  isExplicit,
  implied,
  bundled
};  // explicit implied bundled
enum class Right : std::uint8_t {
  none,
  access,
  rectification,
  erasure,
  restriction,
  portability,
  objection,
  withdrawal,
  notAutomated
};

std::string_view nameOf(Operation v);
std::string_view nameOf(SharingHow v);
std::string_view nameOf(ConsentState v);
std::string_view nameOf(ConsentForm v);
std::string_view nameOf(Right v);
std::optional<Operation> operationOf(std::string_view name);
std::optional<SharingHow> sharingHowOf(std::string_view name);
std::optional<ConsentState> consentStateOf(std::string_view name);
std::optional<ConsentForm> consentFormOf(std::string_view name);
std::optional<Right> rightOf(std::string_view name);

// One event as submitted. A plain value; an empty text or list means: not given.
struct Event {
  Kind kind = Kind::note;
  std::string id;                   // UUID or at most kEventIdBytesMax bytes, printable ASCII
  std::vector<std::string> person;  // aliases "scheme:value" of one person, as given
  std::optional<Instant> at;
  std::string system, actor, klass, purpose, basis, source, via, notice, caseRef, group;
  std::vector<std::string> categories;
  std::optional<std::uint64_t> corrects;  // seq of the event that this one supersedes
  bool admit = false;                     // an unknown person is to be admitted
  bool imported = false;
  std::string data;  // a JSON object as text (compact, keys in the order given), or empty

  Operation operation = Operation::none;           // processing
  std::string recipient, safeguard, agreement;     // sharing
  SharingHow how = SharingHow::none;               // sharing
  std::optional<Instant> withholdUntil;            // sharing
  ConsentState consentState = ConsentState::none;  // consent
  ConsentForm form = ConsentForm::none;            // consent
  std::string wording;                             // consent
  std::string channel;                             // consent, request
  std::optional<Instant> validUntil;               // consent
  Right right = Right::none;                       // request
  std::string requestState;                        // request
  std::optional<Instant> received;                 // request

  bool operator==(const Event&) const = default;
};

// What an event holds in memory, roughly: for the bounds of queues and groups.
std::size_t bytesHeldBy(const Event& event);

// Shape only, of an event from outside: required fields of the kind, fields of another kind, lengths,
// alphabets, times after 1970, bounds. Whether names stand in the register is admission's question.
// Refuses missing-field, field-not-allowed, kind-not-allowed, invalid-value, too-large, too-many.
Outcome checkShape(const Event& event);

// The bytes that two submissions under one id must share (FORMAT.md 6): field number, length, value
// of each given field in ascending order, after a zero byte. Independent of wire and of `system`
// defaults; `id` and `admit` are left out.
Bytes canonicalOf(const Event& event);

// A reference to an instance of a category party ("teacher:jansen"): in an envelope its slot stands
// instead of the name, so that erasing the instance takes the name out of everyone's history.
struct InstanceRef {
  std::string category;  // "teacher"; with slot 0 this is a plain party id of the register
  Slot slot;
  bool operator==(const InstanceRef&) const = default;
};

// What an envelope holds: the event with every outside identifier resolved. Never an alias (P4).
struct StoredEvent {
  Event event;                     // person, recipient, source, via, actor emptied if resolved
  std::vector<LeafNo> aliases;     // the leaves of the alias rows that named the person
  std::vector<Slot> otherPersons;  // a second known person was named: identity-conflict
  std::optional<InstanceRef> recipient, source, via, actor;
  std::uint64_t registerVersion = 0;  // in force at admission
  std::uint32_t principal = 0;        // consultation, access: who (opaque number)
  std::string systemId;               // id of the record's system number at admission
  std::string reason;                 // consultation: reason as given, text part included
  std::string operationText;          // consultation, access, person: what was done
  std::vector<std::string> details;   // further texts of the ledger's own kinds, "key=value"

  bool operator==(const StoredEvent&) const = default;
};

// Cap'n Proto (schemas/event.capnp), one packed segment.
Bytes encodeStored(const StoredEvent& event);
Result<StoredEvent> decodeStored(ByteView bytes);  // `tampered` when it is not one, or not bounded

}  // namespace lacuna
