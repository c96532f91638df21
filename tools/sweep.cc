#include "tools/commands.h"
#include "tools/reading.h"

#include <cstdio>
#include <unistd.h>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr auto kPollEvery = 300 * kj::MILLISECONDS;

Result<std::string> ask(Loop& loop, wire::Officer::Client& officer, const std::string& action) {
  auto request = officer.sweepEnvelopesRequest();
  request.setAction(ptrOf(action));
  return askText(loop, kj::mv(request));
}

void showProgress(const Json& status) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::string text = "sweep: " + status.value("state", std::string("idle"));
  if (status.contains("marked")) {
    const Json& marked = status["marked"];
    const std::uint64_t of = marked.value("of", std::uint64_t{0});
    if (of > 0) {
      text += " " + std::to_string(marked.value("records", std::uint64_t{0}) * 100 / of) + " %";
    }
  }
  std::fprintf(stderr, "\r%-40s", text.c_str());
}

bool idle(const Json& status) { return status.value("state", std::string()) == "idle"; }

}  // namespace

void describeRetentionSweep(po::options_description& options) {
  options.add_options()                                                       //
      ("envelopes", "the second tier: envelopes that no living lot reaches")  //
      ("status", "only say how the sweep stands")                             //
      ("cancel", "end it; what is recorded is carried out by the next one")   //
      ("no-wait", "return as soon as it has begun");
}

Exit sweepEnvelopes(Invocation& call) {
  if (call.flag("status") && call.flag("cancel")) {
    throw UsageError("--status and --cancel exclude each other");
  }
  Loop loop;
  Connection connection(loop, call.address());
  auto officer = connection.officer();
  if (!officer) return call.console.refuse(officer.refusal());
  const bool only = call.flag("status") || call.flag("cancel");
  const std::string action = call.flag("cancel")   ? "cancel"
                             : call.flag("status") ? "status"
                                                   : "start";
  Result<std::string> answer = ask(loop, *officer, action);
  if (!answer) return call.console.refuse(answer.refusal());
  if (only) return call.console.showObject(*answer);
  Json status = parsedAnswer(*answer);
  if (call.flag("no-wait")) {
    call.console.showObject(*answer);
    return idle(status) ? Exit::done : Exit::unfinished;
  }
  const std::uint64_t before = status.value("runs", std::uint64_t{0});
  while (status.value("runs", std::uint64_t{0}) == before) {
    showProgress(status);
    loop.io().provider->getTimer().afterDelay(kPollEvery).wait(loop.wait());
    answer = ask(loop, *officer, "status");
    if (!answer) return call.console.refuse(answer.refusal());
    status = parsedAnswer(*answer);
  }
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%-40s\r", "");
  call.console.showObject(*answer);
  if (status.value("outcome", std::string()) == "done") return Exit::done;
  call.console.warn("the sweep ended early: " + status.value("outcome", std::string()));
  return Exit::unfinished;
}

}  // namespace lacuna::tool
