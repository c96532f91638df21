#include "ledger/record/event_json.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/base/nearest.h"
#include "ledger/record/event_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

using F = EventField;
using T = FieldType;
using simdjson::dom::element;
using simdjson::dom::element_type;

std::string quoted(std::string_view field) { return "`" + std::string(field) + "`"; }

Refusal invalid(std::string_view field, std::string_view why) {
  return {RefusalCode::invalidValue, quoted(field) + " " + std::string(why)};
}

std::string listed(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) (out += out.empty() ? "" : ", ") += name;
  return out;
}

// ---- names

// A JSON name's place in eventFields(), by a hash without collisions over exactly these names.
class FieldIndex {
 public:
  FieldIndex() {
    places_.fill(kNone);
    const std::span<const FieldSpec> specs = eventFields();
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (specs[i].field == F::requestState) continue;  // `state` stands for both
      std::uint8_t& place = places_[hashOf(specs[i].name)];
      LACUNA_ASSERT(place == kNone, "two field names with one hash");
      place = static_cast<std::uint8_t>(i);
      names_[count_++] = specs[i].name;
    }
  }
  const FieldSpec* find(std::string_view name) const {
    if (name.size() < 2) return nullptr;
    const std::uint8_t place = places_[hashOf(name)];
    if (place == kNone || eventFields()[place].name != name) return nullptr;
    return &eventFields()[place];
  }
  std::span<const std::string_view> names() const { return {names_.data(), count_}; }

 private:
  static constexpr std::uint8_t kNone = 0xff;
  static std::size_t hashOf(std::string_view name) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    return (name.size() * 3 + byte(0) * 6U + byte(1)) % 64;
  }
  std::array<std::uint8_t, 64> places_{};
  std::array<std::string_view, 64> names_{};
  std::size_t count_ = 0;
};

std::vector<std::string_view> kindNames() {
  std::vector<std::string_view> names;
  for (unsigned i = 0; i <= static_cast<unsigned>(Kind::sweep); ++i) {
    if (submittable(static_cast<Kind>(i))) names.push_back(nameOf(static_cast<Kind>(i)));
  }
  return names;
}

// Whether a key may be quoted: a short identifier cannot hold an address or a name with its surname.
bool quotable(std::string_view key) {
  return !key.empty() && key.size() <= 32 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Refusal unknownField(std::string_view key, std::span<const std::string_view> known) {
  const std::string_view nearest = nearestOf(key, known);
  std::string message = quotable(key) ? quoted(key) : std::string("one of the names");
  message += " is not a field of an event";
  if (!nearest.empty()) message += "; did you mean " + quoted(nearest) + "?";
  return {RefusalCode::unknownField, std::move(message), std::string(nearest)};
}

// The text is never quoted: what stands where a name should be may be a person.
Refusal notInList(RefusalCode code, std::string_view field, std::string_view text,
                  std::span<const std::string_view> known) {
  const std::string_view nearest = nearestOf(text, known);
  std::string message = quoted(field) + " must be one of " + listed(known);
  if (!nearest.empty()) message += "; did you mean " + quoted(nearest) + "?";
  return {code, std::move(message), std::string(nearest)};
}

// ---- raw text

// The text of the n-th value of an object that is known to be valid JSON, so only strings and nesting
// matter. simdjson's tape holds values, not where they stood.
std::string_view rawValue(std::string_view object, std::size_t n) {
  std::size_t depth = 0, colons = 0, first = 0;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const char c = object[i];
    if (c == '"') {
      for (++i; object[i] != '"'; ++i) i += object[i] == '\\' ? 1 : 0;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == ':' && depth == 1 && colons++ == n) {
      first = i + 1;
    } else if ((c == ',' && depth == 1) || c == '}' || c == ']') {
      if (first != 0 && depth == 1) return object.substr(first, i - first);
      if (c != ',') --depth;
    }
  }
  throwBug(__FILE__, __LINE__, "rawValue", "a field that the object lacks");
}

// ---- one field

Result<std::string_view> textIn(const element& value, std::string_view field) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return invalid(field, "must be a text");
  if (text.empty()) return invalid(field, "is empty; leave it out instead");
  return text;
}

Outcome readList(const element& value, const FieldSpec& spec, Event& event) {
  std::vector<std::string>& list = event.*spec.list;
  if (spec.field == F::person && value.is_string()) {
    const Result<std::string_view> one = textIn(value, spec.name);
    if (!one) return one.refusal();
    list.emplace_back(*one);
    return Done{};
  }
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) {
    return invalid(spec.name, spec.field == F::person ? "must be a text or a list of texts"
                                                      : "must be a list of texts");
  }
  for (const element& item : items) {
    if (list.size() == spec.itemsMax) {
      return Refusal{RefusalCode::tooMany, quoted(spec.name) + " holds more than " +
                                               std::to_string(spec.itemsMax) + " entries"};
    }
    const Result<std::string_view> text = textIn(item, spec.name);
    if (!text) return text.refusal();
    list.emplace_back(*text);
  }
  if (list.empty()) return invalid(spec.name, "is empty; leave it out instead");
  return Done{};
}

Outcome readChoice(const element& value, const FieldSpec& spec, Event& event) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    for (std::size_t i = 0; i < spec.choices.size(); ++i) {
      if (spec.choices[i] != text) continue;
      setChoice(event, spec.field, static_cast<std::uint8_t>(i + 1));
      return Done{};
    }
  }
  return notInList(RefusalCode::invalidValue, spec.name, text, spec.choices);
}

Outcome readKind(const element& value, Event& event) {
  const Result<std::string_view> text = textIn(value, "kind");
  if (!text) return text.refusal();
  const std::optional<Kind> kind = kindOf(*text);
  if (!kind) return notInList(RefusalCode::unknownKind, "kind", *text, kindNames());
  event.kind = *kind;
  return Done{};
}

Outcome readTime(const element& value, const FieldSpec& spec, Event& event) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) event.*spec.time = instantOfRfc3339(text);
  if (!(event.*spec.time)) {
    return invalid(spec.name,
                   "must be an RFC 3339 time with its offset, such as 2020-04-01T09:12:33Z");
  }
  return Done{};
}

Outcome readFlag(const element& value, const FieldSpec& spec, Event& event) {
  bool flag = false;
  if (value.get(flag) != simdjson::SUCCESS) return invalid(spec.name, "must be true or false");
  (spec.field == F::admit ? event.admit : event.imported) = flag;
  return Done{};
}

Outcome readNumber(const element& value, const FieldSpec& spec, Event& event) {
  std::uint64_t seq = 0;
  if (value.get(seq) != simdjson::SUCCESS)
    return invalid(spec.name, "must be a seq: a whole number");
  event.corrects = seq;
  return Done{};
}

// ---- one object

struct Reading {
  const FieldIndex& index;
  std::string_view raw;               // the object's own text, for `data`
  std::optional<element> state = {};  // read last: its list depends on the kind
  FieldSet seen = 0;
};

Outcome readField(const element& value, const FieldSpec& spec, std::size_t position,
                  Reading& reading, Event& event) {
  switch (spec.type) {
    case T::kind:
      return readKind(value, event);
    case T::choice:
      if (spec.field == F::consentState) return reading.state = value, Done{};
      return readChoice(value, spec, event);
    case T::text: {
      const Result<std::string_view> text = textIn(value, spec.name);
      if (!text) return text.refusal();
      event.*spec.text = *text;
      return Done{};
    }
    case T::list:
      return readList(value, spec, event);
    case T::time:
      return readTime(value, spec, event);
    case T::number:
      return readNumber(value, spec, event);
    case T::flag:
      return readFlag(value, spec, event);
    case T::object: {
      if (!value.is_object()) return invalid(spec.name, "must be a JSON object");
      Result<std::string> data = compactObject(rawValue(reading.raw, position));
      if (!data) return data.refusal();
      event.*spec.text = std::move(*data);
      return Done{};
    }
  }
  return Done{};
}

Outcome readState(const Reading& reading, Event& event) {
  if (!reading.state) return Done{};
  if (event.kind == Kind::consent)
    return readChoice(*reading.state, specOf(F::consentState), event);
  if (event.kind != Kind::request) {
    return Refusal{RefusalCode::fieldNotAllowed,
                   "`state` is not a field of " + std::string(nameOf(event.kind)) + " events"};
  }
  const Result<std::string_view> text = textIn(*reading.state, "state");
  if (!text) return text.refusal();
  event.requestState = *text;
  return Done{};
}

Outcome readObject(const simdjson::dom::object& object, Reading& reading, Event& event) {
  std::size_t position = 0;
  for (const auto& [key, value] : object) {
    const FieldSpec* spec = reading.index.find(key);
    if (spec == nullptr) return unknownField(key, reading.index.names());
    if ((reading.seen & bit(spec->field)) != 0) {
      return Refusal{RefusalCode::invalidJson, quoted(spec->name) + " stands twice"};
    }
    reading.seen |= bit(spec->field);
    if (const Outcome ok = readField(value, *spec, position++, reading, event); !ok) return ok;
  }
  if ((reading.seen & bit(F::kind)) == 0) {
    return Refusal{RefusalCode::missingField,
                   "`kind` is missing: it must be one of " + listed(kindNames())};
  }
  return readState(reading, event);
}

// ---- CloudEvents 1.0, structured mode

constexpr std::array<std::string_view, 9> kCloudNames = {
    "specversion",     "id",         "source", "type", "time", "subject",
    "datacontenttype", "dataschema", "data"};

bool extensionName(std::string_view key) {
  return !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// A CloudEvents `source` that looks like the id of a system, not like an address.
bool systemLike(std::string_view source) {
  return source.size() <= kNameBytesMax && std::all_of(source.begin(), source.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

struct Cloud {
  std::array<std::string_view, kCloudNames.size()> texts = {};
  std::optional<simdjson::dom::object> data = {};
  std::size_t dataPosition = 0;
  std::string_view text(std::string_view name) const {
    const auto at = std::find(kCloudNames.begin(), kCloudNames.end(), name);
    return texts[static_cast<std::size_t>(at - kCloudNames.begin())];
  }
};

Outcome readAttribute(std::string_view key, const element& value, std::size_t position,
                      Cloud& cloud) {
  const auto at = std::find(kCloudNames.begin(), kCloudNames.end(), key);
  if (at == kCloudNames.end()) {
    if (key == "data_base64")
      return invalid("data_base64", "is not supported; send `data` as JSON");
    // Extension attributes (traceparent ...) belong to the transport and are not kept.
    if (!extensionName(key)) return unknownField(key, kCloudNames);
    return value.is_object() || value.is_array() ? Outcome(invalid(key, "must be a simple value"))
                                                 : Outcome(Done{});
  }
  std::string_view& text = cloud.texts[static_cast<std::size_t>(at - kCloudNames.begin())];
  if (text.data() != nullptr)
    return Refusal{RefusalCode::invalidJson, quoted(key) + " stands twice"};
  if (key == "data") {
    simdjson::dom::object data;
    if (value.get(data) != simdjson::SUCCESS)
      return invalid("data", "must be the event, a JSON object");
    cloud.data = data;
    cloud.dataPosition = position;
    text = key;
    return Done{};
  }
  const Result<std::string_view> read = textIn(value, key);
  if (!read) return read.refusal();
  text = *read;
  return Done{};
}

Result<Cloud> readCloud(const simdjson::dom::object& object) {
  Cloud cloud;
  std::size_t position = 0;
  for (const auto& [key, value] : object) {
    if (const Outcome ok = readAttribute(key, value, position++, cloud); !ok) return ok.refusal();
  }
  if (cloud.text("specversion") != "1.0") return invalid("specversion", "must be 1.0");
  for (const std::string_view name : {"id", "source", "type"}) {
    if (cloud.text(name).empty()) {
      return Refusal{RefusalCode::missingField, quoted(name) + " is missing: CloudEvents needs it"};
    }
  }
  if (!cloud.data) {
    return Refusal{RefusalCode::missingField, "`data` is missing: it holds the event"};
  }
  const std::string_view type = cloud.text("datacontenttype");
  if (!type.empty() && type != "application/json" && !type.starts_with("application/json;")) {
    return invalid("datacontenttype", "must be application/json");
  }
  return cloud;
}

Outcome fillFromCloud(const Cloud& cloud, FieldSet seen, Event& event) {
  if ((seen & bit(F::id)) == 0) event.id = cloud.text("id");
  if ((seen & bit(F::system)) == 0 && systemLike(cloud.text("source"))) {
    event.system = cloud.text("source");
  }
  if ((seen & bit(F::at)) == 0 && !cloud.text("time").empty()) {
    event.at = instantOfRfc3339(cloud.text("time"));
    if (!event.at) return invalid("time", "must be an RFC 3339 time with its offset");
  }
  return Done{};
}

// ---- writing

void put(std::string& out, std::string_view name) {
  out += out.size() > 1 ? ",\"" : "\"";
  out += name;
  out += "\":";
}

void putList(std::string& out, const std::vector<std::string>& list) {
  out += '[';
  for (const std::string& item : list) {
    if (out.back() != '[') out += ',';
    putJsonString(out, item);
  }
  out += ']';
}

void putField(std::string& out, const Event& event, const FieldSpec& spec) {
  put(out, spec.name);
  switch (spec.type) {
    case T::kind:
      return putJsonString(out, nameOf(event.kind));
    case T::choice: {
      const std::uint8_t choice = choiceOf(event, spec.field);
      return putJsonString(out, choice > spec.choices.size() ? "" : spec.choices[choice - 1U]);
    }
    case T::text:
      return putJsonString(out, event.*spec.text);
    case T::list:
      if (spec.field == F::person && event.person.size() == 1) {
        return putJsonString(out, event.person.front());
      }
      return putList(out, event.*spec.list);
    case T::time:
      return putJsonString(out, rfc3339Of((event.*spec.time).value_or(Instant{})));
    case T::number:
      out += std::to_string(event.corrects.value_or(0));
      return;
    case T::flag:
      out += "true";
      return;
    case T::object:
      out += event.*spec.text;
      return;
  }
}

// DESIGN 9: what all kinds have, then what only some have.
constexpr std::array kJsonOrder = {
    F::id,           F::kind,      F::person,    F::at,      F::system,
    F::actor,        F::klass,     F::purpose,   F::basis,   F::categories,
    F::source,       F::via,       F::notice,    F::caseRef, F::corrects,
    F::admit,        F::imported,  F::group,     F::data,    F::operation,
    F::recipient,    F::safeguard, F::agreement, F::how,     F::withholdUntil,
    F::consentState, F::form,      F::wording,   F::right,   F::requestState,
    F::received,     F::channel,   F::validUntil};

}  // namespace

struct EventParser::Parts {
  simdjson::dom::parser parser{kJsonLineBytesMax};
  FieldIndex index;
};

EventParser::EventParser() : parts_(std::make_unique<Parts>()) {}
EventParser::~EventParser() = default;

Result<Event> EventParser::parse(std::string_view line) {
  if (line.size() > kJsonLineBytesMax) {
    return Refusal{RefusalCode::tooLarge,
                   "the line is longer than " + std::to_string(kJsonLineBytesMax) + " bytes"};
  }
  element root;
  if (const auto error = parts_->parser.parse(line.data(), line.size(), true).get(root); error) {
    return Refusal{RefusalCode::invalidJson,
                   std::string("this is not JSON: ") + simdjson::error_message(error)};
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return Refusal{RefusalCode::invalidJson, "an event is one JSON object"};
  }
  Result<Event> result(Event{});
  Event& event = *result;
  Reading reading{parts_->index, line};
  element version;
  if (object.at_key("specversion").get(version) == simdjson::SUCCESS) {
    const Result<Cloud> cloud = readCloud(object);
    if (!cloud) return cloud.refusal();
    reading.raw = rawValue(line, cloud->dataPosition);
    if (const Outcome ok = readObject(*cloud->data, reading, event); !ok) return ok.refusal();
    if (const Outcome ok = fillFromCloud(*cloud, reading.seen, event); !ok) return ok.refusal();
  } else if (const Outcome ok = readObject(object, reading, event); !ok) {
    return ok.refusal();
  }
  if (const Outcome ok = checkShapeButData(event); !ok) return ok.refusal();
  return result;
}

std::string jsonOf(const Event& event) {
  const FieldSet given = fieldsGiven(event);
  std::string out = "{";
  out.reserve(512);
  for (const EventField field : kJsonOrder) {
    if ((given & bit(field)) != 0) putField(out, event, specOf(field));
  }
  return out += '}';
}

void putJsonString(std::string& out, std::string_view text) {
  const auto special = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ||
           static_cast<unsigned char>(c) >= 0x7f;
  };
  out += '"';
  if (std::none_of(text.begin(), text.end(), special)) {
    out += text;
    out += '"';
    return;
  }
  const bool utf8 = validUtf8(text);
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
    } else if (byte >= 0x80 && !utf8) {
      out += "\\ufffd";  // bytes that are no text must not make the document invalid
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace lacuna
