#include "ledger/retention.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"

#include <algorithm>
#include <map>
#include <set>

namespace lacuna {
namespace {

using Key = std::pair<std::string, std::int32_t>;

// The last word on one purpose, in order of (at, seq).
struct Word {
  Instant at{};
  Seq seq;
  std::optional<Instant> ends;
  void hear(const PersonEvent& event, std::optional<Instant> until) {
    if (std::pair(event.at(), event.seq) < std::pair(at, seq)) return;
    at = event.at();
    seq = event.seq;
    ends = until;
  }
};

std::optional<Instant> consentEnds(const PersonEvent& event) {
  const Event& said = event.stored.event;
  if (said.consentState == ConsentState::given) return said.validUntil;
  return event.at();
}

// Art. 21(3): an objection to marketing needs no weighing; any other is the officer's to decide.
bool absolute(const PersonEvent& event, const std::string& purpose, const Register& reg) {
  const std::string& to = event.stored.event.purpose;
  if (!to.empty() && to != purpose) return false;
  const Purpose* known = reg.purpose(purpose);
  return known != nullptr && known->marketing;
}

}  // namespace

std::optional<Instant> Retention::endedAt(const std::vector<PersonEvent>& events,
                                          const RetentionClass& klass, const Register& reg) {
  std::set<std::uint64_t> superseded;
  for (const PersonEvent& event : events) {
    if (event.stored.event.corrects) superseded.insert(*event.stored.event.corrects);
  }
  std::map<std::string, Word> purposes;
  for (const PersonEvent& event : events) {
    if (superseded.count(event.seq.raw()) == 0 && !event.stored.event.purpose.empty()) {
      purposes.try_emplace(event.stored.event.purpose);
    }
  }
  for (const PersonEvent& event : events) {
    if (superseded.count(event.seq.raw()) > 0) continue;
    for (auto& [purpose, word] : purposes) {
      if (event.kind == Kind::consent && event.stored.event.purpose == purpose) {
        word.hear(event, consentEnds(event));
      } else if (event.kind == Kind::objection && absolute(event, purpose, reg)) {
        word.hear(event, event.at());
      }
    }
  }
  std::optional<Instant> out;
  for (const auto& [purpose, word] : purposes) {
    if (!word.ends) return std::nullopt;  // still rests on something
    out = std::max(out.value_or(*word.ends), *word.ends);
  }
  if (out && klass.retention.period) {
    const std::string& zone = reg.controller().zone;
    out = endOfDay(zone, plus(dateIn(zone, *out), *klass.retention.period));
  }
  return out;
}

Retention::Due Retention::collect(Instant by, std::size_t targetsMax) {
  const Register& reg = sequencer_.registers().latest();
  People& people = sequencer_.people();
  Due out;
  std::map<Key, std::optional<Instant>> ends;
  std::map<Key, RetentionRow> rows;
  const auto count = [&](const Key& key, Instant end, bool held, EraseTarget target) {
    RetentionRow& row = rows[key];
    row.klass = key.first;
    row.period = key.second;
    row.ends = end;
    ++row.lots;
    if (held) {
      ++row.held;
    } else if (out.targets.size() < targetsMax) {
      out.targets.push_back(target);
    } else {
      out.more = true;
    }
  };
  people.eachLot([&](Slot slot, LeafNo leaf, std::string_view klass, std::int32_t period) {
    const Key key(klass, period);
    auto found = ends.find(key);
    if (found == ends.end()) {
      const RetentionClass* rule = reg.klass(klass);
      found = ends.emplace(key, rule ? retentionEnd(*rule, reg, period) : std::nullopt).first;
    }
    if (!found->second || *found->second > by) return;
    LotHandle lot{leaf, std::string(klass), period, 0};
    count(key, *found->second, erasures_.decide(slot, lot).why == KeptWhy::hold, {slot, leaf});
  });
  erasures_.eachEndedCase(by, [&](Slot slot, Instant end) {
    count(Key(std::string(kCaseClass), 0), end, false, {slot, std::nullopt});
  });
  for (auto& [key, row] : rows) out.rows.push_back(std::move(row));
  return out;
}

std::vector<RetentionRow> Retention::due(Instant by) { return collect(by, 0).rows; }

Result<Retention::Swept> Retention::sweep(std::size_t lotsMax, bool& more) {
  Due due = collect(sequencer_.now(), lotsMax);
  more = due.more;
  return erase(std::move(due));
}

Result<Retention::Swept> Retention::erase(Due due) {
  Swept swept;
  swept.rows = std::move(due.rows);
  for (const RetentionRow& row : swept.rows) swept.held += row.held;
  if (due.targets.empty()) return swept;
  const std::size_t wanted = due.targets.size();
  Result<Erasure> erased = erasures_.batch(std::move(due.targets), Ground::retentionEnd);
  if (!erased) {
    if (erased.refusal().code == RefusalCode::nothingToErase) return swept;
    return erased.refusal();
  }
  swept.lots = wanted;
  swept.cases.push_back(erased->caseNumber);
  swept.complete = erased->reachedComplete();
  return swept;
}

std::vector<UntilEventLot> Retention::untilEventLots(Slot from, std::size_t lotsMax,
                                                     std::optional<Slot>& next) {
  const Register& reg = sequencer_.registers().latest();
  People& people = sequencer_.people();
  std::vector<UntilEventLot> out;
  next = people.eachSlotFrom(from, [&](Slot slot) {
    if (people.whatOf(slot) != SubjectWhat::person) return true;
    for (LotHandle& lot : people.lotsOf(slot)) {
      const RetentionClass* rule = reg.klass(lot.klass);
      if (rule == nullptr || rule->retention.from != RetentionRule::From::untilEvent) continue;
      out.push_back({slot, std::move(lot)});
    }
    return out.size() < lotsMax;
  });
  return out;
}

Result<Retention::Swept> Retention::sweepEnded(const std::vector<UntilEventLot>& ended) {
  People& people = sequencer_.people();
  Due due;
  std::map<Key, RetentionRow> rows;
  for (const UntilEventLot& one : ended) {
    if (!people.exists(one.slot)) continue;
    for (const LotHandle& lot : people.lotsOf(one.slot)) {
      // An event that came since may be a new consent: the next sweep looks again.
      if (lot.leaf != one.lot.leaf || lot.events != one.lot.events) continue;
      RetentionRow& row = rows[Key(lot.klass, lot.period)];
      row.klass = lot.klass;
      row.period = lot.period;
      row.ends = sequencer_.now();
      ++row.lots;
      if (erasures_.decide(one.slot, lot).why == KeptWhy::none) {
        due.targets.push_back({one.slot, lot.leaf});
      } else {
        ++row.held;
      }
    }
  }
  for (auto& [key, row] : rows) due.rows.push_back(std::move(row));
  return erase(std::move(due));
}

}  // namespace lacuna
