#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {
namespace {

// Of a csv: what every event has, and what most have.
constexpr std::array<std::string_view, 20> kColumns{
    "seq",       "leaf",      "at",     "recordedAt", "kind",   "system", "class",
    "period",    "purpose",   "basis",  "operation",  "state",  "form",   "categories",
    "recipient", "safeguard", "source", "notice",     "reason", "flags"};

// What distinguishes an event of its kind, in one cell.
std::string whatOf(const Json& event, Language language) {
  std::string out;
  for (const char* field : {"operation", "right", "state", "form", "recipient", "how", "notice",
                            "step", "ground", "reason"}) {
    if (!event.contains(field)) continue;
    const std::string cell = cellOf(event[field], language);
    if (cell.empty()) continue;
    if (!out.empty()) out += ' ';
    out += cell;
  }
  return out;
}

Table historyTable(const std::vector<std::string>& lines, Language language) {
  constexpr std::array kFields{"seq",   "at",         "kind",   "what", "purpose",
                               "class", "categories", "system", "flags"};
  Table table;
  for (const char* field : kFields) table.headings.push_back(headingOf(field, language));
  for (const std::string& line : lines) {
    const Json event = parsedAnswer(line);
    auto& row = table.rows.emplace_back();
    for (const std::string_view field : kFields) {
      if (field == "what") {
        row.push_back(whatOf(event, language));
      } else {
        row.push_back(event.contains(field) ? cellOf(event[std::string(field)], language)
                                            : std::string());
      }
    }
  }
  return table;
}

}  // namespace

Exit history(Invocation& call) {
  const Reading reading = readingOf(call);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.historyRequest();
    fill(reading, request.initRequest());
    const auto lines = askLines(loop, kj::mv(request));
    if (!lines) return call.console.refuse(lines.refusal());
    if (call.console.format() != Format::table) return call.console.showLines(*lines, kColumns);
    call.console.showTable(historyTable(*lines, call.console.language()));
    return Exit::done;
  });
}

}  // namespace lacuna::tool
