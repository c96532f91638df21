// Long answers in pages (gate.capnp, Lines).
#pragma once

#include "daemon/rpc/roles.h"

#include <string>
#include <vector>

namespace lacuna {

// Fills an answer of lines: all of it if it fits a page, else its first page and a cursor for the
// rest. The lines kept count as held bytes of the principal, are kept for kAnswerLeaseMax and wiped
// when they go. Refuses too-large and busy.
std::optional<Refusal> putLines(RpcPeer& peer, Role role, std::vector<std::string> lines,
                                kj::Function<wire::Lines::Builder(std::size_t bytes)> initLines);

}  // namespace lacuna
