#include "ledger/proof/certificate.h"

#include "ledger/base/civil.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/json_reader.h"
#include "ledger/proof/json_text.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/record.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kForm = "lacuna-certificate/1";
constexpr std::string_view kSignedPrefix = "lacuna certificate v1\n";
constexpr std::string_view kSaltLabel = "lacuna person";
constexpr std::array<std::string_view, 4> kTierNames = {"committed", "complete", "removed",
                                                        "closed"};

Refusal bad(std::string_view what) {
  return {RefusalCode::tampered, "the certificate " + std::string(what)};
}

std::optional<CertificateTier> tierOf(std::string_view name) {
  for (std::size_t i = 0; i < kTierNames.size(); ++i) {
    if (kTierNames[i] == name) return static_cast<CertificateTier>(i + 1);
  }
  return std::nullopt;
}

// ---- writing

Json jsonOf(const CertificateLot& lot) {
  Json out{{"class", lot.klass}};
  if (lot.period != 0) out["period"] = lot.period;
  return out;
}

void put(Json& out, const char* name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}

Json jsonOf(const CertificateKept& kept) {
  Json out = jsonOf(kept.lot);
  out["code"] = kept.code;
  put(out, "law", kept.law);
  put(out, "until", kept.until);
  return out;
}

Json jsonOf(const CertificateHolder& holder) {
  Json out{{"holder", holder.number}, {"state", holder.state}};
  if (holder.at) out["at"] = rfc3339Of(*holder.at);
  put(out, "assurance", holder.assurance);
  return out;
}

Json jsonOf(const CertificateRecipient& recipient) {
  Json out{{"party", recipient.party}, {"state", recipient.state}};
  if (recipient.at) out["at"] = rfc3339Of(*recipient.at);
  return out;
}

template <typename T>
Json listOf(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T& value : values) out.push_back(jsonOf(value));
  return out;
}

// What the words of a certificate rest on; the same in each, so that nothing else can be read into one.
Json method() {
  return {
      {"cipher", "XChaCha20-Poly1305-IETF"},
      {"derivation", "BLAKE2b-256, key tree of fanout 16 and height 12"},
      {"hash", "SHA-256"},
      {"promise",
       "what was sealed under the erased keys cannot be decrypted from any copy of the ledger, of "
       "any age; this rests on the named holders having destroyed their keys"},
      {"residual",
       "the public part of each record stays: time, kind, system, and a tag that nothing derives "
       "any more"}};
}

Json jsonOf(const CertificateStatement& s) {
  Json out{{"erasure", hexOf(s.erasure.view())},
           {"ledger", hexOf(s.ledger.view())},
           {"origin", s.origin},
           {"issuedAt", rfc3339Of(s.issuedAt)},
           {"tier", nameOf(s.tier)},
           {"ground", nameOf(s.ground)},
           {"scope", s.wholePerson ? "person" : "classes"},
           {"erased", listOf(s.erased)},
           {"kept", listOf(s.kept)},
           {"treeVersion", s.version.raw()},
           {"holders", listOf(s.holders)},
           {"recipients", listOf(s.recipients)},
           {"case", s.caseNumber}};
  put(out, "caseEnds", s.caseEnds);
  if (s.smallSet) out["smallSet"] = true;
  if (s.person) out["person"] = hexOf(s.person->view());
  Json records{{"intent", s.intent.raw()}, {"committed", s.committed.raw()}};
  if (s.complete) records["complete"] = s.complete->raw();
  if (s.removed) records["removed"] = s.removed->raw();
  out["records"] = std::move(records);
  out["method"] = method();
  return out;
}

// ---- reading. Each reader is lenient about form, because the value is encoded again and compared.

CertificateLot lotOf(JsonReader in) {
  const std::uint64_t period = in.number("period");
  return {in.text("class"), static_cast<std::int32_t>(std::min<std::uint64_t>(period, 9999))};
}
CertificateKept keptOf(JsonReader in) {
  return {lotOf(in), in.text("code"), in.text("law"), in.text("until")};
}
CertificateHolder holderOf(JsonReader in) {
  return {static_cast<std::uint32_t>(in.number("holder")), in.text("state"), in.time("at"),
          in.text("assurance")};
}
CertificateRecipient recipientOf(JsonReader in) {
  return {in.text("party"), in.text("state"), in.time("at")};
}

CertificateStatement statementOf(JsonReader in) {
  CertificateStatement s;
  s.erasure = in.digest<ErasureId>("erasure").value_or(ErasureId{});
  s.ledger = in.digest<LedgerId>("ledger").value_or(LedgerId{});
  s.origin = in.text("origin");
  s.issuedAt = in.time("issuedAt").value_or(Instant{});
  s.tier = tierOf(in.text("tier")).value_or(CertificateTier::committed);
  s.ground = groundOf(in.text("ground")).value_or(Ground::unstated);
  s.wholePerson = in.text("scope") == "person";
  s.erased = in.list<CertificateLot>("erased", lotOf);
  s.kept = in.list<CertificateKept>("kept", keptOf);
  s.version = TreeVersion(in.number("treeVersion"));
  s.holders = in.list<CertificateHolder>("holders", holderOf);
  s.recipients = in.list<CertificateRecipient>("recipients", recipientOf);
  s.caseNumber = in.number("case");
  s.caseEnds = in.text("caseEnds");
  s.smallSet = in.flag("smallSet");
  s.person = in.digest<PersonCommitment>("person");
  JsonReader records = in.part("records");
  s.intent = records.seq("intent").value_or(Seq(0));
  s.committed = records.seq("committed").value_or(Seq(0));
  s.complete = records.seq("complete");
  s.removed = records.seq("removed");
  return s;
}

std::string pretty(const Json& json) { return json.dump(2) + "\n"; }

Bytes signedBytes(std::string_view text) {
  return ByteWriter(kSignedPrefix.size() + text.size()).raw(kSignedPrefix).raw(text).take();
}

// ---- verifying

// What a step record says, and when.
struct Step {
  ErasureBody body;
  Instant at{};
};

struct Evidence {
  std::optional<GenesisBody> genesis;
  std::vector<std::pair<Seq, Step>> steps;
  struct Sweep {
    Seq seq;
    SweepBody body;
    Instant at{};
  };
  std::vector<Sweep> sweeps;
  TreeSize size;

  const Step* find(Seq seq) const {
    for (const auto& [at, step] : steps) {
      if (at == seq) return &step;
    }
    return nullptr;
  }
  const Sweep* sweepAt(Seq seq) const {
    const auto found = std::find_if(sweeps.begin(), sweeps.end(),
                                    [&](const Sweep& sweep) { return sweep.seq == seq; });
    return found == sweeps.end() ? nullptr : &*found;
  }
  bool has(const CertificateStatement& s, ErasureStep which) const {
    return std::any_of(steps.begin(), steps.end(), [&](const auto& entry) {
      const ErasureBody& body = entry.second.body;
      return body.step == which && body.erasure == s.erasure && body.version == s.version;
    });
  }
};

Result<Evidence> evidenceOf(const Certificate& certificate, const VerifierKey& key) {
  Evidence out;
  for (const std::string& proof : certificate.proofs) {
    const Result<ProvedRecord> proved = verifyReceipt(proof, key);
    if (!proved) return proved.refusal();
    const Result<Record> record = decodeRecord(proved->record);
    if (!record) return record.refusal();
    out.size = std::max(out.size, proved->checkpoint.size);
    if (record->kind == Kind::genesis && record->seq == Seq(0)) {
      const Result<GenesisBody> body = decodeGenesis(record->body);
      if (!body) return body.refusal();
      out.genesis = *body;
    } else if (record->kind == Kind::erasure) {
      const Result<ErasureBody> body = decodeErasure(record->body);
      if (!body) return body.refusal();
      out.steps.push_back({record->seq, {*body, record->recordedAt}});
    } else if (record->kind == Kind::sweep) {
      const Result<SweepBody> body = decodeSweep(record->body);
      if (!body) return body.refusal();
      out.sweeps.push_back({record->seq, *body, record->recordedAt});
    } else {
      return bad("proves a record that is no step of an erasure");
    }
  }
  return out;
}

Outcome agrees(const Evidence& evidence, const CertificateStatement& s, Seq seq,
               ErasureStep which) {
  const Step* step = evidence.find(seq);
  if (step == nullptr) return bad("names a step without proving it");
  if (step->body.step != which || step->body.erasure != s.erasure ||
      step->body.ground != s.ground) {
    return bad("names a record that is not the step it says");
  }
  if (which != ErasureStep::intent && step->body.version != s.version) {
    return bad("names another version of the key tree than the log");
  }
  return Done{};
}

Outcome complete(const Evidence& evidence, const CertificateStatement& s) {
  if (!s.complete) {
    return s.tier == CertificateTier::committed ? Outcome(Done{})
                                                : Outcome(bad("names no step of completion"));
  }
  const Outcome agreed = agrees(evidence, s, *s.complete, ErasureStep::complete);
  if (!agreed) return agreed;
  std::size_t destroyed = 0;
  for (const CertificateHolder& holder : s.holders) {
    if (holder.state == "destroyed") {
      ++destroyed;
    } else if (holder.state != "closed") {
      return bad("calls itself complete while a holder has not destroyed its keys");
    }
  }
  if (destroyed == 0 || destroyed != evidence.find(*s.complete)->body.holdersDestroyed) {
    return bad("names other holders than the log");
  }
  return Done{};
}

// The record of the request commits to the person's salt, where that record is proved.
Outcome personAgrees(const Evidence& evidence, const CertificateStatement& s) {
  for (const auto& [seq, step] : evidence.steps) {
    if (step.body.erasure != s.erasure || step.body.step != ErasureStep::received) continue;
    if (step.body.person != s.person.value_or(PersonCommitment{})) {
      return bad("names another person than the log");
    }
  }
  return Done{};
}

// The sweep covers the erasure, and the case says that it did.
Outcome removalAgrees(const Evidence& evidence, const CertificateStatement& s) {
  if (s.tier >= CertificateTier::removed && !s.removed) return bad("names no step of removal");
  if (!s.removed) return Done{};
  const Evidence::Sweep* sweep = evidence.sweepAt(*s.removed);
  if (sweep == nullptr) return bad("names a sweep without proving it");
  if (sweep->body.marked.raw() <= s.intent.raw() || sweep->body.version < s.version) {
    return bad("names a sweep that came before the erasure");
  }
  if (sweep->body.few != s.smallSet) return bad("says otherwise than the log how many were swept");
  if (!evidence.has(s, ErasureStep::removed)) return bad("does not prove the step of removal");
  if (s.tier == CertificateTier::closed && !evidence.has(s, ErasureStep::closed)) {
    return bad("does not prove that the case is closed");
  }
  return Done{};
}

Outcome stepsAgree(const Evidence& evidence, const CertificateStatement& s) {
  for (const Outcome& outcome :
       {agrees(evidence, s, s.intent, ErasureStep::intent),
        agrees(evidence, s, s.committed, ErasureStep::committed), complete(evidence, s),
        personAgrees(evidence, s), removalAgrees(evidence, s)}) {
    if (!outcome) return outcome;
  }
  return Done{};
}

// A later state tells more of the same erasure, never another story.
bool continues(const CertificateStatement& before, const CertificateStatement& after) {
  return before.erasure == after.erasure && before.ledger == after.ledger &&
         before.origin == after.origin && before.ground == after.ground &&
         before.wholePerson == after.wholePerson && before.erased == after.erased &&
         before.version == after.version && before.person == after.person &&
         before.intent == after.intent && before.committed == after.committed &&
         (!before.complete || before.complete == after.complete) &&
         (!before.removed || before.removed == after.removed) && before.tier <= after.tier &&
         before.issuedAt <= after.issuedAt;
}

Result<std::vector<CertificateStatement>> statesOf(const Certificate& certificate,
                                                   const VerifierKey& key) {
  std::vector<CertificateStatement> out;
  for (const SignedStatement& state : certificate.states) {
    if (!verifySignature(key.key, signedBytes(state.text), state.signature)) {
      return bad("holds a state with a wrong signature");
    }
    Result<CertificateStatement> statement = decodeStatement(state.text);
    if (!statement) return statement.refusal();
    if (!out.empty() && !continues(out.back(), *statement)) {
      return bad("holds states that do not continue one another");
    }
    out.push_back(std::move(*statement));
  }
  return out;
}

}  // namespace

std::string_view nameOf(CertificateTier tier) {
  return kTierNames.at(static_cast<std::size_t>(tier) - 1);
}

PersonCommitment commitmentOf(const PersonSalt& salt) {
  return PersonCommitment{sha256({bytesOf(kSaltLabel), salt.view()})};
}

std::string encode(const CertificateStatement& statement) { return jsonOf(statement).dump(); }

Result<CertificateStatement> decodeStatement(std::string_view text) {
  if (text.size() > kCertificateBytesMax) return bad("is too large");
  if (!shallow(text)) return bad("does not follow the format");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("holds a state that is not JSON");
  CertificateStatement statement = statementOf(JsonReader(json));
  if (encode(statement) != text) return bad("holds a state that does not follow the format");
  return statement;
}

SignedStatement signStatement(const CertificateStatement& statement, const SigningKey& key) {
  SignedStatement out;
  out.text = encode(statement);
  const Signature signature = key.sign(signedBytes(out.text));
  out.signature.assign(signature.begin(), signature.end());
  return out;
}

std::string textOf(const Certificate& certificate) {
  Json states = Json::array();
  for (const SignedStatement& state : certificate.states) {
    // For people the statement stands there as it is; what is signed is its one-line text.
    states.push_back(
        {{"statement", Json::parse(state.text)}, {"signature", base64Of(state.signature)}});
  }
  return pretty({{"form", kForm},
                 {"key", certificate.key},
                 {"states", std::move(states)},
                 {"proofs", certificate.proofs}});
}

Result<Certificate> certificateOfText(std::string_view text) {
  if (text.size() > kCertificateBytesMax) return bad("is too large");
  if (!shallow(text)) return bad("does not follow the format");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("form", Json()) != Json(kForm)) {
    return bad("is not one of the form lacuna-certificate/1");
  }
  Certificate out;
  out.key = JsonReader(json).text("key");
  const Json states = json.value("states", Json::array());
  const Json proofs = json.value("proofs", Json::array());
  if (!states.is_array() || states.empty() || states.size() > kCertificateStatesMax ||
      !proofs.is_array() || proofs.size() > kCertificateProofsMax) {
    return bad("does not follow the format");
  }
  for (const Json& state : states) {
    std::optional<Bytes> signature = bytesOfBase64(JsonReader(state).text("signature"));
    if (!signature || !state.contains("statement")) return bad("does not follow the format");
    out.states.push_back({state["statement"].dump(), std::move(*signature)});
  }
  for (const Json& proof : proofs) {
    if (!proof.is_string()) return bad("does not follow the format");
    out.proofs.push_back(proof.get<std::string>());
  }
  if (textOf(out) != text) return bad("does not follow the format");
  return out;
}

Result<CertificateReport> verifyCertificate(std::string_view text,
                                            const std::optional<VerifierKey>& key) {
  const Result<Certificate> certificate = certificateOfText(text);
  if (!certificate) return certificate.refusal();
  const Result<VerifierKey> named = verifierKeyOfText(certificate->key);
  if (!named) return bad("names no verifier key");
  CertificateReport report;
  report.key = key.value_or(*named);
  report.trusted = key.has_value();
  Result<std::vector<CertificateStatement>> states = statesOf(*certificate, report.key);
  if (!states) return states.refusal();
  const Result<Evidence> evidence = evidenceOf(*certificate, report.key);
  if (!evidence) return evidence.refusal();
  report.states = std::move(*states);
  const CertificateStatement& last = report.states.back();
  if (!evidence->genesis || evidence->genesis->ledger != last.ledger ||
      last.origin != report.key.name) {
    return bad("is not of the ledger that it names");
  }
  for (const CertificateStatement& state : report.states) {
    if (const Outcome agreed = stepsAgree(*evidence, state); !agreed) return agreed.refusal();
  }
  report.intentAt = evidence->find(last.intent)->at;
  report.committedAt = evidence->find(last.committed)->at;
  if (last.complete) report.completeAt = evidence->find(*last.complete)->at;
  if (last.removed) report.removedAt = evidence->sweepAt(*last.removed)->at;
  report.size = evidence->size;
  return report;
}

}  // namespace lacuna
