#include "daemon/server/meter.h"

#include "ledger/base/fault.h"

namespace lacuna {

bool Allowance::has(std::uint32_t principal, std::size_t amount) const {
  const auto found = takenBy_.find(principal);
  const std::size_t own = found == takenBy_.end() ? 0 : found->second;
  return taken_ + amount <= forAll_ && own + amount <= forEach_;
}

Allowance::Share Allowance::grab(std::uint32_t principal, std::size_t amount) {
  taken_ += amount;
  takenBy_[principal] += amount;
  return Share(*this, principal, amount);
}

kj::Maybe<Allowance::Share> Allowance::tryTake(std::uint32_t principal, std::size_t amount) {
  if (!has(principal, amount)) return nullptr;
  return grab(principal, amount);
}

kj::Promise<Allowance::Share> Allowance::take(std::uint32_t principal, std::size_t amount) {
  LACUNA_ASSERT(amount <= forAll_ && amount <= forEach_, "more than can ever be allowed");
  if (has(principal, amount)) return grab(principal, amount);
  auto paf = kj::newPromiseAndFulfiller<Share>();
  waiters_.push_back({principal, amount, kj::mv(paf.fulfiller)});
  return kj::mv(paf.promise);
}

void Allowance::giveBack(std::uint32_t principal, std::size_t amount) {
  const auto found = takenBy_.find(principal);
  taken_ -= amount;
  found->second -= amount;
  if (found->second == 0) takenBy_.erase(found);

  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    if (!waiter->fulfiller->isWaiting()) {
      waiter = waiters_.erase(waiter);  // its connection is gone
    } else if (has(waiter->principal, waiter->amount)) {
      auto fulfiller = kj::mv(waiter->fulfiller);
      Share share = grab(waiter->principal, waiter->amount);
      waiter = waiters_.erase(waiter);
      fulfiller->fulfill(kj::mv(share));
    } else {
      ++waiter;
    }
  }
}

}  // namespace lacuna
