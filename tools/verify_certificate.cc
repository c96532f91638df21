// lacuna verify --certificate FILE: offline, with nothing but the file and a key.
#include "ledger/base/civil.h"
#include "ledger/proof/certificate.h"
#include "ledger/proof/person_list.h"
#include "tools/commands.h"

#include <algorithm>

namespace lacuna::tool {
namespace {

std::string lotText(const CertificateLot& lot) {
  return lot.klass + (lot.period == 0 ? std::string() : " " + std::to_string(lot.period));
}

template <typename T, typename Text>
std::string listText(const std::vector<T>& values, std::string_view none, Text text) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "" : ", ") + text(value);
  return out.empty() ? std::string(none) : out;
}

// The report in one language; the words of states, codes and grounds are the same in both.
class Telling {
 public:
  Telling(const CertificateReport& report, Language language)
      : report_(report), s_(report.states.back()), dutch_(language == Language::nl) {}

  std::string text() const { return head() + steps() + lists() + tail(); }

 private:
  std::string say(std::string_view english, std::string_view dutch) const {
    return std::string(dutch_ ? dutch : english);
  }

  std::string head() const {
    std::string out = report_.trusted ? say("verified: ", "geverifieerd: ")
                                      : say("internally consistent: ", "in zichzelf sluitend: ");
    out += say("erasure ", "wissing ") + hexOf(s_.erasure.view()) +
           say(" of the log ", " van het logboek ") + s_.origin + say(" is ", " is ") +
           std::string(nameOf(s_.tier)) + "\n";
    out += report_.trusted ? say("signed by ", "ondertekend door ")
                           : say("not checked: whose key this is; the certificate names ",
                                 "niet nagegaan: van wie deze sleutel is; het certificaat noemt ");
    out += textOf(report_.key) + "\n";
    return out + say("ground: ", "grond: ") + std::string(nameOf(s_.ground)) +
           say("; scope: ", "; omvang: ") +
           (s_.wholePerson ? say("person", "persoon") : say("classes", "klassen")) + "\n";
  }

  std::string steps() const {
    std::string out = say("asked: ", "gevraagd: ") + rfc3339Of(report_.intentAt) +
                      say("; no longer served since: ", "; niet meer te lezen sinds: ") +
                      rfc3339Of(report_.committedAt) + "\n";
    if (report_.completeAt) {
      out += say("keys destroyed by every holder: ", "sleutels door elke houder vernietigd: ") +
             rfc3339Of(*report_.completeAt) + "\n";
    }
    if (report_.removedAt) {
      out += say("envelopes removed: ", "enveloppen verwijderd: ") + rfc3339Of(*report_.removedAt) +
             "\n";
    }
    return out;
  }

  std::string lists() const {
    const std::string none = say("none", "geen");
    std::string out = say("erased: ", "gewist: ") + listText(s_.erased, none, lotText) + "\n";
    out += say("kept: ", "bewaard: ") +
           listText(s_.kept, none,
                    [&](const CertificateKept& kept) {
                      return lotText(kept.lot) + " (" + kept.code +
                             (kept.law.empty() ? "" : ", " + kept.law) +
                             (kept.until.empty() ? "" : say(", until ", ", tot ") + kept.until) +
                             ")";
                    }) +
           "\n";
    out += say("holders: ", "sleutelhouders: ") +
           listText(s_.holders, none,
                    [](const CertificateHolder& holder) {
                      return std::to_string(holder.number) + " " + holder.state +
                             (holder.assurance.empty() ? "" : " (" + holder.assurance + ")");
                    }) +
           "\n";
    return out + say("recipients: ", "ontvangers: ") +
           listText(s_.recipients, none,
                    [](const CertificateRecipient& recipient) {
                      return recipient.party + " " + recipient.state;
                    }) +
           "\n";
  }

  std::string tail() const {
    std::string out;
    if (s_.smallSet) {
      out = say("the sweep removed fewer than 100 slots together\n",
                "de opschoning verwijderde minder dan 100 plaatsen tegelijk\n");
    }
    return out + say("not checked: that the holders told the truth about their storage; copies "
                     "outside the ledger\n",
                     "niet nagegaan: of de houders de waarheid zeiden over hun opslag; kopieën "
                     "buiten het grootboek\n");
  }

  const CertificateReport& report_;
  const CertificateStatement& s_;
  const bool dutch_;
};

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

// What the salt that the person was given commits to.
std::optional<PersonCommitment> saltOf(Invocation& call) {
  const std::string asked = call.text("salt");
  if (asked.empty()) return std::nullopt;
  const std::optional<PersonCommitment> person = commitmentOfToken(asked);
  if (!person) {
    throw UsageError("--salt is 64 hexadecimal digits (" + std::to_string(2 * kPersonTokenBytes) +
                     " of an erasure of a list), as the person was given them");
  }
  return person;
}

Exit fail(Invocation& call, const std::string& why) {
  const Json report{
      {"result", "failed"}, {"source", "certificate"}, {"findings", {{{"what", why}}}}};
  if (const std::string file = call.text("report"); !file.empty()) {
    writeFile(file, report.dump(2) + "\n");
  }
  if (call.console.json()) call.console.out() << report.dump() << '\n';
  call.console.warn(
      std::string(call.console.say("verification failed: ", "verificatie mislukt: ")) + why);
  return Exit::notVerified;
}

}  // namespace

Exit verifyCertificateFile(Invocation& call, const std::optional<VerifierKey>& key) {
  Console& console = call.console;
  const std::optional<PersonCommitment> salt = saltOf(call);
  const std::string text =
      contentOf("the certificate", call.text("certificate"), console.in(), kCertificateBytesMax);
  const Result<CertificateReport> report = verifyCertificate(text, key);
  if (!report) return fail(call, report.refusal().message);
  const std::optional<PersonCommitment>& person = report->states.back().person;
  if (salt && (!person || *salt != *person)) {
    return fail(call, "the salt is not the one of this erasure");
  }
  Json json = jsonOf(*report);
  json["at"] = rfc3339Of(systemClock().now());
  if (salt) json["saltMatches"] = true;
  if (const std::string file = call.text("report"); !file.empty()) {
    writeFile(file, json.dump(2) + "\n");
  }
  if (console.format() != Format::table) return console.showObject(json.dump());
  console.out() << printable(Telling(*report, console.language()).text(), Lines::kept);
  if (salt) {
    console.out() << console.say(
        "the salt is this erasure's: it was about whoever was given it\n",
        "het kenmerk hoort bij deze wissing: zij ging over wie het kreeg\n");
  }
  return Exit::done;
}

}  // namespace lacuna::tool
