// What an event names must stand in the register at that moment (P10); otherwise it is refused with a
// reason and the nearest known id. What breaks the policy but did happen is recorded (flags: the fold).
#pragma once

#include "ledger/record/event.h"
#include "ledger/register/register.h"

#include <set>

namespace lacuna {

// An alias split and normalised by its scheme.
struct Alias {
  std::string scheme, value;
  bool unique = true;
  std::string text() const { return scheme + ":" + value; }
  bool operator==(const Alias&) const = default;
};
// Refuses unknown-scheme, invalid-value. Schemes also come from category parties: "teacher:jansen"
// names an instance. Needs the register; `case:N` is not an alias.
Result<Alias> aliasOf(std::string_view text, const Register& reg);

// A party named by an event: one of the register, or an instance of a category party.
struct NamedParty {
  const Party* party = nullptr;
  std::string instance;  // normalised value after the colon; empty: the party itself
};
Result<NamedParty> partyOf(std::string_view text, const Register& reg, RefusalCode unknown);

struct Admitted {
  std::vector<Alias> person;
  std::string klass;        // retention class of the event
  std::int32_t period = 0;  // year, or 0: the class has one lot until an event
  Instant at{};
  SystemNo system;
  std::string systemId;
  std::string safeguard;  // defaulted from the recipient on `at`
  std::optional<NamedParty> recipient, source, via,
      actor;                    // only where an instance or party is named
  bool mayAdmitPerson = false;  // collection, request, complaint, or `admit`
};

struct AdmissionContext {
  const Register& reg;
  const SystemNumbers& systems;
  Instant now;
  // Systems the caller may speak for; empty set with all=true in single-user mode.
  bool allSystems = false;
  const std::set<std::string, std::less<>>* grantedSystems = nullptr;
  std::string defaultSystem = {};  // when the event names none: the grant's only system
};

// Recorder's kinds only (DESIGN 9). Everything but the person's existence, the id and the fence.
Result<Admitted> admit(const Event& event, const AdmissionContext& context);

// The retention period (DESIGN 7): the calendar or fiscal year of `at` in the controller's zone.
std::int32_t periodOf(const RetentionClass& klass, const Register& reg, Instant at);
// When what was recorded in (class, period) ends; nothing: not by date.
std::optional<Instant> retentionEnd(const RetentionClass& klass, const Register& reg,
                                    std::int32_t period);

}  // namespace lacuna
