// One look at a log by somebody who has seen it before: does it go on from there?
//
// Promise: a head is accepted only if it is signed by whom the follower believes, extends the head of before, and
//          every record between the two is what the new head commits to (P1, P3).
// Failure: a log that cannot be reached or read throws Fault: that is no alarm.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/proof/policy.h"
#include "ledger/proof/verify.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lacuna::tool {

// What the follower remembers: the last good head, and whom it believes.
struct Followed {
  VerifierKey key;
  std::string note;
  bool operator==(const Followed&) const = default;
};
std::string textOf(const Followed& state);               // JSON
Result<Followed> followedOfText(std::string_view text);  // tampered

struct Alarm {
  std::string_view kind;  // fork rollback bad-byte bad-signature unwitnessed stale
  std::string what;       // a sentence
};
struct Look {
  std::optional<Followed> state;  // the new one; nothing when there is an alarm
  std::optional<Alarm> alarm;
  TreeSize size;
  std::uint64_t recordsRead = 0;
};

enum class Depth : bool { tail, whole };
struct FollowOptions {
  std::optional<VerifierKey> key;
  std::optional<Policy> policy;
  std::optional<std::chrono::seconds> staleAfter;
  unsigned threads = 2;
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;  // of a whole look
};
// `note` is the log's present checkpoint, which gave `log` its size.
Look look(const LogSource& log, const std::string& note, const std::optional<Followed>& before,
          Depth depth, const FollowOptions& options, Instant now);

}  // namespace lacuna::tool
