#include "ledger/record/bodies.h"
#include "ledger/register/admission.h"
#include "tests/support/person_world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <random>

using namespace lacuna;
using lacuna::test::moment;
using lacuna::test::PersonWorld;
using nlohmann::json;

namespace {

using Names = std::vector<std::string>;

Names kindsOf(const std::vector<const PersonEvent*>& events) {
  Names out;
  for (const PersonEvent* e : events) {
    out.push_back(std::string(nameOf(e->kind)) + "@" + std::to_string(e->seq.raw()));
  }
  return out;
}

void collect(Event& e) {
  e.purpose = "course-admin";
  e.operation = Operation::collect;
  e.categories = {"name", "email"};
}

std::function<void(Event&)> share(std::string to, std::string purpose, Names categories) {
  return [=](Event& e) {
    e.recipient = to;
    e.purpose = purpose;
    e.categories = categories;
  };
}

bool flagged(const PersonState& state, Flag flag, const PersonEvent& e) {
  return std::any_of(state.flags.begin(), state.flags.end(),
                     [&](const Flagged& f) { return f.flag == flag && f.seq == e.seq; });
}

const RecipientView& recipient(const PersonState& state, std::string_view name) {
  for (const RecipientView& view : state.recipients) {
    if (view.recipient == name) return view;
  }
  FAIL("no recipient " << name);
  throw std::logic_error("unreachable");
}

}  // namespace

TEST_CASE("a history is ordered by when things happened, then by place", "[person]") {
  PersonWorld world;
  world.add(Kind::note, "2020-04-03");
  world.add(Kind::consent, "2020-04-01");
  world.add(Kind::notice, "2020-04-01");
  const auto all = world.all();
  CHECK(kindsOf(select(all, {})) == Names{"consent@3", "notice@4", "note@2"});
}

TEST_CASE("a history is cut by what held and by what was known", "[person]") {
  PersonWorld world;
  world.add(Kind::note, "2020-04-01");
  world.add(Kind::notice, "2020-04-02", {}, "2020-05-01");  // reported late
  world.add(Kind::processing, "2020-04-03", collect, "2020-05-02");
  world.add(Kind::sharing, "2020-06-01", share("teacher:jansen", "course-delivery", {"name"}));
  const auto all = world.all();
  const auto cut = [&](auto fill) {
    HistoryQuery query;
    fill(query);
    return kindsOf(select(all, query));
  };
  CHECK(cut([](auto& q) { q.asOf = moment("2020-04-02"); }) == Names{"note@2", "notice@3"});
  CHECK(cut([](auto& q) { q.knownAt = moment("2020-04-30"); }) == Names{"note@2"});
  CHECK(cut([](auto& q) {
          q.asOf = moment("2020-04-02");
          q.knownAt = moment("2020-05-01");
        }) == Names{"note@2", "notice@3"});
  CHECK(cut([](auto& q) { q.knownThrough = Seq(3); }) == Names{"note@2", "notice@3"});
  CHECK(cut([](auto& q) { q.from = moment("2020-04-03"); }) == Names{"processing@4", "sharing@5"});
  CHECK(cut([](auto& q) { q.to = moment("2020-04-01"); }) == Names{"note@2"});
  CHECK(cut([](auto& q) { q.klass = "identity"; }) == Names{"processing@4"});
  CHECK(cut([](auto& q) { q.purpose = "course-delivery"; }) == Names{"sharing@5"});
  CHECK(cut([](auto& q) { q.recipient = "teacher"; }) == Names{"sharing@5"});
  CHECK(cut([](auto& q) { q.recipient = "teacher:jansen"; }) == Names{"sharing@5"});
  CHECK(cut([](auto& q) { q.recipient = "teacher:smit"; }).empty());
}

TEST_CASE("an event that lies a little ahead of our clock is known", "[person]") {
  PersonWorld world;
  world.add(Kind::note, "2020-04-01T10:04:00Z", {}, "2020-04-01T10:00:00Z");
  const PersonState state =
      stateOf(world.all(), {}, world.person, world.registers, moment("2020-04-01T10:00:01Z"));
  CHECK(state.events == 1);
  CHECK(world.state("2020-04-01T10:00:01Z").events == 0);  // asked for that very moment
}

TEST_CASE("versions of the register are found by number, by time and by what was known",
          "[person]") {
  PersonWorld world;
  world.apply("2020-08-01", test::registerAfterSchremsTwo());
  const RegisterHistory& all = world.registers;
  REQUIRE(all.versions() == 2);
  CHECK(&all.latest() == &all.version(2));
  CHECK(&all.knownAt(moment("2020-07-31")) == &all.version(1));
  CHECK(&all.knownAt(moment("2020-08-01")) == &all.version(2));
  CHECK(&all.knownAt(moment("2018-01-01")) == &all.version(0));
  CHECK(all.version(0).purposeIds().empty());
  CHECK(&all.version(3) == &all.version(0));
  HistoryQuery query;
  query.knownAt = moment("2020-07-31");
  CHECK(all.knownBy(query).versions() == 1);
  query = {};
  query.knownThrough = Seq(1);
  CHECK(all.knownBy(query).versions() == 1);
  CHECK(all.knownBy({}).versions() == 2);
  CHECK(RegisterHistory().latest().text().empty());
}

TEST_CASE("consent stands as it was last said, with when and how", "[person]") {
  PersonWorld world;
  world.add(Kind::consent, "2020-04-01", [](Event& e) {
    e.purpose = "newsletter";
    e.consentState = ConsentState::given;
    e.form = ConsentForm::isExplicit;
    e.notice = "privacy-2020-03-31";
    e.wording = "newsletter-1";
    e.channel = "web";
    e.validUntil = moment("2022-04-01");
  });
  world.add(Kind::consent, "2021-01-01", [](Event& e) {
    e.purpose = "newsletter";
    e.consentState = ConsentState::withdrawn;
    e.channel = "mail";
  });
  PersonState state = world.state("2020-12-31");
  REQUIRE(state.consents.size() == 1);
  ConsentView view = state.consents[0];
  CHECK(view.state == ConsentState::given);
  CHECK(view.since == moment("2020-04-01"));
  CHECK(view.form == "explicit");
  CHECK(view.notice == "privacy-2020-03-31");
  CHECK(view.wording == "newsletter-1");
  CHECK(view.how == "web");
  CHECK(state.notices == Names{"privacy-2020-03-31"});
  view = world.state("2021-06-01").consents.at(0);
  CHECK(view.state == ConsentState::withdrawn);
  CHECK(view.since == moment("2021-01-01"));
  CHECK(view.givenAt == moment("2020-04-01"));
  CHECK(view.how == "mail");
  // Had it not been withdrawn, it would have run out.
  world.events.pop_back();
  view = world.state("2022-04-01").consents.at(0);
  CHECK(view.state == ConsentState::expired);
  CHECK(view.since == moment("2022-04-01"));
}

TEST_CASE("purposes show their bases, categories and span", "[person]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-04-01", collect);
  world.add(Kind::processing, "2020-04-05", [](Event& e) {
    collect(e);
    e.categories = {"amount"};
    e.basis = "eu-gdpr:A6-1-c";
  });
  world.add(Kind::sharing, "2020-04-07", share("teacher:jansen", "course-admin", {"name"}));
  const PersonState state = world.state("2020-05-01");
  REQUIRE(state.purposes.size() == 1);
  CHECK(state.purposes[0].bases == Names{"eu-gdpr:A6-1-b", "eu-gdpr:A6-1-f", "eu-gdpr:A6-1-c"});
  CHECK(state.purposes[0].categories == Names{"name", "email", "amount"});
  CHECK(state.purposes[0].first == moment("2020-04-01"));
  CHECK(state.purposes[0].last == moment("2020-04-07"));
  CHECK(state.purposes[0].count == 3);
}

TEST_CASE("recipients are named, with the standing of their safeguard then and now", "[person]") {
  PersonWorld world;
  world.apply("2020-08-01", test::registerAfterSchremsTwo());
  world.add(Kind::sharing, "2020-04-20", share("mandrill", "course-delivery", {"name"}));
  world.add(Kind::sharing, "2020-04-21", share("mandrill", "newsletter", {"email"}));
  world.add(Kind::sharing, "2020-05-20", share("facebook", "social-sharing", {"page"}));
  PersonEvent& gone =
      world.add(Kind::sharing, "2020-04-22", share("teacher:jansen", "course-delivery", {"name"}));
  PersonState state = world.state("2020-06-01");
  const RecipientView mandrill = recipient(state, "mandrill");
  CHECK(mandrill.count == 2);
  CHECK(mandrill.first == moment("2020-04-20"));
  CHECK(mandrill.last == moment("2020-04-21"));
  CHECK(mandrill.categories == Names{"name", "email"});
  CHECK(mandrill.purposes == Names{"course-delivery", "newsletter"});
  CHECK(mandrill.country == "loc:US");
  CHECK(mandrill.safeguard == "us-privacy-shield");
  CHECK(mandrill.safeguardStoodOnEachDate);
  CHECK(mandrill.safeguardStandsAtEnd);
  CHECK_FALSE(recipient(state, "facebook").safeguardStoodOnEachDate);
  CHECK_FALSE(recipient(state, "facebook").safeguardStandsAtEnd);
  CHECK(recipient(state, "teacher:jansen").safeguardStoodOnEachDate);
  state = world.state("2020-09-01");
  CHECK(recipient(state, "mandrill").safeguardStoodOnEachDate);
  CHECK_FALSE(recipient(state, "mandrill").safeguardStandsAtEnd);  // valid then, at risk now
  gone.recipientName = "[erased]";
  CHECK(recipient(world.state("2020-09-01"), "teacher:[erased]").count == 1);
}

TEST_CASE("categories are held until every system that had them has deleted them", "[person]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-04-01", [](Event& e) {
    collect(e);
    e.source = "employer:acme";
  });
  world.add(Kind::processing, "2020-04-02", [](Event& e) {
    e.purpose = "course-delivery";
    e.operation = Operation::derive;
    e.categories = {"name", "presence"};
    e.system = "crm";
    e.source = "controller";
  });
  CHECK(world.state("2020-04-03").categories == Names{"email", "name", "presence"});
  world.add(Kind::sharing, "2020-04-02", [](Event& e) {
    share("facebook", "social-sharing", {"page"})(e);
    e.how = SharingHow::collectedByRecipient;  // we never had them
  });
  CHECK(world.state("2020-04-03").categories == Names{"email", "name", "presence"});
  CHECK(world.state("2020-04-03").sources == Names{"employer:acme", "controller"});
  world.add(Kind::processing, "2020-05-01", [](Event& e) {
    e.purpose = "course-admin";
    e.operation = Operation::erase;
    e.categories = {"name"};
  });
  CHECK(world.state("2020-05-02").categories == Names{"email", "name", "presence"});
  world.add(Kind::erasure, "2020-06-01");  // the website has deleted all it had
  CHECK(world.state("2020-06-02").categories == Names{"name", "presence"});
  world.add(Kind::erasure, "2020-07-01", [](Event& e) {
    e.system = "crm";
    e.klass = "attendance";
  });
  CHECK(world.state("2020-07-02").categories.empty());
  CHECK(world.state("2020-05-15").categories == Names{"email", "name", "presence"});
}

TEST_CASE("an event superseded by its own kind no longer counts; rectified data did go",
          "[person]") {
  PersonWorld world;
  PersonEvent& wrong =
      world.add(Kind::sharing, "2020-04-20", share("facebook", "social-sharing", {"page"}));
  PersonEvent& old =
      world.add(Kind::sharing, "2020-04-20", share("teacher:jansen", "course-admin", {"name"}));
  world.add(Kind::sharing, "2020-05-01", [&](Event& e) {
    share("venue:central", "course-admin", {"name"})(e);
    e.corrects = wrong.seq.raw();
  });
  world.add(Kind::rectification, "2020-05-02", [&](Event& e) {
    e.corrects = old.seq.raw();
    e.categories = {"name"};
  });
  PersonState state = world.state("2020-04-30");
  CHECK(recipient(state, "facebook").count == 1);
  CHECK(flagged(state, Flag::deadSafeguard, wrong));
  state = world.state("2020-06-01");
  REQUIRE(state.recipients.size() == 2);
  CHECK(recipient(state, "teacher:jansen").count == 1);  // who still holds the old value
  CHECK(recipient(state, "venue:central").count == 1);
  CHECK_FALSE(flagged(state, Flag::deadSafeguard, wrong));
  CHECK(state.events == 4);

  const Names lines = world.history({}, "2020-06-01");
  REQUIRE(lines.size() == 4);
  CHECK(json::parse(lines[0])["supersededBy"] == 4);
  CHECK_FALSE(json::parse(lines[0]).contains("flags"));
  CHECK(json::parse(lines[1])["supersededBy"] == 5);
  CHECK(json::parse(lines[3])["corrects"] == 3);
  HistoryQuery before;
  before.asOf = moment("2020-04-30");
  CHECK_FALSE(json::parse(world.history(before, "2020-06-01").at(0)).contains("supersededBy"));
}

TEST_CASE("nothing supersedes what came after it, or what is not this person's", "[person]") {
  PersonWorld world;
  world.add(Kind::note, "2020-04-20", [](Event& e) { e.corrects = 3; });
  world.add(Kind::note, "2020-04-21", [](Event& e) { e.corrects = 2; });
  world.add(Kind::note, "2020-04-22", [](Event& e) { e.corrects = 999; });
  world.add(Kind::note, "2020-04-23", [](Event& e) { e.corrects = 4; });
  world.add(Kind::note, "2020-04-24", [](Event& e) { e.corrects = 4; });
  const Names lines = world.history({}, "2020-06-01");
  CHECK(json::parse(lines.at(0))["supersededBy"] == 3);
  CHECK_FALSE(json::parse(lines.at(1)).contains("supersededBy"));
  CHECK(json::parse(lines.at(2))["supersededBy"] == 6);  // the last word
}

TEST_CASE("consultations show why and by which number, never by whom", "[person][P9]") {
  PersonWorld world;
  PersonEvent& open = world.add(Kind::consultation, "2020-04-01");
  open.body = encode(ConsultationBody{7, ReadOperation::state, ReadReason::audit});
  PersonEvent& told = world.add(Kind::consultation, "2020-04-02");
  told.body = encode(ConsultationBody{8, ReadOperation::history, ReadReason::other});
  told.stored.principal = 8;
  told.stored.reason = "other:checking a letter";
  told.stored.operationText = "history";
  const PersonState state = world.state("2020-05-01");
  REQUIRE(state.consultations.size() == 2);
  CHECK(state.consultations[0].principal == 7);
  CHECK(state.consultations[0].operation == "state");
  CHECK(state.consultations[0].reason == "audit");
  CHECK(state.consultations[1].reason == "other:checking a letter");
  const json line = json::parse(world.history({}, "2020-05-01").at(1));
  CHECK(line["officer"] == 8);
  CHECK(line["operation"] == "history");
  CHECK(line["reason"] == "other:checking a letter");
}

TEST_CASE("lots show what they hold and until when", "[person]") {
  PersonWorld world;
  world.person.lots = {{"billing", 2020, LeafNo(1), false, 0, {}},
                       {"identity", 0, LeafNo(2), false, 0, {}},
                       {"marketing", 0, LeafNo(3), true, 0, {}}};
  world.add(Kind::processing, "2020-04-01", collect).lot = LeafNo(2);
  world
      .add(Kind::processing, "2020-04-02",
           [](Event& e) {
             e.purpose = "invoicing";
             e.categories = {"amount"};
           })
      .lot = LeafNo(1);
  const PersonState state = world.state("2020-05-01");
  REQUIRE(state.lots.size() == 3);
  CHECK(state.lots[0].events == 1);
  const Register& reg = world.registers.latest();
  CHECK(state.lots[0].ends == retentionEnd(*reg.klass("billing"), reg, 2020));
  CHECK(state.lots[0].ends.has_value());
  CHECK_FALSE(state.lots[1].ends);
  CHECK(state.lots[2].erased);
  CHECK(state.lots[2].events == 0);
  CHECK(world.state("2020-04-01").lots[0].events == 0);
}

TEST_CASE("a state can be looked at through a filter, flags judged by everything", "[person]") {
  PersonWorld world;
  world.add(Kind::consent, "2020-03-01", [](Event& e) {
    e.purpose = "newsletter";
    e.consentState = ConsentState::given;
    e.form = ConsentForm::isExplicit;
  });
  world.add(Kind::processing, "2020-04-01", collect);
  world.add(Kind::sharing, "2020-04-02", share("mandrill", "newsletter", {"email"}));
  HistoryQuery query;
  query.recipient = "mandrill";
  const PersonState state =
      stateOf(world.all(), query, world.person, world.registers, moment("2020-05-01"));
  CHECK(state.events == 1);
  CHECK(state.purposes.size() == 1);
  CHECK(state.consents.empty());
  CHECK(state.flags.empty());  // the consent that lies outside the filter carries it
}

TEST_CASE("a history line holds what was given and nothing else", "[person]") {
  PersonWorld world;
  world.add(Kind::processing, "2020-04-01T09:12:33Z", [](Event& e) {
    collect(e);
    e.source = "employer:acme";
    e.actor = "enrolment-form";
    e.notice = "privacy-2020-03-31";
    e.id = "a-1";
    e.data = R"({"course":"NRTO-101","n":1})";
  });
  CHECK(world.history({}, "2020-04-02").at(0) ==
        R"({"seq":2,"leaf":"0202020202020202020202020202020202020202020202020202020202020202",)"
        R"("at":"2020-04-01T09:12:33Z","recordedAt":"2020-04-01T09:12:33Z","kind":"processing",)"
        R"("system":"website","class":"identity","purpose":"course-admin","operation":"collect",)"
        R"("categories":["name","email"],"source":"employer:acme","notice":"privacy-2020-03-31",)"
        R"("actor":"enrolment-form","id":"a-1","data":{"course":"NRTO-101","n":1}})");
  world
      .add(Kind::sharing, "2020-05-01",
           [](Event& e) {
             share("facebook", "social-sharing", {"page"})(e);
             e.how = SharingHow::collectedByRecipient;
             e.safeguard = "us-safe-harbor";
             e.imported = true;
             e.caseRef = "4";
           })
      .period = 2020;
  const json line = json::parse(world.history({}, "2020-06-01").at(1));
  CHECK(line["recipient"] == "facebook");
  CHECK(line["how"] == "collected-by-recipient");
  CHECK(line["safeguard"] == "us-safe-harbor");
  CHECK(line["period"] == 2020);
  CHECK(line["imported"] == true);
  CHECK(line["case"] == "4");
  CHECK(line["flags"] == json({"used-without-consent", "dead-safeguard"}));
}

TEST_CASE("a state is one JSON object with every list, also an empty one", "[person]") {
  PersonWorld world;
  world.person.aliases = {"crm:100234", "email:\"jan\"@example.nl"};
  world.person.admittedAt = moment("2020-04-01T00:00:00Z");
  const std::string text = jsonOf(world.state("2020-05-01T00:00:00Z"), world.person);
  CHECK(
      text ==
      R"({"person":{"aliases":["crm:100234","email:\"jan\"@example.nl"],)"
      R"("admittedAt":"2020-04-01T00:00:00Z"},"asOf":"2020-05-01T00:00:00Z","consents":[],)"
      R"("purposes":[],"recipients":[],"categories":[],"sources":[],"notices":[],"requests":[],)"
      R"("restrictions":[],"objections":[],"holds":[],"flags":[],"consultations":[],"lots":[],"events":0})");
}

// A trainee P, enrolled by an employer E: what happened, in the order in which it happened.
TEST_CASE("the story of a trainee folds to what the officer must see", "[person][scenario]") {
  PersonWorld world;
  PersonEvent& enrolled = world.add(Kind::processing, "2020-04-01", [](Event& e) {
    collect(e);
    e.source = "employer:acme";
  });
  const PersonEvent& informed =
      world.add(Kind::notice, "2020-04-08", [](Event& e) { e.notice = "privacy-2020-03-31"; });
  world.add(Kind::agreement, "2020-04-09", [](Event& e) {
    e.recipient = "employer:acme";
    e.agreement = "acme-2020";
  });
  world.add(Kind::sharing, "2020-04-15", share("teacher:jansen", "course-delivery", {"name"}));
  world.add(Kind::sharing, "2020-04-15", share("venue:central", "course-delivery", {"name"}));
  world.add(Kind::sharing, "2020-04-16", share("mandrill", "course-admin", {"email"}));
  world.add(Kind::consent, "2020-04-20T08:00:00Z", [](Event& e) {
    e.purpose = "course-delivery";
    e.consentState = ConsentState::given;
    e.form = ConsentForm::implied;
  });
  PersonEvent& zoom =
      world.add(Kind::sharing, "2020-04-20T09:00:00Z", share("zoom", "course-delivery", {"name"}));
  world.add(Kind::sharing, "2020-04-30", share("employer:acme", "course-delivery", {"presence"}));
  world.add(Kind::processing, "2020-05-02", [](Event& e) {
    e.purpose = "course-delivery";
    e.operation = Operation::collect;
    e.data = R"({"evaluation":"good"})";
  });
  world.add(Kind::consent, "2020-05-03", [](Event& e) {
    e.purpose = "newsletter";
    e.consentState = ConsentState::given;
    e.form = ConsentForm::isExplicit;
    e.notice = "privacy-2020-03-31";
  });
  PersonEvent& like =
      world.add(Kind::sharing, "2020-05-20", share("facebook", "social-sharing", {"page"}));
  world.apply("2020-07-16", test::registerAfterSchremsTwo());
  world.add(Kind::processing, "2020-07-20", [](Event& e) {
    e.purpose = "invoicing";
    e.operation = Operation::use;
    e.categories = {"name", "amount"};
  });
  world.add(Kind::consent, "2020-08-01", [](Event& e) {
    e.purpose = "newsletter";
    e.consentState = ConsentState::withdrawn;
  });
  PersonEvent& sent =
      world.add(Kind::processing, "2020-08-10", [](Event& e) { e.purpose = "newsletter"; });
  world.add(Kind::request, "2020-08-31", [](Event& e) {
    e.right = Right::access;
    e.requestState = "received";
  });

  const PersonState state = world.state("2020-09-01");
  // Step 7 was valid then and is at risk now; step 12 was invalid at the time.
  CHECK_FALSE(flagged(state, Flag::deadSafeguard, zoom));
  CHECK(flagged(state, Flag::impliedConsent, zoom));
  CHECK(recipient(state, "zoom").safeguardStoodOnEachDate);
  CHECK_FALSE(recipient(state, "zoom").safeguardStandsAtEnd);
  CHECK(flagged(state, Flag::deadSafeguard, like));
  CHECK_FALSE(recipient(state, "facebook").safeguardStoodOnEachDate);
  CHECK(flagged(state, Flag::usedAfterWithdrawal, sent));
  CHECK_FALSE(flagged(state, Flag::notInformed, enrolled));
  CHECK(state.flags.size() == 5);  // and: the consent by conduct itself, facebook without consent
  CHECK(state.recipients.size() == 6);
  CHECK(recipient(state, "employer:acme").categories == Names{"presence"});
  CHECK(state.sources == Names{"employer:acme"});
  REQUIRE(state.requests.size() == 1);
  CHECK(textOf(*state.requests[0].dueHouse) == "2020-09-28");
  CHECK(textOf(*state.requests[0].dueStatute) == "2020-09-30");
  REQUIRE(state.consents.size() == 2);
  CHECK(state.consents[1].state == ConsentState::withdrawn);
  // Before the notice went out nobody could say that he was informed; nobody had to.
  CHECK(world.state("2020-04-05").flags.empty());
  // Had it not been sent, the month would have run out on the first of May.
  std::vector<PersonEvent> silent = world.all();
  std::erase_if(silent, [&](const PersonEvent& e) {
    return e.seq == informed.seq || e.kind == Kind::consent;
  });
  CHECK(flagged(fold(silent, world.person, world.registers, moment("2020-05-02")),
                Flag::notInformed, enrolled));
}

namespace {

// Events of every kind that is looked up by others, in the worst mixture.
PersonWorld busyWorld(int events) {
  PersonWorld world;
  std::mt19937 random(1);
  const Names to = {"teacher:jansen", "zoom", "mandrill", "employer:acme", "hotjar"};
  for (int i = 0; i < events; ++i) {
    const std::string at = rfc3339Of(moment("2019-01-01T00:00:00Z") + std::chrono::hours(i * 4));
    const auto newsletter = [&](Event& e) {
      e.purpose = "newsletter";
      if (e.kind == Kind::consent) e.consentState = ConsentState::given;
      if (e.kind == Kind::agreement) e.recipient = "employer:acme";
      if (e.kind == Kind::request) e.caseRef = std::to_string(i);
    };
    static constexpr Kind kinds[] = {Kind::consent,   Kind::objection, Kind::restriction,
                                     Kind::agreement, Kind::notice,    Kind::request};
    if (i % 3 == 0) {
      world.add(Kind::sharing, at, share(to[random() % 5], "course-delivery", {"name"}));
    } else if (i % 3 == 1) {
      world.add(kinds[random() % 6], at, newsletter);
    } else {
      world.add(Kind::processing, at, [&](Event& e) {
        newsletter(e);
        e.categories = {"name", "email"};
        e.source = random() % 2 ? "employer:acme" : "";
        e.data = R"({"course":"NRTO-101"})";
      });
    }
  }
  return world;
}

// Processor time, the best of three: other work shares the cores.
std::chrono::nanoseconds timeToAnswer(int count) {
  const PersonWorld world = busyWorld(count);
  const std::vector<PersonEvent> events = world.all();
  const Instant now = moment("2026-01-01");
  const auto clock = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
  };
  std::chrono::nanoseconds best = std::chrono::nanoseconds::max();
  for (int round = 0; round < 3; ++round) {
    const std::chrono::nanoseconds began = clock();
    const PersonState state = stateOf(events, {}, world.person, world.registers, now);
    REQUIRE_FALSE(jsonOf(state, world.person).empty());
    REQUIRE(historyLines(events, {}, world.registers, now).size() == events.size());
    best = std::min(best, clock() - began);
  }
  return best;
}

}  // namespace

TEST_CASE("a history four times as long takes about four times as long", "[person][speed]") {
  const auto thousand = timeToAnswer(1000);
  const auto fourThousand = timeToAnswer(4000);
  CAPTURE(thousand.count(), fourThousand.count());
  CHECK(fourThousand < 9 * thousand);  // quadratic would be sixteen
}
