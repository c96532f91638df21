#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/connection.h"

#include <filesystem>

namespace po = boost::program_options;

namespace lacuna::tool {
namespace {

template <typename Request>
Exit askKeys(Invocation& call,
             Request (wire::Operator::Client::*question)(kj::Maybe<capnp::MessageSize>)) {
  Loop loop;
  Connection connection(loop, call.address());
  auto op = connection.op();
  if (!op) return call.console.refuse(op.refusal());
  const auto answer = askText(loop, ((*op).*question)(nullptr));
  return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
}

}  // namespace

Exit keysStatus(Invocation& call) {
  return askKeys(call, &wire::Operator::Client::keysStatusRequest);
}

Exit keysCheck(Invocation& call) {
  return askKeys(call, &wire::Operator::Client::keysCheckRequest);
}

void describeKeysAdd(po::options_description& options) {
  options.add_options()  //
      ("replace", po::value<std::string>()->value_name("N"),
       "close key holder N, which is lost, at the same time")  //
      ("recover", "DIR is that of a holder that was away: it catches up and counts again");
}

Exit keysAddHolder(Invocation& call) {
  const std::string replace = call.text("replace");
  if (!replace.empty() && call.flag("recover")) {
    throw UsageError("--replace and --recover do not go together");
  }
  const auto number = replace.empty()
                          ? std::int16_t{-1}
                          : static_cast<std::int16_t>(numberOf("--replace", replace, 255));
  // The daemon may run elsewhere in the tree of directories.
  const std::string directory = std::filesystem::absolute(call.words.at(0)).string();
  Loop loop;
  Connection connection(loop, call.address());
  auto op = connection.op();
  if (!op) return call.console.refuse(op.refusal());
  auto request = (*op).keysAddHolderRequest();
  request.setDirectory(directory.c_str());
  request.setReplaces(number);
  request.setRecover(call.flag("recover"));
  const auto answer = askText(loop, request);
  if (!answer) return call.console.refuse(answer.refusal());
  const Exit shown = call.console.showObject(*answer);
  call.console.warn("from now on start lacunad with --key-holder and this directory as well");
  return shown;
}

Exit keysCloseHolder(Invocation& call) {
  const auto number = static_cast<std::uint8_t>(numberOf("the key holder", call.words.at(0), 255));
  Loop loop;
  Connection connection(loop, call.address());
  auto op = connection.op();
  if (!op) return call.console.refuse(op.refusal());
  auto request = (*op).keysCloseHolderRequest();
  request.setNumber(number);
  const auto answer = askText(loop, request);
  return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
}

}  // namespace lacuna::tool
