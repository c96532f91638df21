// Bounds what clients can make the daemon hold: connections, bytes received and not yet decoded,
// answers kept for paging, answers that are not being read. Each globally and per principal.
//
// Thread: the loop's.
#pragma once

#include "ledger/base/limits.h"

#include <kj/async.h>

#include <cstdint>
#include <deque>
#include <map>

namespace lacuna {

// A count with a bound for all and a bound for each principal.
class Allowance {
 public:
  Allowance(std::size_t forAll, std::size_t forEach) : forAll_(forAll), forEach_(forEach) {}
  KJ_DISALLOW_COPY(Allowance);

  // What was taken; gives it back when it goes. Outlived by the Allowance.
  class Share {
   public:
    Share() = default;
    Share(Allowance& from, std::uint32_t principal, std::size_t amount)
        : from_(&from), principal_(principal), amount_(amount) {}
    Share(Share&& other) noexcept { swap(other); }
    Share& operator=(Share&& other) noexcept {
      swap(other);
      return *this;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() {
      if (from_ != nullptr) from_->giveBack(principal_, amount_);
    }
    std::size_t amount() const { return amount_; }

   private:
    void swap(Share& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(principal_, other.principal_);
      std::swap(amount_, other.amount_);
    }
    Allowance* from_ = nullptr;
    std::uint32_t principal_ = 0;
    std::size_t amount_ = 0;
  };

  bool has(std::uint32_t principal, std::size_t amount) const;
  kj::Maybe<Share> tryTake(std::uint32_t principal, std::size_t amount);
  // Waits until there is room; in order, but nobody waits for another principal's bound.
  // Needs: amount within both bounds.
  kj::Promise<Share> take(std::uint32_t principal, std::size_t amount);

  // Counts what is there already, beyond the bounds if need be.
  Share note(std::uint32_t principal, std::size_t amount) { return grab(principal, amount); }

  std::size_t taken() const { return taken_; }

 private:
  struct Waiter {
    std::uint32_t principal;
    std::size_t amount;
    kj::Own<kj::PromiseFulfiller<Share>> fulfiller;
  };
  Share grab(std::uint32_t principal, std::size_t amount);
  void giveBack(std::uint32_t principal, std::size_t amount);

  const std::size_t forAll_, forEach_;
  std::size_t taken_ = 0;
  std::map<std::uint32_t, std::size_t> takenBy_;
  std::deque<Waiter> waiters_;
};

struct Meter {
  Allowance connections{kConnectionsMax, kConnectionsPerPrincipalMax};
  Allowance held{kHeldBytesMax, kHeldBytesPerPrincipalMax};
  Allowance unsent{kUnsentBytesMax, kUnsentBytesPerPrincipalMax};
};

}  // namespace lacuna
