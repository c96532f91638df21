// A person's history and state, by replay (DESIGN 6). Pure: a function of the events given, whatever
// their order. The JSON is described in ledger/person/README.md.
#pragma once

#include "ledger/base/civil.h"
#include "ledger/record/event.h"
#include "ledger/register/register.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lacuna {

// One event of a person as it was opened from the log.
struct PersonEvent {
  Seq seq;
  LeafHash leaf;
  Kind kind = Kind::note;
  Instant recordedAt{};
  std::string system;  // id
  std::string klass;
  std::int32_t period = 0;
  LeafNo lot;
  Ordinal ordinal;
  bool withdrawn = false;  // its content is gone for good; that it stood here is not (DESIGN 4)
  Bytes body;              // public body (consultation, erasure)
  DocumentHash document;   // of a record with a document; else zeros
  StoredEvent stored;
  // Instances named in the event, as they are called today; "[erased]" when their slot is dead.
  std::string recipientName, sourceName, viaName, actorName;
  Instant at() const { return stored.event.at.value_or(recordedAt); }
};

struct HistoryQuery;

// The register's versions with the place from which each held.
//
// What a party might get, on which basis and under which condition is judged by the version in force
// when the event was recorded. What is so in the world - from when to when a safeguard, an agreement
// or a campaign stood - is judged by the newest one: a judgment of July entered in August flags what
// was recorded in between.
class RegisterHistory {
 public:
  // Needs: versions in the order in which they came.
  void add(Seq from, Instant since, std::shared_ptr<const Register> version);
  const Register& latest() const;                       // none yet: the built-in one
  const Register& version(std::uint64_t number) const;  // 1-based; 0 or unknown: the built-in one
  const Register& knownAt(Instant t) const;             // in force at recordedAt t
  std::uint64_t numberKnownAt(Instant t) const;         // its number; 0: none was in force
  std::uint64_t versions() const { return entries_.size(); }
  // Where a version begins. Needs: 1 <= number <= versions().
  Seq from(std::uint64_t number) const;
  Instant since(std::uint64_t number) const;
  // What stood in the ledger at the query's known-at.
  RegisterHistory knownBy(const HistoryQuery& query) const;

 private:
  struct Entry {
    Seq from;
    Instant since;
    std::shared_ptr<const Register> version;
  };
  std::vector<Entry> entries_;
  std::shared_ptr<const Register> builtIn_ = Register::empty();
};

struct HistoryQuery {
  std::optional<Instant> asOf;      // events with `at` after it are left out
  std::optional<Instant> knownAt;   // events recorded after it are left out
  std::optional<Seq> knownThrough;  // --known-at SEQ
  std::string klass, purpose, recipient;
  std::optional<Instant> from, to;  // of `at`
};

// Filters and orders by (at, seq). `recipient` matches a party id or an instance name.
enum class Withdrawn : bool { leftOut, shown };
std::vector<const PersonEvent*> select(std::span<const PersonEvent> events,
                                       const HistoryQuery& query,
                                       Withdrawn withdrawn = Withdrawn::leftOut);

// Flags are derived, never stored, so that a late report flags what came before it.
enum class Flag : std::uint8_t {
  overSharing,           // categories or class beyond what the recipient or class allows
  sharedWithoutConsent,  // the recipient's condition is consent, and none stood
  usedWithoutConsent,    // purpose based on consent (A6-1-a), and none stood
  usedAfterWithdrawal,   // consent withdrawn before
  deadSafeguard,         // the safeguard did not stand on that date
  noSafeguard,           // third country without one
  outsideCampaign,
  noAgreement,  // the recipient's condition is an agreement; none in force
  duringRestriction,
  marketingAfterObjection,
  notInformed,  // collected from a third party and not informed within a month (Art. 14)
  categoryNotInClass,
  impliedConsent,  // implied or bundled consent: where it is recorded, and where it is relied on
  identityConflict,
  unstatedReason,  // a consultation without a reason
};
std::string_view nameOf(Flag flag);  // kebab-case
struct Flagged {
  Flag flag;
  Seq seq;             // the event it stands at
  std::string detail;  // ids of the register only
};

// What the ledger knows about the person besides events (from the subject record).
struct LotView {
  std::string klass;
  std::int32_t period = 0;
  LeafNo leaf;
  bool erased = false;
  std::uint64_t events = 0;
  std::optional<Instant> ends;  // retention end, when by date
};
struct HoldView {  // a legal reason to keep (Art. 17(3))
  std::uint64_t number = 0;
  std::vector<std::string> classes;  // empty: every class
  std::string ground;
  Instant placedAt{}, review{};
};
struct PersonFacts {
  Slot slot;
  std::vector<std::string> aliases;
  std::vector<LotView> lots;
  std::vector<HoldView> holds;  // that stand now
  Instant admittedAt{};
};

struct ConsentView {                                // how consent for one purpose stands
  std::string purpose, notice, wording, form, how;  // how: the channel
  ConsentState state = ConsentState::none;
  Instant since{};
  std::optional<Instant> givenAt;  // when it was last given, also of one that is over
  std::optional<Instant> validUntil;
  Seq seq;
};
struct RecipientView {
  std::string recipient;  // party id, or category:name of an instance
  Instant first{}, last{};
  std::uint64_t count = 0;
  std::vector<std::string> categories, purposes;
  std::string country, safeguard;
  bool safeguardStoodOnEachDate = true;
  bool safeguardStandsAtEnd = true;
};
struct PurposeView {
  std::string purpose;
  std::vector<std::string> categories, bases;
  Instant first{}, last{};
  std::uint64_t count = 0;
};
struct RequestView {         // requests.h
  std::uint64_t number = 0;  // the seq of the event that opened it
  std::string right, state, caseRef;
  std::string identity;                    // asked, verified, failed; empty: not in doubt
  std::string extensionCode, refusalCode;  // of closed lists
  Instant received{};
  std::optional<Date> dueHouse, dueStatute;
  std::optional<Instant> extendedAt;  // when the person was told of it
  bool extended = false;  // and told within the first term; else the first term still runs
  // When it was answered, refused or withdrawn: the clocks stand still.
  std::optional<Instant> closed;
  Seq seq;                 // of the first event that is left of it
  std::vector<Seq> steps;  // of its events
};
struct ConsultationView {
  Instant at{};
  std::uint32_t principal = 0;
  std::string reason, operation;
  Seq seq;
};

struct PersonState {
  Instant asOf{};
  std::vector<ConsentView> consents;
  std::vector<PurposeView> purposes;
  std::vector<RecipientView> recipients;
  std::vector<std::string> categories, sources, notices;
  std::vector<RequestView> requests;
  std::vector<std::string> restrictions, objections;  // purposes; "*" is everything
  std::vector<Flagged> flags;
  std::vector<ConsultationView> consultations;
  std::vector<LotView> lots;
  std::uint64_t events = 0;
};

// Events after `asOf` are left out.
PersonState fold(std::span<const PersonEvent> events, const PersonFacts& facts,
                 const RegisterHistory& registers, Instant asOf);

// What other events of the person make of this one. Of an event that was superseded by one of its own
// kind nothing but its place in the history remains; data that a rectification put right did go where
// they went, so such an event goes on counting.
struct EventMarks {
  std::optional<Seq> supersededBy;
  std::vector<Flag> flags;
};

// The answers to a query. Without `asOf` everything known counts, and time stands at `now` (at
// `knownAt`, if that is given). The filters by class, purpose, recipient and time choose what is shown;
// flags are judged by everything known.
std::vector<std::string> historyLines(std::span<const PersonEvent> events,
                                      const HistoryQuery& query, const RegisterHistory& registers,
                                      Instant now);
PersonState stateOf(std::span<const PersonEvent> events, const HistoryQuery& query,
                    const PersonFacts& facts, const RegisterHistory& registers, Instant now);

// The JSON that CLI, HTTP and console show: one definition. Compact, one object.
std::string jsonOf(const PersonEvent& event);
std::string jsonOf(const PersonEvent& event, const EventMarks& marks);
std::string jsonOf(const PersonState& state, const PersonFacts& facts);
std::string jsonOf(const RecipientView& view);

}  // namespace lacuna
