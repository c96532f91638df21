// Disclosures (FORMAT 10), byte for byte those of scripts/golden_vectors.py.
#include "ledger/proof/disclosure.h"

#include "ledger/base/civil.h"
#include "ledger/crypto/digest.h"
#include "ledger/record/envelope.h"
#include "ledger/record/event_shown.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

TEST_CASE("disclosures have the golden bytes, down to what the envelope holds",
          "[P1][disclosure]") {
  REQUIRE(goldenVectors()["disclosures"].size() == 2);
  for (const nlohmann::json& vector : goldenVectors()["disclosures"]) {
    CAPTURE(vector["seq"]);
    const auto text = vector["text"].get<std::string>();
    const Record record = decodeRecord(hexBytes(vector["record"])).value();
    const Secret lotKey(hexBytes(vector["lotKey"]));
    const Bytes plain = hexBytes(vector["plain"]), given = hexBytes(vector["nonce"]);
    Nonce nonce{};
    REQUIRE(given.size() == nonce.size());
    std::copy(given.begin(), given.end(), nonce.begin());
    const Bytes envelope = sealEvent(lotKey, nonce, encodeHead(record), plain);
    CHECK(hexOf(envelope) == vector["envelope"].get<std::string>());
    CHECK(sha256(envelope) == record.commitment.bytes);
    CHECK(shownEventOf(plain).value() == vector["content"].get<std::string>());

    Disclosure disclosure;
    disclosure.key = vector["key"].get<std::string>();
    disclosure.seq = record.seq;
    disclosure.recordedAt = record.recordedAt;
    disclosure.receipt = vector["receipt"].get<std::string>();
    disclosure.envelope = envelope;
    disclosure.opening = eventKey(lotKey, nonce, encodeHead(record));
    disclosure.content = shownEventOf(plain).value();
    CHECK(hexOf(disclosure.opening.view()) == vector["opening"].get<std::string>());
    CHECK(textOf(disclosure) == text);

    const auto report =
        verifyDisclosure(text, verifierKeyOfText(disclosure.key).value(), shownEventOf);
    REQUIRE(report);
    CHECK(report->trusted);
    CHECK(report->content == disclosure.content);
    CHECK(report->leaf == leafHash(hexBytes(vector["record"])));
  }
}
