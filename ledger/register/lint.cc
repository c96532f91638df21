#include "ledger/register/lint.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace lacuna {
namespace {

using Ids = std::vector<std::string>;
using From = RetentionRule::From;
constexpr Severity kGap = Severity::gap, kWarning = Severity::warning, kNote = Severity::note;

// The codes never change. In the order in which findings are shown: who, why, what, how long, to whom, how told.
constexpr std::array kRules{
    LintRule{"no-contact", kGap, "13(1)(a), 30(1)(a)", "controller",
             "the controller has no contact details",
             "van de verwerkingsverantwoordelijke staan geen contactgegevens vermeld"},
    LintRule{
        "no-dpo-contact", kWarning, "13(1)(b), 37(7), 30(1)(a)", "controller",
        "no data protection officer is named; write `dpo`, or `dpoNotRequired` with the reason",
        "er is geen functionaris gegevensbescherming genoemd; vul `dpo` in, of "
        "`dpoNotRequired` met de reden"},
    LintRule{"no-measures", kGap, "32(1), 30(1)(g)", "controller",
             "no security measure is described", "er is geen beveiligingsmaatregel beschreven"},
    LintRule{"measure-unspecific", kWarning, "32(1), 30(1)(g)", "measure",
             "this measure does not say what is done: it has no term (`dpv`)",
             "deze maatregel zegt niet wat er gebeurt: er staat geen term (`dpv`) bij"},
    LintRule{"house-deadline-late", kWarning, "12(3)", "controller",
             "the house deadline for % can end after the statutory one",
             "de eigen termijn voor % kan na de wettelijke eindigen"},
    LintRule{"basis-not-stated", kGap, "13(1)(c)", "purpose",
             "the notice does not state the legal basis of this purpose (%)",
             "de verklaring noemt de grondslag van dit doel niet (%)"},
    LintRule{"interest-not-stated", kGap, "13(1)(d)", "purpose",
             "it rests on a legitimate interest, and no `interest` says which",
             "het steunt op een gerechtvaardigd belang, en geen `interest` zegt welk"},
    LintRule{"no-special-basis", kGap, "9(2)", "purpose",
             "it uses special categories (%) without a ground of Art. 9(2)",
             "het gebruikt bijzondere gegevens (%) zonder grond van art. 9 lid 2"},
    LintRule{"no-subjects", kGap, "30(1)(c)", "purpose",
             "it does not say whose data are used (`subjects`)",
             "er staat niet van wie gegevens worden gebruikt (`subjects`)"},
    LintRule{"purpose-misfiled", kWarning, "12(1), 5(1)(b)", "purpose",
             "the notice names it under the heading of '%', with which it has no term in common",
             "de verklaring noemt het onder het kopje van '%', waarmee het geen term gemeen heeft"},
    LintRule{"no-consent-wording", kWarning, "7(1)", "purpose",
             "it rests on consent, and no wording says what was agreed to",
             "het steunt op toestemming, en geen tekst zegt waarmee is ingestemd"},
    LintRule{"no-withdrawal-route", kGap, "7(3), 13(2)(c)", "purpose",
             "it rests on consent, and no `withdrawal` says how to withdraw it",
             "het steunt op toestemming, en geen `withdrawal` zegt hoe die is in te trekken"},
    LintRule{"no-objection-route", kGap, "21(2), 21(4)", "purpose",
             "it is marketing without consent, and no `objection` says how to object",
             "het is marketing zonder toestemming, en geen `objection` zegt hoe bezwaar te maken"},
    LintRule{"implied-consent", kGap, "4(11), 7(2), 7(4)", "wording",
             "what it asks is no consent by a free and clear act: %",
             "wat het vraagt is geen toestemming door een vrije en duidelijke handeling: %"},
    LintRule{"form-beyond-purpose", kGap, "5(1)(c)", "form",
             "it asks for what its purpose does not need: %",
             "het vraagt wat het doel niet nodig heeft: %"},
    LintRule{"form-without-notice", kGap, "13(1)", "form", "no notice is shown with it (`notice`)",
             "er wordt geen verklaring bij getoond (`notice`)"},
    LintRule{"class-without-purpose", kWarning, "5(1)(b)", "class", "no purpose uses this class",
             "geen doel gebruikt deze klasse"},
    LintRule{"no-retention", kGap, "5(1)(e), 13(2)(a), 30(1)(f)", "class",
             "it does not say how long these data are kept",
             "er staat niet hoe lang deze gegevens worden bewaard"},
    LintRule{"open-ended-retention", kWarning, "5(1)(e), 13(2)(a), 30(1)(f)", "class",
             "kept until an event, without a period after it: no date follows from it",
             "bewaard tot een gebeurtenis, zonder termijn erna: daar volgt geen datum uit"},
    LintRule{"recipient-retention-unknown", kWarning, "13(2)(a), 28(3)(g)", "party",
             "it does not say how long this recipient keeps the data",
             "er staat niet hoe lang deze ontvanger de gegevens bewaart"},
    LintRule{"recipient-open-ended", kGap, "13(1)(e), 15(1)(c)", "party",
             "an open category of recipients, without a purpose",
             "een open categorie van ontvangers, zonder doel"},
    LintRule{"role-not-claimed", kGap, "26(1), 28(1)", "party",
             "its role is assessed as %, and that role is not claimed",
             "zijn rol is beoordeeld als %, en die rol wordt niet erkend"},
    LintRule{"no-joint-arrangement", kGap, "26(1)", "party",
             "a joint controller without an arrangement in force",
             "een gezamenlijk verantwoordelijke zonder geldende regeling"},
    LintRule{"no-processor-agreement", kGap, "28(3)", "party",
             "a processor without an agreement in force",
             "een verwerker zonder geldende verwerkersovereenkomst"},
    LintRule{"no-safeguard", kGap, "44, 46", "party",
             "outside the EEA (%) without a safeguard for the transfer",
             "buiten de EER (%) zonder waarborg voor de doorgifte"},
    LintRule{"dead-safeguard", kGap, "44, 45, 46", "party", "none of its safeguards stands: %",
             "geen van de waarborgen geldt: %"},
    LintRule{"safeguard-at-risk", kNote, "45(3)", "party",
             "the only safeguard that stands is contested: %",
             "de enige waarborg die geldt wordt aangevochten: %"},
    LintRule{"anonymisation-unproven", kGap, "4(1), 5(2)", "claim",
             "that data are anonymous is claimed, without `evidence` of the method",
             "dat gegevens anoniem zijn wordt beweerd, zonder bewijs van de methode (`evidence`)"},
    LintRule{"claim-unproven", kWarning, "5(2), 28(1)", "claim",
             "relied on without a `url` or `evidence` by which it can be checked",
             "er wordt op vertrouwd zonder `url` of `evidence` om het aan te toetsen"},
    LintRule{"claim-stale", kNote, "5(2), 24(1)", "claim", "not looked at for a year",
             "al een jaar niet nagekeken"},
    LintRule{"no-privacy-notice", kGap, "12(1), 13, 14", "controller",
             "no privacy notice is in force", "er geldt geen privacyverklaring"},
    LintRule{"notice-text-not-kept", kWarning, "5(2), 7(1)", "notice",
             "its text was not kept (`sha256`): what persons were told cannot be shown",
             "de tekst is niet bewaard (`sha256`): wat is meegedeeld kan niet worden aangetoond"},
    LintRule{"right-not-named", kGap, "13(2)(b)", "notice", "it does not name the right %",
             "de verklaring noemt niet het recht %"},
    LintRule{"category-not-in-notice", kGap, "5(1)(a), 14(1)(d)", "category",
             "these data are used, and the notice '%' does not name them",
             "deze gegevens worden gebruikt, en de verklaring '%' noemt ze niet"},
    LintRule{"notice-not-given", kGap, "13(1)", "notice",
             "it is not given when data are collected (`given`)",
             "de verklaring wordt niet verstrekt wanneer gegevens worden verzameld (`given`)"},
    LintRule{"indirect-not-informed", kGap, "14(1), 14(3)", "party",
             "data come from here, and no notice is given to those whom they are about (`given`)",
             "gegevens komen hiervandaan, en betrokkenen krijgen geen verklaring (`given`)"},
    LintRule{"change-not-announced", kWarning, "5(1)(a), 12(1)", "notice",
             "nobody is told when it changes (`given`)",
             "niemand hoort het wanneer de verklaring verandert (`given`)"},
};

bool has(const Ids& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string joined(const Ids& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

bool builtIn(std::string_view klass) {
  return klass == kAccessClass || klass == kCaseClass || klass == kOrganisationClass ||
         klass == kIdentityClass;
}

bool hasBasis(const Purpose& purpose, std::string_view article) {
  return std::any_of(purpose.basis.begin(), purpose.basis.end(), [&](const std::string& basis) {
    return std::string_view(basis).starts_with("eu-gdpr:" + std::string(article));
  });
}
bool byConsent(const Purpose& p) { return hasBasis(p, "A6-1-a") || hasBasis(p, "A9-2-a"); }

// Whether the controller gives data to it, as far as the register says.
bool receives(const Party& party) {
  return !party.purposes.empty() || !party.allowedClasses.empty() ||
         !party.allowedCategories.empty();
}
bool hasRole(const Party& party, std::string_view role) {
  return has(party.roles, role) || has(party.rolesClaimed, role) || has(party.rolesAssessed, role);
}

struct Right {
  std::string_view name, article, en, nl;
};
// In the order of kNoticeRights.
constexpr std::array<Right, kNoticeRights.size()> kRights{{
    {"access", "13(2)(b), 15", "of access", "van inzage"},
    {"rectification", "13(2)(b), 16", "to rectification", "op rectificatie"},
    {"erasure", "13(2)(b), 17", "to erasure", "op wissing"},
    {"restriction", "13(2)(b), 18", "to restriction of processing", "op beperking"},
    {"portability", "13(2)(b), 20", "to data portability", "op overdraagbaarheid"},
    {"objection", "13(2)(b), 21", "to object", "van bezwaar"},
    {"withdrawal", "13(2)(c), 7(3)", "to withdraw consent", "om toestemming in te trekken"},
    {"complaint", "13(2)(d), 77", "to complain to the authority",
     "om te klagen bij de toezichthouder"},
    {"not-automated", "13(2)(f), 22", "not to be subject to automated decisions, if there are any",
     "om niet aan geautomatiseerde besluiten onderworpen te worden, zo die er zijn"},
}};

class Linter {
 public:
  Linter(const Register& reg, Date on) : reg_(reg), on_(on) { lookUp(); }

  std::vector<LintFinding> run() {
    controller();
    for (const std::string& id : reg_.measureIds()) {
      if (reg_.measure(id)->dpv.empty()) find("measure-unspecific", id);
    }
    for (const std::string& id : reg_.purposeIds()) purpose(*reg_.purpose(id));
    for (const std::string& id : reg_.wordingIds()) wording(*reg_.wording(id));
    for (const std::string& id : reg_.formIds()) form(*reg_.form(id));
    for (const std::string& id : reg_.classIds()) klass(*reg_.klass(id));
    for (const std::string& id : reg_.partyIds()) party(*reg_.party(id));
    for (const std::string& id : reg_.claimIds()) claim(*reg_.claim(id));
    notices();
    inOrder();
    return std::move(found_);
  }

 private:
  struct Detail {
    Detail() = default;
    Detail(std::string both) : en(both), nl(std::move(both)) {}
    Detail(std::string_view english, std::string_view dutch) : en(english), nl(dutch) {}
    std::string en, nl;
  };

  LintFinding& find(std::string_view code, const std::string& id, const Detail& detail = {}) {
    const auto rule = std::find_if(kRules.begin(), kRules.end(),
                                   [&](const LintRule& r) { return r.code == code; });
    LACUNA_ASSERT(rule != kRules.end(), "a finding is of a rule");
    LintFinding& out = found_.emplace_back();
    out.code = rule->code, out.severity = rule->severity, out.article = rule->article;
    out.kind = rule->kind, out.id = id, out.line = reg_.lineOf(rule->kind, id);
    const auto with = [](std::string_view sentence, const std::string& own) {
      std::string text(sentence);
      const std::size_t at = text.find('%');
      return at == std::string::npos ? text : text.replace(at, 1, own);
    };
    out.sentence = {with(rule->nl, detail.nl), with(rule->en, detail.en)};
    return out;
  }

  void inOrder() {
    std::map<std::string_view, std::size_t> place;
    for (const LintRule& rule : kRules) place.emplace(rule.code, place.size());
    std::stable_sort(found_.begin(), found_.end(), [&](const LintFinding& a, const LintFinding& b) {
      return place.at(a.code) < place.at(b.code);
    });
  }

  // What the rules ask again and again.
  void lookUp() {
    for (const std::string& id : reg_.purposeIds()) {
      const Purpose& purpose = *reg_.purpose(id);
      for (const std::string& klass : purpose.classes) usedClasses_.insert(klass);
    }
    for (const std::string& klass : usedClasses_) {
      for (const std::string& category : reg_.klass(klass)->categories)
        usedCategories_.insert(category);
    }
    for (const std::string& id : reg_.formIds()) {
      for (const std::string& category : reg_.form(id)->categories)
        usedCategories_.insert(category);
    }
    for (const std::string& id : reg_.partyIds()) {
      for (const std::string& category : reg_.party(id)->allowedCategories)
        usedCategories_.insert(category);
    }
    for (const std::string& id : reg_.wordingIds())
      wordedPurposes_.insert(reg_.wording(id)->purpose);
    for (const std::string& id : reg_.agreementIds()) {
      const Agreement& agreement = *reg_.agreement(id);
      const bool stands =
          (!agreement.from || *agreement.from <= on_) && (!agreement.to || on_ <= *agreement.to);
      if (stands) agreements_.emplace(agreement.party, agreement.kind);
    }
    // The newest privacy notice of each language is the one that persons are told.
    std::map<std::string, const Notice*> newest;
    for (const std::string& id : reg_.noticeIds()) {
      const Notice& notice = *reg_.notice(id);
      if (notice.kind != "privacy" || (notice.validFrom && *notice.validFrom > on_)) continue;
      const Notice*& best = newest[notice.language];
      if (best == nullptr || !best->validFrom ||
          (notice.validFrom && *best->validFrom <= *notice.validFrom)) {
        best = &notice;
      }
    }
    for (const std::string& id : reg_.noticeIds()) {
      const Notice* notice = reg_.notice(id);
      const auto at = newest.find(notice->language);
      if (at != newest.end() && at->second == notice) current_.push_back(notice);
    }
  }

  void controller() {
    const Controller& us = reg_.controller();
    if (us.contact.empty() && us.address.empty()) find("no-contact", us.id);
    if (us.dpo.empty() && us.dpoNotRequired.empty()) find("no-dpo-contact", us.id);
    if (reg_.measureIds().empty()) find("no-measures", us.id);
    for (const auto& [right, period] : reg_.deadlines().house) {
      // A year whose February is short: what ends in time there ends in time always.
      bool late = false;
      for (unsigned month = 1; month <= 12; ++month) {
        const Date start(std::chrono::year(2021), std::chrono::month(month), std::chrono::day(1));
        late = late || plus(start, period) > plus(start, reg_.deadlines().statute);
      }
      if (late) find("house-deadline-late", us.id, {right});
    }
  }

  void purpose(const Purpose& p) {
    if (!p.statedInNotice) find("basis-not-stated", p.id, {joined(p.basis)});
    if (hasBasis(p, "A6-1-f") && p.interest.en.empty()) find("interest-not-stated", p.id);
    Ids special;
    for (const std::string& klass : p.classes) {
      for (const std::string& id : reg_.klass(klass)->categories) {
        if (reg_.category(id)->special && !has(special, id)) special.push_back(id);
      }
    }
    if (!special.empty() && !hasBasis(p, "A9-2-"))
      find("no-special-basis", p.id, {joined(special)});
    if (p.subjects.empty()) find("no-subjects", p.id);
    if (!p.statedUnder.empty() && p.statedUnder != p.id) {
      const Ids& other = reg_.purpose(p.statedUnder)->dpv;
      const bool shared = std::any_of(p.dpv.begin(), p.dpv.end(),
                                      [&](const std::string& term) { return has(other, term); });
      if (!shared) find("purpose-misfiled", p.id, {p.statedUnder});
    }
    if (byConsent(p)) {
      if (wordedPurposes_.count(p.id) == 0) find("no-consent-wording", p.id);
      if (p.withdrawal.en.empty()) find("no-withdrawal-route", p.id);
    } else if (p.marketing && p.objection.en.empty()) {
      find("no-objection-route", p.id);
    }
  }

  void wording(const Wording& w) {
    if (w.form != "implied" && w.form != "bundled") return;
    const bool bundled = w.form == "bundled", called = w.formClaimed == "explicit";
    Detail detail(bundled ? "it is bundled with something else" : "it is implied by conduct",
                  bundled ? "zij is aan iets anders gekoppeld" : "zij wordt uit gedrag afgeleid");
    if (called) detail.en += ", and called explicit", detail.nl += ", en heet uitdrukkelijk";
    find("implied-consent", w.id, detail);
  }

  void form(const Form& f) {
    if (f.notice.empty()) find("form-without-notice", f.id);
    if (f.purpose.empty()) return;
    std::set<std::string_view> needed;
    for (const std::string& klass : reg_.purpose(f.purpose)->classes) {
      for (const std::string& id : reg_.klass(klass)->categories) needed.insert(id);
    }
    Ids beyond;
    for (const std::string& id : f.categories) {
      if (needed.count(id) == 0) beyond.push_back(id);
    }
    if (!beyond.empty()) find("form-beyond-purpose", f.id, {joined(beyond)});
  }

  void klass(const RetentionClass& c) {
    if (builtIn(c.id)) return;
    if (usedClasses_.count(c.id) == 0) find("class-without-purpose", c.id);
    if (c.retention.gap) {
      find("no-retention", c.id);
    } else if (c.retention.from == From::untilEvent && !c.retention.period) {
      find("open-ended-retention", c.id);
    }
  }

  // An agreement with a parent covers what belongs to it.
  bool agreed(const Party& p, const std::string& kind) const {
    const Party* up = &p;
    while (up != nullptr && agreements_.count({up->id, kind}) == 0)
      up = up->parent.empty() ? nullptr : reg_.party(up->parent);
    return up != nullptr;
  }

  void party(const Party& p) {
    if (p.source == "dpv:ThirdPartyDataSource" && !informed()) find("indirect-not-informed", p.id);
    if (p.category()) {
      const bool open = p.purposes.empty() && p.condition != "legal-duty";
      if (open && (!p.roles.empty() || !p.condition.empty())) find("recipient-open-ended", p.id);
    } else if (receives(p) && p.retention.gap) {
      find("recipient-retention-unknown", p.id);
    }
    for (const std::string& role : p.rolesAssessed) {
      if (!has(p.roles, role) && !has(p.rolesClaimed, role)) find("role-not-claimed", p.id, {role});
    }
    if (hasRole(p, "dpv:JointDataControllers") && !agreed(p, "joint-controllers"))
      find("no-joint-arrangement", p.id);
    if (hasRole(p, "dpv:DataProcessor") && !agreed(p, "processor"))
      find("no-processor-agreement", p.id);
    if (receives(p) && thirdCountry(p.country)) transfer(p);
  }

  void transfer(const Party& p) {
    if (p.safeguards.empty()) {
      find("no-safeguard", p.id, {p.country});
      return;
    }
    const Safeguard* standing = nullptr;
    Ids why;
    for (const std::string& id : p.safeguards) {
      const Safeguard& s = *reg_.safeguard(id);
      const bool elsewhere = !s.country.empty() && s.country != p.country;
      if (!elsewhere && s.validOn(on_)) {
        if (standing == nullptr || s.atRisk.empty()) standing = &s;
        continue;
      }
      std::string text = id;
      if (elsewhere) {
        text += " (" + s.country + ")";
      } else if (s.validTo && *s.validTo <= on_) {
        text += " (" + textOf(*s.validTo) + (s.endedBy.empty() ? "" : ", " + s.endedBy) + ")";
      }
      why.push_back(std::move(text));
    }
    if (standing == nullptr) {
      find("dead-safeguard", p.id, {joined(why)});
    } else if (!standing->atRisk.empty()) {
      find("safeguard-at-risk", p.id, {standing->id + " (" + standing->atRisk + ")"});
    }
  }

  void claim(const Claim& c) {
    if (c.kind == Claim::Kind::anonymisation && c.evidence.empty()) {
      find("anonymisation-unproven", c.id);
    } else if (c.url.empty() && c.evidence.empty()) {
      find("claim-unproven", c.id);
    } else if (!c.seenOn || plus(*c.seenOn, Period{1, 0, 0}) < on_) {
      find("claim-stale", c.id);
    }
  }

  bool informed() const {
    return std::any_of(current_.begin(), current_.end(),
                       [](const Notice* n) { return has(n->given, "indirect"); });
  }

  void notices() {
    for (const std::string& id : reg_.noticeIds()) {
      if (reg_.notice(id)->sha256.empty()) find("notice-text-not-kept", id);
    }
    if (current_.empty()) find("no-privacy-notice", reg_.controller().id);
    for (const std::string& id : reg_.sourceIds()) {
      if (reg_.source(id)->dpv != "dpv:ThirdPartyDataSource" || informed()) continue;
      LintFinding& finding = find("indirect-not-informed", id);
      finding.kind = "source", finding.line = reg_.lineOf("source", id);
    }
    for (const Notice* notice : current_) {
      rights(*notice);
      for (const std::string& id : reg_.categoryIds()) {
        if (usedCategories_.count(id) > 0 && !has(notice->categories, id))
          find("category-not-in-notice", id, {notice->id});
      }
      if (!reg_.formIds().empty() && !has(notice->given, "collection"))
        find("notice-not-given", notice->id);
      if (!has(notice->given, "change")) find("change-not-announced", notice->id);
    }
  }

  // Which rights there are follows from the bases (Arts. 7(3), 20(1)(a), 21(1)).
  bool exists(std::string_view right) const {
    const auto any = [&](auto&& test) {
      const Ids all = reg_.purposeIds();
      return std::any_of(all.begin(), all.end(),
                         [&](const std::string& id) { return test(*reg_.purpose(id)); });
    };
    if (right == "withdrawal") return any(byConsent);
    if (right == "portability")
      return any([](const Purpose& p) { return byConsent(p) || hasBasis(p, "A6-1-b"); });
    if (right == "objection") {
      return any([](const Purpose& p) {
        return p.marketing || hasBasis(p, "A6-1-e") || hasBasis(p, "A6-1-f");
      });
    }
    return true;
  }

  void rights(const Notice& notice) {
    for (const Right& right : kRights) {
      if (has(notice.rights, right.name) || !exists(right.name)) continue;
      LintFinding& finding = find("right-not-named", notice.id, Detail(right.en, right.nl));
      finding.article = right.article;
      if (right.name == "not-automated") finding.severity = kNote;
    }
  }

  const Register& reg_;
  const Date on_;
  std::set<std::string> usedClasses_, usedCategories_, wordedPurposes_;
  std::set<std::pair<std::string, std::string>> agreements_;  // party, kind: in force
  std::vector<const Notice*> current_;
  std::vector<LintFinding> found_;
};

}  // namespace

std::string_view nameOf(Severity severity) {
  constexpr std::array<std::string_view, 3> names{"gap", "warning", "note"};
  return names[static_cast<std::size_t>(severity)];
}

std::span<const LintRule> lintRules() { return kRules; }

std::vector<LintFinding> lint(const Register& reg, Date on) { return Linter(reg, on).run(); }

}  // namespace lacuna
