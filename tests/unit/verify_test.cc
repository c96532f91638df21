#include "ledger/proof/verify.h"

#include "ledger/proof/removal.h"
#include "tests/support/memory_log.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <latch>
#include <random>
#include <thread>

using namespace lacuna;
using namespace lacuna::test;

namespace {

constexpr std::uint64_t kCount = 600;

const MemoryLog& honest() {
  static const MemoryLog log(kCount);
  return log;
}
const std::string& honestNote() {
  static const std::string note = honest().note();
  return note;
}

VerifyReport verify(const LogSource& log, std::vector<std::string> notes, unsigned threads = 1) {
  VerifyOptions options;
  options.threads = threads;
  options.checkpoints = std::move(notes);
  options.key = honest().key();
  return verifyLog(log, options);
}

std::string describe(const VerifyReport& report) {
  std::string out;
  for (const Finding& f : report.findings) {
    out += (f.seq ? std::to_string(f.seq->raw()) : "-") +
           (f.through ? ".." + std::to_string(f.through->raw()) : "") + ": " + f.what + "\n";
  }
  return out;
}

// The first finding is at this very record.
void checkNames(const VerifyReport& report, std::uint64_t seq) {
  INFO(describe(report));
  CHECK_FALSE(report.whole());
  if (report.whole()) return;
  CHECK(report.findings[0].seq == Seq(seq));
  CHECK_FALSE(report.findings[0].through);
}
// The first finding says: one of these, and the bad record is among them.
void checkCovers(const VerifyReport& report, std::uint64_t seq) {
  INFO(describe(report));
  CHECK_FALSE(report.whole());
  if (report.whole()) return;
  const Finding& first = report.findings[0];
  REQUIRE(first.seq);
  CHECK(first.seq->raw() <= seq);
  CHECK(first.through.value_or(*first.seq).raw() >= seq);
}
void checkSays(const VerifyReport& report, std::uint64_t seq, std::string_view what) {
  INFO(describe(report));
  REQUIRE_FALSE(report.whole());
  CHECK(report.findings[0].seq == Seq(seq));
  CHECK(report.findings[0].what == what);
}

MemoryLog withTiles(MemoryLog::Tiles tiles) {
  MemoryLog log = honest();
  log.tilesKept = tiles;
  return log;
}

}  // namespace

TEST_CASE("a whole log is whole with any number of threads", "[P1]") {
  for (const unsigned threads : {0U, 1U, 2U, 5U}) {
    const VerifyReport report = verify(honest(), {honestNote(), honest().noteAt(1)}, threads);
    INFO(describe(report));
    CHECK(report.whole());
    CHECK(report.trusted);
    CHECK(report.size == TreeSize(kCount));
    CHECK(report.root == honest().tree.root());
    CHECK(report.envelopesChecked == kCount - 2);
    CHECK(report.documentsChecked == 1);
    CHECK(report.checkpointsChecked == 2);
    CHECK(report.tilesChecked == 2);  // two full tiles of level 0
    CHECK(report.believedKey == honest().key());
  }
}

TEST_CASE("logs of every small size and around the borders of ranges are whole", "[P1]") {
  for (const std::uint64_t size : {1U, 2U, 3U, 5U, 255U, 256U, 257U, 258U, 511U, 512U, 513U}) {
    CAPTURE(size);
    MemoryLog log(size);
    log.tilesKept = MemoryLog::Tiles::all;
    const VerifyReport report = verify(log, {log.note(), log.noteAt((size + 1) / 2)}, 2);
    INFO(describe(report));
    CHECK(report.whole());
    CHECK(report.root == log.tree.root());
    CHECK(report.checkpointsChecked == 2);
  }
}

TEST_CASE("every flipped byte of a record is found and its record named", "[P1]") {
  const std::vector<std::string> notes = {honestNote(), honest().noteAt(kCount - 1)};
  for (const auto tiles : {MemoryLog::Tiles::all, MemoryLog::Tiles::none}) {
    MemoryLog log = withTiles(tiles);
    for (const std::uint64_t seq : {0U, 1U, 2U, 7U, 254U, 255U, 256U, 257U, 598U, 599U}) {
      for (std::size_t at = 0; at < log.entries[seq].record.size(); ++at) {
        CAPTURE(seq, at, tiles);
        log.entries[seq].record[at] ^= 0x41;
        checkNames(verify(log, notes), seq);
        log.entries[seq].record[at] ^= 0x41;
      }
    }
  }
}

TEST_CASE("a flipped bit of any record is found and its record named", "[P1]") {
  std::mt19937_64 random(7);
  MemoryLog log = withTiles(MemoryLog::Tiles::full);
  const std::vector<std::string> notes = {honestNote(), honest().noteAt(kCount - 1)};
  for (std::uint64_t seq = 0; seq < kCount; ++seq) {
    std::uint8_t& byte = log.entries[seq].record[random() % log.entries[seq].record.size()];
    const auto bit = static_cast<std::uint8_t>(1U << (random() % 8));
    CAPTURE(seq);
    byte ^= bit;
    checkNames(verify(log, notes), seq);
    byte ^= bit;
  }
}

TEST_CASE("with one checkpoint and no tiles only the last record is named among others", "[P1]") {
  MemoryLog log = withTiles(MemoryLog::Tiles::none);
  for (const std::uint64_t seq : {0U, 1U, 300U, 597U, 598U, 599U}) {
    for (std::size_t at = 0; at < log.entries[seq].record.size(); at += 3) {
      CAPTURE(seq, at);
      log.entries[seq].record[at] ^= 0x01;
      const VerifyReport report = verify(log, {honestNote()});
      if (seq + 1 == kCount) {
        checkCovers(report, seq);
      } else {
        checkNames(report, seq);
      }
      log.entries[seq].record[at] ^= 0x01;
    }
  }
}

TEST_CASE("without checkpoints the chain alone finds all but the last record", "[P1]") {
  MemoryLog log = withTiles(MemoryLog::Tiles::none);
  for (const std::uint64_t seq : {0U, 255U, 256U, 400U, 597U, 598U}) {
    for (std::size_t at = 0; at < log.entries[seq].record.size(); at += 5) {
      CAPTURE(seq, at);
      log.entries[seq].record[at] ^= 0x10;
      const VerifyReport report = verifyLog(log, {});
      if (seq + 2 == kCount) {
        checkCovers(report, seq);  // its one witness could be the liar
      } else {
        checkNames(report, seq);
      }
      log.entries[seq].record[at] ^= 0x10;
    }
  }
}

TEST_CASE("two neighbours changed are told apart by the stored tiles", "[P1]") {
  MemoryLog log = honest();
  log.entries[300].record[16] ^= 1;
  log.entries[301].record[16] ^= 1;
  checkSays(verify(log, {honestNote()}), 300, finding::kTile);
}

TEST_CASE("every flipped byte of an envelope is found and its record named", "[P1]") {
  MemoryLog log = honest();
  std::mt19937_64 random(11);
  for (std::uint64_t seq = 2; seq < kCount; ++seq) {
    Bytes& envelope = *log.entries[seq].envelope;
    const std::size_t at = seq == 10 ? 0 : random() % envelope.size();
    CAPTURE(seq, at);
    envelope[at] ^= 0x80;
    checkSays(verify(log, {honestNote()}), seq, finding::kEnvelopeChanged);
    envelope[at] ^= 0x80;
  }
}

TEST_CASE("a cut, emptied, exchanged, missing or added envelope is found", "[P1]") {
  MemoryLog log = honest();
  const std::vector<std::string> notes = {honestNote()};
  SECTION("cut") {
    log.entries[40].envelope->pop_back();
    checkSays(verify(log, notes), 40, finding::kEnvelopeChanged);
  }
  SECTION("lengthened") {
    log.entries[40].envelope->push_back(0);
    checkSays(verify(log, notes), 40, finding::kEnvelopeChanged);
  }
  SECTION("emptied") {
    log.entries[40].envelope->clear();
    checkSays(verify(log, notes), 40, finding::kEnvelopeChanged);
  }
  SECTION("exchanged") {
    std::swap(log.entries[40].envelope, log.entries[41].envelope);
    checkSays(verify(log, notes), 40, finding::kEnvelopeChanged);
  }
  SECTION("added to a record without one") {
    log.entries[1].envelope = Bytes(50);
    checkSays(verify(log, notes), 1, finding::kEnvelopeExtra);
  }
  SECTION("missing, unless a public record says that it was removed") {
    log.entries[40].envelope.reset();
    log.entries[41].envelope.reset();
    checkSays(verify(log, notes), 40, finding::kEnvelopeMissing);
  }
  SECTION("not at hand at all: an auditor's copy is whole, and says that it checked none") {
    for (auto& entry : log.entries) entry.envelope.reset();
    log.envelopesKept = false;
    const VerifyReport report = verify(log, notes);
    CHECK(report.whole());
    CHECK(report.envelopesChecked == 0);
  }
}

// The log goes on with a sweep's record that names these documents; returns its seq.
std::uint64_t addSweep(MemoryLog& log,
                       const std::vector<std::pair<std::uint64_t, Bytes>>& documents,
                       std::uint64_t marked) {
  SweepBody body;
  body.marked = TreeSize(marked);
  body.version = TreeVersion(2);
  for (const auto& [range, document] : documents) {
    const DocumentHash hash{sha256(document)};
    body.parts.push_back({range, hash});
    log.documents[hash] = document;
  }
  Record record;
  record.kind = Kind::sweep;
  record.recordedAt = instantOf(1700000000000);
  record.tag = *Tag::from(noise("sweep", log.entries.size(), 16));
  record.body = encode(body);
  record.seq = Seq(log.entries.size());
  record.prev = log.tree.leaves().back();
  log.entries.push_back({record.seq.raw(), encode(record), std::nullopt});
  log.tree.append(leafHash(log.entries.back().record));
  return record.seq.raw();
}

Bytes removalOf(std::initializer_list<std::uint32_t> seqs) {
  RangeSet set;
  for (const std::uint32_t seq : seqs) set.insert(seq);
  return encodeRemoval(0, set);
}

TEST_CASE("an envelope may be missing only where a sweep of this log says that it removed it",
          "[P1]") {
  MemoryLog log = honest();
  const std::uint64_t end = log.entries.size();
  for (const std::size_t seq : {40U, 41U, 260U}) log.entries[seq].envelope.reset();
  SECTION("named: whole, and the number is reported") {
    addSweep(log, {{0, removalOf({40, 41, 260})}}, end);
    const VerifyReport report = verify(log, {log.note()});
    CHECK(report.whole());
    CHECK(report.envelopesRemoved == 3);
  }
  SECTION("named by two sweeps; one that is still there is no damage") {
    addSweep(log, {{0, removalOf({41, 50})}}, end);
    addSweep(log, {{0, removalOf({40, 260})}}, end + 1);
    CHECK(verify(log, {log.note()}).whole());
  }
  SECTION("one of them not named") {
    addSweep(log, {{0, removalOf({40, 260})}}, end);
    checkSays(verify(log, {log.note()}), 41, finding::kEnvelopeMissing);
  }
  SECTION("no sweep at all") {
    checkSays(verify(log, {honestNote()}), 40, finding::kEnvelopeMissing);
  }
  SECTION("the document is gone, or another") {
    const std::uint64_t at = addSweep(log, {{0, removalOf({40, 41, 260})}}, end);
    const Bytes document = removalOf({40, 41, 260});
    const DocumentHash hash{sha256(document)};
    SECTION("gone") {
      log.documents.erase(hash);
      const VerifyReport report = verify(log, {log.note()});
      CHECK(report.findings.front() ==
            Finding{Seq(40), std::string(finding::kEnvelopeMissing), std::nullopt});
      CHECK(report.findings.back() ==
            Finding{Seq(at), std::string(finding::kDocumentMissing), std::nullopt});
    }
    SECTION("changed") {
      log.documents[hash] = removalOf({40, 41, 42, 260});
      const VerifyReport report = verify(log, {log.note()});
      CHECK(report.findings.back() ==
            Finding{Seq(at), std::string(finding::kDocumentChanged), std::nullopt});
    }
  }
}

TEST_CASE("a sweep that claims what it cannot have marked is found", "[P1]") {
  MemoryLog log = honest();
  const std::uint64_t end = log.entries.size();
  SECTION("beyond the size that was marked") {
    const std::uint64_t at = addSweep(log, {{0, removalOf({41})}}, 41);
    checkSays(verify(log, {log.note()}), at, finding::kSweep);
  }
  SECTION("a size beyond itself") {
    const std::uint64_t at = addSweep(log, {{0, removalOf({41})}}, end + 1);
    checkSays(verify(log, {log.note()}), at, finding::kSweep);
  }
  SECTION("a document of another range, or none at all") {
    RangeSet one;
    one.insert(41);
    const std::uint64_t at = addSweep(log, {{0, encodeRemoval(1, one)}}, end);
    checkSays(verify(log, {log.note()}), at, finding::kSweep);
  }
  SECTION("a document that is no removal") {
    const std::uint64_t at = addSweep(log, {{0, Bytes{1, 2, 3}}}, end);
    checkSays(verify(log, {log.note()}), at, finding::kSweep);
  }
}

TEST_CASE("a document that is missing or another is found", "[P1]") {
  MemoryLog log = honest();
  SECTION("missing") {
    log.documents.clear();
    checkSays(verify(log, {honestNote()}), 1, finding::kDocumentMissing);
  }
  SECTION("another") {
    log.documents.begin()->second[3] ^= 1;
    checkSays(verify(log, {honestNote()}), 1, finding::kDocumentChanged);
  }
}

TEST_CASE("a record that is missing is named", "[P1]") {
  for (const auto tiles : {MemoryLog::Tiles::full, MemoryLog::Tiles::none}) {
    for (const std::uint64_t seq : {0U, 1U, 255U, 256U, 300U, 511U, 512U, 598U}) {
      CAPTURE(seq, tiles);
      MemoryLog log = withTiles(tiles);
      log.entries.erase(log.entries.begin() + static_cast<std::ptrdiff_t>(seq));
      log.reportedSize = kCount;
      checkSays(verify(log, {honestNote()}), seq, finding::kMissing);
      // The same, seen by a reader that counts what it finds.
      log.reportedSize.reset();
      log.renumber();
      checkNames(verify(log, {honestNote()}), seq);
    }
  }
}

TEST_CASE("a log cut at its end is found by its checkpoint", "[P1][P3]") {
  for (const std::uint64_t size : {1U, 256U, 599U}) {
    CAPTURE(size);
    MemoryLog log = honest();
    log.entries.resize(size);
    checkSays(verify(log, {honestNote()}), size, finding::kCut);
    log.reportedSize = kCount;  // or by its own count
    checkSays(verify(log, {honestNote()}), size, finding::kMissing);
  }
  checkSays(verify(MemoryLog(0), {}), 0, finding::kMissing);
}

TEST_CASE("a record slipped in is named", "[P1]") {
  for (const auto tiles : {MemoryLog::Tiles::all, MemoryLog::Tiles::none}) {
    MemoryLog log = withTiles(tiles);
    CAPTURE(tiles);
    const auto place = log.entries.begin() + 300;
    SECTION("a copy of one from elsewhere") {
      log.entries.insert(place, log.entries[50]);
      log.renumber();
      checkNames(verify(log, {honestNote()}), 300);
    }
    SECTION("a forged one that links to the one before it") {
      Record forged = decodeRecord(log.entries[300].record).value();
      forged.tag.bytes[0] ^= 1;
      log.entries.insert(place, {300, encode(forged), log.entries[300].envelope});
      log.renumber();
      checkCovers(verify(log, {honestNote()}), 300);
    }
    SECTION("the same twice") {
      log.entries.insert(place, log.entries[300]);
      log.renumber();
      checkCovers(verify(log, {honestNote()}), 301);
    }
    SECTION("the same twice under one number") {
      log.entries.insert(place, log.entries[300]);
      log.reportedSize = kCount;
      checkSays(verify(log, {honestNote()}), 300, finding::kDoubled);
    }
  }
}

TEST_CASE("records out of order are named", "[P1]") {
  for (const auto tiles : {MemoryLog::Tiles::full, MemoryLog::Tiles::none}) {
    for (const auto& [a, b] : {std::pair{300U, 301U}, {10U, 500U}, {255U, 256U}, {0U, 599U}}) {
      CAPTURE(tiles, a, b);
      MemoryLog log = withTiles(tiles);
      std::swap(log.entries[a], log.entries[b]);
      log.renumber();
      checkNames(verify(log, {honestNote()}), a);
    }
  }
}

TEST_CASE("a history rewritten with all its links is found by what was signed", "[P1][P3]") {
  MemoryLog log = honest();
  const MemoryTree stored = log.tree;
  Record record = decodeRecord(log.entries[300].record).value();
  record.system = SystemNo(99);
  log.entries[300].record = encode(record);
  log.relink(300);
  SECTION("stored tiles name the first record") {
    log.tree = stored;
    checkSays(verify(log, {honestNote()}), 300, finding::kTile);
  }
  SECTION("checkpoints between say where it begins, as closely as they lie") {
    const VerifyReport report =
        verify(log, {honestNote(), honest().noteAt(280), honest().noteAt(310)});
    INFO(describe(report));
    REQUIRE(report.findings.size() == 2);
    CHECK(report.findings[0] == Finding{Seq(280), std::string(finding::kRoot), Seq(309)});
    CHECK(report.checkpointsChecked == 1);
  }
  SECTION("without anything signed it is another whole log, and never called verified") {
    const VerifyReport report = verifyLog(log, {});
    CHECK(report.whole());
    CHECK_FALSE(report.trusted);
  }
}

TEST_CASE("recorded times never step back", "[P1]") {
  MemoryLog log = honest();
  Record record = decodeRecord(log.entries[256].record).value();
  record.recordedAt -= std::chrono::hours(1);
  log.entries[256].record = encode(record);
  log.relink(256);
  checkSays(verifyLog(log, {}), 256, finding::kEarlier);
}

TEST_CASE("public bodies and the beginning of a ledger are held against the format", "[P1]") {
  MemoryLog log = honest();
  const auto change = [&](std::uint64_t seq, auto&& edit) {
    Record record = decodeRecord(log.entries[seq].record).value();
    edit(record);
    log.entries[seq].record = encode(record);
    log.relink(seq);
  };
  SECTION("an unknown value in a body") {
    change(57, [](Record& record) { record.body[5] = 77; });
    checkSays(verifyLog(log, {}), 57, finding::kBody);
  }
  SECTION("a body where none may be") {
    change(58, [](Record& record) { record.body = {1, 2, 3}; });
    checkSays(verifyLog(log, {}), 58, finding::kBody);
  }
  SECTION("a first record of another kind") {
    change(0, [](Record& record) {
      record.kind = Kind::note;
      record.body.clear();
    });
    const VerifyReport report = verifyLog(log, {});
    checkSays(report, 0, finding::kGenesis);
    CHECK_FALSE(report.believedKey);
  }
  SECTION("a second beginning") {
    const Bytes body = decodeRecord(log.entries[0].record)->body;
    change(70, [&](Record& record) {
      record.kind = Kind::genesis;
      record.body = body;
    });
    checkSays(verifyLog(log, {}), 70, finding::kGenesisInside);
  }
  SECTION("a first record that has one before it") {
    Record record = decodeRecord(log.entries[0].record).value();
    record.prev.bytes[0] = 1;
    log.entries[0].record = encode(record);
    MemoryLog rest = log;
    for (std::uint64_t i = 1; i < kCount; ++i) {
      Record next = decodeRecord(rest.entries[i].record).value();
      next.prev = leafHash(rest.entries[i - 1].record);
      rest.entries[i].record = encode(next);
    }
    rest.tilesKept = MemoryLog::Tiles::none;
    checkSays(verifyLog(rest, {}), 0, finding::kUnlinked);
  }
}

TEST_CASE("a stored tile that does not follow from the records is found", "[P1]") {
  MemoryLog log(70000, 0);
  const std::string note = log.note();
  SECTION("a whole log of three levels") {
    log.tilesKept = MemoryLog::Tiles::all;
    const VerifyReport report = verify(log, {note}, 2);
    INFO(describe(report));
    CHECK(report.whole());
    CHECK(report.tilesChecked == 273 + 1 + 1 + 1 + 1);  // full and partial ones of levels 0, 1, 2
  }
  SECTION("a leaf") {
    MemoryLog other = log;
    other.tree = {};
    for (std::uint64_t i = 0; i < 70000; ++i) {
      LeafHash leaf = log.tree.leaves()[i];
      if (i == 66000) leaf.bytes[31] ^= 1;
      other.tree.append(leaf);
    }
    const VerifyReport report = verify(other, {note}, 2);
    checkSays(report, 66000, finding::kTile);
    CHECK(report.findings.size() == 1);
  }
  SECTION("one of an upper level only") {
    struct UpperTampered final : LogSource {
      explicit UpperTampered(const MemoryLog& log) : inner(log) {}
      TreeSize size() const override { return inner.size(); }
      void scan(Seq first, TreeSize end,
                const std::function<bool(const LogEntry&)>& visit) const override {
        inner.scan(first, end, visit);
      }
      std::optional<Bytes> tile(unsigned level, std::uint64_t index,
                                unsigned width) const override {
        auto bytes = inner.tile(level, index, width);
        if (bytes && level == 1) (*bytes)[5 * 32] ^= 1;
        return bytes;
      }
      std::optional<Bytes> document(const DocumentHash& hash) const override {
        return inner.document(hash);
      }
      bool hasEnvelopes() const override { return true; }
      const MemoryLog& inner;
    };
    const VerifyReport report = verify(UpperTampered(log), {note}, 2);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0] ==
          Finding{Seq(5 * 256), std::string(finding::kUpperTile), Seq(6 * 256 - 1)});
  }
}

TEST_CASE("large logs are checked in ranges of whole subtrees", "[P1]") {
  static const MemoryLog kLarge((1U << 18) + 300, 0);
  const std::string note = kLarge.note();
  MemoryLog log = kLarge;
  log.tilesKept = MemoryLog::Tiles::all;
  VerifyOptions options;
  options.checkpoints = {note, log.noteAt(65536), log.noteAt(100000), log.noteAt(1U << 18)};
  std::uint64_t last = 0;
  options.onProgress = [&](std::uint64_t done, std::uint64_t total) {
    CHECK(total == kLarge.entries.size());
    CHECK(done > last);
    last = done;
  };
  const VerifyReport report = verifyLog(log, options);
  INFO(describe(report));
  CHECK(report.whole());
  CHECK(last == kLarge.entries.size());
  CHECK(report.root == kLarge.tree.root());
  CHECK(report.checkpointsChecked == 4);
  CHECK(report.tilesChecked == (1025 + 1) + (4 + 1) + 1);
  for (const std::uint64_t seq : {65535U, 65536U, 200000U, (1U << 18) + 10U}) {
    CAPTURE(seq);
    log.entries[seq].record[20] ^= 1;
    checkNames(verify(log, {note}, 2), seq);
    log.entries[seq].record[20] ^= 1;
  }
}

TEST_CASE("only checkpoints of the trusted key count", "[P1][P3]") {
  const MemoryLog& log = honest();
  const SigningKey stranger(Secret(noise("stranger", 0, 32)));
  const Checkpoint head{std::string(kTestOrigin), TreeSize(kCount), log.tree.root()};
  const auto onlyFinding = [](const VerifyReport& report) {
    INFO(describe(report));
    REQUIRE(report.findings.size() == 1);
    CHECK_FALSE(report.findings[0].seq);
    CHECK_FALSE(report.trusted);
    return report.findings[0].what;
  };
  SECTION("signed by another key") {
    CHECK(onlyFinding(verify(log, {signNote(head, stranger)})) == finding::kNoteSignature);
  }
  SECTION("changed after it was signed") {
    std::string note = honestNote();
    note.replace(note.find("600"), 3, "599");
    CHECK(onlyFinding(verify(log, {note})) == finding::kNoteSignature);
  }
  SECTION("of another origin") {
    Checkpoint other = head;
    other.origin = "audit.example.org/other";
    CHECK(onlyFinding(verify(log, {log.noteFor(other)})) == finding::kNoteSignature);
  }
  SECTION("not a note") { CHECK(onlyFinding(verify(log, {"hello\n"})) == finding::kNote); }
  SECTION("the trusted key is another than the one that the log names") {
    VerifyOptions options;
    options.key = verifierKeyOf(kTestOrigin, stranger.publicKey());
    options.checkpoints = {honestNote()};
    CHECK(onlyFinding(verifyLog(log, options)) == finding::kNoteSignature);
  }
  SECTION("no key: the log's own word, which is not trust") {
    VerifyOptions options;
    options.checkpoints = {honestNote()};
    const VerifyReport report = verifyLog(log, options);
    CHECK(report.whole());
    CHECK_FALSE(report.trusted);
    CHECK(report.checkpointsChecked == 1);
    CHECK(report.believedKey == log.key());
  }
  SECTION("a key but nothing signed by it") { CHECK_FALSE(verify(log, {}).trusted); }
  SECTION("signed, but of another tree") {
    Checkpoint other = head;
    other.root.bytes[0] ^= 1;
    const VerifyReport report = verify(log, {log.noteFor(other), log.noteAt(599)});
    checkSays(report, 599, finding::kRoot);
  }
}

TEST_CASE("whatever bytes stand there, verifying ends with findings and never throws", "[P1]") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    std::mt19937_64 random(seed);
    MemoryLog log(20 + random() % 300);
    const std::string note = log.note();
    const auto before = log.entries;
    const auto any = [&](std::uint64_t below) { return random() % below; };
    for (std::uint64_t edits = 1 + any(20); edits > 0 && log.entries.size() > 1; --edits) {
      auto& entry = log.entries[any(log.entries.size())];
      switch (any(7)) {
        case 0:
          entry.record = noise("junk", random(), any(300));
          break;
        case 1:
          entry.record.resize(any(entry.record.size() + 10));
          break;
        case 2:
          entry.seq = any(log.entries.size() * 2);
          break;
        case 3:
          entry.envelope = noise("junk", random(), any(50));
          break;
        case 4:
          std::swap(entry, log.entries[any(log.entries.size())]);
          break;
        case 5:
          log.entries.erase(log.entries.begin());
          break;
        default:
          entry.record = Bytes(5000, 1);
      }
    }
    log.reportedSize = any(3) == 0 ? std::optional(any(1000)) : std::nullopt;
    CAPTURE(seed);
    const VerifyReport report = verify(log, {note}, 2);
    const bool same = log.entries == before && !log.reportedSize;
    CHECK(report.whole() == same);
    CHECK(report.findings.size() <= kFindingsMax);
    CHECK(std::is_sorted(report.findings.begin(), report.findings.end(),
                         [](const Finding& a, const Finding& b) {
                           return a.seq.value_or(Seq(~0ULL)) < b.seq.value_or(Seq(~0ULL));
                         }));
  }
}

TEST_CASE("a log that claims to be endless is given up", "[P1]") {
  MemoryLog log = honest();
  log.reportedSize = std::uint64_t{1} << 30;
  VerifyOptions options;
  std::uint64_t ranges = 0;
  options.onProgress = [&](std::uint64_t, std::uint64_t) { ++ranges; };
  const VerifyReport report = verifyLog(log, options);
  CHECK(report.findings.size() == kFindingsMax);
  checkSays(report, kCount, finding::kMissing);
  CHECK(ranges < 2 * kFindingsMax);  // each adds one; 16 384 would be there to look at
}

namespace {

// Fails in one thread: the caller's own, or another, for which the caller's then waits.
class FaultyLog final : public LogSource {
 public:
  enum class Where : std::uint8_t { here, elsewhere };
  explicit FaultyLog(Where where) : where_(where) {}
  TreeSize size() const override { return honest().size(); }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override {
    const bool here = std::this_thread::get_id() == caller_;
    if (here == (where_ == Where::here)) {
      if (!here) elsewhere_.count_down();
      throw Fault("reading failed");
    }
    if (here) elsewhere_.wait();
    honest().scan(first, end, visit);
  }
  std::optional<Bytes> tile(unsigned, std::uint64_t, unsigned) const override { return {}; }
  std::optional<Bytes> document(const DocumentHash& hash) const override {
    return honest().document(hash);
  }
  bool hasEnvelopes() const override { return true; }

 private:
  const Where where_;
  const std::thread::id caller_ = std::this_thread::get_id();
  mutable std::latch elsewhere_{1};
};

}  // namespace

TEST_CASE("a fault of the source comes through from every thread", "[P1]") {
  CHECK_THROWS_AS(verify(FaultyLog(FaultyLog::Where::here), {}, 1), Fault);
  CHECK_THROWS_AS(verify(FaultyLog(FaultyLog::Where::elsewhere), {}, 2), Fault);
}
