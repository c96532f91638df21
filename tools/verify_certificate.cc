// lacuna verify --certificate FILE: offline, with nothing but the file and a key.
#include "ledger/base/civil.h"
#include "ledger/proof/certificate.h"
#include "tools/commands.h"

#include <algorithm>

namespace lacuna::tool {
namespace {

std::string lotText(const CertificateLot& lot) {
  return lot.klass + (lot.period == 0 ? std::string() : " " + std::to_string(lot.period));
}

template <typename T, typename Text>
std::string listText(const std::vector<T>& values, Text text) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "" : ", ") + text(value);
  return out.empty() ? "none" : out;
}

std::string whoText(const CertificateReport& report) {
  if (report.trusted) return "signed by " + textOf(report.key) + "\n";
  return "not checked: whose key this is; the certificate names " + textOf(report.key) + "\n";
}

std::string textOf(const CertificateReport& report) {
  const CertificateStatement& s = report.states.back();
  std::string out = report.trusted ? "verified: " : "internally consistent: ";
  out += "erasure " + hexOf(s.erasure.view()) + " of the log " + s.origin + " is " +
         std::string(nameOf(s.tier)) + "\n" + whoText(report);
  out += "ground: " + std::string(nameOf(s.ground)) +
         "; scope: " + (s.wholePerson ? "person" : "classes") + "\n";
  out += "asked: " + rfc3339Of(report.intentAt) +
         "; no longer served since: " + rfc3339Of(report.committedAt) + "\n";
  if (report.completeAt) {
    out += "keys destroyed by every holder: " + rfc3339Of(*report.completeAt) + "\n";
  }
  if (report.removedAt) out += "envelopes removed: " + rfc3339Of(*report.removedAt) + "\n";
  out += "erased: " + listText(s.erased, lotText) + "\n";
  out += "kept: " +
         listText(s.kept,
                  [](const CertificateKept& kept) {
                    return lotText(kept.lot) + " (" + kept.code +
                           (kept.law.empty() ? "" : ", " + kept.law) +
                           (kept.until.empty() ? "" : ", until " + kept.until) + ")";
                  }) +
         "\n";
  out += "holders: " +
         listText(s.holders,
                  [](const CertificateHolder& holder) {
                    return std::to_string(holder.number) + " " + holder.state +
                           (holder.assurance.empty() ? "" : " (" + holder.assurance + ")");
                  }) +
         "\n";
  out += "recipients: " +
         listText(s.recipients,
                  [](const CertificateRecipient& recipient) {
                    return recipient.party + " " + recipient.state;
                  }) +
         "\n";
  if (s.smallSet) out += "the sweep removed fewer than 100 slots together\n";
  out +=
      "not checked: that the holders told the truth about their storage; copies outside the "
      "ledger\n";
  return out;
}

Json jsonOf(const CertificateReport& report) {
  const CertificateStatement& s = report.states.back();
  Json out{{"result", report.trusted ? "verified" : "internally-consistent"},
           {"source", "certificate"},
           {"key", textOf(report.key)},
           {"states", report.states.size()},
           {"tier", nameOf(s.tier)},
           {"intentAt", rfc3339Of(report.intentAt)},
           {"committedAt", rfc3339Of(report.committedAt)},
           {"size", report.size.raw()},
           {"statement", Json::parse(encode(s))}};
  if (report.completeAt) out["completeAt"] = rfc3339Of(*report.completeAt);
  if (report.removedAt) out["removedAt"] = rfc3339Of(*report.removedAt);
  return out;
}

std::optional<PersonSalt> saltOf(Invocation& call) {
  const std::string asked = call.text("salt");
  if (asked.empty()) return std::nullopt;
  const std::optional<Bytes> bytes = bytesOfHex(asked);
  const std::optional<PersonSalt> salt = bytes ? PersonSalt::from(*bytes) : std::nullopt;
  if (!salt) throw UsageError("--salt is 64 hexadecimal digits, as the person was given them");
  return salt;
}

Exit fail(Invocation& call, const std::string& why) {
  const Json report{
      {"result", "failed"}, {"source", "certificate"}, {"findings", {{{"what", why}}}}};
  if (const std::string file = call.text("report"); !file.empty()) {
    writeFile(file, report.dump(2) + "\n");
  }
  if (call.console.json()) call.console.out() << report.dump() << '\n';
  call.console.warn("verification failed: " + why);
  return Exit::notVerified;
}

}  // namespace

Exit verifyCertificateFile(Invocation& call, const std::optional<VerifierKey>& key) {
  Console& console = call.console;
  const std::optional<PersonSalt> salt = saltOf(call);
  const std::string text =
      contentOf("the certificate", call.text("certificate"), console.in(), kCertificateBytesMax);
  const Result<CertificateReport> report = verifyCertificate(text, key);
  if (!report) return fail(call, report.refusal().message);
  const std::optional<PersonCommitment>& person = report->states.back().person;
  if (salt && (!person || commitmentOf(*salt) != *person)) {
    return fail(call, "the salt is not the one of this erasure");
  }
  Json json = jsonOf(*report);
  json["at"] = rfc3339Of(systemClock().now());
  if (salt) json["saltMatches"] = true;
  if (const std::string file = call.text("report"); !file.empty()) {
    writeFile(file, json.dump(2) + "\n");
  }
  if (console.format() != Format::table) return console.showObject(json.dump());
  console.out() << printable(textOf(*report), Lines::kept);
  if (salt) console.out() << "the salt is this erasure's: it was about whoever was given it\n";
  return Exit::done;
}

}  // namespace lacuna::tool
