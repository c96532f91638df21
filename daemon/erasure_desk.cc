#include "daemon/erasure_desk.h"

#include "daemon/erasure_json.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lacuna {
namespace {

// Durable before anybody hears what was read; so many in one group.
void recordScan(Ledger& ledger, const Caller& caller, ReadOperation operation,
                std::string_view reason, std::vector<Slot> read) {
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  constexpr std::size_t kPerGroup = kGroupEventsFull - 1;
  for (std::size_t from = 0; from == 0 || from < read.size(); from += kPerGroup) {
    const auto first = read.begin() + static_cast<std::ptrdiff_t>(from);
    const auto count = std::min(kPerGroup, read.size() - from);
    Draft draft = ledger.sequencer().begin();
    ledger.sequencer().consultScan(draft, caller, operation, reason,
                                   {first, first + static_cast<std::ptrdiff_t>(count)});
    ledger.commitNow(draft);
  }
}

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

Refusal unknownGround() {
  return {RefusalCode::unknownGround,
          "the ground must be one of: no-longer-needed consent-withdrawn objection unlawful "
          "legal-duty child retention-end"};
}

}  // namespace

// Runs with no group on its way; what it answers is durable when it returns.
template <typename T>
void ErasureDesk::alone(const Caller& caller, std::size_t bytes, const Answer<T>& done,
                        std::function<Result<T>(Ledger&)> act) {
  Work work;
  work.principal = caller.principal;
  work.bytes = bytes;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.exclusive = [this, done, act = std::move(act)](Ledger& ledger) {
    Result<T> answer = act(ledger);
    changed_(ledger);
    wipeStack();  // before it is told as done  // P5
    done(std::move(answer));
  };
  pipeline_.enqueue(std::move(work));
}

void ErasureDesk::erase(const Caller& caller, EraseRequest request, Answer<std::string> done) {
  const std::optional<Ground> ground = groundOf(request.ground);
  if (!ground) return done(unknownGround());
  EraseOrder order;
  order.ground = *ground;
  order.classes = std::move(request.classes);
  order.persons = std::move(request.persons);
  if (!request.person.empty()) order.persons.insert(order.persons.begin(), request.person);
  if (!request.erasureId.empty()) {
    const std::optional<Bytes> bytes = bytesOfHex(request.erasureId);
    if (bytes) order.id = ErasureId::from(*bytes);
    if (!order.id) {
      return done(Refusal{RefusalCode::invalidValue, "an erasure id is 32 hexadecimal digits"});
    }
  }
  std::size_t bytes = kSmallWork;
  for (const std::string& person : order.persons) bytes += person.size() + sizeof(std::string);
  alone<std::string>(caller, bytes, done,
                     [caller, order = std::move(order),
                      dryRun = request.dryRun](Ledger& ledger) -> Result<std::string> {
                       Result<Erasure> erased = dryRun ? ledger.planErasure(caller, order)
                                                       : ledger.erasures().order(caller, order);
                       if (!erased) return erased.refusal();
                       return jsonOf(ledger, *erased, dryRun ? DryRun::yes : DryRun::no);
                     });
}

void ErasureDesk::act(const Caller& caller, ErasureAct act, std::uint64_t number,
                      Answer<std::string> done) {
  alone<std::string>(
      caller, kSmallWork, done, [caller, act, number](Ledger& ledger) -> Result<std::string> {
        if (act == ErasureAct::certificate) return ledger.certificate(number);
        Erasures& erasures = ledger.erasures();
        Result<Erasure> outcome = act == ErasureAct::approve  ? erasures.approve(caller, number)
                                  : act == ErasureAct::cancel ? erasures.cancel(caller, number)
                                  : act == ErasureAct::resume ? erasures.resume(number)
                                                              : erasures.show(number);
        if (!outcome) return outcome.refusal();
        if (act == ErasureAct::show || act == ErasureAct::resume) {
          // What was kept of somebody, and who had the data: a reading of the case (P9).
          Draft draft = ledger.sequencer().begin();
          const Result<PersonHandle> read = ledger.sequencer().consult(
              draft, caller, "case:" + std::to_string(number), ReadOperation::show, {});
          if (!read) return read.refusal();
          ledger.commitNow(draft);
        }
        return jsonOf(ledger, *outcome, DryRun::no);
      });
}

void ErasureDesk::list(const Caller& caller, Answer<std::vector<std::string>> done) {
  using Lines = std::vector<std::string>;
  alone<Lines>(caller, kSmallWork, done, [](Ledger& ledger) -> Result<Lines> {
    Lines lines;
    for (const Erasure& erasure : ledger.erasures().list())
      lines.push_back(lineOf(ledger, erasure));
    return lines;
  });
}

void ErasureDesk::tasks(const Caller& caller, std::uint64_t number,
                        Answer<std::vector<std::string>> done) {
  using Lines = std::vector<std::string>;
  alone<Lines>(caller, kSmallWork, done, [caller, number](Ledger& ledger) -> Result<Lines> {
    Lines lines;
    std::vector<Slot> read;  // the cases, and recipients who are persons (P9)
    for (const TaskView& task : ledger.erasures().tasks(number)) {
      const auto slot = ledger.sequencer().people().findCase(std::to_string(task.caseNumber));
      if (slot) read.push_back(*slot);
      if (task.task.recipient.slot != Slot(0)) read.push_back(task.task.recipient.slot);
      lines.push_back(jsonOf(task));
    }
    recordScan(ledger, caller, ReadOperation::show, {}, std::move(read));
    return lines;
  });
}

void ErasureDesk::takeTask(const Caller& caller, std::string id, Answer<std::string> done) {
  alone<std::string>(caller, kSmallWork, done,
                     [caller, id = std::move(id)](Ledger& ledger) -> Result<std::string> {
                       const Result<TaskView> task = ledger.erasures().takeTask(caller, id);
                       if (!task) return task.refusal();
                       return jsonOf(*task);
                     });
}

void ErasureDesk::setTask(const Caller& caller, std::string id, std::string state, std::string note,
                          Answer<std::string> done) {
  const std::optional<TaskState> wanted = taskStateOf(state);
  if (!wanted) {
    return done(Refusal{RefusalCode::invalidValue,
                        "the state of a task is one of: queued sent acknowledged executed failed "
                        "impossible"});
  }
  alone<std::string>(caller, kSmallWork, done,
                     [caller, id = std::move(id), note = std::move(note),
                      wanted = *wanted](Ledger& ledger) -> Result<std::string> {
                       const Result<TaskView> task =
                           ledger.erasures().setTask(caller, id, wanted, note);
                       if (!task) return task.refusal();
                       return jsonOf(*task);
                     });
}

void ErasureDesk::placeHold(const Caller& caller, HoldOrder order, Answer<std::string> done) {
  HoldRequest request;
  request.classes = order.classes;
  request.ground = order.ground;
  request.reason = order.reason;
  const std::optional<Date> review = dateOf(order.review);
  if (!review) {
    return done(
        Refusal{RefusalCode::invalidValue, "the day of review is written as a date, 2026-12-31"});
  }
  if (order.reason.size() > kReasonBytesMax) {
    return done(Refusal{RefusalCode::tooLarge, "a reason has at most 512 bytes"});
  }
  request.review = *review;
  alone<std::string>(caller, kSmallWork, done,
                     [caller, person = std::move(order.person),
                      request = std::move(request)](Ledger& ledger) -> Result<std::string> {
                       const Result<Hold> hold =
                           ledger.erasures().placeHold(caller, person, request);
                       if (!hold) return hold.refusal();
                       return jsonOf(*hold, ledger.sequencer().now(), {});
                     });
}

void ErasureDesk::liftHold(const Caller& caller, std::uint64_t number, Answer<std::string> done) {
  alone<std::string>(
      caller, kSmallWork, done, [caller, number](Ledger& ledger) -> Result<std::string> {
        const Result<Erasures::Lifted> lifted = ledger.erasures().liftHold(caller, number);
        if (!lifted) return lifted.refusal();
        auto out =
            nlohmann::ordered_json::parse(jsonOf(lifted->hold, ledger.sequencer().now(), {}));
        out["lifted"] = true;
        if (lifted->carriedOut) {
          out["carriedOut"] =
              nlohmann::ordered_json::parse(jsonOf(ledger, *lifted->carriedOut, DryRun::no));
        }
        return out.dump();
      });
}

// Says about whom: one reading across persons, and one of each person named (P9).
void ErasureDesk::holds(const Caller& caller, std::string reason,
                        Answer<std::vector<std::string>> done) {
  using Lines = std::vector<std::string>;
  alone<Lines>(
      caller, kSmallWork, done,
      [caller, reason = std::move(reason)](Ledger& ledger) -> Result<Lines> {
        Lines lines;
        std::vector<Slot> named;
        for (const auto& [number, one] : ledger.erasures().holds().all()) {
          std::vector<std::string> aliases;
          for (const AliasRow& row : aliasRowsOf(ledger.vault(), ledger.store(), one.slot)) {
            aliases.push_back(row.text);
          }
          named.push_back(one.slot);
          lines.push_back(jsonOf(one.hold, ledger.sequencer().now(), aliases));
        }
        recordScan(ledger, caller, ReadOperation::find, reason, std::move(named));
        return lines;
      });
}

void ErasureDesk::tick() {
  if (!ledger_.erasures().due(systemClock().now()) || ticking_.exchange(true)) return;
  Work work;
  work.refused = [this](const Refusal&) { ticking_ = false; };
  work.exclusive = [this](Ledger& ledger) {
    ledger.erasures().tick();
    changed_(ledger);
    ticking_ = false;
  };
  pipeline_.enqueue(std::move(work));
}

}  // namespace lacuna
