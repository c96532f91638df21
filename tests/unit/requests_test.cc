// Requests of data subjects: both clocks, the officer's steps, the worklist by replay, and what outlives an erasure.
#include "ledger/requests.h"

#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

const std::string kPolicy = R"([deadlines]
house = { access = "P28D", complaint = "P42D" }
statute = "P1M"
extension = "P2M"
[holidays]
dates = [2020-04-27, 2020-06-01, 2024-04-01]
)" + std::string(kSmallRegister);

class RequestWorld : public World {
 public:
  RequestWorld() {
    applyRegister(kPolicy);
    caller().principal = 7;
  }
  Requests& book() {
    Requests& requests = ledger().erasures().requests();
    while (requests.refresh(1)) {
    }
    return requests;
  }
  const KnownRequest& at(std::uint64_t number) {
    const KnownRequest* known = book().find(number);
    REQUIRE(known != nullptr);
    return *known;
  }
  std::uint64_t open(const std::string& person, const std::string& right,
                     const std::string& received) {
    Result<Event> event = book().opening(person, right, received, "letter");
    REQUIRE(event);
    std::vector<Event> events;
    events.push_back(std::move(*event));
    const EventResult result = submitEvents(std::move(events)).front();
    REQUIRE(result);
    return result->seq.raw();
  }
  Result<Seq> step(std::uint64_t number, const std::string& state, const std::string& code = "",
                   const std::string& told = "") {
    book();
    Draft draft = sequencer().begin();
    Result<Seq> said =
        ledger().erasures().requests().step(draft, caller(), {number, state, code, told});
    if (said) ledger().commitNow(draft);
    return said;
  }
  RefusalCode refused(const Result<Seq>& result) {
    REQUIRE_FALSE(result);
    UNSCOPED_INFO(result.refusal().message);
    return result.refusal().code;
  }
};

Date on(std::string_view text) {
  const std::optional<Date> date = dateOf(text);
  REQUIRE(date);
  return *date;
}

std::string dayAfter(std::string_view text) { return textOf(plus(on(text), Period{0, 0, 1})); }

bool sameView(const RequestView& a, const RequestView& b) {
  return a.number == b.number && a.right == b.right && a.state == b.state &&
         a.identity == b.identity && a.received == b.received && a.dueHouse == b.dueHouse &&
         a.dueStatute == b.dueStatute && a.extended == b.extended && a.closed == b.closed &&
         a.refusalCode == b.refusalCode && a.extensionCode == b.extensionCode;
}

}  // namespace

TEST_CASE(
    "a request shows the published dates, and an extension counts to the last day of the "
    "first term and not beyond",
    "[deadlines]") {
  struct Vector {
    const char *received, *house, *statute, *extended;
  };
  constexpr Vector kVectors[] = {
      {"2020-01-31", "2020-02-28", "2020-03-02", "2020-04-30"},
      {"2020-03-27", "2020-04-24", "2020-04-28", "2020-06-29"},
      {"2020-03-31", "2020-04-28", "2020-04-30", "2020-06-30"},
      {"2020-04-01", "2020-04-29", "2020-05-01", "2020-07-01"},
      {"2020-05-01", "2020-05-29", "2020-06-02", "2020-08-03"},
      {"2023-12-31", "2024-01-28", "2024-01-31", "2024-04-02"},
      {"2024-01-30", "2024-02-27", "2024-02-29", "2024-04-30"},
  };
  RequestWorld world;
  for (const Vector& v : kVectors) {
    CAPTURE(v.received);
    const std::uint64_t number = world.open("crm:1", "access", v.received);
    CHECK(world.at(number).view.dueHouse == on(v.house));
    CHECK(world.at(number).view.dueStatute == on(v.statute));
    CHECK(world.refused(world.step(number, "extended", "complexity", dayAfter(v.statute))) ==
          RefusalCode::invalidValue);
    CHECK_FALSE(world.at(number).view.extended);
    REQUIRE(world.step(number, "extended", "complexity", v.statute));
    CHECK(world.at(number).view.extended);
    CHECK(world.at(number).view.dueStatute == on(v.extended));
    CHECK(world.refused(world.step(number, "extended", "high-volume", v.statute)) ==
          RefusalCode::alreadyExists);
  }
  CHECK(world.book().all().size() == 7);  // of one person, side by side
}

TEST_CASE("the next date is the promise's, and the law's alone once an extension was told",
          "[deadlines]") {
  RequestWorld world;
  const std::uint64_t number = world.open("crm:1", "access", "2020-03-27");
  RequestDue due = dueOf(world.at(number).view, on("2020-04-24"));
  CHECK(due.due == on("2020-04-24"));
  CHECK(due.promise);
  CHECK(due.daysLeft == 0);
  CHECK_FALSE(due.overdue());
  CHECK(dueOf(world.at(number).view, on("2020-04-25")).overdue());
  REQUIRE(world.step(number, "extended", "complexity", "2020-04-20"));
  due = dueOf(world.at(number).view, on("2020-04-25"));
  CHECK(due.due == on("2020-06-29"));
  CHECK_FALSE(due.promise);
  CHECK_FALSE(due.overdue());
  const std::uint64_t other = world.open("crm:1", "erasure", "2020-03-27");
  CHECK(dueOf(world.at(other).view, on("2020-04-29")).daysLeft == -1);
  REQUIRE(world.step(other, "answered", "", "2020-04-30"));
  CHECK_FALSE(dueOf(world.at(other).view, on("2021-01-01")).due);  // it stands still
}

TEST_CASE("a request is answered or refused before it is closed, and each only once") {
  RequestWorld world;
  const std::uint64_t number = world.open("crm:1", "access", "2026-02-20");
  CHECK(world.refused(world.step(number, "closed")) == RefusalCode::notPending);
  CHECK(world.refused(world.step(number, "dancing")) == RefusalCode::invalidValue);
  CHECK(world.refused(world.step(number, "answered", "complexity")) == RefusalCode::invalidValue);
  CHECK(world.refused(world.step(number, "refused")) == RefusalCode::invalidValue);
  CHECK(world.refused(world.step(number, "refused", "archiving")) == RefusalCode::invalidValue);
  CHECK(world.refused(world.step(number, "answered", "", "2026-02-19")) ==
        RefusalCode::invalidValue);
  CHECK(world.refused(world.step(number, "answered", "", "2026-03-02")) == RefusalCode::inFuture);
  CHECK(world.refused(world.step(number + 1, "answered")) == RefusalCode::notFound);
  REQUIRE(world.step(number, "identity-asked"));
  CHECK(world.at(number).view.identity == "asked");
  CHECK(world.at(number).view.dueStatute == on("2026-03-20"));  // no clock stops meanwhile
  REQUIRE(world.step(number, "identity-verified"));
  REQUIRE(world.step(number, "refused", "manifestly-excessive"));
  CHECK(world.at(number).view.refusalCode == "eu-gdpr:JustificationA12ManifestlyExcessive");
  const std::vector<PersonEvent> steps = world.book().stepsOf(world.at(number));
  REQUIRE(steps.size() == 4);
  CHECK(detailIn(steps.back().stored, "remedies") == "complaint court");
  CHECK(steps.back().stored.principal == 7);
  CHECK(world.refused(world.step(number, "answered")) == RefusalCode::notPending);
  REQUIRE(world.step(number, "closed"));
  CHECK(world.refused(world.step(number, "closed")) == RefusalCode::notPending);
  const std::uint64_t other = world.open("crm:1", "erasure", "");
  REQUIRE(world.step(other, "withdrawn"));
  CHECK(world.refused(world.step(other, "closed")) == RefusalCode::notPending);
}

TEST_CASE("the calendar is the same after a restart, and is folded slot by slot", "[P7]") {
  RequestWorld world;
  const std::uint64_t first = world.open("crm:1", "access", "2026-01-05");
  const std::uint64_t second = world.open("crm:2", "complaint", "2026-02-01");
  REQUIRE(world.step(first, "extended", "high-volume", "2026-01-20"));
  REQUIRE(world.submitOne(
      R"({"kind":"request","person":"crm:3","right":"portability","purpose":"newsletter",)"
      R"("state":"received","system":"website","at":"2026-02-20T10:00:00Z"})"));
  const std::map<std::uint64_t, KnownRequest> before = world.book().all();
  CHECK(before.size() == 3);
  CHECK(before.at(second).view.dueHouse == on("2026-03-15"));
  CHECK_FALSE(before.at(second).view.dueStatute);
  world.reopen();
  Requests& book = world.ledger().erasures().requests();
  CHECK(book.all().empty());
  CHECK(book.refresh(1));
  while (book.refresh(1)) {
  }
  REQUIRE(book.all().size() == before.size());
  for (const auto& [number, request] : before) {
    CHECK(sameView(book.all().at(number).view, request.view));
  }
}

TEST_CASE("what systems report is on the worklist, without a word of theirs", "[P9]") {
  RequestWorld world;
  const auto report = [&](const std::string& rest) {
    return world.submitOne(R"({"kind":"request","person":"crm:1","system":"website")" + rest + "}")
        ->seq.raw();
  };
  const std::uint64_t opened =
      report(R"(,"right":"access","case":"jan-de-vries","received":"2026-02-01T10:00:00Z")");
  CHECK(world.at(opened).view.caseRef.empty());
  report(R"(,"case":"jan-de-vries","state":"jan-was-phoned")");
  CHECK(world.at(opened).view.state == "other");
  report(R"(,"case":")" + std::to_string(opened) + R"(","state":"acknowledged")");
  CHECK(world.at(opened).view.state == "acknowledged");
  REQUIRE(world.step(opened, "answered"));
  CHECK(world.at(opened).view.closed);
  // By their right, until it is closed.
  const std::uint64_t second = report(R"(,"right":"access")");
  report(R"(,"right":"access","state":"fulfilled")");
  CHECK(world.at(second).view.state == "fulfilled");
  CHECK(world.book().all().size() == 2);
  const EventResult elsewhere = world.submitOne(
      R"({"kind":"request","person":"crm:1","system":"website","right":"access","class":"billing"})");
  CHECK(elsewhere.refusal().code == RefusalCode::invalidValue);
}

TEST_CASE("a request outlives the erasure of its person without identity, and goes on", "[P5]") {
  // Slots are drawn by lot, so the case stands now before its person, now behind.
  [[maybe_unused]] const int attempt = GENERATE(range(0, 8));
  RequestWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const std::uint64_t open = world.open("crm:1", "erasure", "2026-02-10");
  const std::uint64_t done = world.open("crm:1", "access", "2026-01-05");
  REQUIRE(world.step(done, "extended", "complexity", "2026-01-20"));
  REQUIRE(world.step(done, "answered", "", "2026-02-28"));
  REQUIRE(world.step(open, "identity-verified"));
  const RequestView before = world.at(open).view, answered = world.at(done).view;
  const Result<Erasure> erased = world.erase("crm:1");
  REQUIRE(erased);
  CHECK(world.history("crm:1").refusal().code == RefusalCode::erased);
  const auto same = [&] {
    CHECK(world.at(open).erased);
    CHECK(sameView(world.at(open).view, before));
    CHECK(sameView(world.at(done).view, answered));
    CHECK(world.ledger().sequencer().people().whatOf(world.at(open).slot) == SubjectWhat::caseFile);
  };
  same();
  world.reopen();
  same();
  // Who comes back is somebody new, whose requests are theirs.
  const std::uint64_t other = world.open("crm:1", "access", "");
  CHECK_FALSE(world.at(other).erased);
  REQUIRE(world.step(open, "answered"));
  REQUIRE(world.step(open, "closed"));
  world.reopen();
  CHECK(world.at(open).view.state == "closed");
  CHECK(world.at(open).erased);
  CHECK(world.book().all().size() == 3);
}

TEST_CASE("an erasure tells nobody that its person had a request", "[P6]") {
  // The public records of an erasure are the same with a request and without.
  const auto kinds = [](bool asked) {
    RequestWorld world;
    REQUIRE(world.submitOne(collect("crm:1")));
    if (asked) world.open("crm:1", "erasure", "");
    const TreeSize from = world.ledger().size();
    REQUIRE(world.erase("crm:1"));
    std::vector<Kind> out;
    const Store& store = world.ledger().store();
    store.scanRecords(Seq(from.raw()), store.size(), [&](Seq, ByteView bytes) {
      out.push_back(decodeRecord(bytes)->kind);
      return true;
    });
    return out;
  };
  CHECK(kinds(true) == kinds(false));
}

TEST_CASE("the case of an erasure is kept while it holds an open request", "[P5]") {
  RequestWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const std::uint64_t number = world.open("crm:1", "erasure", "");
  REQUIRE(world.erase("crm:1"));
  const auto ended = [&] {
    std::size_t cases = 0;
    world.ledger().erasures().tick();
    world.ledger().erasures().eachEndedCase(world.clock().now(), [&](Slot, Instant) { ++cases; });
    return cases;
  };
  world.clock().advance(std::chrono::hours(24 * 500));
  CHECK(ended() == 0);
  REQUIRE(world.step(number, "answered"));
  CHECK(ended() == 0);
  world.clock().advance(std::chrono::hours(24 * 500));
  CHECK(ended() == 1);
}

TEST_CASE("erasing only the class of requests leaves the person, and the clocks in the case",
          "[P5]") {
  RequestWorld world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const std::uint64_t number = world.open("crm:1", "access", "2026-02-10");
  REQUIRE(world.erase("crm:1", {"case"}));
  CHECK(world.at(number).erased);
  CHECK(world.eventsOf("crm:1") >= 1);
  REQUIRE(world.step(number, "answered"));
}

}  // namespace lacuna::ledgertest
