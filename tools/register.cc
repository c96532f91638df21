#include "ledger/base/limits.h"
#include "tools/commands.h"
#include "tools/register_source.h"

namespace lacuna::tool {
namespace po = boost::program_options;

Exit registerApply(Invocation& call) {
  const std::string toml =
      contentOf("the register", call.words.at(0), call.console.in(), kDocumentBytesMax);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.registerApplyRequest();
    request.setToml(ptrOf(toml));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

void describeRegisterShow(po::options_description& options) { describeAsOf(options); }

Exit registerShow(Invocation& call) {
  const std::string asOf = timeOrSeqOf("as-of", call.text("as-of"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.registerShowRequest();
    request.setAsOf(ptrOf(asOf));
    request.setForm(call.console.json() ? "version" : "");
    const auto answer = askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    call.console.out() << *answer;
    if (!answer->empty() && answer->back() != '\n') call.console.out() << '\n';
    return Exit::done;
  });
}

Exit registerList(Invocation& call) {
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.registerShowRequest();
    request.setForm("list");
    const auto answer = askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    std::vector<std::string> lines;
    for (const Json& version : parsedAnswer(*answer).value("versions", Json::array()))
      lines.push_back(version.dump());
    return call.console.showLines(lines);
  });
}

}  // namespace lacuna::tool
