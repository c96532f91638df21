#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {

Exit recipients(Invocation& call) {
  const Reading reading = readingOf(call);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.recipientsRequest();
    fill(reading, request.initRequest());
    const auto lines = askLines(loop, kj::mv(request));
    return lines ? call.console.showLines(*lines) : call.console.refuse(lines.refusal());
  });
}

}  // namespace lacuna::tool
