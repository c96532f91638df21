#include "tools/commands.h"
#include "tools/reading.h"

#include <array>
#include <thread>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 8> kColumns{"seq",   "at",      "recordedAt", "kind",
                                                   "class", "purpose", "flag",       "detail"};
constexpr int kBusyTriesMax = 50;
constexpr std::chrono::milliseconds kBusyPause{200};

struct Asked {
  std::string since, reason;
  bool persons = false;
};

struct Page {
  std::vector<std::string> lines;
  std::uint64_t next = 0, seen = 0, of = 0;
};

Result<Page> pageOf(Loop& loop, wire::Officer::Client& officer, const Asked& asked,
                    std::uint64_t from) {
  auto request = officer.flagsRequest();
  request.setSince(ptrOf(asked.since));
  request.setReason(ptrOf(asked.reason));
  request.setPersons(asked.persons);
  request.setFrom(from);
  auto answer = request.send().wait(loop.wait());
  if (answer.isRefusal()) return refusalOf(answer.getRefusal());
  KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
  const auto ok = answer.getOk();
  Result<std::vector<std::string>> lines = linesOf(loop, ok.getLines());
  if (!lines) return lines.refusal();
  return Page{std::move(*lines), ok.getNext(), ok.getSeen(), ok.getOf()};
}

// Something of a page was erased while it was read, or too much waits: the same page again.
Result<Page> pageInTheEnd(Loop& loop, wire::Officer::Client& officer, const Asked& asked,
                          std::uint64_t from) {
  for (int tries = 1;; ++tries) {
    Result<Page> page = pageOf(loop, officer, asked, from);
    if (page || page.refusal().code != RefusalCode::busy || tries == kBusyTriesMax) return page;
    std::this_thread::sleep_for(kBusyPause);
  }
}

// A page of the answer; of a csv the headings stand above the first alone.
enum class Place : bool { first, further };
void show(Console& console, const std::vector<std::string>& lines,
          std::span<const std::string_view> columns, Place place) {
  if (console.format() == Format::json) {
    for (const std::string& line : lines) console.out() << line << '\n';
    return;
  }
  std::vector<Json> objects;
  objects.reserve(lines.size());
  for (const std::string& line : lines) objects.push_back(parsedAnswer(line));
  if (console.format() == Format::table) {
    if (!objects.empty()) console.out() << textOf(tableOf(objects, console.language()));
    return;
  }
  std::string text = csvOf(tableOf(objects, std::nullopt, columns));
  if (place == Place::further) text.erase(0, text.find("\r\n") + 2);
  console.out() << text;
}

}  // namespace

void describeFlags(po::options_description& options) {
  options.add_options()  //
      ("since", po::value<std::string>()->value_name("T"),
       "only of what happened at T or later: RFC 3339, or a date")  //
      ("persons", "say whose event it is: a recorded reading of every person named");
  describeReason(options);
}

// Page by page: nothing is kept but the page that is shown.
Exit flags(Invocation& call) {
  const Asked asked{timeOf("since", call.text("since")), reasonOf(call.text("reason")),
                    call.flag("persons")};
  std::vector<std::string_view> columns(kColumns.begin(), kColumns.end());
  if (asked.persons) columns.emplace_back("person");
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    std::uint64_t from = 0;
    do {
      const Result<Page> page = pageInTheEnd(loop, officer, asked, from);
      if (!page) return call.console.refuse(page.refusal());
      call.console.endProgress();
      show(call.console, page->lines, columns, from == 0 ? Place::first : Place::further);
      call.console.progress("looked at " + std::to_string(page->seen) + " of " +
                            std::to_string(page->of));
      from = page->next;
    } while (from != 0);
    call.console.endProgress();
    return Exit::done;
  });
}

}  // namespace lacuna::tool
