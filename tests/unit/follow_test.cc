// What a monitor sees: forks, rollbacks, bad bytes, a head that stands still.
#include "tools/follow.h"

#include "tests/support/memory_log.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;
using namespace lacuna::tool;

namespace {

const Instant kNow = instantOf(1600000000000 + 60'000);

MemoryLog logOf(std::uint64_t count) {
  MemoryLog log(count, 90);
  log.tilesKept = MemoryLog::Tiles::all;
  log.envelopesKept = false;
  for (auto& entry : log.entries) entry.envelope.reset();
  return log;
}

// The same records up to `from`, then others, signed with the same key.
MemoryLog forkOf(MemoryLog log, std::uint64_t from) {
  Record record = decodeRecord(log.entries[from].record).value();
  record.tag.bytes[0] ^= 1;
  log.entries[from].record = encode(record);
  log.relink(from);
  return log;
}

FollowOptions trusting(const MemoryLog& log) {
  FollowOptions options;
  options.key = log.key();
  return options;
}

Followed seenOf(const MemoryLog& log) {
  const Look first = look(log, log.note(), std::nullopt, Depth::whole, trusting(log), kNow);
  CHECK_FALSE(first.alarm.has_value());
  REQUIRE(first.state.has_value());
  return *first.state;
}

std::string alarmOf(const MemoryLog& log, const std::optional<Followed>& before, Depth depth,
                    const FollowOptions& options) {
  const Look seen = look(log, log.note(), before, depth, options, kNow);
  CHECK(seen.state.has_value() != seen.alarm.has_value());
  return seen.alarm ? std::string(seen.alarm->kind) : "";
}

}  // namespace

TEST_CASE("a log that grows is followed by what is new alone", "[P1][P3]") {
  std::optional<Followed> state;
  for (const std::uint64_t size : {1U, 7U, 256U, 257U, 600U, 600U, 1025U}) {
    CAPTURE(size);
    const MemoryLog log = logOf(size);
    const Look seen = look(log, log.note(), state, Depth::tail, trusting(log), kNow);
    CHECK_FALSE(seen.alarm.has_value());
    REQUIRE(seen.state.has_value());
    const std::uint64_t before = state ? parseNote(state->note)->checkpoint.size.raw() : 0;
    CHECK(seen.recordsRead == size - before);
    state = seen.state;
    CHECK(followedOfText(textOf(*state)).value() == *state);
  }
}

TEST_CASE("another history under the same key is a fork, however it ends", "[P1][P3]") {
  const Followed seen = seenOf(logOf(600));
  for (const Depth depth : {Depth::tail, Depth::whole}) {
    for (const std::uint64_t from : {3U, 300U, 599U}) {
      CAPTURE(from);
      const MemoryLog same = forkOf(logOf(600), from);
      CHECK(alarmOf(same, seen, depth, trusting(same)) == "fork");
      const MemoryLog longer = forkOf(logOf(900), from);
      CHECK(alarmOf(longer, seen, depth, trusting(longer)) == "fork");
    }
    // Beyond what was seen it is nobody's business which history it is.
    const MemoryLog later = forkOf(logOf(900), 600);
    CHECK(alarmOf(later, seen, depth, trusting(later)).empty());
  }
}

TEST_CASE("a log that became shorter is a rollback", "[P3]") {
  const Followed seen = seenOf(logOf(600));
  const MemoryLog shorter = logOf(599);
  CHECK(alarmOf(shorter, seen, Depth::tail, trusting(shorter)) == "rollback");
}

TEST_CASE("a bad byte in what is new is found at once, one in what is old by a whole look",
          "[P1]") {
  const Followed seen = seenOf(logOf(600));
  for (const std::uint64_t at : {600U, 767U, 768U, 1099U}) {
    CAPTURE(at);
    MemoryLog log = logOf(1100);
    log.entries[at].record[20] ^= 1;  // its tag
    CHECK(alarmOf(log, seen, Depth::tail, trusting(log)) == "bad-byte");
  }
  MemoryLog old = logOf(1100);
  old.entries[100].record[20] ^= 1;
  CHECK(alarmOf(old, seen, Depth::tail, trusting(old)).empty());
  CHECK(alarmOf(old, seen, Depth::whole, trusting(old)) == "bad-byte");

  MemoryLog cut = logOf(1100);
  cut.reportedSize = 1100;
  cut.entries.resize(1000);
  CHECK(alarmOf(cut, seen, Depth::tail, trusting(cut)) == "bad-byte");
  MemoryLog document = logOf(300);
  document.documents.begin()->second[0] ^= 1;
  CHECK(alarmOf(document, std::nullopt, Depth::tail, trusting(document)) == "bad-byte");
}

TEST_CASE("a stored tile that does not follow from the records is a bad byte", "[P1]") {
  const Followed seen = seenOf(logOf(600));
  MemoryLog log = logOf(1100);
  const MemoryLog other = forkOf(logOf(1100), 900);
  log.tree = other.tree;  // the tiles of another history
  log.reportedSize = 1100;
  const Look tail = look(log, logOf(1100).note(), seen, Depth::tail, trusting(log), kNow);
  REQUIRE(tail.alarm.has_value());
  CHECK(tail.alarm->kind == "bad-byte");
}

TEST_CASE("a head that nobody trusted has signed is an alarm", "[P3]") {
  const MemoryLog log = logOf(20);
  const Followed seen = seenOf(log);
  FollowOptions other;
  other.key = verifierKeyOf(kTestOrigin, SigningKey(Secret(Bytes(32, 9))).publicKey());
  CHECK(alarmOf(log, std::nullopt, Depth::whole, other) == "bad-signature");
  // Without a key of one's own, the key of the first look is believed, and no other one after it.
  CHECK(alarmOf(log, std::nullopt, Depth::whole, {}).empty());
  Followed pinned = seen;
  pinned.key = *other.key;
  CHECK(alarmOf(log, pinned, Depth::tail, {}) == "bad-signature");
  CHECK_FALSE(followedOfText(textOf(pinned)).ok());
  CHECK_FALSE(followedOfText("{}").ok());

  FollowOptions policy;
  const VerifierKey witness =
      verifierKeyOf("w", SigningKey(Secret(Bytes(32, 4))).publicKey(), kNoteCosignature);
  policy.policy =
      policyOfText("log " + textOf(log.key()) + "\nwitness w " + textOf(witness) + "\nquorum w\n")
          .value();
  CHECK(alarmOf(log, std::nullopt, Depth::whole, policy) == "unwitnessed");
}

TEST_CASE("a head that stands still becomes stale", "[P3]") {
  const MemoryLog log = logOf(20);
  FollowOptions options = trusting(log);
  options.staleAfter = std::chrono::seconds(61);
  CHECK(alarmOf(log, std::nullopt, Depth::whole, options).empty());
  options.staleAfter = std::chrono::seconds(58);
  CHECK(alarmOf(log, std::nullopt, Depth::whole, options) == "stale");
}
