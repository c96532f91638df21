#include "ledger/record/event_json.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/record/event_fields.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <set>

using namespace lacuna;
using nlohmann::json;
using Names = std::set<std::string>;

namespace {

Event parsed(std::string_view line) {
  EventParser parser;
  const Result<Event> event = parser.parse(line);
  if (!event) FAIL(line << " was refused: " << event.refusal().message);
  return *event;
}

Refusal refusalOf(std::string_view line) {
  EventParser parser;
  const Result<Event> event = parser.parse(line);
  if (event) FAIL(line << " was accepted");
  return event.refusal();
}
RefusalCode codeOf(std::string_view line) { return refusalOf(line).code; }

const json& schema() {
  static const json document = [] {
    std::ifstream in(LACUNA_SOURCE_DIR "/schemas/event.schema.json");
    return json::parse(in);
  }();
  return document;
}

std::vector<Kind> outsideKinds() {
  std::vector<Kind> kinds;
  for (unsigned i = 0; i <= static_cast<unsigned>(Kind::sweep); ++i) {
    if (submittable(static_cast<Kind>(i))) kinds.push_back(static_cast<Kind>(i));
  }
  return kinds;
}

}  // namespace

TEST_CASE("the events of the specification parse as they read", "[event]") {
  const Event first = parsed(
      R"({"id":"0190d7c2-7c1e-7a3b-9d0e-5b1f6c1a2b3c","kind":"processing","person":["email:jan@example.nl","crm:100234"],)"
      R"("purpose":"course-admin","operation":"collect","categories":["name","contact"],"source":"employer:acme",)"
      R"("system":"website","actor":"enrolment-form","at":"2020-04-01T09:12:33Z","notice":"privacy-2020-03-31",)"
      R"("data":{"course":"NRTO-101"}})");
  CHECK(first.kind == Kind::processing);
  CHECK(first.person == std::vector<std::string>{"email:jan@example.nl", "crm:100234"});
  CHECK(first.at == instantOf(1585732353000));
  CHECK(first.operation == Operation::collect);
  CHECK(first.data == R"({"course":"NRTO-101"})");
  const Event second = parsed(
      R"({"kind":"sharing","person":"crm:100234","purpose":"course-delivery","recipient":"zoom","categories":["name"],)"
      R"("safeguard":"us-privacy-shield","at":"2020-04-20T08:00:00Z"})");
  CHECK(second.person == std::vector<std::string>{"crm:100234"});
  CHECK(second.recipient == "zoom");
  const Event third = parsed(
      R"({"kind":"consent","person":"email:jan@example.nl","state":"given","purpose":"newsletter","form":"explicit","notice":"privacy-2020-03-31"})");
  CHECK(third.consentState == ConsentState::given);
  CHECK(third.form == ConsentForm::isExplicit);
  CHECK_FALSE(third.at.has_value());
}

TEST_CASE("an event is written in the order of the specification", "[event]") {
  CHECK(
      jsonOf(parsed(
          R"({"state":"received","right":"erasure","data":{ "a" : 1.50 },"group":"g","person":["a:b"],"kind":"request","id":"1","channel":"web","imported":true,"corrects":5,"case":"7"})")) ==
      R"({"id":"1","kind":"request","person":"a:b","case":"7","corrects":5,"imported":true,"group":"g","data":{"a":1.50},"right":"erasure","state":"received","channel":"web"})");
}

TEST_CASE("an unknown field is refused by name, with the nearest known one", "[event]") {
  const Refusal refusal = refusalOf(R"({"kind":"note","purpos":"x"})");
  CHECK(refusal.code == RefusalCode::unknownField);
  CHECK(refusal.nearest == "purpose");
  CHECK(refusal.message == "`purpos` is not a field of an event; did you mean `purpose`?");
  CHECK(refusalOf(R"({"kind":"note","klass":"x"})").nearest == "class");
  CHECK(refusalOf(R"({"kind":"note","Kind":"x"})").nearest == "kind");
  CHECK(refusalOf(R"({"kind":"note","zebra":"x"})").nearest.empty());
  CHECK(codeOf(R"({"kind":"note","":"x"})") == RefusalCode::unknownField);
}

TEST_CASE("no sentence repeats a person, data, or a name that may be one", "[event][P4]") {
  for (
      const std::string_view line :
      {R"({"kind":"note","jan@example.nl":1})", R"({"kind":"jan@example.nl"})",
       R"({"kind":"note","person":"jan@example.nl"})",
       R"({"kind":"note","person":["crm:1","jan@example.nl "]})",
       R"({"kind":"consent","person":"crm:1","purpose":"p","state":"jan@example.nl"})",
       R"({"kind":"note","at":"jan@example.nl"})",
       R"({"kind":"note","data":{"jan@example.nl":1,"jan@example.nl":2}})",
       R"({"kind":"note","purpose":"jan@example.nl de Vries"})",
       R"({"kind":"note","person":"jan@example.nl)",
       R"({"kind":"processing","person":"crm:1","purpose":"p","recipient":"jan@example.nl"})",
       R"({"specversion":"jan@example.nl","id":"1","source":"s","type":"t","data":{"kind":"note"}})"}) {
    CAPTURE(line);
    const Refusal refusal = refusalOf(line);
    CHECK(refusal.message.find("jan") == std::string::npos);
    CHECK(refusal.nearest.find("jan") == std::string::npos);
  }
}

TEST_CASE("closed lists are answered with what they hold", "[event]") {
  const Refusal kind = refusalOf(R"({"kind":"consnt"})");
  CHECK(kind.code == RefusalCode::unknownKind);
  CHECK(kind.nearest == "consent");
  for (const Kind known : outsideKinds()) {
    CHECK(kind.message.find(nameOf(known)) != std::string::npos);
  }
  CHECK(refusalOf(R"({"person":"a:b"})").message.find("`kind` is missing") == 0);
  CHECK(codeOf(R"({"person":"a:b"})") == RefusalCode::missingField);
  const Refusal how = refusalOf(
      R"({"kind":"sharing","person":"a:b","purpose":"p","recipient":"r","how":"publish"})");
  CHECK(how.code == RefusalCode::invalidValue);
  CHECK(how.message.find("sent, fetched, collected-by-recipient, published, compelled") !=
        std::string::npos);
  CHECK(how.nearest == "published");
  CHECK(codeOf(R"({"kind":"sweep"})") == RefusalCode::kindNotAllowed);
}

TEST_CASE("what is not one JSON object is invalid-json", "[event]") {
  for (const std::string_view line : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "null",
                                      "1",
                                      "[]",
                                      R"(["kind"])",
                                      R"({"kind":"note"}{})",
                                      R"({"kind":"note"},)",
                                      R"({"kind":"note",})",
                                      R"({kind:"note"})",
                                      R"({'kind':'note'})",
                                      R"({"kind":"note"} x)",
                                      "{\"kind\":\"no\nte\"}",
                                      "{\"kind\":\"note\xff\"}",
                                      "\xef\xbb\xbf{\"kind\":\"note\"}",
                                      R"({"kind":"note","kind":"note"})",
                                      R"({"kind":"note","group":"a","group":"a"})",
                                      R"({"kind":"note","corrects":184467440737095516160})",
                                      R"({"kind":"note","group":"\ud800"})",
                                      R"({"kind":"note","source":"t:\udc00"})"}) {
    CAPTURE(line);
    CHECK(codeOf(line) == RefusalCode::invalidJson);
  }
  CHECK(parsed("\t{ \"kind\" : \"note\" }\r").kind == Kind::note);
}

TEST_CASE("a value of another type, null or empty is refused by its field's name", "[event]") {
  for (const auto& [line, field] : std::vector<std::pair<std::string, std::string>>{
           {R"({"kind":1})", "kind"},
           {R"({"kind":null})", "kind"},
           {R"({"kind":"note","purpose":null})", "purpose"},
           {R"({"kind":"note","purpose":""})", "purpose"},
           {R"({"kind":"note","purpose":["p"]})", "purpose"},
           {R"({"kind":"note","person":7})", "person"},
           {R"({"kind":"note","person":[]})", "person"},
           {R"({"kind":"note","person":[""]})", "person"},
           {R"({"kind":"note","person":[["a:b"]]})", "person"},
           {R"({"kind":"note","categories":"name"})", "categories"},
           {R"({"kind":"note","categories":[1]})", "categories"},
           {R"({"kind":"note","admit":"true"})", "admit"},
           {R"({"kind":"note","imported":1})", "imported"},
           {R"({"kind":"note","corrects":-1})", "corrects"},
           {R"({"kind":"note","corrects":0})", "corrects"},
           {R"({"kind":"note","corrects":1.0})", "corrects"},
           {R"({"kind":"note","corrects":"1"})", "corrects"},
           {R"({"kind":"note","data":"x"})", "data"},
           {R"({"kind":"note","data":[]})", "data"},
           {R"({"kind":"note","at":1585732353})", "at"},
           {R"({"kind":"note","at":"2020-04-01"})", "at"},
           {R"({"kind":"note","at":"2020-04-01T09:12:33"})", "at"},
           {R"({"kind":"note","at":"2020-02-30T09:12:33Z"})", "at"},
           {R"({"kind":"note","at":"1969-12-31T23:59:59Z"})", "at"},
           {R"({"kind":"note","id":""})", "id"},
           {R"({"kind":"note","id":7})", "id"},
           {R"({"kind":"note","group":"a\u0000b"})", "group"},
           {R"({"kind":"consent","person":"a:b","purpose":"p","state":7})", "state"},
           {R"({"kind":"request","person":"a:b","right":"access","state":["x"]})", "state"}}) {
    CAPTURE(line);
    const Refusal refusal = refusalOf(line);
    CHECK(refusal.code == RefusalCode::invalidValue);
    CHECK(refusal.message.find("`" + field + "`") == 0);
  }
  CHECK_FALSE(parsed(R"({"kind":"note","admit":false})").admit);
  CHECK(codeOf(R"({"kind":"note","state":"given"})") == RefusalCode::fieldNotAllowed);
  CHECK(
      codeOf(
          R"({"kind":"note","person":["a:1","a:2","a:3","a:4","a:5","a:6","a:7","a:8","a:9"]})") ==
      RefusalCode::tooMany);
}

TEST_CASE("times keep the millisecond and lose the zone", "[event]") {
  const Event event = parsed(R"({"kind":"note","at":"2020-04-01T11:12:33.2509+02:00"})");
  CHECK(rfc3339Of(*event.at) == "2020-04-01T09:12:33.250Z");
}

TEST_CASE("data are kept as written, wherever they stand, and bounded", "[event]") {
  CHECK(parsed(R"({"data":{"a":"}\"{,:","b":[{"c":{}},1.0E+2]},"kind":"note"})").data ==
        R"({"a":"}\"{,:","b":[{"c":{}},1.0E+2]})");
  CHECK(
      parsed(
          "{\"actor\":\"\\\"data\\\\\",\"d\\u0061ta\" :\t{ \"a b\" : \" x \" } ,\"kind\":\"note\"}")
          .data == R"({"a b":" x "})");
  const auto nested = [](std::size_t depth) {
    std::string value = "1";
    for (std::size_t i = 0; i < depth; ++i)
      value = i + 1 == depth ? "{\"a\":" + value + "}" : "[" + value + "]";
    return R"({"kind":"note","data":)" + value + "}";
  };
  CHECK_FALSE(parsed(nested(kDataDepthMax)).data.empty());
  CHECK(refusalOf(nested(kDataDepthMax + 1)).message == "`data` is nested deeper than 16");
  CHECK(codeOf(nested(20'000)) == RefusalCode::invalidJson);
  CHECK(codeOf(R"({"kind":"note","data":{"a":1,"\u0061":2}})") == RefusalCode::invalidValue);

  const auto sized = [](std::size_t n) {
    return R"({"kind":"note","data":{"a":")" + std::string(n, 'x') + "\"}}";
  };
  CHECK(parsed(sized(kEventBytesMax - 100)).data.size() > kEventBytesMax - 100);
  CHECK(codeOf(sized(kEventBytesMax)) == RefusalCode::tooLarge);
  CHECK(codeOf(sized(kJsonLineBytesMax)) == RefusalCode::tooLarge);
  // Escapes make a line longer than what it says.
  std::string escaped;
  for (int i = 0; i < 60; ++i) escaped += "\\u00e9";
  CHECK(parsed(R"({"kind":"note","actor":")" + escaped + "\"}").actor.size() == 120);
}

TEST_CASE("a CloudEvent in structured mode is unwrapped", "[event]") {
  const Event event = parsed(
      R"({"specversion":"1.0","id":"ce-7","source":"website","type":"nl.example.enrolled","time":"2021-01-01T00:00:00Z",)"
      R"("datacontenttype":"application/json","traceparent":"00-ab","subject":"x","data":{"kind":"note","data":{"data":{ }}}})");
  CHECK(event.id == "ce-7");
  CHECK(event.system == "website");
  CHECK(event.at == instantOf(1609459200000));
  CHECK(event.data == R"({"data":{}})");

  const Event own = parsed(
      R"({"data":{"kind":"note","id":"own","system":"crm","at":"2020-01-01T00:00:00Z"},"specversion":"1.0","id":"ce-7",)"
      R"("source":"https://example.nl/","type":"t","time":"2021-01-01T00:00:00Z"})");
  CHECK(own.id == "own");
  CHECK(own.system == "crm");
  CHECK(own.at == instantOf(1577836800000));
  CHECK(
      parsed(
          R"({"specversion":"1.0","id":"1","source":"https://example.nl/","type":"t","data":{"kind":"note"}})")
          .system.empty());

  const auto cloud = [](std::string_view rest) {
    return R"({"specversion":"1.0","id":"1","type":"t")" + std::string(rest) + "}";
  };
  CHECK(codeOf(cloud(R"(,"data":{"kind":"note"})")) == RefusalCode::missingField);
  CHECK(codeOf(cloud(R"(,"source":"s")")) == RefusalCode::missingField);
  CHECK(codeOf(cloud(R"(,"source":"s","data":"x")")) == RefusalCode::invalidValue);
  CHECK(codeOf(cloud(R"(,"source":"s","data_base64":"eA==")")) == RefusalCode::invalidValue);
  CHECK(codeOf(cloud(R"(,"source":"s","data":{"kind":"note","x":1})")) ==
        RefusalCode::unknownField);
  CHECK(codeOf(cloud(R"(,"source":"s","data":{"kind":"note"},"time":"today")")) ==
        RefusalCode::invalidValue);
  CHECK(codeOf(cloud(R"(,"source":"s","data":{"kind":"note"},"Trace":"x")")) ==
        RefusalCode::unknownField);
  CHECK(codeOf(cloud(R"(,"source":"s","source":"s","data":{"kind":"note"})")) ==
        RefusalCode::invalidJson);
  CHECK(codeOf(cloud(R"(,"source":"s","datacontenttype":"text/xml","data":{"kind":"note"})")) ==
        RefusalCode::invalidValue);
  CHECK(
      codeOf(R"({"specversion":"0.3","id":"1","source":"s","type":"t","data":{"kind":"note"}})") ==
      RefusalCode::invalidValue);
}

TEST_CASE("a parser forgets one line before it reads the next", "[event]") {
  EventParser parser;
  REQUIRE(parser.parse(R"({"kind":"note","group":"first","data":{"a":1}})").ok());
  REQUIRE_FALSE(parser.parse(R"({"kind":"note","group":"second")").ok());
  const Result<Event> third = parser.parse(R"({"kind":"note"})");
  REQUIRE(third.ok());
  CHECK(third->group.empty());
  CHECK(third->data.empty());
}

TEST_CASE("any text becomes a JSON string that means it", "[event]") {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "\u00e9\u6771\U0001F600";
  std::string out;
  putJsonString(out, all);
  CHECK(json::parse(out).get<std::string>() == all);
  out.clear();
  putJsonString(out,
                "a\xff"
                "b");
  CHECK(json::parse(out).get<std::string>() == "a\ufffdb");
}

TEST_CASE("the published schema and the parser know the same fields and lists", "[event][schema]") {
  Names fields;
  for (const FieldSpec& spec : eventFields()) {
    fields.insert(std::string(spec.name));
    CAPTURE(spec.name);
    const json& property = schema().at("properties").at(spec.name);
    if (spec.field == EventField::consentState || spec.field == EventField::requestState) continue;
    if (spec.type == FieldType::choice) {
      CHECK(property.at("enum") ==
            json(std::vector<std::string>(spec.choices.begin(), spec.choices.end())));
    }
    if (spec.type == FieldType::object) CHECK(property.at("type") == "object");
    if (spec.type == FieldType::flag) CHECK(property.at("type") == "boolean");
    if (spec.type == FieldType::time) CHECK(property.at("$ref") == "#/$defs/time");
    if (spec.type == FieldType::text && spec.rule == TextRule::name)
      CHECK(property.at("$ref") == "#/$defs/name");
    if (spec.type == FieldType::text && spec.rule == TextRule::party)
      CHECK(property.at("$ref") == "#/$defs/party");
  }
  Names inSchema;
  for (const auto& [name, property] : schema().at("properties").items()) {
    inSchema.insert(name);
    CHECK_FALSE(property.at("description").get<std::string>().empty());
  }
  CHECK(inSchema == fields);
  CHECK(schema().at("additionalProperties") == false);
  CHECK(schema().at("required") == json{"kind"});
  Names kinds;
  for (const Kind kind : outsideKinds()) kinds.insert(std::string(nameOf(kind)));
  CHECK(schema().at("properties").at("kind").at("enum").get<Names>() == kinds);
  const json& defs = schema().at("$defs");
  CHECK(defs.at("name").at("maxLength") == bytesMaxOf(TextRule::name));
  CHECK(defs.at("party").at("maxLength") == bytesMaxOf(TextRule::party));
  CHECK(defs.at("alias").at("maxLength") == bytesMaxOf(TextRule::alias));
  CHECK(schema().at("properties").at("id").at("maxLength") == bytesMaxOf(TextRule::eventId));
  CHECK(schema().at("properties").at("categories").at("maxItems") == kCategoriesPerEventMax);
  CHECK(schema().at("properties").at("person").at("oneOf").at(1).at("maxItems") ==
        kAliasesPerEventMax);
}

TEST_CASE("the published schema and the parser want the same fields of each kind",
          "[event][schema]") {
  std::size_t rules = 0;
  for (const Kind kind : outsideKinds()) {
    CAPTURE(nameOf(kind));
    Names required, allowed, inSchema;
    for (const FieldSpec& spec : eventFields()) {
      if ((fieldsRequired(kind) & bit(spec.field)) != 0) required.insert(std::string(spec.name));
      if ((fieldsAllowed(kind) & bit(spec.field)) != 0) allowed.insert(std::string(spec.name));
    }
    for (const json& rule : schema().at("allOf")) {
      if (rule.at("if")
              .at("properties")
              .at("kind")
              .at("enum")
              .get<Names>()
              .count(std::string(nameOf(kind))) == 0)
        continue;
      ++rules;
      inSchema.merge(rule.at("then").at("required").get<Names>());
      if (kind == Kind::consent) {
        std::vector<std::string> states;
        for (const std::string_view name : specOf(EventField::consentState).choices)
          states.emplace_back(name);
        CHECK(rule.at("then").at("properties").at("state").at("enum") == json(states));
      }
      if (kind == Kind::request) {
        CHECK(rule.at("then").at("anyOf") ==
              json::parse(R"([{"required":["right"]},{"required":["case"]}])"));
      }
    }
    CHECK(inSchema == required);
    Names allowedBySchema;
    for (const auto& [name, property] : schema().at("properties").items()) {
      const json& only = schema().at("dependentSchemas");
      if (!only.contains(name) || only.at(name)
                                          .at("properties")
                                          .at("kind")
                                          .at("enum")
                                          .get<Names>()
                                          .count(std::string(nameOf(kind))) == 1) {
        allowedBySchema.insert(name);
      }
    }
    CHECK(allowedBySchema == allowed);
  }
  CHECK(rules == 12);
}
