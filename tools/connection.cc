#include "tools/connection.h"

#include <kj/debug.h>

namespace lacuna::tool {
namespace {

kj::Own<kj::AsyncIoStream> connectTo(Loop& loop, const std::string& path) {
  auto& network = loop.io().provider->getNetwork();
  const std::string address = "unix:" + path;
  try {
    return network.parseAddress(kj::StringPtr(address.c_str(), address.size()))
        .then([](kj::Own<kj::NetworkAddress> parsed) {
          return parsed->connect().attach(kj::mv(parsed));
        })
        .wait(loop.wait());
  } catch (const kj::Exception& exception) {
    throw KJ_EXCEPTION(DISCONNECTED, kj::str("no daemon answers at ", address,
                                             "; is lacunad running, and may you use its socket?"));
  }
}

template <typename Role, typename Request>
Result<typename Role::Client> roleOf(Loop& loop, Request&& request) {
  auto answer = request.send().wait(loop.wait());
  if (answer.isRefusal()) return refusalOf(answer.getRefusal());
  KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
  return typename Role::Client(answer.getOk());
}

}  // namespace

Refusal refusalOf(wire::Refusal::Reader refusal) {
  const auto text = [](capnp::Text::Reader t) { return std::string(t.begin(), t.size()); };
  const std::string code = text(refusal.getCode());
  Refusal out{RefusalCode::unsupported, text(refusal.getMessage()), text(refusal.getNearest()),
              std::chrono::milliseconds(refusal.getRetryAfterMs())};
  if (const auto known = refusalCodeOf(code)) {
    out.code = *known;
  } else {
    // A daemon that is newer than this program: its code has no special meaning here.
    out.message = code + ": " + out.message;
  }
  return out;
}

std::string sentenceOf(const kj::Exception& exception) {
  std::string text(exception.getDescription().cStr());
  constexpr std::string_view kRemote = "remote exception: ";
  if (text.starts_with(kRemote)) text.erase(0, kRemote.size());
  if (exception.getType() == kj::Exception::Type::DISCONNECTED && !text.starts_with("no daemon")) {
    return "the connection was lost; whether the last call was done is not known";
  }
  if (exception.getType() == kj::Exception::Type::UNIMPLEMENTED) {
    return "the daemon is older than this program and does not know this call";
  }
  return text;
}

Connection::Connection(Loop& loop, const std::string& path)
    : loop_(loop),
      stream_(connectTo(loop, path)),
      client_(*stream_),
      gate_(client_.bootstrap().castAs<wire::Gate>()) {}

Result<wire::Recorder::Client> Connection::recorder() {
  return roleOf<wire::Recorder>(loop_, gate_.recorderRequest());
}
Result<wire::Auditor::Client> Connection::auditor() {
  return roleOf<wire::Auditor>(loop_, gate_.auditorRequest());
}
Result<wire::Officer::Client> Connection::officer() {
  return roleOf<wire::Officer>(loop_, gate_.officerRequest());
}
Result<wire::Operator::Client> Connection::op() {
  return roleOf<wire::Operator>(loop_, gate_.operatorRequest());
}

Result<std::vector<std::string>> linesOf(Loop& loop, wire::Lines::Reader first) {
  std::vector<std::string> out;
  const auto add = [&](capnp::List<capnp::Text>::Reader lines) {
    for (const auto line : lines) out.emplace_back(line.begin(), line.size());
  };
  add(first.getLines());
  if (!first.hasRest()) return out;
  auto cursor = first.getRest();
  for (bool done = false; !done;) {
    auto answer = cursor.nextRequest().send().wait(loop.wait());
    if (answer.isRefusal()) return refusalOf(answer.getRefusal());
    KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
    const auto page = answer.getOk();
    add(page.getLines());
    done = page.getDone();
  }
  return out;
}

}  // namespace lacuna::tool
