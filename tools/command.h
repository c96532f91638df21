// What a command is, and how a command line finds one.
#pragma once

#include "tools/console.h"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::tool {

// One call of a command: its arguments, read and counted.
class Invocation {
 public:
  Invocation(Console& out, const boost::program_options::variables_map& options,
             std::vector<std::string> given, std::string connect, const Environment& environment)
      : console(out),
        words(std::move(given)),
        options_(options),
        connect_(std::move(connect)),
        environment_(environment) {}

  Console& console;
  const std::vector<std::string>
      words;  // what stands without an option; within the command's bounds

  std::string text(const char* option) const;  // empty when not given
  std::vector<std::string> list(const char* option) const;
  bool flag(const char* option) const { return options_.count(option) > 0; }
  std::string address() const { return addressOf(connect_, environment_); }

 private:
  const boost::program_options::variables_map& options_;
  std::string connect_;
  const Environment& environment_;
};

struct Command {
  std::string_view name;      // "submit", "register apply"
  std::string_view synopsis;  // what follows the name
  std::string_view summary;   // one line
  std::string_view details;   // paragraphs and examples, for --help
  std::size_t wordsMin, wordsMax;
  void (*describe)(
      boost::program_options::options_description& options);  // null: no options of its own
  Exit (*run)(Invocation& call);
};

// Every command, in the order in which --help shows them.
std::span<const Command> commands();

// Reads the command line (without the program's name) and runs it. Never throws.
Exit run(const std::vector<std::string>& arguments, Surroundings& around);

// Options shared by several commands.
void describeReason(boost::program_options::options_description& options);

}  // namespace lacuna::tool
