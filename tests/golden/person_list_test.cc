// Lists of persons (FORMAT 7.6), byte for byte those of scripts/golden_vectors.py.
#include "ledger/proof/person_list.h"

#include "tests/support/golden.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

TEST_CASE("lists of persons have the golden roots and tokens", "[P6]") {
  REQUIRE(goldenVectors()["personLists"].size() == 2);
  for (const nlohmann::json& vector : goldenVectors()["personLists"]) {
    const PersonList list(hexDigest<PersonSalt>(vector["secret"]));
    const auto root = hexDigest<PersonCommitment>(vector["root"]);
    CHECK(list.root() == root);
    for (const nlohmann::json& person : vector["tokens"]) {
      const auto token = person["token"].get<std::string>();
      CAPTURE(person["n"]);
      CHECK(list.token(person["n"].get<std::uint32_t>()) == token);
      CHECK(commitmentOfToken(token) == root);
    }
  }
}

TEST_CASE("the salt of one person commits as the golden vector says", "[P6]") {
  const nlohmann::json& one = goldenVectors()["onePerson"];
  const auto commitment = hexDigest<PersonCommitment>(one["commitment"]);
  CHECK(commitmentOf(hexDigest<PersonSalt>(one["salt"])) == commitment);
  CHECK(commitmentOfToken(one["salt"].get<std::string>()) == commitment);
}
