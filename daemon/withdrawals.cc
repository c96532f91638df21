#include "daemon/withdrawals.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"

#include <nlohmann/json.hpp>

namespace lacuna {
namespace {

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

nlohmann::ordered_json jsonOf(const Withdrawal& withdrawn, Ground ground) {
  const Erasure& erasure = withdrawn.erasure;
  nlohmann::ordered_json out;
  out["seq"] = withdrawn.seq.raw();
  out["ground"] = nameOf(ground);
  out["class"] = withdrawn.klass;
  if (withdrawn.period != 0) out["period"] = withdrawn.period;
  out["erasure"] = hexOf(erasure.id.view());
  out["case"] = erasure.caseNumber;
  out["treeVersion"] = erasure.version.raw();
  out["committed"] = {{"at", rfc3339Of(erasure.committedAt)}, {"seq", erasure.committed.raw()}};
  if (erasure.reachedComplete()) {
    out["complete"] = {{"at", rfc3339Of(erasure.completedAt)}, {"seq", erasure.complete.raw()}};
  }
  return out;
}

}  // namespace

void Withdrawals::withdraw(const Caller& caller, WithdrawRequest request,
                           Answer<std::string> done) {
  const std::optional<Ground> ground = groundOf(request.ground);
  if (!ground) {
    return done(Refusal{RefusalCode::unknownGround,
                        "the ground must be one of: no-longer-needed consent-withdrawn objection "
                        "unlawful legal-duty child retention-end"});
  }
  if (request.reason.size() > kReasonBytesMax) return done(reasonTooLong());
  WithdrawOrder order{Seq(request.seq), *ground, std::move(request.reason),
                      std::move(request.person), std::nullopt};
  if (!order.person.empty()) return withdrawNow(caller, std::move(order), done);
  const bool taken = finds_.submit([this, caller, order, done]() mutable {
    try {
      order.place = search_.find(ledger_, order.seq);
    } catch (const std::exception&) {
      return done(
          Refusal{RefusalCode::tampered, "the event cannot be looked for: see `lacuna verify`"});
    }
    withdrawNow(caller, std::move(order), std::move(done));
  });
  if (!taken) done(readsFull());
}

void Withdrawals::withdrawNow(const Caller& caller, WithdrawOrder order,
                              const Answer<std::string>& done) {
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.exclusive = [caller, order = std::move(order), done](Ledger& ledger) {
    const Result<Withdrawal> withdrawn = lacuna::withdraw(ledger, caller, order);
    wipeStack();  // before it is told as done  // P5
    if (!withdrawn) return done(withdrawn.refusal());
    done(jsonOf(*withdrawn, order.ground).dump());
  };
  pipeline_.enqueue(std::move(work));
}

}  // namespace lacuna
