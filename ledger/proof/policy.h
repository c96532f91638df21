// Whom to believe: C2SP tlog-policy. Logs, witnesses, groups of them, and the quorum that a checkpoint needs.
//
// Promise: a text that reads has one meaning; whatever this program could not check is refused, with its line.
// Bounds:  kPolicyBytesMax, and kPolicyMembersMax of logs, of witnesses and of groups.
#pragma once

#include "ledger/proof/cosignature.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

inline constexpr std::size_t kPolicyBytesMax = 256 * 1024;
inline constexpr std::size_t kPolicyMembersMax = 256;  // the specification asks for 32

struct Policy {
  struct Log {
    VerifierKey key;
    std::string url;  // empty: not given
  };
  struct Witness {
    std::string name;  // in this file
    VerifierKey key;   // of type 0x04
    std::string url;
  };
  struct Member {  // of a group, or the quorum
    bool group = false;
    std::size_t index = 0;
  };
  struct Group {
    std::string name;
    std::size_t needed = 0;
    std::vector<Member> members;
  };
  std::vector<Log> logs;
  std::vector<Witness> witnesses;
  std::vector<Group> groups;     // each names earlier ones only
  std::optional<Member> quorum;  // nothing: `none`
};

Result<Policy> policyOfText(std::string_view text);  // invalid-value; the sentence names the line

// What a note's cosignatures are worth under a policy.
struct Quorum {
  bool met = false;
  std::vector<std::string> by;    // names of the witnesses that have cosigned
  std::optional<Instant> latest;  // of their times
};
// Refuses `tampered`: a wrong cosignature of a witness that the policy names.
Result<Quorum> quorumOf(const SignedNote& note, const Policy& policy);

// Refuses `tampered`: not signed by a log of the policy under its own origin, or the quorum is not met.
Result<Checkpoint> openNote(const SignedNote& note, const Policy& policy);
// The key of the log of this origin that has signed; nothing: none of the policy's.
std::optional<VerifierKey> signerOf(const SignedNote& note, const Policy& policy);

}  // namespace lacuna
