#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeRetentionDue(po::options_description& options) {
  options.add_options()("within", po::value<std::string>()->value_name("PERIOD"),
                        "also what ends within this time from now: P7D, P1M, P1Y");
}

Exit retentionDue(Invocation& call) {
  const std::string within = call.text("within");
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.retentionDueRequest();
    request.setWithin(ptrOf(within));
    const auto lines = askLines(loop, kj::mv(request));
    return lines ? call.console.showLines(*lines) : call.console.refuse(lines.refusal());
  });
}

Exit retentionSweep(Invocation& call) {
  if (call.flag("envelopes")) return sweepEnvelopes(call);
  for (const char* option : {"status", "cancel", "no-wait"}) {
    if (call.flag(option)) throw UsageError("--status, --cancel and --no-wait go with --envelopes");
  }
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    const auto answer = askText(loop, officer.retentionSweepRequest());
    if (!answer) return call.console.refuse(answer.refusal());
    const Exit shown = call.console.showObject(*answer);
    if (shown != Exit::done) return shown;
    return parsedAnswer(*answer).value("state", "") == "complete" ? Exit::done : Exit::unfinished;
  });
}

}  // namespace lacuna::tool
