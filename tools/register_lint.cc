// lacuna register lint: what a register shows to be missing, with the article that asks for it.
#include "ledger/register/lint.h"
#include "tools/commands.h"
#include "tools/register_source.h"

#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 7> kColumns{"severity", "article", "code",   "kind",
                                                   "id",       "line",    "message"};
using Counts = std::array<std::size_t, 3>;  // by Severity

std::string shownWord(Severity severity, Language language) {
  constexpr std::array<std::string_view, 3> dutch{"hiaat", "waarschuwing", "opmerking"};
  return std::string(in(language, nameOf(severity), dutch[static_cast<std::size_t>(severity)]));
}

Json jsonOf(const LintFinding& finding, Language language) {
  Json out{{"severity", nameOf(finding.severity)},
           {"article", finding.article},
           {"code", finding.code},
           {"kind", finding.kind},
           {"id", finding.id}};
  if (finding.line != 0) out["line"] = finding.line;
  out["message"] = in(language, finding.sentence.en, finding.sentence.nl);
  return out;
}

Table tableOf(const std::vector<LintFinding>& findings, Format format, Language language) {
  const bool forPeople = format == Format::table;  // else for programs: words never change
  Table table;
  for (const std::string_view column : kColumns)
    table.headings.push_back(forPeople ? headingOf(column, language) : std::string(column));
  for (const LintFinding& f : findings) {
    table.rows.push_back(
        {forPeople ? shownWord(f.severity, language) : std::string(nameOf(f.severity)), f.article,
         f.code, f.kind, f.id, f.line == 0 ? "" : std::to_string(f.line),
         std::string(in(language, f.sentence.en, f.sentence.nl))});
  }
  return table;
}

std::string summaryOf(const Counts& counts, Language language) {
  const auto part = [&](std::size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  if (language == Language::nl) {
    return part(counts[0], "hiaat", "hiaten") + ", " +
           part(counts[1], "waarschuwing", "waarschuwingen") + ", " +
           part(counts[2], "opmerking", "opmerkingen");
  }
  return part(counts[0], "gap", "gaps") + ", " + part(counts[1], "warning", "warnings") + ", " +
         part(counts[2], "note", "notes");
}

void show(Console& console, const ShownRegister& shown, Date on,
          const std::vector<LintFinding>& findings, const Counts& counts) {
  if (console.json()) {
    Json out{{"of", shown.about},     {"on", lacuna::textOf(on)}, {"gaps", counts[0]},
             {"warnings", counts[1]}, {"notes", counts[2]},       {"findings", Json::array()}};
    for (const LintFinding& finding : findings)
      out["findings"].push_back(jsonOf(finding, console.language()));
    console.out() << out.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return;
  }
  const bool forPeople = console.format() == Format::table;
  if (forPeople) {
    console.out() << printable(shown.name) << console.say(", on ", ", op ") << lacuna::textOf(on)
                  << ": " << summaryOf(counts, console.language()) << '\n';
    if (findings.empty()) return;
    console.out() << '\n';
  }
  console.showTable(tableOf(findings, console.format(), console.language()));
}

}  // namespace

void describeRegisterLint(po::options_description& options) {
  options.add_options()  //
      ("as-of", po::value<std::string>()->value_name("T|VERSION"),
       "the register that was in force at T, and what stood on that day; of a FILE the day "
       "alone")  //
      ("strict", "exit 1 if there is a gap or a warning; notes do not count");
}

Exit registerLint(Invocation& call) {
  const std::string asOf = timeOrSeqOf("as-of", call.text("as-of"));
  const std::string file = call.words.empty() ? "" : call.words[0];
  const auto shown = registerAsked(call, file, asOf);
  if (!shown) return call.console.refuse(shown.refusal());
  const Date on = dayOf(asOf, *shown->reg);
  const std::vector<LintFinding> findings = lint(*shown->reg, on);
  Counts counts{};
  for (const LintFinding& finding : findings) ++counts[static_cast<std::size_t>(finding.severity)];
  show(call.console, *shown, on, findings, counts);
  if (!call.flag("strict") || counts[0] + counts[1] == 0) return Exit::done;
  call.console.warn(summaryOf(counts, call.console.language()));
  return Exit::refused;
}

}  // namespace lacuna::tool
