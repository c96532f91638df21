// One export under way (gate.capnp, PersonExport).
#pragma once

#include "daemon/rpc/roles.h"

namespace lacuna {

// `number`: of LedgerService::exportPerson(); given up when the capability goes.
wire::PersonExport::Client newPersonExport(kj::Own<RpcPeer> peer, std::uint64_t number);

}  // namespace lacuna
