#include "daemon/ledger_service.h"

#include "daemon/access.h"
#include "daemon/control_desk.h"
#include "daemon/disclosures.h"
#include "daemon/erasure_desk.h"
#include "daemon/exports.h"
#include "daemon/flag_scan.h"
#include "daemon/holder_desk.h"
#include "daemon/keys_json.h"
#include "daemon/ledger_options.h"
#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/read_query.h"
#include "daemon/register_desk.h"
#include "daemon/request_desk.h"
#include "daemon/retention_desk.h"
#include "daemon/sweeper.h"
#include "daemon/ticker.h"
#include "daemon/withdrawals.h"
#include "daemon/witnesses.h"
#include "ledger/base/limits.h"
#include "ledger/ledger.h"
#include "ledger/record/event_json.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

std::size_t bytesHeld(const std::vector<Event>& events) {
  std::size_t bytes = 0;
  for (const Event& event : events) bytes += bytesHeldBy(event);
  return bytes;
}

// What a reader carries away from the sequencer: nothing it has to lock.
struct ReadTicket {
  PersonHandle person;
  RegisterHistory registers;
  SystemNumbers systems;
  HistoryQuery query;
  Instant now{};
};

}  // namespace

class OpenLedgerService final : public LedgerService {
 public:
  OpenLedgerService(std::unique_ptr<Ledger> ledger, const ServiceOptions& options)
      : ledger_(std::move(ledger)), access_(geteuid()), log_(options.log) {
    Sequencer& sequencer = ledger_->sequencer();
    for (const LotHandle& lot : sequencer.people().lotsOf(Slot(0))) {
      if (lot.klass != kGrantsClass) continue;
      access_.load(readLot(ledger_->vault(), ledger_->store(), sequencer.systems(), Slot(0), lot));
    }
    persons_ = sequencer.people().count();
    publishRegister(sequencer.registers());
    pipeline_ = std::make_unique<Pipeline>(
        *ledger_, Pipeline::Options{options.checkpointInterval, options.log});
    const auto changed = [this](Ledger& its) { persons_ = its.sequencer().people().count(); };
    erasures_ = std::make_unique<ErasureDesk>(*ledger_, *pipeline_, changed);
    withdrawals_ = std::make_unique<Withdrawals>(*ledger_, *pipeline_, finds_, search_);
    disclosures_ = std::make_unique<Disclosures>(*ledger_, *pipeline_, finds_, reads_, search_);
    exports_ = std::make_unique<Exports>(*ledger_, *pipeline_);
    controls_ = std::make_unique<ControlDesk>(*ledger_, *pipeline_, finds_);
    retention_ = std::make_unique<RetentionDesk>(*ledger_, *pipeline_, reads_, changed);
    flags_ = std::make_unique<FlagScan>(*ledger_, *pipeline_, finds_);
    requests_ = std::make_unique<RequestDesk>(*pipeline_, changed);
    ticker_ = std::make_unique<Ticker>(kTickInterval, [this] {
      erasures_->tick();
      retention_->tick(systemClock().now());
      exports_->tick();
    });
    holders_ = std::make_unique<HolderDesk>(*ledger_, *pipeline_, log_);
    holderTicker_ = std::make_unique<Ticker>(kHolderCheckInterval, [this] { holders_->look(); });
    sweeper_ = std::make_unique<Sweeper>(
        *ledger_, *pipeline_,
        Sweeper::Options{options.sweepBytesPerSecond, options.sweepInterval, options.log});
    if (!options.witnesses) return;
    witnesses_ = std::make_unique<Witnesses>(
        *ledger_, WitnessOptions{*options.witnesses, options.witnessInterval, nullptr}, options.log,
        [this](std::string_view why) { pipeline_->seal(why); });
  }
  ~OpenLedgerService() override { drain(); }

  void drain() override {
    if (witnesses_) witnesses_->stop();
    holderTicker_->stop();
    ticker_->stop();
    sweeper_->stop();  // it waits for the pipeline
    pipeline_->drain();
    finds_.drain();
    reads_.drain();  // what was recorded as read is answered
    exports_->drain();
    if (!rested_ && !pipeline_->sealed()) ledger_->rest();
    rested_ = true;
  }

  // ---- recorder

  void submit(const Caller& caller, std::vector<Event> events, Atomic atomic,
              BatchAnswer done) override {
    appendWork(caller, std::move(events), atomic, std::move(done));
  }

  void check(const Caller& caller, std::vector<Event> events, BatchAnswer done) override {
    Work work = workOf(caller, bytesHeld(events));
    work.refused = [count = events.size(), done](const Refusal& refusal) {
      done(std::vector<EventResult>(count, EventResult(refusal)));
    };
    work.decide = [caller, events = std::move(events), done](Sequencer& sequencer, Draft& draft) {
      std::vector<EventResult> results = sequencer.check(caller, events);
      draft.waiting.push_back(
          [results = std::move(results), done](const Draft&, const Refusal* failure) {
            done(failure == nullptr ? results : std::vector<EventResult>(results.size(), *failure));
          });
    };
    pipeline_->enqueue(std::move(work));
  }

  // ---- auditor

  std::string checkpoint() override { return ledger_->publishedCheckpoint(); }
  std::string verifierKey() override { return textOf(ledger_->verifierKey()); }
  Result<std::string> receipt(Seq seq) override { return ledger_->receipt(seq); }
  Result<std::vector<Bytes>> records(Seq first, std::uint32_t count) override {
    return ledger_->records(first, count);
  }
  Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) override {
    return ledger_->tile(level, index, width);
  }
  Result<Bytes> document(const DocumentHash& hash) override { return ledger_->document(hash); }
  std::vector<std::string> checkpoints(TreeSize from, std::uint32_t count) override {
    return ledger_->checkpoints(from, count);
  }

  // ---- officer: reads

  void history(const Caller& caller, ReadRequest request,
               Answer<std::vector<std::string>> done) override {
    read<std::vector<std::string>>(
        caller, request, ReadOperation::history, std::move(done), [this](const ReadTicket& ticket) {
          const std::vector<PersonEvent> events = ledger_->read(ticket.person, ticket.systems);
          return historyLines(events, ticket.query, ticket.registers, ticket.now);
        });
  }

  void state(const Caller& caller, ReadRequest request, Answer<std::string> done) override {
    read<std::string>(caller, request, ReadOperation::state, std::move(done),
                      [this](const ReadTicket& ticket) {
                        const PersonFacts facts = ledger_->facts(ticket.person, ticket.registers);
                        return jsonOf(stateAt(ticket, facts), facts);
                      });
  }

  void recipients(const Caller& caller, ReadRequest request,
                  Answer<std::vector<std::string>> done) override {
    read<std::vector<std::string>>(
        caller, request, ReadOperation::recipients, std::move(done),
        [this](const ReadTicket& ticket) {
          const PersonFacts facts = ledger_->facts(ticket.person, ticket.registers);
          std::vector<std::string> lines;
          for (const RecipientView& view : stateAt(ticket, facts).recipients)
            lines.push_back(jsonOf(view));
          return lines;
        });
  }

  void personShow(const Caller& caller, ReadRequest request, Answer<std::string> done) override {
    read<std::string>(caller, request, ReadOperation::show, std::move(done),
                      [this](const ReadTicket& ticket) {
                        const PersonFacts facts = ledger_->facts(ticket.person, ticket.registers);
                        return shownPerson(facts);
                      });
  }

  void personFind(const Caller& caller, std::string text, std::string reason,
                  Answer<std::vector<std::string>> done) override {
    if (text.empty() || text.size() > kAliasBytesMax) {
      return done(Refusal{RefusalCode::invalidValue, "a text to look for has 1 to 512 bytes"});
    }
    if (reason.size() > kReasonBytesMax) return done(reasonTooLong());
    // Looked for beside the appends, one at a time, since it opens every alias there is; others wait.
    const bool taken = finds_.submit([this, caller, text, reason, done] {
      Result<std::vector<Ledger::Found>> found = Refusal{RefusalCode::tampered, ""};
      try {
        found = ledger_->findPersons(text, kPersonsFoundMax);
      } catch (const std::exception& fault) {
        found = unreadable(fault);
      }
      if (!found) return done(found.refusal());
      tellFound(caller, std::move(*found), reason, done);
    });
    if (!taken) done(findsFull());
  }

  void personLink(const Caller& caller, std::string person, std::string alias, std::string reason,
                  Answer<std::string> done) override {
    Work work = workOf(caller, kSmallWork);
    work.refused = [done](const Refusal& refusal) { done(refusal); };
    work.decide = [caller, person, alias, reason, done](Sequencer& sequencer, Draft& draft) {
      const Outcome linked = sequencer.link(draft, caller, person, alias, reason);
      draft.waiting.push_back([linked, done](const Draft&, const Refusal* failure) {
        if (failure != nullptr) return done(*failure);
        if (!linked) return done(linked.refusal());
        done(std::string(R"({"linked":true})"));
      });
    };
    pipeline_->enqueue(std::move(work));
  }

  // ---- officer: changes (erasure_desk.h)
  void erase(const Caller& caller, EraseRequest request, Answer<std::string> done) override {
    erasures_->erase(caller, std::move(request), std::move(done));
  }
  void erasure(const Caller& caller, ErasureAct act, std::uint64_t number,
               Answer<std::string> done) override {
    erasures_->act(caller, act, number, std::move(done));
  }
  void erasures(const Caller& caller, Answer<std::vector<std::string>> done) override {
    erasures_->list(caller, std::move(done));
  }
  void tasks(const Caller& caller, std::uint64_t number,
             Answer<std::vector<std::string>> done) override {
    erasures_->tasks(caller, number, std::move(done));
  }
  void taskTake(const Caller& caller, std::string id, Answer<std::string> done) override {
    erasures_->takeTask(caller, std::move(id), std::move(done));
  }
  void taskSet(const Caller& caller, std::string id, std::string state, std::string note,
               Answer<std::string> done) override {
    erasures_->setTask(caller, std::move(id), std::move(state), std::move(note), std::move(done));
  }
  void holdPlace(const Caller& caller, HoldOrder order, Answer<std::string> done) override {
    erasures_->placeHold(caller, std::move(order), std::move(done));
  }
  void holdLift(const Caller& caller, std::uint64_t number, Answer<std::string> done) override {
    erasures_->liftHold(caller, number, std::move(done));
  }
  void retentionDue(const Caller& caller, std::string within,
                    Answer<std::vector<std::string>> done) override {
    retention_->due(caller, within, std::move(done));
  }
  void retentionSweep(const Caller& caller, Answer<std::string> done) override {
    retention_->sweep(caller, std::move(done));
  }
  void holds(const Caller& caller, std::string reason,
             Answer<std::vector<std::string>> done) override {
    erasures_->holds(caller, std::move(reason), std::move(done));
  }

  void requestOpen(const Caller& caller, RequestOrder order, Answer<std::string> done) override {
    requests_->open(caller, std::move(order), done);
  }
  void requestStep(const Caller& caller, RequestStepOrder order,
                   Answer<std::string> done) override {
    requests_->step(caller, std::move(order), done);
  }
  void requestShow(const Caller& caller, std::uint64_t number, std::string reason,
                   Answer<std::string> done) override {
    requests_->show(caller, number, std::move(reason), done);
  }
  void requests(const Caller& caller, std::string which, std::string within,
                Answer<std::vector<std::string>> done) override {
    requests_->list(caller, which, within, done);
  }
  void flags(const Caller& caller, FlagsRequest request, Answer<FlagsPage> done) override {
    flags_->page(caller, std::move(request), done);
  }

  void withdraw(const Caller& caller, WithdrawRequest request, Answer<std::string> done) override {
    withdrawals_->withdraw(caller, std::move(request), std::move(done));
  }
  void disclose(const Caller& caller, DiscloseRequest request, Answer<std::string> done) override {
    disclosures_->disclose(caller, std::move(request), done);
  }
  void exportPerson(const Caller& caller, ExportRequest request,
                    Answer<ExportStarted> done) override {
    exports_->begin(caller, std::move(request), done);
  }
  void exportNext(std::uint64_t number, Answer<ExportPage> done) override {
    exports_->next(number, done);
  }
  void exportEnd(std::uint64_t number) override { exports_->end(number); }
  void report(const Caller& caller, ReportRequest asked, Answer<std::string> done) override {
    controls_->report(caller, {asked.from, asked.to, asked.sample, asked.seed, asked.reason}, done);
  }
  std::string withdrawStatus() override { return search_.status(); }

  void sweepEnvelopes(const Caller&, std::string action, Answer<std::string> done) override {
    if (action == "start") return sweeper_->start(std::move(done));
    if (action == "cancel") sweeper_->cancel();
    if (action != "cancel" && action != "status") {
      return done(Refusal{RefusalCode::invalidValue, "a sweep knows start, status and cancel"});
    }
    done(sweeper_->status());
  }

  void registerApply(const Caller& caller, std::string toml, Answer<std::string> done) override {
    Result<std::shared_ptr<const Register>> version = Register::parse(toml);
    if (!version) return done(version.refusal());
    Work work = workOf(caller, toml.size() + kSmallWork);
    work.refused = [done](const Refusal& refusal) { done(refusal); };
    work.decide = [this, caller, version = *version, done](Sequencer& sequencer, Draft& draft) {
      const bool same = sequencer.registers().versions() > 0 &&
                        sequencer.registers().latest().text() == version->text();
      if (!same) sequencer.applyRegister(draft, caller, version);
      Json out;
      out["version"] = sequencer.registers().versions();
      out["changed"] = !same;
      draft.waiting.push_back([this, registers = sequencer.registers(), text = out.dump(), done](
                                  const Draft&, const Refusal* failure) {
        if (failure != nullptr) return done(*failure);
        publishRegister(registers);
        done(text);
      });
    };
    pipeline_->enqueue(std::move(work));
  }

  Result<std::string> registerShow(std::string asOf, std::string form) override {
    std::unique_lock lock(registerMutex_);
    const RegisterHistory registers = registers_;
    lock.unlock();
    return registerShown(registers, asOf, form);
  }

  void record(const Caller& caller, std::vector<Event> events, BatchAnswer done) override {
    Caller officer = caller;
    officer.allSystems = true;
    appendWork(officer, std::move(events), Atomic::no, std::move(done));
  }

  // ---- operator

  void grant(const Caller& caller, Grant asked, Answer<std::uint32_t> done) override {
    Work work = workOf(caller, kSmallWork);
    work.refused = [done](const Refusal& refusal) { done(refusal); };
    work.decide = [this, asked, done](Sequencer& sequencer, Draft& draft) {
      const Result<Grant> grant = access_.prepare(asked, sequencer.systems(), draft.recordedAt);
      if (grant) {
        if (access_.endsSingleUser()) {
          AccessBody ended;
          ended.action = AccessAction::singleUserEnded;
          sequencer.organisation(draft, Kind::access, kGrantsClass, encode(ended), std::nullopt);
        }
        const AccessBody body{AccessAction::grant, grant->principal, grant->roles};
        sequencer.organisation(draft, Kind::access, kGrantsClass, encode(body),
                               AccessList::storedOf(*grant));
      }
      draft.waiting.push_back([this, grant, done](const Draft&, const Refusal* failure) {
        if (failure != nullptr) return done(*failure);
        if (!grant) return done(grant.refusal());
        access_.add(*grant);
        done(grant->principal);
      });
    };
    pipeline_->enqueue(std::move(work));
  }

  void revoke(const Caller& caller, std::uint32_t principal, Answer<Done> done) override {
    Work work = workOf(caller, kSmallWork);
    work.refused = [done](const Refusal& refusal) { done(refusal); };
    work.decide = [this, principal, done](Sequencer& sequencer, Draft& draft) {
      const bool known = access_.known(principal);
      if (known) {
        const AccessBody body{AccessAction::revoke, principal, 0};
        sequencer.organisation(draft, Kind::access, kGrantsClass, encode(body), std::nullopt);
      }
      draft.waiting.push_back([this, principal, known, done](const Draft&, const Refusal* failure) {
        if (failure != nullptr) return done(*failure);
        if (!known)
          return done(
              Refusal{RefusalCode::notGranted, "there is no grant in force of that number"});
        access_.revoke(principal);
        done(Done{});
      });
    };
    pipeline_->enqueue(std::move(work));
  }

  std::vector<Grant> grants() override { return access_.list(); }

  std::string keysStatus() override { return keysJson(ledger_->vault()); }

  void keysCheck(Answer<std::string> done) override { holders_->check(done); }
  void keysAddHolder(const Caller& caller, HolderOrder order, Answer<std::string> done) override {
    holders_->add(caller, std::move(order), done);
  }
  void keysCloseHolder(const Caller& caller, std::uint8_t number,
                       Answer<std::string> done) override {
    holders_->close(caller, number, done);
  }

  // ---- everybody

  Access accessOf(std::uint32_t uid, const std::vector<std::uint32_t>& gids) override {
    return access_.accessOf(uid, gids);
  }

  std::string status(std::uint8_t roles) override {
    const Pipeline::Counts counts = pipeline_->counts();
    Json out;
    out["version"] = LACUNA_VERSION;
    out["origin"] = ledger_->origin();
    out["size"] = ledger_->size().raw();
    out["checkpoint"] = ledger_->shownSize().raw();
    out["key"] = textOf(ledger_->verifierKey());
    out["sealed"] = pipeline_->sealed();
    out["singleUser"] = access_.singleUser();
    constexpr auto kMayCount =
        static_cast<std::uint8_t>(Role::officer) | static_cast<std::uint8_t>(Role::op);
    if ((roles & kMayCount) != 0) out["persons"] = persons_.load();
    {
      const std::lock_guard lock(registerMutex_);
      out["registerVersion"] = registers_.versions();
    }
    if (witnesses_) out["witnesses"] = Json::parse(witnesses_->json());
    out["assurance"] = nameOf(ledger_->assurance().level);
    out["treeVersion"] = ledger_->vault().version().raw();
    out["queuedBytes"] = counts.queuedBytes;
    out["groups"] = counts.groups;
    out["freeDiskBytes"] = ledger_->store().freeDiskBytes();
    return out.dump();
  }

 private:
  // Everyone named in the answer is recorded as read, durably, before it leaves (P9). Who was erased
  // since the search is not in it.
  void tellFound(const Caller& caller, std::vector<Ledger::Found> found, const std::string& reason,
                 const Answer<std::vector<std::string>>& done) {
    Work work = workOf(caller, kSmallWork);
    work.refused = [done](const Refusal& refusal) { done(refusal); };
    work.decide = [caller, found = std::move(found), reason, done](Sequencer& sequencer,
                                                                   Draft& draft) {
      std::vector<Slot> named;
      std::vector<std::string> lines;
      for (const Ledger::Found& person : found) {
        if (!sequencer.people().exists(person.slot) || sequencer.frozen(person.slot)) continue;
        named.push_back(person.slot);
        Json line;
        line["aliases"] = person.aliases;
        lines.push_back(line.dump());
      }
      sequencer.consultScan(draft, caller, ReadOperation::find, reason, named);
      draft.waiting.push_back(
          [lines = std::move(lines), done](const Draft&, const Refusal* failure) {
            if (failure != nullptr) return done(*failure);
            done(lines);
          });
    };
    pipeline_->enqueue(std::move(work));
  }

  Work workOf(const Caller& caller, std::size_t bytes) {
    Work work;
    work.principal = caller.principal;
    work.bytes = bytes;
    return work;
  }

  void appendWork(const Caller& caller, std::vector<Event> events, Atomic atomic,
                  BatchAnswer done) {
    if (events.size() > kBatchEventsMax) {
      const Refusal refusal{RefusalCode::tooMany, "a batch has at most 8192 events"};
      return done(std::vector<EventResult>(events.size(), refusal));
    }
    Work work = workOf(caller, bytesHeld(events));
    work.slots = slotsAsked(events);
    work.refused = [count = events.size(), done](const Refusal& refusal) {
      done(std::vector<EventResult>(count, EventResult(refusal)));
    };
    // std::function wants what can be copied; the batch itself is moved through once.
    auto batch = std::make_shared<std::vector<Event>>(std::move(events));
    work.decide = [this, caller, batch, atomic, done](Sequencer& sequencer, Draft& draft) {
      sequencer.append(draft, caller, std::move(*batch), atomic, done);
      persons_ = sequencer.people().count();
    };
    pipeline_->enqueue(std::move(work));
  }

  // Records the reading, waits until that is durable, then opens and answers (P9).
  template <typename T, typename Make>
  void read(const Caller& caller, const ReadRequest& request, ReadOperation operation,
            Answer<T> done, Make make) {
    if (request.reason.size() > kReasonBytesMax) return done(reasonTooLong());
    Work work = workOf(caller, kSmallWork);
    work.refused = [done](const Refusal& refusal) { done(refusal); };
    work.decide = [this, caller, request, operation, done, make](Sequencer& sequencer,
                                                                 Draft& draft) {
      auto ticket = std::make_shared<ReadTicket>();
      Result<HistoryQuery> query = queryOf(request, sequencer.registers().latest());
      std::optional<Refusal> refusal;
      if (!query) {
        refusal = query.refusal();
      } else if (Result<PersonHandle> person =
                     sequencer.consult(draft, caller, request.person, operation, request.reason)) {
        *ticket = {std::move(*person), sequencer.registers(), sequencer.systems(),
                   std::move(*query), draft.recordedAt};
        if (ticket->query.knownThrough)
          ticket->now = ledger_->recordedAt(*ticket->query.knownThrough);
      } else {
        refusal = person.refusal();
      }
      draft.waiting.push_back(
          [this, ticket, refusal, done, make](const Draft&, const Refusal* failure) {
            if (failure != nullptr) return done(*failure);
            if (refusal) return done(*refusal);
            const bool taken = reads_.submit([this, ticket, done, make] {
              std::optional<Result<T>> answer;
              try {
                answer = make(*ticket);
                if (!ledger_->stands(ticket->person)) answer = changedMeanwhile();
              } catch (const std::exception& fault) {
                answer = unreadable(fault);
              }
              done(std::move(*answer));
            });
            if (!taken) done(readsFull());
          });
    };
    pipeline_->enqueue(std::move(work));
  }

  PersonState stateAt(const ReadTicket& ticket, const PersonFacts& facts) const {
    return stateOf(ledger_->read(ticket.person, ticket.systems), ticket.query, facts,
                   ticket.registers, ticket.now);
  }

  void publishRegister(const RegisterHistory& registers) {
    const std::lock_guard lock(registerMutex_);
    registers_ = registers;
  }

  std::unique_ptr<Ledger> ledger_;
  AccessList access_;
  mutable std::mutex registerMutex_;
  RegisterHistory registers_;  // a copy for readers
  std::atomic<std::uint64_t> persons_{0};
  ReadPool reads_{2, kReadsWaitingMax};
  ReadPool finds_{1, kFindsWaitingMax};  // looks through everybody: one at a time
  std::function<void(std::string_view)> log_;
  bool rested_ = false;
  std::unique_ptr<ErasureDesk> erasures_;
  std::unique_ptr<RetentionDesk> retention_;
  std::unique_ptr<RequestDesk> requests_;
  std::unique_ptr<FlagScan> flags_;
  EventSearch search_;
  std::unique_ptr<Withdrawals> withdrawals_;
  std::unique_ptr<Disclosures> disclosures_;
  std::unique_ptr<Exports> exports_;
  std::unique_ptr<ControlDesk> controls_;
  std::unique_ptr<HolderDesk> holders_;
  std::unique_ptr<Pipeline> pipeline_;    // its threads use everything above
  std::unique_ptr<Witnesses> witnesses_;  // null: none
  std::unique_ptr<Sweeper> sweeper_;      // these use the pipeline
  std::unique_ptr<Ticker> ticker_;
  std::unique_ptr<Ticker> holderTicker_;
};

Result<std::unique_ptr<LedgerService>> openLedgerService(const ServiceOptions& options) {
  Result<std::unique_ptr<Ledger>> ledger = Ledger::open(ledgerOptionsOf(options));
  if (!ledger) return ledger.refusal();
  return std::unique_ptr<LedgerService>(
      std::make_unique<OpenLedgerService>(std::move(*ledger), options));
}

}  // namespace lacuna
