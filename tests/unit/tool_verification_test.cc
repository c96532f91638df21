#include "tests/support/memory_log.h"
#include "tools/verification.h"

#include <catch2/catch.hpp>

namespace lacuna::tool {
namespace {

Verification verified(const LogSource& log, const std::string& note,
                      const std::optional<VerifierKey>& key) {
  Verification out;
  out.source = "data";
  out.key = key;
  out.checkpoints = {note};
  out.envelopesAtHand = log.hasEnvelopes();
  VerifyOptions options;
  options.key = key;
  if (!note.empty()) options.checkpoints = {note};
  out.report = verifyLog(log, options);
  return out;
}

}  // namespace

TEST_CASE(
    "without a key of the caller's the word verified is never said, and the key believed is named",
    "[P1]") {
  const test::MemoryLog log(20);
  const Verification v = verified(log, log.note(), std::nullopt);
  CHECK(v.verdict() == Verification::Verdict::consistent);
  const std::string text = textOf(v);
  CHECK(text.starts_with("internally consistent"));
  CHECK(text.find("verified") == std::string::npos);
  CHECK(text.find(textOf(log.key())) != std::string::npos);
  const Json json = jsonOf(v);
  CHECK(json["result"] == "internally-consistent");
  CHECK(json["keyBelieved"] == textOf(log.key()));
  CHECK_FALSE(json.contains("key"));
  CHECK(json["notChecked"].size() == 2);  // the signature; of a copy also its derived rows
}

TEST_CASE("with the right key the log is verified, and the report says by what", "[P1]") {
  const test::MemoryLog log(20);
  const Verification v = verified(log, log.note(), log.key());
  CHECK(v.verdict() == Verification::Verdict::verified);
  CHECK(textOf(v).starts_with("verified: 20 records"));
  const Json json = jsonOf(v);
  CHECK(json["range"]["size"] == 20);
  CHECK(json["key"] == textOf(log.key()));
  CHECK(json["checked"]["checkpoints"] == 1);
  CHECK(json["findings"].empty());
}

TEST_CASE("a key that has signed nothing here leads to no success", "[P1]") {
  const test::MemoryLog log(20);
  const Verification unsigned_ = verified(log, "", log.key());
  CHECK(unsigned_.verdict() == Verification::Verdict::failed);
  CHECK(jsonOf(unsigned_)["findings"].size() == 1);
  CHECK_FALSE(failureOf(unsigned_).empty());
  const SigningKey other(Secret(test::noise("another", 0, 32)));
  const Verification foreign =
      verified(log, log.note(), verifierKeyOf(test::kTestOrigin, other.publicKey()));
  CHECK(foreign.verdict() == Verification::Verdict::failed);
}

TEST_CASE("the first bad record is named in the first line", "[P1]") {
  test::MemoryLog log(20);
  log.entries[7].record[3] ^= 1;
  const Verification v = verified(log, log.note(), log.key());
  CHECK(v.verdict() == Verification::Verdict::failed);
  CHECK(failureOf(v).starts_with("record 7: "));
  CHECK(textOf(v).starts_with("verification failed: record 7: "));
  CHECK(jsonOf(v)["findings"][0]["seq"] == 7);
}

}  // namespace lacuna::tool
