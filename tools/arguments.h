// What stands on a command line, read strictly: addresses, persons, times, reasons, numbers.
//
// Everything here throws UsageError with a sentence that never quotes a person.
#pragma once

#include "tools/exit.h"

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::tool {

using Environment = std::function<std::optional<std::string>(const char* name)>;

// Where the daemon listens: what was asked for, else $LACUNA_CONNECT, else ./data/lacuna.sock if it is
// there, else /run/lacuna/lacuna.sock. "unix:PATH" and a bare path mean the same. The answer is a path.
std::string addressOf(std::string_view asked, const Environment& environment);

// PERSON: `scheme:value`, `case:N`, `@FILE` or `-`; a file and standard input hold exactly one line.
std::string personOf(std::string_view argument, std::istream& standardInput);

// T: RFC 3339 or a date. Handed on as typed, because a date is read in the controller's zone.
std::string timeOf(std::string_view option, std::string_view text);
std::string timeOrSeqOf(std::string_view option, std::string_view text);

// request:N, support, audit, breach, other, other:TEXT.
std::string reasonOf(std::string_view text);

std::uint64_t numberOf(std::string_view what, std::string_view text, std::uint64_t most);

// One of a closed list, else UsageError with the nearest.
std::string oneOf(std::string_view what, std::string_view text,
                  std::span<const std::string_view> known);

// A whole file, or standard input for "-", of at most `bytesMax`. `what` names it in the sentence.
std::string contentOf(std::string_view what, const std::string& file, std::istream& standardInput,
                      std::size_t bytesMax);
// Written whole or not at all: beside the file, then renamed. Throws Fault.
enum class Readers : bool { asUsual, owner };  // asUsual: whoever the umask lets read
void writeFile(const std::string& file, std::string_view content,
               Readers readers = Readers::asUsual);

}  // namespace lacuna::tool
