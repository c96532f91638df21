#include "ledger/proof/policy.h"

#include <algorithm>
#include <set>

namespace lacuna {
namespace {

Refusal bad(std::size_t line, std::string_view why) {
  return {RefusalCode::invalidValue,
          "line " + std::to_string(line) + " of the policy: " + std::string(why)};
}

bool charactersValid(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || byte == '\n' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::vector<std::string_view> itemsOf(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return out;
    line.remove_prefix(first);
    const auto end = line.find_first_of(" \t");
    out.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return out;
    line.remove_prefix(end);
  }
}

class Reader {
 public:
  Result<Policy> read(std::string_view text) {
    if (text.size() > kPolicyBytesMax) return bad(1, "it is too long");
    while (!text.empty()) {
      ++line_;
      const auto end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      if (!charactersValid(line)) return bad(line_, "a control character");
      const std::vector<std::string_view> items = itemsOf(line);
      if (!items.empty() && !items[0].starts_with('#')) {
        if (const auto refusal = take(items)) return *refusal;
      }
      if (end == std::string_view::npos) return bad(line_, "it does not end");
      text.remove_prefix(end + 1);
    }
    if (!quorumSeen_) return bad(line_ + 1, "there is no quorum");
    return std::move(out_);
  }

 private:
  using Items = std::vector<std::string_view>;
  using Problem = std::optional<Refusal>;

  Problem take(const Items& items) {
    if (items[0] == "log") return takeLog(items);
    if (items[0] == "witness") return takeWitness(items);
    if (items[0] == "group") return takeGroup(items);
    if (items[0] == "quorum") return takeQuorum(items);
    return bad(line_, "it begins with none of log, witness, group, quorum");
  }

  Problem takeLog(const Items& items) {
    if (items.size() < 2 || items.size() > 3) return bad(line_, "log VKEY [URL]");
    if (out_.logs.size() == kPolicyMembersMax) return bad(line_, "too many logs");
    auto key = verifierKeyOfText(items[1]);
    if (!key || key->type != kNoteEd25519) return bad(line_, "not the Ed25519 key of a log");
    for (const Policy::Log& log : out_.logs) {
      if (log.key.key == key->key) return bad(line_, "this log's key stands there already");
    }
    out_.logs.push_back({std::move(*key), items.size() > 2 ? std::string(items[2]) : ""});
    return std::nullopt;
  }

  Problem takeWitness(const Items& items) {
    if (items.size() < 3 || items.size() > 4) return bad(line_, "witness NAME VKEY [URL]");
    if (out_.witnesses.size() == kPolicyMembersMax) return bad(line_, "too many witnesses");
    if (!nameFree(items[1])) return bad(line_, "this name is taken");
    auto key = verifierKeyOfText(items[2]);
    if (!key || key->type != kNoteCosignature) {
      return bad(line_, "not the Ed25519 cosignature key of a witness");
    }
    for (const Policy::Witness& witness : out_.witnesses) {
      if (witness.key.key == key->key) return bad(line_, "this witness's key stands there already");
    }
    out_.witnesses.push_back(
        {std::string(items[1]), std::move(*key), items.size() > 3 ? std::string(items[3]) : ""});
    return std::nullopt;
  }

  Problem takeGroup(const Items& items) {
    if (items.size() < 4) return bad(line_, "group NAME all|any|K MEMBER...");
    if (out_.groups.size() == kPolicyMembersMax) return bad(line_, "too many groups");
    if (!nameFree(items[1])) return bad(line_, "this name is taken");
    Policy::Group group;
    group.name = items[1];
    for (std::size_t i = 3; i < items.size(); ++i) {
      const auto member = find(items[i]);
      if (!member) return bad(line_, "a member that no line above defines");
      // So that a witness counts towards a quorum in one way only.
      if (!grouped_.insert(std::string(items[i])).second) {
        return bad(line_, "a member that stands in a group already");
      }
      group.members.push_back(*member);
    }
    if (items[2] == "all") {
      group.needed = group.members.size();
    } else if (items[2] == "any") {
      group.needed = 1;
    } else {
      const auto needed = decimalOf(items[2]);
      if (!needed || *needed == 0 || *needed > group.members.size()) {
        return bad(line_, "all, any, or a number of its members from 1");
      }
      group.needed = *needed;
    }
    out_.groups.push_back(std::move(group));
    return std::nullopt;
  }

  Problem takeQuorum(const Items& items) {
    if (items.size() != 2) return bad(line_, "quorum NAME|none");
    if (quorumSeen_) return bad(line_, "a second quorum");
    quorumSeen_ = true;
    if (items[1] == "none") return std::nullopt;
    out_.quorum = find(items[1]);
    if (!out_.quorum) return bad(line_, "a quorum that no line above defines");
    return std::nullopt;
  }

  std::optional<Policy::Member> find(std::string_view name) const {
    for (std::size_t i = 0; i < out_.witnesses.size(); ++i) {
      if (out_.witnesses[i].name == name) return Policy::Member{false, i};
    }
    for (std::size_t i = 0; i < out_.groups.size(); ++i) {
      if (out_.groups[i].name == name) return Policy::Member{true, i};
    }
    return std::nullopt;
  }
  bool nameFree(std::string_view name) const { return name != "none" && !find(name); }

  Policy out_;
  std::set<std::string> grouped_;  // members of some group
  std::size_t line_ = 0;
  bool quorumSeen_ = false;
};

}  // namespace

Result<Policy> policyOfText(std::string_view text) { return Reader().read(text); }

Result<Quorum> quorumOf(const SignedNote& note, const Policy& policy) {
  Quorum out;
  std::vector<bool> cosigned;
  for (const Policy::Witness& witness : policy.witnesses) {
    const auto at = cosignedAt(note, witness.key);
    if (!at) return at.refusal();
    cosigned.push_back(at->has_value());
    if (!*at) continue;
    out.by.push_back(witness.name);
    out.latest = out.latest ? std::max(*out.latest, **at) : **at;
  }
  // Groups name earlier ones only: one pass settles them.
  std::vector<bool> met;
  const auto holds = [&](const Policy::Member& member) -> bool {
    return member.group ? met[member.index] : cosigned[member.index];
  };
  for (const Policy::Group& group : policy.groups) {
    const auto count = std::count_if(group.members.begin(), group.members.end(), holds);
    met.push_back(static_cast<std::size_t>(count) >= group.needed);
  }
  out.met = !policy.quorum || holds(*policy.quorum);
  return out;
}

std::optional<VerifierKey> signerOf(const SignedNote& note, const Policy& policy) {
  for (const Policy::Log& log : policy.logs) {
    if (openNote(note, log.key)) return log.key;
  }
  return std::nullopt;
}

Result<Checkpoint> openNote(const SignedNote& note, const Policy& policy) {
  if (!signerOf(note, policy)) {
    return Refusal{RefusalCode::tampered, "a checkpoint that no log of the policy has signed"};
  }
  const auto quorum = quorumOf(note, policy);
  if (!quorum) return quorum.refusal();
  if (!quorum->met) {
    return Refusal{RefusalCode::tampered,
                   "a checkpoint without the quorum of witnesses that the policy asks for"};
  }
  return note.checkpoint;
}

}  // namespace lacuna
