// The fields of an event as data: one table from which checkShape, the canonical form and the JSON are
// made, so that they cannot disagree.
#pragma once

#include "ledger/record/event.h"

#include <span>

namespace lacuna {

// Numbers as in FORMAT.md 6: they stand in the canonical form, never renumber. `id` and `admit`
// stand in no canonical form; their numbers only name bits.
enum class EventField : std::uint8_t {
  kind = 1,
  person = 2,
  at = 3,
  system = 4,
  actor = 5,
  klass = 6,
  purpose = 7,
  basis = 9,
  categories = 10,
  source = 11,
  via = 12,
  notice = 13,
  caseRef = 14,
  group = 15,
  corrects = 16,
  imported = 17,
  data = 18,
  operation = 19,
  recipient = 20,
  safeguard = 21,
  agreement = 22,
  how = 23,
  withholdUntil = 25,
  consentState = 26,
  form = 27,
  wording = 28,
  channel = 29,
  validUntil = 30,
  right = 31,
  requestState = 32,
  received = 33,
  id = 62,
  admit = 63,
};

// A set of fields, one bit each.
using FieldSet = std::uint64_t;
constexpr FieldSet bit(EventField field) { return FieldSet{1} << static_cast<unsigned>(field); }

enum class FieldType : std::uint8_t { kind, choice, text, list, time, number, flag, object };
// What a text may be: an id of the register, a party or instance, an alias, an event's id.
enum class TextRule : std::uint8_t { name, party, alias, eventId };

struct FieldSpec {
  EventField field;
  std::string_view name;  // in JSON; consentState and requestState are both `state`
  FieldType type;
  TextRule rule = TextRule::name;                   // of texts and of a list's items
  std::size_t itemsMax = 0;                         // of lists
  std::string Event::*text = nullptr;               // text, object
  std::vector<std::string> Event::*list = nullptr;  // list
  std::optional<Instant> Event::*time = nullptr;    // time
  std::span<const std::string_view> choices = {};   // choice: names of 1, 2, ...
};

// Every field, ascending by number.
std::span<const FieldSpec> eventFields();
const FieldSpec& specOf(EventField field);

FieldSet fieldsGiven(const Event& event);
FieldSet fieldsAllowed(Kind kind);   // of any field but those, `field-not-allowed`
FieldSet fieldsRequired(Kind kind);  // of these, `missing-field`
// Kinds that come from outside; the others the ledger writes itself.
bool submittable(Kind kind);

// Closed lists as their numbers; 0: not given. Needs: a field of type choice.
std::uint8_t choiceOf(const Event& event, EventField field);
void setChoice(Event& event, EventField field, std::uint8_t choice);

// What a text of this rule may hold at most.
std::size_t bytesMaxOf(TextRule rule);
// Refuses too-large and invalid-value by the field's name; never quotes the text.
Outcome checkText(std::string_view text, TextRule rule, std::string_view field);

// checkShape without the inside of `data`, for a caller that has just made it by compactObject().
Outcome checkShapeButData(const Event& event);

// True for well-formed UTF-8.
bool validUtf8(std::string_view text);

// One JSON object without white space, keys and numbers as given. Refuses, as invalid-value of `data`:
// anything else, invalid UTF-8, a depth over kDataDepthMax, a key twice in one object, numbers that
// neither 64-bit integers nor doubles hold.
Result<std::string> compactObject(std::string_view json);

}  // namespace lacuna
