// A LedgerService without a ledger: it answers on a thread of its own, as the real one does, with what
// the test has put there. For tests of the wires.
#pragma once

#include "daemon/service.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace lacuna::test {

class FakeService final : public LedgerService {
 public:
  FakeService();
  ~FakeService() override;

  // ---- what the test sets; any thread
  void setAccess(std::uint8_t roles, Caller caller = {});  // of every peer
  void hold();                                             // answers wait ...
  void release();                                          // ... until this
  void setLines(std::vector<std::string> lines);           // what history and recipients answer
  void setText(std::string text);                          // what state, receipt, ... answer
  void setRecords(std::vector<Bytes> records);
  void serve(AuditorService& log);   // public things come from there; it outlives this
  void refuseAll(Refusal refusal);   // every event from now on
  void failWith(std::string fault);  // auditor reads throw this Fault

  // ---- what happened
  std::vector<Event> submitted() const;
  std::vector<std::string> calls() const;  // names of methods, in order
  std::size_t waiting() const;             // answers held

  // ---- LedgerService. An event whose purpose is "nowhere" is refused, with a nearest id.
  void submit(const Caller&, std::vector<Event>, Atomic, BatchAnswer) override;
  void check(const Caller&, std::vector<Event>, BatchAnswer) override;
  std::string checkpoint() override;
  std::string verifierKey() override;
  Result<std::string> receipt(Seq) override;
  Result<std::vector<Bytes>> records(Seq first, std::uint32_t count) override;
  Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) override;
  Result<Bytes> document(const DocumentHash&) override;
  std::vector<std::string> checkpoints(TreeSize, std::uint32_t) override;
  void history(const Caller&, ReadRequest, Answer<std::vector<std::string>>) override;
  void state(const Caller&, ReadRequest, Answer<std::string>) override;
  void recipients(const Caller&, ReadRequest, Answer<std::vector<std::string>>) override;
  void personShow(const Caller&, ReadRequest, Answer<std::string>) override;
  void personFind(const Caller&, std::string, std::string,
                  Answer<std::vector<std::string>>) override;
  void personLink(const Caller&, std::string, std::string, std::string,
                  Answer<std::string>) override;
  void erase(const Caller&, EraseRequest, Answer<std::string>) override;
  void erasure(const Caller&, ErasureAct, std::uint64_t, Answer<std::string>) override;
  void erasures(const Caller&, Answer<std::vector<std::string>>) override;
  void tasks(const Caller&, std::uint64_t, Answer<std::vector<std::string>>) override;
  void taskTake(const Caller&, std::string, Answer<std::string>) override;
  void taskSet(const Caller&, std::string, std::string, std::string, Answer<std::string>) override;
  void holdPlace(const Caller&, HoldOrder, Answer<std::string>) override;
  void holdLift(const Caller&, std::uint64_t, Answer<std::string>) override;
  void retentionDue(const Caller&, std::string, Answer<std::vector<std::string>>) override;
  void retentionSweep(const Caller&, Answer<std::string>) override;
  void holds(const Caller&, std::string, Answer<std::vector<std::string>>) override;
  void requestOpen(const Caller&, RequestOrder, Answer<std::string>) override;
  void requestStep(const Caller&, RequestStepOrder, Answer<std::string>) override;
  void requestShow(const Caller&, std::uint64_t, std::string, Answer<std::string>) override;
  void requests(const Caller&, std::string, std::string, Answer<std::vector<std::string>>) override;
  void flags(const Caller&, FlagsRequest, Answer<FlagsPage>) override;  // the lines, on one page
  void withdraw(const Caller&, WithdrawRequest, Answer<std::string>) override;
  void disclose(const Caller&, DiscloseRequest, Answer<std::string>) override;
  // Two pages: the text that the test has set as person.json, and an empty manifest.
  void exportPerson(const Caller&, ExportRequest, Answer<ExportStarted>) override;
  void exportNext(std::uint64_t number, Answer<ExportPage>) override;
  void exportEnd(std::uint64_t number) override;
  void report(const Caller&, ReportRequest, Answer<std::string>) override;
  std::string withdrawStatus() override { return "{\"searching\":false}"; }
  void sweepEnvelopes(const Caller&, std::string, Answer<std::string>) override;
  void registerApply(const Caller&, std::string, Answer<std::string>) override;
  Result<std::string> registerShow(std::string, std::string) override;
  void record(const Caller&, std::vector<Event>, BatchAnswer) override;
  void grant(const Caller&, Grant, Answer<std::uint32_t>) override;
  void revoke(const Caller&, std::uint32_t, Answer<Done>) override;
  std::vector<Grant> grants() override;
  std::string keysStatus() override;
  void keysCheck(Answer<std::string>) override;
  void keysAddHolder(const Caller&, HolderOrder, Answer<std::string>) override;
  void keysCloseHolder(const Caller&, std::uint8_t, Answer<std::string>) override;
  Access accessOf(std::uint32_t uid, const std::vector<std::uint32_t>& gids) override;
  std::string status(std::uint8_t roles) override;
  void drain() override;  // releases, and waits until everything is answered

 private:
  void note(std::string call);
  void later(std::function<void()> answer);
  void take(std::string call, std::vector<Event> events, BatchAnswer done);
  void answerText(std::string call, Answer<std::string> done);
  void answerLines(std::string call, Answer<std::vector<std::string>> done);
  std::string textOrFault(std::string call);
  void work();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Access access_;
  bool held_ = false, stopping_ = false, answering_ = false;
  std::deque<std::function<void()>> answers_;
  std::vector<Event> submitted_;
  std::vector<std::string> calls_;
  std::vector<std::string> lines_;
  std::vector<Bytes> records_;
  std::string text_ = "{}";
  std::optional<Refusal> refusal_;
  std::string fault_;
  std::atomic<AuditorService*> log_{nullptr};
  std::vector<Grant> grants_;
  std::uint64_t next_ = 0;
  std::thread thread_;
};

}  // namespace lacuna::test
