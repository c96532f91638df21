#include "ledger/record/event.h"

#include "ledger/base/limits.h"
#include "ledger/base/nearest.h"
#include "ledger/crypto/digest.h"
#include "ledger/record/event_json.h"
#include "ledger/record/event_wire.h"
#include "tests/support/random_event.h"

#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <catch2/catch.hpp>
#include <kj/io.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace lacuna;

namespace {

Event processing() {
  Event event;
  event.id = "0190d7c2-7c1e-7a3b-9d0e-5b1f6c1a2b3c";
  event.kind = Kind::processing;
  event.person = {"email:jan@example.nl", "crm:100234"};
  event.purpose = "course-admin";
  event.operation = Operation::collect;
  event.categories = {"name", "contact"};
  event.source = "employer:acme";
  event.system = "website";
  event.actor = "enrolment-form";
  event.at = instantOf(1585732353000);
  event.notice = "privacy-2020-03-31";
  event.data = R"({"course":"NRTO-101"})";
  return event;
}

// The same event as it is sealed.
StoredEvent sealedProcessing() {
  StoredEvent stored;
  stored.event = processing();
  stored.event.person.clear();
  stored.event.source.clear();
  stored.aliases = {LeafNo(1), LeafNo(2)};
  stored.source = InstanceRef{"employer", Slot(77)};
  stored.registerVersion = 3;
  stored.systemId = "website";
  return stored;
}

Event minimal(Kind kind) {
  Event event;
  event.kind = kind;
  const FieldSet required = fieldsRequired(kind);
  if ((required & bit(EventField::person)) != 0) event.person = {"crm:1"};
  if ((required & bit(EventField::purpose)) != 0) event.purpose = "p";
  if ((required & bit(EventField::recipient)) != 0) event.recipient = "zoom";
  if ((required & bit(EventField::consentState)) != 0) event.consentState = ConsentState::given;
  if (kind == Kind::request) event.right = Right::access;
  return event;
}

std::vector<Kind> outsideKinds() {
  std::vector<Kind> kinds;
  for (unsigned i = 0; i <= static_cast<unsigned>(Kind::sweep); ++i) {
    if (submittable(static_cast<Kind>(i))) kinds.push_back(static_cast<Kind>(i));
  }
  return kinds;
}

std::optional<RefusalCode> codeOf(const Outcome& outcome) {
  return outcome ? std::nullopt : std::optional(outcome.refusal().code);
}

template <typename Enum>
void checkNames(unsigned last, std::optional<Enum> (*of)(std::string_view)) {
  CHECK(nameOf(Enum::none).empty());
  for (unsigned i = 1; i <= last; ++i) {
    const auto v = static_cast<Enum>(i);
    REQUIRE_FALSE(nameOf(v).empty());
    CHECK(of(nameOf(v)) == v);
  }
  CHECK(nameOf(static_cast<Enum>(last + 1)).empty());
  CHECK(of("") == std::nullopt);
  CHECK(of("none") == std::nullopt);
}

// A wire event, changed by hand before it is read.
template <typename Change>
Result<Event> fromChangedWire(const Event& event, Change change) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Event>();
  toWire(event, out);
  change(out);
  return fromWire(out.asReader());
}

}  // namespace

TEST_CASE("the closed lists have one name each, and no more", "[event]") {
  checkNames<Operation>(8, operationOf);
  checkNames<SharingHow>(5, sharingHowOf);
  checkNames<ConsentState>(5, consentStateOf);
  checkNames<ConsentForm>(3, consentFormOf);
  checkNames<Right>(8, rightOf);
  CHECK(nameOf(Operation::erase) == "delete");
  CHECK(nameOf(SharingHow::collectedByRecipient) == "collected-by-recipient");
  CHECK(nameOf(ConsentForm::isExplicit) == "explicit");
  CHECK(nameOf(Right::notAutomated) == "not-automated");
}

TEST_CASE("each kind wants its fields and refuses those of another kind", "[event]") {
  CHECK(outsideKinds().size() == 16);
  for (const Kind kind : outsideKinds()) {
    CAPTURE(nameOf(kind));
    const Event event = minimal(kind);
    CHECK(codeOf(checkShape(event)) == std::nullopt);
    test::EventMaker maker(7);
    for (const FieldSpec& spec : eventFields()) {
      CAPTURE(spec.name, static_cast<int>(spec.field));
      Event other = event;
      maker.fill(other, spec);
      if ((fieldsAllowed(kind) & bit(spec.field)) != 0) {
        CHECK(codeOf(checkShape(other)) == std::nullopt);
      } else {
        const Outcome outcome = checkShape(other);
        REQUIRE(codeOf(outcome) == RefusalCode::fieldNotAllowed);
        CHECK(outcome.refusal().message.find("`" + std::string(spec.name) + "`") == 0);
        CHECK(outcome.refusal().message.find(nameOf(kind)) != std::string::npos);
      }
    }
  }
}

TEST_CASE("what an event needs is asked for by name", "[event]") {
  const auto without = [](Kind kind, auto member) {
    Event event = minimal(kind);
    event.*member = {};
    const Outcome outcome = checkShape(event);
    REQUIRE(codeOf(outcome) == RefusalCode::missingField);
    return outcome.refusal().message;
  };
  CHECK(without(Kind::processing, &Event::purpose) ==
        "`purpose` is missing: every processing event needs it");
  CHECK(without(Kind::sharing, &Event::recipient) ==
        "`recipient` is missing: every sharing event needs it");
  CHECK(without(Kind::consent, &Event::consentState) ==
        "`state` is missing: every consent event needs it");
  CHECK(without(Kind::request, &Event::right) ==
        "`right` is missing: every request event needs it");
  CHECK(without(Kind::complaint, &Event::person) ==
        "`person` is missing: every complaint event needs it");

  Event followUp = minimal(Kind::request);
  followUp.right = Right::none;
  followUp.caseRef = "12";
  CHECK(checkShape(followUp).ok());
}

TEST_CASE("records of the ledger's own kinds cannot be submitted", "[event]") {
  for (const Kind kind : {Kind::genesis, Kind::access, Kind::person, Kind::restore, Kind::sweep}) {
    Event event;
    event.kind = kind;
    CHECK(codeOf(checkShape(event)) == RefusalCode::kindNotAllowed);
    CHECK(fromChangedWire(event, [](auto&) {}).ok() == false);
  }
}

TEST_CASE("texts are bounded and plain, and never quoted", "[event][P4]") {
  const auto person = [](std::string alias) {
    Event event = minimal(Kind::complaint);
    event.person = {std::move(alias)};
    const Outcome outcome = checkShape(event);
    if (!outcome) CHECK(outcome.refusal().message.find("jan") == std::string::npos);
    return codeOf(outcome);
  };
  CHECK(person("name:Jan de Vri\u00ebs") == std::nullopt);
  CHECK(person("x:" + std::string(510, 'j')) == std::nullopt);
  CHECK(person("x:" + std::string(511, 'j')) == RefusalCode::tooLarge);
  for (const std::string bad :
       {"jan", "jan@example.nl", ":jan", "email:", "Email:jan", "e mail:jan", "1x:jan",
        "email:jan\n", "email:jan\x7f", "email:jan\xc2\x85", "email:jan\xff", "email:jan\xc0\xaf",
        "email:jan\xed\xa0\x80"}) {
    CAPTURE(bad);
    CHECK(person(bad) == RefusalCode::invalidValue);
  }
  CHECK(person(std::string("email:jan\0x", 11)) == RefusalCode::invalidValue);
  CHECK(person("") == RefusalCode::invalidValue);

  Event event = minimal(Kind::note);
  event.purpose = std::string(128, 'p');
  CHECK(checkShape(event).ok());
  event.purpose += 'p';
  CHECK(codeOf(checkShape(event)) == RefusalCode::tooLarge);
  event.purpose = "course admin";
  CHECK(codeOf(checkShape(event)) == RefusalCode::invalidValue);
  event = minimal(Kind::note);
  event.id = std::string(64, '~');
  CHECK(checkShape(event).ok());
  event.id = std::string(65, '~');
  CHECK(codeOf(checkShape(event)) == RefusalCode::tooLarge);
  event.id = "\u00e9";
  CHECK(codeOf(checkShape(event)) == RefusalCode::invalidValue);
}

TEST_CASE("lists, times, numbers and the whole event are bounded", "[event]") {
  Event event = minimal(Kind::note);
  event.person.assign(kAliasesPerEventMax, "a:b");
  CHECK(checkShape(event).ok());
  event.person.emplace_back("a:b");
  CHECK(codeOf(checkShape(event)) == RefusalCode::tooMany);

  event = minimal(Kind::note);
  event.categories.assign(kCategoriesPerEventMax + 1, "c");
  CHECK(codeOf(checkShape(event)) == RefusalCode::tooMany);
  event.categories = {"name", ""};
  CHECK(codeOf(checkShape(event)) == RefusalCode::invalidValue);

  event = minimal(Kind::note);
  for (const std::int64_t millis : {0LL, -1LL, 253402300800000LL}) {
    event.at = Instant(std::chrono::milliseconds(millis));
    CHECK(codeOf(checkShape(event)) == RefusalCode::invalidValue);
  }
  event.at = instantOf(1);
  CHECK(checkShape(event).ok());
  event.corrects = 0;
  CHECK(codeOf(checkShape(event)) == RefusalCode::invalidValue);

  event = minimal(Kind::note);
  event.data = "{\"a\":\"" + std::string(kEventBytesMax - 40, 'x') + "\"}";
  CHECK(checkShape(event).ok());
  event.data = "{\"a\":\"" + std::string(kEventBytesMax, 'x') + "\"}";
  CHECK(codeOf(checkShape(event)) == RefusalCode::tooLarge);
}

TEST_CASE("data are one compact JSON object with one meaning", "[event]") {
  const auto dataCode = [](std::string data) {
    Event event = minimal(Kind::note);
    event.data = std::move(data);
    return codeOf(checkShape(event));
  };
  const std::string deep15 = std::string(15, '[') + std::string(15, ']');
  for (const std::string& good :
       {std::string("{}"),
        std::string(R"({"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\/"]})"),
        "{\"a\":" + deep15 + "}", std::string(R"({"a":{"b":1},"b":{"b":1}})"),
        std::string(R"({"a":18446744073709551615,"b":-9223372036854775808})")}) {
    CAPTURE(good);
    CHECK(dataCode(good) == std::nullopt);
  }
  for (const std::string& bad : {std::string("[]"),
                                 std::string("1"),
                                 std::string("{} {}"),
                                 std::string("{\"a\":1,}"),
                                 std::string("{\"a\" :1}"),
                                 std::string("{\"a\":01}"),
                                 std::string("{\"a\":1.}"),
                                 std::string("{\"a\":+1}"),
                                 std::string("{\"a\":nul}"),
                                 std::string("{\"a\":\"\\x\"}"),
                                 std::string("{\"a\":\"\n\"}"),
                                 std::string("{\"a\":\"\\ud800\"}"),
                                 std::string("{\"a\":\"\\udc00\"}"),
                                 std::string("{\"a\":\"\\ud800\\u0041\"}"),
                                 std::string("{\"a\":\"\xff\"}"),
                                 std::string("{\"a\":1"),
                                 std::string("{\"a\":\"x"),
                                 std::string("{\"a\":\"\\"),
                                 std::string("{a:1}"),
                                 std::string("{\"a\":1e999}"),
                                 std::string("{\"a\":18446744073709551616}"),
                                 std::string(R"({"a":1,"b":2,"a":3})"),
                                 std::string(R"({"a":{"x":1,"\u0078":2}})"),
                                 "{\"a\":[" + deep15 + "]}"}) {
    CAPTURE(bad);
    CHECK(dataCode(bad) == RefusalCode::invalidValue);
  }
}

TEST_CASE("canonical events agree with an independent writer", "[event][golden][P11]") {
  std::ifstream in(LACUNA_SOURCE_DIR "/tests/golden/event_vectors.json");
  const auto vectors = nlohmann::json::parse(in);
  REQUIRE(vectors.size() == 16);
  EventParser parser;
  for (const auto& vector : vectors) {
    const std::string line = vector.at("json");
    CAPTURE(line);
    const Result<Event> event = parser.parse(line);
    if (!event) FAIL(event.refusal().message);
    const Bytes canonical = canonicalOf(*event);
    CHECK(hexOf(canonical) == vector.at("canonical").get<std::string>());
    CHECK(hexOf(sha256(canonical)) == vector.at("sha256").get<std::string>());
  }
}

TEST_CASE("the processing event of the specification is sealed in at most 300 bytes", "[event]") {
  const StoredEvent stored = sealedProcessing();
  const Bytes bytes = encodeStored(stored);
  CHECK(bytes.size() <= 300);
  const Result<StoredEvent> opened = decodeStored(bytes);
  REQUIRE(opened.ok());
  CHECK(*opened == stored);
}

TEST_CASE("events sealed by the first version are read by this one", "[event][golden]") {
  std::ifstream in(LACUNA_SOURCE_DIR "/tests/fuzz/corpus/stored_event/processing.bin",
                   std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
  const Result<StoredEvent> opened =
      decodeStored(bytesOf(std::string_view(bytes.data(), bytes.size())));
  REQUIRE(opened.ok());
  CHECK(*opened == sealedProcessing());
}

TEST_CASE("the largest event fits its envelope", "[event]") {
  StoredEvent stored;
  stored.event = minimal(Kind::note);
  stored.event.categories.assign(kCategoriesPerEventMax, std::string(kNameBytesMax, 'c'));
  stored.event.data = "{\"a\":\"" + std::string(7000, 'x') + "\"}";
  REQUIRE(checkShape(stored.event).ok());
  const Result<StoredEvent> opened = decodeStored(encodeStored(stored));
  REQUIRE(opened.ok());
  CHECK(*opened == stored);
  stored.details.assign(kStoredListMax, std::string(100, 'd'));
  CHECK_THROWS_AS(encodeStored(stored), Bug);
}

TEST_CASE("a sealed event of another form is refused as tampered", "[event]") {
  const auto packedOf = [](capnp::MessageBuilder& message) {
    kj::VectorOutputStream out;
    capnp::writePackedMessage(out, message);
    return Bytes(out.getArray().begin(), out.getArray().end());
  };
  const auto refused = [](const Bytes& bytes) {
    const Result<StoredEvent> opened = decodeStored(bytes);
    return !opened.ok() && opened.refusal().code == RefusalCode::tampered;
  };
  CHECK(refused({}));
  CHECK(refused({0}));
  CHECK(refused(Bytes(100, 0xff)));

  capnp::MallocMessageBuilder segments(4, capnp::AllocationStrategy::FIXED_SIZE);
  segments.initRoot<schema::StoredEvent>().initEvent().setId("one");
  REQUIRE(segments.getSegmentsForOutput().size() > 1);
  CHECK(refused(packedOf(segments)));

  capnp::MallocMessageBuilder loose;
  auto root = loose.initRoot<schema::StoredEvent>();
  root.initEvent().setData("not json");
  CHECK(refused(packedOf(loose)));
  root.getEvent().setData("{}");
  CHECK_FALSE(refused(packedOf(loose)));
  root.getEvent().setKind(static_cast<schema::Kind>(21));
  CHECK(refused(packedOf(loose)));
  root.getEvent().setKind(schema::Kind::NOTE);
  root.getEvent().initProcessing().setOperation(static_cast<schema::Operation>(9));
  root.getEvent().setKind(schema::Kind::PROCESSING);
  CHECK(refused(packedOf(loose)));
  root.getEvent().getProcessing().setOperation(schema::Operation::DELETE);
  CHECK_FALSE(refused(packedOf(loose)));
  root.initAliases(kStoredListMax + 1);
  CHECK(refused(packedOf(loose)));
}

TEST_CASE("a wire event is held to the same rules", "[event]") {
  const Event event = processing();
  CHECK(*fromChangedWire(event, [](auto&) {}) == event);
  const auto code = [&](auto change) {
    const Result<Event> read = fromChangedWire(event, change);
    return read ? std::nullopt : std::optional(read.refusal().code);
  };
  CHECK(code([](auto& e) { e.setKind(schema::Kind::GENESIS); }) == RefusalCode::missingField);
  CHECK(code([](auto& e) { e.setKind(static_cast<schema::Kind>(21)); }) ==
        RefusalCode::unknownKind);
  CHECK(code([](auto& e) { e.setKind(schema::Kind::SWEEP); }) == RefusalCode::fieldNotAllowed);
  CHECK(code([](auto& e) { e.setKind(schema::Kind::NOTE); }) == RefusalCode::fieldNotAllowed);
  CHECK(code([](auto& e) { e.initSharing(); }) == RefusalCode::fieldNotAllowed);
  CHECK(code([](auto& e) { e.setGeneral(); }) == std::nullopt);
  CHECK(code([](auto& e) { e.getProcessing().setOperation(static_cast<schema::Operation>(9)); }) ==
        RefusalCode::invalidValue);
  CHECK(code([](auto& e) {  // not 1 in eight bits
          e.getProcessing().setOperation(static_cast<schema::Operation>(257));
        }) == RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setPurpose(std::string(129, 'p').c_str()); }) ==
        RefusalCode::tooLarge);
  CHECK(code([](auto& e) { e.setPurpose(""); }) == RefusalCode::missingField);
  CHECK(code([](auto& e) { e.initPerson(9); }) == RefusalCode::tooMany);
  CHECK(code([](auto& e) { e.initPerson(1); }) == RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setPurpose(capnp::Text::Reader("p\0q", 3)); }) ==
        RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setSource("teacher:\xff"); }) == RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setAtMs(253402300800000); }) == RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setData("[]"); }) == RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setData("{} {}"); }) == RefusalCode::invalidValue);
  CHECK(code([](auto& e) { e.setData(std::string(kEventBytesMax + 1, ' ').c_str()); }) ==
        RefusalCode::tooLarge);
  CHECK(fromChangedWire(event, [](auto& e) { e.setData(" { \"a\" : 1 } "); })->data == "{\"a\":1}");
}

TEST_CASE("a wire message that is no well-formed Cap'n Proto is a refusal, not an exception",
          "[event]") {
  // A root struct of 6 data words (kind = note) and 17 pointers, each pointing far before the segment.
  constexpr std::size_t kDataWords = 6;
  std::array<std::uint64_t, 1 + kDataWords + 17> raw;
  raw.fill(0xa5a5a5a5a5a5a5a5);
  std::fill_n(raw.begin(), 1 + kDataWords, 0);
  raw[0] = (std::uint64_t{kDataWords} << 32) | (std::uint64_t{17} << 48);
  raw[1] = static_cast<std::uint64_t>(Kind::note);
  std::array<capnp::word, raw.size()> words;
  std::memcpy(static_cast<void*>(words.data()), raw.data(), sizeof(raw));
  const kj::ArrayPtr<const capnp::word> segment(words.data(), words.size());
  capnp::SegmentArrayMessageReader message(kj::arrayPtr(&segment, 1));
  const Result<Event> read = fromWire(message.getRoot<schema::Event>());
  REQUIRE_FALSE(read.ok());
  CHECK(read.refusal().message == "the event is not well-formed Cap'n Proto");
}

TEST_CASE("a mistyped name finds its neighbour", "[event]") {
  constexpr std::array<std::string_view, 4> kKnown = {"purpose", "person", "class",
                                                      "withholdUntil"};
  CHECK(nearestOf("purpos", kKnown) == "purpose");
  CHECK(nearestOf("prupose", kKnown) == "purpose");
  CHECK(nearestOf("klass", kKnown) == "class");
  CHECK(nearestOf("WITHHOLDUNTIL", kKnown) == "withholdUntil");
  CHECK(nearestOf("zebra", kKnown).empty());
  CHECK(nearestOf("", kKnown).empty());
  CHECK(nearestOf(std::string(1000, 'p'), kKnown).empty());
}
