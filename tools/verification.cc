#include "tools/verification.h"

#include "ledger/base/civil.h"
#include "tools/version.h"

namespace lacuna::tool {
namespace {

constexpr std::string_view kNoEnvelopes =
    "envelopes: an auditor is given none, so that their commitments could not be recomputed";
constexpr std::string_view kNoSignature =
    "signatures against a key from elsewhere: no key was given";
constexpr std::string_view kNothingSigned = "no checkpoint signed by the given key covers this log";

std::vector<std::string> notCheckedOf(const Verification& v) {
  std::vector<std::string> out;
  if (!v.envelopesAtHand) out.emplace_back(kNoEnvelopes);
  if (!v.key) out.emplace_back(kNoSignature);
  return out;
}

}  // namespace

Verification::Verdict Verification::verdict() const {
  if (!report.whole()) return Verdict::failed;
  if (!key) return Verdict::consistent;
  return report.trusted ? Verdict::verified : Verdict::failed;
}

std::string_view nameOf(Verification::Verdict verdict) {
  switch (verdict) {
    case Verification::Verdict::verified:
      return "verified";
    case Verification::Verdict::consistent:
      return "internally-consistent";
    case Verification::Verdict::failed:
      return "failed";
  }
  LACUNA_ASSERT(false, "a verdict without a name");
}

std::string sentenceOf(const Finding& finding) {
  if (!finding.seq) return finding.what;
  std::string place = "record " + std::to_string(finding.seq->raw());
  if (finding.through)
    place = "records " + std::to_string(finding.seq->raw()) + " to " +
            std::to_string(finding.through->raw());
  return place + ": " + finding.what;
}

std::string failureOf(const Verification& v) {
  return v.report.findings.empty() ? std::string(kNothingSigned)
                                   : sentenceOf(v.report.findings.front());
}

std::string textOf(const Verification& v) {
  const VerifyReport& report = v.report;
  const std::string records = std::to_string(report.size.raw()) + " records";
  std::string out;
  switch (v.verdict()) {
    case Verification::Verdict::verified:
      out = "verified: " + records + " are whole and signed by " + textOf(*v.key) + "\n";
      break;
    case Verification::Verdict::consistent:
      out = "internally consistent: " + records +
            "; nothing vouches for the key that this log names:\n";
      out += "  " + (report.believedKey ? textOf(*report.believedKey) : std::string("none")) + "\n";
      break;
    case Verification::Verdict::failed:
      out = "verification failed: " + failureOf(v) + "\n";
      for (std::size_t i = 1; i < report.findings.size(); ++i) {
        out += "  " + sentenceOf(report.findings[i]) + "\n";
      }
      if (report.findings.size() == kFindingsMax) out += "  and perhaps more\n";
      break;
  }
  out += "checked: " + records + ", " + std::to_string(report.envelopesChecked) + " envelopes, " +
         std::to_string(report.documentsChecked) + " documents, " +
         std::to_string(report.tilesChecked) + " tiles, " +
         std::to_string(report.checkpointsChecked) + " checkpoints\n";
  for (const std::string& what : notCheckedOf(v)) out += "not checked: " + what + "\n";
  if (report.root != RootHash{}) out += "root: " + base64Of(report.root.view()) + "\n";
  return out;
}

Json jsonOf(const Verification& v) {
  const VerifyReport& report = v.report;
  Json out{{"result", nameOf(v.verdict())},
           {"source", v.source},
           {"at", rfc3339Of(v.at)},
           {"program", "lacuna " + std::string(kVersion)}};
  out["range"] = Json{{"first", 0}, {"size", report.size.raw()}};
  if (report.root != RootHash{}) out["root"] = base64Of(report.root.view());
  if (v.key) out["key"] = textOf(*v.key);
  if (report.believedKey) out["keyBelieved"] = textOf(*report.believedKey);
  out["checkpoints"] = v.checkpoints;
  out["checked"] = Json{{"records", report.size.raw()},
                        {"envelopes", report.envelopesChecked},
                        {"documents", report.documentsChecked},
                        {"tiles", report.tilesChecked},
                        {"checkpoints", report.checkpointsChecked}};
  out["notChecked"] = notCheckedOf(v);
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json one = Json::object();
    if (finding.seq) one["seq"] = finding.seq->raw();
    if (finding.through) one["through"] = finding.through->raw();
    one["what"] = finding.what;
    findings.push_back(one);
  }
  if (v.verdict() == Verification::Verdict::failed && report.findings.empty()) {
    findings.push_back(Json{{"what", kNothingSigned}});
  }
  out["findings"] = findings;
  return out;
}

}  // namespace lacuna::tool
