#include "daemon/holder_desk.h"

#include "daemon/keys_json.h"
#include "ledger/ledger.h"

#include <filesystem>

namespace lacuna {
namespace {

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

}  // namespace

void HolderDesk::alone(const Caller& caller, const Answer<std::string>& done,
                       std::function<Result<std::string>(Ledger&)> act) {
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.exclusive = [done, act = std::move(act)](Ledger& ledger) { done(act(ledger)); };
  pipeline_.enqueue(std::move(work));
}

// Alone: the check overwrites the spare root slot, and an erasure needs that slot.
void HolderDesk::check(const Answer<std::string>& done) {
  alone({}, done, [](Ledger& ledger) -> Result<std::string> {
    ledger.recheckAssurance();
    return keysJson(ledger.vault());
  });
}

void HolderDesk::add(const Caller& caller, HolderOrder order, const Answer<std::string>& done) {
  if (!std::filesystem::path(order.directory).is_absolute()) {
    return done(Refusal{RefusalCode::invalidValue, "a key holder's directory is absolute"});
  }
  alone(caller, done, [caller, order = std::move(order)](Ledger& ledger) -> Result<std::string> {
    const Result<std::uint8_t> number =
        order.recover ? ledger.vault().returnHolder(order.directory)
                      : ledger.addHolder(caller, order.directory, order.replaces);
    if (!number) return number.refusal();
    return keysJson(ledger.vault(), *number);
  });
}

void HolderDesk::close(const Caller& caller, std::uint8_t number, const Answer<std::string>& done) {
  alone(caller, done, [caller, number](Ledger& ledger) -> Result<std::string> {
    if (Outcome closed = ledger.closeHolder(caller, number); !closed) return closed.refusal();
    return keysJson(ledger.vault());
  });
}

void HolderDesk::look() {
  if (!anyHolderAway(ledger_.vault())) return;
  Work work;
  work.bytes = kSmallWork;
  work.refused = [](const Refusal&) {};
  work.exclusive = [this](Ledger& ledger) {
    if (ledger.vault().takeBackHolders() && log_) log_("a key holder is back");
  };
  pipeline_.enqueue(std::move(work));
}

}  // namespace lacuna
