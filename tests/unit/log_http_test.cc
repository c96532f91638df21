// The public log over HTTP: C2SP tlog-tiles, byte for byte.
#include "daemon/http/log_resource.h"
#include "ledger/proof/tiles.h"
#include "tests/support/public_log.h"
#include "tests/support/rpc_client.h"
#include "tests/support/server_world.h"
#include "tests/support/vectors.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <zlib.h>

using namespace lacuna;
using namespace lacuna::test;

namespace {

std::string contentOf(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

HttpAnswer get(ServerWorld& world, const std::string& path, std::string_view headers = "",
               std::string_view method = "GET") {
  RawSocket socket(world.httpSocket());
  socket.send(httpRequest(method, path, "", "", headers));
  if (method != "HEAD") return receiveHttp(socket);
  HttpAnswer out;
  socket.sendEnd();
  out.head = socket.receiveAll();
  out.status = static_cast<unsigned>(std::stoul(out.head.substr(9, 3)));
  return out;
}

bool has(const HttpAnswer& answer, const std::string& header) {
  return answer.head.find("\r\n" + header + "\r\n") != std::string::npos;
}

std::string gunzipped(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string out(4 * 1024 * 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

PublicLog logOf(std::string_view privateKey) {
  auto signing = signingKeyOfText(privateKey);
  REQUIRE(signing);
  return {signing->name, std::move(signing->key)};
}

// 70 000 records would take the test too long: 600 have two full tiles and a partial one, and level 1.
struct SmallLog {
  PublicLog log{"example.org/small", SigningKey(Secret(Bytes(32, 5)))};
  std::vector<Bytes> entries;
  SmallLog() {
    for (unsigned i = 0; i < 600; ++i) {
      const std::string text = "entry " + std::to_string(i) + std::string(i % 90, 'x');
      entries.emplace_back(text.begin(), text.end());
      log.append(entries.back());
    }
    log.publish();
    log.append({1, 2, 3});  // stored, and in no checkpoint
  }
};

}  // namespace

TEST_CASE("the published log of tessera is served byte for byte", "[http][P1][P3]") {
  const auto folder = publishedVectors("tessera-log");
  if (!folder) return;
  PublicLog log = logOf(
      "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg");
  ServerWorld world;
  world.service.serve(log);
  const std::vector<std::string> words = {"one",    "two",   "three",    "four",    "five",
                                          "six",    "seven", "eit",      "nain",    "ten",
                                          "ileven", "twelf", "threeten", "fourten", "fivten"};
  for (unsigned size = 0; size <= words.size(); ++size) {
    CAPTURE(size);
    log.publish();
    CHECK(get(world, "/checkpoint").body ==
          contentOf(*folder / ("checkpoint." + std::to_string(size))));
    for (unsigned width = 1; width <= size; ++width) {
      // Also the widths of earlier checkpoints: they stay published.
      for (const TileId& id : {TileId{0, 0, width}, TileId{std::nullopt, 0, width}}) {
        const auto answer = get(world, "/" + pathOf(id));
        CHECK(answer.status == 200);
        CHECK(answer.body == contentOf(*folder / pathOf(id)));
      }
    }
    CHECK(get(world, "/" + pathOf({0, 0, size + 1})).status == 404);
    CHECK(get(world, "/" + pathOf({std::nullopt, 0, size + 1})).status == 404);
    if (size < words.size()) log.append(Bytes(words[size].begin(), words[size].end()));
  }
}

TEST_CASE("a tile has exactly its width, its type and the caching of what never changes",
          "[http][P3]") {
  SmallLog small;
  ServerWorld world;
  world.service.serve(small.log);
  const std::string octets = "Content-Type: application/octet-stream";
  const std::string forEver = "Cache-Control: public, max-age=31536000, immutable";

  const auto full = get(world, "/tile/0/001");
  CHECK(full.status == 200);
  CHECK(full.body.size() == 8192);
  CHECK(has(full, octets));
  CHECK(has(full, forEver));
  const auto partial = get(world, "/tile/0/002.p/88");
  CHECK(partial.body.size() == 88 * 32);
  CHECK(has(partial, forEver));
  CHECK(get(world, "/tile/0/001.p/255").body == full.body.substr(0, 255 * 32));
  CHECK(get(world, "/tile/1/000.p/2").body.size() == 64);
  const auto bundle = get(world, "/tile/entries/002.p/88");
  CHECK(has(bundle, octets));
  CHECK(decodeBundle(bytesOf(bundle.body), 88).value() ==
        std::vector<Bytes>(small.entries.begin() + 512, small.entries.end()));

  const auto note = get(world, "/checkpoint");
  CHECK(note.body == small.log.checkpoint());
  CHECK(has(note, "Content-Type: text/plain; charset=utf-8"));
  CHECK(has(note, "Cache-Control: no-cache"));
}

TEST_CASE("what is not published, and every other spelling of a path, is not found", "[http][P3]") {
  SmallLog small;
  ServerWorld world;
  world.service.serve(small.log);
  for (const char* path : {"/tile/0/002",
                           "/tile/0/002.p/89",
                           "/tile/0/003.p/1",
                           "/tile/1/000",
                           "/tile/1/000.p/3",
                           "/tile/2/000.p/1",
                           "/tile/8/000.p/1",
                           "/tile/63/000",
                           "/tile/64/000",
                           "/tile/entries/002",
                           "/tile/entries/002.p/89",
                           "/tile/entries/003.p/1",
                           "/tile/00/000",
                           "/tile/0/0",
                           "/tile/0/1",
                           "/tile/0/x000/001",
                           "/tile/0/001/",
                           "/tile/0/001.p/0",
                           "/tile/0/001.p/256",
                           "/tile/0/001.p/01",
                           "/tile/0/001?x=1",
                           "/tile//0/001",
                           "/tile/0/../0/001",
                           "/tile/0/%30%30%31",
                           "/tile/8/0/001",
                           "/tile/data/000",
                           "/checkpoint/",
                           "/document/",
                           "/document/00",
                           "/tile/0/x999/x999/x999/x999/x999/999"}) {
    CAPTURE(path);
    const auto answer = get(world, path);
    CHECK(answer.status == 404);
    CHECK(has(answer, "Cache-Control: no-store"));
  }
}

TEST_CASE("bundles are compressed for those who ask, and for nobody else", "[http]") {
  SmallLog small;
  ServerWorld world;
  world.service.serve(small.log);
  const auto plain = get(world, "/tile/entries/000");
  CHECK_FALSE(has(plain, "Content-Encoding: gzip"));
  CHECK(has(plain, "Vary: Accept-Encoding"));
  const auto asked = get(world, "/tile/entries/000", "Accept-Encoding: deflate, gzip;q=0.5\r\n");
  CHECK(has(asked, "Content-Encoding: gzip"));
  CHECK(has(asked, "Vary: Accept-Encoding"));
  CHECK(asked.body.size() < plain.body.size());
  CHECK(gunzipped(asked.body) == plain.body);
  // Hashes do not shrink; the checkpoint is a line or three.
  CHECK_FALSE(
      has(get(world, "/tile/0/000", "Accept-Encoding: gzip\r\n"), "Content-Encoding: gzip"));
  CHECK_FALSE(
      has(get(world, "/checkpoint", "Accept-Encoding: gzip\r\n"), "Content-Encoding: gzip"));

  CHECK(takesGzip("GZIP"));
  CHECK(takesGzip("*"));
  CHECK(takesGzip("br, x-gzip ; q=1"));
  CHECK_FALSE(takesGzip(""));
  CHECK_FALSE(takesGzip("identity, br"));
  CHECK_FALSE(takesGzip("gzip;q=0"));
  CHECK_FALSE(takesGzip("gzip; q=0.000, *"));
}

TEST_CASE("HEAD tells what GET would; other methods are told which there are", "[http]") {
  SmallLog small;
  ServerWorld world;
  world.service.serve(small.log);
  const auto head = get(world, "/tile/0/000", "", "HEAD");
  CHECK(head.status == 200);
  CHECK(head.head.find("Content-Length: 8192\r\n") != std::string::npos);
  CHECK(head.head.ends_with("\r\n\r\n"));
  CHECK(get(world, "/tile/0/009", "", "HEAD").status == 404);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const auto answer = get(world, "/tile/0/000", "", method);
    CHECK(answer.status == 405);
    CHECK(has(answer, "Allow: GET, HEAD"));
  }
  CHECK(get(world, "/checkpoint", "", "POST").status == 405);
}

TEST_CASE("the log over HTTP is for those who hold the auditor's role", "[http][P9]") {
  SmallLog small;
  ServerWorld world;
  world.service.serve(small.log);
  world.service.setAccess(static_cast<std::uint8_t>(Role::recorder));
  CHECK(get(world, "/checkpoint").status == 403);
  CHECK(get(world, "/tile/0/000").status == 403);
  world.service.setAccess(static_cast<std::uint8_t>(Role::auditor));
  CHECK(get(world, "/checkpoint").status == 200);
}
