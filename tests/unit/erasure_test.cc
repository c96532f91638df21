// The saga of an erasure, holds, the worklist and the fence (DESIGN 8), through the ledger's own face.
#include "ledger/erasure.h"

#include "tests/support/faulty_fs.h"
#include "tests/support/whole.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

using namespace std::chrono_literals;

std::string sharing(const std::string& person, const std::string& recipient,
                    const std::string& purpose = "course-admin") {
  return R"({"kind":"sharing","person":")" + person + R"(","recipient":")" + recipient +
         R"(","purpose":")" + purpose + R"(","system":"crm"})";
}

std::string withPolicy(std::string_view policy) {
  return "[erasure]\n" + std::string(policy) + "\n" + std::string(kSmallRegister);
}

Caller officer(std::uint32_t principal) {
  Caller caller;
  caller.allSystems = true;
  caller.principal = principal;
  return caller;
}

EraseOrder orderOf(std::vector<std::string> persons, std::vector<std::string> classes = {}) {
  return {std::move(persons), Ground::consentWithdrawn, std::move(classes), std::nullopt};
}

HoldRequest claims(std::vector<std::string> classes) {
  return {std::move(classes), "legal-claims", *dateOf("2027-01-01"), "a lawsuit"};
}

std::map<std::string, KeptWhy> decisions(const Erasure& erasure, std::size_t person = 0) {
  std::map<std::string, KeptWhy> out;
  for (const LotDecision& lot : erasure.persons.at(person).outcome.lots) out[lot.klass] = lot.why;
  return out;
}

// The steps that stand in the log, in order.
std::vector<ErasureStep> stepsOf(World& world, const ErasureId& id) {
  std::vector<ErasureStep> out;
  const Store& store = world.ledger().store();
  store.scanRecords(Seq(0), store.size(), [&](Seq, ByteView bytes) {
    const Result<Record> record = decodeRecord(bytes);
    REQUIRE(record);
    if (record->kind != Kind::erasure || record->body.empty()) return true;
    const Result<ErasureBody> body = decodeErasure(record->body);
    REQUIRE(body);
    if (body->erasure == id) out.push_back(body->step);
    return true;
  });
  return out;
}

std::size_t rowsOf(World& world, char letter) {
  std::size_t count = 0;
  const ByteArray<1> prefix{static_cast<std::uint8_t>(letter)};
  world.ledger().store().scan(Table::persons, prefix, [&](ByteView, ByteView) {
    ++count;
    return true;
  });
  return count;
}

const std::vector<ErasureStep> kWholeSaga{
    ErasureStep::received, ErasureStep::planned,   ErasureStep::frozen,    ErasureStep::queued,
    ErasureStep::intent,   ErasureStep::committed, ErasureStep::destroyed, ErasureStep::complete};

}  // namespace

TEST_CASE("a person asked for as a whole goes, but for what a law keeps and until when", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-05-01T10:00:00Z")));
  const auto plan = world.ledger().planErasure(world.caller(), "crm:1", {});
  REQUIRE(plan);
  CHECK(plan->persons.front().outcome.result == PersonResult::partly);
  const auto erased = world.erase("crm:1");
  REQUIRE(erased);
  const std::map<std::string, KeptWhy> expected{{"enrolment", KeptWhy::none},
                                                {"marketing", KeptWhy::none},
                                                {"billing", KeptWhy::law},
                                                {"access", KeptWhy::withPerson}};
  CHECK(decisions(*erased) == expected);
  for (const LotDecision& lot : erased->persons.front().outcome.lots) {
    if (lot.why != KeptWhy::law) continue;
    CHECK(lot.law == "AWR 52");
    CHECK(lot.code == "eu-gdpr:JustificationA17LegallyRequired");
    CHECK(rfc3339Of(lot.until.value()) == "2032-12-31T23:00:00Z");
  }
  CHECK(erased->reachedComplete());
  CHECK(stepsOf(world, erased->id) == kWholeSaga);
  CHECK(world.eventsOf("crm:1") == 1);  // the invoice
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 1);
  const auto shown = world.ledger().erasures().show(erased->caseNumber);
  REQUIRE(shown);
  CHECK(decisions(*shown) == expected);
  // The law's time is over: now the person goes, aliases and all.
  world.clock().advance(*instantOfRfc3339("2033-01-01T12:00:00Z") - world.clock().now());
  const auto rest = world.erase("crm:1");
  REQUIRE(rest);
  CHECK(rest->persons.front().outcome.result == PersonResult::erased);
  CHECK_FALSE(world.history("crm:1"));
  CHECK(rowsOf(world, 'A') == 0);
  checkWhole(world);
}

TEST_CASE("when nothing but who looked would remain, the person goes as a whole", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  REQUIRE(world.history("crm:1"));
  REQUIRE(world.erase("crm:1", {"marketing"}));
  CHECK(world.eventsOf("crm:1") == 1);
  const auto last = world.erase("crm:1", {"enrolment"});
  REQUIRE(last);
  CHECK(last->persons.front().outcome.result == PersonResult::erased);
  CHECK_FALSE(world.history("crm:1"));
  CHECK(rowsOf(world, 'A') == 0);
}

TEST_CASE("what a law keeps entirely is refused as a record, with the rule and its end", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-05-01T10:00:00Z")));
  const auto refused = world.erase("crm:1", {"billing"});
  REQUIRE(refused);
  CHECK(refused->file.state == ErasureState::refused);
  CHECK_FALSE(refused->reachedCommitted());
  CHECK(stepsOf(world, refused->id) ==
        std::vector{ErasureStep::received, ErasureStep::planned, ErasureStep::refused});
  CHECK(world.eventsOf("crm:1") == 2);
}

TEST_CASE("a hold keeps its classes only; lifting it carries out what it kept", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  const auto hold =
      world.ledger().erasures().placeHold(world.caller(), "crm:1", claims({"enrolment"}));
  REQUIRE(hold);
  const auto partly = world.erase("crm:1");
  REQUIRE(partly);
  CHECK(decisions(*partly) == std::map<std::string, KeptWhy>{{"enrolment", KeptWhy::hold},
                                                             {"marketing", KeptWhy::none},
                                                             {"access", KeptWhy::withPerson}});
  CHECK(partly->file.heldRest);
  world.reopen();
  CHECK(world.ledger().erasures().holds().all().size() == 1);
  const auto held = world.erase("crm:1", {"enrolment"});
  REQUIRE(held);
  CHECK(held->file.state == ErasureState::held);
  CHECK(world.eventsOf("crm:1") == 2);  // the collection, and the hold itself
  const auto lifted = world.ledger().erasures().liftHold(world.caller(), hold->number);
  REQUIRE(lifted);
  REQUIRE(lifted->carriedOut);
  CHECK(lifted->carriedOut->reachedComplete());
  CHECK(lifted->carriedOut->file.whole);
  CHECK_FALSE(world.history("crm:1"));
  CHECK(world.ledger().erasures().show(held->caseNumber)->file.state == ErasureState::followed);
  CHECK(world.ledger().erasures().show(partly->caseNumber)->file.followedBy ==
        lifted->carriedOut->caseNumber);
  CHECK_FALSE(world.ledger().erasures().liftHold(world.caller(), hold->number));
  // A number is never given twice, also when its hold is gone with the person.
  REQUIRE(world.submitOne(collect("crm:2")));
  world.reopen();
  const auto next = world.ledger().erasures().placeHold(world.caller(), "crm:2", claims({}));
  REQUIRE(next);
  CHECK(next->number == hold->number + 1);
  CHECK(world.erase("crm:2")->file.state == ErasureState::held);
  checkWhole(world);
}

TEST_CASE("a request that waits for a hold can be cancelled", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const auto hold = world.ledger().erasures().placeHold(world.caller(), "crm:1", claims({}));
  REQUIRE(hold);
  const auto held = world.erase("crm:1");
  REQUIRE(held);
  REQUIRE(world.ledger().erasures().cancel(world.caller(), held->caseNumber));
  const auto lifted = world.ledger().erasures().liftHold(world.caller(), hold->number);
  REQUIRE(lifted);
  CHECK_FALSE(lifted->carriedOut);
  CHECK(world.history("crm:1"));
}

TEST_CASE("a hold is refused without a ground of the law, a class of the register, a day to come") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  Erasures& erasures = world.ledger().erasures();
  const auto codeOf = [&](const HoldRequest& request) {
    const auto hold = erasures.placeHold(world.caller(), "crm:1", request);
    REQUIRE_FALSE(hold);
    return hold.refusal().code;
  };
  HoldRequest request = claims({});
  request.ground = "because";
  CHECK(codeOf(request) == RefusalCode::unknownGround);
  CHECK(codeOf(claims({"bills"})) == RefusalCode::unknownClass);
  request = claims({});
  request.review = *dateOf("2020-01-01");
  CHECK(codeOf(request) == RefusalCode::invalidValue);
  request.review = *dateOf("9999-12-31");  // its end may lie beyond what can be written
  CHECK(codeOf(request) == RefusalCode::invalidValue);
  CHECK(erasures.holds().all().empty());
}

TEST_CASE("with a second officer in the register nobody erases alone", "[P5]") {
  World world;
  world.applyRegister(withPolicy("second_officer = true"));
  REQUIRE(world.submitOne(collect("crm:1")));
  Erasures& erasures = world.ledger().erasures();
  const auto asked = erasures.order(officer(1), orderOf({"crm:1"}));
  REQUIRE(asked);
  CHECK(asked->file.state == ErasureState::waiting);
  CHECK(asked->file.needsApproval);
  CHECK(world.history("crm:1"));  // not frozen meanwhile
  world.reopen();
  Erasures& again = world.ledger().erasures();
  const auto self = again.approve(officer(1), asked->caseNumber);
  REQUIRE_FALSE(self);
  CHECK(self.refusal().code == RefusalCode::needsAnother);
  CHECK(again.resume(asked->caseNumber).refusal().code == RefusalCode::needsAnother);
  const auto approved = again.approve(officer(2), asked->caseNumber);
  REQUIRE(approved);
  CHECK(approved->reachedComplete());
  CHECK_FALSE(world.history("crm:1"));
  CHECK(again.approve(officer(3), asked->caseNumber).refusal().code == RefusalCode::notPending);
  CHECK(again.cancel(officer(1), asked->caseNumber).refusal().code == RefusalCode::notPending);
  std::vector<ErasureStep> steps = stepsOf(world, asked->id);
  CHECK(steps == std::vector{ErasureStep::received, ErasureStep::planned, ErasureStep::approved,
                             ErasureStep::frozen, ErasureStep::queued, ErasureStep::intent,
                             ErasureStep::committed, ErasureStep::destroyed,
                             ErasureStep::complete});
}

TEST_CASE("a cooling-off time passes before anything is destroyed, and its end is not missed",
          "[P5]") {
  World world;
  world.applyRegister(withPolicy("cooling_off = \"P3D\""));
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(collect("crm:2")));
  const auto one = world.erase("crm:1");
  const auto two = world.erase("crm:2");
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->file.state == ErasureState::waiting);
  CHECK(rfc3339Of(one->file.notBefore) == "2026-03-04T12:00:00Z");
  REQUIRE(world.ledger().erasures().cancel(world.caller(), two->caseNumber));
  world.clock().advance(48h);
  CHECK(world.ledger().erasures().resume(one->caseNumber).refusal().code ==
        RefusalCode::notPending);
  world.ledger().erasures().tick();  // forgets whom the cancelled one was about
  CHECK_FALSE(world.ledger().erasures().due(world.clock().now()));
  // What comes in between dies too.
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  world.reopen();
  world.clock().advance(25h);
  CHECK(world.ledger().erasures().due(world.clock().now()));
  world.ledger().erasures().tick();
  CHECK_FALSE(world.history("crm:1"));
  CHECK(world.history("crm:2"));
  CHECK(world.ledger().erasures().show(one->caseNumber)->reachedComplete());
  CHECK(stepsOf(world, two->id) ==
        std::vector{ErasureStep::received, ErasureStep::planned, ErasureStep::cancelled});
}

TEST_CASE("a list of persons is one erasure and one transaction, with a result for each", "[P5]") {
  World world;
  std::vector<std::string> lines;
  for (int i = 0; i < 1500; ++i) lines.push_back(collect("crm:" + std::to_string(i)));
  for (const EventResult& result : world.submit(lines)) REQUIRE(result);
  REQUIRE(world.submitOne(invoice("crm:7", "2025-05-01T10:00:00Z")));
  std::vector<std::string> persons;
  for (int i = 0; i < 1400; ++i) persons.push_back("crm:" + std::to_string(i));
  persons.push_back("crm:nobody");
  persons.push_back("crm:3");
  const TreeVersion before = world.ledger().vault().version();
  const auto erased = world.ledger().erasures().order(world.caller(), orderOf(persons));
  REQUIRE(erased);
  CHECK(world.ledger().vault().version().raw() == before.raw() + 1);
  REQUIRE(erased->persons.size() == persons.size());
  CHECK(erased->persons[0].outcome.result == PersonResult::erased);
  CHECK(erased->persons[7].outcome.result == PersonResult::partly);
  CHECK(erased->persons[1400].refused->code == RefusalCode::unknownPerson);
  CHECK(erased->persons[1401].refused->code == RefusalCode::alreadyExists);
  CHECK(erased->file.parts == 2);
  world.reopen();
  CHECK_FALSE(world.history("crm:1399"));
  CHECK(world.eventsOf("crm:1400") == 1);
  CHECK(world.eventsOf("crm:7") == 1);
  CHECK(rowsOf(world, 'T') == 0);
  checkWhole(world);
}

TEST_CASE("lots of many persons are one batch; what a hold keeps is left out", "[P5]") {
  World world;
  for (const char* person : {"crm:1", "crm:2", "crm:3"}) {
    REQUIRE(world.submitOne(collect(person)));
    REQUIRE(world.submitOne(consent(person, "given")));
  }
  REQUIRE(world.ledger().erasures().placeHold(world.caller(), "crm:2", claims({"marketing"})));
  std::vector<EraseTarget> targets;
  for (const char* person : {"crm:1", "crm:2"}) {
    const Slot slot = *world.sequencer().resolve(person);
    for (const LotHandle& lot : world.sequencer().people().lotsOf(slot)) {
      if (lot.klass == "marketing") targets.push_back({slot, lot.leaf});
    }
  }
  const Slot third = *world.sequencer().resolve("crm:3");
  for (const LotHandle& lot : world.sequencer().people().lotsOf(third)) {
    targets.push_back({third, lot.leaf});
  }
  const auto batch = world.ledger().erasures().batch(targets, Ground::retentionEnd);
  REQUIRE(batch);
  CHECK(batch->reachedComplete());
  CHECK(world.eventsOf("crm:1") == 1);
  CHECK(world.eventsOf("crm:2") == 3);
  CHECK_FALSE(world.history("crm:3"));
  CHECK(world.submitOne(collect("crm:3", R"(,"at":"2026-02-01T10:00:00Z")")));  // no fence
  world.reopen();
  CHECK(world.eventsOf("crm:1") == 1);
  CHECK(world.ledger().erasures().list().front().file.batch);
  checkWhole(world);
}

TEST_CASE("the recipients who had the data are known when the keys are dead, and who was told",
          "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(sharing("crm:1", "mailer")));
  REQUIRE(world.submitOne(sharing("crm:1", "teacher:jansen")));
  REQUIRE(world.submitOne(sharing("crm:1", "mailer")));
  const auto erased = world.erase("crm:1");
  REQUIRE(erased);
  world.reopen();
  Erasures& erasures = world.ledger().erasures();
  const std::vector<TaskView> tasks = erasures.tasks(erased->caseNumber);
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].recipient == "mailer");
  CHECK(tasks[1].recipient == "teacher:jansen");
  CHECK(tasks[0].task.state == TaskState::queued);
  const auto taken = erasures.takeTask(officer(4), tasks[0].id);
  REQUIRE(taken);
  CHECK(taken->aliases == std::vector<std::string>{"crm:1"});
  CHECK(taken->task.state == TaskState::sent);
  CHECK(erasures.setTask(officer(4), tasks[0].id, TaskState::executed, "by letter"));
  CHECK_FALSE(erasures.setTask(officer(4), "77.0.0", TaskState::executed, ""));
  CHECK_FALSE(erasures.takeTask(officer(4), tasks[0].id));
  // The names live as long as somebody is still to be told.
  CHECK(rowsOf(world, 'C') == 1);
  world.reopen();
  CHECK(world.ledger().erasures().setTask(officer(4), tasks[1].id, TaskState::impossible, "gone"));
  CHECK(world.ledger().erasures().due(world.clock().now()));
  world.ledger().erasures().tick();
  CHECK(rowsOf(world, 'C') == 0);
  const CaseFile file = world.ledger().erasures().show(erased->caseNumber)->file;
  const Slot caseSlot = *world.sequencer().people().findCase(std::to_string(erased->caseNumber));
  CHECK_FALSE(world.ledger().vault().lotKey(caseSlot, file.contacts));
  CHECK(world.ledger().vault().lotKey(caseSlot, file.passing));  // the fence stands
  CHECK(world.ledger().erasures().tasks(0).size() == 2);
  checkWhole(world);
}

TEST_CASE("while keys are being destroyed, reads and appends of the person get busy", "[P5]") {
  World* inside = nullptr;
  std::vector<RefusalCode> heard;
  LedgerOptions options;
  options.onVaultStep = [&](std::string_view step) {
    if (inside == nullptr || step != "erase.tree.before") return;
    heard.push_back(inside->sequencer().resolve("crm:1").refusal().code);
    EventParser parser;
    const auto results = inside->sequencer().check(
        inside->caller(), {*parser.parse(collect("crm:1")), *parser.parse(collect("crm:2"))});
    heard.push_back(results[0].refusal().code);
    CHECK(results[1]);
  };
  World world(options);
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(invoice("crm:1", "2025-05-01T10:00:00Z")));
  inside = &world;
  REQUIRE(world.erase("crm:1"));
  CHECK(heard == std::vector{RefusalCode::busy, RefusalCode::busy});
  CHECK(world.history("crm:1"));  // thawed: the invoice stays
  inside = nullptr;
}

TEST_CASE("the fence is forgotten after its days: its key is dead, and nothing links who returns",
          "[P5][P6]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const Slot before = *world.sequencer().resolve("crm:1");
  const auto erased = world.erase("crm:1");
  REQUIRE(erased);
  const Slot caseSlot = *world.sequencer().people().findCase(std::to_string(erased->caseNumber));
  CHECK(rowsOf(world, 'F') == 1);
  CHECK(world.history("crm:1").refusal().code == RefusalCode::erased);
  // Within its days the same alias is somebody new for what happens now, and nobody for what was before.
  world.clock().advance(24h);
  REQUIRE(world.submitOne(collect("crm:1")));
  const Slot after = *world.sequencer().resolve("crm:1");
  CHECK(after != before);
  const std::string lagging = consent("crm:1", "given", R"(,"at":"2026-02-01T10:00:00Z")");
  CHECK(world.submitOne(lagging).refusal().code == RefusalCode::unknownPerson);
  world.reopen();
  CHECK(world.submitOne(lagging).refusal().code == RefusalCode::unknownPerson);
  CHECK(*world.sequencer().resolve("crm:1") == after);

  world.clock().advance(7 * 24h);
  CHECK(world.ledger().erasures().due(world.clock().now()));
  world.ledger().erasures().tick();
  CHECK(rowsOf(world, 'F') == 0);
  CHECK_FALSE(world.ledger().vault().lotKey(caseSlot, erased->file.passing));
  CHECK(world.ledger().vault().lotKey(caseSlot, LeafNo(0)));
  CHECK_FALSE(world.ledger().erasures().due(world.clock().now()));
  CHECK(world.submitOne(lagging));
  world.reopen();
  CHECK(*world.sequencer().resolve("crm:1") == after);
  // The id still names the erasure, without knowing whose it was.
  const auto again =
      world.ledger().erase(world.caller(), "crm:1", Ground::consentWithdrawn, {}, erased->id);
  REQUIRE(again);
  CHECK(again->repeated);
  CHECK(world.history("crm:1"));
  checkWhole(world);
}

TEST_CASE("a class fence is of the slot: who comes back under the alias is not behind it",
          "[P5][P6]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(consent("crm:1", "given")));
  world.clock().advance(1h);
  REQUIRE(world.erase("crm:1", {"marketing"}));
  const std::string late = consent("crm:1", "given", R"(,"at":"2026-03-01T12:10:00Z")");
  CHECK(world.submitOne(late).refusal().code == RefusalCode::unknownPerson);
  CHECK(world.submitOne(collect("crm:1", R"(,"at":"2026-03-01T12:10:00Z")")));
  REQUIRE(world.erase("crm:1"));
  world.clock().advance(1h);
  REQUIRE(world.submitOne(collect("crm:1")));
  // Behind the alias's own fence, which is of both erasures of the person, and gone with it.
  world.clock().advance(8 * 24h);
  world.ledger().erasures().tick();
  world.reopen();
  CHECK(world.submitOne(late));
}

TEST_CASE("two erasures that differ only in the alias give certificates that differ only in luck",
          "[P4][P5]") {
  const auto statementFor = [](const std::string& alias, PersonSalt& salt, bool& verified) {
    World world;
    REQUIRE(world.submitOne(collect(alias)));
    REQUIRE(world.submitOne(sharing(alias, "mailer")));
    const auto erased = world.erase(alias);
    REQUIRE(erased);
    salt = erased->file.salt;
    const auto certificate = world.ledger().certificate(erased->caseNumber);
    REQUIRE(certificate);
    const auto report = verifyCertificate(*certificate, world.ledger().verifierKey());
    verified = static_cast<bool>(report);
    REQUIRE(report);
    return report->states.back();
  };
  PersonSalt saltOne, saltTwo;
  bool one = false, two = false;
  CertificateStatement a = statementFor("crm:1", saltOne, one);
  CertificateStatement b = statementFor("email:somebody.else@example.nl", saltTwo, two);
  CHECK(a.tier == CertificateTier::complete);
  CHECK(a.person == commitmentOf(saltOne));
  CHECK(b.person == commitmentOf(saltTwo));
  CHECK(a.person != b.person);
  for (CertificateStatement* s : {&a, &b}) {  // what luck made
    s->erasure = {};
    s->ledger = {};
    s->person.reset();
  }
  CHECK(a == b);
}

TEST_CASE("whatever group of the saga is the last one durable, the next start finishes it once",
          "[P5][P8][crash]") {
  const bool policy = GENERATE(false, true);
  struct Crash {};
  FaultyFs fast;  // a healthy disk that does not wait for syncs
  const auto env = fast.env();
  std::vector<std::string> steps;
  const auto script = [&](World& world) {
    Erasures& erasures = world.ledger().erasures();
    const auto asked = erasures.order(officer(1), [] {
      EraseOrder order = orderOf({"crm:1", "crm:2"});
      order.id = ErasureId{};
      order.id->bytes.fill(9);
      return order;
    }());
    REQUIRE(asked);
    if (!asked->reachedCommitted()) {
      const auto approved = erasures.approve(officer(2), asked->caseNumber);
      REQUIRE(approved);
    }
    world.clock().advance(9 * 24h);
    erasures.tick();
  };
  const auto prepare = [&](World& world) {
    if (policy) world.applyRegister(withPolicy("second_officer = true"));
    for (const char* person : {"crm:1", "crm:2", "crm:3"}) {
      REQUIRE(world.submitOne(collect(person)));
      REQUIRE(world.submitOne(sharing(person, "mailer")));
    }
    REQUIRE(world.submitOne(invoice("crm:2", "2025-05-01T10:00:00Z")));
  };
  {
    LedgerOptions options;
    options.onVaultStep =
        options.onErasureStep = [&](std::string_view step) { steps.emplace_back(step); };
    World world(options);
    prepare(world);
    steps.clear();
    script(world);
  }
  REQUIRE(steps.size() >= 16);
  for (std::size_t stop = 0; stop < steps.size(); ++stop) {
    CAPTURE(stop, steps[stop]);
    long armed = -1;
    LedgerOptions options;
    options.logEnv = options.keysEnv = env.get();
    options.onVaultStep = options.onErasureStep = [&](std::string_view) {
      if (armed > 0 && --armed == 0) throw Crash{};
    };
    World world(options);
    prepare(world);
    armed = static_cast<long>(stop) + 1;
    bool crashed = false;
    try {
      script(world);
    } catch (const Crash&) {
      crashed = true;
    }
    REQUIRE(crashed);
    armed = -1;
    world.reopen();
    ErasureId id;
    id.bytes.fill(9);
    const std::vector<ErasureStep> found = stepsOf(world, id);
    const bool intended = std::count(found.begin(), found.end(), ErasureStep::intent) == 1;
    // Nobody is lost who was not to die; whoever was is dead once it is said.
    CHECK(world.eventsOf("crm:3") == 2);
    CHECK(world.eventsOf("crm:2") == (intended ? 1 : 3));
    CHECK(static_cast<bool>(world.history("crm:1")) == !intended);
    if (intended) {
      CHECK(found.back() == ErasureStep::complete);
    }
    const std::set<ErasureStep> once(found.begin(), found.end());
    CHECK(once.size() == found.size());  // no step stands twice
    // Asked again under its id it is the same, however far it had come; then it is carried through.
    EraseOrder order = orderOf({"crm:1", "crm:2"});
    order.id = id;
    const auto again = world.ledger().erasures().order(officer(1), order);
    REQUIRE(again);
    CHECK(again->repeated == !found.empty());
    if (!again->reachedCommitted()) {
      REQUIRE(world.ledger().erasures().approve(officer(2), again->caseNumber));
    }
    CHECK_FALSE(world.history("crm:1"));
    world.clock().advance(9 * 24h);
    world.ledger().erasures().tick();
    CHECK(rowsOf(world, 'F') + rowsOf(world, 'T') + rowsOf(world, 'O') == 0);
    checkWhole(world);
  }
}

}  // namespace lacuna::ledgertest
