#include "daemon/server/session.h"

#include <utility>

namespace lacuna {

Result<Caller> Session::callerAs(Role role) {
  auto held = access();
  if ((held.roles & static_cast<std::uint8_t>(role)) != 0) return std::move(held.caller);
  return Refusal{RefusalCode::wrongRole, "You do not hold the role \"" + std::string(nameOf(role)) +
                                             "\"; an operator can grant it (lacuna access grant)."};
}

void Batch::add(Result<Event> event) {
  if (event) {
    events_.push_back(std::move(event).operator*());
    refused_.emplace_back();
  } else {
    refused_.emplace_back(event.refusal());
  }
}

std::vector<EventResult> Batch::merged(std::vector<EventResult> answered) {
  LACUNA_ASSERT(answered.size() <= refused_.size(), "more answers than events");
  std::vector<EventResult> out;
  out.reserve(refused_.size());
  auto next = answered.begin();
  for (auto& refusal : refused_) {
    if (refusal) {
      out.emplace_back(std::move(*refusal));
    } else {
      LACUNA_ASSERT(next != answered.end(), "an event without an answer");
      out.push_back(std::move(*next++));
    }
  }
  LACUNA_ASSERT(next == answered.end(), "an answer without an event");
  return out;
}

kj::Promise<std::vector<EventResult>> Batch::submit(Inbox& inbox, Atomic atomic,
                                                    const Forward& forward) {
  const bool someRefused = events_.size() < refused_.size();
  if (atomic == Atomic::yes && someRefused) {
    const std::size_t good = events_.size();
    std::vector<EventResult> none(
        good, Refusal{RefusalCode::batchRefused, "Another event of this batch was refused."});
    return merged(std::move(none));
  }
  if (events_.empty()) return merged({});
  auto awaited = inbox.expect<std::vector<EventResult>>();
  forward(std::move(events_), std::move(awaited.done));
  return awaited.answer.then([batch = std::move(*this)](std::vector<EventResult> answered) mutable {
    return batch.merged(std::move(answered));
  });
}

std::optional<Refusal> refusalOfAll(const std::vector<EventResult>& results) {
  std::optional<Refusal> shared;
  for (const auto& result : results) {
    if (result) return std::nullopt;
    const auto& refusal = result.refusal();
    switch (refusal.code) {
      case RefusalCode::busy:
      case RefusalCode::sealed:
      case RefusalCode::stopping:
      case RefusalCode::noSpace:
      case RefusalCode::wrongRole:
        break;
      default:
        return std::nullopt;
    }
    if (shared && shared->code != refusal.code) return std::nullopt;
    if (!shared || shared->retryAfter < refusal.retryAfter) shared = refusal;
  }
  return shared;
}

}  // namespace lacuna
