// What stands in a register: its lists, one struct each. Plain values.
#pragma once

#include "ledger/base/civil.h"

#include <array>
#include <map>
#include <optional>
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

struct PersonKind {  // a category of persons: trainees, visitors (Art. 30(1)(c))
  std::string id, fides;
  Label label;
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
  bool marketing = false;             // objection is absolute (Art. 21(3))
  std::vector<std::string> subjects;  // whose data
  std::string statedUnder;            // the purpose under whose heading the notice names this one
  Label interest;                     // which, where a basis is A6-1-f (Art. 13(1)(d))
  Label withdrawal, objection;        // how a person withdraws consent, or objects
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
  std::string id, kind, version, language, sha256, url;  // kind: "privacy", "terms", "cookies"
  Label label;
  std::optional<Date> validFrom;
  std::vector<std::string> categories;  // of data that it names
  std::vector<std::string> rights;      // that it names; of kNoticeRights
  std::vector<std::string> given;       // when a person gets it: of kNoticeMoments
};

// What a notice can name, and when it can be given: when data are collected from the person, to
// those whose data come from others (Art. 14), when it changes.
inline constexpr std::array<std::string_view, 9> kNoticeRights = {
    "access",    "rectification", "erasure",   "restriction",  "portability",
    "objection", "withdrawal",    "complaint", "not-automated"};
inline constexpr std::array<std::string_view, 3> kNoticeMoments = {"collection", "indirect",
                                                                   "change"};

struct Wording {  // the sentence under which a consent was asked
  std::string id, purpose, language, text;
  std::string form, formClaimed;  // "explicit", "implied", "bundled": what it is, what it is called
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

struct Claim {  // what a party asserts, or the notice of a purpose, and the controller relies on
  std::string id, party, purpose, url, evidence;
  enum class Kind : std::uint8_t { assertion, anonymisation } kind = Kind::assertion;
  Label label;
  std::optional<Date> seenOn;
};

struct Form {  // where data are collected; an event names it as its actor
  std::string id, system, purpose, notice;
  Label label;
  std::vector<std::string> categories;
};

struct Controller {
  std::string id, name;
  std::string country;  // "loc:NL"; its numbers need no country prefix in a `phone` alias
  std::string authority, zone = "UTC", contact, dpo;
  std::string address, representative;  // Art. 27
  std::string dpoNotRequired;           // why none is needed (Art. 37(1))
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

}  // namespace lacuna
