#include "daemon/server/config.h"

#include "daemon/ledger_service.h"
#include "daemon/server/version.h"
#include "ledger/base/limits.h"
#include "ledger/net/http_client.h"
#include "ledger/record/bodies.h"

#include <boost/program_options.hpp>

#include <arpa/inet.h>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace lacuna {
namespace {

namespace po = boost::program_options;

constexpr std::chrono::milliseconds kCheckpointIntervalMin{10};
constexpr std::chrono::milliseconds kCheckpointIntervalMax{60'000};
constexpr std::size_t kOriginBytesMax = 128;

constexpr const char* kUsage =
    "lacunad - keeps the ledger of DIR and answers on DIR/lacuna.sock\n"
    "\n"
    "  lacunad --data DIR [OPTION]...\n"
    "\n"
    "A DIR that is empty or absent becomes a new ledger; one that holds other things is refused.\n"
    "\n";

constexpr const char* kExamples =
    "\nEvery option can also stand in the file of --config (name=value) and in the environment\n"
    "(--key-holder is LACUNA_KEY_HOLDER, and so on). The command line wins, then the environment.\n"
    "\n"
    "Examples\n"
    "  lacunad --data /var/lib/lacuna --origin ledger.example.nl\n"
    "  lacunad --data ./data --http 127.0.0.1:8080\n"
    "  lacunad --data ./data --witness-policy witnesses.txt\n"
    "  lacunad --data ./data --key-holder /mnt/second/keys\n"
    "  lacunad --data ./data --key-holder /mnt/second/keys --rebuild-keys\n"
    "  lacunad --config /etc/lacuna/lacunad.conf\n"
    "\n"
    "Exit codes\n"
    "  0  stopped by SIGTERM or SIGINT, with everything answered that was taken\n"
    "  1  refused to start, for a reason that somebody has to decide: another daemon runs on DIR "
    "or\n"
    "     listens there, DIR holds other things, keys/ or root.ks is missing or foreign, the log "
    "is\n"
    "     older than what was signed or damaged, another origin, --http is taken\n"
    "  2  usage: the command line, the environment or the file of --config is wrong\n"
    "  3  fault: the machine stands against it (a full, read-only or failing disk, a missing "
    "right),\n"
    "     at the start or later\n"
    "A start that fails leaves no ledger behind where there was none.\n";

po::options_description optionsOf() {
  po::options_description options("Options");
  // clang-format off
  options.add_options()
      ("data", po::value<std::string>()->value_name("DIR"),
       "the ledger's directory (required)")
      ("origin", po::value<std::string>()->value_name("NAME"),
       "name of a new ledger in its checkpoints; of an old one it must be the same")
      ("config", po::value<std::string>()->value_name("FILE"), "read options from this file too")
      ("listen", po::value<std::string>()->value_name("ADDRESS"),
       "unix:PATH for Cap'n Proto RPC (default unix:DIR/lacuna.sock)")
      ("http", po::value<std::string>()->value_name("HOST:PORT"),
       "also serve HTTP on this loopback address (always on DIR/http.sock)")
      ("key-holder", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
       "a further key holder, on another disk (repeatable): an erasure is complete when all have "
       "destroyed their keys; an empty DIR becomes a new one")
      ("allow-weak-erasure", po::bool_switch(),
       "erase even where the file system keeps old copies of the root key")
      ("accept-lost-tail", po::bool_switch(),
       "open a log that is older than its keys: its records after the last one here are lost for "
       "good; on the command line only")
      ("rebuild-keys", po::bool_switch(),
       "DIR/keys is lost: make it anew from the newest --key-holder; on the command line only")
      ("recover-keys", po::bool_switch(),
       "the keys are behind the log and no newer ones are left: what the log says died is destroyed "
       "again before anything is served; on the command line only")
      ("checkpoint", po::value<std::vector<std::string>>()->composing()->value_name("FILE"),
       "a checkpoint kept elsewhere (repeatable): a log or keys older than it are refused")
      ("witness-policy", po::value<std::string>()->value_name("FILE"),
       "a C2SP policy: its witnesses with a URL are shown the checkpoints, and the checkpoint that is "
       "published is the last one with its quorum")
      ("witness-interval", po::value<std::string>()->value_name("SECONDS"),
       "between two questions to witnesses, 1 to 3600 (default 5)")
      ("checkpoint-interval", po::value<std::string>()->value_name("MS"),
       "milliseconds between checkpoints, 10 to 60000 (default 500)")
      ("sweep-rate", po::value<std::string>()->value_name("BYTES"),
       "bytes a second that a sweep of envelopes rewrites (default 16777216); 0: unpaced, and only on "
       "command")
      ("help", "this text")
      ("version", "the version");
  // clang-format on
  return options;
}

// LACUNA_KEY_HOLDER -> key-holder; other variables, also other LACUNA_ ones, are not ours.
std::string optionOfVariable(const std::string& variable) {
  static constexpr std::string_view kOurs[] = {"data",
                                               "origin",
                                               "config",
                                               "listen",
                                               "http",
                                               "key-holder",
                                               "checkpoint",
                                               "witness-policy",
                                               "witness-interval",
                                               "allow-weak-erasure",
                                               "checkpoint-interval",
                                               "sweep-rate"};
  constexpr std::string_view kPrefix = "LACUNA_";
  if (!variable.starts_with(kPrefix)) return {};
  std::string name = variable.substr(kPrefix.size());
  for (char& c : name) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const auto ours : kOurs) {
    if (name == ours) return name;
  }
  return {};
}

// The environment as lines of a configuration file, so that one parser reads both.
Result<std::string> linesOf(const std::vector<std::string>& environment) {
  std::string lines;
  for (const auto& entry : environment) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = optionOfVariable(entry.substr(0, equals));
    if (name.empty()) continue;
    const std::string value = entry.substr(equals + 1);
    if (value.find('\n') != std::string::npos) {
      return Refusal{RefusalCode::invalidValue,
                     "The environment's value of " + name + " has more than one line."};
    }
    lines.append(name).append("=").append(value).append("\n");
  }
  return lines;
}

std::optional<std::string> given(const po::variables_map& values, const char* name) {
  if (values.count(name) == 0) return std::nullopt;
  return values[name].as<std::string>();
}

std::variant<std::pair<std::string, std::uint16_t>, Refusal> loopbackOf(
    const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) {
    return Refusal{RefusalCode::invalidValue, "--http is HOST:PORT, for example 127.0.0.1:8080."};
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string text = address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return Refusal{RefusalCode::invalidValue, "The port of --http is a number from 0 to 65535."};
  }
  if (host == "localhost") host = "127.0.0.1";
  in_addr v4{};
  in6_addr v6{};
  const bool loopback =
      (inet_pton(AF_INET, host.c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127) ||
      (inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6));
  if (!loopback) {
    return Refusal{
        RefusalCode::unsupported,
        "HTTP is served on loopback only: --http takes 127.0.0.1, ::1 or localhost. Put a "
        "proxy with TLS and authentication in front of it for other machines."};
  }
  return std::pair(host, port);
}

// A checkpoint as `lacuna checkpoint` prints it.
std::optional<std::string> noteOf(const std::string& file) {
  constexpr std::streamsize kNoteBytesMax = 4096;
  std::ifstream in(file, std::ios::binary);
  std::string text(static_cast<std::size_t>(kNoteBytesMax), '\0');
  in.read(text.data(), kNoteBytesMax);
  if (in.bad() || in.gcount() == 0 || in.gcount() == kNoteBytesMax) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// Of --witness-policy and --witness-interval; what is wrong with them, as a sentence.
std::optional<std::string> fillWitnesses(const po::variables_map& values, ServerConfig& out) {
  if (const auto file = given(values, "witness-policy")) {
    std::ifstream in(*file, std::ios::binary);
    std::string text(kPolicyBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || in.gcount() == 0) return "the file of --witness-policy cannot be read.";
    text.resize(static_cast<std::size_t>(in.gcount()));
    auto policy = policyOfText(text);
    if (!policy) return "--witness-policy: " + policy.refusal().message + ".";
    for (const Policy::Witness& witness : policy->witnesses) {
      if (!witness.url.empty() && !isHttpUrl(witness.url)) {
        return "--witness-policy: a witness's URL is http://HOST... or https://HOST...";
      }
    }
    // Each adds a line to the checkpoint, beside the log's own; with more no reader of notes would take it.
    if (policy->witnesses.size() >= kNoteSignaturesMax) {
      return "--witness-policy: at most 99 witnesses: a checkpoint has room for no more.";
    }
    out.witnesses = std::move(*policy);
  }
  out.witnessInterval = kWitnessIntervalDefault;
  if (const auto text = given(values, "witness-interval")) {
    const auto seconds = decimalOf(*text);
    constexpr std::uint64_t kSecondsMax = 3600;
    if (!seconds || *seconds == 0 || *seconds > kSecondsMax) {
      return "--witness-interval is a number of seconds from 1 to 3600.";
    }
    out.witnessInterval = std::chrono::seconds(*seconds);
  }
  return std::nullopt;
}

Configured fill(const po::variables_map& values) {
  ServerConfig out;
  const auto data = given(values, "data");
  if (!data || data->empty()) return UsageError{"--data DIR is required."};
  out.data = *data;
  out.origin = given(values, "origin").value_or("");
  if (out.origin.size() > kOriginBytesMax) {
    return UsageError{"--origin is at most " + std::to_string(kOriginBytesMax) + " bytes."};
  }
  if (!out.origin.empty() && !originValid(out.origin)) {
    return UsageError{"--origin is ASCII without spaces and without '+', like ledger.example.nl."};
  }

  const std::string listen =
      given(values, "listen").value_or("unix:" + (out.data / "lacuna.sock").string());
  if (listen.starts_with("tls:")) {
    return Refusal{RefusalCode::unsupported,
                   "Listening with TLS is not supported by this version; use unix:PATH."};
  }
  if (!listen.starts_with("unix:") || listen.size() == 5) {
    return UsageError{"--listen is unix:PATH."};
  }
  out.socket = listen.substr(5);
  out.httpSocket = out.data / "http.sock";

  if (const auto http = given(values, "http")) {
    auto address = loopbackOf(*http);
    if (auto* refusal = std::get_if<Refusal>(&address)) {
      if (refusal->code == RefusalCode::invalidValue) return UsageError{refusal->message};
      return std::move(*refusal);
    }
    std::tie(out.httpHost, out.httpPort) = std::get<0>(address);
  }
  if (values.count("key-holder") > 0) {
    for (const std::string& directory : values["key-holder"].as<std::vector<std::string>>()) {
      if (directory.empty()) return UsageError{"--key-holder is a directory."};
      out.keyHolders.emplace_back(directory);
    }
  }
  if (values.count("checkpoint") > 0) {
    for (const std::string& file : values["checkpoint"].as<std::vector<std::string>>()) {
      std::optional<std::string> note = noteOf(file);
      if (!note || out.checkpoints.size() >= kCheckpointsGivenMax) {
        return UsageError{"a file of --checkpoint cannot be read, or there are too many."};
      }
      out.checkpoints.push_back(std::move(*note));
    }
  }
  if (auto problem = fillWitnesses(values, out)) return UsageError{std::move(*problem)};
  out.rebuildKeys = values["rebuild-keys"].as<bool>();
  out.recoverKeys = values["recover-keys"].as<bool>();
  out.allowWeakErasure = values["allow-weak-erasure"].as<bool>();
  out.acceptLostTail = values["accept-lost-tail"].as<bool>();

  out.checkpointInterval = kCheckpointIntervalDefault;
  if (const auto text = given(values, "checkpoint-interval")) {
    std::uint32_t ms = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), ms);
    out.checkpointInterval = std::chrono::milliseconds(ms);
    if (text->empty() || error != std::errc{} || end != text->data() + text->size() ||
        out.checkpointInterval < kCheckpointIntervalMin ||
        out.checkpointInterval > kCheckpointIntervalMax) {
      return UsageError{"--checkpoint-interval is a number of milliseconds from 10 to 60000."};
    }
  }
  out.sweepBytesPerSecond = kSweepBytesPerSecond;
  if (const auto text = given(values, "sweep-rate")) {
    const auto [end, error] =
        std::from_chars(text->data(), text->data() + text->size(), out.sweepBytesPerSecond);
    if (text->empty() || error != std::errc{} || end != text->data() + text->size()) {
      return UsageError{"--sweep-rate is a number of bytes a second, or 0."};
    }
  }
  return out;
}

}  // namespace

Configured configure(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment) {
  const auto options = optionsOf();
  po::variables_map values;
  try {
    using Style = po::command_line_style::style_t;
    const auto style = static_cast<Style>(po::command_line_style::unix_style &
                                          ~po::command_line_style::allow_guessing);
    const po::positional_options_description none;
    po::store(
        po::command_line_parser(arguments).options(options).positional(none).style(style).run(),
        values);
    if (values.count("help") > 0) {
      std::ostringstream text;
      text << kUsage << options << kExamples;
      return ShowText{text.str()};
    }
    if (values.count("version") > 0) return ShowText{std::string("lacunad ") + kVersion + "\n"};

    const auto lines = linesOf(environment);
    if (!lines) return UsageError{lines.refusal().message};
    std::istringstream fromEnvironment(*lines);
    po::store(po::parse_config_file(fromEnvironment, options), values);

    // Said once for one loss, never left standing for the next.
    static constexpr const char* kOnce[] = {"accept-lost-tail", "rebuild-keys", "recover-keys"};
    std::map<std::string, bool> said;
    for (const char* option : kOnce) said[option] = values[option].as<bool>();
    if (const auto file = given(values, "config")) {
      std::ifstream in(*file);
      if (!in) return UsageError{"The file of --config cannot be read."};
      po::store(po::parse_config_file(in, options), values);
    }
    for (const char* option : kOnce) {
      if (values[option].as<bool>() != said[option]) {
        return UsageError{std::string(option) + " is taken on the command line only."};
      }
    }
    return fill(values);
  } catch (const po::error& error) {
    return UsageError{std::string(error.what()) + "; see lacunad --help."};
  }
}

}  // namespace lacuna
