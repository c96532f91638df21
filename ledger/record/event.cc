#include "ledger/record/event.h"

#include "ledger/base/limits.h"
#include "ledger/record/event_fields.h"

#include <array>

namespace lacuna {
namespace {

using F = EventField;
using T = FieldType;
using R = TextRule;
using Names = std::span<const std::string_view>;

// Names of 1, 2, ... in the order of the enumerations.
constexpr std::array<std::string_view, 8> kOperations = {"collect", "observe",   "use",   "derive",
                                                         "decide",  "anonymise", "store", "delete"};
constexpr std::array<std::string_view, 5> kHows = {"sent", "fetched", "collected-by-recipient",
                                                   "published", "compelled"};
constexpr std::array<std::string_view, 5> kConsentStates = {"given", "refused", "withdrawn",
                                                            "expired", "invalidated"};
constexpr std::array<std::string_view, 3> kForms = {"explicit", "implied", "bundled"};
constexpr std::array<std::string_view, 8> kRights = {"access",      "rectification", "erasure",
                                                     "restriction", "portability",   "objection",
                                                     "withdrawal",  "not-automated"};

constexpr FieldSpec textSpec(F field, std::string_view name, std::string Event::*member,
                             R rule = R::name) {
  return {.field = field, .name = name, .type = T::text, .rule = rule, .text = member};
}
constexpr FieldSpec timeSpec(F field, std::string_view name,
                             std::optional<Instant> Event::*member) {
  return {.field = field, .name = name, .type = T::time, .time = member};
}
constexpr FieldSpec choiceSpec(F field, std::string_view name, Names names) {
  return {.field = field, .name = name, .type = T::choice, .choices = names};
}
constexpr FieldSpec plainSpec(F field, std::string_view name, T type) {
  return {.field = field, .name = name, .type = type};
}

constexpr std::array kFields = {
    plainSpec(F::kind, "kind", T::kind),
    FieldSpec{.field = F::person,
              .name = "person",
              .type = T::list,
              .rule = R::alias,
              .itemsMax = kAliasesPerEventMax,
              .list = &Event::person},
    timeSpec(F::at, "at", &Event::at),
    textSpec(F::system, "system", &Event::system),
    textSpec(F::actor, "actor", &Event::actor, R::party),
    textSpec(F::klass, "class", &Event::klass),
    textSpec(F::purpose, "purpose", &Event::purpose),
    textSpec(F::basis, "basis", &Event::basis),
    FieldSpec{.field = F::categories,
              .name = "categories",
              .type = T::list,
              .rule = R::name,
              .itemsMax = kCategoriesPerEventMax,
              .list = &Event::categories},
    textSpec(F::source, "source", &Event::source, R::party),
    textSpec(F::via, "via", &Event::via, R::party),
    textSpec(F::notice, "notice", &Event::notice),
    textSpec(F::caseRef, "case", &Event::caseRef),
    textSpec(F::group, "group", &Event::group),
    plainSpec(F::corrects, "corrects", T::number),
    plainSpec(F::imported, "imported", T::flag),
    FieldSpec{.field = F::data, .name = "data", .type = T::object, .text = &Event::data},
    choiceSpec(F::operation, "operation", kOperations),
    textSpec(F::recipient, "recipient", &Event::recipient, R::party),
    textSpec(F::safeguard, "safeguard", &Event::safeguard),
    textSpec(F::agreement, "agreement", &Event::agreement),
    choiceSpec(F::how, "how", kHows),
    timeSpec(F::withholdUntil, "withholdUntil", &Event::withholdUntil),
    choiceSpec(F::consentState, "state", kConsentStates),
    choiceSpec(F::form, "form", kForms),
    textSpec(F::wording, "wording", &Event::wording),
    textSpec(F::channel, "channel", &Event::channel),
    timeSpec(F::validUntil, "validUntil", &Event::validUntil),
    choiceSpec(F::right, "right", kRights),
    textSpec(F::requestState, "state", &Event::requestState),
    timeSpec(F::received, "received", &Event::received),
    textSpec(F::id, "id", &Event::id, R::eventId),
    plainSpec(F::admit, "admit", T::flag),
};

// Where a field's number stands in the table; beyond it for a number without a field.
constexpr std::array kPlaces = [] {
  std::array<std::uint8_t, 64> places{};
  places.fill(0xff);
  for (std::uint8_t i = 0; i < kFields.size(); ++i) {
    places[static_cast<std::size_t>(kFields[i].field)] = i;
  }
  return places;
}();

constexpr FieldSet setOf(std::initializer_list<F> fields) {
  FieldSet set = 0;
  for (const F field : fields) set |= bit(field);
  return set;
}

constexpr FieldSet kCommon =
    setOf({F::id, F::kind, F::person, F::at, F::system, F::actor, F::klass, F::purpose, F::basis,
           F::categories, F::source, F::via, F::notice, F::caseRef, F::corrects, F::admit,
           F::imported, F::group, F::data});

// Times before it would be zero or negative where zero means "not given".
constexpr Instant kEarliest = Instant(std::chrono::milliseconds(1));
constexpr Instant kLatest = Instant(std::chrono::milliseconds(253402300799999));  // end of 9999

bool nameByte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == ':' || c == '/' || c == '+' || c == '@' || c == '#' || c == '-';
}

// UTF-8 without control characters of either set.
bool plainText(std::string_view text) {
  bool ascii = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
    ascii = ascii && byte < 0x80;
  }
  if (ascii) return true;
  if (!validUtf8(text)) return false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {  // U+0080 to U+009F
    if (static_cast<unsigned char>(text[i]) == 0xc2 &&
        static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return false;
    }
  }
  return true;
}

bool aliasText(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
  for (std::size_t i = 0; i < colon; ++i) {
    const char c = text[i];
    if (!((c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == '-')))) return false;
  }
  return plainText(text);
}

std::string quoted(std::string_view field) { return "`" + std::string(field) + "`"; }

Refusal invalid(std::string_view field, std::string_view why) {
  return {RefusalCode::invalidValue, quoted(field) + " " + std::string(why)};
}

std::string_view lowestName(FieldSet set) {
  for (const FieldSpec& spec : kFields) {
    if ((set & bit(spec.field)) != 0) return spec.name;
  }
  return "kind";
}

Outcome checkKind(const Event& event, FieldSet given) {
  const std::string kind(nameOf(event.kind));
  if (!submittable(event.kind)) {
    return Refusal{RefusalCode::kindNotAllowed, "the ledger writes " + kind + " records itself"};
  }
  if (const FieldSet extra = given & ~fieldsAllowed(event.kind); extra != 0) {
    return Refusal{RefusalCode::fieldNotAllowed,
                   quoted(lowestName(extra)) + " is not a field of " + kind + " events"};
  }
  FieldSet missing = fieldsRequired(event.kind) & ~given;
  // A follow-up of a request names the request; its right is known there.
  if (event.kind == Kind::request && (given & bit(F::caseRef)) == 0)
    missing |= bit(F::right) & ~given;
  if (missing != 0) {
    return Refusal{RefusalCode::missingField,
                   quoted(lowestName(missing)) + " is missing: every " + kind + " event needs it"};
  }
  return Done{};
}

Outcome checkField(const Event& event, const FieldSpec& spec) {
  switch (spec.type) {
    case T::text:
      return checkText(event.*spec.text, spec.rule, spec.name);
    case T::list:
      if ((event.*spec.list).size() > spec.itemsMax) {
        return Refusal{RefusalCode::tooMany, quoted(spec.name) + " holds more than " +
                                                 std::to_string(spec.itemsMax) + " entries"};
      }
      for (const std::string& item : event.*spec.list) {
        if (const Outcome ok = checkText(item, spec.rule, spec.name); !ok) return ok;
      }
      return Done{};
    case T::time:
      if (*(event.*spec.time) < kEarliest || *(event.*spec.time) > kLatest) {
        return invalid(spec.name, "must lie after 1970-01-01T00:00:00Z and before the year 10000");
      }
      return Done{};
    case T::number:
      if (event.corrects == 0U) return invalid(spec.name, "names record 0, which is not an event");
      return Done{};
    case T::choice:
      if (choiceOf(event, spec.field) > spec.choices.size()) {
        return invalid(spec.name, "is a number outside its list");
      }
      return Done{};
    case T::kind:
    case T::flag:
    case T::object:
      return Done{};
  }
  return Done{};
}

// At least the bytes of the canonical form, and the id.
std::size_t sizeOf(const Event& event, FieldSet given) {
  constexpr std::size_t kFieldHead = 5, kListHead = 4, kNumber = 8;
  std::size_t size = 1 + event.id.size();
  for (const FieldSpec& spec : kFields) {
    if ((given & bit(spec.field)) == 0) continue;
    size += kFieldHead + kNumber;
    if (spec.text != nullptr) size += (event.*spec.text).size();
    if (spec.list != nullptr) {
      for (const std::string& item : event.*spec.list) size += kListHead + item.size();
    }
  }
  return size;
}

// Writes the canonical form into bytes that are there already: every event passes here, and growing a byte
// at a time was most of the work.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(Bytes& out) : at_(out.data()) {}
  std::uint8_t* at() const { return at_; }

  void u8(std::uint8_t v) { *at_++ = v; }
  void u32(std::size_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) *at_++ = static_cast<std::uint8_t>(v >> shift);
  }
  void u64(std::uint64_t v) {
    u32(v >> 32);
    u32(v & 0xffffffff);
  }
  void text(std::string_view text) {
    u32(text.size());
    std::copy(text.begin(), text.end(), at_);
    at_ += text.size();
  }

 private:
  std::uint8_t* at_;
};

void putCanonical(CanonicalWriter& out, const Event& event, const FieldSpec& spec) {
  out.u8(static_cast<std::uint8_t>(spec.field));
  const auto one = [&out](std::uint8_t value) {
    out.u32(1);
    out.u8(value);
  };
  const auto eight = [&out](std::uint64_t value) {
    out.u32(8);
    out.u64(value);
  };
  switch (spec.type) {
    case T::kind:
      return one(static_cast<std::uint8_t>(event.kind));
    case T::choice:
      return one(choiceOf(event, spec.field));
    case T::flag:
      return one(1);  // given means true
    case T::number:
      return eight(event.corrects.value_or(0));
    case T::time:
      return eight(millisOf((event.*spec.time).value_or(Instant{})));
    case T::text:
    case T::object:
      return out.text(event.*spec.text);
    case T::list: {
      const std::vector<std::string>& list = event.*spec.list;
      std::size_t size = 4;
      for (const std::string& item : list) size += 4 + item.size();
      out.u32(size);
      out.u32(list.size());
      for (const std::string& item : list) out.text(item);
      return;
    }
  }
}

template <typename Enum>
std::string_view choiceName(Names names, Enum v) {
  const auto number = static_cast<std::size_t>(v);
  return number == 0 || number > names.size() ? std::string_view() : names[number - 1];
}

template <typename Enum>
std::optional<Enum> choiceNamed(Names names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i + 1);
  }
  return std::nullopt;
}

}  // namespace

std::string_view nameOf(Operation v) { return choiceName(kOperations, v); }
std::string_view nameOf(SharingHow v) { return choiceName(kHows, v); }
std::string_view nameOf(ConsentState v) { return choiceName(kConsentStates, v); }
std::string_view nameOf(ConsentForm v) { return choiceName(kForms, v); }
std::string_view nameOf(Right v) { return choiceName(kRights, v); }
std::optional<Operation> operationOf(std::string_view name) {
  return choiceNamed<Operation>(kOperations, name);
}
std::optional<SharingHow> sharingHowOf(std::string_view name) {
  return choiceNamed<SharingHow>(kHows, name);
}
std::optional<ConsentState> consentStateOf(std::string_view name) {
  return choiceNamed<ConsentState>(kConsentStates, name);
}
std::optional<ConsentForm> consentFormOf(std::string_view name) {
  return choiceNamed<ConsentForm>(kForms, name);
}
std::optional<Right> rightOf(std::string_view name) { return choiceNamed<Right>(kRights, name); }

std::span<const FieldSpec> eventFields() { return kFields; }

const FieldSpec& specOf(EventField field) {
  return kFields.at(kPlaces.at(static_cast<std::size_t>(field)));
}

FieldSet fieldsGiven(const Event& event) {
  FieldSet given = bit(F::kind);
  for (const FieldSpec& spec : kFields) {
    bool has = false;
    if (spec.text != nullptr) {
      has = !(event.*spec.text).empty();
    } else if (spec.list != nullptr) {
      has = !(event.*spec.list).empty();
    } else if (spec.time != nullptr) {
      has = (event.*spec.time).has_value();
    } else if (spec.type == T::choice) {
      has = choiceOf(event, spec.field) != 0;
    }
    if (has) given |= bit(spec.field);
  }
  if (event.corrects) given |= bit(F::corrects);
  if (event.admit) given |= bit(F::admit);
  if (event.imported) given |= bit(F::imported);
  return given;
}

FieldSet fieldsAllowed(Kind kind) {
  switch (kind) {
    case Kind::processing:
      return kCommon | bit(F::operation);
    case Kind::sharing:
      return kCommon | setOf({F::recipient, F::safeguard, F::agreement, F::how, F::withholdUntil});
    case Kind::consent:
      return kCommon | setOf({F::consentState, F::form, F::wording, F::channel, F::validUntil});
    case Kind::request:
      return kCommon | setOf({F::right, F::requestState, F::received, F::channel});
    case Kind::agreement:
      return kCommon | setOf({F::recipient, F::agreement, F::validUntil});
    case Kind::complaint:
      return kCommon | bit(F::channel);
    case Kind::restriction:
    case Kind::hold:
      return kCommon | bit(F::validUntil);
    default:
      return kCommon;
  }
}

FieldSet fieldsRequired(Kind kind) {
  switch (kind) {
    case Kind::processing:
      return setOf({F::person, F::purpose});
    case Kind::sharing:
      return setOf(
          {F::person, F::purpose, F::recipient});  // a named recipient, never a category of them
    case Kind::consent:
      return setOf(
          {F::person, F::purpose, F::consentState});  // consent is for a purpose, Art. 6(1)(a)
    case Kind::notice:
    case Kind::rectification:
    case Kind::restriction:
    case Kind::objection:
    case Kind::request:
    case Kind::complaint:
    case Kind::hold:
    case Kind::erasure:
      return bit(F::person);
    default:
      return 0;
  }
}

bool submittable(Kind kind) { return kind != Kind::genesis && kind <= Kind::note; }

std::uint8_t choiceOf(const Event& event, EventField field) {
  switch (field) {
    case F::operation:
      return static_cast<std::uint8_t>(event.operation);
    case F::how:
      return static_cast<std::uint8_t>(event.how);
    case F::consentState:
      return static_cast<std::uint8_t>(event.consentState);
    case F::form:
      return static_cast<std::uint8_t>(event.form);
    case F::right:
      return static_cast<std::uint8_t>(event.right);
    default:
      throwBug(__FILE__, __LINE__, "choiceOf", "a field without a closed list");
  }
}

void setChoice(Event& event, EventField field, std::uint8_t choice) {
  switch (field) {
    case F::operation:
      event.operation = static_cast<Operation>(choice);
      return;
    case F::how:
      event.how = static_cast<SharingHow>(choice);
      return;
    case F::consentState:
      event.consentState = static_cast<ConsentState>(choice);
      return;
    case F::form:
      event.form = static_cast<ConsentForm>(choice);
      return;
    case F::right:
      event.right = static_cast<Right>(choice);
      return;
    default:
      throwBug(__FILE__, __LINE__, "setChoice", "a field without a closed list");
  }
}

std::size_t bytesMaxOf(TextRule rule) {
  switch (rule) {
    case R::name:
      return kNameBytesMax;
    case R::party:
    case R::alias:
      return kAliasBytesMax;
    case R::eventId:
      return kEventIdBytesMax;
  }
  return 0;
}

Outcome checkText(std::string_view text, TextRule rule, std::string_view field) {
  if (text.size() > bytesMaxOf(rule)) {
    return Refusal{RefusalCode::tooLarge, quoted(field) + " is longer than " +
                                              std::to_string(bytesMaxOf(rule)) + " bytes"};
  }
  if (text.empty()) return invalid(field, "is empty; leave it out instead");
  switch (rule) {
    case R::name:
      for (const char c : text) {
        if (!nameByte(static_cast<unsigned char>(c))) {
          return invalid(field, "may hold letters, digits and . _ : / + @ # - only");
        }
      }
      return Done{};
    case R::party:
      if (!plainText(text)) return invalid(field, "holds control characters or is not UTF-8");
      return Done{};
    case R::alias:
      if (!aliasText(text)) {
        return invalid(field,
                       "must be scheme:value, such as crm:100234, without control characters");
      }
      return Done{};
    case R::eventId:
      for (const char c : text) {
        if (c < 0x20 || c > 0x7e) return invalid(field, "may hold printable ASCII only");
      }
      return Done{};
  }
  return Done{};
}

Outcome checkShapeButData(const Event& event) {
  const FieldSet given = fieldsGiven(event);
  if (const Outcome ok = checkKind(event, given); !ok) return ok;
  for (const FieldSpec& spec : kFields) {
    if ((given & bit(spec.field)) == 0) continue;
    if (const Outcome ok = checkField(event, spec); !ok) return ok;
  }
  if (sizeOf(event, given) > kEventBytesMax) {
    return Refusal{RefusalCode::tooLarge,
                   "the event is larger than " + std::to_string(kEventBytesMax) + " bytes"};
  }
  return Done{};
}

Outcome checkShape(const Event& event) {
  if (const Outcome ok = checkShapeButData(event); !ok) return ok;
  if (event.data.empty()) return Done{};
  const Result<std::string> compact = compactObject(event.data);
  if (!compact) return compact.refusal();
  if (*compact != event.data) return invalid("data", "must stand without white space");
  return Done{};
}

Bytes canonicalOf(const Event& event) {
  constexpr FieldSet kLeftOut = bit(F::id) | bit(F::admit);
  const FieldSet given = fieldsGiven(event) & ~kLeftOut;
  Bytes out(sizeOf(event, given));  // at least what it takes
  CanonicalWriter writer(out);
  writer.u8(0);
  for (const FieldSpec& spec : kFields) {
    if ((given & bit(spec.field)) != 0) putCanonical(writer, event, spec);
  }
  const auto written = static_cast<std::size_t>(writer.at() - out.data());
  LACUNA_ASSERT(written <= out.size(), "a canonical form over its estimate");
  out.resize(written);
  return out;
}

std::size_t bytesHeldBy(const Event& event) {
  std::size_t bytes = sizeof(Event);
  for (const std::string* text :
       {&event.id, &event.system, &event.actor, &event.klass, &event.purpose, &event.basis,
        &event.source, &event.via, &event.notice, &event.caseRef, &event.group, &event.data,
        &event.recipient, &event.safeguard, &event.agreement, &event.wording, &event.channel,
        &event.requestState}) {
    bytes += text->size();
  }
  for (const std::vector<std::string>* list : {&event.person, &event.categories}) {
    for (const std::string& text : *list) bytes += sizeof(std::string) + text.size();
  }
  return bytes;
}

}  // namespace lacuna
