#include "ledger/person/requests.h"

#include "ledger/person/deadlines.h"

#include <algorithm>
#include <charconv>

namespace lacuna {
namespace {

std::optional<std::uint64_t> numberIn(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Instant> instantIn(const StoredEvent& stored, std::string_view key) {
  const auto text = detailIn(stored, key);
  return text ? instantOfRfc3339(*text) : std::nullopt;
}

std::string rightOf(const PersonEvent& e) {
  if (e.kind == Kind::complaint) return std::string(kComplaint);
  if (const auto said = detailIn(e.stored, "right")) return std::string(*said);
  return std::string(nameOf(e.stored.event.right));
}

}  // namespace

bool closesRequest(std::string_view state) {
  for (const std::string_view end : {"answered", "fulfilled", "refused", "withdrawn", "closed"}) {
    if (state == end) return true;
  }
  return false;
}

std::string detailOf(std::string_view key, std::string_view value) {
  return std::string(key) + "=" + std::string(value);
}

std::optional<std::string_view> detailIn(const StoredEvent& stored, std::string_view key) {
  for (const std::string_view detail : stored.details) {
    if (detail.size() > key.size() && detail.starts_with(key) && detail[key.size()] == '=') {
      return detail.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> requestIn(const StoredEvent& stored) {
  const auto named = detailIn(stored, "request");
  return named ? numberIn(*named) : std::nullopt;
}

std::size_t RequestFold::opened(std::uint64_t number) {
  const auto [place, fresh] = byNumber_.try_emplace(number, told_.size());
  if (fresh) told_.emplace_back().view.number = number;
  return place->second;
}

std::size_t RequestFold::placeOf(const PersonEvent& e) {
  if (const std::optional<std::uint64_t> named = requestIn(e.stored)) return opened(*named);
  const std::string& label = e.stored.event.caseRef;
  if (e.kind == Kind::complaint) return opened(e.seq.raw());
  if (!label.empty()) {
    if (const auto known = byCase_.find(label); known != byCase_.end()) return known->second;
    const std::optional<std::uint64_t> number = numberIn(label);
    const auto known = number ? byNumber_.find(*number) : byNumber_.end();
    if (known != byNumber_.end()) return known->second;
    const std::size_t place = opened(e.seq.raw());
    byCase_.emplace(label, place);
    return place;
  }
  const auto [open, fresh] = openByRight_.try_emplace(rightOf(e), told_.size());
  const bool another = e.stored.event.requestState == "received";
  if (fresh || another || told_[open->second].view.closed) open->second = opened(e.seq.raw());
  return open->second;
}

void RequestFold::take(const PersonEvent& e) {
  const Event& event = e.stored.event;
  Told& told = told_[placeOf(e)];
  RequestView& view = told.view;
  const bool first = view.steps.empty();
  if (first || e.seq.raw() == view.number) {
    told.registerVersion = e.stored.registerVersion;
    view.seq = e.seq;
    view.received = event.received.value_or(e.at());
    if (!event.caseRef.empty()) view.caseRef = event.caseRef;
  }
  view.steps.push_back(e.seq);
  if (const std::string right = rightOf(e); !right.empty()) view.right = right;
  if (event.received) view.received = *event.received;
  const std::string& state = event.requestState;
  if (!state.empty()) view.state = state;
  if (const auto identity = detailIn(e.stored, "identity")) {
    view.identity = *identity;
  } else if (state.starts_with("identity-")) {
    view.identity = state.substr(std::string_view("identity-").size());
  }
  if (const auto code = detailIn(e.stored, "code")) {
    if (state == "extended") view.extensionCode = *code;
    if (state == "refused") view.refusalCode = *code;
  }
  // What an erasure's case keeps of a request says these in one event.
  const std::optional<Instant> extended = instantIn(e.stored, "extended");
  const std::optional<Instant> closed = instantIn(e.stored, "closed");
  if (const auto code = detailIn(e.stored, "extension")) view.extensionCode = *code;
  if (const auto code = detailIn(e.stored, "refusal")) view.refusalCode = *code;
  if (!view.extendedAt && (extended || state == "extended")) {
    view.extendedAt = extended.value_or(e.at());
  }
  if (!view.closed && (closed || closesRequest(state))) view.closed = closed.value_or(e.at());
}

std::vector<RequestView> RequestFold::views(const RegisterHistory& registers) const {
  const Register& latest = registers.latest();
  const std::string& zone = latest.controller().zone;
  std::vector<RequestView> out;
  out.reserve(told_.size());
  for (const Told& told : told_) {
    RequestView view = told.view;
    if (view.state.empty()) view.state = "received";
    const Deadlines& rules = registers.version(told.registerVersion).deadlines();
    const Date received = dateIn(zone, view.received);
    view.dueHouse = houseDue(rules, view.right, received);
    if (view.right != kComplaint) {  // the law sets no term for answering a complaint
      view.dueStatute = statuteDue(rules, received, Extended::no, latest.holidays());
      // Art. 12(3): an extension counts only if the person is told within the first term.
      if (view.extendedAt && dateIn(zone, *view.extendedAt) <= *view.dueStatute) {
        view.extended = true;
        view.dueStatute = statuteDue(rules, received, Extended::yes, latest.holidays());
      }
    }
    out.push_back(std::move(view));
  }
  return out;
}

RequestDue dueOf(const RequestView& view, Date today) {
  RequestDue out;
  if (view.closed) return out;
  out.due = view.dueStatute;
  if (view.dueHouse && !view.extended && (!out.due || *view.dueHouse < *out.due)) {
    out.due = view.dueHouse;
    out.promise = true;
  }
  if (out.due) {
    out.daysLeft =
        static_cast<int>((std::chrono::sys_days(*out.due) - std::chrono::sys_days(today)).count());
  }
  return out;
}

}  // namespace lacuna
