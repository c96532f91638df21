#include "daemon/http/body.h"

#include "ledger/base/limits.h"

#include <algorithm>

namespace lacuna {
namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Refusal notJson(std::string_view why) { return {RefusalCode::invalidJson, std::string(why)}; }

Refusal tooManyEvents() {
  return {RefusalCode::tooMany,
          "A request has at most " + std::to_string(kBatchEventsMax) + " events."};
}

// Where the JSON value that starts at `at` ends, by its brackets and strings alone: whether it is
// well-formed is the parser's question. A value of another kind ends before , ] } or white space.
std::size_t endOfValue(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  bool inString = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (inString) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        inString = false;
        if (depth == 0) return at + 1;
      }
      continue;
    }
    if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || isSpace(c))) {
      return at;
    }
  }
  return text.size();
}

Result<Pieces> splitLines(std::string_view body) {
  Pieces out;
  for (std::size_t line = 1; !body.empty(); ++line) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view text = trimmed(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (text.empty()) continue;
    if (out.events.size() == kBatchEventsMax) return tooManyEvents();
    out.events.push_back({line, text});
  }
  if (out.events.empty()) return notJson("The body has no event.");
  return out;
}

// Needs: `list` starts with '['.
Result<Pieces> splitList(std::string_view list) {
  Pieces out;
  std::size_t at = 1;
  const auto skipSpace = [&]() {
    while (at < list.size() && isSpace(list[at])) ++at;
  };
  skipSpace();
  if (at < list.size() && list[at] == ']') {
    if (++at != list.size()) return notJson("Something follows the list of events.");
    return out;
  }
  while (true) {
    skipSpace();
    const std::size_t start = at;
    at = endOfValue(list, at);
    if (out.events.size() == kBatchEventsMax) return tooManyEvents();
    out.events.push_back({out.events.size() + 1, list.substr(start, at - start)});
    skipSpace();
    if (at >= list.size()) return notJson("The list of events does not end.");
    const char c = list[at++];
    if (c == ']') break;
    if (c != ',') return notJson("The list of events is not separated by commas.");
  }
  if (at != list.size()) return notJson("Something follows the list of events.");
  return out;
}

bool isOneObject(std::string_view text) {
  return !text.empty() && text.front() == '{' && endOfValue(text, 0) == text.size();
}

}  // namespace

std::optional<BodyForm> bodyFormOf(std::string_view contentType) {
  std::string type = lowered(contentType);
  std::string parameters;
  if (const auto semicolon = type.find(';'); semicolon != std::string::npos) {
    parameters = trimmed(std::string_view(type).substr(semicolon + 1));
    type.resize(semicolon);
  }
  type = std::string(trimmed(type));
  if (!parameters.empty() && parameters != "charset=utf-8" && parameters != "charset=\"utf-8\"") {
    return std::nullopt;
  }
  if (type.empty() || type == "application/x-ndjson" || type == "application/jsonl" ||
      type == "application/x-jsonlines" || type == "application/x-www-form-urlencoded") {
    return BodyForm::jsonLines;
  }
  if (type == "application/json") return BodyForm::json;
  if (type == "application/cloudevents+json") return BodyForm::cloudEvent;
  if (type == "application/cloudevents-batch+json") return BodyForm::cloudEventBatch;
  return std::nullopt;
}

Result<Pieces> split(BodyForm form, std::string_view body) {
  const std::string_view text = trimmed(body);
  switch (form) {
    case BodyForm::jsonLines:
      return splitLines(body);
    case BodyForm::cloudEventBatch:
      if (text.empty() || text.front() != '[') {
        return notJson("A batch of CloudEvents is a JSON list.");
      }
      return splitList(text);
    case BodyForm::cloudEvent:
      if (!isOneObject(text)) return notJson("The body is not one JSON object.");
      return Pieces{{{1, text}}, true};
    case BodyForm::json:
      if (!text.empty() && text.front() == '[') return splitList(text);
      if (isOneObject(text)) return Pieces{{{1, text}}, false};
      return splitLines(body);
  }
  throwBug(__FILE__, __LINE__, "form", "a body of no form");
}

Result<std::string> structured(const CloudEventHeaders& headers, std::string_view body) {
  const std::string_view data = trimmed(body);
  // One object by its brackets: so nothing in it can reach outside "data" below.
  if (!isOneObject(data)) return notJson("The data of a CloudEvent must be one JSON object.");
  std::string out = "{\"specversion\":";
  putJsonString(out, headers.specversion);
  const auto attribute = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out.append(",\"").append(name).append("\":");
    putJsonString(out, value);
  };
  attribute("id", headers.id);
  attribute("source", headers.source);
  attribute("type", headers.type);
  attribute("time", headers.time);
  out.append(",\"data\":").append(data).append("}");
  return out;
}

std::optional<std::string> percentDecoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out.push_back(text[at]);
      continue;
    }
    const auto byte = bytesOfHex(text.substr(at + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out.push_back(static_cast<char>(byte->front()));
    at += 2;
  }
  return out;
}

void putAnswerLine(std::string& out, std::uint64_t seq, std::string_view leafHex) {
  out.append("{\"seq\":").append(std::to_string(seq));
  out.append(",\"leaf\":\"").append(leafHex).append("\"}\n");
}

void putAnswerLine(std::string& out, std::size_t line, const Refusal& refusal) {
  out.append("{\"line\":").append(std::to_string(line)).append(",\"refused\":");
  putJsonString(out, nameOf(refusal.code));
  out.append(",\"message\":");
  putJsonString(out, refusal.message);
  if (!refusal.nearest.empty()) {
    out.append(",\"nearest\":");
    putJsonString(out, refusal.nearest);
  }
  if (refusal.retryAfter.count() > 0) {
    out.append(",\"retryAfterMs\":").append(std::to_string(refusal.retryAfter.count()));
  }
  out.append("}\n");
}

Problem problemOf(const Refusal& refusal) {
  Problem out;
  out.title = nameOf(refusal.code);
  out.detail = refusal.message;
  out.nearest = refusal.nearest;
  out.retryAfter = refusal.retryAfter;
  switch (refusal.code) {
    case RefusalCode::busy:
      out.status = 429;
      break;
    case RefusalCode::wrongRole:
    case RefusalCode::wrongSystem:
      out.status = 403;
      break;
    case RefusalCode::erased:
      out.status = 410;
      break;
    case RefusalCode::idReused:
      out.status = 409;
      break;
    case RefusalCode::tooLarge:
      out.status = 413;
      break;
    default:
      out.status = 422;
  }
  return out;
}

std::string jsonOf(const Problem& problem) {
  const bool refused = refusalCodeOf(problem.title).has_value();
  std::string out = "{\"type\":";
  putJsonString(out, refused ? "urn:lacuna:refused:" + problem.title : "about:blank");
  out.append(",\"title\":");
  putJsonString(out, problem.title);
  out.append(",\"status\":").append(std::to_string(problem.status));
  out.append(",\"detail\":");
  putJsonString(out, problem.detail);
  if (refused) {
    out.append(",\"refused\":");
    putJsonString(out, problem.title);
  }
  if (!problem.nearest.empty()) {
    out.append(",\"nearest\":");
    putJsonString(out, problem.nearest);
  }
  if (problem.retryAfter.count() > 0) {
    out.append(",\"retryAfterMs\":").append(std::to_string(problem.retryAfter.count()));
  }
  out.append("}\n");
  return out;
}

std::string_view reasonPhraseOf(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace lacuna
