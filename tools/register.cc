#include "ledger/base/limits.h"
#include "tools/commands.h"
#include "tools/reading.h"

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

void describeRegisterShow(po::options_description& options) {
  options.add_options()("as-of", po::value<std::string>()->value_name("T"),
                        "the register that was in force at T: RFC 3339 or a date");
}

Exit registerShow(Invocation& call) {
  const std::string asOf = timeOf("as-of", call.text("as-of"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.registerShowRequest();
    request.setAsOf(ptrOf(asOf));
    const auto toml = askText(loop, kj::mv(request));
    if (!toml) return call.console.refuse(toml.refusal());
    if (call.console.json()) {
      call.console.out() << Json{{"register", *toml}}.dump(-1, ' ', false,
                                                           Json::error_handler_t::replace)
                         << '\n';
    } else {
      call.console.out() << *toml;
      if (!toml->empty() && toml->back() != '\n') call.console.out() << '\n';
    }
    return Exit::done;
  });
}

}  // namespace lacuna::tool
