#include "daemon/request_desk.h"

#include "daemon/read_pool.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"
#include "ledger/ledger.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

// Which clock had run out when it was closed; empty: none.
std::string_view lateOf(const RequestView& view, const std::string& zone) {
  if (!view.closed) return "";
  const Date closed = dateIn(zone, *view.closed);
  if (view.dueStatute && closed > *view.dueStatute) return "law";
  if (view.dueHouse && !view.extended && closed > *view.dueHouse) return "promise";
  return "";
}

Json jsonOf(const KnownRequest& request, const Requests& requests, const std::string& zone) {
  const RequestView& view = request.view;
  Json out{{"request", view.number}, {"right", view.right}, {"state", view.state}};
  if (!view.identity.empty()) out["identity"] = view.identity;
  out["received"] = rfc3339Of(view.received);
  if (view.dueHouse) out["dueHouse"] = textOf(*view.dueHouse);
  if (view.dueStatute) out["dueStatute"] = textOf(*view.dueStatute);
  out["extended"] = view.extended;
  const RequestDue due = dueOf(view, requests.today());
  if (due.due) {
    out["due"] = textOf(*due.due);
    out["daysLeft"] = due.daysLeft;
    out["by"] = due.promise ? "promise" : "law";
  }
  out["overdue"] = due.overdue();
  if (view.closed) out["closed"] = rfc3339Of(*view.closed);
  if (const std::string_view late = lateOf(view, zone); !late.empty()) out["late"] = late;
  if (request.erased) out["person"] = "erased";
  return out;
}

std::string_view articleOf(std::string_view right) {
  constexpr std::pair<std::string_view, std::string_view> kArticles[] = {
      {"access", "15"},       {"rectification", "16"}, {"erasure", "17"},
      {"restriction", "18"},  {"portability", "20"},   {"objection", "21"},
      {"withdrawal", "7(3)"}, {"not-automated", "22"}};
  for (const auto& [known, article] : kArticles) {
    if (known == right) return article;
  }
  return "";
}

// Art. 12(4): where whoever was refused can go.
Json remediesOf(const Register& reg) {
  Json complaint{{"remedy", "complaint"}, {"article", "77"}};
  if (!reg.controller().authority.empty()) complaint["authority"] = reg.controller().authority;
  return Json::array({complaint, Json{{"remedy", "court"}, {"article", "79"}}});
}

Json stepOf(const PersonEvent& event) {
  Json out{{"seq", event.seq.raw()}, {"at", rfc3339Of(event.at())}};
  out["recordedAt"] = rfc3339Of(event.recordedAt);
  const std::string& state = event.stored.event.requestState;
  out["state"] = state.empty() ? "received" : state;
  if (const auto code = detailIn(event.stored, "code")) out["code"] = *code;
  if (!event.stored.event.channel.empty()) out["channel"] = event.stored.event.channel;
  if (event.stored.principal != 0) out["officer"] = event.stored.principal;
  return out;
}

Refusal noRequest() { return {RefusalCode::notFound, "there is no request of that number"}; }

const std::string& zoneOf(Ledger& ledger) {
  return ledger.sequencer().registers().latest().controller().zone;
}

// What stands of it now, with what a letter about it has to say.
std::string answerOf(Ledger& ledger, std::uint64_t number) {
  Requests& requests = ledger.erasures().requests();
  while (requests.refresh(kRequestSlotsPerPiece)) {
  }
  const KnownRequest* known = requests.find(number);
  if (known == nullptr) return Json{{"request", number}}.dump();
  Json out = jsonOf(*known, requests, zoneOf(ledger));
  if (known->view.state == "refused") {
    out["refusal"] = known->view.refusalCode;
    out["remedies"] = remediesOf(ledger.sequencer().registers().latest());
  }
  return out.dump();
}

Result<std::string> opened(Ledger& ledger, const Caller& caller, const RequestOrder& order) {
  Result<Event> event = ledger.erasures().requests().opening(order.person, order.right,
                                                             order.received, order.channel);
  if (!event) return event.refusal();
  Caller officer = caller;
  officer.allSystems = true;
  officer.defaultSystem.clear();
  std::vector<EventResult> results;
  std::vector<Event> events;
  events.push_back(std::move(*event));
  Draft draft = ledger.sequencer().begin();
  ledger.sequencer().append(draft, officer, std::move(events), Atomic::no,
                            [&](std::vector<EventResult> told) { results = std::move(told); });
  auto waiting = std::move(draft.waiting);
  draft.waiting.clear();
  if (!draft.empty()) ledger.commitNow(draft);
  for (auto& tell : waiting) tell(draft, nullptr);
  LACUNA_ASSERT(results.size() == 1, "one event has one result");
  if (!results.front()) return results.front().refusal();
  return answerOf(ledger, results.front()->seq.raw());
}

Result<std::string> shown(Ledger& ledger, const Caller& caller, std::uint64_t number,
                          const std::string& reason) {
  Requests& requests = ledger.erasures().requests();
  const KnownRequest* known = requests.find(number);
  if (known == nullptr) return noRequest();
  if (ledger.sequencer().frozen(known->slot)) return beingErased();
  Draft draft = ledger.sequencer().begin();
  ledger.sequencer().consultScan(draft, caller, ReadOperation::show, reason, {known->slot});
  ledger.commitNow(draft);  // durable before anything of it is told  // P9
  const Register& reg = ledger.sequencer().registers().latest();
  Json out = jsonOf(*known, requests, reg.controller().zone);
  if (const auto article = articleOf(known->view.right); !article.empty()) out["article"] = article;
  if (!known->view.extensionCode.empty()) out["extension"] = known->view.extensionCode;
  if (!known->view.refusalCode.empty()) {
    out["refusal"] = known->view.refusalCode;
    out["remedies"] = remediesOf(reg);
  }
  if (!known->erased) {
    Json aliases = Json::array();
    for (const AliasRow& row : aliasRowsOf(ledger.vault(), ledger.store(), known->slot)) {
      aliases.push_back(row.text);
    }
    out["person"] = {{"aliases", std::move(aliases)}};
  }
  out["steps"] = Json::array();
  for (const PersonEvent& event : requests.stepsOf(*known)) out["steps"].push_back(stepOf(event));
  return out.dump();
}

std::vector<std::string> listed(Ledger& ledger, std::string_view which,
                                const std::optional<Period>& within) {
  const Requests& requests = ledger.erasures().requests();
  const std::string& zone = zoneOf(ledger);
  const Date today = requests.today();
  struct Row {
    bool closed = false;
    std::optional<Date> due;
    const KnownRequest* request = nullptr;
  };
  std::vector<Row> rows;
  for (const auto& [number, request] : requests.all()) {
    const RequestDue due = dueOf(request.view, today);
    if (which != "all" && request.view.closed) continue;
    if (which == "overdue" && !due.overdue()) continue;
    if (within && !request.view.closed && (!due.due || *due.due > plus(today, *within))) continue;
    if (within && request.view.closed) continue;
    rows.push_back({request.view.closed.has_value(), due.due, &request});
  }
  // What is over comes first, what no clock runs for last; then what is closed. By number within a day.
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a.closed != b.closed) return b.closed;
    if (a.due.has_value() != b.due.has_value()) return a.due.has_value();
    return a.due && *a.due < *b.due;
  });
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const Row& row : rows) lines.push_back(jsonOf(*row.request, requests, zone).dump());
  return lines;
}

}  // namespace

// One piece folds some slots, and the next comes in its turn.
void RequestDesk::refresh(std::uint32_t principal,
                          const std::function<void(const Refusal&)>& refused,
                          const std::function<void(Ledger&)>& then) {
  Work work;
  work.principal = principal;
  work.bytes = kSmallWork;
  work.refused = refused;
  work.exclusive = [this, principal, refused, then](Ledger& ledger) {
    if (ledger.erasures().requests().refresh(kRequestSlotsPerPiece)) {
      return refresh(principal, refused, then);
    }
    then(ledger);
  };
  pipeline_.enqueue(std::move(work));
}

// Runs with no group on its way and everything folded; what it answers is durable when it returns.
template <typename T>
void RequestDesk::whole(const Caller& caller, const Answer<T>& done,
                        std::function<Result<T>(Ledger&)> act) {
  refresh(
      caller.principal, [done](const Refusal& refusal) { done(refusal); },
      [this, done, act = std::move(act)](Ledger& ledger) {
        Result<T> answer = act(ledger);
        changed_(ledger);
        wipeStack();  // before it is told as done  // P5
        done(std::move(answer));
      });
}

void RequestDesk::open(const Caller& caller, RequestOrder order, const Answer<std::string>& done) {
  whole<std::string>(caller, done, [caller, order = std::move(order)](Ledger& ledger) {
    return opened(ledger, caller, order);
  });
}

void RequestDesk::step(const Caller& caller, RequestStepOrder order,
                       const Answer<std::string>& done) {
  whole<std::string>(caller, done,
                     [caller, order = std::move(order)](Ledger& ledger) -> Result<std::string> {
                       Draft draft = ledger.sequencer().begin();
                       const Result<Seq> said = ledger.erasures().requests().step(
                           draft, caller, {order.number, order.state, order.code, order.told});
                       if (!said) return said.refusal();
                       ledger.commitNow(draft);
                       return answerOf(ledger, order.number);
                     });
}

void RequestDesk::show(const Caller& caller, std::uint64_t number, std::string reason,
                       const Answer<std::string>& done) {
  if (reason.size() > kReasonBytesMax) return done(reasonTooLong());
  whole<std::string>(caller, done, [caller, number, reason = std::move(reason)](Ledger& ledger) {
    return shown(ledger, caller, number, reason);
  });
}

void RequestDesk::list(const Caller& caller, const std::string& which, const std::string& within,
                       const Answer<std::vector<std::string>>& done) {
  if (which != "open" && which != "overdue" && which != "all") {
    return done(Refusal{RefusalCode::invalidValue, "a list is of: open overdue all"});
  }
  const std::optional<Period> period = periodOf(within);
  if (!within.empty() && !period) {
    return done(Refusal{RefusalCode::invalidValue, "a period is written as P7D, P1M or P1Y"});
  }
  using Lines = std::vector<std::string>;
  whole<Lines>(caller, done, [which, period](Ledger& ledger) -> Result<Lines> {
    return listed(ledger, which, period);
  });
}

}  // namespace lacuna
