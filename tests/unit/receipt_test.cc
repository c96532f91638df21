#include "ledger/proof/receipt.h"

#include "tests/support/memory_log.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

const MemoryLog& theLog() {
  static const MemoryLog log(300);
  return log;
}

TlogProof receiptOf(std::uint64_t seq) {
  const MemoryLog& log = theLog();
  TlogProof proof;
  proof.extra = log.entries[seq].record;
  proof.index = Seq(seq);
  proof.hashes = proveInclusion(log.tree.tiles(), Seq(seq), log.tree.size()).value();
  proof.checkpoint = log.note();
  return proof;
}

}  // namespace

TEST_CASE("a receipt proves its record to whoever has the key", "[P1][P3]") {
  for (const std::uint64_t seq : {0U, 1U, 255U, 256U, 299U}) {
    CAPTURE(seq);
    const std::string text = textOf(receiptOf(seq));
    CHECK(textOf(proofOfText(text).value()) == text);
    const auto proved = verifyReceipt(text, theLog().key());
    REQUIRE(proved);
    CHECK(proved->record == theLog().entries[seq].record);
    CHECK(proved->seq == Seq(seq));
    CHECK(proved->checkpoint.size == TreeSize(300));
  }
}

TEST_CASE("every flipped byte of a receipt is refused", "[P1]") {
  const std::string text = textOf(receiptOf(130));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char bit : {'\x01', '\x08'}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      CAPTURE(at, bit);
      CHECK_FALSE(verifyReceipt(changed, theLog().key()));
    }
    CHECK_FALSE(verifyReceipt(std::string_view(text).substr(0, at), theLog().key()));
  }
}

TEST_CASE("a receipt for another record, place, tree or key is refused", "[P1][P3]") {
  const VerifierKey key = theLog().key();
  const auto code = [&](const TlogProof& proof) {
    return verifyReceipt(textOf(proof), key).refusal().code;
  };
  TlogProof proof = receiptOf(130);
  SECTION("another record") { proof.extra = theLog().entries[131].record; }
  SECTION("another place") { proof.index = Seq(131); }
  SECTION("no record") { proof.extra.clear(); }
  SECTION("another path") { proof.hashes = receiptOf(131).hashes; }
  SECTION("no path") { proof.hashes.clear(); }
  SECTION("an older tree") { proof.checkpoint = theLog().noteAt(200); }
  SECTION("no checkpoint") { proof.checkpoint.clear(); }
  if (proof.extra.empty()) {
    CHECK_FALSE(verifyReceipt(textOf(proof), key));
  } else {
    CHECK(code(proof) == RefusalCode::tampered);
  }
  CHECK_FALSE(
      verifyReceipt(textOf(receiptOf(130)), verifierKeyOf(kTestOrigin, PublicKey{{1, 2, 3}})));
}

TEST_CASE("a log that signed a record in another place than its own gives no receipt", "[P1]") {
  const MemoryLog& log = theLog();
  MemoryTree tree;  // records 5 and 6 exchanged, and signed so
  for (std::uint64_t i = 0; i < 300; ++i) {
    tree.append(log.tree.leaves()[i == 5 ? 6 : i == 6 ? 5 : i]);
  }
  TlogProof proof;
  proof.extra = log.entries[6].record;
  proof.index = Seq(5);
  proof.hashes = proveInclusion(tree.tiles(), Seq(5), tree.size()).value();
  proof.checkpoint = log.noteFor({std::string(kTestOrigin), tree.size(), tree.root()});
  REQUIRE(verifyInclusion(leafHash(proof.extra), Seq(5), tree.size(), proof.hashes, tree.root()));
  CHECK(verifyReceipt(textOf(proof), log.key()).refusal().code == RefusalCode::tampered);
}

TEST_CASE("proof texts have one form", "[P1]") {
  const std::string header = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = base64Of(Bytes(32)) + "\n";
  CHECK(proofOfText(header + "index 0\n\n").value().checkpoint.empty());
  CHECK(proofOfText(header + "extra AA==\nindex 7\n" + hash + "\nnote\n").value().hashes.size() ==
        1);
  std::string deep = header + "index 0\n";
  for (std::size_t i = 0; i < kProofHashesMax; ++i) deep += hash;
  CHECK(proofOfText(deep + "\n"));
  const std::vector<std::string> wrong = {
      "",
      header,
      "c2sp.org/tlog-proof@v2\nindex 0\n\n",
      "index 0\n\n",
      header + "\nindex 0\n\n",
      header + "index 0\n",
      header + "index 00\n\n",
      header + "index -1\n\n",
      header + "index 9223372036854775808\n\n",
      header + "index  1\n\n",
      header + "Index 1\n\n",
      header + "extra \nindex 0\n\n",
      header + "extra AA\nindex 0\n\n",
      header + "extra AA==\nextra AA==\nindex 0\n\n",
      header + "index 0\nextra AA==\n\n",
      header + "index 0\nAAAA\n\n",
      header + "index 0\n" + base64Of(Bytes(33)) + "\n\n",
      header + "index 0\r\n\n",
      deep + hash + "\n",
      header + "index 0\n\n" + std::string(kProofBytesMax, 'a')};
  for (const std::string& text : wrong) {
    CAPTURE(text.substr(0, 200));
    CHECK_FALSE(proofOfText(text));
  }
}
