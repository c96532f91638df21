// One client of the Gate, from the first byte to the last.
#pragma once

#include "daemon/rpc/roles.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

namespace lacuna {

class RpcConnection {
 public:
  // Owns the stream. `session` is also held by capabilities and calls.
  RpcConnection(kj::Own<kj::AsyncIoStream> stream, kj::Own<Session> session);
  ~RpcConnection() noexcept(false);
  KJ_DISALLOW_COPY(RpcConnection);

  kj::Promise<void> untilClosed() { return network_.onDisconnect(); }
  // No call runs and every answer has been handed to the kernel.
  bool idle();

 private:
  kj::Own<kj::AsyncIoStream> stream_;
  kj::Own<RpcPeer> peer_;
  BoundedMessageStream messages_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
};

}  // namespace lacuna
