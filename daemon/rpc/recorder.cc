#include "daemon/rpc/roles.h"
#include "ledger/record/event_wire.h"

namespace lacuna {
namespace {

// Appends, and nothing else: there is no method here that reads (P9).
class RecorderServer final : public wire::Recorder::Server {
 public:
  explicit RecorderServer(kj::Own<RpcPeer> peer) : peer_(kj::mv(peer)) {}

  kj::Promise<void> submit(SubmitContext context) override {
    const Atomic atomic = context.getParams().getAtomic() ? Atomic::yes : Atomic::no;
    return take(context, atomic,
                [atomic](LedgerService& service, const Caller& caller, std::vector<Event> events,
                         BatchAnswer done) {
                  service.submit(caller, std::move(events), atomic, std::move(done));
                });
  }

  kj::Promise<void> check(CheckContext context) override {
    return take(
        context, Atomic::no,
        [](LedgerService& service, const Caller& caller, std::vector<Event> events,
           BatchAnswer done) { service.check(caller, std::move(events), std::move(done)); });
  }

 private:
  template <typename Context, typename Call>
  kj::Promise<void> take(Context context, Atomic atomic, Call call) {
    return asRole(*peer_, Role::recorder, context, [&](Caller caller) -> kj::Promise<void> {
      auto batch = batchOf(context.getParams().getEvents());
      context.releaseParams();  // decoded: the message's bytes are given back
      if (!batch) {
        putRefusal(context.getResults(), batch.refusal());
        return kj::READY_NOW;
      }
      Host& host = peer_->host();
      return batch
          ->submit(host.inbox, atomic,
                   [&](std::vector<Event> events, BatchAnswer done) {
                     call(host.service, caller, std::move(events), std::move(done));
                   })
          .then([context](std::vector<EventResult> results) mutable {
            answerBatch(context, results);
          });
    });
  }

  HandOut peer_;
};

}  // namespace

Result<Batch> batchOf(capnp::List<schema::Event>::Reader events) {
  if (events.size() > kBatchEventsMax) {
    return Refusal{RefusalCode::tooMany,
                   "A batch has at most " + std::to_string(kBatchEventsMax) + " events."};
  }
  Batch batch;
  for (const auto event : events) batch.add(fromWire(event));
  return batch;
}

wire::Recorder::Client newRecorder(kj::Own<RpcPeer> peer) {
  return kj::heap<RecorderServer>(kj::mv(peer));
}

}  // namespace lacuna
