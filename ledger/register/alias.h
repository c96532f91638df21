// The normal form of what stands after the colon of an alias. Internal to ledger/register/.
#pragma once

#include "ledger/register/register.h"

namespace lacuna {

// Refuses invalid-value: not UTF-8, control characters, empty, longer than kAliasBytesMax, or not an
// address or number where the scheme says so. Idempotent. The normal form can be longer than the value:
// the caller bounds the whole. The sentence never quotes the value (P4).
Result<std::string> normalValue(std::string_view value, Scheme::Normal normal, const Register& reg);

}  // namespace lacuna
