// The versions of the register, shown: the one in force at a time, and the list of all.
#pragma once

#include "ledger/base/result.h"
#include "ledger/person/fold.h"

#include <string>
#include <string_view>

namespace lacuna {

// `asOf` (a time, a date, the number of a version, or empty: now) and `form` as in gate.capnp. Refuses
// unknown-register, invalid-value, not-found. Thread: any.
Result<std::string> registerShown(const RegisterHistory& registers, std::string_view asOf,
                                  std::string_view form);

}  // namespace lacuna
