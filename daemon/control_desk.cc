#include "daemon/control_desk.h"

#include "ledger/base/limits.h"

namespace lacuna {
namespace {

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

}  // namespace

void ControlDesk::report(const Caller& caller, const ControlOrder& order,
                         const Answer<std::string>& done) {
  if (order.reason.size() > kReasonBytesMax) return done(reasonTooLong());
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.decide = [this, caller, order, done](Sequencer& sequencer, Draft& draft) {
    const Result<ControlTime> time = controlTimeOf(order, sequencer);
    if (time) sequencer.consultScan(draft, caller, ReadOperation::report, order.reason, {});
    draft.waiting.push_back([this, caller, order, time, done](const Draft&,
                                                              const Refusal* failure) {
      if (failure != nullptr) return done(*failure);
      if (!time) return done(time.refusal());
      const bool taken =
          finds_.submit([this, caller, order, time, done] { count(caller, order, *time, done); });
      if (!taken) done(findsFull());
    });
  };
  pipeline_.enqueue(std::move(work));
}

void ControlDesk::count(const Caller& caller, const ControlOrder& order, const ControlTime& time,
                        const Answer<std::string>& done) {
  std::optional<Result<ControlCounted>> counted;
  try {
    counted = countForControl(ledger_, time);
  } catch (const std::exception& fault) {
    counted = unreadable(fault);
  }
  if (!*counted) return done(counted->refusal());
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.exclusive = [order, counted = std::move(**counted), done](Ledger& ledger) {
    done(controlReport(ledger, order, counted));
  };
  pipeline_.enqueue(std::move(work));
}

}  // namespace lacuna
