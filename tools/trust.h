// What an auditor brings to be believed: a key, or a C2SP policy. Without either nothing is more than consistent.
#pragma once

#include "ledger/proof/policy.h"
#include "tools/command.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::tool {

struct Trust {
  std::optional<VerifierKey> key;  // --key
  std::optional<Policy> policy;    // --policy
};

void describeTrust(boost::program_options::options_description& options);
// --key VKEY|FILE or --policy FILE. Throws UsageError.
Trust trustOf(Invocation& call);
// A verifier key, or a file that holds one. Throws UsageError, which names the option.
VerifierKey verifierKeyIn(Invocation& call, const std::string& option, const std::string& asked);

// How a policy sees a log's checkpoints.
struct PolicyView {
  std::optional<VerifierKey> key;  // of the log; nothing: no log of the policy has signed
  std::optional<Quorum> quorum;    // of the newest checkpoint that has it, else of the newest
  TreeSize size;                   // that one's
  std::string_view problem;        // one of `policy::...`; empty: the policy is met
};
namespace policy {
inline constexpr std::string_view kNoLog = "no log that the policy names has signed the checkpoint";
inline constexpr std::string_view kNoQuorum =
    "no checkpoint has the quorum of witnesses that the policy asks for";
inline constexpr std::string_view kWrong =
    "a cosignature of a witness that the policy names is wrong";
}  // namespace policy
// `notes` ascending by size. Looks at the newest ones first, at kNotesLookedAtMax of them.
inline constexpr std::size_t kNotesLookedAtMax = 1000;
PolicyView viewOf(const Policy& policy, const std::vector<std::string>& notes);

}  // namespace lacuna::tool
