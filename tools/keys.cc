#include "tools/commands.h"
#include "tools/connection.h"

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

}  // namespace lacuna::tool
