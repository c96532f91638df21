// What a witness remembers, and the policy that a daemon is given.
#include "tools/witness_state.h"

#include "daemon/server/config.h"
#include "ledger/base/fault.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"
#include "tests/support/scratch.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <sys/stat.h>

using namespace lacuna;
using namespace lacuna::test;
using lacuna::tool::WitnessState;

namespace {

const std::string kOrigin = "example.org/log";

std::string noteOf(std::uint64_t size) {
  const RootHash root{sha256(key64(size))};
  return signNote({kOrigin, TreeSize(size), root}, SigningKey(Secret(Bytes(32, 1))));
}

std::unique_ptr<WitnessState> opened(const Scratch& dir, const std::string& name = "") {
  auto state = WitnessState::open(dir.path() / "witness", name);
  REQUIRE(state.ok());
  return std::move(*state);
}

RefusalCode refusalOf(const Scratch& dir, const std::string& name) {
  return WitnessState::open(dir.path() / "witness", name).refusal().code;
}

}  // namespace

TEST_CASE("a witness remembers under one key what it has cosigned, before it says so", "[P3]") {
  const Scratch dir;
  CHECK(refusalOf(dir, "") == RefusalCode::missingKey);
  CHECK(refusalOf(dir, "no name") == RefusalCode::invalidValue);
  VerifierKey key;
  {
    const auto state = opened(dir, "w.example.org");
    key = state->key();
    CHECK(key.type == kNoteCosignature);
    CHECK_FALSE(state->lastNote(kOrigin).has_value());
    CHECK(refusalOf(dir, "") == RefusalCode::alreadyRunning);
    const std::string line = state->cosign(*parseNote(noteOf(5)), noteOf(5), instantOf(7000));
    CHECK(state->lastNote(kOrigin) == noteOf(5) + line);
    struct stat file {};
    REQUIRE(::stat((dir.path() / "witness/witness.key").c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);
  }
  CHECK(refusalOf(dir, "other.example.org") == RefusalCode::foreignKey);
  const auto again = opened(dir, "w.example.org");
  CHECK(again->key() == key);
  const auto kept = again->lastNote(kOrigin);
  REQUIRE(kept.has_value());
  CHECK(cosignedAt(*parseNote(*kept), key).value() == instantOf(7000));
  CHECK_FALSE(again->lastNote("example.org/other").has_value());

  again->cosign(*parseNote(noteOf(9)), noteOf(9), instantOf(8000));
  CHECK_THROWS_AS(again->cosign(*parseNote(noteOf(8)), noteOf(8), instantOf(9000)), Bug);
  CHECK(parseNote(*again->lastNote(kOrigin))->checkpoint.size == TreeSize(9));
}

TEST_CASE("a witness whose memory was changed cosigns nothing", "[P3]") {
  const Scratch dir;
  {
    const auto state = opened(dir, "w.example.org");
    state->cosign(*parseNote(noteOf(5)), noteOf(5), instantOf(7000));
  }
  const auto file = dir.path() / "witness/log" / hexOf(sha256(bytesOf(kOrigin)));
  REQUIRE(std::filesystem::exists(file));
  std::ofstream(file, std::ios::binary) << noteOf(3);  // put back, without our line
  const auto state = opened(dir);
  CHECK_THROWS_AS(state->lastNote(kOrigin), Fault);
  CHECK_THROWS_AS(state->cosign(*parseNote(noteOf(6)), noteOf(6), instantOf(8000)), Fault);
}

TEST_CASE("a witness policy is read at the start, or the daemon does not start", "[P3]") {
  const Scratch dir;
  const auto file = (dir.path() / "policy").string();
  const auto configured = [&](const std::string& policy, std::vector<std::string> more = {}) {
    std::ofstream(file, std::ios::binary) << policy;
    std::vector<std::string> arguments{"--data", "x", "--witness-policy", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return configure(arguments, {});
  };
  const std::string witness =
      "witness w witness+24b37851+BNYV1Ztajd9BvyjP2HgpwrqYL6TjOwIjGMOq8Bu42xbN ";
  const auto good = configured(witness + "https://w.example.org/\nquorum w\n");
  REQUIRE(std::holds_alternative<ServerConfig>(good));
  CHECK(std::get<ServerConfig>(good).witnesses->witnesses.size() == 1);
  CHECK(std::get<ServerConfig>(good).witnessInterval == std::chrono::seconds(5));
  // A checkpoint with a line of each has to be one that others read.
  const auto many = [](unsigned count) {
    std::string out;
    for (unsigned i = 0; i < count; ++i) {
      const std::string name = "w" + std::to_string(i);
      const SigningKey key(Secret(Bytes(32, static_cast<std::uint8_t>(i))));
      out += "witness " + name + " " +
             textOf(verifierKeyOf(name, key.publicKey(), kNoteCosignature)) +
             " https://w.example.org/\n";
    }
    return out + "quorum none\n";
  };
  CHECK(std::holds_alternative<ServerConfig>(configured(many(99))));
  CHECK(std::holds_alternative<UsageError>(configured(many(100))));
  for (const char* policy : {"", "quorum w\n", "trust me\n"}) {
    CHECK(std::holds_alternative<UsageError>(configured(policy)));
  }
  CHECK(std::holds_alternative<UsageError>(configured(witness + "file:///etc\nquorum w\n")));
  CHECK(
      std::holds_alternative<UsageError>(configured("quorum none\n", {"--witness-interval", "0"})));
  CHECK(std::holds_alternative<UsageError>(
      configure({"--data", "x", "--witness-policy", "/nowhere/policy"}, {})));
}
