// A witness among hostile clients, killed where it hurts: it never cosigns two histories of one log.
#include "ledger/proof/witness.h"

#include "ledger/base/fault.h"
#include "ledger/crypto/digest.h"
#include "ledger/net/http_client.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/cosignature.h"
#include "tests/support/background.h"
#include "tests/support/cli_world.h"
#include "tests/support/rpc_client.h"
#include "tests/support/trees.h"

#include <memory>
#include <random>
#include <set>

using namespace lacuna;
using namespace lacuna::test;

namespace {

const std::string kOrigin = "example.org/two-faced";

// A log that has two histories: the same records up to a place, and its own on each side after it.
class TwoFaced {
 public:
  static constexpr std::uint64_t kCommon = 10, kRecords = 400;

  TwoFaced() {
    for (std::uint64_t side = 0; side < 2; ++side) {
      for (std::uint64_t i = 0; i < kRecords; ++i) {
        const std::uint64_t what = i < kCommon ? i : i * 2 + side + 1000;
        tree_[side].append(leafHash(bytesOf("entry " + std::to_string(what))));
      }
    }
  }
  VerifierKey key() const { return verifierKeyOf(kOrigin, key_.publicKey()); }
  RootHash root(unsigned side, std::uint64_t size) const {
    return rootFromTiles(tiles(side), TreeSize(size)).value();
  }
  std::string note(unsigned side, std::uint64_t size) const {
    return signNote({kOrigin, TreeSize(size), root(side, size)}, key_);
  }
  std::string request(unsigned side, std::uint64_t old, std::uint64_t size) const {
    AddCheckpoint out{TreeSize(old), {}, note(side, size)};
    if (old > 0 && old < size) {
      out.proof = proveConsistency(tiles(side), TreeSize(old), TreeSize(size)).value();
    }
    return textOf(out);
  }

 private:
  TileSource tiles(unsigned side) const {
    return [this, side](unsigned level, std::uint64_t index, unsigned width) {
      return tree_[side].tile(level, index, width);
    };
  }
  SigningKey key_{Secret(Bytes(32, 21))};
  MemoryTree tree_[2];
};

struct Witnessing {
  const Scratch& dir;
  std::vector<std::string> before = {};  // what runs it
  Background program = Background(command(), dir.path() / ("log" + std::to_string(++number)));
  std::string url;

  explicit Witnessing(const Scratch& in, std::vector<std::string> with = {})
      : dir(in), before(std::move(with)) {
    std::istringstream said(program.lineWith("witness.example.org+"));
    std::string word, name, vkey;
    said >> word >> name >> vkey >> url;
    REQUIRE(has(url, "http://127.0.0.1:"));
    key = verifierKeyOfText(vkey).value();
  }
  std::vector<std::string> command() const {
    std::vector<std::string> out = before;
    out.insert(out.end(), {builtProgram("lacuna"), "witness", "--state",
                           (dir.path() / "state").string(), "--listen", "127.0.0.1:0", "--name",
                           "witness.example.org", "--log", textOf(TwoFaced().key())});
    return out;
  }
  std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  }
  std::filesystem::path memory() const {
    return dir.path() / "state/log" / hexOf(sha256(bytesOf(kOrigin)));
  }
  VerifierKey key;
  static inline int number = 0;
};

// What a submitter has in hand: which heads of which side are cosigned. Asks until the witness is gone.
class Submitter {
 public:
  Submitter(const TwoFaced& log, unsigned side, std::uint64_t seed)
      : log_(log), side_(side), random_(seed) {}

  void run(const std::string& url, const VerifierKey& witness) {
    HttpClient client(std::chrono::seconds(5));
    std::uint64_t old = 0;
    for (int i = 0; i < 400; ++i) {
      const std::uint64_t size = std::min(
          TwoFaced::kRecords, old + random_() % 4 + (old == 0 ? TwoFaced::kCommon + 1 : 0));
      try {
        const HttpReply reply =
            client.post(joined(url, "add-checkpoint"), log_.request(side_, old, size), 16 * 1024);
        if (reply.status == 409)
          old = std::min<std::uint64_t>(TwoFaced::kRecords, std::stoull(reply.body));
        if (reply.status != 200) continue;
        const auto note = parseNote(log_.note(side_, size) + reply.body);
        if (note && cosignedAt(*note, witness).ok()) cosigned.insert(size);
        old = size;
      } catch (const Fault&) {
        return;
      }
    }
  }
  std::set<std::uint64_t> cosigned;

 private:
  const TwoFaced& log_;
  const unsigned side_;
  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("a witness that is killed at any moment never cosigns two histories", "[http][P3]") {
  const TwoFaced log;
  const Scratch dir;
  Submitter one(log, 0, 1), other(log, 1, 2);
  std::mt19937_64 random(3);
  for (int round = 0; round < 12; ++round) {
    Witnessing witness(dir);
    std::thread first([&] { one.run(witness.url, witness.key); });
    std::thread second([&] { other.run(witness.url, witness.key); });
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    witness.program.kill();
    first.join();
    second.join();
    // What was answered was remembered before.
    std::uint64_t largest = 0;
    for (const auto* side : {&one.cosigned, &other.cosigned}) {
      if (!side->empty()) largest = std::max(largest, *side->rbegin());
    }
    if (largest == 0) continue;
    const auto kept = parseNote(contentOf(witness.memory()));
    REQUIRE(kept);
    CHECK(kept->checkpoint.size.raw() >= largest);
  }
  CHECK(one.cosigned.size() + other.cosigned.size() > 12);
  const bool both = !one.cosigned.empty() && !other.cosigned.empty();
  CHECK_FALSE(both);  // beyond the common records one side alone
}

TEST_CASE("a witness outlives hostile bytes, paths and more connections than it can hold",
          "[http][P3]") {
  const TwoFaced log;
  const Scratch dir;
  Witnessing witness(dir, {"/usr/bin/prlimit", "--nofile=32:32"});
  HttpClient client(std::chrono::seconds(5));
  const auto cosigns = [&](std::uint64_t old, std::uint64_t size) {
    return client.post(joined(witness.url, "add-checkpoint"), log.request(0, old, size), 16 * 1024)
               .status == 200;
  };
  REQUIRE(cosigns(0, 20));
  const std::string monitoring = "/" + hexOf(sha256(bytesOf(kOrigin))) + "/checkpoint";
  CHECK(client.get(witness.url + monitoring, 64 * 1024).status == 200);

  for (const std::string& path :
       {std::string("/checkpoint"), std::string("//checkpoint"), std::string("/../witness.key"),
        std::string("/../witness.key/checkpoint"), std::string("/%2e%2e/witness.key/checkpoint"),
        "/" + hexOf(sha256(bytesOf(kOrigin))) + "/../checkpoint", std::string("/LOCK/checkpoint"),
        "/" + std::string(64, 'A') + "/checkpoint", "/" + std::string(64, '0') + "/checkpoint",
        monitoring + "?x=1", monitoring + "/"}) {
    RawSocket socket(witness.port());
    CAPTURE(path);
    socket.send("GET " + path + " HTTP/1.1\r\nHost: w\r\n\r\n");
    CHECK(receiveHttp(socket).status == 404);
  }
  for (const std::string& bytes :
       {std::string("\0\0\0\0\r\n\r\n", 8), std::string("GET / HTTP/9\r\n\r\n"),
        "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n",
        std::string("POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: "
                    "99999999999999999999\r\n\r\n"),
        std::string("POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "zz\r\n")}) {
    RawSocket socket(witness.port());
    socket.send(bytes);
    socket.sendEnd();
    const std::string answer = socket.receiveAll();
    CAPTURE(answer);
    CHECK_FALSE(has(answer, ".cc"));  // no places in the source, no paths
    CHECK_FALSE(has(answer, dir.path().string()));
  }
  for (const std::string& body :
       {std::string(), std::string("old 20\n"), std::string("old 20\n\n"),
        "old 20\n" + std::string(16'000, 'A'), std::string("old 20\n\n\0\0", 10),
        "old -1\n\n" + log.note(0, 30), "old 020\n\n" + log.note(0, 30)}) {
    const unsigned status =
        client.post(joined(witness.url, "add-checkpoint"), body, 16 * 1024).status;
    CHECK((status == 400 || status == 413));
  }
  CHECK(cosigns(20, 30));

  {
    std::vector<std::unique_ptr<RawSocket>> many;  // more than there are descriptors
    for (int i = 0; i < 64; ++i) many.push_back(std::make_unique<RawSocket>(witness.port()));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  HttpClient later(std::chrono::seconds(5));  // on a connection of its own
  CHECK(later.get(witness.url + monitoring, 64 * 1024).status == 200);
  CHECK(cosigns(30, 40));

  // What it remembers was changed under it: it ends, and says nothing of what lies there.
  std::ofstream(witness.memory(), std::ios::binary) << log.note(1, 20);
  try {
    const HttpReply changed = client.get(witness.url + monitoring, 64 * 1024);
    CHECK(changed.status == 500);
    CHECK_FALSE(has(changed.body, ".cc"));
  } catch (const Fault&) {  // it was gone before its answer was
  }
  CHECK(has(witness.program.lineWith("fault"), "what the witness remembers of a log was changed"));
  CHECK(witness.program.stop() == 3);
}
