// One event is withdrawn: it alone becomes unreadable, and that it stood there is still shown.
#include "ledger/withdraw.h"

#include "tests/support/sweep_run.h"
#include "tests/support/whole.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

const std::string kPerson = "crm:1";

Result<Withdrawal> withdrawOf(World& world, Seq seq, const std::string& person = kPerson) {
  WithdrawOrder order;
  order.seq = seq;
  order.ground = Ground::unlawful;
  order.reason = "request:1";
  order.person = person;
  if (person.empty()) {
    order.place = findEvent(world.ledger().vault(), world.ledger().store(), seq, {});
  }
  return withdraw(world.ledger(), world.caller(), order);
}

RefusalCode codeOf(const Result<Withdrawal>& result) {
  REQUIRE_FALSE(result);
  return result.refusal().code;
}

// By seq; without the readings.
std::map<std::uint64_t, PersonEvent> eventsOf(World& world, const std::string& person = kPerson) {
  std::map<std::uint64_t, PersonEvent> out;
  const auto events = world.history(person);
  REQUIRE(events);
  for (const PersonEvent& event : *events) {
    if (event.kind != Kind::consultation) out.emplace(event.seq.raw(), event);
  }
  return out;
}

std::vector<Seq> submitted(World& world, int count, const std::string& person = kPerson) {
  std::vector<Seq> out;
  for (int i = 0; i < count; ++i) {
    const EventResult one =
        world.submitOne(collect(person, R"(,"data":{"n":)" + std::to_string(i) + "}"));
    REQUIRE(one);
    out.push_back(one->seq);
  }
  return out;
}

// `gone` is there without content, the others as they were.
void checkHistory(World& world, const std::vector<Seq>& seqs, const std::set<Seq>& gone) {
  const auto events = eventsOf(world);
  CHECK(events.size() == seqs.size());
  for (std::size_t i = 0; i < seqs.size(); ++i) {
    REQUIRE(events.count(seqs[i].raw()) == 1);
    const PersonEvent& event = events.at(seqs[i].raw());
    CHECK(event.withdrawn == (gone.count(seqs[i]) == 1));
    CHECK(event.kind == Kind::processing);
    CHECK(event.stored.event.data == (event.withdrawn ? "" : R"({"n":)" + std::to_string(i) + "}"));
  }
}

}  // namespace

TEST_CASE("a withdrawn event cannot be read any more, the others of its lot can",
          "[P1][P5][withdraw]") {
  World world;
  std::vector<Seq> seqs = submitted(world, 7);
  const Result<Withdrawal> done = withdrawOf(world, seqs[3]);
  REQUIRE(done);
  CHECK(done->klass == "enrolment");
  CHECK(done->erasure.reachedComplete());
  checkHistory(world, seqs, {seqs[3]});
  world.reopen();
  checkHistory(world, seqs, {seqs[3]});
  // New events go to the successor; its own ordinals begin anew.
  const EventResult later = world.submitOne(collect(kPerson, R"(,"data":{"n":7})"));
  REQUIRE(later);
  seqs.push_back(later->seq);
  checkHistory(world, seqs, {seqs[3]});
  CHECK(eventsOf(world).at(later->seq.raw()).ordinal == Ordinal(0));
  checkWhole(world);
  REQUIRE(world.ledger().receipt(seqs[3]));  // proofs are of records, which stay
}

TEST_CASE("several events of one lot are withdrawn, one after the other", "[P5][withdraw]") {
  World world;
  std::vector<Seq> seqs = submitted(world, 600);  // carry rows of several parts
  REQUIRE(withdrawOf(world, seqs[0]));
  REQUIRE(withdrawOf(world, seqs[599]));
  const EventResult later = world.submitOne(collect(kPerson, R"(,"data":{"n":600})"));
  REQUIRE(later);
  seqs.push_back(later->seq);
  REQUIRE(withdrawOf(world, seqs[300]));
  REQUIRE(withdrawOf(world, seqs[600]));
  checkHistory(world, seqs, {seqs[0], seqs[300], seqs[599], seqs[600]});
  CHECK(codeOf(withdrawOf(world, seqs[300])) == RefusalCode::nothingToErase);
  world.reopen();
  checkHistory(world, seqs, {seqs[0], seqs[300], seqs[599], seqs[600]});
  checkWhole(world);
}

TEST_CASE("whose event it is is found by a scan, which is recorded as a reading",
          "[P9][withdraw]") {
  World world;
  const std::vector<Seq> others = submitted(world, 3, "crm:2");
  const std::vector<Seq> seqs = submitted(world, 3);
  REQUIRE(withdrawOf(world, seqs[1], ""));
  checkHistory(world, seqs, {seqs[1]});
  CHECK(eventsOf(world, "crm:2").size() == 3);
  const auto history = world.history(kPerson);
  REQUIRE(history);
  CHECK(std::count_if(history->begin(), history->end(), [](const PersonEvent& event) {
          return event.kind == Kind::consultation && event.stored.operationText == "erase-plan";
        }) == 1);
  // One that moved is found again, by its carry row.
  REQUIRE(withdrawOf(world, seqs[2], ""));
  checkHistory(world, seqs, {seqs[1], seqs[2]});
}

TEST_CASE("what cannot be withdrawn is refused, and nothing changes", "[P9][withdraw]") {
  World world;
  const std::vector<Seq> seqs = submitted(world, 2);
  submitted(world, 1, "crm:2");
  const TreeVersion version = world.ledger().vault().version();
  CHECK(codeOf(withdrawOf(world, seqs[0], "crm:2")) == RefusalCode::notFound);
  CHECK(codeOf(withdrawOf(world, seqs[0], "crm:9")) == RefusalCode::unknownPerson);
  CHECK(codeOf(withdrawOf(world, Seq(0))) == RefusalCode::notFound);
  CHECK(codeOf(withdrawOf(world, Seq(1'000'000))) == RefusalCode::notFound);
  const auto history = world.history(kPerson);
  REQUIRE(history);
  for (const PersonEvent& event : *history) {
    if (event.kind != Kind::consultation) continue;
    CHECK(codeOf(withdrawOf(world, event.seq)) == RefusalCode::invalidValue);  // who looked stays
    break;
  }
  CHECK(world.ledger().vault().version() == version);
  checkHistory(world, seqs, {});
}

TEST_CASE("a withdrawal has no certificate: none of what one speaks of was erased",
          "[P5][withdraw]") {
  World world;
  const std::vector<Seq> seqs = submitted(world, 2);
  const Result<Withdrawal> done = withdrawOf(world, seqs[0]);
  REQUIRE(done);
  const auto certificate = world.ledger().certificate(done->erasure.caseNumber);
  REQUIRE_FALSE(certificate);
  CHECK(certificate.refusal().code == RefusalCode::unsupported);
  world.reopen();
  CHECK_FALSE(world.ledger().certificate(done->erasure.caseNumber));
}

TEST_CASE("where one officer may not erase alone, one may not withdraw either", "[P5][withdraw]") {
  World world;
  world.applyRegister("[erasure]\nsecond_officer = true\n" + std::string(kSmallRegister));
  const std::vector<Seq> seqs = submitted(world, 2);
  CHECK(codeOf(withdrawOf(world, seqs[0])) == RefusalCode::unsupported);
  checkHistory(world, seqs, {});
}

TEST_CASE("a withdrawn event's envelope is swept, those that were carried are not",
          "[P5][P6][withdraw][sweep]") {
  World world;
  const std::vector<Seq> seqs = submitted(world, 5);
  REQUIRE(withdrawOf(world, seqs[2]));
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kSweepSlotsMin; ++i)
    lines.push_back(collect("crm:x" + std::to_string(i)));
  for (const EventResult& result : world.submit(lines)) REQUIRE(result);
  for (std::size_t i = 0; i < kSweepSlotsMin; ++i)
    REQUIRE(world.erase("crm:x" + std::to_string(i)));
  REQUIRE(test::sweep(world.ledger()));
  checkHistory(world, seqs, {seqs[2]});
  CHECK(test::envelopesOf(world.ledger().store()).missing.count(seqs[2].raw()) == 1);
  checkWhole(world);
  REQUIRE(world.erase(kPerson));
  CHECK(world.eventsOf(kPerson) == 0);
  bool any = false;
  world.ledger().store().scan(Table::persons, bytesOf("R"),
                              [&](ByteView, ByteView) { return !(any = true); });
  CHECK_FALSE(any);  // the rows went with the person
}

TEST_CASE(
    "a carry row that is missing while its lot lives is a fault, for readers and for the sweep",
    "[P5][withdraw][sweep]") {
  World world;
  const std::vector<Seq> seqs = submitted(world, 5);
  REQUIRE(withdrawOf(world, seqs[2]));
  std::optional<Bytes> key;
  world.ledger().store().scan(Table::persons, bytesOf("R"), [&](ByteView at, ByteView) {
    key.emplace(at.begin(), at.end());
    return false;
  });
  REQUIRE(key);
  const RowChange gone{Table::persons, *key, std::nullopt};
  world.ledger().store().applyRows({&gone, 1});
  CHECK_THROWS_AS(world.history(kPerson), Fault);
  const SweepMark mark{world.ledger().size(), world.ledger().vault().version(), false};
  CHECK_THROWS_AS(
      markUnreachable(world.ledger().vault(), world.ledger().store(), mark, SeqSet{}, {}), Fault);
}

TEST_CASE("a withdrawal that a crash cuts short is as before or as after, at every step",
          "[P1][P5][withdraw]") {
  // Every durable step of the vault and every group of the case.
  bool whole = false;
  for (int steps = 0; steps < 60 && !whole; ++steps) {
    CAPTURE(steps);
    int left = -1;
    LedgerOptions options;
    options.onVaultStep = [&](std::string_view) {
      if (left == 0) throw Fault("a crash");
      if (left > 0) --left;
    };
    options.onErasureStep = options.onVaultStep;
    World world(options);
    const std::vector<Seq> seqs = submitted(world, 4);
    left = steps;
    bool crashed = false, withdrawnNow = false;
    try {
      withdrawnNow = withdrawOf(world, seqs[1]).ok();
    } catch (const Fault&) {
      crashed = true;
    }
    CHECK((crashed || withdrawnNow));
    left = -1;
    world.reopen();
    const auto events = eventsOf(world);
    const bool withdrawn = events.at(seqs[1].raw()).withdrawn;
    checkHistory(world, seqs, withdrawn ? std::set<Seq>{seqs[1]} : std::set<Seq>{});
    CHECK((crashed || withdrawn));
    checkWhole(world);
    whole = !crashed;
    REQUIRE(world.submitOne(collect(kPerson)));
  }
  CHECK(whole);  // every step was met
}

TEST_CASE("an older log under the present keys has lost no event to a withdrawal",
          "[P3][P5][withdraw]") {
  World world;
  const std::vector<Seq> seqs = submitted(world, 300);
  world.ledger().signCheckpoint();
  world.close();
  const auto log = world.options().data / "log";
  const auto kept = world.scratch() / "old";
  std::filesystem::copy(log, kept, std::filesystem::copy_options::recursive);
  world.open();
  REQUIRE(withdrawOf(world, seqs[7]));
  REQUIRE(world.submitOne(collect(kPerson)));
  REQUIRE(withdrawOf(world, seqs[9]));
  world.ledger().signCheckpoint();
  world.close();
  std::filesystem::remove_all(log);
  std::filesystem::rename(kept, log);
  world.options().acceptLostTail = true;
  world.open();
  checkHistory(world, seqs, {seqs[7], seqs[9]});
  world.options().acceptLostTail = false;
  world.reopen();
  checkHistory(world, seqs, {seqs[7], seqs[9]});
  REQUIRE(world.submitOne(collect(kPerson)));
  CHECK(eventsOf(world).size() == seqs.size() + 1);
  checkWhole(world);
  const SweepMark mark{world.ledger().size(), world.ledger().vault().version(), false};
  const auto unreachable =
      markUnreachable(world.ledger().vault(), world.ledger().store(), mark, SeqSet{}, {});
  REQUIRE(unreachable);
  CHECK(unreachable->contains(seqs[7]));
  CHECK_FALSE(unreachable->contains(seqs[8]));
}

TEST_CASE("what was read by a handle from before a withdrawal is known to be stale",
          "[P5][withdraw]") {
  World world;
  const std::vector<Seq> seqs = submitted(world, 4);
  const auto handle = [&] {
    Draft draft = world.sequencer().begin();
    Result<PersonHandle> person =
        world.sequencer().consult(draft, world.caller(), kPerson, ReadOperation::history, "audit");
    world.ledger().commitNow(draft);
    REQUIRE(person);
    return std::move(*person);
  };
  const PersonHandle before = handle();
  CHECK(world.ledger().stands(before));
  REQUIRE(withdrawOf(world, seqs[1]));
  // The others moved to a lot that the handle does not name: read with it they would seem never to have been.
  CHECK(world.ledger().read(before, world.sequencer().systems()).size() < seqs.size());
  CHECK_FALSE(world.ledger().stands(before));
  const PersonHandle after = handle();
  CHECK(world.ledger().stands(after));
  REQUIRE(world.erase(kPerson));
  CHECK_FALSE(world.ledger().stands(after));
}

TEST_CASE("a search for the event says how far it is", "[withdraw]") {
  World world;
  const Seq seq = submitted(world, 1).front();
  for (int i = 0; i < 30; ++i) REQUIRE(world.submitOne(collect("crm:other" + std::to_string(i))));
  std::uint64_t calls = 0;
  FindHooks hooks;
  hooks.onProgress = [&](std::uint64_t seen, std::uint64_t of) {
    ++calls;
    CHECK(seen <= of);
    CHECK(of >= 31);
  };
  CHECK(findEvent(world.ledger().vault(), world.ledger().store(), seq, hooks));
  CHECK(calls >= 1);
}

}  // namespace lacuna::ledgertest
