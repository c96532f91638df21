#include "tools/commands.h"
#include "tools/connection.h"

namespace lacuna::tool {

void describeStatus(boost::program_options::options_description& options) {
  options.add_options()("check", "exit 3 unless events are accepted right now; for monitoring");
}

Exit status(Invocation& call) {
  Loop loop;
  Connection connection(loop, call.address());
  const auto answer = askText(loop, connection.gate().statusRequest());
  if (!answer) return call.console.refuse(answer.refusal());
  call.console.showObject(*answer);
  if (!call.flag("check")) return Exit::done;
  const Json state = parsedAnswer(*answer);
  if (state.contains("sealed") && state["sealed"].is_boolean() && state["sealed"].get<bool>()) {
    call.console.warn(call.console.say(
        "fault: the ledger is sealed after a fault; nothing is accepted until a restart",
        "storing: het logboek is na een storing verzegeld; niets wordt aangenomen tot een "
        "herstart"));
    return Exit::fault;
  }
  return Exit::done;
}

}  // namespace lacuna::tool
