#include "ledger/proof/certificate.h"

#include "ledger/proof/receipt.h"
#include "tests/support/trees.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

constexpr std::string_view kOrigin = "audit.example.org/test";

// A log of the four records of one erasure, and a certificate over it.
struct World {
  SigningKey key{Secret(Bytes(32, 7))};
  std::vector<Bytes> records;
  MemoryTree tree;
  CertificateStatement statement;

  World() {
    statement.erasure.bytes.fill(0x11);
    statement.ledger.bytes.fill(0x22);
    statement.origin = kOrigin;
    statement.issuedAt = instantOf(1'700'000'100'000);
    statement.tier = CertificateTier::complete;
    statement.ground = Ground::consentWithdrawn;
    statement.erased = {{"marketing", 2025}, {"marketing", 0}};
    statement.kept = {{{"billing", 2024}, "legally-required", "AWR 52", "2031-12-31"}};
    statement.version = TreeVersion(9);
    statement.holders = {{0, "destroyed", instantOf(1'700'000'050'000), "logical"}};
    statement.recipients = {{"zoom", "queued", std::nullopt}};
    statement.caseNumber = 4;
    statement.caseEnds = "2026-12-31";
    statement.person = commitmentOf(PersonSalt{});
    add(Kind::genesis,
        encode(GenesisBody{statement.ledger, std::string(kOrigin), key.publicKey()}));
    for (const ErasureStep step :
         {ErasureStep::intent, ErasureStep::committed, ErasureStep::complete}) {
      add(Kind::erasure, bodyOfStep(step));
    }
    statement.intent = Seq(1);
    statement.committed = Seq(2);
    statement.complete = Seq(3);
  }

  Bytes bodyOfStep(ErasureStep step) const {
    ErasureBody body;
    body.erasure = statement.erasure;
    body.step = step;
    body.ground = statement.ground;
    const bool intent = step == ErasureStep::intent;
    body.version = intent ? TreeVersion(0) : statement.version;
    body.holdersDestroyed = intent ? 0 : 1;
    body.weakestAssurance = 1;
    body.parts = intent ? 1 : 0;
    return encode(body);
  }

  void add(Kind kind, Bytes body) {
    Record record;
    record.kind = kind;
    record.recordedAt = instantOf(1'700'000'000'000 + records.size());
    record.body = std::move(body);
    record.seq = Seq(records.size());
    if (!records.empty()) record.prev = leafHash(records.back());
    records.push_back(encode(record));
    tree.append(leafHash(records.back()));
  }

  std::string proofOf(std::uint64_t seq) const {
    TlogProof proof;
    proof.extra = records.at(seq);
    proof.index = Seq(seq);
    proof.hashes = proveInclusion(tree.tiles(), Seq(seq), tree.size()).value();
    proof.checkpoint = signNote({std::string(kOrigin), tree.size(), tree.root()}, key);
    return textOf(proof);
  }

  Certificate certificate() const {
    Certificate out;
    out.key = textOf(verifierKey());
    out.states = {signStatement(statement, key)};
    for (std::uint64_t seq = 0; seq < records.size(); ++seq) out.proofs.push_back(proofOf(seq));
    return out;
  }
  VerifierKey verifierKey() const { return verifierKeyOf(kOrigin, key.publicKey()); }
};

}  // namespace

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
  world.add(Kind::sweep, {});
  CertificateStatement later = world.statement;
  later.tier = CertificateTier::removed;
  later.removed = Seq(4);
  later.issuedAt += std::chrono::hours(1);
  later.recipients = {{"zoom", "executed", later.issuedAt}};
  Certificate after = before;
  after.states.push_back(signStatement(later, world.key));
  after.proofs.push_back(world.proofOf(4));
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
