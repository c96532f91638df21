#include "daemon/rpc/roles.h"

namespace lacuna {
namespace {

// The machine, never persons (P9).
class OperatorServer final : public wire::Operator::Server {
 public:
  explicit OperatorServer(kj::Own<RpcPeer> peer) : peer_(kj::mv(peer)) {}

  kj::Promise<void> grant(GrantContext context) override {
    return as(context, [&](Caller caller) -> kj::Promise<void> {
      auto wanted = grantOf(context.getParams().getGrant());
      if (!wanted) {
        putRefusal(context.getResults(), wanted.refusal());
        return kj::READY_NOW;
      }
      auto awaited = host().inbox.expect<Result<std::uint32_t>>();
      host().service.grant(caller, std::move(*wanted), std::move(awaited.done));
      return awaited.answer.then([context](Result<std::uint32_t> granted) mutable {
        if (granted) {
          context.getResults().initOk().setPrincipal(*granted);
        } else {
          putRefusal(context.getResults(), granted.refusal());
        }
      });
    });
  }

  kj::Promise<void> revoke(RevokeContext context) override {
    return as(context, [&](Caller caller) -> kj::Promise<void> {
      const std::uint32_t principal = context.getParams().getPrincipal();
      auto awaited = host().inbox.expect<Result<Done>>();
      host().service.revoke(caller, principal, std::move(awaited.done));
      return awaited.answer.then([context](Result<Done> revoked) mutable {
        if (revoked) {
          context.getResults().initOk();
        } else {
          putRefusal(context.getResults(), revoked.refusal());
        }
      });
    });
  }

  kj::Promise<void> grants(GrantsContext context) override {
    return as(context, [&](Caller) -> kj::Promise<void> {
      std::function<Result<std::vector<Grant>>()> job = [&service = host().service]() {
        return service.grants();
      };
      return host()
          .workers.run<std::vector<Grant>>(peer_->session().principal(), std::move(job))
          .then([context](Result<std::vector<Grant>> grants) mutable {
            if (!grants) {
              putRefusal(context.getResults(), grants.refusal());
              return;
            }
            auto list = context.getResults().initOk(static_cast<unsigned>(grants->size()));
            for (unsigned i = 0; i < list.size(); ++i) put(list[i], (*grants)[i]);
          });
    });
  }

  kj::Promise<void> keysStatus(KeysStatusContext context) override {
    return as(context, [&](Caller) -> kj::Promise<void> {
      std::function<Result<std::string>()> job = [&service = host().service]() {
        return service.keysStatus();
      };
      return answer(context,
                    host().workers.run<std::string>(peer_->session().principal(), std::move(job)));
    });
  }

  kj::Promise<void> keysCheck(KeysCheckContext context) override {
    return as(context, [&](Caller) -> kj::Promise<void> {
      auto awaited = host().inbox.expect<Result<std::string>>();
      host().service.keysCheck(std::move(awaited.done));
      return answer(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> keysAddHolder(KeysAddHolderContext context) override {
    return as(context, [&](Caller caller) -> kj::Promise<void> {
      const auto params = context.getParams();
      HolderOrder order;
      order.directory = std::string(params.getDirectory().cStr(), params.getDirectory().size());
      const int replaces = params.getReplaces();
      if (replaces > 0xff || replaces < -1) {
        putRefusal(context.getResults(),
                   Refusal{RefusalCode::notFound, "there is no key holder of that number"});
        return kj::READY_NOW;
      }
      if (replaces >= 0) order.replaces = static_cast<std::uint8_t>(replaces);
      order.recover = params.getRecover();
      auto awaited = host().inbox.expect<Result<std::string>>();
      host().service.keysAddHolder(caller, std::move(order), std::move(awaited.done));
      return answer(context, kj::mv(awaited.answer));
    });
  }

  kj::Promise<void> keysCloseHolder(KeysCloseHolderContext context) override {
    return as(context, [&](Caller caller) -> kj::Promise<void> {
      auto awaited = host().inbox.expect<Result<std::string>>();
      host().service.keysCloseHolder(caller, context.getParams().getNumber(),
                                     std::move(awaited.done));
      return answer(context, kj::mv(awaited.answer));
    });
  }

 private:
  Host& host() { return peer_->host(); }

  template <typename Context, typename Work>
  kj::Promise<void> as(Context context, Work work) {
    return asRole(*peer_, Role::op, context, kj::mv(work));
  }
  template <typename Context>
  kj::Promise<void> answer(Context context, kj::Promise<Result<std::string>> json) {
    return json.then([peer = peer_.get(), context](Result<std::string> text) mutable {
      answerWith(*peer, context, text);
    });
  }

  HandOut peer_;
};

}  // namespace

wire::Operator::Client newOperator(kj::Own<RpcPeer> peer) {
  return kj::heap<OperatorServer>(kj::mv(peer));
}

}  // namespace lacuna
