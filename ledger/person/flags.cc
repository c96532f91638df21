#include "ledger/person/flags.h"

#include "ledger/record/bodies.h"

#include <algorithm>

namespace lacuna {
namespace {

bool standsOn(const std::optional<Date>& from, const std::optional<Date>& to, Date date) {
  return (!from || *from <= date) && (!to || date <= *to);
}

constexpr std::chrono::hours kSignUpMax{24};  // from the form to the confirmed consent

bool basedOnConsent(std::string_view basis) {
  return basis.starts_with("eu-gdpr:A6-1-a") || basis.starts_with("eu-gdpr:A9-2-a");
}

// Processing that leaves the person's data alone: what consent, objection and campaigns ask about is
// use, and whoever withdrew wants deletion.
bool isUse(const PersonEvent& e) {
  if (e.kind == Kind::sharing) return true;
  if (e.kind != Kind::processing) return false;
  const Operation op = e.stored.event.operation;
  return op != Operation::store && op != Operation::erase && op != Operation::anonymise;
}

std::string joined(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) out += (out.empty() ? "" : " ") + id;
  return out;
}

}  // namespace

struct FlagJudge::Case {
  const PersonEvent& e;
  const Event& event;
  const Register& reg;  // in force when it was recorded
  const Party* recipient = nullptr;
  std::string recipientId;
  Date date;
  std::vector<Flagged> flags = {};

  void flag(Flag which, std::string detail) {
    for (const Flagged& known : flags) {
      if (known.flag == which && known.detail == detail) return;
    }
    flags.push_back({which, e.seq, std::move(detail)});
  }

  // What the event names beyond these categories and those of these classes; "" when nothing, or when
  // nothing is said of what is allowed. What went is known by its categories; only an event that names
  // none is known by its class.
  std::string beyond(std::vector<std::string> allowed,
                     const std::vector<std::string>& classes) const {
    if (allowed.empty() && classes.empty()) return "";
    for (const std::string& id : classes) {
      if (const RetentionClass* klass = reg.klass(id)) {
        allowed.insert(allowed.end(), klass->categories.begin(), klass->categories.end());
      }
    }
    if (event.categories.empty() || allowed.empty()) {
      return classes.empty() || contains(classes, e.klass) ? "" : e.klass;
    }
    std::vector<std::string> rest;
    for (const std::string& category : event.categories) {
      if (!contains(allowed, category)) addOnce(rest, category);
    }
    return joined(rest);
  }
};

FlagJudge::FlagJudge(Facts& facts, const RegisterHistory& registers, Instant asOf)
    : facts_(facts),
      registers_(registers),
      asOf_(asOf),
      zone_(registers.latest().controller().zone) {}

std::vector<Flagged> FlagJudge::judge(const PersonEvent& e) {
  const Event& event = e.stored.event;
  const Register& reg = registers_.version(e.stored.registerVersion);
  Case c{e,
         event,
         reg,
         nullptr,
         partyIdOf(e.stored.recipient, event.recipient),
         dateOfInstant(e.at())};
  c.recipient = reg.party(c.recipientId);
  if (e.kind == Kind::sharing) judgeSharing(c);
  judgeConsent(c);
  judgeScope(c);
  if (e.kind == Kind::sharing || e.kind == Kind::processing) {
    judgeCampaigns(c);
    // Restricted data may be stored, and nothing else (Art. 18(2)).
    if (event.operation != Operation::store && facts_.restricted(event.purpose, e)) {
      c.flag(Flag::duringRestriction, event.purpose);
    }
    const Purpose* purpose = reg.purpose(event.purpose);
    if (isUse(e) && purpose != nullptr && purpose->marketing && facts_.objected(event.purpose, e)) {
      c.flag(Flag::marketingAfterObjection, event.purpose);
    }
  }
  judgeInformed(c);
  if (!e.stored.otherPersons.empty()) c.flag(Flag::identityConflict, "");
  if (e.kind == Kind::consultation && e.stored.reason.empty()) {
    const Result<ConsultationBody> body = decodeConsultation(e.body);
    if (!body || body->reason == ReadReason::unstated) c.flag(Flag::unstatedReason, "");
  }
  std::stable_sort(c.flags.begin(), c.flags.end(),
                   [](const Flagged& a, const Flagged& b) { return a.flag < b.flag; });
  return std::move(c.flags);
}

void FlagJudge::judgeSharing(Case& c) {
  const Transfer transfer = transferOf(c.e);
  if (transfer.safeguard.empty()) {
    if (!transfer.stood) c.flag(Flag::noSafeguard, c.recipientId);
  } else if (!transfer.stood) {
    c.flag(Flag::deadSafeguard, transfer.safeguard);
  }
  judgeAgreement(c);
}

Transfer FlagJudge::transferOf(const PersonEvent& e) {
  const Event& event = e.stored.event;
  const Register& reg = registers_.version(e.stored.registerVersion);
  const Party* party = reg.party(partyIdOf(e.stored.recipient, event.recipient));
  Transfer transfer;
  if (party != nullptr) transfer.country = party->country;
  transfer.safeguard = event.safeguard;
  if (transfer.safeguard.empty() && party != nullptr) {
    transfer.safeguard = reg.safeguardOf(*party, e.at());
  }
  transfer.stood = transfer.safeguard.empty()
                       ? !thirdCountry(transfer.country)
                       : safeguardStands(transfer.safeguard, dateOfInstant(e.at()));
  return transfer;
}

bool FlagJudge::safeguardStands(std::string_view id, Date date) const {
  // The newest version that knows it: a register may drop a safeguard that no longer stands.
  for (std::uint64_t number = registers_.versions(); number > 0; --number) {
    if (const Safeguard* s = registers_.version(number).safeguard(id)) return s->validOn(date);
  }
  return false;
}

void FlagJudge::judgeConsent(Case& c) {
  const bool given = c.e.kind == Kind::consent && c.event.consentState == ConsentState::given;
  if (given && (c.event.form == ConsentForm::implied || c.event.form == ConsentForm::bundled)) {
    c.flag(Flag::impliedConsent, c.event.purpose);
  }
  if (!isUse(c.e)) return;
  // Where the purpose names other bases beside consent, the event says which one it relies on; silent,
  // it is not blamed for a consent that was never asked, but for one that was withdrawn.
  std::vector<std::string> bases;
  if (!c.event.basis.empty()) {
    bases.push_back(c.event.basis);
  } else if (const Purpose* purpose = c.reg.purpose(c.event.purpose)) {
    bases = purpose->basis;
  }
  const bool may = std::any_of(bases.begin(), bases.end(), basedOnConsent);
  const bool must = may && std::all_of(bases.begin(), bases.end(), basedOnConsent);
  const bool condition =
      c.e.kind == Kind::sharing && c.recipient != nullptr && c.recipient->condition == "consent";
  if (!may && !condition) return;
  // What the person hands over when signing up waits for the tick, or for the mail that confirms it.
  const bool signingUp = c.event.operation == Operation::collect && !fromThirdParty(c.e, c.reg);
  const Instant asked = c.e.at() + (signingUp ? kSignUpMax : std::chrono::hours(0));
  switch (facts_.consent(c.event.purpose, c.e, asked)) {
    case Consent::given:
      return;
    case Consent::byConduct:
      return c.flag(Flag::impliedConsent, c.event.purpose);
    case Consent::withdrawn:
      return c.flag(Flag::usedAfterWithdrawal, c.event.purpose);
    case Consent::none:
      if (condition) return c.flag(Flag::sharedWithoutConsent, c.recipientId);
      if (must) c.flag(Flag::usedWithoutConsent, c.event.purpose);
  }
}

void FlagJudge::judgeScope(Case& c) {
  const RetentionClass* klass = c.reg.klass(c.e.klass);
  if (klass != nullptr && !klass->categories.empty()) {
    std::vector<std::string> alien;
    for (const std::string& category : c.event.categories) {
      if (!contains(klass->categories, category)) alien.push_back(category);
    }
    if (!alien.empty()) c.flag(Flag::categoryNotInClass, joined(alien));
  }
  if (c.e.kind != Kind::sharing || c.recipient == nullptr) return;
  const std::string beyond = c.beyond(c.recipient->allowedCategories, c.recipient->allowedClasses);
  if (!beyond.empty()) c.flag(Flag::overSharing, beyond);
}

void FlagJudge::judgeAgreement(Case& c) {
  if (c.recipient == nullptr || c.recipient->condition != "agreement") return;
  if (facts_.agreed(c.recipientId, c.e)) return;
  const auto [begin, end] = datedOf(c.recipientId, c.reg).agreements.equal_range(c.recipientId);
  std::optional<std::string> beyond;  // of the agreement that covers most
  for (auto it = begin; it != end; ++it) {
    const Agreement& agreement = *it->second;
    if (!c.event.agreement.empty() && agreement.id != c.event.agreement) continue;
    if (!standsOn(agreement.from, agreement.to, c.date)) continue;
    std::string rest = c.beyond({}, agreement.scope);
    if (!beyond || rest.size() < beyond->size()) beyond = std::move(rest);
  }
  if (!beyond) {
    c.flag(Flag::noAgreement, c.recipientId);
  } else if (!beyond->empty()) {
    c.flag(Flag::overSharing, *beyond);
  }
}

void FlagJudge::judgeCampaigns(Case& c) {
  if (!isUse(c.e)) return;
  std::vector<std::string> parties = {c.recipientId, partyIdOf(c.e.stored.via, c.event.via),
                                      partyIdOf(c.e.stored.source, c.event.source)};
  if (const System* system = c.reg.system(c.e.system)) parties.push_back(system->party);
  for (const std::string& id : parties) {
    const Party* party = c.reg.party(id);
    if (party == nullptr || party->cadence != "campaign") continue;
    const auto [begin, end] = datedOf(id, c.reg).campaigns.equal_range(id);
    const bool within = std::any_of(begin, end, [&](const auto& row) {
      return standsOn(row.second->from, row.second->to, c.date);
    });
    if (!within) c.flag(Flag::outsideCampaign, id);
  }
}

void FlagJudge::judgeInformed(Case& c) {
  if (c.e.kind != Kind::processing) return;
  if (c.event.operation != Operation::collect && c.event.operation != Operation::none) return;
  if (!fromThirdParty(c.e, c.reg)) return;
  const Instant end = endOfDay(zone_, plus(c.date, c.reg.deadlines().inform));
  if (asOf_ <= end) return;  // there is still time
  const std::string notice = c.event.notice.empty() ? noticeInForce(c.reg, c.date) : c.event.notice;
  if (!facts_.informed(c.e, notice, end)) {
    c.flag(Flag::notInformed, partyIdOf(c.e.stored.source, c.event.source));
  }
}

const FlagJudge::Dated& FlagJudge::datedOf(const Register& reg) {
  const auto [entry, fresh] = dated_.try_emplace(&reg);
  Dated& dated = entry->second;
  if (!fresh) return dated;
  for (const std::string& id : reg.campaignIds()) {
    const Campaign* campaign = reg.campaign(id);
    dated.campaigns.emplace(campaign->party, campaign);
  }
  for (const std::string& id : reg.agreementIds()) {
    const Agreement* agreement = reg.agreement(id);
    dated.agreements.emplace(agreement->party, agreement);
  }
  for (const std::string& id : reg.noticeIds()) dated.notices.push_back(reg.notice(id));
  return dated;
}

const FlagJudge::Dated& FlagJudge::datedOf(std::string_view party, const Register& atEvent) {
  const Register& newest = registers_.latest();
  return datedOf(newest.party(party) != nullptr ? newest : atEvent);
}

std::string FlagJudge::noticeInForce(const Register& reg, Date date) {
  const Notice* found = nullptr;
  for (const Notice* notice : datedOf(reg).notices) {
    if (notice->kind == "terms" || !notice->validFrom || date < *notice->validFrom) continue;
    if (found == nullptr || *found->validFrom <= *notice->validFrom) found = notice;
  }
  return found == nullptr ? std::string() : found->id;
}

}  // namespace lacuna
