// A log asks witnesses, whose answers differ (reference: C2SP tlog-witness and what stands in the field).
#include "daemon/witness_client.h"

#include "ledger/crypto/digest.h"
#include "ledger/proof/witness.h"
#include "tests/support/trees.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

struct AskedWitness {
  SigningKey log{Secret(Bytes(32, 1))}, own{Secret(Bytes(32, 2))};
  Policy::Witness witness{"w", verifierKeyOf("w.example.org", own.publicKey(), kNoteCosignature),
                          "http://w.example.org/"};
  MemoryTree tree;
  std::optional<Checkpoint> cosigned;  // what the witness knows
  std::vector<std::string> urls;
  std::vector<TreeSize> olds;
  std::optional<HttpReply> answer;  // instead of its own

  explicit AskedWitness(unsigned size) { grow(size); }
  void grow(unsigned size) {
    for (auto i = tree.size().raw(); i < size; ++i) tree.append(leafHash(key64(i)));
  }
  std::string note() const { return signNote({"example.org/log", tree.size(), tree.root()}, log); }
  HttpReply post(const std::string& url, const std::string& body) {
    urls.push_back(url);
    const auto request = addCheckpointOfText(body);
    REQUIRE(request);
    olds.push_back(request->old);
    if (answer) return *answer;
    const VerifierKey trusted = verifierKeyOf("example.org/log", log.publicKey());
    WitnessAnswer out = judge(*request, {{&trusted, 1}, cosigned});
    if (out.accepted) {
      cosigned = out.accepted;
      out.body = cosignatureLine(witness.key, own, instantOf(5000), parseNote(request->note)->text);
    }
    return {out.status, out.contentType, out.body};
  }
  WitnessSaid ask(TreeSize known, std::optional<TreeSize> shown = std::nullopt) {
    const std::string text = note();
    const auto parsed = parseNote(text);
    const TileSource tiles = tree.tiles();
    return askWitness(
        witness, known, {*parsed, text, tiles},
        [this](const std::string& url, const std::string& body) { return post(url, body); },
        [&] { return shown.value_or(tree.size()); });
  }
};

using Said = WitnessSaid::Kind;

}  // namespace

TEST_CASE("a witness is asked once when its size is known, and twice when it is not", "[P3]") {
  AskedWitness world(300);
  WitnessSaid said = world.ask(TreeSize(0));
  CHECK(said.kind == Said::cosigned);
  CHECK(said.known == TreeSize(300));
  CHECK(world.urls == std::vector<std::string>{"http://w.example.org/add-checkpoint"});
  const auto with = parseNote(world.note() + said.line);
  REQUIRE(with);
  CHECK(cosignedAt(*with, world.witness.key).value() == instantOf(5000));

  world.grow(1000);
  CHECK(world.ask(said.known).kind == Said::cosigned);
  CHECK(world.olds == std::vector<TreeSize>{TreeSize(0), TreeSize(300)});
  world.grow(1001);
  CHECK(world.ask(TreeSize(0)).kind == Said::cosigned);  // after a restart nothing is known
  CHECK(world.olds.size() == 4);
  CHECK(world.olds.back() == TreeSize(1000));
  CHECK(world.ask(TreeSize(1001)).kind == Said::cosigned);  // the same head again
}

TEST_CASE("a witness that knows a larger tree is told apart from one that says no", "[P3]") {
  AskedWitness world(300);
  world.answer = HttpReply{409, "text/x.tlog.size", "301\n"};
  CHECK(world.ask(TreeSize(0)).kind == Said::larger);
  CHECK(world.ask(TreeSize(0)).known == TreeSize(301));
  // It was shown a newer checkpoint between the question and the answer.
  CHECK(world.ask(TreeSize(0), TreeSize(301)).kind == Said::refused);
  world.answer = HttpReply{409, "text/x.tlog.size; charset=utf-8", "200\n"};
  CHECK(world.ask(TreeSize(0)).kind == Said::refused);  // asked again once, and not for ever
  CHECK(world.olds.back() == TreeSize(200));
}

TEST_CASE("every other answer of a witness is a no", "[P3]") {
  AskedWitness world(300);
  const std::string line =
      cosignatureLine(world.witness.key, world.own, instantOf(5000), parseNote(world.note())->text);
  AskedWitness other(301);
  const std::string wrong =
      cosignatureLine(world.witness.key, world.own, instantOf(5000), parseNote(other.note())->text);
  for (const HttpReply& reply : std::vector<HttpReply>{
           {409, "", ""},
           {409, "text/plain", "400\n"},  // no size: some answer so to another root
           {409, "text/x.tlog.size", "400"},
           {409, "text/x.tlog.size", "0400\n"},
           {409, "text/x.tlog.size", "-1\n"},
           {403, "", ""},
           {404, "text/x.tlog.size", "400\n"},
           {422, "", ""},
           {429, "", ""},
           {500, "", line},
           {204, "", line},
           {200, "", ""},
           {200, "", "ok\n"},
           {200, "", wrong},
           {200, "", line.substr(0, line.size() - 1)}}) {
    CAPTURE(reply.status, reply.contentType, reply.body);
    world.answer = reply;
    const WitnessSaid said = world.ask(TreeSize(0));
    CHECK(said.kind == Said::refused);
    CHECK(said.line.empty());
  }
  // Lines of other keys beside it are ignored.
  const SigningKey third{Secret(Bytes(32, 3))};
  const VerifierKey thirdKey = verifierKeyOf("x.example.org", third.publicKey(), kNoteCosignature);
  world.answer = HttpReply{
      200, "",
      cosignatureLine(thirdKey, third, instantOf(1000), parseNote(world.note())->text) + line};
  CHECK(world.ask(TreeSize(0)).line == line);
}

TEST_CASE("nobody answers: that is not a no", "[P3]") {
  AskedWitness world(3);
  const std::string text = world.note();
  const auto parsed = parseNote(text);
  const TileSource tiles = world.tree.tiles();
  const WitnessSaid said = askWitness(
      world.witness, TreeSize(0), {*parsed, text, tiles},
      [](const std::string&, const std::string&) -> HttpReply { throw Fault("nobody"); },
      [] { return TreeSize(3); });
  CHECK(said.kind == Said::unreachable);
}
