// lacuna verify --export DIR, of what `lacuna export` made: offline, with nothing but DIR and a key or a policy.
#include "ledger/base/civil.h"
#include "tools/commands.h"
#include "tools/person_export.h"

namespace lacuna::tool {
namespace {

Json jsonOf(const ExportReport& report) {
  return {{"result", report.trusted ? "verified" : "internally-consistent"},
          {"source", "person-export"},
          {"key", textOf(report.key)},
          {"origin", report.checkpoint.origin},
          {"size", report.checkpoint.size.raw()},
          {"madeAt", rfc3339Of(report.madeAt)},
          {"lots", report.lots},
          {"erasedLots", report.erasedLots},
          {"events", report.events()},
          {"open", report.open},
          {"closed", report.closed},
          {"withdrawn", report.withdrawn}};
}

std::string tell(const ExportReport& report, Language language) {
  const auto say = [&](std::string_view english, std::string_view dutch) {
    return std::string(in(language, english, dutch));
  };
  const auto count = [](std::uint64_t n) { return std::to_string(n); };
  std::string out = report.trusted ? say("verified: ", "geverifieerd: ")
                                   : say("internally consistent: ", "in zichzelf sluitend: ");
  out += count(report.events()) +
         say(" events of one person stand in the log ",
             " gebeurtenissen van een persoon staan in het logboek ") +
         report.checkpoint.origin + say(" of ", " van ") + count(report.checkpoint.size.raw()) +
         say(" records\n", " records\n");
  out += report.trusted ? say("signed by ", "ondertekend door ")
                        : say("not checked: whose key this is; the export names ",
                              "niet nagegaan: van wie deze sleutel is; de export noemt ");
  out += textOf(report.key) + "\n";
  out += say("opened: ", "geopend: ") + count(report.open) +
         say("; kept closed (who looked, held or linked): ",
             "; dicht gebleven (wie keek, vasthield of koppelde): ") +
         count(report.closed) + say("; withdrawn: ", "; ingetrokken: ") + count(report.withdrawn) +
         "\n";
  out += say("complete: every lot that the ledger listed, ",
             "volledig: elke partij gegevens die het grootboek opgaf, ") +
         count(report.lots) + say(" of them, ", " in getal, ") + count(report.erasedLots) +
         say(" erased, and in each every event from the first to the last\n",
             " gewist, en in elk daarvan elke gebeurtenis van de eerste tot de laatste\n");
  out +=
      say("not shown: that the ledger listed every lot, and each to its end; for that its "
          "signature stands\n"
          "not checked: whether the texts are true; they are what was recorded\n",
          "niet getoond: dat het grootboek elke partij gegevens noemde, en elk tot het eind; "
          "daarvoor staat "
          "zijn handtekening\n"
          "niet nagegaan: of de teksten waar zijn; zij zijn wat werd vastgelegd\n");
  return out;
}

void keep(Invocation& call, const Json& report) {
  if (const std::string file = call.text("report"); !file.empty()) {
    writeFile(file, report.dump(2) + "\n");
  }
}

Exit fail(Invocation& call, const std::string& why) {
  call.console.endProgress();
  const Json report{
      {"result", "failed"}, {"source", "person-export"}, {"findings", {{{"what", why}}}}};
  keep(call, report);
  if (call.console.json()) call.console.out() << report.dump() << '\n';
  call.console.warn(
      std::string(call.console.say("verification failed: ", "verificatie mislukt: ")) + why);
  return Exit::notVerified;
}

Result<VerifierKey> signerUnder(const std::string& directory, const Policy& policy) {
  const Result<std::string> text = checkpointOfExport(directory);
  if (!text) return text.refusal();
  const Result<SignedNote> note = parseNote(*text);
  if (!note) return note.refusal();
  if (const auto opened = openNote(*note, policy); !opened) return opened.refusal();
  return signerOf(*note, policy).value();
}

}  // namespace

Exit verifyPersonExport(Invocation& call, const Trust& trust) {
  const std::string directory = call.text("export");
  std::optional<VerifierKey> key = trust.key;
  if (trust.policy) {
    Result<VerifierKey> signer = signerUnder(directory, *trust.policy);
    if (!signer) return fail(call, signer.refusal().message);
    key = std::move(*signer);
  }
  const Result<ExportReport> report = checkPersonExport(directory, key, [&](std::uint64_t events) {
    call.console.progress("verified " + std::to_string(events) + " events");
  });
  if (!report) return fail(call, report.refusal().message);
  call.console.endProgress();
  Json json = jsonOf(*report);
  json["at"] = rfc3339Of(systemClock().now());
  keep(call, json);
  if (call.console.format() != Format::table) return call.console.showObject(json.dump());
  call.console.out() << printable(tell(*report, call.console.language()), Lines::kept);
  return Exit::done;
}

}  // namespace lacuna::tool
