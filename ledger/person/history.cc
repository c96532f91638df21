#include "ledger/person/facts.h"
#include "ledger/person/flags.h"

#include <algorithm>

namespace lacuna {
namespace {

bool known(const PersonEvent& e, const HistoryQuery& query) {
  return (!query.knownAt || e.recordedAt <= *query.knownAt) &&
         (!query.knownThrough || e.seq <= *query.knownThrough);
}

bool shown(const PersonEvent& e, const HistoryQuery& query) {
  const Event& event = e.stored.event;
  const Instant at = e.at();
  if ((query.asOf && at > *query.asOf) || (query.from && at < *query.from) ||
      (query.to && at > *query.to)) {
    return false;
  }
  if (!query.klass.empty() && e.klass != query.klass) return false;
  if (!query.purpose.empty() && event.purpose != query.purpose) return false;
  return query.recipient.empty() ||
         partyIdOf(e.stored.recipient, event.recipient) == query.recipient ||
         recipientOf(e) == query.recipient;
}

}  // namespace

std::string_view nameOf(Flag flag) {
  switch (flag) {
    case Flag::overSharing:
      return "over-sharing";
    case Flag::sharedWithoutConsent:
      return "shared-without-consent";
    case Flag::usedWithoutConsent:
      return "used-without-consent";
    case Flag::usedAfterWithdrawal:
      return "used-after-withdrawal";
    case Flag::deadSafeguard:
      return "dead-safeguard";
    case Flag::noSafeguard:
      return "no-safeguard";
    case Flag::outsideCampaign:
      return "outside-campaign";
    case Flag::noAgreement:
      return "no-agreement";
    case Flag::duringRestriction:
      return "during-restriction";
    case Flag::marketingAfterObjection:
      return "marketing-after-objection";
    case Flag::notInformed:
      return "not-informed";
    case Flag::categoryNotInClass:
      return "category-not-in-class";
    case Flag::impliedConsent:
      return "implied-consent";
    case Flag::identityConflict:
      return "identity-conflict";
    case Flag::unstatedReason:
      return "unstated-reason";
  }
  throwBug(__FILE__, __LINE__, "nameOf(Flag)", "a flag outside its list");
}

void RegisterHistory::add(Seq from, Instant since, std::shared_ptr<const Register> version) {
  LACUNA_ASSERT(version != nullptr, "a version has a text");
  LACUNA_ASSERT(entries_.empty() || entries_.back().from < from, "versions come in their order");
  entries_.push_back({from, since, std::move(version)});
}

const Register& RegisterHistory::latest() const {
  return entries_.empty() ? *builtIn_ : *entries_.back().version;
}

const Register& RegisterHistory::version(std::uint64_t number) const {
  return number == 0 || number > entries_.size() ? *builtIn_ : *entries_[number - 1].version;
}

const Register& RegisterHistory::knownAt(Instant t) const { return version(numberKnownAt(t)); }

std::uint64_t RegisterHistory::numberKnownAt(Instant t) const {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].since <= t) found = i + 1;
  }
  return found;
}

Seq RegisterHistory::from(std::uint64_t number) const {
  LACUNA_ASSERT(number > 0 && number <= entries_.size(), "a version that is there");
  return entries_[number - 1].from;
}

Instant RegisterHistory::since(std::uint64_t number) const {
  LACUNA_ASSERT(number > 0 && number <= entries_.size(), "a version that is there");
  return entries_[number - 1].since;
}

RegisterHistory RegisterHistory::knownBy(const HistoryQuery& query) const {
  RegisterHistory out;
  for (const Entry& entry : entries_) {
    if (query.knownAt && entry.since > *query.knownAt) break;
    if (query.knownThrough && entry.from > *query.knownThrough) break;
    out.entries_.push_back(entry);
  }
  return out;
}

std::vector<const PersonEvent*> select(std::span<const PersonEvent> events,
                                       const HistoryQuery& query, Withdrawn withdrawn) {
  std::vector<const PersonEvent*> out;
  out.reserve(events.size());
  for (const PersonEvent& e : events) {
    if (e.withdrawn && withdrawn == Withdrawn::leftOut) continue;
    if (known(e, query) && shown(e, query)) out.push_back(&e);
  }
  std::sort(out.begin(), out.end(),
            [](const PersonEvent* a, const PersonEvent* b) { return before(*a, *b); });
  return out;
}

Instant standsAt(std::span<const PersonEvent> events, const HistoryQuery& query, Instant now) {
  if (query.asOf) return *query.asOf;
  Instant t = query.knownAt ? std::min(now, *query.knownAt) : now;
  // An event may lie a little ahead of our clock (kFutureMax); known is known.
  for (const PersonEvent& e : events) {
    if (known(e, query)) t = std::max(t, e.at());
  }
  return t;
}

Ordered allKnown(std::span<const PersonEvent> events, const HistoryQuery& query, Instant asOf) {
  HistoryQuery everything;
  everything.asOf = asOf;
  everything.knownAt = query.knownAt;
  everything.knownThrough = query.knownThrough;
  return select(events, everything);
}

std::vector<std::string> historyLines(std::span<const PersonEvent> events,
                                      const HistoryQuery& query, const RegisterHistory& registers,
                                      Instant now) {
  const RegisterHistory versions = registers.knownBy(query);
  const Instant asOf = standsAt(events, query, now);
  Facts facts(allKnown(events, query, asOf), versions);
  FlagJudge judge(facts, versions, asOf);
  std::vector<std::string> lines;
  for (const PersonEvent* e : select(events, query, Withdrawn::shown)) {
    EventMarks marks;
    if (e->withdrawn) {  // nothing is left to judge
      lines.push_back(jsonOf(*e, marks));
      continue;
    }
    marks.supersededBy = facts.supersession().by(e->seq);
    if (!facts.supersession().replaced(e->seq)) {
      for (const Flagged& flagged : judge.judge(*e)) {
        if (marks.flags.empty() || marks.flags.back() != flagged.flag) {
          marks.flags.push_back(flagged.flag);
        }
      }
    }
    lines.push_back(jsonOf(*e, marks));
  }
  return lines;
}

}  // namespace lacuna
