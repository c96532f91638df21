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
  bool legalMinimum = false;     // min by law: blocks erasure until then (Art. 17(3)(b))
  std::string law;               // "AWR 52"
  std::string code;              // "eu-gdpr:JustificationA17LegallyRequired"
  bool gap = false;              // nothing is stated in the policy
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

struct Purpose {
  std::string id;
  Label label;
  std::vector<std::string> dpv;
  std::string fides;
  std::vector<std::string> basis;  // "eu-gdpr:A6-1-b", ...
  bool statedInNotice = false;
  std::string klass;               // default class
  std::vector<std::string> classes;
  bool marketing = false;          // objection is absolute (Art. 21(3))
};

struct Party {
  std::string id;
  Label label;
  enum class Kind : std::uint8_t { party, category, naturalPersonCategory } kind = Kind::party;
  std::vector<std::string> roles, rolesClaimed, rolesAssessed;
  std::string parent, country, safeguard, channel, source;
  std::vector<std::string> allowedClasses, allowedCategories, purposes;
  std::string condition;  // "consent", "agreement", "legal-duty" or empty
  std::string cadence;    // "campaign" or empty
  std::vector<std::string> claims;
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
  bool validOn(Date date) const;
};

struct Notice {
  std::string id, version, language, sha256, url;
  std::optional<Date> validFrom;
};

struct Scheme {  // of aliases
  std::string id;
  enum class Normal : std::uint8_t { exact, email, phone } normal = Normal::exact;
  bool unique = true;
};

struct Agreement {
  std::string id, party;
  std::vector<std::string> scope;
  std::optional<Date> from, to;
};

struct Campaign {
  std::string id, party;
  std::optional<Date> from, to;
};

struct Controller {
  std::string id, name, country, authority, zone = "UTC", contact, dpo;
  int fiscalYearStartMonth = 1;
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
  const Purpose* purpose(std::string_view id) const;
  const RetentionClass* klass(std::string_view id) const;
  const Party* party(std::string_view id) const;
  const System* system(std::string_view id) const;
  const Safeguard* safeguard(std::string_view id) const;
  const Notice* notice(std::string_view id) const;
  const Scheme* scheme(std::string_view id) const;
  const Agreement* agreement(std::string_view id) const;
  const Campaign* campaign(std::string_view id) const;
  bool categoryKnown(std::string_view id) const;  // data category: of some class
  // Every id of one list, for "nearest" and for show.
  std::vector<std::string> purposeIds() const, classIds() const, partyIds() const, systemIds() const,
      safeguardIds() const, noticeIds() const, schemeIds() const, agreementIds() const, campaignIds() const;
  const std::string& text() const;  // the document, byte for byte

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;
  explicit Register(std::shared_ptr<const Parts> parts);
};

// The nearest known id by edit distance, or empty when none is near.
std::string nearestOf(std::string_view name, std::span<const std::string> known);

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

 private:
  std::vector<std::string> ids_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

}  // namespace lacuna
