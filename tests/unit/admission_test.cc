#include "ledger/register/admission.h"

#include "ledger/base/limits.h"

#include <catch2/catch.hpp>

#include <functional>

namespace lacuna {
namespace {

constexpr std::string_view kRegister = R"([controller]
id = "acme"
name = "Acme"
country = "loc:NL"
zone = "Europe/Amsterdam"
[[categories]]
id = "name"
[[categories]]
id = "chat"
[[classes]]
id = "course"
categories = ["name"]
retention = { from = "until-event" }
[[classes]]
id = "billing"
retention = { period = "P7Y", from = "fiscal-year-end", minimum = true, law = "AWR 52", code = "eu-gdpr:JustificationA17LegallyRequired" }
[[purposes]]
id = "delivery"
basis = ["eu-gdpr:A6-1-b"]
class = "course"
classes = ["course", "billing"]
[[safeguards]]
id = "shield"
tool = "eu-gdpr:A45-3"
validTo = 2020-07-16
[[safeguards]]
id = "clauses"
tool = "eu-gdpr:A46-2-c"
validFrom = 2021-06-27
[[parties]]
id = "zoom"
country = "loc:US"
safeguards = ["shield", "clauses"]
[[parties]]
id = "teacher"
kind = "natural-person-category"
[[parties]]
id = "employer"
kind = "category"
[[systems]]
id = "website"
[[systems]]
id = "crm"
[[sources]]
id = "subject"
[[notices]]
id = "privacy-1"
version = "1"
language = "nl"
[[wordings]]
id = "opt-in"
language = "nl"
text = "Ja"
[[agreements]]
id = "attendance"
party = "employer"
[[forms]]
id = "enrolment-form"
[[schemes]]
id = "email"
normal = "email"
[[schemes]]
id = "phone"
normal = "phone"
[[schemes]]
id = "crm"
[[schemes]]
id = "name"
unique = false
)";

Instant at(std::string_view text) { return instantOfRfc3339(text).value(); }

struct World {
  std::shared_ptr<const Register> reg;
  SystemNumbers numbers;
  std::set<std::string, std::less<>> granted = {"website"};

  World() {
    auto parsed = Register::parse(kRegister);
    CAPTURE(parsed.ok() ? "" : parsed.refusal().message);
    REQUIRE(parsed.ok());
    reg = *parsed;
    numbers.add(*reg);
  }
  AdmissionContext context() const {
    return {.reg = *reg,
            .systems = numbers,
            .now = at("2026-11-23T12:00:00Z"),
            .allSystems = false,
            .grantedSystems = &granted,
            .defaultSystem = "website"};
  }
  Result<Admitted> admitted(const Event& event) const { return admit(event, context()); }
};

Event processing() {
  Event event;
  event.kind = Kind::processing;
  event.person = {"crm:1"};
  event.purpose = "delivery";
  return event;
}

Event sharing() {
  Event event = processing();
  event.kind = Kind::sharing;
  event.recipient = "zoom";
  return event;
}

}  // namespace

TEST_CASE("what is not given has its default from the register, the grant and the clock", "[P10]") {
  const World world;
  const auto admitted = world.admitted(processing());
  REQUIRE(admitted.ok());
  CHECK(admitted->klass == "course");
  CHECK(admitted->period == 0);
  CHECK(admitted->at == at("2026-11-23T12:00:00Z"));
  CHECK(admitted->system == SystemNo(1));
  CHECK(admitted->systemId == "website");
  CHECK(admitted->safeguard.empty());
  CHECK_FALSE(admitted->recipient);
  CHECK_FALSE(admitted->mayAdmitPerson);
  CHECK(admitted->person == std::vector<Alias>{{"crm", "1", true}});

  Event billing = processing();
  billing.klass = "billing";
  billing.at = at("2025-12-31T23:30:00Z");  // half past midnight in Amsterdam
  CHECK(world.admitted(billing)->period == 2026);
}

TEST_CASE("a transfer relies on the recipient's safeguard of that day unless it names another",
          "[P10]") {
  const World world;
  Event event = sharing();
  event.at = at("2020-04-20T08:00:00Z");
  CHECK(world.admitted(event)->safeguard == "shield");
  event.at = at("2020-08-20T08:00:00Z");
  CHECK(world.admitted(event)->safeguard == "shield");  // dead: recorded and flagged, not refused
  event.at = at("2022-04-20T08:00:00Z");
  CHECK(world.admitted(event)->safeguard == "clauses");
  event.safeguard = "shield";
  CHECK(world.admitted(event)->safeguard == "shield");
}

TEST_CASE("what an event names stands in the register, or it is refused with the nearest",
          "[P10]") {
  struct Case {
    const char* what;
    std::function<void(Event&)> change;
    RefusalCode code;
    const char* nearest;
  };
  using R = RefusalCode;
  const std::vector<Case> cases = {
      {"purpose", [](Event& e) { e.purpose = "delivry"; }, R::unknownPurpose, "delivery"},
      {"far purpose", [](Event& e) { e.purpose = "espionage"; }, R::unknownPurpose, ""},
      {"no purpose", [](Event& e) { e.purpose.clear(); }, R::missingField, ""},
      {"class", [](Event& e) { e.klass = "biling"; }, R::unknownClass, "billing"},
      {"the ledger's class", [](Event& e) { e.klass = "access"; }, R::invalidValue, ""},
      {"the organisation's class", [](Event& e) { e.klass = "organisation"; }, R::invalidValue, ""},
      {"category",
       [](Event& e) {
         e.categories = {"name", "nmae"};
       },
       R::unknownCategory, "name"},
      {"basis", [](Event& e) { e.basis = "eu-gdpr:A6-1-h"; }, R::unknownBasis, "eu-gdpr:A6-1-a"},
      {"system", [](Event& e) { e.system = "websiet"; }, R::unknownSystem, "website"},
      {"another's system", [](Event& e) { e.system = "crm"; }, R::wrongSystem, ""},
      {"notice", [](Event& e) { e.notice = "privacy-2"; }, R::unknownNotice, "privacy-1"},
      {"wording", [](Event& e) { e.wording = "opt-out"; }, R::unknownWording, ""},
      {"agreement", [](Event& e) { e.agreement = "atendance"; }, R::unknownAgreement, "attendance"},
      {"safeguard", [](Event& e) { e.safeguard = "sheild"; }, R::unknownSafeguard, "shield"},
      {"recipient", [](Event& e) { e.recipient = "zom"; }, R::unknownRecipient, "zoom"},
      {"no recipient", [](Event& e) { e.recipient.clear(); }, R::missingField, ""},
      {"instance of no category", [](Event& e) { e.recipient = "zoom:jansen"; },
       R::unknownRecipient, "zoom"},
      {"instance of nothing", [](Event& e) { e.recipient = "teachr:jansen"; }, R::unknownRecipient,
       "teacher"},
      {"empty instance", [](Event& e) { e.recipient = "teacher:"; }, R::invalidValue, ""},
      {"source", [](Event& e) { e.source = "subjct"; }, R::unknownSource, "subject"},
      {"via", [](Event& e) { e.via = "websit"; }, R::unknownRecipient, "website"},
      {"actor", [](Event& e) { e.actor = "enrolment-from"; }, R::invalidValue, "enrolment-form"},
      {"scheme", [](Event& e) { e.person = {"emial:jan@example.nl"}; }, R::unknownScheme, "email"},
      {"a case", [](Event& e) { e.person = {"case:7"}; }, R::unknownScheme, ""},
      {"no scheme", [](Event& e) { e.person = {"jan"}; }, R::invalidValue, ""},
      {"address", [](Event& e) { e.person = {"email:jan"}; }, R::invalidValue, ""},
      {"only a name", [](Event& e) { e.person = {"name:Jan"}; }, R::invalidValue, ""},
      {"nobody", [](Event& e) { e.person.clear(); }, R::missingField, ""},
      {"nine aliases", [](Event& e) { e.person.assign(9, "crm:1"); }, R::tooMany, ""},
      {"a second alias",
       [](Event& e) {
         e.person = {"crm:1", "ssn:2"};
       },
       R::unknownScheme, ""},
      {"the future", [](Event& e) { e.at = at("2026-11-23T12:05:01Z"); }, R::inFuture, ""},
      {"received in the future", [](Event& e) { e.received = at("2026-12-01T00:00:00Z"); },
       R::inFuture, ""},
      {"before time", [](Event& e) { e.at = at("1900-01-01T00:00:00Z") - std::chrono::hours(1); },
       R::invalidValue, ""},
      {"an ended period", [](Event& e) { e.klass = "billing", e.at = at("2018-06-01T00:00:00Z"); },
       R::pastRetention, ""},
  };
  const World world;
  REQUIRE(world.admitted(sharing()).ok());
  for (const Case& each : cases) {
    CAPTURE(each.what);
    Event event = sharing();
    each.change(event);
    const auto result = world.admitted(event);
    CHECK_FALSE(result.ok());
    if (result.ok()) continue;
    CAPTURE(result.refusal().message);
    CHECK(nameOf(result.refusal().code) == nameOf(each.code));
    CHECK(result.refusal().nearest == each.nearest);
    CHECK_FALSE(result.refusal().message.empty());
  }
}

TEST_CASE("what stands in the register is admitted, also what breaks the policy", "[P10]") {
  const std::vector<std::pair<const char*, std::function<void(Event&)>>> cases = {
      {"a category the class does not list", [](Event& e) { e.categories = {"chat"}; }},
      {"a class the purpose does not list", [](Event& e) { e.klass = "case"; }},
      {"a basis of the closed list", [](Event& e) { e.basis = "eu-gdpr:A9-2-a"; }},
      {"an instance", [](Event& e) { e.recipient = "teacher:J. Jansen"; }},
      {"five minutes ahead", [](Event& e) { e.at = at("2026-11-23T12:05:00Z"); }},
      {"source of the list", [](Event& e) { e.source = "subject"; }},
      {"source: a category", [](Event& e) { e.source = "employer"; }},
      {"source: a firm", [](Event& e) { e.source = "employer:bouw"; }},
      {"via a system", [](Event& e) { e.via = "crm"; }},
      {"via a party", [](Event& e) { e.via = "zoom"; }},
      {"a form as actor", [](Event& e) { e.actor = "enrolment-form"; }},
      {"a system as actor", [](Event& e) { e.actor = "crm"; }},
      {"a person as actor", [](Event& e) { e.actor = "teacher:jansen"; }},
      {"an instance as person", [](Event& e) { e.person = {"teacher:jansen"}; }},
      {"billing within seven years",
       [](Event& e) { e.klass = "billing", e.at = at("2019-06-01T00:00:00Z"); }},
      {"long ago, until an event", [](Event& e) { e.at = at("1950-06-01T00:00:00Z"); }},
  };
  const World world;
  for (const auto& [what, change] : cases) {
    CAPTURE(what);
    Event event = sharing();
    change(event);
    const auto result = world.admitted(event);
    CAPTURE(result.ok() ? "" : result.refusal().message);
    CHECK(result.ok());
  }
}

TEST_CASE("a sharing names the recipient, never only its category", "[P10]") {
  const World world;
  Event event = sharing();
  event.recipient = "teacher";
  const auto result = world.admitted(event);
  REQUIRE_FALSE(result.ok());
  CHECK(result.refusal().code == RefusalCode::unknownRecipient);
  CHECK(result.refusal().message.find("teacher:NAME") != std::string::npos);
  CHECK(result.refusal().message.find("C-154/21") != std::string::npos);
  event.kind = Kind::agreement;  // an agreement may be with all of them
  CHECK(world.admitted(event).ok());
}

TEST_CASE("a recorder submits a recorder's kinds only", "[P9]") {
  const World world;
  for (int number = 0; number <= 20; ++number) {
    Event event = sharing();
    event.kind = static_cast<Kind>(number);
    CAPTURE(nameOf(event.kind));
    const bool recorders = event.kind == Kind::processing || event.kind == Kind::sharing ||
                           event.kind == Kind::consent || event.kind == Kind::notice ||
                           event.kind == Kind::rectification || event.kind == Kind::objection ||
                           event.kind == Kind::request || event.kind == Kind::complaint ||
                           event.kind == Kind::agreement || event.kind == Kind::note ||
                           event.kind == Kind::erasure;
    const auto result = world.admitted(event);
    CHECK(result.ok() == recorders);
    if (!result.ok()) CHECK(result.refusal().code == RefusalCode::kindNotAllowed);
  }
}

TEST_CASE("an event without a purpose has a class all the same", "[P10]") {
  const World world;
  const auto classOf = [&](Kind kind, std::vector<std::string> person) {
    Event event;
    event.kind = kind;
    event.person = std::move(person);
    const auto result = world.admitted(event);
    return result.ok() ? result->klass : std::string(nameOf(result.refusal().code));
  };
  CHECK(classOf(Kind::request, {"crm:1"}) == "case");
  CHECK(classOf(Kind::complaint, {"crm:1"}) == "case");
  CHECK(classOf(Kind::notice, {"crm:1"}) == "identity-record");
  CHECK(classOf(Kind::erasure, {"crm:1"}) == "identity-record");
  CHECK(classOf(Kind::note, {}) == "organisation");
  CHECK(classOf(Kind::agreement, {}) == "organisation");
  CHECK(classOf(Kind::agreement, {"employer:bouw"}) == "identity-record");
  CHECK(classOf(Kind::notice, {}) == "missing-field");
}

TEST_CASE("collections, requests and complaints admit a person, others only when they say so",
          "[P10]") {
  const World world;
  Event event = processing();
  CHECK_FALSE(world.admitted(event)->mayAdmitPerson);
  event.operation = Operation::collect;
  CHECK(world.admitted(event)->mayAdmitPerson);
  event.operation = Operation::use;
  CHECK_FALSE(world.admitted(event)->mayAdmitPerson);
  event.admit = true;
  CHECK(world.admitted(event)->mayAdmitPerson);
  event = processing();
  event.kind = Kind::complaint;
  CHECK(world.admitted(event)->mayAdmitPerson);
  event.kind = Kind::request;
  CHECK(world.admitted(event)->mayAdmitPerson);
}

TEST_CASE("a recorder speaks for the systems of its grant only", "[P9]") {
  const World world;
  Event event = processing();
  AdmissionContext context = world.context();
  context.defaultSystem.clear();
  CHECK(admit(event, context).refusal().code == RefusalCode::missingField);
  event.system = "crm";
  CHECK(admit(event, context).refusal().code == RefusalCode::wrongSystem);
  context.grantedSystems = nullptr;
  CHECK(admit(event, context).refusal().code == RefusalCode::wrongSystem);
  context.allSystems = true;
  CHECK(admit(event, context)->system == SystemNo(2));
  event.system.clear();  // single-user mode: the ledger's own user
  CHECK(admit(event, context)->systemId == "lacuna");
  CHECK(admit(event, context)->system == SystemNo(0));
  event.system = "lacuna";
  CHECK(admit(event, context).refusal().code == RefusalCode::unknownSystem);
}

TEST_CASE("one alias has one form", "[P10]") {
  const World world;
  const auto text = [&](std::string_view given) {
    const auto alias = aliasOf(given, *world.reg);
    return alias.ok() ? alias->text() : "refused: " + std::string(nameOf(alias.refusal().code));
  };
  CHECK(text("email: Jan.deVries@Example.NL ") == "email:jan.devries@example.nl");
  CHECK(text("email:ZOË@example.nl") == "email:zoë@example.nl");
  CHECK(text("email:ZOE\u0308@example.nl") == "email:zoë@example.nl");  // composed
  CHECK(text("phone:06-00001234") == "phone:+31600001234");
  CHECK(text("phone:+31 (0)6 0000 1234") == "phone:+31600001234");
  CHECK(text("phone:0031600001234") == "phone:+31600001234");
  CHECK(text("phone:+44 20 7946 0000") == "phone:+442079460000");
  CHECK(text("crm:AbC 1 ") == "crm:AbC 1 ");  // exact
  CHECK(text("crm:a:b") == "crm:a:b");
  CHECK(text("teacher:Zoe\u0308") == "teacher:Zoë");
  CHECK_FALSE(aliasOf("name:Jan", *world.reg)->unique);
  CHECK(aliasOf("crm:1", *world.reg)->unique);

  for (const char* bad : {"email:jan",
                          "email:@example.nl",
                          "email:jan@",
                          "email:a@b@c",
                          "email:a b@example.nl",
                          "email:a@.nl",
                          "email:a@b..nl",
                          "email:a@nl.",
                          "email:   ",
                          "phone:12",
                          "phone:0800-KAAS",
                          "phone:0612345678 ext. 3",
                          "phone:",
                          "crm:",
                          "crm:a\tb",
                          "crm:a\x7f",
                          "crm:a\xc2\x85",
                          "crm:\xff",
                          "crm:\xc3",
                          "crm:\xed\xa0\x80",
                          ":x",
                          "x",
                          "phone:+999999999999999999"}) {
    CAPTURE(bad);
    CHECK(text(bad) == "refused: invalid-value");
  }
  CHECK(text("crm:" + std::string(kAliasBytesMax - 4, 'x')).size() == kAliasBytesMax);
  CHECK(text("crm:" + std::string(kAliasBytesMax - 3, 'x')) == "refused: invalid-value");
  // U+0958 has no composed form: three bytes become six.
  std::string growing;
  for (int i = 0; i < 84; ++i) growing += "\xe0\xa5\x98";
  CHECK(text("crm:" + growing).size() == 4 + 504);
  CHECK(text("crm:" + growing + "xxxxx") == "refused: invalid-value");
  CHECK(partyOf("teacher:" + growing, *world.reg, RefusalCode::unknownRecipient).ok());
  CHECK_FALSE(partyOf("teacher:" + growing + "x", *world.reg, RefusalCode::unknownRecipient).ok());
  CHECK(text("zoom:x") == "refused: unknown-scheme");
  CHECK(text("crm:a\u00adb") != text("crm:ab"));  // exact means exact
}

TEST_CASE("the same alias written twice in one event is one", "[P10]") {
  const World world;
  Event event = processing();
  event.person = {"email:Jan@example.nl", "email:jan@example.nl", "crm:1"};
  CHECK(world.admitted(event)->person.size() == 2);
}

TEST_CASE("a refusal repeats no name of a person", "[P4]") {
  const World world;
  for (const auto& change : std::vector<std::function<void(Event&)>>{
           [](Event& e) { e.person = {"geheim:geheim"}; },
           [](Event& e) { e.person = {"email:geheim"}; },
           [](Event& e) { e.person = {"phone:geheim"}; }, [](Event& e) { e.person = {"geheim"}; },
           [](Event& e) { e.recipient = "geheim"; },
           [](Event& e) { e.recipient = "geheim:geheim"; },
           [](Event& e) { e.recipient = "zoom:geheim"; }, [](Event& e) { e.source = "geheim"; },
           [](Event& e) { e.via = "geheim"; }, [](Event& e) { e.actor = "geheim"; },
           [](Event& e) { e.actor = "teacher:geheim\n"; },
           [](Event& e) { e.person = {"crm:geheim\x01"}; }}) {
    Event event = sharing();
    change(event);
    const auto result = world.admitted(event);
    REQUIRE_FALSE(result.ok());
    CHECK(result.refusal().message.find("geheim") == std::string::npos);
    CHECK(result.refusal().nearest.find("geheim") == std::string::npos);
  }
}

}  // namespace lacuna
