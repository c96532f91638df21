#include "daemon/rpc/roles.h"
#include "daemon/server/version.h"

namespace lacuna {
namespace {

class GateServer final : public wire::Gate::Server {
 public:
  explicit GateServer(kj::Own<RpcPeer> peer) : peer_(kj::mv(peer)) {}

  kj::Promise<void> identity(IdentityContext context) override {
    return guarded([&]() -> kj::Promise<void> {
      auto out = context.getResults();
      put(out, peer_->session().access());
      out.setVersion(kVersion);
      return kj::READY_NOW;
    });
  }

  kj::Promise<void> status(StatusContext context) override {
    return guarded([&]() -> kj::Promise<void> {
      CallCount::Running running(peer_->calls());
      Host& host = peer_->host();
      const std::uint8_t roles = peer_->session().access().roles;
      auto job = [&service = host.service, roles]() -> Result<std::string> {
        return service.status(roles);
      };
      return host.workers.run<std::string>(peer_->session().principal(), std::move(job))
          .then([this, context](Result<std::string> json) mutable {
            answerWith(*peer_, context, json);
          })
          .attach(kj::mv(running))
          .attach(kj::addRef(*peer_));
    });
  }

  kj::Promise<void> recorder(RecorderContext context) override {
    return handOut(context, Role::recorder, newRecorder);
  }
  kj::Promise<void> auditor(AuditorContext context) override {
    return handOut(context, Role::auditor, newAuditor);
  }
  kj::Promise<void> officer(OfficerContext context) override {
    return handOut(context, Role::officer, newOfficer);
  }
  kj::Promise<void> operator_(OperatorContext context) override {
    return handOut(context, Role::op, newOperator);
  }

 private:
  template <typename Context, typename Make>
  kj::Promise<void> handOut(Context context, Role role, Make make) {
    return asRole(*peer_, role, context, [&](Caller) -> kj::Promise<void> {
      if (peer_->handOuts() >= kHandOutsPerConnectionMax) {
        putRefusal(context.getResults(),
                   Refusal{RefusalCode::busy, "Release capabilities that you no longer use."});
        return kj::READY_NOW;
      }
      context.getResults().setOk(make(kj::addRef(*peer_)));
      return kj::READY_NOW;
    });
  }

  kj::Own<RpcPeer> peer_;
};

}  // namespace

std::optional<Refusal> RpcPeer::refusalOfAnswer(std::size_t bytes) {
  if (bytes > kAnswerBytesMax) {
    return Refusal{RefusalCode::tooLarge,
                   "The answer is larger than a message may be; ask for a part of it."};
  }
  constexpr std::size_t kSmall = 64 * 1024;
  if (bytes <= kSmall) return std::nullopt;
  KJ_IF_MAYBE(stream, stream_) {
    if (!stream->mayAnswer(bytes)) {
      return Refusal{RefusalCode::busy,
                     "Too many answers wait to be read; read them first.",
                     {},
                     kBusyRetryAfter};
    }
  }
  return std::nullopt;
}

wire::Gate::Client newGate(kj::Own<RpcPeer> peer) { return kj::heap<GateServer>(kj::mv(peer)); }

}  // namespace lacuna
