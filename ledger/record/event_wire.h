// Events on the wire (schemas/event.capnp). The only header of the ledger that speaks Cap'n Proto, for
// daemon/rpc and tools.
#pragma once

#include "ledger/record/event.h"

#include <event.capnp.h>

namespace lacuna {

// Needs: no field of another kind (checkShape passes).
void toWire(const Event& event, schema::Event::Builder out);

// Refuses what checkShape refuses, and as invalid-value a message that is no well-formed Cap'n Proto.
// Bounds are checked before anything is copied. Never throws kj::Exception.
Result<Event> fromWire(schema::Event::Reader in);

}  // namespace lacuna
