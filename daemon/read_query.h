// The words of a question about a person, read; and its shortest answer.
#pragma once

#include "daemon/service.h"
#include "ledger/person/fold.h"

namespace lacuna {

// What a question became once its words were read; times in the controller's zone. Refuses names that
// the register has not got, with the nearest, and times that are none. Thread: any.
Result<HistoryQuery> queryOf(const ReadRequest& request, const Register& reg);

// The answer to `person show`: aliases and lots. One JSON object.
std::string shownPerson(const PersonFacts& facts);

}  // namespace lacuna
