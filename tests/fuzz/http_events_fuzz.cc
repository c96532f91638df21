// Any body at POST /v1/events. The first byte chooses the form. Properties: pieces lie inside the
// body, in order and without overlap; a list's bound holds; every answer line is JSON of one line;
// wrapping binary CloudEvents lets nothing out of "data".
#include "daemon/http/body.h"
#include "ledger/base/fault.h"
#include "ledger/base/limits.h"

#include <nlohmann/json.hpp>

namespace {

using namespace lacuna;

void checkLine(const std::string& line) {
  LACUNA_ASSERT(line.size() > 1 && line.find('\n') == line.size() - 1, "an answer of one line");
  // A refusal may quote the caller's ids: they must not break out of their string.
  LACUNA_ASSERT(nlohmann::json::accept(line), "an answer line is JSON");
}

void checkPieces(std::string_view body, const Pieces& pieces) {
  LACUNA_ASSERT(pieces.events.size() <= kBatchEventsMax, "more events than the bound");
  const char* at = body.data();
  for (const auto& piece : pieces.events) {
    LACUNA_ASSERT(piece.text.data() >= at, "pieces in order");
    at = piece.text.data() + piece.text.size();
    LACUNA_ASSERT(at <= body.data() + body.size(), "pieces inside the body");
    LACUNA_ASSERT(piece.line > 0, "lines count from 1");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static EventParser parser;  // as in the daemon, one parser reads many events
  const std::string_view body = textOf(ByteView(data + 1, size - 1));
  const unsigned choice = data[0] % 5;

  if (choice == 4) {
    const CloudEventHeaders headers{"1.0", "e-1", "/crm", "nl.example.use", ""};
    const auto event = structured(headers, body);
    if (!event) return 0;
    const auto parsed = nlohmann::json::parse(*event, nullptr, false);
    if (parsed.is_object()) {
      LACUNA_ASSERT(parsed.size() == 5 && parsed["id"] == "e-1", "data stays inside data");
    }
    (void)parser.parse(*event);
    return 0;
  }
  const auto pieces = split(static_cast<BodyForm>(choice), body);
  if (!pieces) {
    LACUNA_ASSERT(nlohmann::json::accept(jsonOf(problemOf(pieces.refusal()))), "a problem is JSON");
    return 0;
  }
  checkPieces(body, *pieces);
  for (const auto& piece : pieces->events) {
    std::string line;
    const auto event = parser.parse(piece.text);
    if (event) {
      putAnswerLine(line, 7, std::string(64, 'a'));
    } else {
      putAnswerLine(line, piece.line, event.refusal());
    }
    checkLine(line);
  }
  return 0;
}
