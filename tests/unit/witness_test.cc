// Witnesses: cosignatures, policies, and what one answers. Vectors of transparency-dev/witness and x/mod.
#include "ledger/proof/witness.h"

#include "ledger/crypto/digest.h"
#include "ledger/proof/policy.h"
#include "tests/support/trees.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

const std::string kDash = "\xe2\x80\x94 ";
const std::string kNote5 = "monkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n\n" + kDash +
                           "monkeys "
                           "202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/"
                           "CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY=\n";
const std::string kNote8 = "monkeys\n8\nV8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=\n\n" + kDash +
                           "monkeys "
                           "202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/"
                           "eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag=\n";
const std::string kLogKey = "monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT";
const std::string kWitnessKey = "witness+24b37851+BNYV1Ztajd9BvyjP2HgpwrqYL6TjOwIjGMOq8Bu42xbN";
const std::string kCosignature =
    kDash +
    "witness "
    "JLN4UQAAAABkGFDLouwRjSj56jBr+xNCKlL1DrI87aloScSqoLYPxg7jo0tDtx8TojuUqMags/h5Q/"
    "nh2Kusv4lscCI7ynK8B9gPAw==\n";

std::vector<NodeHash> proof5to8() {
  std::vector<NodeHash> out;
  for (const char* hex : {"b9e1d62618f7fee8034e4c5010f727ab24d8e4705cb296c374bf2025a87a10d2",
                          "aac66cd7a79ce4012d80762fe8eec3a77f22d1ca4145c3f4cee022e7efcd599d",
                          "89d0f753f66a290c483b39cd5e9eafb12021293395fad3d4a2ad053cfbcfdc9e",
                          "29e40bb79c966f4c6fe96aff6f30acfce5f3e8d84c02215175d6e018a5dee833"}) {
    out.push_back(LeafHash::from(*bytesOfHex(hex))->bytes);
  }
  return out;
}

NamedSigningKey witnessSeed() {
  auto key =
      signingKeyOfText("PRIVATE+KEY+witness+f13a86db+AaLa/dfyBhyo/m0Z7WCi98ENVZWtrP8pxgRNrx7tIWiA");
  REQUIRE(key);
  return std::move(*key);
}

Checkpoint headOf(const std::string& note) { return parseNote(note)->checkpoint; }

struct Asked {
  std::vector<VerifierKey> trusted{*verifierKeyOfText(kLogKey)};
  std::optional<Checkpoint> cosigned;
  WitnessAnswer operator()(std::uint64_t old, std::vector<NodeHash> proof,
                           const std::string& note) const {
    const auto text = textOf(AddCheckpoint{TreeSize(old), std::move(proof), note});
    const auto request = addCheckpointOfText(text);
    REQUIRE(request);
    CHECK(textOf(*request) == text);
    return judge(*request, {trusted, cosigned});
  }
};

VerifierKey keyFrom(std::uint8_t seed, std::uint8_t type, const std::string& name) {
  return verifierKeyOf(name, SigningKey(Secret(Bytes(32, seed))).publicKey(), type);
}
std::string logVkey(std::uint8_t seed) {
  return textOf(keyFrom(seed, kNoteEd25519, "example.org/log"));
}
std::string witnessVkey(std::uint8_t seed) {
  return textOf(keyFrom(seed, kNoteCosignature, "w" + std::to_string(seed)));
}

// A note of log 1 with cosignatures of the witnesses with these seeds.
SignedNote noteWith(std::initializer_list<std::uint8_t> witnesses) {
  const std::string text =
      signNote({"example.org/log", TreeSize(0), emptyRoot()}, SigningKey(Secret(Bytes(32, 1))));
  std::string lines;
  for (const std::uint8_t seed : witnesses) {
    lines += cosignatureLine(keyFrom(seed, kNoteCosignature, "w" + std::to_string(seed)),
                             SigningKey(Secret(Bytes(32, seed))), instantOf(1000ULL * seed),
                             parseNote(text)->text);
  }
  return *parseNote(text + lines);
}

}  // namespace

TEST_CASE("a cosignature has the bytes that other witnesses give it", "[P3]") {
  const NamedSigningKey seed = witnessSeed();
  const VerifierKey key = verifierKeyOf(seed.name, seed.key.publicKey(), kNoteCosignature);
  CHECK(textOf(key) == kWitnessKey);
  const auto note = parseNote(kNote5);
  REQUIRE(note);
  CHECK(cosignatureLine(key, seed.key, instantOf(1679315147999), note->text) == kCosignature);

  const auto cosigned = parseNote(kNote5 + kCosignature);
  REQUIRE(cosigned);
  CHECK(*cosignedAt(*cosigned, key).value() == instantOf(1679315147000));
  CHECK_FALSE(cosignedAt(*note, key).value().has_value());
  // Under another head the same signature is a wrong one.
  const auto moved = parseNote(kNote8 + kCosignature);
  CHECK(cosignedAt(*moved, key).refusal().code == RefusalCode::tampered);
  CHECK(openNote(*cosigned, *verifierKeyOfText(kLogKey)).ok());

  const auto lines = signaturesOfLines(kCosignature);
  REQUIRE(lines);
  CHECK(lineOf(lines->front()) == kCosignature);
  CHECK_FALSE(signaturesOfLines("").ok());
  CHECK_FALSE(signaturesOfLines("witness\n").ok());
  CHECK_FALSE(signaturesOfLines(kCosignature + "\n").ok());
}

TEST_CASE("a witness cosigns what extends the head that it knows, and nothing else", "[P3]") {
  Asked ask;
  const Checkpoint five = headOf(kNote5), eight = headOf(kNote8);

  CHECK(ask(0, {}, kNote5).accepted == five);
  CHECK(ask(0, {proof5to8()[0]}, kNote5).status == 422);  // from nothing there is no proof
  const auto unknown = ask(5, proof5to8(), kNote8);
  CHECK(unknown.status == 409);
  CHECK(unknown.body == "0\n");
  CHECK(unknown.contentType == "text/x.tlog.size");

  ask.cosigned = five;
  const auto grown = ask(5, proof5to8(), kNote8);
  CHECK(grown.status == 200);
  CHECK(grown.accepted == eight);
  CHECK(ask(5, {}, kNote5).accepted == five);  // the same again: a fresh time
  CHECK(ask(0, {}, kNote5).body == "5\n");
  CHECK(ask(0, {}, kNote8).status == 409);
  CHECK(ask(9, {}, kNote8).status == 400);
  CHECK(ask(5, {}, kNote8).status == 422);
  CHECK(ask(5, {proof5to8()[0]}, kNote5).status == 422);
  auto bent = proof5to8();
  bent[1][0] ^= 1;
  CHECK(ask(5, bent, kNote8).status == 422);
  CHECK_FALSE(ask(5, bent, kNote8).accepted.has_value());

  ask.cosigned = eight;
  CHECK(ask(5, {}, kNote5).body == "8\n");  // older than what is known: told so
  ask.cosigned->root.bytes[0] ^= 1;
  CHECK(ask(8, {}, kNote8).status == 422);  // the same size, another root
}

TEST_CASE("a witness answers only for logs that it was told of", "[P3]") {
  Asked ask;
  std::string forged = kNote5;
  forged[forged.size() - 8] = forged[forged.size() - 8] == 'A' ? 'B' : 'A';
  CHECK(ask(0, {}, forged).status == 403);
  ask.trusted = {keyFrom(9, kNoteEd25519, "monkeys")};
  CHECK(ask(0, {}, kNote5).status == 403);
  ask.trusted.push_back(*verifierKeyOfText(kLogKey));  // an old and a new key
  CHECK(ask(0, {}, kNote5).status == 200);
  ask.trusted.clear();
  CHECK(ask(0, {}, kNote5).status == 404);
  ask = {};
  CHECK(ask(0, {}, "monkeys\n5\nnothing\n").status == 400);
  CHECK(ask(0, {},
            "monkeys\n0\n" + base64Of(Bytes(32, 1)) + "\n\n" + kNote5.substr(kNote5.find(kDash)))
            .status == 422);
}

TEST_CASE("an add-checkpoint request that is not one is not read", "[P3]") {
  for (const char* text :
       {"", "old", "old 5", "old 05\n\nx", "old -1\n\nx", "new 5\n\nx", "old 5\nx\n\n", "old 5\n",
        "old 5\nAAAA\n\nx", "old 9223372036854775808\n\nx"}) {
    CAPTURE(text);
    CHECK_FALSE(addCheckpointOfText(text).ok());
  }
  AddCheckpoint request{TreeSize(3), std::vector<NodeHash>(63), "x"};
  CHECK(addCheckpointOfText(textOf(request)).ok());
  request.proof.emplace_back();
  CHECK_FALSE(addCheckpointOfText(textOf(request)).ok());
  request = {TreeSize(3), {}, std::string(kAddCheckpointBytesMax, 'x')};
  CHECK_FALSE(addCheckpointOfText(textOf(request)).ok());
}

TEST_CASE("a policy's quorum is met by the witnesses that it asks for", "[P3]") {
  const std::string text =
      "# who is believed\n\nlog " + logVkey(1) + " https://log.example.org/\n" + "witness a\t" +
      witnessVkey(2) + "\n  witness b " + witnessVkey(3) + " https://b.example.org\nwitness c " +
      witnessVkey(4) + "\nwitness d " + witnessVkey(5) +
      "\ngroup two 2 a b c\ngroup both all two d\nquorum both\n";
  const auto policy = policyOfText(text);
  REQUIRE(policy);
  CHECK(policy->logs.at(0).url == "https://log.example.org/");
  CHECK(policy->witnesses.at(1).url == "https://b.example.org");
  const auto met = [&](std::initializer_list<std::uint8_t> seeds) {
    return openNote(noteWith(seeds), *policy).ok();
  };
  CHECK(met({2, 3, 5}));
  CHECK(met({4, 2, 5, 3}));
  CHECK_FALSE(met({2, 5}));
  CHECK_FALSE(met({2, 2, 5}));  // twice the same is one
  CHECK_FALSE(met({2, 3, 4}));
  CHECK_FALSE(met({}));
  CHECK(quorumOf(noteWith({2, 9, 5}), *policy)->by == std::vector<std::string>{"a", "d"});
  CHECK(quorumOf(noteWith({2, 5}), *policy)->latest == instantOf(5000));

  const auto none = policyOfText("log " + logVkey(1) + "\nquorum none\n");
  CHECK(openNote(noteWith({}), *none).ok());
  const auto other = policyOfText("log " + logVkey(7) + "\nquorum none\n");
  CHECK(openNote(noteWith({}), *other).refusal().code == RefusalCode::tampered);
  // A wrong signature of a known witness spoils the note, whatever the others say.
  SignedNote spoilt = noteWith({2, 3, 4, 5});
  spoilt.signatures.back().signature[20] ^= 1;
  CHECK_FALSE(openNote(spoilt, *policy).ok());
}

TEST_CASE("a policy that could mean something else is refused, with its line", "[P3]") {
  const std::string a = "witness a " + witnessVkey(2) + "\n",
                    b = "witness b " + witnessVkey(3) + "\n";
  for (const auto& [text, line] : std::vector<std::pair<std::string, int>>{
           {"", 1},
           {a, 2},
           {"quorum a\n" + a, 1},
           {"quorum none", 1},
           {"quorum none\nquorum none\n", 2},
           {"quorum\n", 1},
           {a + "quorum b\n", 2},
           {a + a + "quorum a\n", 2},
           {a + "witness b " + witnessVkey(2) + "\nquorum a\n", 2},
           {"witness none " + witnessVkey(2) + "\nquorum none\n", 1},
           {"witness a " + logVkey(2) + "\nquorum a\n", 1},
           {"log " + witnessVkey(2) + "\nquorum none\n", 1},
           {"log " + logVkey(1) + "\nlog " + logVkey(1) + "\nquorum none\n", 2},
           {a + b + "group g 3 a b\nquorum g\n", 3},
           {a + b + "group g 0 a b\nquorum g\n", 3},
           {a + b + "group g 01 a b\nquorum g\n", 3},
           {a + b + "group g any\nquorum g\n", 3},
           {a + b + "group g any a a\nquorum g\n", 3},
           {a + b + "group g any a b\ngroup h any a\nquorum g\n", 4},
           {a + "group g any g\nquorum g\n", 2},
           {a + "group a any a\nquorum a\n", 2},
           {a + "group g any none\nquorum g\n", 2},
           {"trust everybody\nquorum none\n", 1},
           {"quorum none\r\n", 1},
           {std::string("quorum none\n# \0\n", 15), 2}}) {
    CAPTURE(text);
    const auto policy = policyOfText(text);
    REQUIRE_FALSE(policy.ok());
    CHECK(policy.refusal().message.find("line " + std::to_string(line) + " ") != std::string::npos);
  }
}
