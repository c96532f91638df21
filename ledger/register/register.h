// The controller's record of purposes, classes, recipients, systems, notices, safeguards (Art. 30).
// An immutable value: one version, parsed from register.toml. No natural person stands in it.
//
// Thread: immutable after parse; share by reference.
#pragma once

#include "ledger/base/civil.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

struct Label {
  std::string nl, en;
};

struct RetentionRule {
  enum class From : std::uint8_t { event, calendarYearEnd, fiscalYearEnd, untilEvent, session };
  std::optional<Period> period;  // nothing: none stated (a gap), or untilEvent without grace
  From from = From::event;
  bool legalMinimum = false;  // min by law: blocks erasure until then (Art. 17(3)(b))
  std::string law;            // "AWR 52"
  std::string code;           // "eu-gdpr:JustificationA17LegallyRequired"
  bool gap = false;           // nothing is stated in the policy
};

struct RetentionClass {  // `class` outside
  std::string id;
  Label label;
  std::vector<std::string> categories;  // data categories that it may hold
  std::vector<std::string> dpv, fides;
  RetentionRule retention;
  // Whether lots of this class are one per period (calendar or fiscal year), or one until an event.
  bool perYear() const;
};

struct Category {  // of data: "name", "contact"
  std::string id;
  Label label;
  std::vector<std::string> dpv, fides;
  bool special = false;  // Art. 9
};

struct Purpose {
  std::string id;
  Label label;
  std::vector<std::string> dpv;
  std::string fides;
  std::vector<std::string> basis;  // "eu-gdpr:A6-1-b", ...
  bool statedInNotice = false;
  std::string klass;  // default class
  std::vector<std::string> classes;
  bool marketing = false;  // objection is absolute (Art. 21(3))
};

struct Party {
  std::string id;
  Label label;
  enum class Kind : std::uint8_t { party, category, naturalPersonCategory } kind = Kind::party;
  std::vector<std::string> roles, rolesClaimed, rolesAssessed;
  std::string parent, owner;  // a party of the register; a company's name
  std::string country;        // "loc:US"
  std::string safeguard;      // the first of `safeguards`, or empty
  std::vector<std::string> safeguards;
  std::string channel, source;  // "tech:Cookie", "dpv:ThirdPartyDataSource"
  std::vector<std::string> allowedClasses, allowedCategories, purposes;
  std::string condition;            // "consent", "agreement", "legal-duty" or empty
  std::string cadence;              // "campaign" or empty
  std::vector<std::string> claims;  // ids of `claims` that this party makes
  RetentionRule retention;
  bool category() const { return kind != Kind::party; }
};

struct System {
  std::string id;
  Label label;
  std::string party;  // who runs it
};

struct Safeguard {
  std::string id;
  Label label;
  std::string tool, country, endedBy, atRisk;
  std::optional<Date> validFrom, validTo;
  bool validOn(Date date) const;  // validTo, the day of the judgment, is no longer covered
};

struct Notice {
  std::string id, kind, version, language, sha256, url;  // kind: "privacy", "terms"
  Label label;
  std::optional<Date> validFrom;
};

struct Wording {  // the sentence under which a consent was asked
  std::string id, purpose, language, text;
};

struct Scheme {  // of aliases
  std::string id;
  Label label;
  enum class Normal : std::uint8_t { exact, email, phone } normal = Normal::exact;
  bool unique = true;
};

struct Agreement {
  std::string id, party, kind;     // kind: "sharing", "processor", "joint-controllers"
  std::vector<std::string> scope;  // classes
  std::optional<Date> from, to;
};

struct Campaign {
  std::string id, party;
  std::optional<Date> from, to;
};

struct Source {  // of data, other than a party: the person, the controller
  std::string id, dpv;
  Label label;
};

struct Measure {  // Art. 32
  std::string id, dpv;
  Label label;
};

struct Claim {  // what a party asserts and the controller relies on
  std::string id, party, url;
  Label label;
  std::optional<Date> seenOn;
};

struct Form {  // where data are collected; an event names it as its actor
  std::string id, system, purpose;
  Label label;
  std::vector<std::string> categories;
};

struct Controller {
  std::string id, name;
  std::string country;  // "loc:NL"; its numbers need no country prefix in a `phone` alias
  std::string authority, zone = "UTC", contact, dpo;
  int fiscalYearStartMonth = 1;
};

// The clocks of a request (Art. 12(3)) and the house's other terms. Dates are computed, never stored.
struct Deadlines {
  std::map<std::string, Period, std::less<>> house;  // by right: the house's own promise
  Period statute{0, 1, 0}, extension{0, 2, 0};
  Period inform{0, 1, 0};            // Art. 14(3)
  Period fence{0, 0, 7};             // how long a late event of an erased person is refused
  Period caseRetention{0, 13, 0};    // after closing
  bool secondOfficer = false;        // [erasure]: another officer has to approve one,
  std::optional<Period> coolingOff;  // and until then it can be cancelled
  bool smallSweep = false;           // after 30 days fewer than 100 slots are swept too
};

// Where a register text is wrong: the first error, with line (1-based) and the nearest known id.
struct RegisterError {
  std::uint32_t line = 0;
  Refusal refusal;  // invalid-register, unknown-*
};

class Register {
 public:
  // Parses and checks references. Refusal message: "line N: sentence". At most kDocumentBytesMax.
  static Result<std::shared_ptr<const Register>> parse(std::string_view toml);
  // What stands before the first `register apply`: only the ledger's own built-in things.
  static std::shared_ptr<const Register> empty();

  const Controller& controller() const;
  const Deadlines& deadlines() const;
  const std::set<Date>& holidays() const;
  const Purpose* purpose(std::string_view id) const;
  const RetentionClass* klass(std::string_view id) const;
  const Party* party(std::string_view id) const;
  const System* system(std::string_view id) const;
  const Safeguard* safeguard(std::string_view id) const;
  const Notice* notice(std::string_view id) const;
  const Scheme* scheme(std::string_view id) const;
  const Agreement* agreement(std::string_view id) const;
  const Campaign* campaign(std::string_view id) const;
  const Category* category(std::string_view id) const;
  const Source* source(std::string_view id) const;
  const Wording* wording(std::string_view id) const;
  const Form* form(std::string_view id) const;
  const Measure* measure(std::string_view id) const;
  const Claim* claim(std::string_view id) const;
  bool categoryKnown(std::string_view id) const { return category(id) != nullptr; }
  // Every id of one list, for "nearest" and for show.
  std::vector<std::string> purposeIds() const, classIds() const, partyIds() const,
      systemIds() const, safeguardIds() const, noticeIds() const, schemeIds() const,
      agreementIds() const, campaignIds() const, categoryIds() const, sourceIds() const,
      wordingIds() const, formIds() const, measureIds() const, claimIds() const;

  // The safeguard that a transfer to `party` relied on at that moment: the first of the party's that
  // stood then, else the last that had begun (a dead one, which the fold flags), else the first.
  std::string_view safeguardOf(const Party& party, Instant at) const;
  // The year of `t` in the controller's zone. A fiscal year bears the name of the year it begins in.
  enum class Year : std::uint8_t { calendar, fiscal };
  std::int32_t yearOf(Instant t, Year kind) const;
  Instant startOfYear(std::int32_t year, Year kind) const;
  const std::string& text() const;  // the document, byte for byte

  struct Parts;  // opaque: ledger/register/parts.h

 private:
  std::shared_ptr<const Parts> parts_;
  explicit Register(std::shared_ptr<const Parts> parts);
};

// The nearest known id by edit distance, or empty when none is near.
std::string nearestOf(std::string_view name, std::span<const std::string> known);

// The closed list of legal bases: "eu-gdpr:A6-1-a" ... "eu-gdpr:A9-2-j".
bool basisKnown(std::string_view basis);
std::span<const std::string> basisIds();
// A country ("loc:US") that is named and lies outside the EEA: Art. 44 asks for a safeguard.
bool thirdCountry(std::string_view country);

// Built-in classes, present in every register (DESIGN 6, 7): `access` (consultations), `case`,
// `organisation` (slot 0).
inline constexpr std::string_view kAccessClass = "access";
inline constexpr std::string_view kCaseClass = "case";
inline constexpr std::string_view kOrganisationClass = "organisation";
inline constexpr std::string_view kIdentityClass = "identity-record";

// Numbers of systems, given by replay of the register's versions in order: an id keeps its number for
// ever; new ids get the next ones in order of appearance. 0 is the ledger itself ("lacuna").
class SystemNumbers {
 public:
  void add(const Register& version);
  std::optional<SystemNo> numberOf(std::string_view id) const;
  std::string idOf(SystemNo number) const;
  std::span<const std::string> ids() const { return ids_; }

 private:
  std::vector<std::string> ids_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

}  // namespace lacuna
