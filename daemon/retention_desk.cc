#include "daemon/retention_desk.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"

#include <nlohmann/json.hpp>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSmallWork = 4096;
constexpr std::size_t kLotsPerBatch = kEraseTargetsMax;  // one transaction of the key holders
constexpr std::size_t kLotsPerSlice = 1024;
constexpr std::chrono::minutes kFirstSweepAfter{10};
constexpr std::chrono::hours kSweepEvery{24};

std::int64_t millis(Instant t) { return t.time_since_epoch().count(); }

Json jsonOf(const RetentionRow& row) {
  Json out{{"class", row.klass}};
  if (row.period != 0) out["period"] = row.period;
  out["ends"] = rfc3339Of(row.ends);
  out["lots"] = row.lots;
  out["held"] = row.held;
  return out;
}

}  // namespace

RetentionDesk::RetentionDesk(Ledger& ledger, Pipeline& pipeline, ReadPool& reads,
                             std::function<void(Ledger&)> changed)
    : ledger_(ledger),
      pipeline_(pipeline),
      reads_(reads),
      changed_(std::move(changed)),
      sweepAt_(millis(systemClock().now() + kFirstSweepAfter)) {}

void RetentionDesk::due(const Caller& caller, const std::string& within,
                        Answer<std::vector<std::string>> done) {
  if (!within.empty() && !periodOf(within)) {
    return done(Refusal{RefusalCode::invalidValue, "a period is written as P7D, P1M or P1Y"});
  }
  Pass pass;
  pass.within = within;
  pass.finished = [this, done](const Refusal* refusal) {
    if (refusal != nullptr) return done(*refusal);
    std::vector<std::string> lines;
    for (const auto& [key, row] : pass_.rows) lines.push_back(jsonOf(row).dump());
    done(std::move(lines));
  };
  begin(caller, std::move(pass));
}

void RetentionDesk::sweep(const Caller& caller, Answer<std::string> done) {
  Pass pass;
  pass.does = Does::destroys;
  pass.finished = [this, done](const Refusal* refusal) {
    if (refusal != nullptr) return done(*refusal);
    Json out{{"lots", pass_.lots},
             {"held", pass_.held},
             {"state", pass_.complete ? "complete" : "committed"},
             {"cases", pass_.cases}};
    Json rows = Json::array();
    for (const auto& [key, row] : pass_.rows) rows.push_back(jsonOf(row));
    out["rows"] = std::move(rows);
    done(out.dump());
  };
  begin(caller, std::move(pass));
}

void RetentionDesk::tick(Instant now) {
  if (millis(now) < sweepAt_.load()) return;
  sweepAt_ = millis(now + kSweepEvery);
  Pass pass;
  pass.does = Does::destroys;
  pass.finished = [this](const Refusal* refusal) {
    // What could not be done now is tried again soon, not in a day.
    if (refusal != nullptr) sweepAt_ = millis(systemClock().now() + kFirstSweepAfter);
  };
  begin(Caller{}, std::move(pass));
}

void RetentionDesk::begin(const Caller& caller, Pass pass) {
  if (running_.exchange(true)) {
    const Refusal busy{RefusalCode::busy,
                       "another look at what is due is on its way: ask again soon",
                       {},
                       std::chrono::seconds(1)};
    return pass.finished(&busy);
  }
  principal_ = caller.principal;
  pass_ = std::move(pass);
  enqueue([this](Ledger& ledger) { byDate(ledger); });
}

void RetentionDesk::enqueue(std::function<void(Ledger&)> step) {
  Work work;
  work.principal = principal_;
  work.bytes = kSmallWork;
  work.refused = [this](const Refusal& refusal) { finish(&refusal); };
  work.exclusive = std::move(step);
  pipeline_.enqueue(std::move(work));
}

void RetentionDesk::finish(const Refusal* refusal) {
  pass_.finished(refusal);
  pass_ = Pass{};
  running_ = false;
}

void RetentionDesk::add(const Retention::Swept& swept) {
  pass_.lots += swept.lots;
  pass_.complete = pass_.complete && swept.complete;
  pass_.cases.insert(pass_.cases.end(), swept.cases.begin(), swept.cases.end());
  for (const RetentionRow& row : swept.rows) {
    // A later batch finds only what the one before has left.
    const auto [at, fresh] = pass_.rows.try_emplace({row.klass, row.period}, row);
    if (fresh) pass_.held += row.held;
  }
}

void RetentionDesk::byDate(Ledger& ledger) {
  Sequencer& sequencer = ledger.sequencer();
  Retention retention(sequencer, ledger.erasures());
  pass_.registers = sequencer.registers();
  pass_.systems = sequencer.systems();
  pass_.next = Slot(0);
  const std::string& zone = pass_.registers.latest().controller().zone;
  const Instant now = sequencer.now();
  pass_.by = now;
  if (!pass_.within.empty()) {
    pass_.by = endOfDay(zone, plus(dateIn(zone, now), *periodOf(pass_.within)));
  }
  if (pass_.does == Does::looks) {
    for (RetentionRow& row : retention.due(pass_.by)) {
      pass_.rows.emplace(std::pair(row.klass, row.period), row);
    }
    return enqueue([this](Ledger& again) { gather(again); });
  }
  bool more = false;
  const Result<Retention::Swept> swept = retention.sweep(kLotsPerBatch, more);
  if (!swept) return finish(&swept.refusal());
  add(*swept);
  changed_(ledger);
  enqueue([this, more](Ledger& again) { more ? byDate(again) : gather(again); });
}

void RetentionDesk::gather(Ledger& ledger) {
  Retention retention(ledger.sequencer(), ledger.erasures());
  const Slot from = pass_.next.value_or(Slot(0));
  pass_.slice = retention.untilEventLots(from, kLotsPerSlice, pass_.next);
  if (pass_.slice.empty() && !pass_.next) return finish(nullptr);
  if (reads_.submit([this] { evaluate(); })) return;
  const Refusal busy = readsFull();
  finish(&busy);
}

// On the read pool: of the slice only what has ended remains.
void RetentionDesk::evaluate() {
  const Register& reg = pass_.registers.latest();
  std::vector<UntilEventLot> ended;
  try {
    for (UntilEventLot& one : pass_.slice) {
      const RetentionClass* klass = reg.klass(one.lot.klass);
      if (klass == nullptr) continue;
      const std::vector<PersonEvent> events =
          readLot(ledger_.vault(), ledger_.store(), pass_.systems, one.slot, one.lot);
      const std::optional<Instant> end = Retention::endedAt(events, *klass, reg);
      if (end && *end <= pass_.by) ended.push_back(std::move(one));
    }
  } catch (const std::exception&) {
    const Refusal refusal{RefusalCode::tampered, "a person cannot be read: see `lacuna verify`"};
    return finish(&refusal);
  }
  pass_.slice = std::move(ended);
  enqueue([this](Ledger& ledger) { settle(ledger); });
}

void RetentionDesk::settle(Ledger& ledger) {
  if (!pass_.slice.empty()) {
    Retention retention(ledger.sequencer(), ledger.erasures());
    if (pass_.does == Does::destroys) {
      const Result<Retention::Swept> swept = retention.sweepEnded(pass_.slice);
      if (!swept) return finish(&swept.refusal());
      add(*swept);
      changed_(ledger);
    } else {
      for (const UntilEventLot& one : pass_.slice) {
        RetentionRow& row = pass_.rows[{one.lot.klass, one.lot.period}];
        row.klass = one.lot.klass;
        row.ends = pass_.by;
        ++row.lots;
        if (ledger.erasures().decide(one.slot, one.lot).why == KeptWhy::hold) ++row.held;
      }
    }
  }
  if (!pass_.next) return finish(nullptr);
  enqueue([this](Ledger& again) { gather(again); });
}

}  // namespace lacuna
