#include "daemon/event_search.h"

#include <nlohmann/json.hpp>

namespace lacuna {

std::optional<EventPlace> EventSearch::find(Ledger& ledger, Seq seq) {
  struct Ended {
    std::atomic<bool>& searching;
    ~Ended() { searching = false; }
  };
  FindHooks hooks;
  hooks.onProgress = [this](std::uint64_t seen, std::uint64_t of) {
    seen_ = seen;
    of_ = of;
  };
  seen_ = of_ = 0;
  searching_ = true;
  const Ended ended{searching_};
  return findEvent(ledger.vault(), ledger.store(), seq, hooks);
}

std::string EventSearch::status() const {
  nlohmann::ordered_json out{{"searching", searching_.load()}};
  if (searching_) out["searched"] = {{"slots", seen_.load()}, {"of", of_.load()}};
  return out.dump();
}

}  // namespace lacuna
