// Events out of a seed: any kind from outside, any subset of its fields, awkward texts. They pass checkShape.
#pragma once

#include "ledger/record/event_fields.h"

#include <random>

namespace lacuna::test {

class EventMaker {
 public:
  explicit EventMaker(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  Event event() {
    Event event;
    do {
      event.kind = static_cast<Kind>(1 + below(static_cast<std::uint64_t>(Kind::note)));
    } while (!submittable(event.kind));
    FieldSet wanted = fieldsRequired(event.kind) | (random_() & fieldsAllowed(event.kind));
    if (event.kind == Kind::request) wanted |= bit(EventField::right);
    for (const FieldSpec& spec : eventFields()) {
      if ((wanted & bit(spec.field)) != 0) fill(event, spec);
    }
    return event;
  }

  // Gives the field a value; another one each time, as good as always.
  void fill(Event& event, const FieldSpec& spec) {
    switch (spec.type) {
      case FieldType::kind:
        return;
      case FieldType::choice:
        return setChoice(event, spec.field,
                         static_cast<std::uint8_t>(1 + below(spec.choices.size())));
      case FieldType::text:
        event.*spec.text = text(spec.rule);
        return;
      case FieldType::list:
        (event.*spec.list).clear();
        for (std::uint64_t n = 1 + below(spec.itemsMax); n > 0; --n) {
          (event.*spec.list).push_back(text(spec.rule));
        }
        return;
      case FieldType::time:
        event.*spec.time = instantOf(1 + below(253402300799999));
        return;
      case FieldType::number:
        event.corrects = 1 + (random_() >> below(60)) % (UINT64_MAX - 1);
        return;
      case FieldType::flag:
        (spec.field == EventField::admit ? event.admit : event.imported) = true;
        return;
      case FieldType::object:
        event.data = object(1);
        return;
    }
  }

  StoredEvent stored() {
    StoredEvent stored;
    stored.event = event();
    stored.event.person.clear();
    for (auto n = below(4); n > 0; --n) {
      stored.aliases.emplace_back(static_cast<std::uint16_t>(below(4096)));
    }
    for (auto n = below(3); n > 0; --n) stored.otherPersons.emplace_back(below(1ULL << 36));
    for (auto* ref : {&stored.recipient, &stored.source, &stored.via, &stored.actor}) {
      if (below(2) == 0) *ref = InstanceRef{text(TextRule::name), Slot(below(1ULL << 36))};
    }
    stored.registerVersion = below(100);
    stored.principal = static_cast<std::uint32_t>(below(1000));
    if (below(2) == 0) stored.systemId = text(TextRule::name);
    if (below(4) == 0) stored.reason = text(TextRule::party);
    if (below(4) == 0) stored.operationText = text(TextRule::name);
    for (auto n = below(3); n > 0; --n) stored.details.push_back("key=" + text(TextRule::party));
    return stored;
  }

  std::string text(TextRule rule) {
    switch (rule) {
      case TextRule::name:
        return some("abcxyzABCXYZ0189._:/+@#-", below(4) == 0 ? 128 : 20);
      case TextRule::eventId:
        return some("abcXYZ019 !\"\\~-{}", 64);
      case TextRule::party:
        return "teacher:" + some("abcdef \"\\'/", 12) + awkward();
      case TextRule::alias:
        return "x" + std::to_string(below(1000)) + ":" + some("abc@.- \"\\", 24) + awkward();
    }
    return "a";
  }

 private:
  std::string some(std::string_view alphabet, std::uint64_t most) {
    std::string out;
    for (auto n = 1 + below(most); n > 0; --n) out += alphabet[below(alphabet.size())];
    return out;
  }
  std::string awkward() {
    constexpr std::string_view kTexts[] = {
        "", "Zo\u00eb", "\u0141\u00f3d\u017a", "\u6771\u4eac", "\U0001F600", "e\u0301"};
    return std::string(kTexts[below(std::size(kTexts))]);
  }
  std::string object(unsigned depth) {
    std::string out = "{";
    for (std::uint64_t i = 0, n = below(4); i < n; ++i) {
      out += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":";
      switch (below(depth < 6 ? 6 : 4)) {
        case 0:
          out += std::to_string(static_cast<std::int64_t>(random_()));
          break;
        case 1:
          out += "-12.50e-3";
          break;
        case 2:
          out += "\"\\u00e9 \\\"\\\\" + awkward() + "\"";
          break;
        case 3:
          out += below(2) == 0 ? "null" : "true";
          break;
        case 4:
          out += object(depth + 1);
          break;
        default:
          out += "[" + object(depth + 2) + ",1,[]]";
          break;
      }
    }
    return out + "}";
  }

  std::mt19937_64 random_;
};

}  // namespace lacuna::test
