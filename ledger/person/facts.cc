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

// Ends are exclusive.
bool runs(const std::optional<Instant>& until, Instant t) { return !until || t < *until; }

constexpr Instant kForever = Instant::max();

bool byPlace(const PersonEvent* a, const PersonEvent& b) { return before(*a, b); }

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

void Timeline::add(const PersonEvent& start, Instant end) {
  starts_.push_back(&start);
  latestEnd_.push_back(latestEnd_.empty() ? end : std::max(end, latestEnd_.back()));
}

bool Timeline::covers(const PersonEvent& user) const {
  const auto next = std::lower_bound(starts_.begin(), starts_.end(), user, byPlace);
  if (next == starts_.begin()) return false;
  return user.at() < latestEnd_[static_cast<std::size_t>(next - starts_.begin()) - 1];
}

Facts::Facts(const Ordered& events, const RegisterHistory& registers) : supersession_(events) {
  for (const PersonEvent* e : events) {
    if (!supersession_.replaced(e->seq)) take(*e, registers);
  }
}

void Facts::take(const PersonEvent& e, const RegisterHistory& registers) {
  const Event& event = e.stored.event;
  const std::string_view purpose = event.purpose.empty() ? kEverything : event.purpose;
  switch (e.kind) {
    case Kind::consent:
      consents_[event.purpose].push_back(&e);
      if (event.consentState == ConsentState::given) given_[event.purpose].push_back(&e);
      // Who consents under a notice has it before him.
      return inform(e.at(), event.notice);
    case Kind::notice:
      informedAt_.push_back(e.at());
      noticeFirst_.try_emplace(event.notice, e.at());
      return;
    case Kind::processing:
      if (event.operation == Operation::collect && !event.notice.empty() &&
          !fromThirdParty(e, registers.version(e.stored.registerVersion))) {
        inform(e.at(), event.notice);
      }
      return;
    case Kind::restriction:
      restrictions_.push_back({purpose, &e, endOf(e)});
      restricted_[purpose].add(e, endOf(e));
      return;
    case Kind::objection:
      objections_.push_back({purpose, &e, endOf(e)});
      return;
    case Kind::agreement:
      return takeAgreement(e);
    default:
      return;
  }
}

void Facts::takeAgreement(const PersonEvent& e) {
  const Event& event = e.stored.event;
  if (!event.agreement.empty()) agreedById_[event.agreement].add(e, endOf(e));
  const std::string name = recipientOf(e);
  if (!name.empty()) agreedByName_[name].add(e, endOf(e));
}

void Facts::inform(Instant at, std::string_view notice) {
  if (notice.empty()) return;
  informedAt_.push_back(at);
  noticeFirst_.try_emplace(notice, at);
}

// Of what lasts: until its own term, or until it is superseded.
Instant Facts::endOf(const PersonEvent& e) const {
  const Instant term = e.stored.event.validUntil.value_or(kForever);
  return std::min(term, supersession_.endOf(e.seq).value_or(kForever));
}

Consent Facts::consent(std::string_view purpose, const PersonEvent& user, Instant asked) const {
  const auto found = consents_.find(purpose);
  if (found == consents_.end()) return Consent::none;
  const Ordered& all = found->second;
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
  for (; next != all.end() && (*next)->at() <= asked; ++next) {
    const Consent given = standing(**next);
    if (given == Consent::given || given == Consent::byConduct) return given;
  }
  return prior;
}

bool Facts::restricted(std::string_view purpose, const PersonEvent& user) const {
  const auto within = [&](std::string_view what) {
    const auto found = restricted_.find(what);
    return found != restricted_.end() && found->second.covers(user);
  };
  return within(kEverything) || within(purpose);
}

bool Facts::objected(std::string_view purpose, const PersonEvent& user) {
  if (objections_.empty()) return false;
  const auto [entry, fresh] = objected_.try_emplace(std::string(purpose));
  if (fresh) {
    for (const Span& span : objections_) {
      if (span.purpose != kEverything && span.purpose != purpose) continue;
      entry->second.add(*span.start, endOf(span, purpose));
    }
  }
  return entry->second.covers(user);
}

Instant Facts::endOf(const Span& objection, std::string_view purpose) const {
  const auto given = given_.find(purpose);
  if (given == given_.end()) return objection.end;
  const Ordered& all = given->second;
  const auto next = std::lower_bound(all.begin(), all.end(), *objection.start, byPlace);
  return next == all.end() ? objection.end : std::min(objection.end, (*next)->at());
}

bool Facts::informed(const PersonEvent& collection, std::string_view notice, Instant end) const {
  const Instant at = collection.at();
  const auto next = std::lower_bound(informedAt_.begin(), informedAt_.end(), at);
  if (next != informedAt_.end() && *next <= end) return true;
  if (notice.empty()) return false;
  const auto first = noticeFirst_.find(notice);  // Art. 14(5)(a): has the information already
  return first != noticeFirst_.end() && first->second < at;
}

bool Facts::agreed(std::string_view party, const PersonEvent& sharing) const {
  const auto within = [&](const auto& timelines, std::string_view key) {
    const auto found = timelines.find(key);
    return found != timelines.end() && found->second.covers(sharing);
  };
  const std::string& named = sharing.stored.event.agreement;
  return (!named.empty() && within(agreedById_, named)) ||
         within(agreedByName_, recipientOf(sharing)) || within(agreedByName_, party);
}

std::vector<std::string> Facts::restrictionsAt(Instant t) const {
  std::vector<std::string> out;
  for (const Span& span : restrictions_) {
    if (span.start->at() <= t && t < span.end) addOnce(out, span.purpose);
  }
  return out;
}

std::vector<std::string> Facts::objectionsAt(Instant t) const {
  std::vector<std::string> out;
  for (const Span& span : objections_) {
    if (span.start->at() <= t && t < endOf(span, span.purpose)) addOnce(out, span.purpose);
  }
  return out;
}

}  // namespace lacuna
