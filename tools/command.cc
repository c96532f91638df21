#include "tools/command.h"

#include "ledger/base/fault.h"
#include "ledger/base/nearest.h"
#include "tools/connection.h"
#include "tools/version.h"

#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>
#include <kj/exception.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 3> kGlobalsWithValue{"--connect", "--format", "--lang"};
constexpr std::array<std::string_view, 3> kFormats{"table", "json", "csv"};
constexpr std::array<std::string_view, 2> kLanguages{"en", "nl"};

po::options_description globalOptions() {
  po::options_description options("Options of every command");
  options.add_options()  //
      ("connect", po::value<std::string>()->value_name("ADDRESS"),
       "unix:PATH of the daemon's socket")                                       //
      ("json", "the same as --format json: one document, or one object a line")  //
      ("format", po::value<std::string>()->value_name("table|json|csv"),
       "form of the answer; table unless given (csv has the names of fields as headings)")  //
      ("lang", po::value<std::string>()->value_name("nl|en"),
       "language of headings, labels and sentences; en unless given (help and usage are "
       "English)")             //
      ("help,h", "this text")  //
      ("version", "the version of this program");
  return options;
}

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 refused, 2 usage, 3 fault, sealed after one, or unreachable,\n"
    "            4 verification failed, 5 overdue, 6 accepted and not finished\n";

constexpr std::string_view kAddresses =
    "ADDRESS is unix:PATH. Without --connect: $LACUNA_CONNECT, else ./data/lacuna.sock if it is "
    "there,\n"
    "else /run/lacuna/lacuna.sock.\n";

// The second words of a group of commands, such as "register"; empty when it is no group.
std::vector<std::string_view> secondWords(std::string_view group) {
  std::vector<std::string_view> out;
  for (const Command& command : commands()) {
    const std::size_t space = command.name.find(' ');
    if (space != std::string_view::npos && command.name.substr(0, space) == group) {
      out.push_back(command.name.substr(space + 1));
    }
  }
  return out;
}

const Command* commandNamed(std::string_view name) {
  for (const Command& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

// Where the next word that is no option, and no value of a global one, stands.
std::size_t nextWord(const std::vector<std::string>& arguments, std::size_t from) {
  for (std::size_t i = from; i < arguments.size(); ++i) {
    if (arguments[i] == "--") break;
    if (arguments[i].size() < 2 || arguments[i][0] != '-') return i;
    const bool takesNext = std::find(kGlobalsWithValue.begin(), kGlobalsWithValue.end(),
                                     arguments[i]) != kGlobalsWithValue.end();
    if (takesNext) ++i;
  }
  return arguments.size();
}

struct Found {
  const Command* command = nullptr;
  std::string group;                   // "register" alone
  std::vector<std::string> arguments;  // without the words of the command
};

[[noreturn]] void unknownCommand(const std::string& word) {
  std::vector<std::string_view> known;
  for (const Command& command : commands()) {
    known.push_back(command.name.substr(0, command.name.find(' ')));
  }
  const std::string nearest(nearestOf(word, known));
  throw UsageError("there is no command '" + word + "'" +
                   (nearest.empty() ? "" : "; nearest: " + nearest) + "; see: lacuna --help");
}

Found findCommand(const std::vector<std::string>& arguments) {
  Found found{nullptr, "", arguments};
  const auto take = [&](std::size_t at) {
    std::string word = found.arguments[at];
    found.arguments.erase(found.arguments.begin() + static_cast<std::ptrdiff_t>(at));
    return word;
  };
  const std::size_t at = nextWord(found.arguments, 0);
  if (at == found.arguments.size()) return found;
  const std::string first = take(at);
  found.command = commandNamed(first);
  if (found.command != nullptr) return found;
  const auto seconds = secondWords(first);
  if (seconds.empty()) unknownCommand(first);
  const std::size_t then = nextWord(found.arguments, at);
  if (then == found.arguments.size()) {
    found.group = first;
    return found;
  }
  const std::string second = take(then);
  found.command = commandNamed(first + " " + second);
  if (found.command == nullptr) oneOf("what follows '" + first + "'", second, seconds);
  return found;
}

std::string overview() {
  std::ostringstream out;
  out << "lacuna: an audit ledger for personal data, from the command line\n\n"
         "  lacuna [--connect ADDRESS] [--json | --format table|json|csv] [--lang nl|en] "
         "COMMAND\n\n";
  for (const Command& command : commands()) {
    out << "  " << command.name
        << std::string(command.name.size() < 18 ? 18 - command.name.size() : 1, ' ')
        << command.summary << '\n';
  }
  out << "\nEvery command explains itself: lacuna COMMAND --help\n\n"
      << globalOptions() << '\n'
      << kAddresses << kExitCodes;
  return out.str();
}

std::string helpOf(const Found& found) {
  if (found.command == nullptr && found.group.empty()) return overview();
  std::ostringstream out;
  if (found.command == nullptr) {
    for (const std::string_view second : secondWords(found.group)) {
      const Command* command = commandNamed(found.group + " " + std::string(second));
      out << "  lacuna " << command->name << ' ' << command->synopsis << "\n      "
          << command->summary << '\n';
    }
    return out.str();
  }
  const Command& command = *found.command;
  out << "lacuna " << command.name << ' ' << command.synopsis << "\n\n"
      << command.summary << ".\n\n"
      << command.details << '\n';
  if (command.describe != nullptr) {
    po::options_description own("Options");
    command.describe(own);
    out << own << '\n';
  }
  out << globalOptions() << '\n' << kExitCodes;
  return out.str();
}

// Boost's sentence, with the nearest option when one was misspelt.
[[noreturn]] void usageOf(const po::error& error, const po::options_description& known) {
  std::string sentence = error.what();
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&error)) {
    std::vector<std::string> names;
    for (const auto& option : known.options()) {
      if (option->long_name() != "words") names.push_back("--" + option->long_name());
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string nearest(nearestOf(unknown->get_option_name(), views));
    if (!nearest.empty()) sentence += "; nearest: " + nearest;
  }
  throw UsageError(sentence);
}

po::variables_map parse(const Found& found) {
  po::options_description all = globalOptions();
  if (found.command != nullptr && found.command->describe != nullptr) found.command->describe(all);
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positions;
  positions.add("words", -1);
  po::variables_map options;
  try {
    // No guessing: a script's "--k" must not change its meaning when an option is added.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(found.arguments)
                  .options(all)
                  .positional(positions)
                  .style(style)
                  .run(),
              options);
  } catch (const po::error& error) {
    usageOf(error, all);
  }
  return options;
}

std::string textIn(const po::variables_map& options, const char* name) {
  return options.count(name) > 0 ? options[name].as<std::string>() : std::string();
}

Format formatOf(const po::variables_map& options) {
  const std::string asked = textIn(options, "format");
  if (!asked.empty()) oneOf("--format", asked, kFormats);
  if (options.count("json") > 0) {
    if (!asked.empty() && asked != "json")
      throw UsageError("--json and --format " + asked + " exclude each other");
    return Format::json;
  }
  if (asked == "json") return Format::json;
  return asked == "csv" ? Format::csv : Format::table;
}

Language languageOf(const po::variables_map& options) {
  const std::string asked = textIn(options, "lang");
  if (!asked.empty()) oneOf("--lang", asked, kLanguages);
  return asked == "nl" ? Language::nl : Language::en;
}

std::vector<std::string> wordsOf(const Found& found, const po::variables_map& options) {
  std::vector<std::string> words;
  if (options.count("words") > 0) words = options["words"].as<std::vector<std::string>>();
  const Command& command = *found.command;
  if (words.size() < command.wordsMin || words.size() > command.wordsMax) {
    throw UsageError((words.size() < command.wordsMin ? "something is missing: lacuna "
                                                      : "too much is given: lacuna ") +
                     std::string(command.name) + " " + std::string(command.synopsis));
  }
  return words;
}

Exit runCommand(const Command& command, Invocation& call) {
  try {
    return command.run(call);
  } catch (const UsageError&) {
    throw;
  } catch (const kj::Exception& exception) {
    return call.console.fault(sentenceOf(exception));
  } catch (const std::exception& exception) {  // Fault, Bug, out of memory
    return call.console.fault(exception.what());
  }
}

Exit runFound(const Found& found, Surroundings& around) {
  const po::variables_map options = parse(found);
  if (options.count("version") > 0) {
    around.out << "lacuna " << kVersion << '\n';
    return Exit::done;
  }
  if (options.count("help") > 0) {
    around.out << helpOf(found);
    return Exit::done;
  }
  if (found.command == nullptr && found.group.empty()) {
    throw UsageError("there is no command; see: lacuna --help");
  }
  if (found.command == nullptr) {
    std::string list;
    for (const auto second : secondWords(found.group))
      list += (list.empty() ? "" : ", ") + std::string(second);
    throw UsageError("'" + found.group + "' is followed by one of: " + list);
  }
  Console console(around, formatOf(options), languageOf(options));
  Invocation call(console, options, wordsOf(found, options), textIn(options, "connect"),
                  around.environment);
  const Exit exit = runCommand(*found.command, call);
  console.endProgress();
  return exit;
}

}  // namespace

std::string Invocation::text(const char* option) const { return textIn(options_, option); }

std::vector<std::string> Invocation::list(const char* option) const {
  if (options_.count(option) == 0) return {};
  return options_[option].as<std::vector<std::string>>();
}

Exit run(const std::vector<std::string>& arguments, Surroundings& around) {
  Exit exit = Exit::usage;
  try {
    exit = runFound(findCommand(arguments), around);
  } catch (const UsageError& error) {
    around.err << "lacuna: usage: " << printable(error.what()) << '\n';
  } catch (const std::exception& error) {
    around.err << "lacuna: fault: " << printable(error.what()) << '\n';
    exit = Exit::fault;
  }
  around.out.flush();
  if (!around.out) {
    around.err << "lacuna: fault: the output cannot be written\n";
    exit = Exit::fault;
  }
  return exit;
}

void describeReason(po::options_description& options) {
  options.add_options()(
      "reason", po::value<std::string>()->value_name("WHY"),
      "request:N, support, audit, breach or other:TEXT; recorded in the person's history "
      "(without it: unstated, which is flagged)");
}

}  // namespace lacuna::tool
