#include "tests/support/person_world.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace lacuna;
using lacuna::test::moment;
using lacuna::test::PersonWorld;

namespace {

using Flags = std::vector<std::string>;
using Fill = std::function<void(Event&)>;

Fill shared(std::string to, std::string purpose = "course-delivery",
            std::vector<std::string> categories = {"name"}) {
  return [=](Event& e) {
    e.recipient = to;
    e.purpose = purpose;
    e.categories = categories;
  };
}

Fill processed(std::string purpose, Operation operation = Operation::use) {
  return [=](Event& e) {
    e.purpose = purpose;
    e.operation = operation;
  };
}

Fill consent(ConsentState state, std::string purpose = "newsletter",
             ConsentForm form = ConsentForm::isExplicit) {
  return [=](Event& e) {
    e.consentState = state;
    e.purpose = purpose;
    e.form = form;
  };
}

Fill collected(std::string source, std::string notice = "") {
  return [=](Event& e) {
    e.purpose = "course-admin";
    e.operation = Operation::collect;
    e.source = source;
    e.notice = notice;
    e.categories = {"name"};
  };
}

constexpr const char* kLater = "2026-01-01";

}  // namespace

TEST_CASE("what a recipient may not have is flagged", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::sharing, "2020-04-20", shared("teacher:jansen"));
  CHECK(world.flags(kLater).empty());
  world.add(Kind::sharing, "2020-04-20",
            shared("teacher:jansen", "course-delivery", {"name", "presence"}));
  world.add(Kind::sharing, "2020-04-20", shared("venue:central", "course-delivery", {"presence"}));
  CHECK(world.flags(kLater) == Flags{"over-sharing@3 presence", "over-sharing@4 presence"});
  // an event that names no categories is known by its class
  PersonWorld classes;
  classes.add(Kind::sharing, "2020-04-20", shared("teacher:jansen", "invoicing", {}));
  classes.add(Kind::sharing, "2020-04-20", shared("teacher:jansen", "course-admin", {}));
  CHECK(classes.flags(kLater) == Flags{"over-sharing@2 billing"});
}

TEST_CASE("a category that its class does not list is flagged", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-04-20", [](Event& e) {
    e.purpose = "course-admin";
    e.operation = Operation::store;
    e.categories = {"name", "amount", "page"};
  });
  CHECK(world.flags(kLater) == Flags{"category-not-in-class@2 amount page"});
}

TEST_CASE("use of data for a purpose of consent needs one that stands", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-05-01", processed("newsletter"));        // 2: none
  world.add(Kind::consent, "2020-05-02", consent(ConsentState::given));      // 3
  world.add(Kind::processing, "2020-05-03", processed("newsletter"));        // 4
  world.add(Kind::consent, "2020-05-04", consent(ConsentState::withdrawn));  // 5
  world.add(Kind::sharing, "2020-05-05", shared("mandrill", "newsletter"));  // 6: withdrawn
  world.add(Kind::processing, "2020-05-05", processed("newsletter", Operation::erase));
  world.add(Kind::processing, "2020-05-05", processed("newsletter", Operation::store));
  world.add(Kind::consent, "2020-05-06", consent(ConsentState::given));  // 9: came back
  world.add(Kind::processing, "2020-05-07", processed("newsletter"));
  world.add(Kind::processing, "2020-05-07", processed("course-admin"));  // no consent asked
  CHECK(world.flags(kLater) ==
        Flags{"used-without-consent@2 newsletter", "used-after-withdrawal@6 newsletter"});
}

TEST_CASE("a consent of the same moment counts, whichever was reported first", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-05-01T10:00:00Z", processed("newsletter", Operation::collect));
  world.add(Kind::consent, "2020-05-01T10:00:00Z", consent(ConsentState::given));
  CHECK(world.flags(kLater).empty());
  world.add(Kind::consent, "2020-05-02T10:00:00Z", consent(ConsentState::withdrawn));
  world.add(Kind::processing, "2020-05-02T10:00:00Z", processed("newsletter"));
  CHECK(world.flags(kLater) == Flags{"used-after-withdrawal@5 newsletter"});
}

TEST_CASE("who signs up hands over an address before the consent is confirmed", "[person][flags]") {
  PersonWorld world;
  const auto signUp = processed("newsletter", Operation::collect);
  world.add(Kind::processing, "2020-05-01T10:00:00Z", signUp);
  CHECK(world.flags(kLater) == Flags{"used-without-consent@2 newsletter"});
  world.add(Kind::consent, "2020-05-01T10:05:00Z", consent(ConsentState::given));
  CHECK(world.flags(kLater).empty());
  CHECK(world.flags("2020-05-01T10:01:00Z") == Flags{"used-without-consent@2 newsletter"});
  PersonWorld late;  // two days later is no sign-up; a use, or a list bought, never is
  late.add(Kind::processing, "2020-05-01T10:00:00Z", signUp);
  late.add(Kind::processing, "2020-05-03T10:00:00Z", processed("newsletter"));
  late.add(Kind::processing, "2020-05-03T10:00:00Z", [&](Event& e) {
    signUp(e);
    e.source = "list-broker";
  });
  late.add(Kind::consent, "2020-05-03T10:05:00Z", consent(ConsentState::given));
  CHECK(late.flags("2020-05-04") == Flags{"used-without-consent@2 newsletter",
                                          "used-without-consent@3 newsletter",
                                          "used-without-consent@4 newsletter"});
}

TEST_CASE("a consent that was refused, ran out or fell does not carry a use", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::consent, "2020-01-01", consent(ConsentState::refused));
  world.add(Kind::processing, "2020-01-02", processed("newsletter"));  // 3
  world.add(Kind::consent, "2020-02-01", [](Event& e) {
    consent(ConsentState::given)(e);
    e.validUntil = moment("2020-03-01");
  });
  world.add(Kind::processing, "2020-02-15", processed("newsletter"));
  world.add(Kind::processing, "2020-03-02", processed("newsletter"));  // 6
  world.add(Kind::consent, "2020-04-01", consent(ConsentState::given));
  world.add(Kind::consent, "2020-04-02", consent(ConsentState::invalidated));
  world.add(Kind::processing, "2020-04-03", processed("newsletter"));  // 9
  CHECK(world.flags(kLater) == Flags{"used-without-consent@3 newsletter",
                                     "used-without-consent@6 newsletter",
                                     "used-without-consent@9 newsletter"});
}

TEST_CASE("where consent is one basis of several, only its withdrawal is held against a use",
          "[person][flags]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-01-01", processed("offers"));
  world.add(Kind::processing, "2020-01-01", [](Event& e) {
    processed("offers")(e);
    e.basis = "eu-gdpr:A6-1-a";  // 3: relied on, and not there
  });
  world.add(Kind::consent, "2020-01-02", consent(ConsentState::given, "offers"));
  world.add(Kind::consent, "2020-01-03", consent(ConsentState::withdrawn, "offers"));
  world.add(Kind::processing, "2020-01-04", processed("offers"));  // 6
  world.add(Kind::processing, "2020-01-04", [](Event& e) {
    processed("offers")(e);
    e.basis = "eu-gdpr:A6-1-f";  // says that it relies on another
  });
  CHECK(world.flags(kLater) ==
        Flags{"used-without-consent@3 offers", "used-after-withdrawal@6 offers"});
}

TEST_CASE("a recipient whose condition is consent gets nothing without it", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::sharing, "2020-04-20", shared("zoom"));
  world.add(Kind::consent, "2020-04-21", consent(ConsentState::given, "course-delivery"));
  world.add(Kind::sharing, "2020-04-22", shared("zoom"));
  CHECK(world.flags("2020-05-01") == Flags{"shared-without-consent@2 zoom"});
}

TEST_CASE("consent by conduct is named where it is recorded and where it is relied on",
          "[person][flags]") {
  PersonWorld world;
  world.add(Kind::consent, "2020-04-20",
            consent(ConsentState::given, "course-delivery", ConsentForm::implied));
  world.add(Kind::sharing, "2020-04-20", shared("zoom"));
  world.add(Kind::processing, "2020-04-20", processed("course-delivery"));  // rests on the contract
  world.add(Kind::consent, "2020-04-21",
            consent(ConsentState::given, "newsletter", ConsentForm::bundled));
  CHECK(world.flags("2020-05-01") == Flags{"implied-consent@2 course-delivery",
                                           "implied-consent@3 course-delivery",
                                           "implied-consent@5 newsletter"});
}

TEST_CASE("a transfer is judged by its safeguard on its own date", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::sharing, "2020-04-20", shared("mandrill"));  // stood
  world.add(Kind::sharing, "2020-05-20",
            shared("facebook", "course-delivery", {}));  // dead since 2015
  world.add(Kind::sharing, "2020-05-21",
            shared("pollster", "course-delivery", {}));        // never had one
  world.add(Kind::sharing, "2020-07-20", shared("mandrill"));  // 5: nobody has told us yet
  CHECK(world.flags("2020-07-25") ==
        Flags{"dead-safeguard@3 us-safe-harbor", "no-safeguard@4 pollster"});
  // The judgment is entered in August: what was recorded in between is flagged, what came before not.
  world.apply("2020-08-01", test::registerAfterSchremsTwo());
  CHECK(world.flags("2020-09-01") == Flags{"dead-safeguard@3 us-safe-harbor",
                                           "no-safeguard@4 pollster",
                                           "dead-safeguard@5 us-privacy-shield"});
  // By what was known in July nothing is wrong with it.
  HistoryQuery query;
  query.knownAt = moment("2020-07-25");
  const PersonState then =
      stateOf(world.all(), query, world.person, world.registers, moment(kLater));
  CHECK(then.flags.size() == 2);
}

TEST_CASE("campaigns are kept to", "[person][flags]") {
  PersonWorld world;
  const auto observed = [](Event& e) {
    e.purpose = "site-statistics";
    e.operation = Operation::observe;
    e.system = "hotjar-script";
  };
  world.add(Kind::processing, "2020-04-30T12:00:00Z", observed);  // 2
  world.add(Kind::processing, "2020-05-01T12:00:00Z", observed);
  world.add(Kind::processing, "2020-05-14T21:59:00Z", observed);  // the last minute in Amsterdam
  world.add(Kind::processing, "2020-05-14T22:01:00Z", observed);  // 5
  world.add(Kind::sharing, "2020-06-01", shared("hotjar", "site-statistics", {"page"}));  // 6
  CHECK(world.flags(kLater) == Flags{"outside-campaign@2 hotjar", "outside-campaign@5 hotjar",
                                     "outside-campaign@6 hotjar"});
}

TEST_CASE("an employer gets attendance while an agreement stands", "[person][flags]") {
  PersonWorld world;
  const auto presence = shared("employer:acme", "course-delivery", {"presence"});
  world.add(Kind::sharing, "2020-04-09", presence);  // 2
  world.add(Kind::sharing, "2020-04-10", presence);
  world.add(Kind::sharing, "2020-12-31", presence);
  world.add(Kind::sharing, "2021-01-01", presence);  // 5
  world.add(Kind::sharing, "2020-05-01", [&](Event& e) {
    presence(e);
    e.agreement = "another";  // 6
  });
  CHECK(world.flags(kLater) ==
        Flags{"no-agreement@2 employer", "no-agreement@6 employer", "no-agreement@5 employer"});
}

TEST_CASE("an agreement covers its scope and no more", "[person][flags]") {
  std::string toml(test::kSmallRegister);
  const std::string_view allowed = "allowedClasses = [\"attendance\"]\n";
  toml.erase(toml.find(allowed), allowed.size());  // only the agreement limits now
  PersonWorld world;
  world.apply("2020-01-01", toml);
  world.add(Kind::sharing, "2020-05-01",
            shared("employer:acme", "course-delivery", {"name", "presence"}));
  world.add(Kind::sharing, "2020-05-01",
            shared("employer:acme", "course-delivery", {"presence", "amount"}));
  world.add(Kind::sharing, "2020-05-01", shared("employer:acme", "invoicing", {}));
  CHECK(world.flags(kLater) ==
        Flags{"over-sharing@4 amount", "category-not-in-class@4 amount", "over-sharing@5 billing"});
}

TEST_CASE("an agreement may also be recorded as an event", "[person][flags]") {
  PersonWorld world;
  const auto presence = shared("employer:acme", "course-delivery", {"presence"});
  world.add(Kind::agreement, "2021-02-01", [](Event& e) {
    e.recipient = "employer:acme";
    e.agreement = "acme-2021";
    e.validUntil = moment("2021-06-01");
  });
  world.add(Kind::sharing, "2021-01-31", presence);  // 3: before it
  world.add(Kind::sharing, "2021-02-02", presence);
  world.add(Kind::sharing, "2021-02-02", shared("employer:other", "course-delivery", {"presence"}));
  world.add(Kind::sharing, "2021-06-02", presence);  // 6: after it
  CHECK(world.flags(kLater) ==
        Flags{"no-agreement@3 employer", "no-agreement@5 employer", "no-agreement@6 employer"});
}

TEST_CASE("restricted data are stored and nothing else", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::restriction, "2020-04-01", [](Event& e) { e.purpose = "course-admin"; });
  world.add(Kind::processing, "2020-04-02", processed("course-admin"));  // 3
  world.add(Kind::processing, "2020-04-02", processed("course-admin", Operation::store));
  world.add(Kind::processing, "2020-04-02", processed("course-delivery"));
  world.add(Kind::restriction, "2020-04-03", [](Event& e) { e.validUntil = moment("2020-04-10"); });
  world.add(Kind::processing, "2020-04-04", processed("course-delivery"));  // 7: everything
  world.add(Kind::processing, "2020-04-11", processed("course-delivery"));
  world.add(Kind::note, "2020-05-01", [](Event& e) { e.corrects = 2; });  // lifted
  world.add(Kind::processing, "2020-05-02", processed("course-admin"));
  CHECK(world.flags(kLater) ==
        Flags{"during-restriction@3 course-admin", "during-restriction@7 course-delivery"});
  CHECK(world.state("2020-04-05").restrictions == Flags{"course-admin", "*"});
  CHECK(world.state("2020-04-20").restrictions == Flags{"course-admin"});
  CHECK(world.state("2020-05-02").restrictions.empty());
}

TEST_CASE("a restriction that another supersedes ends there, and did stand before",
          "[person][flags]") {
  PersonWorld world;
  world.add(Kind::restriction, "2020-04-01", [](Event& e) { e.purpose = "course-admin"; });
  world.add(Kind::processing, "2020-04-02", processed("course-admin"));  // 3
  world.add(Kind::restriction, "2020-04-03", [](Event& e) {
    e.purpose = "course-delivery";
    e.corrects = 2;
  });
  world.add(Kind::processing, "2020-04-04", processed("course-admin"));
  world.add(Kind::processing, "2020-04-04", processed("course-delivery"));  // 6
  CHECK(world.flags(kLater) ==
        Flags{"during-restriction@3 course-admin", "during-restriction@6 course-delivery"});
  CHECK(world.state(kLater).restrictions == Flags{"course-delivery"});
}

TEST_CASE("marketing ends with an objection, until the person consents again", "[person][flags]") {
  PersonWorld world;
  world.add(Kind::objection, "2020-04-01", [](Event& e) { e.purpose = "offers"; });
  world.add(Kind::processing, "2020-04-02", processed("offers"));        // 3
  world.add(Kind::processing, "2020-04-02", processed("course-admin"));  // no marketing
  CHECK(world.state("2020-04-02").objections == Flags{"offers"});
  world.add(Kind::consent, "2020-04-03", consent(ConsentState::given, "offers"));
  world.add(Kind::processing, "2020-04-04", processed("offers"));
  CHECK(world.state("2020-04-05").objections.empty());
  world.add(Kind::objection, "2020-05-01");                        // 7: to everything
  world.add(Kind::processing, "2020-05-02", processed("offers"));  // 8
  CHECK(world.flags(kLater) ==
        Flags{"marketing-after-objection@3 offers", "marketing-after-objection@8 offers"});
  CHECK(world.state(kLater).objections == Flags{"*"});
}

TEST_CASE("who was enrolled by another is informed within a month, or it shows",
          "[person][flags]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-04-01T10:00:00Z", collected("employer:acme"));
  CHECK(world.flags("2020-05-01T21:59:59Z").empty());  // Amsterdam's first of May is not over
  CHECK(world.flags("2020-05-01T22:00:00Z") == Flags{"not-informed@2 employer"});
  SECTION("in time") {
    world.add(Kind::notice, "2020-05-01T20:00:00Z",
              [](Event& e) { e.notice = "privacy-2020-03-31"; });
    CHECK(world.flags(kLater).empty());
  }
  SECTION("too late") {
    world.add(Kind::notice, "2020-05-02", [](Event& e) { e.notice = "privacy-2020-03-31"; });
    CHECK(world.flags(kLater) == Flags{"not-informed@2 employer"});
  }
  SECTION("in time, but known only later: a late report clears what came before it") {
    world.add(
        Kind::notice, "2020-04-20", [](Event& e) { e.notice = "privacy-2020-03-31"; },
        "2020-06-10");
    CHECK(world.flags(kLater).empty());
    HistoryQuery query;
    query.knownAt = moment("2020-06-01");
    CHECK(stateOf(world.all(), query, world.person, world.registers, moment(kLater)).flags.size() ==
          1);
  }
  SECTION("the notice in force was known already") {
    world.add(Kind::notice, "2020-03-31", [](Event& e) { e.notice = "privacy-2020-03-31"; });
    CHECK(world.flags(kLater).empty());
  }
  SECTION("an older notice does not tell of this collection") {
    world.add(Kind::notice, "2019-01-01", [](Event& e) { e.notice = "privacy-2018-05-25"; });
    CHECK(world.flags(kLater) == Flags{"not-informed@2 employer"});
  }
}

TEST_CASE("data of the person, and what processors observe, ask for no notice by Art. 14",
          "[person][flags]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-04-01", collected(""));
  world.add(Kind::processing, "2020-04-01", collected("subject"));
  world.add(Kind::processing, "2020-05-01", [](Event& e) {
    collected("hotjar")(e);
    e.purpose = "site-statistics";
    e.categories = {"page"};
  });
  world.add(Kind::processing, "2020-04-01", collected("list-broker"));
  CHECK(world.flags(kLater) == Flags{"not-informed@5 list-broker"});
}

TEST_CASE("two persons in one event, and a reading without a reason, are flagged",
          "[person][flags]") {
  PersonWorld world;
  world.add(Kind::note, "2020-04-01").stored.otherPersons = {Slot(9)};
  PersonEvent& stated = world.add(Kind::consultation, "2020-04-02");
  stated.body = *bytesOfHex(
      "01"
      "00000007"
      "02"
      "02");
  PersonEvent& unstated = world.add(Kind::consultation, "2020-04-03");
  unstated.body = *bytesOfHex(
      "01"
      "00000007"
      "01"
      "00");
  CHECK(world.flags(kLater) == Flags{"identity-conflict@2", "unstated-reason@4"});
}

TEST_CASE("every flag has a name of its own", "[person][flags]") {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(Flag::unstatedReason); ++i) {
    names.emplace_back(nameOf(static_cast<Flag>(i)));
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}
