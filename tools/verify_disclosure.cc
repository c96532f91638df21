// lacuna verify --disclosure FILE: offline, with nothing but the file and a key or a policy.
#include "ledger/base/civil.h"
#include "ledger/proof/disclosure.h"
#include "ledger/record/event_shown.h"
#include "tools/commands.h"

#include <algorithm>

namespace lacuna::tool {
namespace {

Json jsonOf(const DisclosureReport& report) {
  return {{"result", report.trusted ? "verified" : "internally-consistent"},
          {"source", "disclosure"},
          {"key", textOf(report.key)},
          {"origin", report.checkpoint.origin},
          {"size", report.checkpoint.size.raw()},
          {"seq", report.record.seq.raw()},
          {"leaf", hexOf(report.leaf.view())},
          {"kind", nameOf(report.record.kind)},
          {"recordedAt", rfc3339Of(report.record.recordedAt)},
          {"content", Json::parse(report.content)}};
}

// The report for people; names of fields have both languages, what was recorded is shown as it stands.
class Telling {
 public:
  Telling(const DisclosureReport& report, Language language)
      : report_(report), language_(language) {}

  std::string text() const { return head() + content() + tail(); }

 private:
  std::string say(std::string_view english, std::string_view dutch) const {
    return std::string(in(language_, english, dutch));
  }

  std::string head() const {
    std::string out = report_.trusted ? say("verified: ", "geverifieerd: ")
                                      : say("internally consistent: ", "in zichzelf sluitend: ");
    out += "record " + std::to_string(report_.record.seq.raw()) + " (" +
           std::string(nameOf(report_.record.kind)) + say(", recorded ", ", vastgelegd ") +
           rfc3339Of(report_.record.recordedAt) + say(") of the log ", ") van het logboek ") +
           report_.checkpoint.origin + say(" holds this text\n", " bevat deze tekst\n");
    out += report_.trusted ? say("signed by ", "ondertekend door ")
                           : say("not checked: whose key this is; the disclosure names ",
                                 "niet nagegaan: van wie deze sleutel is; het bestand noemt ");
    return out + textOf(report_.key) + "\nleaf: " + hexOf(report_.leaf.view()) + "\n\n";
  }

  std::string content() const {
    const Json all = Json::parse(report_.content);
    std::vector<std::pair<std::string, std::string>> rows;
    const auto add = [&](const std::string& name, const Json& value) {
      std::string cell = cellOf(value, language_);
      if (value.is_object() && value.contains("party")) {
        cell = cellOf(value["party"], language_) + say(", number ", ", nummer ") +
               cellOf(value["number"], language_);
      }
      rows.emplace_back(headingOf(name, language_), std::move(cell));
    };
    for (const auto& [name, value] : all.items()) {
      if (name != "event") {
        add(name, value);
        continue;
      }
      for (const auto& [inner, held] : value.items()) add(inner, held);
    }
    std::size_t width = 0;
    for (const auto& row : rows) width = std::max(width, displayWidth(row.first));
    std::string out;
    for (const auto& [name, cell] : rows) {
      out +=
          "  " + name + std::string(width - displayWidth(name) + 2, ' ') + printable(cell) + "\n";
    }
    return out + "\n";
  }

  std::string tail() const {
    return say(
        "persons and instances are numbers in it; who they are is not in the file\n"
        "not checked: whether the text is true; it is what was recorded\n",
        "personen en instanties zijn er nummers in; wie zij zijn staat niet in het bestand\n"
        "niet nagegaan: of de tekst waar is; zij is wat werd vastgelegd\n");
  }

  const DisclosureReport& report_;
  const Language language_;
};

void keep(Invocation& call, const Json& report) {
  if (const std::string file = call.text("report"); !file.empty()) {
    writeFile(file, report.dump(2) + "\n");
  }
}

Exit fail(Invocation& call, const std::string& why) {
  const Json report{
      {"result", "failed"}, {"source", "disclosure"}, {"findings", {{{"what", why}}}}};
  keep(call, report);
  if (call.console.json()) call.console.out() << report.dump() << '\n';
  call.console.warn(
      std::string(call.console.say("verification failed: ", "verificatie mislukt: ")) + why);
  return Exit::notVerified;
}

// The key that a policy's log signed the checkpoint with, once the policy is met.
Result<VerifierKey> signerUnder(const std::string& text, const Policy& policy) {
  const Result<Disclosure> disclosure = disclosureOfText(text);
  if (!disclosure) return disclosure.refusal();
  const Result<TlogProof> proof = proofOfText(disclosure->receipt);
  if (!proof) return proof.refusal();
  const Result<SignedNote> note = parseNote(proof->checkpoint);
  if (!note) return note.refusal();
  if (const auto opened = openNote(*note, policy); !opened) return opened.refusal();
  return signerOf(*note, policy).value();
}

}  // namespace

Exit verifyDisclosureFile(Invocation& call, const Trust& trust) {
  Console& console = call.console;
  const std::string text =
      contentOf("the disclosure", call.text("disclosure"), console.in(), kDisclosureBytesMax);
  std::optional<VerifierKey> key = trust.key;
  if (trust.policy) {
    Result<VerifierKey> signer = signerUnder(text, *trust.policy);
    if (!signer) return fail(call, signer.refusal().message);
    key = std::move(*signer);
  }
  const Result<DisclosureReport> report = verifyDisclosure(text, key, shownEventOf);
  if (!report) return fail(call, report.refusal().message);
  Json json = jsonOf(*report);
  json["at"] = rfc3339Of(systemClock().now());
  keep(call, json);
  if (console.format() != Format::table) return console.showObject(json.dump());
  console.out() << printable(Telling(*report, console.language()).text(), Lines::kept);
  return Exit::done;
}

}  // namespace lacuna::tool
