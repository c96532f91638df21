// Where a command reads and writes, and how it says no.
#pragma once

#include "ledger/base/result.h"
#include "tools/arguments.h"
#include "tools/exit.h"
#include "tools/render.h"

#include <chrono>
#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::tool {

// What the process has around it; tests give strings.
struct Surroundings {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Environment environment;
  int inFd = 0;  // the same as `in`, for commands that stream it
  bool errIsTerminal = false;
};

// The outside of one command: answers on `out` in the form asked for, everything else on `err`.
class Console {
 public:
  Console(Surroundings& around, Format format, Language language)
      : around_(around), format_(format), language_(language) {}

  Format format() const { return format_; }
  Language language() const { return language_; }
  bool json() const { return format_ == Format::json; }
  std::string_view say(std::string_view en, std::string_view nl) const {
    return lacuna::tool::in(language_, en, nl);
  }
  std::istream& in() { return around_.in; }
  std::ostream& out() { return around_.out; }
  std::ostream& err() { return around_.err; }
  int inFd() const { return around_.inFd; }

  // Answers. `json` texts come from the daemon and are shown verbatim with --json.
  Exit showObject(const std::string& json);
  // `columns`: what a csv has in any case, first and in this order, also when there is no line.
  Exit showLines(const std::vector<std::string>& json,
                 std::span<const std::string_view> columns = {});
  void showTable(const Table& table);  // table or csv

  // One line on stderr; with --json also one object on stdout.
  Exit refuse(const Refusal& refusal);
  Exit fault(std::string_view sentence);
  void warn(std::string_view sentence);

  // A line that is overwritten; only where a person looks on, and at most ten a second.
  void progress(std::string_view line);
  void endProgress();

 private:
  Surroundings& around_;
  Format format_;
  Language language_;
  bool progressShown_ = false;
  std::size_t progressWidth_ = 0;
  std::chrono::steady_clock::time_point progressAt_{};
};

Json parsedAnswer(const std::string& json);  // throws Fault when it is none
std::string jsonOf(const Refusal& refusal);  // {"refused":..,"message":..[,"nearest":..]}

}  // namespace lacuna::tool
