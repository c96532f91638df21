#include "daemon/disclosures.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"

namespace lacuna {
namespace {

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

}  // namespace

void Disclosures::disclose(const Caller& caller, DiscloseRequest request,
                           const Answer<std::string>& done) {
  if (request.reason.size() > kReasonBytesMax) return done(reasonTooLong());
  DiscloseOrder order{Seq(request.seq), std::move(request.reason), std::move(request.person), {}};
  const bool named = !order.person.empty();
  ReadPool& pool = named ? reads_ : finds_;
  const bool taken =
      pool.submit([this, caller, order = std::move(order), done] { look(caller, order, done); });
  if (!taken) done(named ? readsFull() : findsFull());
}

// What is public is asked first: no reading of a person is needed to say that.
void Disclosures::look(const Caller& caller, DiscloseOrder order, const Answer<std::string>& done) {
  std::optional<Refusal> refusal;
  try {
    if (const Outcome may = mayDisclose(ledger_, order.seq); !may) {
      refusal = may.refusal();
    } else if (order.person.empty()) {
      order.place = search_.find(ledger_, order.seq);
    }
  } catch (const std::exception& fault) {
    refusal = unreadable(fault);
  }
  wipeStack();
  if (refusal) return done(*refusal);
  record(caller, std::move(order), done);
}

void Disclosures::record(const Caller& caller, DiscloseOrder order,
                         const Answer<std::string>& done) {
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.decide = [this, caller, order = std::move(order), done](Sequencer& sequencer, Draft& draft) {
    Result<PersonHandle> person = recordDisclosure(sequencer, draft, caller, order);
    draft.waiting.push_back([this, person = std::move(person), seq = order.seq, done](
                                const Draft&, const Refusal* failure) {
      if (failure != nullptr) return done(*failure);
      if (!person) return done(person.refusal());
      const bool taken =
          reads_.submit([this, person = *person, seq, done] { open(person, seq, done); });
      if (!taken) done(readsFull());
    });
  };
  pipeline_.enqueue(std::move(work));
}

void Disclosures::open(const PersonHandle& person, Seq seq, const Answer<std::string>& done) {
  std::optional<Result<std::string>> answer;
  try {
    answer = discloseEvent(ledger_, person, seq);
    if (!ledger_.stands(person)) answer = changedMeanwhile();
  } catch (const std::exception& fault) {
    answer = unreadable(fault);
  }
  wipeStack();  // the event's key was on it
  done(std::move(*answer));
}

}  // namespace lacuna
