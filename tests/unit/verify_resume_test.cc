// A verification that goes on where an earlier one was, and what is kept for it in between.
#include "ledger/crypto/digest.h"
#include "tests/support/memory_log.h"
#include "tools/verify_state.h"

#include <catch2/catch.hpp>

#include <mutex>
#include <set>

using namespace lacuna;
using namespace lacuna::test;
using lacuna::tool::belongsTo;
using lacuna::tool::VerifyState;
using lacuna::tool::verifyStateOfText;

namespace {

constexpr std::uint64_t kCount = 5 * 256 + 40;

MemoryLog publicLog(std::uint64_t count = kCount) {
  MemoryLog log(count);
  log.envelopesKept = false;
  for (auto& entry : log.entries) entry.envelope.reset();
  return log;
}

// A log that remembers which records were read.
class Watched final : public LogSource {
 public:
  explicit Watched(const MemoryLog& log) : log_(log) {}
  TreeSize size() const override { return log_.size(); }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override {
    log_.scan(first, end, [&](const LogEntry& entry) {
      const std::lock_guard lock(mutex_);
      read_.insert(entry.seq.raw());
      return visit(entry);
    });
  }
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override {
    return log_.tile(level, index, width);
  }
  std::optional<Bytes> document(const DocumentHash& hash) const override {
    return log_.document(hash);
  }
  bool hasEnvelopes() const override { return log_.hasEnvelopes(); }
  std::uint64_t firstRead() const { return read_.empty() ? kCount : *read_.begin(); }
  bool wasRead(std::uint64_t seq) const { return read_.contains(seq); }

 private:
  const MemoryLog& log_;
  mutable std::mutex mutex_;
  mutable std::set<std::uint64_t> read_;
};

VerifyReport verified(const LogSource& log, const MemoryLog& of, const VerifiedRanges* earlier,
                      std::vector<std::string> notes = {}) {
  VerifyOptions options;
  options.threads = 2;
  options.key = of.key();
  notes.push_back(of.note());
  options.checkpoints = std::move(notes);
  options.earlier = earlier;
  options.onVerified = [](const VerifiedRanges&) {};
  return verifyLog(log, options);
}

VerifiedRanges firstOf(VerifiedRanges ranges, std::size_t count) {
  ranges.subtrees.resize(count);
  return ranges;
}

VerifyState stateOf(const MemoryLog& log) {
  VerifyState state;
  state.whole = log.noteAt(700);
  state.begun = log.note();
  state.at = instantOf(1'700'000'000'123);
  state.ranges = verified(log, log, nullptr).verified;
  return state;
}

}  // namespace

TEST_CASE("a verification that was cut off goes on where it was, and ends as one that was not",
          "[P1][P3][verify]") {
  const MemoryLog log = publicLog();
  const VerifyReport whole = verified(log, log, nullptr);
  REQUIRE(whole.whole());
  REQUIRE(whole.verified.subtrees.size() == 5);
  CHECK(whole.recordsTaken == 0);
  for (std::size_t count = 0; count <= 5; ++count) {
    CAPTURE(count);
    const Watched watched(log);
    const VerifiedRanges earlier = firstOf(whole.verified, count);
    const VerifyReport resumed = verified(watched, log, &earlier);
    CHECK(resumed.whole());
    CHECK(resumed.trusted);
    CHECK(resumed.root == whole.root);
    CHECK(resumed.recordsTaken == count * 256);
    CHECK(resumed.verified == whole.verified);
    CHECK(watched.firstRead() ==
          (count == 0 ? 0 : count * 256 - 1));  // the one before, for its link
  }
}

TEST_CASE(
    "a log that grew is verified from where it was on, and is still held against what was kept",
    "[P1][P3][verify]") {
  const MemoryLog before = publicLog(700), now = publicLog();
  const VerifiedRanges earlier = verified(before, before, nullptr).verified;
  REQUIRE(earlier.subtrees.size() == 2);
  const Watched watched(now);
  // At 300 a root is wanted in the middle of a range: that range is read again. 512 is its end.
  const VerifyReport report =
      verified(watched, now, &earlier, {now.noteAt(300), now.noteAt(512), before.note()});
  CHECK(report.whole());
  CHECK(report.checkpointsChecked == 4);
  CHECK(report.recordsTaken == 256);
  CHECK_FALSE(watched.wasRead(100));
  CHECK(watched.wasRead(300));

  // Without a key of the caller's, by the one that record 0 named then.
  VerifyOptions options;
  options.checkpoints = {now.note()};
  options.earlier = &earlier;
  const VerifyReport believed = verifyLog(now, options);
  CHECK(believed.whole());
  CHECK(believed.believedKey == now.key());

  // Ranges of another height: leaves, as the smallest there are.
  VerifiedRanges leaves;
  for (std::size_t i = 0; i < 600; ++i) leaves.subtrees.push_back(now.tree.leaves()[i].bytes);
  const VerifyReport folded = verified(now, now, &leaves);
  CHECK(folded.whole());
  CHECK(folded.recordsTaken == 512);
  VerifiedRanges larger = earlier;
  larger.height = 16;  // of a log that was larger: nothing is taken
  CHECK(verified(now, now, &larger).recordsTaken == 0);
}

TEST_CASE("what an earlier run has verified cannot be replaced: the root says so",
          "[P1][P3][verify]") {
  const MemoryLog log = publicLog();
  const VerifiedRanges earlier = verified(log, log, nullptr).verified;

  MemoryLog forked = log;  // another record in what was verified, everything after it linked anew
  Record record = decodeRecord(forked.entries[100].record).value();
  record.system = SystemNo(77);
  forked.entries[100].record = encode(record);
  forked.relink(100);
  REQUIRE(verified(forked, forked, nullptr).whole());
  CHECK_FALSE(verified(forked, forked, &earlier).whole());
  CHECK_FALSE(verified(forked, forked, nullptr, {log.noteAt(600)}).whole());

  for (std::size_t range = 0; range < earlier.subtrees.size(); ++range) {
    VerifiedRanges wrong = earlier;
    wrong.subtrees[range][7] ^= 1;
    CAPTURE(range);
    CHECK_FALSE(verified(log, log, &wrong).whole());
  }
  // Nothing that was found lies in what is remembered.
  MemoryLog spoiled = log;
  spoiled.entries[600].record[40] ^= 1;
  const VerifyReport report = verified(spoiled, log, nullptr);
  CHECK_FALSE(report.whole());
  CHECK(report.verified.subtrees.size() <= 4);
  CHECK(std::equal(
      report.verified.subtrees.begin(),
      report.verified.subtrees.begin() +
          static_cast<std::ptrdiff_t>(std::min<std::size_t>(2, report.verified.subtrees.size())),
      earlier.subtrees.begin()));
}

TEST_CASE("the file of a resumed verification reads back, or not at all", "[P3][verify]") {
  const MemoryLog log = publicLog();
  const VerifyState state = stateOf(log);
  const std::string text = textOf(state);
  REQUIRE(verifyStateOfText(text).ok());
  CHECK(verifyStateOfText(text).value() == state);
  const std::string empty = textOf(VerifyState{});
  CHECK(verifyStateOfText(empty).value() == VerifyState{});

  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CAPTURE(at);
    CHECK_FALSE(verifyStateOfText(changed).ok());
    CHECK_FALSE(verifyStateOfText(text.substr(0, at)).ok());
  }
  CHECK_FALSE(verifyStateOfText(text + "\n").ok());

  const auto note = parseNote(log.note());
  REQUIRE(note);
  CHECK(belongsTo(state, *note, log.key()).ok());
  CHECK(belongsTo(state, *note, std::nullopt).ok());
  const SigningKey other{Secret(Bytes(32, 9))};
  const VerifierKey otherKey = verifierKeyOf(kTestOrigin, other.publicKey());
  CHECK(belongsTo(state, *note, otherKey).refusal().code == RefusalCode::foreignKey);
  const auto elsewhere =
      parseNote(signNote({"example.org/other", log.size(), note->checkpoint.root}, other));
  CHECK(belongsTo(state, *elsewhere, std::nullopt).refusal().code == RefusalCode::foreignKey);
}
