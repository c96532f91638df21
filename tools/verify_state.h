// What `lacuna verify --resume FILE` keeps from one run to the next: which checkpoints it was shown, and which records
// it need not read again. No I/O.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/proof/verify.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::tool {

inline constexpr std::size_t kVerifyStateBytesMax = 64 * 1024 * 1024;  // of 10^11 records

struct VerifyState {
  // Signed, and the log must extend each: the last under which all was verified, then one of a run that was cut off.
  std::optional<std::string> whole, begun;
  Instant at{};  // when records were read last
  VerifiedRanges ranges;
  bool operator==(const VerifyState&) const = default;
};

// JSON; one text for one value, with a sum of its own.
std::string textOf(const VerifyState& state);
Result<VerifyState> verifyStateOfText(std::string_view text);  // tampered

// Whether it is of the log that shows `note`, signed by `key`; refuses foreign-key. Without a key, by the key that
// record 0 named then.
Outcome belongsTo(const VerifyState& state, const SignedNote& note,
                  const std::optional<VerifierKey>& key);

}  // namespace lacuna::tool
