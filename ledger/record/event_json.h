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
  // types, null and empty values, invalid UTF-8, depth over 16 inside `data` and lines over
  // kJsonLineBytesMax are refused. A CloudEvents object (1.0, structured mode) is unwrapped: `data` is
  // the event; `id`, `time` (as `at`) and a `source` that reads like a system's id (as `system`) stand
  // in where the event lacks them. Refuses what checkShape refuses, and invalid-json, unknown-field,
  // unknown-kind. No sentence quotes a value.
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
