#include "tests/support/fake_service.h"

#include <algorithm>

namespace lacuna::test {

FakeService::FakeService() : thread_([this]() { work(); }) {
  access_.roles = 15;
  access_.singleUser = true;
  access_.caller.allSystems = true;
}

FakeService::~FakeService() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    held_ = false;
  }
  changed_.notify_all();
  thread_.join();
}

void FakeService::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this]() { return stopping_ || (!held_ && !answers_.empty()); });
    if (answers_.empty()) return;
    auto answer = std::move(answers_.front());
    answers_.pop_front();
    answering_ = true;
    lock.unlock();
    answer();
    lock.lock();
    answering_ = false;
    changed_.notify_all();
  }
}

void FakeService::setAccess(std::uint8_t roles, Caller caller) {
  const std::lock_guard lock(mutex_);
  access_ = Access{std::move(caller), roles, false};
}
void FakeService::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}
void FakeService::release() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
  }
  changed_.notify_all();
}
void FakeService::setLines(std::vector<std::string> lines) {
  const std::lock_guard lock(mutex_);
  lines_ = std::move(lines);
}
void FakeService::setText(std::string text) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}
void FakeService::setRecords(std::vector<Bytes> records) {
  const std::lock_guard lock(mutex_);
  records_ = std::move(records);
}
void FakeService::refuseAll(Refusal refusal) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(refusal);
}
void FakeService::failWith(std::string fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}
std::vector<Event> FakeService::submitted() const {
  const std::lock_guard lock(mutex_);
  return submitted_;
}
std::vector<std::string> FakeService::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}
std::size_t FakeService::waiting() const {
  const std::lock_guard lock(mutex_);
  return answers_.size();
}

void FakeService::drain() {
  std::unique_lock lock(mutex_);
  held_ = false;
  changed_.notify_all();
  changed_.wait(lock, [this]() { return answers_.empty() && !answering_; });
}

void FakeService::note(std::string call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
}

void FakeService::later(std::function<void()> answer) {
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  changed_.notify_all();
}

void FakeService::take(std::string call, std::vector<Event> events, BatchAnswer done) {
  note(std::move(call));
  std::vector<EventResult> results;
  {
    const std::lock_guard lock(mutex_);
    for (auto& event : events) {
      if (refusal_) {
        results.emplace_back(*refusal_);
      } else if (event.purpose == "nowhere") {
        results.emplace_back(Refusal{RefusalCode::unknownPurpose,
                                     "The register has no purpose \"nowhere\".", "newsletter"});
      } else {
        Appended appended{Seq(next_++), {}, false};
        appended.leaf.bytes.fill(static_cast<std::uint8_t>(appended.seq.raw()));
        results.emplace_back(appended);
        submitted_.push_back(std::move(event));
      }
    }
  }
  later([results = std::move(results), done = std::move(done)]() { done(results); });
}

void FakeService::answerText(std::string call, Answer<std::string> done) {
  note(std::move(call));
  later([this, done = std::move(done)]() {
    std::unique_lock lock(mutex_);
    const Result<std::string> result =
        refusal_ ? Result<std::string>(*refusal_) : Result<std::string>(text_);
    lock.unlock();
    done(result);
  });
}

void FakeService::answerLines(std::string call, Answer<std::vector<std::string>> done) {
  note(std::move(call));
  later([this, done = std::move(done)]() {
    std::unique_lock lock(mutex_);
    auto lines = lines_;
    lock.unlock();
    done(std::move(lines));
  });
}

std::string FakeService::textOrFault(std::string call) {
  note(std::move(call));
  const std::lock_guard lock(mutex_);
  if (!fault_.empty()) throw Fault(fault_);
  return text_;
}

void FakeService::submit(const Caller&, std::vector<Event> events, Atomic, BatchAnswer done) {
  take("submit", std::move(events), std::move(done));
}
void FakeService::check(const Caller&, std::vector<Event> events, BatchAnswer done) {
  take("check", std::move(events), std::move(done));
}
void FakeService::record(const Caller&, std::vector<Event> events, BatchAnswer done) {
  take("record", std::move(events), std::move(done));
}

void FakeService::serve(AuditorService& log) { log_ = &log; }
std::string FakeService::checkpoint() {
  return log_ != nullptr ? log_.load()->checkpoint() : textOrFault("checkpoint");
}
std::string FakeService::verifierKey() { return textOrFault("verifierKey"); }
Result<std::string> FakeService::receipt(Seq) { return textOrFault("receipt"); }
Result<std::vector<Bytes>> FakeService::records(Seq first, std::uint32_t count) {
  if (log_ != nullptr) return log_.load()->records(first, count);
  note("records");
  const std::lock_guard lock(mutex_);
  std::vector<Bytes> out;
  for (auto i = first.raw(); i < records_.size() && out.size() < count; ++i) {
    out.push_back(records_[i]);
  }
  return out;
}
Result<Bytes> FakeService::tile(unsigned level, std::uint64_t index, unsigned width) {
  if (log_ != nullptr) return log_.load()->tile(level, index, width);
  note("tile");
  return Bytes(width * 32, 7);
}
Result<Bytes> FakeService::document(const DocumentHash& hash) {
  note("document");
  return Bytes(hash.bytes.begin(), hash.bytes.end());
}
std::vector<std::string> FakeService::checkpoints(TreeSize, std::uint32_t count) {
  return std::vector<std::string>(std::min(count, 3u), textOrFault("checkpoints"));
}

void FakeService::history(const Caller&, ReadRequest, Answer<std::vector<std::string>> done) {
  answerLines("history", std::move(done));
}
void FakeService::recipients(const Caller&, ReadRequest, Answer<std::vector<std::string>> done) {
  answerLines("recipients", std::move(done));
}
void FakeService::personFind(const Caller&, std::string, std::string,
                             Answer<std::vector<std::string>> done) {
  answerLines("personFind", std::move(done));
}
void FakeService::state(const Caller&, ReadRequest, Answer<std::string> done) {
  answerText("state", std::move(done));
}
void FakeService::personShow(const Caller&, ReadRequest, Answer<std::string> done) {
  answerText("personShow", std::move(done));
}
void FakeService::personLink(const Caller&, std::string, std::string, std::string,
                             Answer<std::string> done) {
  answerText("personLink", std::move(done));
}
void FakeService::erase(const Caller&, EraseRequest, Answer<std::string> done) {
  answerText("erase", std::move(done));
}
void FakeService::erasure(const Caller&, ErasureAct, std::uint64_t, Answer<std::string> done) {
  answerText("erasure", std::move(done));
}
void FakeService::erasures(const Caller&, Answer<std::vector<std::string>> done) {
  answerLines("erasures", std::move(done));
}
void FakeService::tasks(const Caller&, std::uint64_t, Answer<std::vector<std::string>> done) {
  answerLines("tasks", std::move(done));
}
void FakeService::taskTake(const Caller&, std::string, Answer<std::string> done) {
  answerText("taskTake", std::move(done));
}
void FakeService::taskSet(const Caller&, std::string, std::string, std::string,
                          Answer<std::string> done) {
  answerText("taskSet", std::move(done));
}
void FakeService::holdPlace(const Caller&, HoldOrder, Answer<std::string> done) {
  answerText("holdPlace", std::move(done));
}
void FakeService::holdLift(const Caller&, std::uint64_t, Answer<std::string> done) {
  answerText("holdLift", std::move(done));
}
void FakeService::retentionDue(const Caller&, std::string, Answer<std::vector<std::string>> done) {
  answerLines("retentionDue", std::move(done));
}
void FakeService::retentionSweep(const Caller&, Answer<std::string> done) {
  answerText("retentionSweep", std::move(done));
}
void FakeService::holds(const Caller&, std::string, Answer<std::vector<std::string>> done) {
  answerLines("holds", std::move(done));
}
void FakeService::withdraw(const Caller&, WithdrawRequest, Answer<std::string> done) {
  answerText("withdraw", std::move(done));
}
void FakeService::requestOpen(const Caller&, RequestOrder, Answer<std::string> done) {
  answerText("requestOpen", std::move(done));
}
void FakeService::requestStep(const Caller&, RequestStepOrder, Answer<std::string> done) {
  answerText("requestStep", std::move(done));
}
void FakeService::requestShow(const Caller&, std::uint64_t, std::string, Answer<std::string> done) {
  answerText("requestShow", std::move(done));
}
void FakeService::requests(const Caller&, std::string, std::string,
                           Answer<std::vector<std::string>> done) {
  answerLines("requests", std::move(done));
}
void FakeService::flags(const Caller&, FlagsRequest, Answer<FlagsPage> done) {
  answerLines("flags", [done = std::move(done)](Result<std::vector<std::string>> lines) {
    if (!lines) return done(lines.refusal());
    FlagsPage page;
    page.lines = std::move(*lines);
    done(std::move(page));
  });
}
void FakeService::disclose(const Caller&, DiscloseRequest, Answer<std::string> done) {
  answerText("disclose", std::move(done));
}

void FakeService::exportPerson(const Caller&, ExportRequest, Answer<ExportStarted> done) {
  note("exportPerson");
  later([done] { done(ExportStarted{7, 1, 0}); });
}
void FakeService::exportNext(std::uint64_t number, Answer<ExportPage> done) {
  note("exportNext " + std::to_string(number));
  later([this, done] {
    const std::lock_guard lock(mutex_);
    const bool first = std::count(calls_.begin(), calls_.end(), "exportNext 7") == 1;
    done(first ? ExportPage{{{"person.json", text_}}, 1, false}
               : ExportPage{{{"manifest.json", {}}}, 1, true});
  });
}
void FakeService::exportEnd(std::uint64_t number) { note("exportEnd " + std::to_string(number)); }
void FakeService::report(const Caller&, ReportRequest, Answer<std::string> done) {
  answerText("report", std::move(done));
}

void FakeService::sweepEnvelopes(const Caller&, std::string, Answer<std::string> done) {
  answerText("sweepEnvelopes", std::move(done));
}

void FakeService::registerApply(const Caller&, std::string, Answer<std::string> done) {
  answerText("registerApply", std::move(done));
}
Result<std::string> FakeService::registerShow(std::string, std::string) {
  return textOrFault("registerShow");
}

void FakeService::grant(const Caller&, Grant grant, Answer<std::uint32_t> done) {
  note("grant");
  std::unique_lock lock(mutex_);
  grant.principal = static_cast<std::uint32_t>(grants_.size()) + 1;
  grants_.push_back(grant);
  lock.unlock();
  later([principal = grant.principal, done = std::move(done)]() { done(principal); });
}
void FakeService::revoke(const Caller&, std::uint32_t principal, Answer<Done> done) {
  note("revoke");
  std::unique_lock lock(mutex_);
  const bool known = principal > 0 && principal <= grants_.size();
  if (known) grants_[principal - 1].revoked = true;
  lock.unlock();
  later([known, done = std::move(done)]() {
    if (known) {
      done(Done{});
    } else {
      done(Refusal{RefusalCode::notFound, "There is no such grant."});
    }
  });
}
std::vector<Grant> FakeService::grants() {
  const std::lock_guard lock(mutex_);
  return grants_;
}
std::string FakeService::keysStatus() { return textOrFault("keysStatus"); }
void FakeService::keysCheck(Answer<std::string> done) { answerText("keysCheck", std::move(done)); }
void FakeService::keysAddHolder(const Caller&, HolderOrder, Answer<std::string> done) {
  answerText("keysAddHolder", std::move(done));
}
void FakeService::keysCloseHolder(const Caller&, std::uint8_t, Answer<std::string> done) {
  answerText("keysCloseHolder", std::move(done));
}

LedgerService::Access FakeService::accessOf(std::uint32_t, const std::vector<std::uint32_t>&) {
  const std::lock_guard lock(mutex_);
  return access_;
}
std::string FakeService::status(std::uint8_t) { return textOrFault("status"); }

}  // namespace lacuna::test
