#include "daemon/rpc/line_cursor.h"
#include "daemon/rpc/person_export.h"
#include "daemon/rpc/roles.h"

namespace lacuna {
namespace {

using TextResult = Result<std::string>;
using LinesResult = Result<std::vector<std::string>>;

class OfficerServer final : public wire::Officer::Server {
 public:
  explicit OfficerServer(kj::Own<RpcPeer> peer) : peer_(kj::mv(peer)) {}

  kj::Promise<void> history(HistoryContext context) override {
    return readLines(context, &OfficerService::history);
  }
  kj::Promise<void> recipients(RecipientsContext context) override {
    return readLines(context, &OfficerService::recipients);
  }
  kj::Promise<void> state(StateContext context) override {
    return readText(context, &OfficerService::state);
  }
  kj::Promise<void> personShow(PersonShowContext context) override {
    return readText(context, &OfficerService::personShow);
  }

  kj::Promise<void> personFind(PersonFindContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto text = textOf(params.getText(), "text", kAliasBytesMax);
      auto reason = textOf(params.getReason(), "reason", kReasonBytesMax);
      if (!text) return refuse(context, text.refusal());
      if (!reason) return refuse(context, reason.refusal());
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      service().personFind(caller, std::move(*text), std::move(*reason), std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> personLink(PersonLinkContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto person = textOf(params.getPerson(), "person", kAliasBytesMax);
      auto alias = textOf(params.getAlias(), "alias", kAliasBytesMax);
      auto reason = textOf(params.getReason(), "reason", kReasonBytesMax);
      for (const auto* read : {&person, &alias, &reason}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().personLink(caller, std::move(*person), std::move(*alias), std::move(*reason),
                           std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> erase(EraseContext context) override {
    return as(context, [&](const Caller& caller) {
      auto request = eraseRequestOf(context.getParams().getRequest());
      if (!request) return refuse(context, request.refusal());
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().erase(caller, std::move(*request), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> withdraw(WithdrawContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto ground = textOf(params.getGround(), "ground", kNameBytesMax);
      auto person = textOf(params.getPerson(), "person", kAliasBytesMax);
      auto reason = textOf(params.getReason(), "reason", kReasonBytesMax);
      for (const auto* read : {&ground, &person, &reason}) {
        if (!*read) return refuse(context, read->refusal());
      }
      WithdrawRequest request{params.getSeq(), std::move(*ground), std::move(*person),
                              std::move(*reason)};
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().withdraw(caller, std::move(request), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> disclose(DiscloseContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto person = textOf(params.getPerson(), "person", kAliasBytesMax);
      auto reason = textOf(params.getReason(), "reason", kReasonBytesMax);
      for (const auto* read : {&person, &reason}) {
        if (!*read) return refuse(context, read->refusal());
      }
      DiscloseRequest request{params.getSeq(), std::move(*person), std::move(*reason)};
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().disclose(caller, std::move(request), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> exportPerson(ExportPersonContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto asked = context.getParams().getRequest();
      auto person = textOf(asked.getPerson(), "person", kAliasBytesMax);
      auto reason = textOf(asked.getReason(), "reason", kReasonBytesMax);
      for (const auto* read : {&person, &reason}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<Result<ExportStarted>>();
      service().exportPerson(caller, {std::move(*person), std::move(*reason)},
                             std::move(awaited.done));
      return awaited.answer.then(
          [peer = peer_.get(), context](Result<ExportStarted> started) mutable {
            if (!started) return putRefusal(context.getResults(), started.refusal());
            auto out = context.getResults().initOk();
            out.setEvents(started->events);
            out.setWithheld(started->withheld);
            out.setExport(newPersonExport(kj::addRef(*peer), started->number));
          });
    });
  }

  kj::Promise<void> report(ReportContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto from = textOf(params.getFrom(), "from", kNameBytesMax);
      auto to = textOf(params.getTo(), "to", kNameBytesMax);
      auto seed = textOf(params.getSeed(), "seed", kNameBytesMax);
      auto reason = textOf(params.getReason(), "reason", kReasonBytesMax);
      for (const auto* read : {&from, &to, &seed, &reason}) {
        if (!*read) return refuse(context, read->refusal());
      }
      ReportRequest request{std::move(*from), std::move(*to), params.getSample(), std::move(*seed),
                            std::move(*reason)};
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().report(caller, std::move(request), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> withdrawStatus(WithdrawStatusContext context) override {
    return as(context, [&](const Caller&) {
      const std::string status = service().withdrawStatus();
      context.getResults().setOk(kj::StringPtr(status.c_str(), status.size()));
      return kj::READY_NOW;
    });
  }

  kj::Promise<void> sweepEnvelopes(SweepEnvelopesContext context) override {
    return as(context, [&](const Caller& caller) {
      auto action = textOf(context.getParams().getAction(), "action", kNameBytesMax);
      if (!action) return refuse(context, action.refusal());
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().sweepEnvelopes(caller, std::move(*action), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> registerApply(RegisterApplyContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto toml = context.getParams().getToml();
      if (toml.size() > kDocumentBytesMax) {
        return refuse(context, {RefusalCode::tooLarge, "A register is at most 4 MiB."});
      }
      std::string text(toml.begin(), toml.size());
      context.releaseParams();
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().registerApply(caller, std::move(text), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> registerShow(RegisterShowContext context) override {
    return as(context, [&](const Caller&) {
      auto asOf = textOf(context.getParams().getAsOf(), "asOf", kNameBytesMax);
      if (!asOf) return refuse(context, asOf.refusal());
      auto form = textOf(context.getParams().getForm(), "form", kNameBytesMax);
      if (!form) return refuse(context, form.refusal());
      std::function<TextResult()> job = [asOf = std::move(*asOf), form = std::move(*form),
                                         &service = service()]() {
        return service.registerShow(asOf, form);
      };
      return answerText(context, peer_->host().workers.run<std::string>(
                                     peer_->session().principal(), std::move(job)));
    });
  }

  kj::Promise<void> record(RecordContext context) override {
    return as(context, [&](const Caller& caller) {
      auto batch = batchOf(context.getParams().getEvents());
      context.releaseParams();
      if (!batch) return refuse(context, batch.refusal());
      return batch
          ->submit(peer_->host().inbox, Atomic::no,
                   [&](std::vector<Event> events, BatchAnswer done) {
                     service().record(caller, std::move(events), std::move(done));
                   })
          .then([context](const std::vector<EventResult>& results) mutable {
            answerBatch(context, results);
          });
    });
  }

  kj::Promise<void> erasures(ErasuresContext context) override {
    return as(context, [&](const Caller& caller) {
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      service().erasures(caller, std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> erasureShow(ErasureShowContext context) override {
    return act(context, ErasureAct::show);
  }
  kj::Promise<void> erasureApprove(ErasureApproveContext context) override {
    return act(context, ErasureAct::approve);
  }
  kj::Promise<void> erasureCancel(ErasureCancelContext context) override {
    return act(context, ErasureAct::cancel);
  }
  kj::Promise<void> erasureResume(ErasureResumeContext context) override {
    return act(context, ErasureAct::resume);
  }
  kj::Promise<void> erasureCertificate(ErasureCertificateContext context) override {
    return act(context, ErasureAct::certificate);
  }

  kj::Promise<void> tasks(TasksContext context) override {
    return as(context, [&](const Caller& caller) {
      const std::uint64_t number = context.getParams().getNumber();
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      service().tasks(caller, number, std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> taskTake(TaskTakeContext context) override {
    return as(context, [&](const Caller& caller) {
      auto id = textOf(context.getParams().getId(), "id", kNameBytesMax);
      if (!id) return refuse(context, id.refusal());
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().taskTake(caller, std::move(*id), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> taskSet(TaskSetContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto id = textOf(params.getId(), "id", kNameBytesMax);
      auto state = textOf(params.getState(), "state", kNameBytesMax);
      auto note = textOf(params.getNote(), "note", kReasonBytesMax);
      for (const auto* read : {&id, &state, &note}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().taskSet(caller, std::move(*id), std::move(*state), std::move(*note),
                        std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> holdPlace(HoldPlaceContext context) override {
    return as(context, [&](const Caller& caller) {
      auto order = holdOrderOf(context.getParams().getRequest());
      if (!order) return refuse(context, order.refusal());
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().holdPlace(caller, std::move(*order), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> holdLift(HoldLiftContext context) override {
    return as(context, [&](const Caller& caller) {
      const std::uint64_t number = context.getParams().getNumber();
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().holdLift(caller, number, std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> retentionDue(RetentionDueContext context) override {
    return as(context, [&](const Caller& caller) {
      auto within = textOf(context.getParams().getWithin(), "within", kNameBytesMax);
      if (!within) return refuse(context, within.refusal());
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      service().retentionDue(caller, std::move(*within), std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> retentionSweep(RetentionSweepContext context) override {
    return as(context, [&](const Caller& caller) {
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().retentionSweep(caller, std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> requestOpen(RequestOpenContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto person = textOf(params.getPerson(), "person", kAliasBytesMax);
      auto right = textOf(params.getRight(), "right", kNameBytesMax);
      auto received = textOf(params.getReceived(), "received", kNameBytesMax);
      auto channel = textOf(params.getChannel(), "channel", kNameBytesMax);
      for (const auto* read : {&person, &right, &received, &channel}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().requestOpen(
          caller,
          {std::move(*person), std::move(*right), std::move(*received), std::move(*channel)},
          std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> requestStep(RequestStepContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto state = textOf(params.getState(), "state", kNameBytesMax);
      auto code = textOf(params.getCode(), "code", kNameBytesMax);
      auto told = textOf(params.getTold(), "told", kNameBytesMax);
      for (const auto* read : {&state, &code, &told}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().requestStep(
          caller, {params.getNumber(), std::move(*state), std::move(*code), std::move(*told)},
          std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> requestShow(RequestShowContext context) override {
    return as(context, [&](const Caller& caller) {
      const std::uint64_t number = context.getParams().getNumber();
      auto reason = textOf(context.getParams().getReason(), "reason", kReasonBytesMax);
      if (!reason) return refuse(context, reason.refusal());
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().requestShow(caller, number, std::move(*reason), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }
  kj::Promise<void> requests(RequestsContext context) override {
    return as(context, [&](const Caller& caller) {
      auto which = textOf(context.getParams().getWhich(), "which", kNameBytesMax);
      auto within = textOf(context.getParams().getWithin(), "within", kNameBytesMax);
      for (const auto* read : {&which, &within}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      service().requests(caller, std::move(*which), std::move(*within), std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> flags(FlagsContext context) override {
    return as(context, [&](const Caller& caller) {
      const auto params = context.getParams();
      auto since = textOf(params.getSince(), "since", kNameBytesMax);
      auto reason = textOf(params.getReason(), "reason", kReasonBytesMax);
      for (const auto* read : {&since, &reason}) {
        if (!*read) return refuse(context, read->refusal());
      }
      auto awaited = peer_->host().inbox.expect<Result<FlagsPage>>();
      service().flags(
          caller, {std::move(*since), std::move(*reason), params.getPersons(), params.getFrom()},
          std::move(awaited.done));
      return awaited.answer.then([peer = peer_.get(), context](Result<FlagsPage> page) mutable {
        if (!page) return putRefusal(context.getResults(), page.refusal());
        const auto refused =
            putLines(*peer, Role::officer, std::move(page->lines), [&](std::size_t bytes) {
              auto out = context.getResults(sizeOfBytes(bytes)).initOk();
              out.setNext(page->next);
              out.setSeen(page->seen);
              out.setOf(page->of);
              return out.initLines();
            });
        if (refused) putRefusal(context.getResults(), *refused);
      });
    });
  }

  kj::Promise<void> holds(HoldsContext context) override {
    return as(context, [&](const Caller& caller) {
      auto reason = textOf(context.getParams().getReason(), "reason", kReasonBytesMax);
      if (!reason) return refuse(context, reason.refusal());
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      service().holds(caller, std::move(*reason), std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }

 private:
  template <typename Context>
  kj::Promise<void> act(Context context, ErasureAct what) {
    return as(context, [&](const Caller& caller) {
      const std::uint64_t number = context.getParams().getNumber();
      auto awaited = peer_->host().inbox.expect<TextResult>();
      service().erasure(caller, what, number, std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  OfficerService& service() { return peer_->host().service; }

  template <typename Context, typename Work>
  kj::Promise<void> as(Context context, Work work) {
    return asRole(*peer_, Role::officer, context, kj::mv(work));
  }
  template <typename Context>
  static kj::Promise<void> refuse(Context& context, const Refusal& refusal) {
    putRefusal(context.getResults(), refusal);
    return kj::READY_NOW;
  }

  template <typename Context, typename Method>
  kj::Promise<void> readLines(Context context, Method method) {
    return as(context, [&](const Caller& caller) {
      auto request = readRequestOf(context.getParams().getRequest());
      if (!request) return refuse(context, request.refusal());
      auto awaited = peer_->host().inbox.expect<LinesResult>();
      (service().*method)(caller, std::move(*request), std::move(awaited.done));
      return answerLines(context, kj::mv(awaited.answer));
    });
  }
  template <typename Context, typename Method>
  kj::Promise<void> readText(Context context, Method method) {
    return as(context, [&](const Caller& caller) {
      auto request = readRequestOf(context.getParams().getRequest());
      if (!request) return refuse(context, request.refusal());
      auto awaited = peer_->host().inbox.expect<TextResult>();
      (service().*method)(caller, std::move(*request), std::move(awaited.done));
      return answerText(context, kj::mv(awaited.answer));
    });
  }

  // Needs: the promise is attached to the peer, as asRole() does.
  template <typename Context>
  kj::Promise<void> answerLines(Context context, kj::Promise<LinesResult> answer) {
    return answer.then([peer = peer_.get(), context](LinesResult lines) mutable {
      if (!lines) {
        putRefusal(context.getResults(), lines.refusal());
        return;
      }
      const auto refused =
          putLines(*peer, Role::officer, std::move(*lines), [&context](std::size_t bytes) {
            return context.getResults(sizeOfBytes(bytes)).initOk();
          });
      if (refused) putRefusal(context.getResults(), *refused);
    });
  }
  template <typename Context>
  kj::Promise<void> answerText(Context context, kj::Promise<TextResult> answer) {
    return answer.then([peer = peer_.get(), context](TextResult text) mutable {
      answerWith(*peer, context, text);
    });
  }

  HandOut peer_;
};

}  // namespace

wire::Officer::Client newOfficer(kj::Own<RpcPeer> peer) {
  return kj::heap<OfficerServer>(kj::mv(peer));
}

}  // namespace lacuna
