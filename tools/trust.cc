#include "tools/trust.h"

#include <filesystem>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

std::string trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  return text;
}

}  // namespace

void describeTrust(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()  //
      ("key", text("VKEY|FILE"),
       "the verifier key that you trust: name+hash+base64, or a file with it")  //
      ("policy", text("FILE"),
       "a C2SP policy instead: the logs, the witnesses and the quorum that you trust");
}

VerifierKey verifierKeyIn(Invocation& call, const std::string& option, const std::string& asked) {
  if (auto key = verifierKeyOfText(asked)) return *key;
  if (!std::filesystem::exists(asked)) {
    throw UsageError(option + " is a verifier key (name+hash+base64) or a file that holds one");
  }
  const auto key = verifierKeyOfText(
      trimmed(contentOf("the file of " + option, asked, call.console.in(), kKeyBytesMax)));
  if (!key) throw UsageError("the file of " + option + " holds no verifier key (name+hash+base64)");
  return *key;
}

Trust trustOf(Invocation& call) {
  Trust out;
  const std::string key = call.text("key"), file = call.text("policy");
  if (!key.empty() && !file.empty()) throw UsageError("--key and --policy exclude each other");
  if (!key.empty()) out.key = verifierKeyIn(call, "--key", key);
  if (file.empty()) return out;
  auto policy =
      policyOfText(contentOf("the file of --policy", file, call.console.in(), kPolicyBytesMax));
  if (!policy) throw UsageError(policy.refusal().message);
  if (policy->logs.empty()) throw UsageError("the policy names no log");
  out.policy = std::move(*policy);
  return out;
}

PolicyView viewOf(const Policy& policy, const std::vector<std::string>& notes) {
  PolicyView out;
  out.problem = policy::kNoLog;
  std::size_t looked = 0;
  for (auto at = notes.rbegin(); at != notes.rend() && looked < kNotesLookedAtMax; ++at, ++looked) {
    const auto note = parseNote(*at);
    if (!note) continue;
    const auto key = signerOf(*note, policy);
    if (!key) continue;
    const auto quorum = quorumOf(*note, policy);
    if (!out.key || (quorum && quorum->met)) {
      out.key = key;
      out.size = note->checkpoint.size;
      out.problem = quorum ? policy::kNoQuorum : policy::kWrong;
      if (quorum) out.quorum = *quorum;
    }
    if (quorum && quorum->met) {
      out.problem = {};
      return out;
    }
  }
  return out;
}

}  // namespace lacuna::tool
