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
  if (request.reason.size() > kReasonBytesMax) {
    return done(Refusal{RefusalCode::tooLarge, "a reason has at most 512 bytes"});
  }
  WithdrawOrder order{Seq(request.seq), *ground, request.reason, request.person, std::nullopt};
  if (!order.person.empty()) return withdrawNow(caller, std::move(order), std::move(done));
  const bool taken = reads_.submit([this, caller, order, done]() mutable {
    FindHooks hooks;
    hooks.onProgress = [this](std::uint64_t seen, std::uint64_t of) {
      seen_ = seen;
      of_ = of;
    };
    seen_ = of_ = 0;
    searching_ = true;
    try {
      order.place = findEvent(ledger_.vault(), ledger_.store(), order.seq, hooks);
      searching_ = false;
    } catch (const std::exception&) {
      searching_ = false;
      return done(
          Refusal{RefusalCode::tampered, "the event cannot be looked for: see `lacuna verify`"});
    }
    withdrawNow(caller, std::move(order), std::move(done));
  });
  if (!taken) done(readsFull());
}

std::string Withdrawals::status() const {
  nlohmann::ordered_json out{{"searching", searching_.load()}};
  if (searching_) out["searched"] = {{"slots", seen_.load()}, {"of", of_.load()}};
  return out.dump();
}

void Withdrawals::withdrawNow(const Caller& caller, WithdrawOrder order, Answer<std::string> done) {
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
