// Events as JSON: one object (DESIGN 9, schemas/event.schema.json), or a CloudEvents 1.0 wrapper.
#pragma once

#include "ledger/record/event.h"

#include <memory>
#include <string_view>

namespace lacuna {

// Parses events; keeps its buffers between calls. One thread.
class EventParser {
 public:
  EventParser();
  ~EventParser();
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;

  // Strict: unknown fields are refused by name with the nearest known one; duplicate fields, wrong
  // types, invalid UTF-8, depth over 16 inside `data` and lines over kJsonLineBytesMax are refused.
  // A CloudEvents object (specversion 1.0, structured mode) is unwrapped: id, time (-> at unless the
  // event has one), source (-> via? no: ignored unless `system` absent), data = our event.
  // Codes: invalid-json, unknown-field, missing-field, invalid-value, unknown-kind, too-large, ...
  // (checkShape is applied.)
  Result<Event> parse(std::string_view line);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The same object back, fields in the order of DESIGN 9, compact.
std::string jsonOf(const Event& event);

// Appends a JSON string literal.
void putJsonString(std::string& out, std::string_view text);

}  // namespace lacuna
