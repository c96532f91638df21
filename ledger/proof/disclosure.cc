#include "ledger/proof/disclosure.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/json_text.h"
#include "ledger/record/envelope.h"

#include <nlohmann/json.hpp>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kForm = "lacuna-disclosure/1";

Refusal bad(std::string_view what) {
  return {RefusalCode::tampered, "the disclosure " + std::string(what)};
}

std::string stringOf(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// Holds the receipt against one key.
Result<ProvedRecord> proved(const Disclosure& disclosure, const VerifierKey& key) {
  const Result<TlogProof> proof = proofOfText(disclosure.receipt);
  if (!proof) return proof.refusal();
  if (textOf(*proof) != disclosure.receipt) return bad("holds a receipt of another form");
  return verifyReceipt(disclosure.receipt, key);
}

// What stands in the envelope, opened with `e` and shown.
Result<std::string> openedContent(const Disclosure& disclosure, const Record& record,
                                  const ShowContent& show) {
  if ((record.flags & kHasEnvelope) == 0) return bad("is of a record that has no envelope");
  if (sha256(disclosure.envelope) != record.commitment.bytes) {
    return bad("holds another envelope than the record commits to");
  }
  Result<Bytes> plain =
      openEventWithKey(disclosure.opening, encodeHead(record), disclosure.envelope);
  if (!plain) return plain.refusal();
  Result<std::string> content = show(*plain);
  wipe(*plain);
  return content;
}

}  // namespace

std::string textOf(const Disclosure& disclosure) {
  Json content = Json::parse(disclosure.content, nullptr, false);
  LACUNA_ASSERT(content.is_object(), "what an envelope holds is shown as an object");
  const Json out{{"form", kForm},
                 {"key", disclosure.key},
                 {"seq", disclosure.seq.raw()},
                 {"recordedAt", rfc3339Of(disclosure.recordedAt)},
                 {"content", std::move(content)},
                 {"receipt", disclosure.receipt},
                 {"envelope", base64Of(disclosure.envelope)},
                 {"opening", hexOf(disclosure.opening.view())}};
  return out.dump(2) + "\n";
}

Result<Disclosure> disclosureOfText(std::string_view text) {
  if (text.size() > kDisclosureBytesMax) return bad("is too large");
  if (!shallow(text)) return bad("does not follow the format");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("form", Json()) != Json(kForm)) {
    return bad("is not one of the form lacuna-disclosure/1");
  }
  Disclosure out;
  out.key = stringOf(json, "key");
  out.receipt = stringOf(json, "receipt");
  const auto seq = json.find("seq"), content = json.find("content");
  const std::optional<Instant> at = instantOfRfc3339(stringOf(json, "recordedAt"));
  std::optional<Bytes> envelope = bytesOfBase64(stringOf(json, "envelope"));
  std::optional<Bytes> opening = bytesOfHex(stringOf(json, "opening"));
  if (seq == json.end() || !seq->is_number_unsigned() || content == json.end() ||
      !content->is_object() || !at || !envelope || envelope->size() > kEnvelopeBytesMax ||
      !opening || opening->size() != Secret::kSize) {
    return bad("does not follow the format");
  }
  out.seq = Seq(seq->get<std::uint64_t>());
  out.recordedAt = *at;
  out.content = content->dump();
  out.envelope = std::move(*envelope);
  out.opening = Secret(*opening);
  wipe(*opening);
  // Nothing beside what is read above, and that in one spelling only.
  if (textOf(out) != text) return bad("does not follow the format");
  return out;
}

Result<DisclosureReport> verifyDisclosure(std::string_view text,
                                          const std::optional<VerifierKey>& key,
                                          const ShowContent& show) {
  const Result<Disclosure> disclosure = disclosureOfText(text);
  if (!disclosure) return disclosure.refusal();
  const Result<VerifierKey> named = verifierKeyOfText(disclosure->key);
  if (!named) return bad("names no verifier key");
  Result<ProvedRecord> byNamed = proved(*disclosure, *named);
  if (!byNamed) return byNamed.refusal();
  DisclosureReport report;
  report.key = key.value_or(*named);
  report.trusted = key.has_value();
  if (key) {
    if (const auto byTrusted = proved(*disclosure, *key); !byTrusted) return byTrusted.refusal();
  }
  Result<Record> record = decodeRecord(byNamed->record);
  if (!record) return record.refusal();
  if (record->seq != disclosure->seq || record->recordedAt != disclosure->recordedAt) {
    return bad("says otherwise than the record where and when it stands");
  }
  Result<std::string> content = openedContent(*disclosure, *record, show);
  if (!content) return content.refusal();
  // Compared as parsed: the file is indented for its reader.
  if (const Json derived = Json::parse(*content, nullptr, false);
      !derived.is_object() || derived.dump() != disclosure->content) {
    return bad("shows another text than the envelope holds");
  }
  report.leaf = leafHash(byNamed->record);
  report.record = std::move(*record);
  report.checkpoint = std::move(byNamed->checkpoint);
  report.content = std::move(*content);
  return report;
}

}  // namespace lacuna
