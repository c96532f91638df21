// C2SP policies, and what a log and a witness say to each other.
#include "ledger/proof/policy.h"
#include "ledger/proof/witness.h"

using namespace lacuna;

namespace {

// What a policy says, written plainly: it must read as the same policy.
std::string plainTextOf(const Policy& policy) {
  std::string out;
  const auto url = [](const std::string& text) { return text.empty() ? "" : " " + text; };
  for (const auto& log : policy.logs) out += "log " + textOf(log.key) + url(log.url) + "\n";
  for (const auto& witness : policy.witnesses) {
    out += "witness " + witness.name + " " + textOf(witness.key) + url(witness.url) + "\n";
  }
  const auto nameOf = [&](const Policy::Member& member) {
    return member.group ? policy.groups[member.index].name : policy.witnesses[member.index].name;
  };
  for (const auto& group : policy.groups) {
    out += "group " + group.name + " " + std::to_string(group.needed);
    for (const auto& member : group.members) out += " " + nameOf(member);
    out += "\n";
  }
  return out + "quorum " + (policy.quorum ? nameOf(*policy.quorum) : "none") + "\n";
}

void checkPolicy(std::string_view text) {
  const auto policy = policyOfText(text);
  if (!policy) return;
  const std::string plain = plainTextOf(*policy);
  const auto again = policyOfText(plain);
  LACUNA_ASSERT(again.ok() || plain.size() > kPolicyBytesMax, "a policy has a plain text");
  if (again) LACUNA_ASSERT(plainTextOf(*again) == plain, "the plain text means the same");
  const auto note = parseNote(
      "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
      "\xe2\x80\x94 nobody AAAAAAA=\n");
  const auto quorum = quorumOf(*note, *policy);
  LACUNA_ASSERT(quorum.ok() && quorum->by.empty(), "nobody has cosigned");
  LACUNA_ASSERT(quorum->met == !policy->quorum, "without cosignatures no quorum but none is met");
  LACUNA_ASSERT(!openNote(*note, *policy).ok(), "no log of the policy has signed");
}

void checkRequest(std::string_view text) {
  const auto request = addCheckpointOfText(text);
  if (!request) return;
  LACUNA_ASSERT(textOf(*request) == text, "a request has one text");
  LACUNA_ASSERT(judge(*request, {}).status >= 400, "a log that is not known is not cosigned");
  const auto key =
      verifierKeyOfText("monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT");
  const VerifierKey trusted = *key;
  const WitnessAnswer answer = judge(*request, {{&trusted, 1}, std::nullopt});
  if (answer.accepted) {
    LACUNA_ASSERT(openNote(request->note, trusted).ok(), "only what the log has signed");
    LACUNA_ASSERT(request->old == TreeSize(0), "from nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = textOf(ByteView(data, size));
  checkPolicy(text);
  checkRequest(text);
  if (const auto lines = signaturesOfLines(text)) {
    std::string again;
    for (const NoteSignature& line : *lines) again += lineOf(line);
    LACUNA_ASSERT(again == text, "signature lines have one text");
  }
  return 0;
}
