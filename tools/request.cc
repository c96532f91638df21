#include "tools/commands.h"
#include "tools/reading.h"

#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 9> kRights{"access",      "rectification", "erasure",
                                                  "restriction", "portability",   "objection",
                                                  "withdrawal",  "not-automated", "complaint"};
constexpr std::array<std::string_view, 2> kExtensions{"complexity", "high-volume"};
// A csv has these in any case.
constexpr std::array<std::string_view, 13> kColumns{
    "request",  "right", "state",    "identity", "received", "dueHouse", "dueStatute",
    "extended", "due",   "daysLeft", "by",       "overdue",  "closed"};

std::uint64_t requestOf(const Invocation& call) {
  return numberOf("N, the number of the request,", call.words.at(0), UINT64_MAX);
}

po::typed_value<std::string>* text(const char* name) {
  return po::value<std::string>()->value_name(name);
}

constexpr const char* kToldHelp =
    "when the person was told: RFC 3339, or a date in the controller's zone; now unless given";

Exit step(Invocation& call, const std::string& state, const std::string& code) {
  const std::uint64_t number = requestOf(call);
  const std::string told = timeOf("told", call.text("told"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.requestStepRequest();
    request.setNumber(number);
    request.setState(ptrOf(state));
    request.setCode(ptrOf(code));
    request.setTold(ptrOf(told));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Result<std::vector<std::string>> listOf(Loop& loop, wire::Officer::Client& officer,
                                        const std::string& which, const std::string& within) {
  auto request = officer.requestsRequest();
  request.setWhich(ptrOf(which));
  request.setWithin(ptrOf(within));
  return askLines(loop, kj::mv(request));
}

Exit overdueIn(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (parsedAnswer(line).value("overdue", false)) return Exit::overdue;
  }
  return Exit::done;
}

}  // namespace

void describeRequestOpen(po::options_description& options) {
  options.add_options()  //
      ("right", text("R"),
       "access, rectification, erasure, restriction, portability, objection, withdrawal, "
       "not-automated or complaint")  //
      ("received", text("T"),
       "when it reached the controller: RFC 3339, or a date; now unless given")  //
      ("channel", text("TEXT"), "how it came in: email, letter, phone; no names");
}

void describeRequestStep(po::options_description& options) {
  options.add_options()("told", text("T"), kToldHelp);
}

void describeRequestIdentity(po::options_description& options) {
  options.add_options()                               //
      ("asked", "the person was asked who they are")  //
      ("verified", "it is the person")                //
      ("failed", "it could not be shown")             //
      ("told", text("T"), kToldHelp);
}

void describeRequestExtend(po::options_description& options) {
  options.add_options()                                         //
      ("code", text("CODE"), "why: complexity or high-volume")  //
      ("told", text("T"), kToldHelp);
}

void describeRequestRefuse(po::options_description& options) {
  options.add_options()  //
      ("code", text("CODE"),
       "why: manifestly-unfounded, manifestly-excessive, identity-failure; of an erasure also "
       "Art. 17(3), as in `hold place`; of an objection compelling-grounds")  //
      ("told", text("T"), kToldHelp);
}

void describeRequestClose(po::options_description& options) {
  options.add_options()                                                //
      ("withdrawn", "the person took it back before it was answered")  //
      ("told", text("T"), "when: RFC 3339, or a date; now unless given");
}

void describeRequestList(po::options_description& options) {
  options.add_options()                                                                     //
      ("overdue", "only what is overdue; exit 5 when something is")                         //
      ("within", text("PERIOD"), "only what is due within this time from today: P7D, P1M")  //
      ("all", "closed ones too");
}

void describeDue(po::options_description& options) {
  options.add_options()("within", text("PERIOD"),
                        "what is due within this time from today: P7D unless given");
}

Exit requestOpen(Invocation& call) {
  if (call.text("right").empty()) {
    throw UsageError("--right R is missing; see: lacuna request open --help");
  }
  const std::string right = oneOf("--right", call.text("right"), kRights);
  const std::string received = timeOf("received", call.text("received"));
  const std::string channel = call.text("channel");
  const std::string person = personOf(call.words.at(0), call.console.in());
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.requestOpenRequest();
    request.setPerson(ptrOf(person));
    request.setRight(ptrOf(right));
    request.setReceived(ptrOf(received));
    request.setChannel(ptrOf(channel));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Exit requestIdentity(Invocation& call) {
  std::string state;
  for (const char* which : {"asked", "verified", "failed"}) {
    if (!call.flag(which)) continue;
    if (!state.empty()) throw UsageError("one of --asked, --verified and --failed");
    state = std::string("identity-") + which;
  }
  if (state.empty()) throw UsageError("one of --asked, --verified and --failed");
  return step(call, state, "");
}

Exit requestExtend(Invocation& call) {
  return step(call, "extended", oneOf("--code", call.text("code"), kExtensions));
}

Exit requestAnswer(Invocation& call) { return step(call, "answered", ""); }

Exit requestRefuse(Invocation& call) {
  const std::string code = call.text("code");
  if (code.empty()) throw UsageError("--code CODE is missing; see: lacuna request refuse --help");
  return step(call, "refused", code);
}

Exit requestClose(Invocation& call) {
  return step(call, call.flag("withdrawn") ? "withdrawn" : "closed", "");
}

Exit requestShow(Invocation& call) {
  const std::uint64_t number = requestOf(call);
  const std::string reason = call.text("reason").empty() ? "request:" + std::to_string(number)
                                                         : reasonOf(call.text("reason"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.requestShowRequest();
    request.setNumber(number);
    request.setReason(ptrOf(reason));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Exit requestList(Invocation& call) {
  const bool overdue = call.flag("overdue");
  if (overdue && call.flag("all")) throw UsageError("--overdue and --all do not go together");
  const std::string which = overdue ? "overdue" : call.flag("all") ? "all" : "open";
  const std::string within = call.text("within");
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    const auto lines = listOf(loop, officer, which, within);
    if (!lines) return call.console.refuse(lines.refusal());
    const Exit shown = call.console.showLines(*lines, kColumns);
    return shown != Exit::done || !overdue ? shown : overdueIn(*lines);
  });
}

Exit due(Invocation& call) {
  const std::string within = call.text("within").empty() ? "P7D" : call.text("within");
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    const auto lines = listOf(loop, officer, "open", within);
    if (!lines) return call.console.refuse(lines.refusal());
    const Exit shown = call.console.showLines(*lines, kColumns);
    return shown != Exit::done ? shown : overdueIn(*lines);
  });
}

}  // namespace lacuna::tool
