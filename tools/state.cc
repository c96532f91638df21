#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {

Exit state(Invocation& call) {
  const Reading reading = readingOf(call);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.stateRequest();
    fill(reading, request.initRequest());
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

}  // namespace lacuna::tool
