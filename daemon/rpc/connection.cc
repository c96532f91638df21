#include "daemon/rpc/connection.h"

namespace lacuna {
namespace {

capnp::ReaderOptions receiveOptions() {
  capnp::ReaderOptions options;
  // Reading may pass over a text twice, never over the whole message again and again.
  options.traversalLimitInWords = 4 * kMessageBytesMax / sizeof(capnp::word);
  options.nestingLimit = 16;
  return options;
}

}  // namespace

RpcConnection::RpcConnection(kj::Own<kj::AsyncIoStream> stream, kj::Own<Session> session)
    : stream_(kj::mv(stream)),
      peer_(kj::refcounted<RpcPeer>(kj::mv(session))),
      messages_(*stream_, peer_->host(), peer_->session().principal(), peer_->calls()),
      network_(messages_, capnp::rpc::twoparty::Side::SERVER, receiveOptions()),
      rpc_(capnp::makeRpcServer(network_, newGate(kj::addRef(*peer_)))) {
  messages_.watchQueue([this]() { return network_.getCurrentQueueSize(); });
  peer_->open(messages_);
}

RpcConnection::~RpcConnection() noexcept(false) { peer_->close(); }

bool RpcConnection::idle() {
  return peer_->calls().running() == 0 && network_.getCurrentQueueSize() == 0;
}

}  // namespace lacuna
