#include "ledger/record/record.h"

#include "ledger/proof/checkpoint.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/bodies.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

#include <iterator>

using namespace lacuna;
using namespace lacuna::test;

namespace {

Record recordOf(const nlohmann::json& vector) {
  Record record;
  record.kind = static_cast<Kind>(vector["kind"].get<int>());
  record.flags = vector["flags"].get<std::uint8_t>();
  record.recordedAt = instantOf(vector["recordedAt"].get<std::uint64_t>());
  record.system = SystemNo(vector["system"].get<std::uint32_t>());
  record.tag = hexDigest<Tag>(vector["tag"]);
  record.body = hexBytes(vector["body"]);
  record.commitment = hexDigest<Commitment>(vector["commitment"]);
  record.seq = Seq(vector["seq"].get<std::uint64_t>());
  record.prev = hexDigest<LeafHash>(vector["prev"]);
  return record;
}

// The fenced block after a heading of FORMAT.md, without white space.
std::string blockAfter(std::string_view heading) {
  std::ifstream in(std::string(LACUNA_SOURCE_DIR) + "/ledger/FORMAT.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  const std::size_t at = page.find(heading);
  REQUIRE(at != std::string::npos);
  const std::size_t begin = page.find("```", at);
  const std::size_t end = page.find("```", begin + 3);
  REQUIRE(end != std::string::npos);
  std::string out;
  for (const char c : page.substr(begin + 3, end - begin - 3)) {
    if (c != ' ' && c != '\n') out.push_back(c);
  }
  return out;
}

}  // namespace

TEST_CASE("the worked example of FORMAT.md is what the code writes", "[P1]") {
  const nlohmann::json& vector = goldenVectors()["records"][0];
  REQUIRE(vector["name"] == "worked example");
  const std::string page = blockAfter("**Worked example**");
  CHECK(page == vector["record"].get<std::string>());
  CHECK(hexOf(encode(recordOf(vector))) == page);
}

TEST_CASE("records have the golden bytes and leaf hashes", "[P1]") {
  for (const nlohmann::json& vector : goldenVectors()["records"]) {
    CAPTURE(vector["name"].get<std::string>());
    const Record record = recordOf(vector);
    CHECK(hexOf(encodeHead(record)) == vector["head"].get<std::string>());
    CHECK(hexOf(encode(record)) == vector["record"].get<std::string>());
    const Bytes bytes = hexBytes(vector["record"]);
    CHECK(hexOf(leafHash(bytes).view()) == vector["leaf"].get<std::string>());
    const auto decoded = decodeRecord(bytes);
    REQUIRE(decoded);
    CHECK(*decoded == record);
    CHECK(checkBody(decoded->kind, decoded->body));
  }
}

TEST_CASE("public bodies have the golden bytes", "[P1]") {
  const nlohmann::json& bodies = goldenVectors()["bodies"];
  const nlohmann::json& fields = goldenVectors()["bodyFields"];
  const auto hex = [&](const char* name) { return bodies[name].get<std::string>(); };
  const std::string origin = fields["origin"].get<std::string>();
  const auto erasure = hexDigest<ErasureId>(fields["erasure"]);

  const GenesisBody genesis{hexDigest<LedgerId>(fields["ledger"]), origin,
                            hexDigest<PublicKey>(fields["publicKey"])};
  CHECK(hexOf(encode(genesis)) == hex("genesis"));
  CHECK(*decodeGenesis(hexBytes(bodies["genesis"])) == genesis);

  const RegisterBody registered{3};
  CHECK(hexOf(encode(registered)) == hex("register"));
  CHECK(*decodeRegister(hexBytes(bodies["register"])) == registered);

  const ConsultationBody consultation{7, ReadOperation::link, ReadReason::support};
  CHECK(hexOf(encode(consultation)) == hex("consultation"));
  CHECK(*decodeConsultation(hexBytes(bodies["consultation"])) == consultation);

  const ErasureBody intent{
      erasure, ErasureStep::intent, Ground::consentWithdrawn, TreeVersion(0), 0, 0, 2, {}, 0, {}};
  CHECK(hexOf(encode(intent)) == hex("erasureIntent"));
  CHECK(*decodeErasure(hexBytes(bodies["erasureIntent"])) == intent);
  const ErasureBody complete{
      erasure, ErasureStep::complete, Ground::consentWithdrawn, TreeVersion(9), 1, 2, 0, {}, 0, {}};
  CHECK(hexOf(encode(complete)) == hex("erasureComplete"));
  CHECK(*decodeErasure(hexBytes(bodies["erasureComplete"])) == complete);

  const AccessBody access{AccessAction::grant, 4, 1 | 4};
  CHECK(hexOf(encode(access)) == hex("access"));
  CHECK(*decodeAccess(hexBytes(bodies["access"])) == access);

  const RestoreBody restore{TreeSize(4242), origin, hexDigest<NoteHash>(fields["oldCheckpoint"])};
  CHECK(hexOf(encode(restore)) == hex("restore"));
  CHECK(*decodeRestore(hexBytes(bodies["restore"])) == restore);
}

TEST_CASE("a chain of records leads to the golden roots and checkpoint", "[P1][P3]") {
  const nlohmann::json& chain = goldenVectors()["chain"];
  const auto signing = signingKeyOfText(chain["privateKey"].get<std::string>());
  REQUIRE(signing);
  CHECK(hexOf(signing->key.seed().view()) == chain["signingSeed"].get<std::string>());
  CHECK(privateKeyText(signing->name, signing->key) == chain["privateKey"].get<std::string>());
  const VerifierKey key = verifierKeyOf(signing->name, signing->key.publicKey());
  CHECK(textOf(key) == chain["verifierKey"].get<std::string>());

  const std::string note = chain["note"].get<std::string>();
  const auto checkpoint = openNote(note, key);
  REQUIRE(checkpoint);
  CHECK(checkpoint->size == TreeSize(300));
  CHECK(hexOf(checkpoint->root.view()) == chain["roots"].back()["root"].get<std::string>());
  CHECK(signNote(*checkpoint, signing->key) == note);

  LeafHash prev;
  for (const nlohmann::json& hex : chain["firstRecords"]) {
    const Bytes bytes = hexBytes(hex);
    const auto record = decodeRecord(bytes);
    REQUIRE(record);
    CHECK(record->prev == prev);
    CHECK(encode(*record) == bytes);
    prev = leafHash(bytes);
  }
}

TEST_CASE("the receipts of the independent writer prove their records", "[P1][P3]") {
  const nlohmann::json& chain = goldenVectors()["chain"];
  const auto key = verifierKeyOfText(chain["verifierKey"].get<std::string>());
  REQUIRE(key);
  for (const nlohmann::json& vector : chain["receipts"]) {
    const std::string text = vector["text"].get<std::string>();
    const auto proved = verifyReceipt(text, *key);
    REQUIRE(proved);
    CHECK(proved->record == hexBytes(vector["record"]));
    CHECK(proved->seq == Seq(vector["seq"].get<std::uint64_t>()));
    CHECK(proved->checkpoint.size == TreeSize(300));
    CHECK(textOf(proofOfText(text).value()) == text);
  }
}
