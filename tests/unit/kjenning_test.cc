#include "ledger/record/event_json.h"
#include "ledger/register/admission.h"

#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace lacuna {
namespace {

const std::string kFolder = LACUNA_SOURCE_DIR "/tools/examples/kjenning/";

std::string fileText(const std::string& name) {
  std::ifstream in(kFolder + name, std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::shared_ptr<const Register> kjenning() {
  const auto reg = Register::parse(fileText("register.toml"));
  if (!reg) FAIL(reg.refusal().message);
  return *reg;
}

// The moment for which the committed sample was made.
const Instant kNow = instantOfRfc3339("2026-11-23T12:00:00Z").value();

struct Kjenning {
  std::shared_ptr<const Register> reg = kjenning();
  SystemNumbers numbers;
  Kjenning() { numbers.add(*reg); }
  Result<Admitted> admitted(const Event& event) const {
    return admit(event, {.reg = *reg, .systems = numbers, .now = kNow, .allSystems = true});
  }
};

std::string outputOf(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 65536> chunk{};
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) {
    out.append(chunk.data(), n);
  }
  return out;
}

}  // namespace

TEST_CASE("the register of Kjenning holds what its privacy policy names", "[register]") {
  const auto reg = kjenning();
  for (const char* id :
       {"employer", "teacher", "venue", "third-party", "google-analytics", "hotjar", "zendesk",
        "mandrill", "zoom", "facebook", "linkedin", "twitter", "crkbo", "nrto", "dpa-nl"}) {
    CAPTURE(id);
    CHECK(reg->party(id) != nullptr);
  }
  for (const char* id :
       {"course-admin", "course-delivery", "analytics", "newsletter", "cards", "enquiries",
        "quality-audit", "site-function", "site-statistics", "mail-delivery", "social-sharing"}) {
    CAPTURE(id);
    CHECK(reg->purpose(id) != nullptr);
  }
  for (const char* id :
       {"identity", "employer-contact", "contact", "enrolment", "billing", "evaluation",
        "attendance", "results", "free-form", "birthday", "web-usage", "chat", "av", "marketing"}) {
    CAPTURE(id);
    CHECK(reg->klass(id) != nullptr);
  }
  const RetentionRule& billing = reg->klass("billing")->retention;
  CHECK(billing.period == Period{7, 0, 0});
  CHECK(billing.legalMinimum);
  CHECK(billing.law == "AWR 52");
  CHECK(reg->klass("attendance")->retention.gap);
  CHECK(reg->party("mandrill")->parent == "mailchimp");
  CHECK(reg->party("hotjar")->cadence == "campaign");
  CHECK(reg->party("employer")->condition == "agreement");
  CHECK(reg->party("zendesk")->claims == std::vector<std::string>{"no-onward-sharing"});
  CHECK(reg->notice("privacy-2020-03-31")->sha256 ==
        "647c6fd9bbe574c8f85db3c9806fa66beade9eebab34075f26f019dc92f66a16");
  CHECK(reg->deadlines().house.at("access") == Period{0, 0, 28});
  CHECK_FALSE(reg->deadlines().house.contains("erasure"));
  for (const char* day : {"2020-04-27", "2020-06-01", "2024-04-01", "2026-04-27"}) {
    CHECK(reg->holidays().contains(*dateOf(day)));
  }
}

TEST_CASE("every label of Kjenning's register is Dutch and English", "[register]") {
  const auto reg = kjenning();
  for (const std::string& id : reg->partyIds()) {
    CAPTURE(id);
    CHECK_FALSE(reg->party(id)->label.nl.empty());
    CHECK_FALSE(reg->party(id)->label.en.empty());
  }
  for (const std::string& id : reg->purposeIds()) CHECK_FALSE(reg->purpose(id)->label.nl.empty());
  for (const std::string& id : reg->classIds()) CHECK_FALSE(reg->klass(id)->label.en.empty());
}

TEST_CASE("the events that show the format are admitted", "[P10]") {
  const Kjenning world;
  EventParser parser;
  const std::vector<std::string> lines = {
      R"({"id":"0190d7c2-7c1e-7a3b-9d0e-5b1f6c1a2b3c","kind":"processing","person":["email:jan@example.nl","crm:100234"],)"
      R"("purpose":"course-admin","operation":"collect","categories":["name","contact"],"source":"employer:acme",)"
      R"("system":"website","actor":"enrolment-form","at":"2020-04-01T09:12:33Z","notice":"privacy-2020-03-31",)"
      R"("data":{"course":"NRTO-101"}})",
      R"({"kind":"sharing","person":"crm:100234","purpose":"course-delivery","recipient":"zoom","categories":["name"],)"
      R"("safeguard":"us-privacy-shield","at":"2020-04-20T08:00:00Z"})",
      R"({"kind":"consent","person":"email:jan@example.nl","state":"given","purpose":"newsletter","form":"explicit",)"
      R"("notice":"privacy-2020-03-31"})"};
  const std::vector<std::string> classes = {"enrolment", "enrolment", "marketing"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto event = parser.parse(lines[i]);
    if (!event) FAIL(event.refusal().message);
    const auto admitted = world.admitted(*event);
    if (!admitted) FAIL(admitted.refusal().message);
    CHECK(admitted->klass == classes[i]);
    if (i == 0) CHECK(admitted->source->instance == "acme");
    if (i == 0) CHECK(admitted->mayAdmitPerson);
    if (i == 1) CHECK(admitted->recipient->party->id == "zoom");
  }
}

TEST_CASE(
    "the whole committed sample is admitted, in order of time, each person first by a collection",
    "[P10]") {
  const Kjenning world;
  EventParser parser;
  std::istringstream in(fileText("events.jsonl"));
  std::string line;
  std::size_t count = 0;
  std::set<std::string> known, ids, recipients;
  std::map<Kind, std::size_t> kinds;
  Instant before{};
  while (std::getline(in, line)) {
    ++count;
    CAPTURE(count, line);
    const auto event = parser.parse(line);
    if (!event) FAIL(event.refusal().message);
    const auto admitted = world.admitted(*event);
    if (!admitted) FAIL(admitted.refusal().message);
    REQUIRE(admitted->at >= before);
    before = admitted->at;
    REQUIRE(ids.insert(event->id).second);
    bool resolves = admitted->person.empty() || admitted->mayAdmitPerson;
    for (const Alias& alias : admitted->person) resolves = resolves || known.contains(alias.text());
    REQUIRE(resolves);
    for (const Alias& alias : admitted->person) known.insert(alias.text());
    if (admitted->recipient) recipients.insert(admitted->recipient->party->id);
    ++kinds[event->kind];
  }
  CHECK(count == 5000);
  CHECK(kinds.size() == 11);  // every kind that a recorder has
  for (const char* id : {"employer", "teacher", "venue", "google-analytics", "hotjar", "mandrill",
                         "zoom", "facebook", "linkedin", "twitter", "crkbo", "nrto"}) {
    CAPTURE(id);
    CHECK(recipients.contains(id));
  }
  CHECK(std::count_if(known.begin(), known.end(),
                      [](const std::string& a) { return a.starts_with("crm:"); }) == 300);
}

TEST_CASE("the generator writes the committed sample again, byte for byte", "[examples]") {
  if (std::system("python3 --version >/dev/null 2>&1") != 0) {
    WARN("no python3 here: the generator was not run");
    return;
  }
  const std::string generate = "python3 '" + kFolder + "generate.py' ";
  CHECK(outputOf(generate + "--seed 1 --persons 300 --events 5000") == fileText("events.jsonl"));
  const std::string other =
      outputOf(generate + "--seed 2 --persons 40 --events 700 --from-year 2018 --to-year 2022");
  CHECK(std::count(other.begin(), other.end(), '\n') == 700);
  CHECK(other.find("\"at\":\"2017") == std::string::npos);
  CHECK(other.find("\"at\":\"2023") == std::string::npos);
}

}  // namespace lacuna
