#include "tools/arguments.h"

#include "ledger/base/civil.h"
#include "ledger/base/fault.h"
#include "ledger/base/limits.h"
#include "ledger/base/nearest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna::tool {
namespace {

constexpr std::string_view kLocalSocket = "./data/lacuna.sock";
constexpr std::string_view kSystemSocket = "/run/lacuna/lacuna.sock";
constexpr std::string_view kPersonForms =
    "PERSON is scheme:value (email:jan@example.nl), case:N, @FILE or - for standard input";

bool schemeValid(std::string_view scheme) {
  return !scheme.empty() && scheme.size() <= kNameBytesMax &&
         std::all_of(scheme.begin(), scheme.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

bool allDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string checkedPerson(std::string person) {
  const std::size_t colon = person.find(':');
  if (colon == std::string::npos || !schemeValid(std::string_view(person).substr(0, colon)) ||
      colon + 1 == person.size()) {
    throw UsageError(std::string(kPersonForms));
  }
  if (person.size() > kAliasBytesMax) {
    throw UsageError("PERSON is longer than " + std::to_string(kAliasBytesMax) + " bytes");
  }
  if (std::any_of(person.begin(), person.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    throw UsageError("PERSON holds a control character");
  }
  if (person.starts_with("case:") && !allDigits(std::string_view(person).substr(5))) {
    throw UsageError("a case is named by its number: case:12");
  }
  return person;
}

std::string onlyLine(std::istream& in) {
  std::string person;
  std::string line;
  std::size_t read = 0;
  while (std::getline(in, line)) {
    read += line.size() + 1;
    if (read > 4 * kAliasBytesMax) throw UsageError("PERSON is read from one short line");
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    if (!person.empty()) throw UsageError("PERSON is read from one line; there are more");
    person = line;
  }
  if (person.empty()) throw UsageError("PERSON is read from one line; there is none");
  return person;
}

bool isSocket(const char* path) {
  struct stat found {};
  return ::stat(path, &found) == 0 && S_ISSOCK(found.st_mode);
}

}  // namespace

std::string addressOf(std::string_view asked, const Environment& environment) {
  std::string address(asked);
  if (address.empty()) address = environment("LACUNA_CONNECT").value_or("");
  if (address.empty()) {
    address = isSocket(std::string(kLocalSocket).c_str()) ? kLocalSocket : kSystemSocket;
  }
  if (address.starts_with("unix:")) address.erase(0, 5);
  if (address.starts_with("tls:"))
    throw UsageError("tls: addresses come with a later version; use unix:PATH");
  if (address.empty())
    throw UsageError("the address is empty; it is unix:PATH or the path of a socket");
  constexpr std::size_t kSocketPathMax = 107;  // sun_path
  if (address.size() > kSocketPathMax)
    throw UsageError("the path of the socket is too long (107 bytes)");
  return address;
}

std::string personOf(std::string_view argument, std::istream& standardInput) {
  if (argument == "-") return checkedPerson(onlyLine(standardInput));
  if (argument.starts_with('@')) {
    std::ifstream file{std::string(argument.substr(1))};
    if (!file) throw UsageError("the file of PERSON cannot be read");
    return checkedPerson(onlyLine(file));
  }
  return checkedPerson(std::string(argument));
}

std::string timeOf(std::string_view option, std::string_view text) {
  if (text.empty() || dateOf(text) || instantOfRfc3339(text)) return std::string(text);
  throw UsageError(
      "--" + std::string(option) +
      " is a date (2020-05-01) or a time (2020-05-01T12:00:00Z, 2020-05-01T14:00:00+02:00)");
}

std::string timeOrSeqOf(std::string_view option, std::string_view text) {
  if (allDigits(text)) {
    numberOf("--" + std::string(option), text, UINT64_MAX);
    return std::string(text);
  }
  return timeOf(option, text);
}

std::string reasonOf(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kWords{"request:N", "support", "audit", "breach",
                                                          "other"};
  if (text.empty() || text == "support" || text == "audit" || text == "breach" || text == "other") {
    return std::string(text);
  }
  if (text.starts_with("request:") && allDigits(text.substr(8))) return std::string(text);
  if (text.starts_with("other:")) {
    if (text.size() > kReasonBytesMax) throw UsageError("--reason is too long");
    return std::string(text);
  }
  const std::string nearest(nearestOf(text, kWords));
  throw UsageError("--reason is request:N, support, audit, breach or other:TEXT" +
                   (nearest.empty() ? "" : "; nearest: " + nearest));
}

std::uint64_t numberOf(std::string_view what, std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!allDigits(text) || error != std::errc() || end != text.data() + text.size() ||
      number > most) {
    throw UsageError(std::string(what) + " is a whole number from 0 to " + std::to_string(most));
  }
  return number;
}

std::string oneOf(std::string_view what, std::string_view text,
                  std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), text) != known.end()) return std::string(text);
  std::string list;
  for (const std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  const std::string nearest(nearestOf(text, known));
  throw UsageError(std::string(what) + " is one of: " + list +
                   (nearest.empty() ? "" : "; nearest: " + nearest));
}

std::string contentOf(std::string_view what, const std::string& file, std::istream& standardInput,
                      std::size_t bytesMax) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) throw UsageError(std::string(what) + " cannot be opened");
  }
  std::istream& in = file == "-" ? standardInput : opened;
  std::string content;
  std::array<char, 65536> buffer;
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    content.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (content.size() > bytesMax) {
      throw UsageError(std::string(what) + " is larger than " + std::to_string(bytesMax) +
                       " bytes");
    }
  }
  if (in.bad()) throw UsageError(std::string(what) + " cannot be read");
  return content;
}

void writeFile(const std::string& file, std::string_view content, Readers readers) {
  const std::string beside = file + ".tmp" + std::to_string(::getpid());
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    // Before there is anything to read in it.
    if (out && readers == Readers::owner && ::chmod(beside.c_str(), S_IRUSR | S_IWUSR) != 0) {
      out.setstate(std::ios::failbit);
    }
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) {
      ::unlink(beside.c_str());
      throw Fault("the output file cannot be written");
    }
  }
  if (std::rename(beside.c_str(), file.c_str()) != 0) {
    ::unlink(beside.c_str());
    throw Fault("the output file cannot be put in its place");
  }
}

}  // namespace lacuna::tool
