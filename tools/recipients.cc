#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {
namespace {

constexpr std::array<std::string_view, 10> kColumns{"recipient",
                                                    "first",
                                                    "last",
                                                    "count",
                                                    "categories",
                                                    "purposes",
                                                    "country",
                                                    "safeguard",
                                                    "safeguardStoodOnEachDate",
                                                    "safeguardStandsAtEnd"};

}  // namespace

Exit recipients(Invocation& call) {
  const Reading reading = readingOf(call);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.recipientsRequest();
    fill(reading, request.initRequest());
    const auto lines = askLines(loop, kj::mv(request));
    return lines ? call.console.showLines(*lines, kColumns) : call.console.refuse(lines.refusal());
  });
}

}  // namespace lacuna::tool
