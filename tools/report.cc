#include "ledger/proof/control_report.h"
#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeReport(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                          //
      ("from", text("DATE"), "the first day")                                    //
      ("to", text("DATE"), "the last day")                                       //
      ("sample", text("N"), "with receipts of so many records, at most 256")     //
      ("seed", text("S"), "what the auditor draws them by: 1 to 64 characters")  //
      ("out", text("FILE"), "write the report there; else it is printed");
  describeReason(options);
}

Exit report(Invocation& call) {
  const std::string from = call.text("from"), to = call.text("to"), seed = call.text("seed"),
                    file = call.text("out");
  if (from.empty() || to.empty()) throw UsageError("a report is of a time: --from DATE --to DATE");
  const std::string asked = call.text("sample");
  const std::uint64_t sample = asked.empty() ? 0 : numberOf("--sample", asked, kControlSampleMax);
  if ((sample == 0) != seed.empty()) throw UsageError("--sample and --seed go together");
  if (!seed.empty() && !sampleSeedValid(seed))
    throw UsageError("--seed is 1 to 64 printable ASCII characters");
  const std::string reason = reasonOf(call.text("reason"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.reportRequest();
    request.setFrom(ptrOf(from));
    request.setTo(ptrOf(to));
    request.setSample(static_cast<std::uint32_t>(sample));
    request.setSeed(ptrOf(seed));
    request.setReason(ptrOf(reason));
    const auto answer = askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    if (file.empty()) {
      call.console.out() << *answer;
      return Exit::done;
    }
    writeFile(file, *answer);
    const Json statement = parsedAnswer(*answer).value("statement", Json::object());
    Json shown;
    for (const char* name : {"from", "to", "first", "end", "size", "totals", "summary"}) {
      if (statement.contains(name)) shown[name] = statement[name];
    }
    return call.console.showObject(shown.dump());
  });
}

}  // namespace lacuna::tool
