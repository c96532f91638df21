#include "tools/commands.h"
#include "tools/reading.h"

#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 6> kStates{"queued",   "sent",   "acknowledged",
                                                  "executed", "failed", "impossible"};

}  // namespace

void describeTaskList(po::options_description& options) {
  options.add_options()("erasure", po::value<std::string>()->value_name("N"),
                        "only of this erasure");
}

void describeTaskAck(po::options_description& options) {
  options.add_options()  //
      ("state", po::value<std::string>()->value_name("STATE"),
       "acknowledged, executed, failed or impossible; acknowledged unless given")  //
      ("note", po::value<std::string>()->value_name("TEXT"), "kept with the task, in its case");
}

Exit taskList(Invocation& call) {
  const std::string erasure = call.text("erasure");
  const std::uint64_t number = erasure.empty() ? 0 : numberOf("--erasure", erasure, UINT64_MAX);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.tasksRequest();
    request.setNumber(number);
    const auto lines = askLines(loop, kj::mv(request));
    return lines ? call.console.showLines(*lines) : call.console.refuse(lines.refusal());
  });
}

Exit taskTake(Invocation& call) {
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.taskTakeRequest();
    request.setId(ptrOf(call.words.at(0)));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Exit taskAck(Invocation& call) {
  const std::string state =
      call.text("state").empty() ? "acknowledged" : oneOf("--state", call.text("state"), kStates);
  const std::string note = call.text("note");
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.taskSetRequest();
    request.setId(ptrOf(call.words.at(0)));
    request.setState(ptrOf(state));
    request.setNote(ptrOf(note));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

}  // namespace lacuna::tool
