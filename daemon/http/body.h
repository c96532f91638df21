// The body of POST /v1/events, from bytes to events. No KJ here.
#pragma once

#include "ledger/base/result.h"
#include "ledger/record/event_json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

enum class BodyForm {
  jsonLines,        // one event a line
  json,             // one object, a list of objects, or (so that nobody has to guess) JSON lines
  cloudEvent,       // application/cloudevents+json: one object
  cloudEventBatch,  // application/cloudevents-batch+json: a list
};

// By media type. No type and the type curl sends by default mean JSON lines. Nothing: 415.
std::optional<BodyForm> bodyFormOf(std::string_view contentType);

// One event's text within the body, which it borrows.
struct Piece {
  std::size_t line = 0;  // of the body, from 1; in a list of objects: which of them
  std::string_view text;
};
struct Pieces {
  std::vector<Piece> events;  // at most kBatchEventsMax
  bool single = false;        // the caller sent one event as such: its refusal is the whole answer
};

// Cuts the body apart, without judging the events. Refuses invalid-json (no event at all, a list that
// does not end or is followed by something) and too-many.
Result<Pieces> split(BodyForm form, std::string_view body);

// CloudEvents in binary mode: the attributes are headers, the body is the data.
struct CloudEventHeaders {
  std::string specversion, id, source, type, time;  // percent-decoded; empty: not given
};
// The same event in structured mode. Refuses invalid-json when the body is not one JSON object.
Result<std::string> structured(const CloudEventHeaders& headers, std::string_view body);
// %41 -> A, as CloudEvents prescribes for header values; nothing for a broken escape.
std::optional<std::string> percentDecoded(std::string_view text);

// One answer line: {"seq":1,"leaf":"..."} or {"line":3,"refused":"...","message":"...","nearest":"..."}.
void putAnswerLine(std::string& out, std::uint64_t seq, std::string_view leafHex);
void putAnswerLine(std::string& out, std::size_t line, const Refusal& refusal);

// RFC 9457.
struct Problem {
  unsigned status = 500;
  std::string title;  // the refusal's code, or the status in words
  std::string detail;
  std::string nearest;
  std::chrono::milliseconds retryAfter{};
};
Problem problemOf(const Refusal& refusal);
std::string jsonOf(const Problem& problem);
std::string_view reasonPhraseOf(unsigned status);

}  // namespace lacuna
