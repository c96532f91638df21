// A control report says what the public log says, and an auditor sees it where it does not.
#include "ledger/proof/control_report.h"

#include "ledger/control.h"
#include "ledger/proof/cosignature.h"
#include "ledger/store/log_source.h"
#include "ledger/withdraw.h"
#include "tests/support/control_world.h"
#include "tests/support/world.h"

#include <nlohmann/json.hpp>

namespace lacuna::ledgertest {
namespace {

using Json = nlohmann::ordered_json;
using test::ControlWorld;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> foundIn(const ControlWorld& world, const ControlStatement& said) {
  const auto report = verifyControlReport(world.text(said), world.verifierKey());
  REQUIRE(report);
  return disagreements(*report, world, {}).value();
}

// As the service makes one, without its threads.
Result<std::string> reportOf(World& world, const ControlOrder& order) {
  const Result<ControlTime> time = controlTimeOf(order, world.sequencer());
  if (!time) return time.refusal();
  world.ledger().signCheckpoint();
  Result<ControlCounted> counted = countForControl(world.ledger(), *time);
  if (!counted) return counted.refusal();
  return controlReport(world.ledger(), order, std::move(*counted));
}

}  // namespace

TEST_CASE("the totals of a time are those of its public records", "[control]") {
  const ControlWorld world;
  const ControlPublic log = world.statement().log;
  CHECK(log.first == Seq(6));
  CHECK(log.end == TreeSize(15));
  CHECK(log.size == TreeSize(18));
  CHECK(log.totals == ControlCounts{{"records", 9},
                                    {"kind/processing", 1},
                                    {"kind/erasure", 5},
                                    {"kind/access", 1},
                                    {"kind/consultation", 1},
                                    {"kind/sweep", 1},
                                    {"step/removed", 1},
                                    {"step/received", 1},
                                    {"step/planned", 1},
                                    {"step/approved", 1},
                                    {"step/committed", 1},
                                    {"ground/objection", 1},
                                    {"access/grant", 1},
                                    {"reading/report", 1},
                                    {"reason/audit", 1},
                                    {"sweep/few", 1}});
  REQUIRE(log.access.size() == 1);
  CHECK(log.access[0].seq == Seq(11));
  // What was over before is not told, what was open is, what came after is not.
  REQUIRE(log.erasures.size() == 2);
  CHECK(log.erasures[0].erasure == ControlWorld::id(2));
  CHECK_FALSE(log.erasures[0].request);
  CHECK(log.erasures[1].erasure == ControlWorld::id(3));
  CHECK(log.erasures[1].request);
  REQUIRE(log.erasures[1].steps.size() == 6);  // those after the day, too
  CHECK(log.erasures[1].find(ErasureStep::destroyed)->holder == 1);
  CHECK(log.erasures[1].answeredAt() == ControlWorld::at("2026-03-02T22:59:59.999Z"));
}

TEST_CASE("a report says what is late by either clock, what is open, and who approved",
          "[control]") {
  const ControlWorld world;
  ControlStatement s = world.statement();
  CHECK(s.log.erasures[1].approverRoles ==
        std::vector<std::string>{"officer", "operator"});  // not the later grant
  CHECK(summaryOf(s) == ControlCounts{{"scope/person", 1},
                                      {"scope/retention", 1},
                                      {"open", 1},
                                      {"late/house", 1},
                                      {"approved/officer", 1},
                                      {"approved/operator", 1}});
  s.log.erasures[1].dueHouse = "2026-03-02";  // on the day itself, in Amsterdam
  CHECK(summaryOf(s).count("late/house") == 0);
  s.log.erasures[0].dueStatute = "2026-03-02";  // unanswered the day after
  CHECK(summaryOf(s).at("late/statute") == 1);
}

TEST_CASE("a control report is verified by its file and the log's key alone", "[P1][control]") {
  const ControlWorld world;
  const auto report = verifyControlReport(world.text(), world.verifierKey());
  REQUIRE(report);
  CHECK(report->trusted);
  CHECK(report->statement.log == world.statement().log);
  CHECK(report->checkpoint.size == TreeSize(18));
  const auto believed = verifyControlReport(world.text(), std::nullopt);
  REQUIRE(believed);
  CHECK_FALSE(believed->trusted);
  CHECK_FALSE(verifyControlReport(
      world.text(), verifierKeyOf(ControlWorld::kOrigin, world.otherKey.publicKey())));
  // A time without any record, and no sample.
  ControlStatement none = world.statement();
  none.from = none.to = "2025-01-01";
  none.begins = ControlWorld::at("2024-12-31T23:00:00Z");
  none.ends = ControlWorld::at("2025-01-01T23:00:00Z");
  ControlTally tally(none.begins, none.ends);
  for (const Bytes& record : world.records) REQUIRE(tally.add(record));
  none.log = tally.take();
  none.sample = {};
  CHECK(none.log.first.raw() == none.log.end.raw());
  CHECK(foundIn(world, none).empty());
}

TEST_CASE("every changed byte of a control report is refused", "[P1][control]") {
  const ControlWorld world;
  const std::string text = world.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 7)));
    CAPTURE(i, changed.substr(i > 20 ? i - 20 : 0, 40));
    CHECK_FALSE(verifyControlReport(changed, world.verifierKey()));
  }
  for (std::size_t size = 0; size < text.size(); size += 97) {
    CHECK_FALSE(verifyControlReport(text.substr(0, size), world.verifierKey()));
  }
  CHECK_FALSE(verifyControlReport(text + "\n", world.verifierKey()));
  // Also what no key of the ledger signs in the notes: the line of a witness.
  ControlStatement s = world.statement();
  s.sample = {};
  const SigningKey* const keys[] = {&world.key};
  const std::string witnessed =
      world.note() +
      cosignatureLine(verifierKeyOf("w.example.org", world.otherKey.publicKey(), kNoteCosignature),
                      world.otherKey, s.issuedAt, bodyOf(parseNote(world.note())->checkpoint));
  const ControlReport honest = makeControlReport(s, keys, witnessed, {});
  REQUIRE(verifyControlReport(textOf(honest), world.verifierKey()));
  ControlReport without = honest;
  without.checkpoint = world.note();
  CHECK_FALSE(verifyControlReport(textOf(without), world.verifierKey()));
}

TEST_CASE("what a ledger signs of its public records, and does not agree with them, is named",
          "[P1][control]") {
  const ControlWorld world;
  CHECK(foundIn(world, world.statement()).empty());
  const auto changed = [&](const std::function<void(ControlStatement&)>& change) {
    ControlStatement s = world.statement();
    change(s);
    const std::vector<std::string> found = foundIn(world, s);
    REQUIRE(found.size() == 1);
    return found.front();
  };
  CHECK(changed([](auto& s) { ++s.log.totals["kind/processing"]; }) ==
        "kind/processing: the report says 2, the log 1");
  CHECK(changed([](auto& s) { s.log.totals.erase("reading/report"); }) ==
        "reading/report: the report says 0, the log 1");
  CHECK(changed([](auto& s) { s.log.totals["kind/breach"] = 1; }) ==
        "kind/breach: the report says 1, the log 0");
  CHECK(has(changed([](auto& s) { s.log.access.clear(); }), "access: "));
  CHECK(has(changed([](auto& s) { s.log.erasures[1].steps.pop_back(); }),
            "its steps in the log are others"));
  CHECK(has(changed([](auto& s) { s.log.erasures[1].steps[5].at -= std::chrono::hours(1); }),
            "its steps"));
  CHECK(has(changed([](auto& s) { s.log.erasures[1].ground = Ground::unlawful; }), "its steps"));
  CHECK(has(changed([](auto& s) { s.log.erasures[0].approvedBy = 2; }), "no approval"));
  CHECK(
      has(changed([](auto& s) { s.log.erasures[1].approverRoles = {"officer"}; }), "other roles"));
  CHECK(has(changed([](auto& s) { s.log.erasures.erase(s.log.erasures.begin()); }),
            "does not name it"));
  CHECK(has(changed([](auto& s) { s.ledger.bytes[0] ^= 1; }), "ledger: "));
  // The boundaries are the log's: a sample from elsewhere could be chosen by whoever moves them.
  ControlStatement moved = world.statement();
  moved.log.end = TreeSize(14);
  moved.sample.records = sampleOf(3, "a seed", moved.log.first, moved.log.end);
  CHECK(foundIn(world, moved).front() == "end: the report says 14, the log 15");
}

TEST_CASE("a report of another log, or of more than this one has, is refused", "[P3][control]") {
  const ControlWorld world;
  const auto report = verifyControlReport(world.text(), world.verifierKey());
  REQUIRE(report);
  ControlWorld shorter;
  shorter.records.pop_back();
  CHECK_FALSE(disagreements(*report, shorter, {}));
  ControlWorld longer;
  longer.add(Kind::processing, ControlWorld::at("2026-03-04T00:00:00Z"), {});
  CHECK(disagreements(*report, longer, {}).value().empty());
  ControlWorld other;
  Record record = decodeRecord(other.records[5]).value();
  record.system = SystemNo(1);
  other.records[5] = encode(record);
  CHECK_FALSE(disagreements(*report, other, {}));
}

TEST_CASE("a sample is the one that its seed draws, and every record of it is proved",
          "[P1][control]") {
  // From an independent writer of the algorithm (Python's hashlib).
  const auto seqs = [](std::initializer_list<std::uint64_t> raw) {
    std::vector<Seq> out;
    for (const std::uint64_t one : raw) out.emplace_back(one);
    return out;
  };
  CHECK(sampleOf(5, "audit 2026", Seq(1000), TreeSize(2'000'000)) ==
        seqs({59461, 589992, 1040331, 1275773, 1971346}));
  CHECK(sampleOf(4, "x", Seq(7), TreeSize(13)) == seqs({7, 8, 9, 12}));
  CHECK(sampleOf(6, "x", Seq(7), TreeSize(13)) == seqs({7, 8, 9, 10, 11, 12}));
  CHECK(sampleOf(256, "x", Seq(7), TreeSize(8)) == seqs({7}));
  CHECK(sampleOf(9, "x", Seq(7), TreeSize(7)).empty());
  // Beyond half of all numbers: what lies above the last whole multiple is passed over, and it still ends.
  const std::uint64_t many = (std::uint64_t{1} << 63) + 1;
  CHECK(sampleOf(256, "x", Seq(0), TreeSize(many)).size() == 256);
  CHECK(sampleSeedValid("audit 2026"));
  for (const std::string& seed :
       {std::string(), std::string(65, 'a'), std::string("a\n"), std::string("\xc3\xa9")}) {
    CHECK_FALSE(sampleSeedValid(seed));
  }
  const ControlWorld world;
  ControlStatement other = world.statement();
  other.sample.records.back() = Seq(other.sample.records.back() == Seq(14) ? 13 : 14);
  CHECK_FALSE(verifyControlReport(world.text(other), world.verifierKey()));
  // One receipt twice instead of the one that is asked for.
  const SigningKey* const keys[] = {&world.key};
  const ControlStatement s = world.statement();
  std::vector<std::string> receipts(3, world.receipt(s.sample.records[0]));
  CHECK_FALSE(verifyControlReport(textOf(makeControlReport(s, keys, world.note(), receipts)),
                                  world.verifierKey()));
  receipts.clear();
  CHECK_FALSE(verifyControlReport(textOf(makeControlReport(s, keys, world.note(), receipts)),
                                  world.verifierKey()));
}

TEST_CASE("too much for one report is refused, and no count grows without a bound", "[control]") {
  ControlTally tally(Instant{}, Instant::max());
  Outcome last = Done{};
  for (std::size_t i = 0; last && i <= kControlErasuresMax; ++i) {
    ErasureBody body;
    std::memcpy(body.erasure.bytes.data(), &i, sizeof i);
    body.step = ErasureStep::received;
    Record record;
    record.kind = Kind::erasure;
    record.recordedAt = instantOf(1);
    record.body = encode(body);
    record.seq = Seq(i);
    last = tally.add(encode(record));
    CHECK(last.ok() == (i < kControlErasuresMax));
  }
  CHECK(last.refusal().code == RefusalCode::tooMany);
}

TEST_CASE("a ledger's own report agrees with its log, names cases with both clocks, and nobody",
          "[P4][P6][control]") {
  World world;
  REQUIRE(world.submit({collect("crm:4711"), collect("crm:4711"), collect("crm:4712")}).size() ==
          3);
  const Seq withdrawn = world.submitOne(collect("crm:4712"))->seq;
  const auto erased = world.erase("crm:4711");
  REQUIRE(erased);
  WithdrawOrder order;
  order.seq = withdrawn;
  order.ground = Ground::unlawful;
  order.person = "crm:4712";
  REQUIRE(withdraw(world.ledger(), world.caller(), order));
  HoldRequest hold;
  hold.ground = "legal-claims";
  hold.review = *dateOf("2027-01-01");
  hold.reason = "a secret reason";
  REQUIRE(world.ledger().erasures().placeHold(world.caller(), "crm:4712", hold));
  const auto text = reportOf(world, {"2026-03-01", "2026-03-01", 5, "seed", ""});
  if (!text) FAIL(text.refusal().message);
  const auto report = verifyControlReport(*text, world.ledger().verifierKey());
  REQUIRE(report);
  const ControlStatement& s = report->statement;
  REQUIRE(s.log.erasures.size() == 2);
  const ControlErasure& one = s.log.erasures[0];
  CHECK(one.caseNumber == erased->caseNumber);
  CHECK(one.erasure == erased->id);
  CHECK(one.scope == "person");
  CHECK(one.request);
  CHECK(one.askedBy == 0);
  CHECK(one.dueHouse.empty());            // the register promises none
  CHECK(one.dueStatute == "2026-04-01");  // a month on
  CHECK(one.find(ErasureStep::complete));
  CHECK(one.find(ErasureStep::destroyed));
  CHECK(s.log.erasures[1].scope == "event");
  CHECK(s.log.erasures[1].dueStatute.empty());
  CHECK(s.holds.standing == 1);
  CHECK(s.sample.records.size() == 5);
  const StoreLogSource log(world.ledger().store());
  CHECK(disagreements(*report, log, {}).value().empty());
  for (const std::string_view word :
       {"crm:", "4711", "4712", "secret", "enrolment", "course-admin", "website"}) {
    CAPTURE(word);
    CHECK_FALSE(has(*text, word));
  }
  // The withdrawn event is named nowhere: its number beside its case would tell that both are of one person.
  CHECK_FALSE(has(encode(s), "\"seq\":" + std::to_string(withdrawn.raw()) + ","));

  SECTION("what is asked is checked, and a time without anything is told as such") {
    CHECK_FALSE(reportOf(world, {"2026-03-02", "2026-03-01", 0, "", ""}));
    CHECK_FALSE(reportOf(world, {"yesterday", "2026-03-01", 0, "", ""}));
    // Times beyond what its texts can hold: a refusal, and nothing that seals.
    CHECK(reportOf(world, {"0001-01-01", "2026-03-01", 0, "", ""}).refusal().code ==
          RefusalCode::invalidValue);
    CHECK(reportOf(world, {"2026-03-01", "9999-12-31", 0, "", ""}).refusal().code ==
          RefusalCode::invalidValue);
    CHECK(reportOf(world, {"1971-01-01", "9998-12-31", 0, "", ""}));
    CHECK_FALSE(reportOf(world, {"2026-03-01", "2026-03-01", 5, "", ""}));
    CHECK_FALSE(reportOf(world, {"2026-03-01", "2026-03-01", 0, "seed", ""}));
    CHECK_FALSE(reportOf(world, {"2026-03-01", "2026-03-01", 257, "seed", ""}));
    const auto before = reportOf(world, {"2026-02-01", "2026-02-28", 3, "seed", ""});
    REQUIRE(before);
    const auto none = verifyControlReport(*before, world.ledger().verifierKey());
    REQUIRE(none);
    CHECK(none->statement.log.totals.empty());
    CHECK(none->statement.log.erasures.empty());
    CHECK(disagreements(*none, log, {}).value().empty());
  }
}

}  // namespace lacuna::ledgertest
