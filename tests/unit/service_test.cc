// The service over a real ledger, as the outside calls it.
#include "daemon/ledger_service.h"
#include "ledger/record/bodies.h"
#include "tests/support/world.h"

#include <nlohmann/json.hpp>

#include <future>
#include <set>
#include <unistd.h>

namespace lacuna::ledgertest {
namespace {

class ServiceWorld {
 public:
  ServiceWorld() {
    ServiceOptions options;
    options.data = scratch_ / "data";
    options.origin = "test.example.org/service";
    options.allowWeakErasure = true;
    options.checkpointInterval = std::chrono::milliseconds(10);
    auto opened = openLedgerService(options);
    if (!opened) FAIL(opened.refusal().message);
    service_ = std::move(*opened);
    REQUIRE(answered<std::string>([&](auto done) {
      service_->registerApply(caller_, std::string(kSmallRegister), std::move(done));
    }));
  }

  LedgerService& service() { return *service_; }
  Caller& caller() { return caller_; }

  template <typename T>
  static Result<T> answered(const std::function<void(Answer<T>)>& ask) {
    std::promise<Result<T>> answer;
    ask([&](Result<T> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
  }
  static std::vector<Event> eventsOf(const std::vector<std::string>& lines) {
    EventParser parser;
    std::vector<Event> events;
    for (const std::string& line : lines) events.push_back(std::move(*parser.parse(line)));
    return events;
  }
  void submit(const std::vector<std::string>& lines) {
    std::promise<std::vector<EventResult>> answer;
    service_->submit(caller_, eventsOf(lines), Atomic::no,
                     [&](auto results) { answer.set_value(std::move(results)); });
    for (const EventResult& result : answer.get_future().get()) REQUIRE(result);
  }
  // Public records, once all that was submitted is under a checkpoint.
  std::vector<Record> records() {
    const auto size = nlohmann::json::parse(service_->status(0))["size"].get<std::uint64_t>();
    std::vector<Record> out;
    for (int i = 0; out.size() < size; ++i) {
      REQUIRE(i < 10'000);
      const auto bytes = service_->records(Seq(out.size()), 1024);
      if (bytes) {
        for (const Bytes& record : *bytes) out.push_back(*decodeRecord(record));
      }
      if (out.size() < size) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return out;
  }

 private:
  static Caller everything() {
    Caller caller;
    caller.allSystems = true;
    return caller;
  }
  Scratch scratch_;
  Caller caller_ = everything();
  std::unique_ptr<LedgerService> service_;
};

}  // namespace

TEST_CASE("single-user mode ends once, also when two first grants come together", "[P9]") {
  ServiceWorld world;
  std::vector<std::string> many;
  for (int i = 0; i < 2000; ++i) many.push_back(collect("crm:" + std::to_string(i % 50)));
  world.service().submit(world.caller(), ServiceWorld::eventsOf(many), Atomic::no, [](auto) {});
  std::vector<std::promise<Result<std::uint32_t>>> granted(4);  // wait behind it, for one group
  for (std::size_t i = 0; i < granted.size(); ++i) {
    Grant grant;
    grant.uid = static_cast<std::uint32_t>(1000 + i);
    grant.roles = static_cast<std::uint8_t>(Role::auditor);
    world.service().grant(world.caller(), grant,
                          [&, i](Result<std::uint32_t> result) { granted[i].set_value(result); });
  }
  for (auto& each : granted) CHECK(each.get_future().get());
  std::size_t ended = 0, grants = 0;
  for (const Record& record : world.records()) {
    if (record.kind != Kind::access) continue;
    const auto body = decodeAccess(record.body);
    REQUIRE(body);
    ended += body->action == AccessAction::singleUserEnded;
    grants += body->action == AccessAction::grant;
  }
  CHECK(grants == 4);
  CHECK(ended == 1);
}

TEST_CASE("a search names who is there, and is in the history of each before the answer", "[P9]") {
  ServiceWorld world;
  world.submit({collect("email:jan@example.nl"), collect("email:joan@example.nl"),
                collect("email:piet@example.org")});
  const auto find = [&](const std::string& text) {
    return ServiceWorld::answered<std::vector<std::string>>([&](auto done) {
      world.service().personFind(world.caller(), text, "support", std::move(done));
    });
  };
  const auto readings = [&](const std::string& person) {
    ReadRequest request;
    request.person = person;
    const auto lines = ServiceWorld::answered<std::vector<std::string>>(
        [&](auto done) { world.service().history(world.caller(), request, std::move(done)); });
    REQUIRE(lines);
    return std::count_if(lines->begin(), lines->end(), [](const std::string& line) {
      return line.find(R"("operation":"find")") != std::string::npos;
    });
  };
  const auto consultations = [&] {
    const std::vector<Record> records = world.records();
    return std::count_if(records.begin(), records.end(),
                         [](const Record& record) { return record.kind == Kind::consultation; });
  };
  const auto found = find("AN@example.nl");
  REQUIRE(found);
  CHECK(found->size() == 2);
  CHECK(consultations() == 3);  // the search, and the two whom it names
  CHECK(readings("email:jan@example.nl") == 1);
  CHECK(readings("email:piet@example.org") == 0);

  EraseRequest erase;
  erase.person = "email:jan@example.nl";
  erase.ground = "objection";
  CHECK(ServiceWorld::answered<std::string>(
      [&](auto done) { world.service().erase(world.caller(), erase, std::move(done)); }));
  const auto rest = find("an@example.nl");
  REQUIRE(rest);
  CHECK(rest->size() == 1);
  CHECK(find("nobody")->empty());
}

TEST_CASE("how many persons there are is told to officers and operators only", "[P9]") {
  ServiceWorld world;
  const auto tells = [&](std::uint8_t roles) {
    return nlohmann::json::parse(world.service().status(roles)).contains("persons");
  };
  CHECK_FALSE(tells(0));
  CHECK_FALSE(tells(static_cast<std::uint8_t>(Role::recorder)));
  CHECK_FALSE(tells(static_cast<std::uint8_t>(Role::auditor)));
  CHECK(tells(static_cast<std::uint8_t>(Role::officer)));
  CHECK(tells(static_cast<std::uint8_t>(Role::op)));
}

TEST_CASE("a question whose times exclude each other is refused") {
  ServiceWorld world;
  world.submit({collect("crm:1")});
  ReadRequest request;
  request.person = "crm:1";
  request.from = "2021-01-01";
  request.to = "2020-12-31";
  const auto ask = [&] {
    return ServiceWorld::answered<std::vector<std::string>>(
        [&](auto done) { world.service().history(world.caller(), request, std::move(done)); });
  };
  CHECK(ask().refusal().code == RefusalCode::invalidValue);
  request.to = request.from;
  CHECK(ask());
}

TEST_CASE("who reads while an event is withdrawn hears everything, or busy and when to ask again",
          "[P5][withdraw]") {
  ServiceWorld world;
  constexpr std::size_t kEvents = 40, kReaders = 300;
  for (std::size_t i = 0; i < kEvents; ++i) {
    world.submit({collect("crm:1", R"(,"data":{"n":)" + std::to_string(i) + "}")});
  }
  std::vector<std::uint64_t> seqs;
  std::uint64_t seq = 0;
  for (const Record& record : world.records()) {
    if (record.kind == Kind::processing) seqs.push_back(seq);
    ++seq;
  }
  REQUIRE(seqs.size() == kEvents);
  std::vector<std::promise<Result<std::vector<std::string>>>> answers(kReaders);
  std::vector<std::promise<Result<std::string>>> withdrawn(4);
  for (std::size_t i = 0; i < kReaders; ++i) {
    ReadRequest request;
    request.person = "crm:1";
    request.reason = "audit";
    world.service().history(world.caller(), request,
                            [&, i](auto answer) { answers[i].set_value(std::move(answer)); });
    if (i % 60 != 30 || i / 60 >= withdrawn.size()) continue;
    world.service().withdraw(
        world.caller(), {seqs[i / 60], "unlawful", "crm:1", "audit"},
        [&, i](auto answer) { withdrawn[i / 60].set_value(std::move(answer)); });
  }
  for (auto& each : withdrawn) CHECK(each.get_future().get());
  std::size_t busy = 0;
  for (auto& each : answers) {
    const auto answer = each.get_future().get();
    if (!answer) {
      CHECK(answer.refusal().code == RefusalCode::busy);
      CHECK(answer.refusal().retryAfter.count() > 0);
      ++busy;
      continue;
    }
    std::size_t events = 0;
    for (const std::string& line : *answer) {
      events += nlohmann::json::parse(line)["kind"] == "processing" ? 1 : 0;
    }
    CHECK(events == kEvents);
  }
  CHECK(busy < kReaders);
}

TEST_CASE(
    "searches for persons go one after the other, and beyond a bound hear when to ask again") {
  ServiceWorld world;
  std::vector<std::string> lines;
  for (int i = 0; i < 1500; ++i) lines.push_back(collect("crm:x" + std::to_string(i)));
  world.submit(lines);
  constexpr std::size_t kSearches = 40;
  std::vector<std::promise<Result<std::vector<std::string>>>> answers(kSearches);
  for (std::size_t i = 0; i < kSearches; ++i) {
    world.service().personFind(world.caller(), "x149", "audit",
                               [&, i](auto answer) { answers[i].set_value(std::move(answer)); });
  }
  std::size_t found = 0;
  for (auto& each : answers) {
    const auto answer = each.get_future().get();
    if (answer) {
      CHECK(answer->size() == 11);
      ++found;
    } else {
      CHECK(answer.refusal().code == RefusalCode::busy);
      CHECK(answer.refusal().retryAfter.count() > 0);
      CHECK(answer.refusal().message.find("one after the other") != std::string::npos);
    }
  }
  CHECK(found >= 2);
}

TEST_CASE("flags of everybody come page by page, each page a record, and by name a reading of each",
          "[P9][P10]") {
  ServiceWorld world;
  constexpr std::size_t kPersons = 1200;  // more than two pages
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kPersons; ++i) {
    lines.push_back(collect("crm:" + std::to_string(i), i % 2 == 0 ? R"(,"categories":["invoice"])"
                                                                   : R"(,"categories":["name"])"));
  }
  world.submit(lines);
  struct Found {
    std::set<std::uint64_t> seqs;
    std::size_t lines = 0, pages = 0;
  };
  const auto scanned = [&](bool persons, const std::string& since = "") {
    Found found;
    FlagsRequest request{since, "audit", persons, 0};
    do {
      const auto page = ServiceWorld::answered<FlagsPage>(
          [&](auto done) { world.service().flags(world.caller(), request, std::move(done)); });
      REQUIRE(page);
      CHECK(page->seen <= page->of);
      for (const std::string& text : page->lines) {
        const auto line = nlohmann::json::parse(text);
        CHECK(line["flag"] == "category-not-in-class");
        CHECK(line.contains("person") == persons);
        found.seqs.insert(line["seq"].get<std::uint64_t>());
        ++found.lines;
      }
      request.from = page->next;
      ++found.pages;
    } while (request.from != 0);
    return found;
  };
  const auto consultations = [&] {
    const std::vector<Record> records = world.records();
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(),
                      [](const Record& record) { return record.kind == Kind::consultation; }));
  };
  const Found all = scanned(false);
  CHECK(all.seqs.size() == kPersons / 2);
  CHECK(all.lines == kPersons / 2);
  CHECK(all.pages >= 3);
  CHECK(consultations() == all.pages);
  CHECK(scanned(false, "2999-01-01").lines == 0);
  const std::size_t before = consultations();
  const Found named = scanned(true);
  CHECK(named.seqs == all.seqs);
  CHECK(consultations() - before >= named.pages + kPersons / 2);

  EraseRequest erase;
  erase.person = "crm:0";
  erase.ground = "objection";
  CHECK(ServiceWorld::answered<std::string>(
      [&](auto done) { world.service().erase(world.caller(), erase, std::move(done)); }));
  CHECK(scanned(false).lines == kPersons / 2 - 1);
}

TEST_CASE("the worklist of requests names nobody and is no reading; whose one is, is", "[P9]") {
  ServiceWorld world;
  const auto text = [](const std::function<void(Answer<std::string>)>& ask) {
    const auto answer = ServiceWorld::answered<std::string>(ask);
    if (!answer) FAIL(answer.refusal().message);
    return nlohmann::json::parse(*answer);
  };
  const auto consultations = [&] {
    const std::vector<Record> records = world.records();
    return std::count_if(records.begin(), records.end(),
                         [](const Record& record) { return record.kind == Kind::consultation; });
  };
  const auto opened = text([&](auto done) {
    world.service().requestOpen(world.caller(),
                                {"email:jan@example.nl", "access", "2026-01-05", "letter"},
                                std::move(done));
  });
  CHECK(opened["overdue"] == true);
  const auto number = opened["request"].get<std::uint64_t>();
  const auto listed = [&](const std::string& which, const std::string& within = "") {
    return ServiceWorld::answered<std::vector<std::string>>([&](auto done) {
      world.service().requests(world.caller(), which, within, std::move(done));
    });
  };
  REQUIRE(listed("overdue"));
  CHECK(listed("overdue")->size() == 1);
  CHECK(listed("open", "P7D")->size() == 1);
  CHECK(listed("open")->front().find("jan") == std::string::npos);
  CHECK(listed("everything").refusal().code == RefusalCode::invalidValue);
  CHECK(listed("open", "soon").refusal().code == RefusalCode::invalidValue);
  CHECK(consultations() == 0);
  const auto shown = text([&](auto done) {
    world.service().requestShow(world.caller(), number, "request:1", std::move(done));
  });
  CHECK(shown["person"]["aliases"][0] == "email:jan@example.nl");
  CHECK(consultations() == 2);  // one of nobody, one in the person's history
  const auto said = text([&](auto done) {
    world.service().requestStep(world.caller(), {number, "answered", "", "2026-02-20"},
                                std::move(done));
  });
  CHECK(said["late"] == "law");
  CHECK_FALSE(said.contains("due"));
  CHECK(listed("overdue")->empty());
  CHECK(listed("all")->size() == 1);
}

}  // namespace lacuna::ledgertest
