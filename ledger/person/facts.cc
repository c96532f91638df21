#include "ledger/person/facts.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::string_view kErased = "[erased]";
constexpr std::string_view kEverything = "*";

// Kinds whose meaning lasts from their moment on: superseded, they end instead of vanishing.
bool lasts(Kind kind) {
  return kind == Kind::restriction || kind == Kind::objection || kind == Kind::hold ||
         kind == Kind::agreement;
}

// A right to an end that is not yet reached; ends are exclusive.
bool runs(const std::optional<Instant>& until, Instant t) { return !until || t < *until; }

bool matches(std::string_view spanPurpose, std::string_view purpose) {
  return spanPurpose == kEverything || spanPurpose == purpose;
}

}  // namespace

bool before(const PersonEvent& a, const PersonEvent& b) {
  const Instant atA = a.at(), atB = b.at();
  return atA != atB ? atA < atB : a.seq < b.seq;
}

bool contains(const std::vector<std::string>& list, std::string_view what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

void addOnce(std::vector<std::string>& list, std::string_view what) {
  if (!what.empty() && !contains(list, what)) list.emplace_back(what);
}

std::string partyIdOf(const std::optional<InstanceRef>& ref, std::string_view text) {
  return std::string(ref ? std::string_view(ref->category) : text.substr(0, text.find(':')));
}

std::string shownName(const std::optional<InstanceRef>& ref, std::string_view text,
                      std::string_view name) {
  if (!ref) return std::string(text);
  if (ref->slot == Slot(0)) return ref->category;
  const std::string prefix = ref->category + ":";
  if (name.starts_with(prefix)) return std::string(name);
  return prefix + std::string(name.empty() ? kErased : name);
}

bool fromThirdParty(const PersonEvent& event, const Register& reg) {
  const std::string id = partyIdOf(event.stored.source, event.stored.event.source);
  if (id.empty() || id == reg.controller().id) return false;
  if (const Source* source = reg.source(id)) return source->dpv.ends_with("ThirdPartyDataSource");
  const Party* party = reg.party(id);
  if (party == nullptr) return event.stored.source.has_value();
  if (!party->source.empty()) return party->source.ends_with("ThirdPartyDataSource");
  const auto processes = [](const std::string& role) { return role.ends_with("DataProcessor"); };
  return std::none_of(party->roles.begin(), party->roles.end(), processes) &&
         std::none_of(party->rolesAssessed.begin(), party->rolesAssessed.end(), processes);
}

Supersession::Supersession(const Ordered& events) {
  std::unordered_map<Seq, Kind> kinds;
  for (const PersonEvent* e : events) {
    if (e->stored.event.corrects) kinds.emplace(Seq(*e->stored.event.corrects), Kind::genesis);
  }
  if (kinds.empty()) return;
  for (const PersonEvent* e : events) {
    if (const auto target = kinds.find(e->seq); target != kinds.end()) target->second = e->kind;
  }
  for (const PersonEvent* e : events) {
    if (!e->stored.event.corrects) continue;
    const Seq target(*e->stored.event.corrects);
    const Kind kind = kinds.at(target);
    // Only what was there can be corrected; so no two events can supersede each other.
    if (kind == Kind::genesis || !(target < e->seq)) continue;
    const auto [mark, fresh] = marks_.try_emplace(target, Mark{e->seq, false, e->at()});
    mark->second.last = std::max(mark->second.last, e->seq);
    mark->second.first = std::min(mark->second.first, e->at());
    mark->second.replaced |= e->kind == kind && !lasts(kind);
  }
}

const Supersession::Mark* Supersession::find(Seq seq) const {
  const auto mark = marks_.find(seq);
  return mark == marks_.end() ? nullptr : &mark->second;
}

std::optional<Seq> Supersession::by(Seq seq) const {
  const Mark* mark = find(seq);
  return mark != nullptr ? std::optional(mark->last) : std::nullopt;
}

bool Supersession::replaced(Seq seq) const {
  const Mark* mark = find(seq);
  return mark != nullptr && mark->replaced;
}

std::optional<Instant> Supersession::endOf(Seq seq) const {
  const Mark* mark = find(seq);
  return mark != nullptr ? std::optional(mark->first) : std::nullopt;
}

Facts::Facts(const Ordered& events, const RegisterHistory& registers) : supersession_(events) {
  for (const PersonEvent* e : events) {
    if (!supersession_.replaced(e->seq)) take(*e, registers);
  }
}

void Facts::take(const PersonEvent& e, const RegisterHistory& registers) {
  const Event& event = e.stored.event;
  switch (e.kind) {
    case Kind::consent:
      consents_[event.purpose].push_back(&e);
      // Who consents under a notice has it before him.
      if (!event.notice.empty()) informed_.push_back({e.at(), event.notice});
      return;
    case Kind::notice:
      informed_.push_back({e.at(), event.notice});
      return;
    case Kind::processing:
      if (event.operation == Operation::collect && !event.notice.empty() &&
          !fromThirdParty(e, registers.version(e.stored.registerVersion))) {
        informed_.push_back({e.at(), event.notice});
      }
      return;
    case Kind::restriction:
      restrictions_.push_back(spanOf(e));
      return;
    case Kind::objection:
      objections_.push_back(spanOf(e));
      return;
    case Kind::agreement:
      agreements_.push_back(&e);
      return;
    default:
      return;
  }
}

Facts::Span Facts::spanOf(const PersonEvent& e) const {
  const Event& event = e.stored.event;
  Span span{event.purpose.empty() ? kEverything : std::string_view(event.purpose), &e,
            event.validUntil};
  if (const std::optional<Instant> end = supersession_.endOf(e.seq)) {
    span.until = std::min(span.until.value_or(*end), *end);
  }
  return span;
}

Consent Facts::consent(std::string_view purpose, const PersonEvent& user) const {
  const auto found = consents_.find(purpose);
  if (found == consents_.end()) return Consent::none;
  const Ordered& all = found->second;
  const auto byPlace = [](const PersonEvent* a, const PersonEvent& b) { return before(*a, b); };
  auto next = std::lower_bound(all.begin(), all.end(), user, byPlace);
  const auto standing = [&](const PersonEvent& e) {
    const Event& event = e.stored.event;
    if (event.consentState == ConsentState::withdrawn) return Consent::withdrawn;
    if (event.consentState != ConsentState::given || !runs(event.validUntil, user.at())) {
      return Consent::none;
    }
    return event.form == ConsentForm::implied || event.form == ConsentForm::bundled
               ? Consent::byConduct
               : Consent::given;
  };
  const Consent prior = next == all.begin() ? Consent::none : standing(**std::prev(next));
  if (prior == Consent::given || prior == Consent::byConduct) return prior;
  // Reported after the use, of the same moment: one form asked for both.
  for (; next != all.end() && (*next)->at() == user.at(); ++next) {
    const Consent same = standing(**next);
    if (same == Consent::given || same == Consent::byConduct) return same;
  }
  return prior;
}

bool Facts::restricted(std::string_view purpose, const PersonEvent& user) const {
  return std::any_of(restrictions_.begin(), restrictions_.end(), [&](const Span& span) {
    return matches(span.purpose, purpose) && before(*span.event, user) &&
           runs(span.until, user.at());
  });
}

bool Facts::objected(std::string_view purpose, const PersonEvent& user) const {
  return std::any_of(objections_.begin(), objections_.end(), [&](const Span& span) {
    return matches(span.purpose, purpose) && before(*span.event, user) &&
           runs(span.until, user.at()) && !liftedByConsent(span, purpose, user.at());
  });
}

// Who consents to a purpose after objecting to it has taken the objection back, for that purpose.
bool Facts::liftedByConsent(const Span& objection, std::string_view purpose, Instant t) const {
  const auto found = consents_.find(purpose);
  if (found == consents_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const PersonEvent* e) {
    return e->stored.event.consentState == ConsentState::given && before(*objection.event, *e) &&
           e->at() <= t;
  });
}

bool Facts::informed(const PersonEvent& collection, std::string_view notice, Instant end) const {
  return std::any_of(informed_.begin(), informed_.end(), [&](const Informed& known) {
    if (known.at >= collection.at()) return known.at <= end;
    return !notice.empty() && known.notice == notice;  // Art. 14(5)(a): has the information already
  });
}

bool Facts::agreed(std::string_view party, const PersonEvent& user) const {
  return std::any_of(agreements_.begin(), agreements_.end(), [&](const PersonEvent* e) {
    const Event& event = e->stored.event;
    if (user.at() < e->at() || !runs(event.validUntil, user.at()) ||
        !runs(supersession_.endOf(e->seq), user.at())) {
      return false;
    }
    const std::string& named = user.stored.event.agreement;
    if (!named.empty() && named == event.agreement) return true;
    if (partyIdOf(e->stored.recipient, event.recipient) != party) return false;
    return recipientOf(*e) == recipientOf(user) || recipientOf(*e) == party;
  });
}

std::vector<std::string> Facts::restrictionsAt(Instant t) const {
  std::vector<std::string> out;
  for (const Span& span : restrictions_) {
    if (span.event->at() <= t && runs(span.until, t)) addOnce(out, span.purpose);
  }
  return out;
}

std::vector<std::string> Facts::objectionsAt(Instant t) const {
  std::vector<std::string> out;
  for (const Span& span : objections_) {
    if (span.event->at() <= t && runs(span.until, t) && !liftedByConsent(span, span.purpose, t)) {
      addOnce(out, span.purpose);
    }
  }
  return out;
}

}  // namespace lacuna
