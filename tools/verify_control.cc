// lacuna verify --control-report FILE: its signature offline, and its totals from the log where one is given.
#include "ledger/base/civil.h"
#include "ledger/base/fault.h"
#include "ledger/proof/control_report.h"
#include "ledger/store/log_source.h"
#include "tools/commands.h"
#include "tools/tile_log.h"

#include <filesystem>

namespace lacuna::tool {
namespace {

constexpr std::string_view kNotPublic =
    "what is not public: numbers and scopes of cases, who asked and approved, due dates, holds";
constexpr std::string_view kNoLog =
    "totals and erasures against the log: give --data, --url or --export";

void keep(Invocation& call, const Json& report) {
  if (const std::string file = call.text("report"); !file.empty())
    writeFile(file, report.dump(2) + "\n");
}

Exit fail(Invocation& call, const std::vector<std::string>& why) {
  Json findings = Json::array();
  for (const std::string& what : why) findings.push_back({{"what", what}});
  const Json report{
      {"result", "failed"}, {"source", "control-report"}, {"findings", std::move(findings)}};
  keep(call, report);
  if (call.console.json()) call.console.out() << report.dump() << '\n';
  const std::string head(call.console.say("verification failed: ", "verificatie mislukt: "));
  for (const std::string& what : why) call.console.warn(head + what);
  return Exit::notVerified;
}

// The key that a policy's log signed the checkpoint with, once the policy is met.
Result<VerifierKey> signerUnder(const std::string& text, const Policy& policy) {
  const Result<ControlReport> report = controlReportOfText(text);
  if (!report) return report.refusal();
  const Result<SignedNote> note = parseNote(report->checkpoint);
  if (!note) return note.refusal();
  if (const auto opened = openNote(*note, policy); !opened) return opened.refusal();
  return signerOf(*note, policy).value();
}

// What does not agree with the log that is given; nothing: none is given.
std::optional<Result<std::vector<std::string>>> heldAgainst(Invocation& call,
                                                            const VerifiedControl& report) {
  const auto onProgress = [&call](std::uint64_t done, std::uint64_t total) {
    call.console.progress("counted " + std::to_string(done) + " of " + std::to_string(total) +
                          " records");
  };
  const std::string data = call.text("data"), url = call.text("url"), dir = call.text("export");
  if (!data.empty()) {
    StoreOptions where;
    const std::filesystem::path directory = data;
    where.directory =
        std::filesystem::is_directory(directory / "log") ? directory / "log" : directory;
    where.readOnly = true;
    const Result<std::unique_ptr<Store>> store = Store::open(where);
    if (!store) return Result<std::vector<std::string>>(store.refusal());
    return disagreements(report, StoreLogSource(**store), onProgress);
  }
  if (url.empty() && dir.empty()) return std::nullopt;
  const auto log = url.empty() ? TileLog::openDirectory(dir) : TileLog::openUrl(url);
  if (!log) return Result<std::vector<std::string>>(log.refusal());
  return disagreements(report, *log, onProgress);
}

Json jsonOf(const VerifiedControl& report, bool counted) {
  Json notChecked = Json::array();
  if (!counted) notChecked.push_back(kNoLog);
  notChecked.push_back(kNotPublic);
  return {{"result", report.trusted ? "verified" : "internally-consistent"},
          {"source", "control-report"},
          {"key", textOf(report.key)},
          {"recomputed", counted},
          {"notChecked", std::move(notChecked)},
          {"at", rfc3339Of(systemClock().now())},
          {"statement", Json::parse(encode(report.statement))}};
}

std::string countsText(const ControlCounts& counts) {
  std::string out;
  for (const auto& [name, count] : counts) out += "  " + name + ": " + std::to_string(count) + "\n";
  return out;
}

std::string textOf(const Console& console, const VerifiedControl& report, bool counted) {
  const auto say = [&](std::string_view en, std::string_view nl) {
    return std::string(console.say(en, nl));
  };
  const ControlStatement& s = report.statement;
  std::string out = report.trusted ? say("verified: ", "geverifieerd: ")
                                   : say("internally consistent: ", "in zichzelf sluitend: ");
  out += say("the control report of ", "het controlerapport van ") + s.origin +
         say(" from ", " van ") + s.from + say(" to ", " tot en met ") + s.to +
         say(", records ", ", records ") + std::to_string(s.log.first.raw()) +
         say(" to before ", " tot voor ") + std::to_string(s.log.end.raw()) + "\n";
  out += report.trusted ? say("signed by ", "ondertekend door ")
                        : say("not checked: whose key this is; the report names ",
                              "niet nagegaan: van wie deze sleutel is; het rapport noemt ");
  out += lacuna::textOf(report.key) + "\n";
  if (counted) {
    out += say("recomputed from the first ", "nagerekend uit de eerste ") +
           std::to_string(s.log.size.raw()) +
           say(" records of the log: totals, access and erasures agree\n",
               " records van het logboek: totalen, toegang en wissingen kloppen\n");
  }
  if (s.sample.count > 0) {
    out += say("sample: ", "steekproef: ") + std::to_string(s.sample.records.size()) +
           say(" records drawn by the seed and proved\n",
               " records getrokken met de gegeven waarde en bewezen\n");
  }
  out += say("totals:\n", "totalen:\n") + countsText(s.log.totals);
  out += say("erasures: ", "wissingen: ") + std::to_string(s.log.erasures.size()) + "\n" +
         countsText(summaryOf(s));
  if (!counted) {
    out += say("not checked: ", "niet nagegaan: ") +
           say(kNoLog, "totalen en wissingen tegen het logboek: geef --data, --url of --export") +
           "\n";
  }
  return out + say("not checked: ", "niet nagegaan: ") +
         say(kNotPublic,
             "wat niet openbaar is: nummer en omvang van dossiers, wie vroeg en goedkeurde, "
             "uiterste data, "
             "bewaarplichten") +
         "\n";
}

}  // namespace

Exit verifyControlFile(Invocation& call, const Trust& trust) {
  Console& console = call.console;
  const std::string text = contentOf("the control report", call.text("control-report"),
                                     console.in(), kControlReportBytesMax);
  std::optional<VerifierKey> key = trust.key;
  if (trust.policy) {
    Result<VerifierKey> signer = signerUnder(text, *trust.policy);
    if (!signer) return fail(call, {signer.refusal().message});
    key = std::move(*signer);
  }
  const Result<VerifiedControl> report = verifyControlReport(text, key);
  if (!report) return fail(call, {report.refusal().message});
  bool counted = false;
  try {
    if (const auto held = heldAgainst(call, *report)) {
      console.endProgress();
      if (!*held) return fail(call, {held->refusal().message});
      if (!(*held)->empty()) return fail(call, **held);
      counted = true;
    }
  } catch (const Fault& fault) {
    console.endProgress();
    return fail(call, {"the log cannot be read: " + std::string(fault.what())});
  }
  const Json json = jsonOf(*report, counted);
  keep(call, json);
  if (console.format() != Format::table) return console.showObject(json.dump());
  console.out() << printable(textOf(console, *report, counted), Lines::kept);
  return Exit::done;
}

}  // namespace lacuna::tool
