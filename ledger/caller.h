// Who asks, and what an append answers: shared by the façade and by everything above it.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace lacuna {

// Who is calling, as the access list knows them. The number is opaque and stands in public bodies.
struct Caller {
  std::uint32_t principal = 0;
  bool allSystems = false;                     // single-user mode, or an officer
  std::set<std::string, std::less<>> systems;  // a recorder's grant
  std::string defaultSystem;                   // the grant's only system, else empty
};

enum class Atomic : bool { no, yes };

struct Appended {
  Seq seq;
  LeafHash leaf;
  bool repeated = false;  // the id was known: the same seq and leaf as before (P11)
};
using EventResult = Result<Appended>;
// One result per event, in order. Called exactly once, after the sync (P2).
using BatchAnswer = std::function<void(std::vector<EventResult>)>;

}  // namespace lacuna
