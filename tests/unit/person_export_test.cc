// What a person is told: all of it, nobody else's, and with what shows it offline.
#include "ledger/person_export.h"

#include "ledger/record/bodies.h"
#include "ledger/record/envelope.h"
#include "ledger/record/event_shown.h"
#include "ledger/withdraw.h"
#include "tests/support/world.h"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>

namespace lacuna::ledgertest {
namespace {

using Json = nlohmann::ordered_json;
using Files = std::map<std::string, std::string, std::less<>>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
std::string sharing(const std::string& person, const std::string& recipient,
                    const std::string& rest = "") {
  return R"({"kind":"sharing","person":")" + person + R"(","recipient":")" + recipient +
         R"(","purpose":"course-admin","categories":["name"],"system":"crm")" + rest + "}";
}
std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

Result<std::unique_ptr<PersonExport>> begun(World& world, const std::string& person,
                                            const std::string& reason = "request:7") {
  Draft draft = world.sequencer().begin();
  const Result<PersonHandle> handle =
      world.sequencer().consult(draft, world.caller(), person, ReadOperation::exported, reason);
  world.ledger().commitNow(draft);
  if (!handle) return handle.refusal();
  return PersonExport::begin(world.ledger(),
                             {*handle, world.sequencer().registers(), world.sequencer().systems(),
                              draft.recordedAt, reason});
}

Files fetched(PersonExport& work, std::size_t* largest = nullptr) {
  Files out;
  while (!work.done()) {
    std::size_t bytes = 0;
    for (const ExportPart& part : work.next()) {
      bytes += part.bytes.size();
      out[std::string(part.file)] += part.bytes;
    }
    if (largest != nullptr) *largest = std::max(*largest, bytes);
  }
  return out;
}
Files exported(World& world, const std::string& person) {
  world.ledger().signCheckpoint();
  Result<std::unique_ptr<PersonExport>> work = begun(world, person);
  if (!work) FAIL(work.refusal().message);
  return fetched(**work);
}

Result<ExportReport> verified(World& world, Files& files) {
  auto check = ExportCheck::begin(files["manifest.json"], files["checkpoint.txt"],
                                  world.ledger().verifierKey());
  if (!check) return check.refusal();
  const std::vector<std::string> events = linesOf(files["events.jsonl"]);
  const std::vector<std::string> proofs = linesOf(files["proofs.jsonl"]);
  REQUIRE(events.size() == proofs.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (const Outcome taken = check->take(events[i], proofs[i], shownEventOf); !taken) {
      return taken.refusal();
    }
  }
  if (const Outcome end = check->end(); !end) return end.refusal();
  for (const std::string_view name : kExportFiles) {
    const std::string& text = files.find(name)->second;
    if (Outcome same = check->file(name, text.size(), sha256(bytesOf(text))); !same) {
      return same.refusal();
    }
  }
  return check->report();
}
std::string whole(const Files& files) {
  std::string out;
  for (const auto& [name, text] : files) out += text;
  return out;
}

}  // namespace

TEST_CASE("an export holds what is recorded of its person, and verifies by the log's key alone",
          "[P1][export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1", R"(,"data":{"note":"blue"})")));
  REQUIRE(world.submitOne(collect("crm:2", R"(,"data":{"note":"somebody else"})")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-03-01T10:00:00Z")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  REQUIRE(world.submitOne(sharing("crm:1", "teacher:jansen")));
  REQUIRE(world.submitOne(sharing("crm:2", "teacher:pietersen")));
  REQUIRE(world.history("crm:1"));  // a reading
  Files files = exported(world, "crm:1");
  const auto report = verified(world, files);
  REQUIRE(report);
  CHECK(report->open == 4);
  CHECK(report->closed == 1);
  const std::string all = whole(files);
  CHECK(has(files["events.jsonl"], "blue"));
  CHECK(has(files["events.jsonl"], R"("recipient":"teacher:jansen")"));
  for (const char* notTheirs : {"somebody else", "pietersen", "crm:2"})
    CHECK_FALSE(has(all, notTheirs));
  const Json person = Json::parse(files["person.json"]);
  CHECK(person["controller"]["name"] == "Acme Training");
  CHECK(person["request"]["reason"] == "request:7");
  CHECK(person["aliases"] == Json({"crm:1"}));
  CHECK(person["recipients"][0]["recipient"] == "teacher:jansen");
  CHECK(person["recipients"][0]["sharings"][0]["safeguard"]["stood"] == true);
  CHECK(person["consultations"][0]["operation"] == "history");
  CHECK_FALSE(has(person["consultations"].dump(), "officer"));
  bool billing = false;
  for (const Json& lot : person["kept"]) {
    if (lot["class"] != "billing") continue;
    billing = true;
    CHECK(lot["ends"] == "2032-12-31T23:00:00Z");
    CHECK(lot["rule"]["law"] == "AWR 52");
  }
  CHECK(billing);
  // And it was a reading itself.
  const auto history = world.history("crm:1");
  REQUIRE(history);
  CHECK(std::count_if(history->begin(), history->end(), [](const PersonEvent& e) {
          return e.stored.operationText == "export" && e.stored.reason == "request:7";
        }) == 1);
}

TEST_CASE(
    "the page of an export is made of one document, in which nothing that was written is markup",
    "[export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1", R"(,"data":{"note":"<script>alert(1)</script>"})")));
  REQUIRE(world.submitOne(collect("crm:1", R"(,"data":{"note":"&<b>\u0007\"'"})")));
  REQUIRE(world.submitOne(sharing("crm:1", "teacher:<i>jansen")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  REQUIRE(world.history("crm:1"));
  Files files = exported(world, "crm:1");
  REQUIRE(verified(world, files));
  for (const char* name : {"page.en.html", "page.nl.html"}) {
    const std::string& page = files[name];
    CAPTURE(page);
    for (const char* markup : {"<script", "<b>", "<i>", "\x07"}) CHECK_FALSE(has(page, markup));
    CHECK(has(page, "note: &lt;script&gt;alert(1)&lt;/script&gt;"));
    CHECK(has(page, "&amp;&lt;b&gt;"));
    CHECK(has(page, "teacher:&lt;i&gt;jansen"));
    CHECK(has(page, "default-src 'none'"));
    CHECK(page.starts_with("<!DOCTYPE html>"));
    CHECK(page.ends_with("</html>\n"));
    // What is opened is closed, in order.
    std::vector<std::string> open;
    for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
      const std::size_t end = page.find_first_of(" >", at);
      const std::string tag = page.substr(at + 1, end - at - 1);
      if (tag == "!DOCTYPE" || tag == "meta" || tag == "br") continue;
      if (tag[0] != '/') {
        open.push_back(tag);
        continue;
      }
      REQUIRE_FALSE(open.empty());
      CHECK(open.back() == tag.substr(1));
      open.pop_back();
    }
    CHECK(open.empty());
  }
  CHECK(has(files["page.en.html"], "the history was read"));
  CHECK(has(files["page.nl.html"], "de geschiedenis is gelezen"));
  CHECK(has(files["page.en.html"], "contract (Art. 6(1)(b))"));
}

TEST_CASE("what was erased and what was withdrawn is accounted for in an export",
          "[P1][P5][export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1", R"(,"data":{"n":"first"})")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  const EventResult gone = world.submitOne(collect("crm:1", R"(,"data":{"n":"second"})"));
  REQUIRE(gone);
  REQUIRE(world.submitOne(collect("crm:1", R"(,"data":{"n":"third"})")));
  REQUIRE(world.erase("crm:1", {"marketing"}));
  WithdrawOrder order;
  order.seq = gone->seq;
  order.ground = Ground::unlawful;
  order.person = "crm:1";
  REQUIRE(withdraw(world.ledger(), world.caller(), order));
  REQUIRE(world.submitOne(collect("crm:1", R"(,"data":{"n":"fourth"})")));
  Files files = exported(world, "crm:1");
  const auto report = verified(world, files);
  REQUIRE(report);
  CHECK(report->withdrawn == 1);
  CHECK(report->erasedLots == 2);  // marketing, and the lot that the withdrawal ended
  CHECK(report->open == 3);
  const std::string all = whole(files);
  CHECK_FALSE(has(all, "second"));
  for (const char* kept : {"first", "third", "fourth"}) CHECK(has(all, kept));
  const Json person = Json::parse(files["person.json"]);
  CHECK(person["erased"]["withdrawn"][0]["seq"] == gone->seq.raw());
  CHECK(has(person["erased"]["lots"].dump(), "marketing"));
}

TEST_CASE("no lot key leaves with an export: later events of the same lots stay closed to it",
          "[P4][P6][export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-03-01T10:00:00Z")));
  REQUIRE(world.history("crm:1"));
  Files files = exported(world, "crm:1");
  REQUIRE(verified(world, files));
  const std::string all = whole(files);
  const EventResult later = world.submitOne(collect("crm:1", R"(,"data":{"n":"later"})"));
  REQUIRE(later);
  const Store::Pair pair = world.ledger().store().pairs({&later->seq, 1}).front();
  const Bytes head = encodeHead(decodeRecord(pair.record).value());
  std::size_t openings = 0;
  for (const std::string& line : linesOf(files["proofs.jsonl"])) {
    const Result<ExportProof> read = exportProofOfLine(line);
    const ExportProof& proof = read.value();
    if (!proof.opening) continue;
    ++openings;
    CHECK_FALSE(openEventWithKey(*proof.opening, head, *pair.envelope));
    CHECK_FALSE(openEvent(*proof.opening, head, *pair.envelope));
    for (std::uint64_t ordinal = 0; ordinal < 4; ++ordinal) {
      CHECK_FALSE(world.ledger().store().findTag(tagOf(*proof.opening, Ordinal(ordinal))));
    }
  }
  CHECK(openings == 2);
  const Slot slot = world.sequencer().resolve("crm:1").value();
  const Vault::Reader keys = world.ledger().vault().reader();
  for (std::uint16_t leaf = 0; leaf < 16; ++leaf) {
    const std::optional<Secret> key = keys.lotKey(slot, LeafNo(leaf));
    REQUIRE(key);
    CHECK_FALSE(has(all, hexOf(key->view())));
    for (std::size_t shift = 0; shift < 3; ++shift) {  // wherever it would begin within base64
      Bytes moved(shift, 0);
      moved.insert(moved.end(), key->view().begin(), key->view().end());
      CHECK_FALSE(has(all, base64Of(moved).substr(4, 16)));
    }
  }
}

TEST_CASE("staff who looked, and what they wrote, stay out of an export", "[P9][export]") {
  World world;
  world.caller().principal = 41;
  REQUIRE(world.submitOne(collect("crm:1")));
  Draft draft = world.sequencer().begin();
  REQUIRE(world.sequencer().consult(draft, world.caller(), "crm:1", ReadOperation::state,
                                    "other:asked by our colleague"));
  REQUIRE(world.sequencer().link(draft, world.caller(), "crm:1", "email:jan@example.nl",
                                 "other:told by our colleague"));
  world.ledger().commitNow(draft);
  Files files = exported(world, "crm:1");
  const auto report = verified(world, files);
  REQUIRE(report);
  CHECK(report->closed == 2);
  const std::string all = whole(files);
  CHECK_FALSE(has(all, "colleague"));
  CHECK_FALSE(has(all, "principal"));
  CHECK(has(files["events.jsonl"], R"("operation":"link")"));
  CHECK(has(all, "email:jan@example.nl"));
}

TEST_CASE("a sharing that is withheld is not told, and whoever exports hears of it", "[export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(sharing(
      "crm:1", "mailer", R"(,"withholdUntil":"2026-09-01T00:00:00Z","data":{"n":"quiet"})")));
  REQUIRE(world.submitOne(
      sharing("crm:1", "teacher:jansen", R"(,"withholdUntil":"2026-02-01T00:00:00Z")")));
  world.ledger().signCheckpoint();
  const auto work = begun(world, "crm:1");
  REQUIRE(work);
  CHECK((*work)->withheld() == 1);
  Files files = fetched(**work);
  const auto report = verified(world, files);
  REQUIRE(report);
  CHECK(report->closed == 1);
  const std::string all = whole(files);
  CHECK_FALSE(has(all, "quiet"));
  CHECK_FALSE(has(all, "mailer"));
  CHECK(has(all, "teacher:jansen"));
}

TEST_CASE("an export is refused until a signed head covers it, and of what is no person",
          "[P3][export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const auto early = begun(world, "crm:1");
  REQUIRE_FALSE(early);
  CHECK(early.refusal().code == RefusalCode::notPublished);
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  REQUIRE(world.erase("crm:1", {"marketing"}));
  world.ledger().signCheckpoint();
  const auto ofCase = begun(world, "case:1");
  REQUIRE_FALSE(ofCase);
  CHECK(ofCase.refusal().code == RefusalCode::invalidValue);
  CHECK(begun(world, "crm:9").refusal().code == RefusalCode::unknownPerson);
  CHECK(begun(world, "crm:1"));
}

TEST_CASE("what an erasure takes while an export is made is noticed", "[P5][export]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  world.ledger().signCheckpoint();
  const auto work = begun(world, "crm:1");
  REQUIRE(work);
  (*work)->next();
  CHECK(world.ledger().stands((*work)->person()));
  REQUIRE(world.erase("crm:1"));
  while (!(*work)->done()) (*work)->next();
  CHECK_FALSE(world.ledger().stands((*work)->person()));  // the service gives nothing more
}

TEST_CASE("an export of many events comes in pages of a bounded size, each event once",
          "[P1][export]") {
  World world;
  const std::string filler(900, 'x');
  std::vector<std::string> lines;
  for (int i = 0; i < 1200; ++i) {
    lines.push_back(
        collect("crm:1", R"(,"data":{"n":)" + std::to_string(i) + R"(,"f":")" + filler + "\"}"));
  }
  for (const EventResult& result : world.submit(lines)) REQUIRE(result);
  world.ledger().signCheckpoint();
  const auto work = begun(world, "crm:1");
  REQUIRE(work);
  CHECK((*work)->events() == 1200);
  std::size_t largest = 0;
  Files files = fetched(**work, &largest);
  CHECK(largest < kExportPageBytes + 16 * 1024);
  CHECK((*work)->eventsTold() == 1200);
  const auto report = verified(world, files);
  REQUIRE(report);
  CHECK(report->open == 1200);
}

}  // namespace lacuna::ledgertest
