#include "ledger/record/envelope.h"

#include "ledger/crypto/digest.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

struct Sealed {
  explicit Sealed(const nlohmann::json& vector)
      : lotKey(hexBytes(vector["lotKey"])),
        bound(hexBytes(vector["bound"])),
        plain(hexBytes(vector["plain"])),
        sealed(hexBytes(vector["sealed"])) {
    const Bytes bytes = hexBytes(vector["nonce"]);
    REQUIRE(bytes.size() == nonce.size());
    std::memcpy(nonce.data(), bytes.data(), nonce.size());
  }
  Secret lotKey;
  Nonce nonce{};
  Bytes bound, plain, sealed;
};

}  // namespace

TEST_CASE("tags have the golden bytes", "[P4]") {
  const nlohmann::json& tags = goldenVectors()["tag"];
  const Secret lotKey(hexBytes(tags["lotKey"]));
  for (const nlohmann::json& vector : tags["tags"]) {
    const Ordinal ordinal(vector["ordinal"].get<std::uint64_t>());
    CHECK(hexOf(tagOf(lotKey, ordinal).view()) == vector["tag"].get<std::string>());
  }
}

TEST_CASE("envelopes have the golden bytes and open with the lot key and with e", "[P4]") {
  for (const nlohmann::json& vector : goldenVectors()["envelopes"]) {
    const Sealed v(vector);
    const Secret e = eventKey(v.lotKey, v.nonce, v.bound);
    CHECK(hexOf(e.view()) == vector["e"].get<std::string>());
    CHECK(sealEvent(v.lotKey, v.nonce, v.bound, v.plain) == v.sealed);
    CHECK(hexOf(sha256(v.sealed)) == vector["commitment"].get<std::string>());
    CHECK(openEvent(v.lotKey, v.bound, v.sealed).value() == v.plain);
    CHECK(openEventWithKey(e, v.bound, v.sealed).value() == v.plain);
  }
}

TEST_CASE("sealed rows have the golden bytes and do not open as envelopes", "[P4]") {
  for (const nlohmann::json& vector : goldenVectors()["rows"]) {
    const Sealed v(vector);
    CHECK(sealRow(v.lotKey, v.nonce, v.bound, v.plain) == v.sealed);
    CHECK(openRow(v.lotKey, v.bound, v.sealed).value() == v.plain);
    CHECK_FALSE(openEvent(v.lotKey, v.bound, v.sealed));
  }
}

TEST_CASE("event ids have the golden entries and content digests", "[P11]") {
  const nlohmann::json& ids = goldenVectors()["ids"];
  const Secret key(hexBytes(ids["identityKey"]));
  CHECK(hexOf(idEntryOf(key, ids["id"].get<std::string>()).view()) ==
        ids["entry"].get<std::string>());
  CHECK(hexOf(contentDigestOf(key, hexBytes(ids["canonical"])).view()) ==
        ids["content"].get<std::string>());
}
