#include "tools/verify_state.h"

#include "ledger/base/civil.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/json_text.h"
#include "tools/render.h"

#include <algorithm>

namespace lacuna::tool {
namespace {

constexpr std::string_view kForm = "lacuna-verify/1";
constexpr std::size_t kHashBytes = sizeof(NodeHash);

Refusal bad() {
  return {RefusalCode::tampered,
          "the file of --resume is none that this program has written: begin anew without it"};
}

std::string stringIn(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string sumOf(const Json& json) { return hexOf(sha256(bytesOf(json.dump()))); }

// Absent, or a signed checkpoint.
bool takeNote(const Json& json, const char* name, std::optional<std::string>& out) {
  const std::string text = stringIn(json, name);
  if (text.empty()) return !json.contains(name);
  out = text;
  return parseNote(text).ok();
}

}  // namespace

std::string textOf(const VerifyState& state) {
  Bytes hashes;
  hashes.reserve(state.ranges.subtrees.size() * kHashBytes);
  for (const NodeHash& hash : state.ranges.subtrees) {
    hashes.insert(hashes.end(), hash.begin(), hash.end());
  }
  Json out{{"form", kForm}, {"at", rfc3339Of(state.at)}};
  if (state.whole) out["checkpoint"] = *state.whole;
  if (state.begun) out["begun"] = *state.begun;
  if (state.ranges.believedKey) out["keyBelieved"] = textOf(*state.ranges.believedKey);
  out["records"] = state.ranges.subtrees.size() << state.ranges.height;
  out["height"] = state.ranges.height;
  out["ranges"] = base64Of(hashes);
  out["sum"] = sumOf(out);
  return out.dump(2) + "\n";
}

Result<VerifyState> verifyStateOfText(std::string_view text) {
  if (text.size() > kVerifyStateBytesMax || !shallow(text)) return bad();
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || stringIn(json, "form") != kForm) return bad();
  VerifyState out;
  const auto at = instantOfRfc3339(stringIn(json, "at"));
  const auto height = json.find("height");
  const auto hashes = bytesOfBase64(stringIn(json, "ranges"));
  if (!at || height == json.end() || !height->is_number_unsigned() || !hashes ||
      hashes->size() % kHashBytes != 0 || !takeNote(json, "checkpoint", out.whole) ||
      !takeNote(json, "begun", out.begun)) {
    return bad();
  }
  out.at = *at;
  const auto number = height->get<std::uint64_t>();
  if (number > 32) return bad();
  out.ranges.height = static_cast<unsigned>(number);
  for (auto from = hashes->begin(); from != hashes->end(); from += kHashBytes) {
    std::copy_n(from, kHashBytes, out.ranges.subtrees.emplace_back().begin());
  }
  if (json.contains("keyBelieved")) {
    const auto key = verifierKeyOfText(stringIn(json, "keyBelieved"));
    if (!key) return bad();
    out.ranges.believedKey = *key;
  }
  // Nothing beside what is read above, and the sum right.
  if (textOf(out) != text) return bad();
  return out;
}

Outcome belongsTo(const VerifyState& state, const SignedNote& note,
                  const std::optional<VerifierKey>& key) {
  const auto signer = key ? key : state.ranges.believedKey;
  for (const auto* text : {&state.whole, &state.begun}) {
    if (!*text) continue;
    const auto seen = parseNote(**text);
    if (!seen || seen->checkpoint.origin != note.checkpoint.origin) {
      return Refusal{RefusalCode::foreignKey, "the file of --resume is of another log"};
    }
    if (signer && !openNote(*seen, *signer)) {
      return Refusal{RefusalCode::foreignKey, "the file of --resume is of a log under another key"};
    }
  }
  return Done{};
}

}  // namespace lacuna::tool
