#include "daemon/http/body.h"
#include "daemon/http/event_service.h"
#include "ledger/base/limits.h"
#include "tests/support/rpc_client.h"
#include "tests/support/server_world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace lacuna;
using namespace lacuna::test;
using nlohmann::json;

namespace {

const std::string kGood =
    R"({"kind":"processing","person":"crm:1","purpose":"course-admin","operation":"use"})";
const std::string kBad =
    R"({"kind":"processing","person":"crm:1","purpose":"nowhere","operation":"use"})";

HttpAnswer post(ServerWorld& world, std::string_view body,
                std::string_view type = "application/x-ndjson", std::string_view headers = "") {
  RawSocket socket(world.httpSocket());
  socket.send(httpRequest("POST", "/v1/events", body, type, headers));
  return receiveHttp(socket);
}

json problem(const HttpAnswer& answer) {
  CHECK(answer.head.find("Content-Type: application/problem+json") != std::string::npos);
  auto out = json::parse(answer.body);
  CHECK(out["status"] == answer.status);
  CHECK_FALSE(out["type"].get<std::string>().empty());
  CHECK_FALSE(out["detail"].get<std::string>().empty());
  return out;
}

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("POST /v1/events answers one line per event, in order", "[http]") {
  ServerWorld world;
  const auto answer = post(world, kGood + "\n" + kGood + "\n\n" + kBad + "\r\n{\"kind\":\n");
  CHECK(answer.status == 200);
  const auto lines = linesOf(answer.body);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == R"({"seq":0,"leaf":")" + std::string(64, '0') + "\"}");
  CHECK(json::parse(lines[1])["seq"] == 1);
  CHECK(lines[2] == R"({"line":4,"refused":"unknown-purpose",)"
                    R"("message":"The register has no purpose \"nowhere\".",)"
                    R"("nearest":"newsletter"})");
  CHECK(json::parse(lines[3])["line"] == 5);
  CHECK(json::parse(lines[3])["refused"] == "invalid-json");
  CHECK(world.service.submitted().size() == 2);
}

TEST_CASE("the answer leaves only after the service's acknowledgement", "[http][P2]") {
  ServerWorld world;
  world.service.hold();
  RawSocket socket(world.httpSocket());
  socket.send(httpRequest("POST", "/v1/events", kGood));
  while (world.service.waiting() == 0) std::this_thread::yield();
  std::atomic<bool> released{false};
  std::thread later([&]() {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    released = true;
    world.service.release();
  });
  const auto answer = receiveHttp(socket);
  CHECK(released);
  CHECK(answer.status == 200);
  later.join();
}

TEST_CASE("CloudEvents come one by one, in batches and in binary mode", "[http]") {
  ServerWorld world;
  const std::string event =
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"nl.example.use","data":)" + kGood +
      "}";
  const auto single = post(world, event, "application/cloudevents+json; charset=utf-8");
  CHECK(single.status == 200);
  CHECK(json::parse(single.body)["seq"] == 0);
  const auto batch =
      post(world, "[" + event + " ,\n" + event + "]", "application/cloudevents-batch+json");
  CHECK(batch.status == 200);
  CHECK(linesOf(batch.body).size() == 2);
  const auto empty = post(world, "[]", "application/cloudevents-batch+json");
  CHECK(empty.status == 200);
  CHECK(empty.body.empty());

  const std::string_view binary =
      "ce-specversion: 1.0\r\nce-id: e%2D9\r\nce-source: /crm\r\nce-type: nl.example.use\r\n"
      "ce-time: 2020-04-01T09:12:33Z\r\n";
  CHECK(post(world, kGood, "application/json", binary).status == 200);
  const auto seen = world.service.submitted();
  CHECK(seen.front().id == "e-1");
  CHECK(seen.back().id == "e-9");
  REQUIRE(seen.back().at);
  CHECK(millisOf(*seen.back().at) == 1585732353000);

  // What tries to reach outside the data is no object.
  CHECK(post(world, kGood + R"(,"id":"other")", "application/json", binary).status == 422);
  CHECK(post(world, kGood, "application/json", "ce-specversion: 1.0\r\nce-id: %zz\r\n").status ==
        422);
}

TEST_CASE("a single CloudEvent's refusal is the status", "[http]") {
  ServerWorld world;
  const std::string event =
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"x","data":)" + kBad + "}";
  const auto answer = post(world, event, "application/cloudevents+json");
  CHECK(answer.status == 422);
  CHECK(problem(answer)["refused"] == "unknown-purpose");
  CHECK(problem(answer)["nearest"] == "newsletter");
}

TEST_CASE("application/json may be an object, a list or lines", "[http]") {
  ServerWorld world;
  const std::string type = "application/json";
  CHECK(linesOf(post(world, "\n{\n\"kind\":\"note\",\n\"data\":{\"a\":\"}\"}}\n", type).body)
            .size() == 1);
  CHECK(linesOf(post(world, "[" + kGood + "," + kGood + "]", type).body).size() == 2);
  CHECK(linesOf(post(world, kGood + "\n" + kGood + "\n", type).body).size() == 2);
}

TEST_CASE("whole-request refusals are problems with the right status", "[http]") {
  ServerWorld world;
  world.service.refuseAll({RefusalCode::busy, "Wait.", {}, std::chrono::milliseconds(1200)});
  const auto busy = post(world, kGood + "\n" + kGood);
  CHECK(busy.status == 429);
  CHECK(busy.head.find("Retry-After: 2\r\n") != std::string::npos);
  CHECK(problem(busy)["refused"] == "busy");
  world.service.setAccess(static_cast<std::uint8_t>(Role::officer));
  const auto wrong = post(world, kGood);
  CHECK(wrong.status == 403);
  CHECK(problem(wrong)["refused"] == "wrong-role");
  CHECK(world.service.submitted().empty());

  const auto status = [](RefusalCode code) { return problemOf({code, "No."}).status; };
  CHECK(status(RefusalCode::wrongSystem) == 403);
  CHECK(status(RefusalCode::erased) == 410);
  CHECK(status(RefusalCode::idReused) == 409);
  CHECK(status(RefusalCode::tooLarge) == 413);
  CHECK(status(RefusalCode::sealed) == 422);
}

TEST_CASE("what is not an event body is refused whole", "[http]") {
  ServerWorld world;
  CHECK(post(world, " \n ").status == 422);
  CHECK(post(world, "[" + kGood, "application/json").status == 422);
  CHECK(post(world, "[" + kGood + "] x", "application/json").status == 422);
  CHECK(post(world, kGood, "application/cloudevents-batch+json").status == 422);
  CHECK(problem(post(world, kGood, "text/xml"))["status"] == 415);
  CHECK(post(world, kGood, "application/json; charset=latin1").status == 415);
  CHECK(post(world, kGood, "application/json", "Content-Encoding: gzip\r\n").status == 415);
  std::string many;
  for (std::size_t i = 0; i <= kBatchEventsMax; ++i) many += "{}\n";
  CHECK(problem(post(world, many))["refused"] == "too-many");
  CHECK(world.service.submitted().empty());
}

TEST_CASE("paths and methods are strict", "[http]") {
  ServerWorld world;
  const auto ask = [&](std::string_view method, std::string_view path) {
    RawSocket socket(world.httpSocket());
    socket.send(httpRequest(method, path, "", ""));
    return receiveHttp(socket);
  };
  CHECK(problem(ask("GET", "/"))["status"] == 404);
  CHECK(ask("GET", "/v1/events/").status == 404);
  CHECK(ask("POST", "/v1/../v1/events").status == 404);
  const auto get = ask("GET", "/v1/events");
  CHECK(get.status == 405);
  CHECK(get.head.find("Allow: POST\r\n") != std::string::npos);
  const auto put = ask("PUT", "/v1/status");
  CHECK(put.status == 405);
  CHECK(put.head.find("Allow: GET, HEAD\r\n") != std::string::npos);
  CHECK(ask("BREW", "/v1/events").status == 501);
  world.service.setText(R"({"size":7})");
  const auto status = ask("GET", "/v1/status");
  CHECK(status.status == 200);
  CHECK(json::parse(status.body)["size"] == 7);
}

TEST_CASE("requests on one connection are answered in turn", "[http]") {
  ServerWorld world;
  RawSocket socket(world.httpSocket());
  std::string all;
  for (int i = 0; i < 20; ++i) all += httpRequest("POST", "/v1/events", kGood + "\n" + kBad);
  all += httpRequest("GET", "/nowhere", "");
  socket.send(all);
  for (int i = 0; i < 20; ++i) {
    const auto answer = receiveHttp(socket);
    CHECK(answer.status == 200);
    CHECK(json::parse(linesOf(answer.body)[0])["seq"] == i);
  }
  CHECK(receiveHttp(socket).status == 404);
}

TEST_CASE("a body beyond its bound is refused, announced or not", "[http]") {
  ServerWorld world;
  {
    RawSocket socket(world.httpSocket());
    socket.send("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                std::to_string(kMessageBytesMax + 1) + "\r\n\r\n");
    const auto answer = receiveHttp(socket);
    CHECK(answer.status == 413);
    CHECK(problem(answer)["refused"] == "too-large");
  }
  {
    RawSocket socket(world.httpSocket());
    socket.send(
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    for (int i = 0; i < 66; ++i) socket.send(chunk);
    CHECK(receiveHttp(socket).status == 413);
  }
  const std::string large = kGood + std::string(kMessageBytesMax - kGood.size(), ' ');
  CHECK(post(world, large).status == 200);
}

TEST_CASE("a chunked body is taken, a broken one refused", "[http]") {
  ServerWorld world(impatient());
  const std::string head =
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  {
    RawSocket socket(world.httpSocket());
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", kGood.size());
    socket.send(head + size + kGood + "\r\n0\r\n\r\n");
    CHECK(receiveHttp(socket).status == 200);
  }
  // The last one announces more than there will ever be: it is waited for, but not long.
  for (const std::string& broken :
       {std::string("zz\r\n"), std::string("-1\r\n"), std::string("ffffffffffffffff1\r\n")}) {
    RawSocket socket(world.httpSocket());
    socket.send(head + broken);
    const auto status = receiveHttp(socket).status;
    CHECK((status == 400 || status == 408));
  }
  CHECK(world.service.submitted().size() == 1);
}

TEST_CASE("what is no HTTP is answered with a problem and closed", "[http]") {
  ServerWorld world(impatient());
  for (const std::string& bytes :
       {std::string("\x16\x03\x01\x02\r\n\r\n"), std::string("GET\r\n\r\n"),
        "GET / HTTP/1.1\r\nBad Header\r\n\r\n" + std::string()}) {
    RawSocket socket(world.httpSocket());
    socket.send(bytes);
    const auto answer = receiveHttp(socket);
    CHECK(answer.status >= 400);
    CHECK(answer.status < 600);
    CHECK(socket.closedByPeer());
  }
  RawSocket endless(world.httpSocket());
  std::string header = "GET / HTTP/1.1\r\nX: ";
  for (int i = 0; i < 64 && endless.send(header); ++i) header.assign(16 * 1024, 'x');
  CHECK(endless.closedByPeer());
}

TEST_CASE("slow clients are not waited for", "[http]") {
  ServerWorld world(impatient());
  {
    RawSocket header(world.httpSocket());
    header.send("POST /v1/events HTTP/1.1\r\nHost: loc");
    CHECK(header.closedByPeer());
  }
  {
    RawSocket body(world.httpSocket());
    body.send("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
    CHECK(receiveHttp(body).status == 408);
    CHECK(body.closedByPeer());
  }
  CHECK(world.service.submitted().empty());
}

TEST_CASE("a body cut short records nothing", "[http]") {
  ServerWorld world(impatient());
  {
    RawSocket cut(world.httpSocket());
    cut.send("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n" + kGood +
             "\n" + kGood + "\n");
    cut.sendEnd();
    CHECK(cut.closedByPeer());
  }
  CHECK(post(world, kGood).status == 200);
  CHECK(world.service.submitted().size() == 1);
}

TEST_CASE("a client that expects 100-continue is invited", "[http]") {
  ServerWorld world;
  RawSocket socket(world.httpSocket());
  socket.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: " +
      std::to_string(kGood.size()) + "\r\n\r\n");
  CHECK(socket.receiveUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send(kGood);
  CHECK(receiveHttp(socket).status == 200);
}

TEST_CASE("on loopback the peer's user is found, and web pages are turned away", "[http][P9]") {
  ServerWorld world;
  const auto send = [&](const std::string& request) {
    RawSocket socket(world.port());
    socket.send(request);
    return receiveHttp(socket);
  };
  CHECK(send(httpRequest("POST", "/v1/events", kGood)).status == 200);
  CHECK(send(httpRequest("POST", "/v1/events", kGood, "application/json",
                         "Origin: https://page.example\r\n"))
            .status == 403);
  CHECK(
      send("POST /v1/events HTTP/1.1\r\nHost: page.example\r\nContent-Length: 0\r\n\r\n").status ==
      403);
  CHECK(world.service.submitted().size() == 1);

  for (const auto* host : {"localhost", "localhost:80", "127.0.0.1", "127.1.2.3:8080", "[::1]:1"}) {
    CHECK(isLoopbackHost(host));
  }
  for (const auto* host : {"", "localhost.example", "127.0.0.1.example", "[::2]", "10.0.0.1",
                           "localhost:", "localhost:x", "localhost:99999"}) {
    CHECK_FALSE(isLoopbackHost(host));
  }
}

TEST_CASE("a fault is a 500 that says no more than its sentence", "[http]") {
  ServerWorld world;
  world.service.failWith("the disk does not answer");
  RawSocket socket(world.httpSocket());
  socket.send(httpRequest("GET", "/v1/status", ""));
  const auto answer = receiveHttp(socket);
  CHECK(answer.status == 500);
  CHECK(problem(answer)["detail"] == "the disk does not answer");
}

TEST_CASE("one HTTP client's megabytes are refused before they are another's loss", "[http]") {
  ServerWorld world;
  world.service.hold();
  // Bodies are given back once decoded; so only what is being received counts.
  std::vector<std::unique_ptr<RawSocket>> sockets;
  const std::string part(kMessageBytesMax - 1000, ' ');
  for (std::size_t i = 0; i < kHeldBytesPerPrincipalMax / kMessageBytesMax; ++i) {
    sockets.push_back(std::make_unique<RawSocket>(world.httpSocket()));
    sockets.back()->send("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                         std::to_string(kMessageBytesMax) + "\r\n\r\n" + part);
  }
  const auto answer = post(world, std::string(kMessageBytesMax / 2, ' '));
  CHECK((answer.status == 429 || answer.status == 422));
  CHECK(answer.status == 429);
}

TEST_CASE("bodies are cut into events by brackets and strings", "[http]") {
  const auto texts = [](BodyForm form, std::string_view body) {
    std::vector<std::string> out;
    const auto pieces = split(form, body);
    if (!pieces) return std::vector<std::string>{"refused"};
    for (const auto& piece : pieces->events) out.emplace_back(piece.text);
    return out;
  };
  using List = std::vector<std::string>;
  CHECK(texts(BodyForm::json, R"([{"a":"],[\""}, 2 ,"x,y",[1,[2]]])") ==
        List{R"({"a":"],[\""})", "2", R"("x,y")", "[1,[2]]"});
  CHECK(texts(BodyForm::json, "[,]") == List{"", ""});
  CHECK(texts(BodyForm::json, "[1 2]") == List{"refused"});
  CHECK(texts(BodyForm::json, "[\"") == List{"refused"});
  CHECK(texts(BodyForm::json, "[\"\\") == List{"refused"});
  CHECK(texts(BodyForm::json, "[}") == List{"refused"});
  CHECK(texts(BodyForm::cloudEvent, "{} {}") == List{"refused"});
  CHECK(texts(BodyForm::jsonLines, "a\n\n \nb") == List{"a", "b"});
}
