#include "ledger/proof/certificate.h"

#include "ledger/proof/person_list.h"
#include "tests/support/certificate_world.h"

#include <catch2/catch.hpp>

#include <set>

using namespace lacuna;
using namespace lacuna::test;
using World = CertificateWorld;

TEST_CASE("a certificate is verified by its file and the ledger's key alone", "[P5]") {
  const World world;
  const std::string text = textOf(world.certificate());
  const auto report = verifyCertificate(text, world.verifierKey());
  REQUIRE(report);
  CHECK(report->trusted);
  CHECK(report->states == std::vector{world.statement});
  CHECK(report->completeAt == instantOf(1'700'000'000'003));
  CHECK(report->size == TreeSize(4));
  const auto believed = verifyCertificate(text, std::nullopt);
  REQUIRE(believed);
  CHECK_FALSE(believed->trusted);
}

TEST_CASE("a later tier appends a signed state, the old one stays valid", "[P5]") {
  World world;
  const Certificate before = world.certificate();
  world.addRemoval(TreeSize(4));
  CertificateStatement later = world.statement;
  later.tier = CertificateTier::removed;
  later.issuedAt += std::chrono::hours(1);
  later.recipients = {{"zoom", "executed", later.issuedAt}};
  Certificate after = before;
  after.states.push_back(signStatement(later, world.key));
  for (const std::uint64_t seq : {4, 5}) after.proofs.push_back(world.proofOf(seq));
  const auto report = verifyCertificate(textOf(after), world.verifierKey());
  REQUIRE(report);
  CHECK(report->states.size() == 2);
  CHECK(report->removedAt.has_value());
  CHECK(verifyCertificate(textOf(before), world.verifierKey()));
  std::swap(after.states[0], after.states[1]);
  CHECK_FALSE(verifyCertificate(textOf(after), world.verifierKey()));
}

TEST_CASE("what a certificate says beyond the log is refused", "[P5]") {
  World world;
  const auto refused = [&] {
    return !verifyCertificate(textOf(world.certificate()), world.verifierKey());
  };
  REQUIRE_FALSE(refused());
  SECTION("a ground that was not recorded") { world.statement.ground = Ground::objection; }
  SECTION("another erasure") { world.statement.erasure.bytes[0] ^= 1; }
  SECTION("another tree") { world.statement.version = TreeVersion(10); }
  SECTION("another ledger") { world.statement.ledger.bytes[0] ^= 1; }
  SECTION("a holder that is away") { world.statement.holders.push_back({1, "pending", {}, ""}); }
  SECTION("a holder too many") {
    world.statement.holders.push_back({1, "destroyed", {}, "logical"});
  }
  SECTION("a completion that did not take place") { world.statement.complete = Seq(2); }
  SECTION("completion without its record") { world.statement.complete.reset(); }
  SECTION("a sweep that is not proved") {
    world.statement.tier = CertificateTier::removed;
    world.statement.removed = Seq(3);
  }
  SECTION("a sweep that marked the log before the erasure") {
    world.addRemoval(TreeSize(1));
    world.statement.tier = CertificateTier::removed;
  }
  SECTION("a removal that the case does not record") {
    world.statement.tier = CertificateTier::removed;
    world.statement.removed = Seq(4);
    world.add(Kind::sweep, encode(SweepBody{TreeSize(4), TreeVersion(9), false, {{0, {}}}}));
  }
  SECTION("a sweep of few that was one of many") {
    world.addRemoval(TreeSize(4));
    world.statement.tier = CertificateTier::closed;
    world.statement.smallSet = true;
  }
  CHECK(refused());
}

TEST_CASE("every flipped byte of a certificate is refused", "[P5]") {
  const World world;
  const std::string text = textOf(world.certificate());
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CAPTURE(at);
    CHECK_FALSE(verifyCertificate(changed, world.verifierKey()));
  }
}

TEST_CASE("a certificate that is nothing but brackets is refused like any other", "[P5]") {
  const World world;
  const std::string text = textOf(world.certificate());
  const std::size_t at = text.find("\"statement\":") + 12;
  for (const std::size_t depth : {std::size_t{20}, std::size_t{400'000}}) {
    std::string deep = text;
    deep.insert(at, std::string(depth, '[') + std::string(depth, ']') + ",\"x\":");
    CHECK_FALSE(verifyCertificate(deep, world.verifierKey()));
    CHECK_FALSE(decodeStatement(std::string(depth, '[') + std::string(depth, ']')));
  }
}

TEST_CASE("a statement has one text", "[P5]") {
  const World world;
  const std::string text = encode(world.statement);
  REQUIRE(decodeStatement(text));
  CHECK(decodeStatement(text).value() == world.statement);
  for (const std::string& other : {" " + text, text + " ", "{\"more\":1," + text.substr(1),
                                   std::string("{}"), std::string("[]")}) {
    CHECK_FALSE(decodeStatement(other));
  }
}

TEST_CASE("of a list each person's token shows that it was about them, and nothing of how many",
          "[P5]") {
  PersonSalt secret;
  secret.bytes.fill(9);
  const PersonList list(secret);
  std::set<std::string> seen;
  for (std::uint32_t n = 0; n < 500; ++n) {
    const std::string token = list.token(n);
    REQUIRE(token.size() == 2 * kPersonTokenBytes);
    REQUIRE(commitmentOfToken(token) == list.root());
    CHECK(seen.insert(token.substr(0, 68)).second);  // its own salt, its own place
  }
  std::string forged = list.token(3);
  forged[5] = forged[5] == '0' ? '1' : '0';
  CHECK(commitmentOfToken(forged) != list.root());
  CHECK_FALSE(commitmentOfToken(list.token(3) + "00"));
  CHECK_FALSE(commitmentOfToken("00"));
  secret.bytes.fill(8);
  CHECK(PersonList(secret).root() != list.root());
  // One person's salt is what it was.
  CHECK(commitmentOfToken(hexOf(secret.view())) == commitmentOf(secret));
}
