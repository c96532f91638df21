#include "ledger/register/admission.h"

#include "ledger/base/limits.h"

#include <algorithm>

namespace lacuna {
namespace {

using Year = Register::Year;
using From = RetentionRule::From;

// 1900 to 9999: what the calendar of the key tree and of the fold can hold.
constexpr Instant kEarliest = std::chrono::sys_days(std::chrono::year(1900) / 1 / 1);
constexpr Instant kLatest = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);

// "there is no purpose 'x'", with the nearest. Only ids of our own lists are repeated.
Refusal unknownName(RefusalCode code, std::string_view what, std::string_view given,
                    const std::vector<std::string>& known) {
  constexpr std::size_t kShown = 64;
  std::string message = "the register has no " + std::string(what);
  if (given.size() <= kShown) message += " '" + std::string(given) + "'";
  return {code, std::move(message), nearestOf(given, known)};
}

bool recordersKind(Kind kind) {
  switch (kind) {
    case Kind::processing:
    case Kind::sharing:
    case Kind::consent:
    case Kind::notice:
    case Kind::rectification:
    case Kind::objection:
    case Kind::request:
    case Kind::complaint:
    case Kind::agreement:
    case Kind::note:
    case Kind::erasure:
      return true;
    default:
      return false;
  }
}

bool ofOrganisation(Kind kind) { return kind == Kind::agreement || kind == Kind::note; }

class Admission {
 public:
  Admission(const Event& event, const AdmissionContext& context)
      : event_(event), context_(context), reg_(context.reg) {}

  Result<Admitted> run() {
    using Step = Outcome (Admission::*)();
    for (const Step step : {&Admission::kind, &Admission::time, &Admission::system,
                            &Admission::purpose, &Admission::klass, &Admission::names,
                            &Admission::parties, &Admission::person, &Admission::period}) {
      Outcome outcome = (this->*step)();
      if (!outcome) return outcome.refusal();
    }
    return std::move(out_);
  }

 private:
  Outcome kind() {
    if (recordersKind(event_.kind)) return Done{};
    return Refusal{RefusalCode::kindNotAllowed, "a recorder submits no event of kind '" +
                                                    std::string(nameOf(event_.kind)) + "'"};
  }

  Outcome time() {
    out_.at = event_.at.value_or(context_.now);
    for (const Instant t : {out_.at, event_.received.value_or(out_.at)}) {
      if (t > context_.now + kFutureMax) {
        return Refusal{RefusalCode::inFuture,
                       "what has not happened yet cannot be recorded: the "
                       "time lies more than 5 minutes ahead"};
      }
      if (t < kEarliest || t > kLatest) {
        return Refusal{RefusalCode::invalidValue, "a time lies in the years 1900 to 9999"};
      }
    }
    return Done{};
  }

  Outcome system() {
    const std::string& named = event_.system.empty() ? context_.defaultSystem : event_.system;
    if (named.empty()) {
      if (!context_.allSystems) {
        return Refusal{RefusalCode::missingField,
                       "`system` is missing: your grant names more than one"};
      }
      out_.system = SystemNo(0);  // single-user mode: the ledger's own user speaks
      out_.systemId = "lacuna";
      return Done{};
    }
    if (reg_.system(named) == nullptr) {
      return unknownName(RefusalCode::unknownSystem, "system", named, reg_.systemIds());
    }
    if (!context_.allSystems &&
        (context_.grantedSystems == nullptr || !context_.grantedSystems->contains(named))) {
      return Refusal{RefusalCode::wrongSystem,
                     "your grant does not let you speak for the system '" + named + "'"};
    }
    const std::optional<SystemNo> number = context_.systems.numberOf(named);
    LACUNA_ASSERT(number.has_value(), "a system of the register in force has its number");
    out_.system = *number;
    out_.systemId = named;
    return Done{};
  }

  Outcome purpose() {
    if (event_.purpose.empty()) {
      if (event_.kind != Kind::processing && event_.kind != Kind::sharing) return Done{};
      return Refusal{RefusalCode::missingField,
                     "`purpose` is missing: processing and sharing need one"};
    }
    purpose_ = reg_.purpose(event_.purpose);
    if (purpose_ != nullptr) return Done{};
    return unknownName(RefusalCode::unknownPurpose, "purpose", event_.purpose, reg_.purposeIds());
  }

  // The class given, else the purpose's, else the built-in one that fits.
  Outcome klass() {
    std::string_view id = event_.klass;
    if (id == kAccessClass || id == kOrganisationClass) {
      return Refusal{RefusalCode::invalidValue,
                     "the class '" + event_.klass + "' is for the ledger's own events"};
    }
    const bool ofCase = event_.kind == Kind::request || event_.kind == Kind::complaint;
    // Its clocks run in the worklist, whatever it is about.
    if (ofCase && !id.empty() && id != kCaseClass) {
      return Refusal{RefusalCode::invalidValue,
                     "requests and complaints stand in the class 'case': leave `class` out"};
    }
    if (id.empty() && !ofCase && purpose_ != nullptr) id = purpose_->klass;
    if (event_.person.empty()) {
      if (id.empty()) id = kOrganisationClass;
    } else if (id.empty()) {
      id = ofCase ? kCaseClass : kIdentityClass;
    }
    class_ = reg_.klass(id);
    if (class_ == nullptr) {
      return unknownName(RefusalCode::unknownClass, "class", id, reg_.classIds());
    }
    out_.klass = id;
    return Done{};
  }

  Outcome names() {
    for (const std::string& category : event_.categories) {
      if (reg_.categoryKnown(category)) continue;
      return unknownName(RefusalCode::unknownCategory, "category of data", category,
                         reg_.categoryIds());
    }
    if (!event_.basis.empty() && !basisKnown(event_.basis)) {
      const std::vector<std::string> known(basisIds().begin(), basisIds().end());
      return unknownName(RefusalCode::unknownBasis, "legal basis", event_.basis, known);
    }
    if (!event_.notice.empty() && reg_.notice(event_.notice) == nullptr) {
      return unknownName(RefusalCode::unknownNotice, "notice", event_.notice, reg_.noticeIds());
    }
    if (!event_.agreement.empty() && reg_.agreement(event_.agreement) == nullptr) {
      return unknownName(RefusalCode::unknownAgreement, "agreement", event_.agreement,
                         reg_.agreementIds());
    }
    if (!event_.wording.empty() && reg_.wording(event_.wording) == nullptr) {
      return unknownName(RefusalCode::unknownWording, "wording", event_.wording, reg_.wordingIds());
    }
    if (event_.safeguard.empty() || reg_.safeguard(event_.safeguard) != nullptr) return Done{};
    return unknownName(RefusalCode::unknownSafeguard, "safeguard", event_.safeguard,
                       reg_.safeguardIds());
  }

  Outcome named(const std::string& text, RefusalCode unknown, std::optional<NamedParty>& into) {
    Result<NamedParty> party = partyOf(text, reg_, unknown);
    if (!party) return party.refusal();
    into = std::move(*party);
    return Done{};
  }

  Outcome recipient() {
    if (event_.recipient.empty()) {
      if (event_.kind != Kind::sharing) return Done{};
      return Refusal{RefusalCode::missingField, "`recipient` is missing: sharing needs one"};
    }
    Outcome outcome = named(event_.recipient, RefusalCode::unknownRecipient, out_.recipient);
    if (!outcome) return outcome;
    const Party& party = *out_.recipient->party;
    if (event_.kind == Kind::sharing && party.category() && out_.recipient->instance.empty()) {
      return Refusal{RefusalCode::unknownRecipient,
                     "'" + party.id +
                         "' is a category of recipients; a person may ask which one it "
                         "was (C-154/21): name it, as " +
                         party.id + ":NAME"};
    }
    if (event_.kind == Kind::sharing) {
      out_.safeguard = event_.safeguard.empty() ? reg_.safeguardOf(party, out_.at)
                                                : std::string_view(event_.safeguard);
    }
    return Done{};
  }

  // A party or instance, or a thing of the organisation's own: a source, a system, a form.
  Outcome parties() {
    Outcome outcome = recipient();
    if (!outcome) return outcome;
    if (!event_.source.empty() && reg_.source(event_.source) == nullptr) {
      outcome = named(event_.source, RefusalCode::unknownSource, out_.source);
      if (!outcome) return nearer(outcome.refusal(), event_.source, reg_.sourceIds());
    }
    if (!event_.via.empty() &&
        (reg_.party(event_.via) != nullptr || reg_.system(event_.via) == nullptr)) {
      outcome = named(event_.via, RefusalCode::unknownRecipient, out_.via);
      if (!outcome) return nearer(outcome.refusal(), event_.via, reg_.systemIds());
    }
    if (!event_.actor.empty() && reg_.form(event_.actor) == nullptr &&
        (reg_.party(event_.actor) != nullptr || reg_.system(event_.actor) == nullptr)) {
      outcome = named(event_.actor, RefusalCode::invalidValue, out_.actor);
      if (!outcome) {
        Refusal refusal = outcome.refusal();
        if (reg_.party(event_.actor.substr(0, event_.actor.find(':'))) == nullptr) {
          refusal.message = "the actor is no form, system or party of the register";
        }
        return nearer(std::move(refusal), event_.actor, reg_.formIds());
      }
    }
    return Done{};
  }

  // The same refusal, with the nearest of another list when its own had none.
  static Refusal nearer(Refusal refusal, std::string_view given,
                        const std::vector<std::string>& known) {
    if (refusal.nearest.empty()) refusal.nearest = nearestOf(given, known);
    return refusal;
  }

  Outcome person() {
    if (event_.person.empty()) {
      if (ofOrganisation(event_.kind)) return Done{};
      return Refusal{RefusalCode::missingField, "`person` is missing: whom is this about?"};
    }
    if (event_.person.size() > kAliasesPerEventMax) {
      return Refusal{RefusalCode::tooMany,
                     "`person` names at most " + std::to_string(kAliasesPerEventMax) + " aliases"};
    }
    bool resolves = false;
    out_.person.reserve(event_.person.size());
    for (const std::string& text : event_.person) {
      Result<Alias> alias = aliasOf(text, reg_);
      if (!alias) return alias.refusal();
      resolves = resolves || alias->unique;
      if (std::find(out_.person.begin(), out_.person.end(), *alias) == out_.person.end()) {
        out_.person.push_back(std::move(*alias));
      }
    }
    if (!resolves) {
      return Refusal{RefusalCode::invalidValue,
                     "`person` needs an alias of a scheme that names one person only"};
    }
    out_.mayAdmitPerson = event_.admit || event_.operation == Operation::collect ||
                          event_.kind == Kind::request || event_.kind == Kind::complaint;
    return Done{};
  }

  Outcome period() {
    out_.period = periodOf(*class_, reg_, out_.at);
    const std::optional<Instant> end = retentionEnd(*class_, reg_, out_.period);
    if (!end || context_.now < *end) return Done{};
    return Refusal{RefusalCode::pastRetention,
                   "the class '" + class_->id + "' keeps nothing of that time any more"};
  }

  const Event& event_;
  const AdmissionContext& context_;
  const Register& reg_;
  const Purpose* purpose_ = nullptr;
  const RetentionClass* class_ = nullptr;
  Admitted out_;
};

Year yearKind(const RetentionClass& klass) {
  return klass.retention.from == From::fiscalYearEnd ? Year::fiscal : Year::calendar;
}

}  // namespace

Result<Admitted> admit(const Event& event, const AdmissionContext& context) {
  return Admission(event, context).run();
}

std::int32_t periodOf(const RetentionClass& klass, const Register& reg, Instant at) {
  return klass.perYear() ? reg.yearOf(at, yearKind(klass)) : 0;
}

// All of one year's events share a lot, so its end is counted from the year's end: no event is kept
// shorter than its rule says.
std::optional<Instant> retentionEnd(const RetentionClass& klass, const Register& reg,
                                    std::int32_t period) {
  if (!klass.perYear() || period == 0) return std::nullopt;
  const Period& rule = *klass.retention.period;
  if (rule.months == 0 && rule.days == 0) {
    return reg.startOfYear(period + 1 + rule.years, yearKind(klass));
  }
  const Instant yearEnd = reg.startOfYear(period + 1, yearKind(klass));
  const std::string& zone = reg.controller().zone;
  return startOfDay(zone, plus(dateIn(zone, yearEnd), rule));
}

}  // namespace lacuna
