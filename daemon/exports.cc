#include "daemon/exports.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"

#include <thread>

namespace lacuna {
namespace {

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly
constexpr std::chrono::milliseconds kHeadPause{10};

Refusal full() {
  Refusal refusal{RefusalCode::busy, "too many exports are under way: ask again in a moment"};
  refusal.retryAfter = kBusyRetryAfter;
  return refusal;
}

}  // namespace

void Exports::begin(const Caller& caller, ExportRequest request,
                    const Answer<ExportStarted>& done) {
  if (request.reason.size() > kReasonBytesMax) return done(reasonTooLong());
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.decide = [this, caller, request = std::move(request), done](Sequencer& sequencer,
                                                                   Draft& draft) {
    Result<PersonHandle> person =
        sequencer.consult(draft, caller, request.person, ReadOperation::exported, request.reason);
    std::optional<ExportTicket> ticket;
    if (person) {
      ticket = ExportTicket{*person, sequencer.registers(), sequencer.systems(), draft.recordedAt,
                            request.reason};
    }
    draft.waiting.push_back([this, ticket = std::move(ticket), person = std::move(person),
                             covers = sequencer.decided(),
                             done](const Draft&, const Refusal* failure) {
      if (failure != nullptr) return done(*failure);
      if (!person) return done(person.refusal());
      const bool taken =
          pool_.submit([this, ticket = *ticket, covers, done] { start(ticket, covers, done); });
      if (!taken) done(full());
    });
  };
  pipeline_.enqueue(std::move(work));
}

void Exports::start(ExportTicket ticket, TreeSize covers, const Answer<ExportStarted>& done) {
  // A head is signed on a timer; begin() says no if none comes.
  const auto until = Clock::now() + kExportHeadMax;
  while (ledger_.shownSize() < covers && Clock::now() < until) {
    std::this_thread::sleep_for(kHeadPause);
  }
  Result<ExportStarted> answer = full();
  try {
    Result<std::unique_ptr<PersonExport>> work = PersonExport::begin(ledger_, std::move(ticket));
    if (!work) {
      answer = work.refusal();
    } else if (!ledger_.stands((*work)->person())) {
      answer = changedMeanwhile();
    } else {
      ExportStarted started{0, (*work)->events(), (*work)->withheld()};
      started.number = keep(std::move(*work));
      if (started.number != 0) answer = started;
    }
  } catch (const std::exception& fault) {
    answer = unreadable(fault);
  }
  wipeStack();
  done(std::move(answer));
}

std::uint64_t Exports::keep(std::unique_ptr<PersonExport> work) {
  const std::lock_guard lock(mutex_);
  giveUpIdle();
  if (open_.size() >= kExportsOpenMax) return 0;
  open_.emplace(++last_, Open{std::move(work), Clock::now()});
  return last_;
}

void Exports::next(std::uint64_t number, const Answer<ExportPage>& done) {
  std::unique_ptr<PersonExport> work;
  {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(number);
    if (at != open_.end()) work = std::move(at->second.work);
  }
  if (!work) {
    return done(Refusal{RefusalCode::incomplete,
                        "this export is over, or was not fetched in time: ask for it again"});
  }
  // A std::function wants what can be copied; the export is handed over through its cell.
  auto cell = std::make_shared<std::unique_ptr<PersonExport>>(std::move(work));
  const bool taken =
      pool_.submit([this, cell, number, done] { make(std::move(*cell), number, done); });
  if (taken) return;
  end(number);
  done(full());
}

void Exports::make(std::unique_ptr<PersonExport> work, std::uint64_t number,
                   const Answer<ExportPage>& done) {
  Result<ExportPage> answer = changedMeanwhile();
  try {
    ExportPage page;
    for (ExportPart& part : work->next()) {
      page.parts.push_back({std::string(part.file), std::move(part.bytes)});
    }
    page.told = work->eventsTold();
    page.done = work->done();
    // Asked after reading: what an erasure took meanwhile would be missing.
    if (ledger_.stands(work->person())) answer = std::move(page);
  } catch (const std::exception& fault) {
    answer = unreadable(fault);
  }
  wipeStack();
  {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(number);
    if (at != open_.end() && answer && !answer->done) {
      at->second = {std::move(work), Clock::now()};
    } else if (at != open_.end()) {
      open_.erase(at);
    }
  }
  done(std::move(answer));
}

void Exports::end(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  open_.erase(number);
}

void Exports::tick() {
  const std::lock_guard lock(mutex_);
  giveUpIdle();
}

void Exports::giveUpIdle() {
  const auto since = Clock::now() - kExportIdleMax;
  std::erase_if(open_, [&](const auto& one) {
    return one.second.work != nullptr && one.second.used < since;
  });
}

}  // namespace lacuna
