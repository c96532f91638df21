// Who had the data of those who are erased (Art. 19 GDPR), found before the keys die.
#include "ledger/erasure.h"
#include "ledger/withdraw.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

std::string sharing(const std::string& person, const std::string& recipient,
                    const std::string& purpose = "course-admin") {
  return R"({"kind":"sharing","person":")" + person + R"(","recipient":")" + recipient +
         R"(","purpose":")" + purpose + R"(","system":"crm"})";
}

}  // namespace

TEST_CASE("who had data that moved to another lot when an event was withdrawn is told, too",
          "[P5]") {
  World world;
  const EventResult mistake = world.submitOne(collect("crm:1"));
  REQUIRE(mistake);
  REQUIRE(world.submitOne(sharing("crm:1", "mailer")));
  WithdrawOrder order;
  order.seq = mistake->seq;
  order.ground = Ground::unlawful;
  order.person = "crm:1";
  REQUIRE(withdraw(world.ledger(), world.caller(), order));
  const auto erased = world.erase("crm:1");
  REQUIRE(erased);
  CHECK(world.ledger().erasures().tasks(erased->caseNumber).size() == 1);
}

TEST_CASE("a recipient who was erased does not come back by an event from before", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(sharing("crm:1", "teacher:jansen")));
  REQUIRE(world.erase("teacher:jansen"));
  world.clock().advance(std::chrono::hours(24));
  std::string lagging = sharing("crm:1", "teacher:jansen");
  lagging.insert(lagging.size() - 1, R"(,"at":"2026-02-01T10:00:00Z")");
  CHECK(world.submitOne(lagging).refusal().code == RefusalCode::unknownPerson);
  CHECK_FALSE(world.sequencer().people().find("teacher:jansen"));
  // What happens now is of somebody new.
  CHECK(world.submitOne(sharing("crm:1", "teacher:jansen")));
}

TEST_CASE("the events of one kind in many lots are those that reading each lot finds", "[P5]") {
  World world;
  std::vector<std::string> lines;
  for (int i = 0; i < 7; ++i) lines.push_back(collect("crm:" + std::to_string(i)));
  for (int i = 0; i < 40; ++i) {
    const std::string person = "crm:" + std::to_string(i * i % 7);
    lines.push_back(i % 3 == 0 ? sharing(person, "mailer") : collect(person));
    if (i % 5 == 0) lines.push_back(sharing(person, "mailer", "invoicing"));
  }
  for (const EventResult& one : world.submit(lines)) REQUIRE(one);
  Ledger& ledger = world.ledger();
  const SystemNumbers& systems = world.sequencer().systems();
  People& people = world.sequencer().people();
  std::vector<LotOfSlot> lots;
  people.each(SubjectWhat::person, [&](Slot slot) {
    for (const LotHandle& lot : people.lotsOf(slot)) lots.push_back({slot, lot});
  });
  std::vector<std::pair<std::size_t, std::uint64_t>> wanted, found;
  for (std::size_t i = 0; i < lots.size(); ++i) {
    for (const PersonEvent& event :
         readLot(ledger.vault(), ledger.store(), systems, lots[i].slot, lots[i].lot)) {
      if (event.kind == Kind::sharing) wanted.emplace_back(i, event.seq.raw());
    }
  }
  readKind(ledger.vault(), ledger.store(), systems, lots, Kind::sharing,
           [&](std::size_t lot, const PersonEvent& event) {
             found.emplace_back(lot, event.seq.raw());
             CHECK(event.stored.recipient.value_or(InstanceRef{}).category == "mailer");
             CHECK(event.klass == lots[lot].lot.klass);
           });
  CHECK(wanted.size() == 22);
  CHECK(found == wanted);
}

}  // namespace lacuna::ledgertest
