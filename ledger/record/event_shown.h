// What an envelope holds, for a reader who has nothing else: no alias table, no register.
#pragma once

#include "ledger/record/event.h"

#include <string>

namespace lacuna {

// One JSON object, compact: `event` as jsonOf(Event) writes it, but with `data` as the text that it is (a JSON
// string, so that no reader changes a number in it); beside it what the ledger added, under the names of
// schemas/event.capnp. Whom it is about, and instances, are numbers: the envelope holds no name of them.
std::string jsonOf(const StoredEvent& stored);

// The same of an envelope's plaintext. Refuses `tampered` when that is no stored event.
Result<std::string> shownEventOf(ByteView plain);

}  // namespace lacuna
