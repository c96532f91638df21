#include "tests/support/rpc_client.h"

#include "daemon/rpc/translate.h"
#include "ledger/record/event_wire.h"

#include <arpa/inet.h>
#include <cstring>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace lacuna::test {
namespace {

using TextOutcome = wire::Outcome<capnp::Text>;
using BatchOutcome = wire::Outcome<capnp::List<wire::EventResult>>;

std::string string(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

template <typename Outcome>
void expectOk(const Outcome& outcome) {
  if (!outcome.isOk()) {
    throw std::runtime_error("refused: " + refusalOf(outcome.getRefusal()).message);
  }
}

Result<std::string> textOf(TextOutcome::Reader outcome) {
  if (outcome.isRefusal()) return refusalOf(outcome.getRefusal());
  return string(outcome.getOk());
}

Result<std::vector<EventResult>> resultsOf(BatchOutcome::Reader outcome) {
  if (outcome.isRefusal()) return refusalOf(outcome.getRefusal());
  std::vector<EventResult> out;
  for (const auto result : outcome.getOk()) {
    if (result.isRefusal()) {
      out.emplace_back(refusalOf(result.getRefusal()));
      continue;
    }
    const auto appended = result.getAppended();
    const auto leaf = appended.getLeaf();
    out.emplace_back(Appended{Seq(appended.getSeq()),
                              LeafHash::from({leaf.begin(), leaf.size()}).value(),
                              appended.getRepeated()});
  }
  return out;
}

void fill(wire::ReadRequest::Builder out, const ReadRequest& request) {
  out.setPerson(request.person);
  out.setReason(request.reason);
  out.setAsOf(request.asOf);
  out.setKnownAt(request.knownAt);
  out.setClass(request.klass);
  out.setPurpose(request.purpose);
  out.setRecipient(request.recipient);
  out.setFrom(request.from);
  out.setTo(request.to);
}

kj::Own<kj::AsyncIoStream> connectTo(ClientLoop& loop, const std::filesystem::path& socket) {
  return loop.io.provider->getNetwork()
      .parseAddress(kj::str("unix:", socket.c_str()))
      .wait(loop.io.waitScope)
      ->connect()
      .wait(loop.io.waitScope);
}

}  // namespace

Refusal refusalOf(wire::Refusal::Reader wire) {
  const auto code = refusalCodeOf(string(wire.getCode()));
  if (!code) throw std::runtime_error("a refusal code that is not in the list");
  return {*code, string(wire.getMessage()), string(wire.getNearest()),
          std::chrono::milliseconds(wire.getRetryAfterMs())};
}

RpcClient::RpcClient(ClientLoop& loop, const std::filesystem::path& socket)
    : loop_(loop),
      stream_(connectTo(loop, socket)),
      client_(*stream_),
      gate_(client_.bootstrap().castAs<wire::Gate>()) {}

wire::Recorder::Client RpcClient::recorder() {
  auto response = wait(gate_.recorderRequest().send());
  expectOk(response);
  return response.getOk();
}
wire::Auditor::Client RpcClient::auditor() {
  auto response = wait(gate_.auditorRequest().send());
  expectOk(response);
  return response.getOk();
}
wire::Officer::Client RpcClient::officer() {
  auto response = wait(gate_.officerRequest().send());
  expectOk(response);
  return response.getOk();
}
wire::Operator::Client RpcClient::operator_() {
  auto response = wait(gate_.operatorRequest().send());
  expectOk(response);
  return response.getOk();
}

Result<std::string> RpcClient::status() { return textOf(wait(gate_.statusRequest().send())); }

kj::Promise<Result<std::vector<EventResult>>> RpcClient::submitLater(
    wire::Recorder::Client& recorder, const std::vector<Event>& events, Atomic atomic) {
  auto request = recorder.submitRequest();
  auto list = request.initEvents(static_cast<unsigned>(events.size()));
  for (unsigned i = 0; i < list.size(); ++i) toWire(events[i], list[i]);
  request.setAtomic(atomic == Atomic::yes);
  return request.send().then(
      [](capnp::Response<BatchOutcome>&& response) { return resultsOf(response); });
}

Result<std::vector<EventResult>> RpcClient::submit(const std::vector<Event>& events,
                                                   Atomic atomic) {
  auto capability = recorder();
  return wait(submitLater(capability, events, atomic));
}

Result<std::vector<std::string>> RpcClient::history(const ReadRequest& request) {
  auto call = officer().historyRequest();
  fill(call.initRequest(), request);
  auto response = wait(call.send());
  if (response.isRefusal()) return refusalOf(response.getRefusal());
  std::vector<std::string> lines;
  const auto first = response.getOk();
  for (const auto line : first.getLines()) lines.push_back(string(line));
  bool done = lines.size() == first.getTotal();
  while (!done) {
    auto more = wait(first.getRest().nextRequest().send());
    if (more.isRefusal()) return refusalOf(more.getRefusal());
    for (const auto line : more.getOk().getLines()) lines.push_back(string(line));
    done = more.getOk().getDone();
  }
  return lines;
}

Result<std::string> RpcClient::state(const ReadRequest& request) {
  auto call = officer().stateRequest();
  fill(call.initRequest(), request);
  return textOf(wait(call.send()));
}

Result<std::string> RpcClient::erase(const EraseRequest& request) {
  auto call = officer().eraseRequest();
  auto out = call.initRequest();
  out.setPerson(request.person);
  out.setGround(request.ground);
  auto classes = out.initClasses(static_cast<unsigned>(request.classes.size()));
  for (unsigned i = 0; i < classes.size(); ++i) classes.set(i, request.classes[i]);
  out.setDryRun(request.dryRun);
  out.setErasureId(request.erasureId);
  return textOf(wait(call.send()));
}

Result<std::string> RpcClient::registerApply(const std::string& toml) {
  auto call = officer().registerApplyRequest();
  call.setToml(toml);
  return textOf(wait(call.send()));
}

Result<std::uint32_t> RpcClient::grant(const Grant& grant) {
  auto call = operator_().grantRequest();
  put(call.initGrant(), grant);
  auto response = wait(call.send());
  if (response.isRefusal()) return refusalOf(response.getRefusal());
  return response.getOk().getPrincipal();
}

Result<std::string> RpcClient::checkpoint() {
  return textOf(wait(auditor().checkpointRequest().send()));
}

Result<std::string> RpcClient::receipt(Seq seq) {
  auto call = auditor().receiptRequest();
  call.setSeq(seq.raw());
  return textOf(wait(call.send()));
}

RawSocket::RawSocket(const std::filesystem::path& path)
    : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("no connection");
  }
  setPatience();
}

RawSocket::RawSocket(std::uint16_t loopbackPort)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(loopbackPort);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("no connection");
  }
  setPatience();
}

RawSocket::~RawSocket() { close(fd_); }

void RawSocket::setPatience() {
  const timeval patience{10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawSocket::sendEnd() { shutdown(fd_, SHUT_WR); }

std::string RawSocket::receive(std::size_t atLeast) {
  std::string out;
  char buffer[64 * 1024];
  while (out.size() < atLeast) {
    const ssize_t got = recv(fd_, buffer, std::min(sizeof buffer, atLeast - out.size()), 0);
    if (got <= 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}

std::string RawSocket::receiveUntil(std::string_view mark) {
  std::string out;
  while (!out.ends_with(mark)) {
    const std::string byte = receive(1);
    if (byte.empty()) break;
    out += byte;
  }
  return out;
}

std::string RawSocket::receiveAll() { return receive(static_cast<std::size_t>(-1)); }

bool RawSocket::closedByPeer() {
  char buffer[4096];
  while (true) {
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

HttpAnswer receiveHttp(RawSocket& socket) {
  HttpAnswer out;
  out.head = socket.receiveUntil("\r\n\r\n");
  if (out.head.size() > 12) out.status = static_cast<unsigned>(std::stoul(out.head.substr(9, 3)));
  const auto at = out.head.find("Content-Length: ");
  if (at != std::string::npos) out.body = socket.receive(std::stoul(out.head.substr(at + 16)));
  return out;
}

std::string httpRequest(std::string_view method, std::string_view path, std::string_view body,
                        std::string_view contentType, std::string_view moreHeaders) {
  std::string out;
  out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!contentType.empty()) out.append("Content-Type: ").append(contentType).append("\r\n");
  if (!body.empty()) out.append("Content-Length: " + std::to_string(body.size()) + "\r\n");
  out.append(moreHeaders).append("\r\n").append(body);
  return out;
}

}  // namespace lacuna::test
