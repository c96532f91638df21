#include "daemon/rpc/translate.h"
#include "ledger/base/limits.h"
#include "tests/support/rpc_client.h"
#include "tests/support/server_world.h"

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>

using namespace lacuna;
using namespace lacuna::test;

namespace {

Event processing(const std::string& purpose = "course-admin") {
  Event event;
  event.kind = Kind::processing;
  event.person = {"crm:100234"};
  event.purpose = purpose;
  event.operation = Operation::collect;
  return event;
}

std::string littleEndian(std::uint32_t v) {
  std::string out;
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(v >> (8 * i)));
  return out;
}

template <typename Outcome>
RefusalCode codeOf(const Outcome& outcome) {
  REQUIRE(outcome.isRefusal());
  return refusalOf(outcome.getRefusal()).code;
}

constexpr auto bits(Role role) { return static_cast<std::uint8_t>(role); }

template <typename Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace

TEST_CASE("a batch is answered in order, one result each, with seq and leaf", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  const auto results = client.submit({processing(), processing("nowhere"), processing()});
  REQUIRE(results);
  REQUIRE(results->size() == 3);
  CHECK((*results)[0]->seq == Seq(0));
  CHECK((*results)[1].refusal() == Refusal{RefusalCode::unknownPurpose,
                                           "The register has no purpose \"nowhere\".",
                                           "newsletter"});
  CHECK((*results)[2]->seq == Seq(1));
  CHECK((*results)[2]->leaf.bytes[31] == 1);
  CHECK(world.service.submitted().front() == processing());
}

TEST_CASE("what breaks an event's shape is refused at the edge, and keeps its place", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  auto recorder = client.recorder();
  const auto send = [&](Atomic atomic) {
    auto request = recorder.submitRequest();
    auto list = request.initEvents(3);
    for (unsigned i = 0; i < 3; ++i) {
      list[i].setKind(schema::Kind::NOTE);
      list[i].initPerson(1).set(0, i == 1 ? "no scheme" : "crm:1");
      list[i].setData("{}");
    }
    request.setAtomic(atomic == Atomic::yes);
    return client.wait(request.send());
  };
  const auto response = send(Atomic::no);
  REQUIRE(response.isOk());
  CHECK(response.getOk()[0].isAppended());
  CHECK(codeOf(response.getOk()[1]) == RefusalCode::invalidValue);
  CHECK(response.getOk()[2].getAppended().getSeq() == 1);

  const auto atomic = send(Atomic::yes);
  REQUIRE(atomic.isOk());
  CHECK(codeOf(atomic.getOk()[0]) == RefusalCode::batchRefused);
  CHECK(codeOf(atomic.getOk()[1]) == RefusalCode::invalidValue);
  CHECK(codeOf(atomic.getOk()[2]) == RefusalCode::batchRefused);
  CHECK(world.service.submitted().size() == 2);
}

TEST_CASE("each capability is refused as a value to who does not hold its role", "[server][P9]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  auto& gate = client.gate();
  for (const Role held : {Role::recorder, Role::auditor, Role::officer, Role::op}) {
    world.service.setAccess(bits(held));
    CHECK(client.wait(gate.recorderRequest().send()).isOk() == (held == Role::recorder));
    CHECK(client.wait(gate.auditorRequest().send()).isOk() == (held == Role::auditor));
    CHECK(client.wait(gate.officerRequest().send()).isOk() == (held == Role::officer));
    CHECK(client.wait(gate.operatorRequest().send()).isOk() == (held == Role::op));
    const auto identity = client.wait(gate.identityRequest().send());
    CHECK(identity.getRecorder() == (held == Role::recorder));
    CHECK(identity.getOperator() == (held == Role::op));
  }
  world.service.setAccess(0);
  CHECK(codeOf(client.wait(gate.recorderRequest().send())) == RefusalCode::wrongRole);
  CHECK(codeOf(client.wait(gate.auditorRequest().send())) == RefusalCode::wrongRole);
  CHECK(codeOf(client.wait(gate.officerRequest().send())) == RefusalCode::wrongRole);
  CHECK(codeOf(client.wait(gate.operatorRequest().send())) == RefusalCode::wrongRole);
}

TEST_CASE("a recorder's capability answers no other interface's methods", "[server][P9]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  auto recorder = client.recorder();
  const auto before = world.service.calls().size();
  // The same object asked as if it were an officer, an auditor, an operator.
  CHECK_THROWS_AS(client.wait(recorder.castAs<wire::Officer>().historyRequest().send()),
                  kj::Exception);
  CHECK_THROWS_AS(client.wait(recorder.castAs<wire::Auditor>().recordsRequest().send()),
                  kj::Exception);
  CHECK_THROWS_AS(client.wait(recorder.castAs<wire::Operator>().grantsRequest().send()),
                  kj::Exception);
  CHECK(world.service.calls().size() == before);
}

TEST_CASE("a revoked grant ends a capability that is already held", "[server][P9]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  world.service.setLines(std::vector<std::string>(3, std::string(kPageBytesMax / 2, 'x')));
  auto recorder = client.recorder();
  auto officer = client.officer();
  auto operator_ = client.operator_();
  auto call = officer.historyRequest();
  call.initRequest().setPerson("crm:1");
  auto page = client.wait(call.send());
  REQUIRE(page.isOk());
  REQUIRE(page.getOk().hasRest());

  world.service.setAccess(bits(Role::auditor));
  auto submit = recorder.submitRequest();
  submit.initEvents(1)[0].setKind(schema::Kind::NOTE);
  CHECK(codeOf(client.wait(submit.send())) == RefusalCode::wrongRole);
  auto again = officer.historyRequest();
  again.initRequest().setPerson("crm:1");
  CHECK(codeOf(client.wait(again.send())) == RefusalCode::wrongRole);
  CHECK(codeOf(client.wait(page.getOk().getRest().nextRequest().send())) == RefusalCode::wrongRole);
  CHECK(codeOf(client.wait(operator_.grantsRequest().send())) == RefusalCode::wrongRole);
  CHECK(world.service.submitted().empty());
}

TEST_CASE("a long answer comes in pages, whole and in order", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i) lines.push_back(std::to_string(i) + std::string(1500, 'y'));
  world.service.setLines(lines);
  ReadRequest request;
  request.person = "crm:1";
  CHECK(client.history(request).value() == lines);
  world.service.setLines({});
  CHECK(client.history(request).value().empty());
  request.person.clear();
  CHECK(client.history(request).refusal().code == RefusalCode::missingField);
  request.person = std::string(kAliasBytesMax + 1, 'a');
  CHECK(client.history(request).refusal().code == RefusalCode::tooLarge);
  request.person = "crm:\xff";
  CHECK(client.history(request).refusal().code == RefusalCode::invalidValue);
}

TEST_CASE("paged answers are bounded in number and in time", "[server]") {
  Patience patience;
  patience.answerLease = std::chrono::milliseconds(150);
  ServerWorld world(patience);
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  world.service.setLines(std::vector<std::string>(3, std::string(kPageBytesMax / 2, 'x')));
  auto officer = client.officer();
  const auto ask = [&]() {
    auto call = officer.historyRequest();
    call.initRequest().setPerson("crm:1");
    return client.wait(call.send());
  };
  std::vector<wire::LineCursor::Client> cursors;
  for (std::size_t i = 0; i < kCursorsPerConnectionMax; ++i) {
    auto response = ask();
    REQUIRE(response.isOk());
    cursors.push_back(response.getOk().getRest());
  }
  CHECK(codeOf(ask()) == RefusalCode::busy);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(codeOf(client.wait(cursors.front().nextRequest().send())) == RefusalCode::incomplete);
  cursors.pop_back();
  CHECK(ask().isOk());

  world.service.setLines(std::vector<std::string>(40, std::string(kPageBytesMax, 'x')));
  CHECK(codeOf(ask()) == RefusalCode::tooLarge);
}

TEST_CASE("a fault reaches the client as a sentence of ours, without where it happened",
          "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  world.service.failWith("the disk does not answer");
  auto auditor = client.auditor();
  try {
    client.wait(auditor.receiptRequest().send());
    FAIL("no exception");
  } catch (const kj::Exception& e) {
    const std::string text = e.getDescription().cStr();
    CHECK(text == "remote exception: the disk does not answer");
  }
  world.service.failWith("");
  CHECK(client.wait(auditor.receiptRequest().send()).isOk());
}

TEST_CASE("busy for a whole batch is one refusal with a time to wait", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  world.service.refuseAll({RefusalCode::busy, "Wait.", {}, std::chrono::milliseconds(250)});
  const auto results = client.submit({processing(), processing()});
  REQUIRE_FALSE(results);
  CHECK(results.refusal().code == RefusalCode::busy);
  CHECK(results.refusal().retryAfter == std::chrono::milliseconds(250));
}

TEST_CASE("many batches in flight are taken in the order sent", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  auto recorder = client.recorder();
  world.service.hold();
  std::vector<kj::Promise<Result<std::vector<EventResult>>>> answers;
  // More than the bound on calls: the rest waits in the socket and is taken as answers leave.
  constexpr unsigned kBatches = 2 * kCallsPerConnectionMax;
  for (unsigned i = 0; i < kBatches; ++i) {
    Event event = processing();
    event.group = std::to_string(i);
    answers.push_back(client.submitLater(recorder, {event}));
  }
  CHECK(eventually([&]() {
    loop.io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).wait(loop.io.waitScope);
    return world.service.waiting() == kCallsPerConnectionMax;
  }));
  loop.io.provider->getTimer().afterDelay(50 * kj::MILLISECONDS).wait(loop.io.waitScope);
  CHECK(world.service.waiting() == kCallsPerConnectionMax);
  world.service.release();
  for (unsigned i = 0; i < kBatches; ++i) {
    const auto results = client.wait(answers[i]);
    REQUIRE(results);
    CHECK(results->front()->seq == Seq(i));
  }
  CHECK(world.service.submitted().back().group == std::to_string(kBatches - 1));
}

TEST_CASE("a batch beyond its bound is refused, and nothing of it is taken", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  auto request = client.recorder().submitRequest();
  request.initEvents(kBatchEventsMax + 1);
  CHECK(codeOf(client.wait(request.send())) == RefusalCode::tooMany);
  CHECK(world.service.submitted().empty());
}

TEST_CASE("a message beyond its bound ends its connection and no other", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient other(loop, world.socket());
  {
    RpcClient client(loop, world.socket());
    auto officer = client.officer();
    auto request = officer.registerApplyRequest();
    request.setToml(std::string(kMessageBytesMax + 1, '#'));
    CHECK_THROWS_AS(client.wait(request.send()), kj::Exception);
  }
  CHECK(other.status());
  SECTION("also when only its header was sent") {
    for (const auto& header :
         {littleEndian(0) + littleEndian(0xffffffff), littleEndian(0xfffffffe) + littleEndian(1),
          littleEndian(63) + std::string(4, '\xff') + std::string(512, '\xff'),
          littleEndian(64) + littleEndian(1)}) {
      RawSocket raw(world.socket());
      CHECK(raw.send(header));
      CHECK(raw.closedByPeer());
    }
    CHECK(other.status());
  }
}

TEST_CASE("garbage on the socket ends its connection and no other", "[server]") {
  ServerWorld world(impatient());
  ClientLoop loop;
  RpcClient other(loop, world.socket());
  std::uint32_t state = 12345;
  for (int round = 0; round < 50; ++round) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
      state = state * 1664525 + 1013904223;
      bytes.push_back(static_cast<char>(state >> 24));
    }
    // Half of the rounds have a valid frame around the noise.
    if (round % 2 == 0) bytes = littleEndian(0) + littleEndian(37) + bytes;
    RawSocket raw(world.socket());
    raw.send(bytes);
    raw.sendEnd();
    CHECK(raw.closedByPeer());
  }
  RawSocket http(world.socket());
  http.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(http.closedByPeer());
  CHECK(other.status());
}

TEST_CASE("half a message is not waited for longer than is patient", "[server]") {
  ServerWorld world(impatient());
  RawSocket raw(world.socket());
  raw.send(littleEndian(0) + littleEndian(100) + std::string(17, '\0'));
  CHECK(raw.closedByPeer());
  // But a client that says nothing at all may wait.
  ClientLoop loop;
  RpcClient idle(loop, world.socket());
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  CHECK(idle.status());
}

TEST_CASE("two hundred idle connections stand beside one that works", "[server]") {
  ServerWorld world;
  std::vector<std::unique_ptr<RawSocket>> idle;
  for (int i = 0; i < 200; ++i) idle.push_back(std::make_unique<RawSocket>(world.socket()));
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  CHECK(client.submit({processing()}));
}

TEST_CASE("one principal cannot take all connections, and they come back", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient first(loop, world.socket());
  std::vector<std::unique_ptr<RawSocket>> sockets;
  for (std::size_t i = 0; i < kConnectionsPerPrincipalMax - 1; ++i) {
    sockets.push_back(std::make_unique<RawSocket>(world.socket()));
  }
  CHECK(first.status());  // all those before were accepted
  RawSocket beyond(world.socket());
  CHECK(beyond.closedByPeer());
  sockets.clear();
  CHECK(eventually([&]() {
    try {
      RpcClient again(loop, world.socket());
      return again.status().ok();
    } catch (const kj::Exception&) {
      return false;
    }
  }));
}

TEST_CASE("what the wire remembers for a client is bounded", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient other(loop, world.socket());
  SECTION("capabilities that it holds") {
    RpcClient client(loop, world.socket());
    std::vector<wire::Recorder::Client> held;
    for (std::size_t i = 0; i < kHandOutsPerConnectionMax; ++i) held.push_back(client.recorder());
    CHECK(codeOf(client.wait(client.gate().recorderRequest().send())) == RefusalCode::busy);
    held.clear();
    client.wait(client.gate().identityRequest().send());  // the releases go first
    CHECK(client.wait(client.gate().recorderRequest().send()).isOk());
  }
  SECTION("questions that it never finishes") {
    capnp::MallocMessageBuilder message;
    auto call = message.initRoot<capnp::rpc::Message>().initBootstrap();
    RawSocket raw(world.socket());
    std::string bytes;
    for (std::size_t i = 0; i <= kQuestionsPerConnectionMax; ++i) {
      call.setQuestionId(static_cast<std::uint32_t>(i));
      const auto flat = capnp::messageToFlatArray(message);
      bytes.append(flat.asChars().begin(), flat.asChars().size());
    }
    // Answers must be taken for the daemon to go on reading.
    std::thread sender([&]() { raw.send(bytes); });
    CHECK(raw.closedByPeer());
    sender.join();
  }
  SECTION("capabilities that it sends") {
    capnp::MallocMessageBuilder message;
    auto call = message.initRoot<capnp::rpc::Message>().initCall();
    call.initTarget().setImportedCap(0);
    call.initParams().initCapTable(100'000);
    const auto flat = capnp::messageToFlatArray(message);
    RawSocket raw(world.socket());
    raw.send({flat.asChars().begin(), flat.asChars().size()});
    CHECK(raw.closedByPeer());
  }
  CHECK(other.status());
}

TEST_CASE("a client that reads no answers is stopped, not buffered", "[server]") {
  ServerWorld world;
  world.service.setRecords(std::vector<Bytes>(300, Bytes(kRecordBytesMax, 1)));
  ClientLoop loop;
  RpcClient other(loop, world.socket());
  {
    auto address = loop.io.provider->getNetwork()
                       .parseAddress(kj::str("unix:", world.socket().c_str()))
                       .wait(loop.io.waitScope);
    auto stream = address->connect().wait(loop.io.waitScope);
    capnp::TwoPartyClient client(*stream);
    auto gate = client.bootstrap().castAs<wire::Gate>();
    auto auditor = gate.auditorRequest().send().wait(loop.io.waitScope).getOk();
    std::vector<capnp::RemotePromise<wire::Outcome<capnp::List<capnp::Data>>>> calls;
    for (int i = 0; i < 200; ++i) {
      auto request = auditor.recordsRequest();
      request.setFirst(0);
      request.setCount(300);
      calls.push_back(request.send());
    }
    // The calls are written, then nobody turns the loop: 240 MB would be answered.
    loop.io.waitScope.poll();
    CHECK(eventually([&]() { return world.service.calls().size() >= 200; }));
    unsigned whole = 0, busy = 0;
    for (auto& call : calls) {
      const auto response = call.wait(loop.io.waitScope);
      if (response.isOk()) {
        ++whole;
        CHECK(response.getOk().size() == 300);
      } else {
        CHECK(codeOf(response) == RefusalCode::busy);
        ++busy;
      }
    }
    // What was answered before the client read anything fits the connection's bound.
    CHECK(whole > 0);
    CHECK(whole <= 2 * kUnsentBytesPerConnectionMax / (300 * kRecordBytesMax));
    CHECK(busy == 200 - whole);
  }
  CHECK(other.status());
}

TEST_CASE("a client that never reads loses its connection, and only it", "[server]") {
  ServerWorld world(impatient());
  world.service.setRecords(std::vector<Bytes>(900, Bytes(kRecordBytesMax, 1)));
  ClientLoop loop;
  auto address = loop.io.provider->getNetwork()
                     .parseAddress(kj::str("unix:", world.socket().c_str()))
                     .wait(loop.io.waitScope);
  auto stream = address->connect().wait(loop.io.waitScope);
  capnp::TwoPartyClient client(*stream);
  auto gate = client.bootstrap().castAs<wire::Gate>();
  auto auditor = gate.auditorRequest().send().wait(loop.io.waitScope).getOk();
  auto request = auditor.recordsRequest();
  request.setCount(900);
  auto answer = request.send();
  loop.io.waitScope.poll();
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  CHECK_THROWS_AS(answer.wait(loop.io.waitScope), kj::Exception);
  RpcClient other(loop, world.socket());
  CHECK(other.status());
}

TEST_CASE("stopping answers what was taken, then closes", "[server]") {
  ServerWorld world(impatient());
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  auto recorder = client.recorder();
  world.service.hold();
  auto answer = client.submitLater(recorder, {processing()});
  CHECK(eventually([&]() {
    loop.io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).wait(loop.io.waitScope);
    return world.service.waiting() == 1;
  }));
  world.askToStop();
  const auto results = client.wait(kj::mv(answer));
  REQUIRE(results);
  CHECK(results->front()->seq == Seq(0));
  world.stop();
  CHECK_FALSE(std::filesystem::exists(world.socket()));
  CHECK_FALSE(std::filesystem::exists(world.httpSocket()));
}

TEST_CASE("grants travel whole, and wrong ones are refused", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  Grant grant;
  grant.uid = 33;
  grant.roles = bits(Role::recorder) | bits(Role::auditor);
  grant.systems = {"website", "crm"};
  grant.label = "web shop";
  CHECK(client.grant(grant).value() == 1);
  const auto seen = world.service.grants().front();
  CHECK(seen.uid == grant.uid);
  CHECK_FALSE(seen.gid);
  CHECK(seen.roles == grant.roles);
  CHECK(seen.systems == grant.systems);
  CHECK(seen.label == grant.label);

  Grant nobody = grant;
  nobody.uid.reset();
  CHECK(client.grant(nobody).refusal().code == RefusalCode::missingField);
  Grant nothing = grant;
  nothing.roles = 0;
  CHECK(client.grant(nothing).refusal().code == RefusalCode::missingField);

  auto revoke = client.operator_().revokeRequest();
  revoke.setPrincipal(1);
  CHECK(client.wait(revoke.send()).isOk());
  auto unknown = client.operator_().revokeRequest();
  unknown.setPrincipal(9);
  CHECK(codeOf(client.wait(unknown.send())) == RefusalCode::notFound);
}

TEST_CASE("an erasure's request is read strictly", "[server]") {
  ServerWorld world;
  ClientLoop loop;
  RpcClient client(loop, world.socket());
  EraseRequest request;
  request.person = "crm:1";
  request.ground = "objection";
  request.classes = {"marketing"};
  CHECK(client.erase(request));
  // An empty class name must not become "the whole person".
  request.classes = {""};
  CHECK(client.erase(request).refusal().code == RefusalCode::invalidValue);
  request.classes = {};
  request.erasureId = "not hex";
  CHECK(client.erase(request).refusal().code == RefusalCode::invalidValue);
  request.erasureId = std::string(32, 'a');
  CHECK(client.erase(request));
  request.ground.clear();
  CHECK(client.erase(request).refusal().code == RefusalCode::missingField);
}

TEST_CASE("every refusal code crosses the wire by its name", "[server]") {
#define X(enumerator, name)                                                     \
  {                                                                             \
    capnp::MallocMessageBuilder message;                                        \
    auto out = message.initRoot<wire::Refusal>();                               \
    put(out, Refusal{RefusalCode::enumerator, "No.", "near", kBusyRetryAfter}); \
    CHECK(std::string(out.getCode().cStr()) == name);                           \
    CHECK(refusalOf(out).code == RefusalCode::enumerator);                      \
  }
  LACUNA_REFUSALS(X)
#undef X
}
