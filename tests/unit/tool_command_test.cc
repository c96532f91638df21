#include "tests/support/certificate_world.h"
#include "tools/command.h"
#include "tools/words.h"

#include <boost/program_options/options_description.hpp>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace lacuna::tool {
namespace {

struct Called {
  Exit exit;
  std::string out, err;
};

// Runs a command line for which no daemon is there.
Called call(const std::vector<std::string>& arguments, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  Surroundings around{in, out, err, [](const char* name) -> std::optional<std::string> {
                        if (std::string(name) == "LACUNA_CONNECT")
                          return "unix:/nonexistent/lacuna.sock";
                        return std::nullopt;
                      }};
  const Exit exit = run(arguments, around);
  return {exit, out.str(), err.str()};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an unknown command is a usage error that names the nearest one") {
  const Called called = call({"submti", "events.jsonl"});
  CHECK(called.exit == Exit::usage);
  CHECK(has(called.err, "nearest: submit"));
  CHECK(called.out.empty());
}

TEST_CASE("commands of later versions are not there") {
  for (const char* name :
       {"import", "may", "export", "withdraw", "erasure", "task", "hold", "retention", "request",
        "complaint", "breach", "affected", "report", "log", "monitor", "witness", "backup"}) {
    CAPTURE(name);
    CHECK(call({name}).exit == Exit::usage);
  }
  CHECK(call({"person", "merge", "crm:1", "crm:2"}).exit == Exit::usage);
  CHECK(call({"access", "token"}).exit == Exit::usage);
  CHECK(call({"keys", "add-holder"}).exit == Exit::usage);
  CHECK(call({"verify", "--url", "x"}).exit == Exit::usage);
}

TEST_CASE(
    "a certificate is verified offline, with the key that is trusted and the salt of the person",
    "[P5]") {
  const test::CertificateWorld world;
  const std::string text = textOf(world.certificate());
  const std::string key = textOf(world.verifierKey());
  const std::string salt(64, '0');
  const auto verified = [&](std::vector<std::string> more, const std::string& input) {
    std::vector<std::string> arguments{"verify", "--certificate", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call(arguments, input);
  };
  const Called trusted = verified({"--key", key, "--salt", salt}, text);
  CHECK(trusted.exit == Exit::done);
  CHECK(has(trusted.out, "verified: erasure 1111"));
  CHECK(has(trusted.out, "kept: billing 2024 (legally-required, AWR 52, until 2031-12-31)"));
  CHECK(has(trusted.out, "the salt is this erasure's"));
  const Called believed = verified({}, text);
  CHECK(believed.exit == Exit::done);
  CHECK_FALSE(has(believed.out, "verified: "));
  CHECK(verified({"--key", key, "--salt", std::string(64, '1')}, text).exit == Exit::notVerified);
  CHECK(verified({"--key", key, "--salt", "abc"}, text).exit == Exit::usage);
  CHECK(verified({"--receipt", "x"}, text).exit == Exit::usage);
  const Called dutch = verified({"--key", key, "--salt", salt, "--lang", "nl"}, text);
  CHECK(has(dutch.out, "geverifieerd: wissing 1111"));
  CHECK(has(dutch.out, "bewaard: billing 2024 (legally-required, AWR 52, tot 2031-12-31)"));
  CHECK(has(dutch.out, "het kenmerk hoort bij deze wissing"));
  CHECK_FALSE(has(dutch.out, "not checked"));
  std::string changed = text;
  changed[changed.find("marketing")] = 'M';
  CHECK(verified({"--key", key}, changed).exit == Exit::notVerified);
  CHECK(verified({"--json"}, changed).exit == Exit::notVerified);
}

TEST_CASE("every command explains itself with an example, in a line that names it") {
  const Called overview = call({"--help"});
  CHECK(overview.exit == Exit::done);
  for (const Command& command : commands()) {
    const std::string name(command.name);
    CAPTURE(name);
    CHECK(has(overview.out, "  " + name + " "));
    std::vector<std::string> arguments;
    std::istringstream words(name);
    for (std::string word; words >> word;) arguments.push_back(word);
    arguments.push_back("--help");
    const Called called = call(arguments);
    CHECK(called.exit == Exit::done);
    CHECK(has(called.out, "lacuna " + name));
    CHECK(has(called.out, "\n  "));
    CHECK(called.err.empty());
  }
  CHECK(call({"access", "--help"}).exit == Exit::done);
  CHECK(has(call({"--version"}).out, "lacuna 0."));
}

TEST_CASE("global options stand before or after the command") {
  // Each gets as far as asking the daemon that is not there.
  CHECK(call({"--json", "status"}).exit == Exit::fault);
  CHECK(call({"status", "--json"}).exit == Exit::fault);
  CHECK(call({"--format", "csv", "--lang", "nl", "keys", "status"}).exit == Exit::fault);
  CHECK(call({"keys", "--format=csv", "status", "--lang=nl"}).exit == Exit::fault);
  CHECK(call({"--connect", "unix:/nonexistent/other.sock", "checkpoint"}).exit == Exit::fault);
  CHECK(has(call({"checkpoint", "--connect", "/nonexistent/other.sock"}).err,
            "unix:/nonexistent/other.sock"));
}

TEST_CASE("a wrong command line is exit 2 with one line, before the daemon is asked") {
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"register"},
      {"register", "aply"},
      {"history"},
      {"history", "jan"},
      {"history", "email:jan@example.nl", "crm:1"},
      {"history", "email:jan@example.nl", "--as-of", "yesterday"},
      {"history", "email:jan@example.nl", "--as-of", "2020-13-01"},
      {"history", "email:jan@example.nl", "--known-at", "12x"},
      {"history", "email:jan@example.nl", "--reason", "curiosity"},
      {"history", "email:jan@example.nl", "--reason", "request:"},
      {"history", "email:jan@example.nl", "--as-o", "2020-01-01"},
      {"history", "case:twelve"},
      {"state", "-"},
      {"erase", "email:jan@example.nl"},
      {"erase", "email:jan@example.nl", "--ground", "unlawful", "--wait", "forever"},
      {"prove", "-1"},
      {"prove", "18446744073709551616"},
      {"access", "grant", "--role", "officer"},
      {"access", "grant", "--uid", "1", "--gid", "1", "--role", "officer"},
      {"access", "grant", "--uid", "root", "--role", "officer"},
      {"access", "grant", "--uid", "1", "--role", "officer,king"},
      {"access", "grant", "--uid", "1", "--role", "recorder"},
      {"access", "grant", "--uid", "1", "--role", "officer", "--system", "website"},
      {"access", "revoke", "jan"},
      {"--json", "--format", "csv", "status"},
      {"--format", "xml", "status"},
      {"--lang", "de", "status"},
      {"--connect", "tls:example.nl:1", "status"},
      {"status", "--nope"},
      {"status", "--check", "--check"},
      {"submit", "/nonexistent/events.jsonl"},
      {"submit", "/"},
      {"register", "apply", "/nonexistent/register.toml"},
      {"verify", "--data", "/nonexistent"},
      {"verify", "--data", "/", "--receipt", "x"},
      {"verify", "--receipt", "/nonexistent"},
      {"verify", "--key", "nobody"},
      {"verify", "--since", "/nonexistent"},
  };
  for (const auto& arguments : wrong) {
    CAPTURE(arguments);
    const Called called = call(arguments);
    CHECK(called.exit == Exit::usage);
    CHECK(called.out.empty());
    CHECK(called.err.starts_with("lacuna: usage: "));
    CHECK(std::count(called.err.begin(), called.err.end(), '\n') == 1);
  }
}

TEST_CASE("no usage error repeats a person", "[P4]") {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"history", "jan.jansen"},
           {"history", "Jan Jansen <jan.jansen@example.nl>:x"},
           {"person", "show", "jan.jansen"},
           {"erase", "jan.jansen", "--ground", "unlawful"},
           {"history", "email:jan.jansen@example.nl", "email:jan.jansen@example.nl"},
       }) {
    const Called called = call(arguments);
    CHECK(called.exit == Exit::usage);
    CHECK_FALSE(has(called.err, "jansen"));
  }
}

TEST_CASE("a misspelt option is answered with the nearest one") {
  CHECK(has(call({"status", "--chek"}).err, "nearest: --check"));
  CHECK(has(call({"history", "crm:1", "--reason", "suport"}).err, "nearest: support"));
}

TEST_CASE("a daemon that is not there is exit 3, and one JSON document with --json") {
  const Called plain = call({"status"});
  CHECK(plain.exit == Exit::fault);
  CHECK(has(plain.err, "no daemon answers at unix:/nonexistent/lacuna.sock"));
  CHECK(plain.out.empty());
  const Called json = call({"status", "--json"});
  CHECK(json.exit == Exit::fault);
  CHECK(Json::parse(json.out).contains("fault"));
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"history", "crm:1"},
           {"state", "crm:1"},
           {"recipients", "crm:1"},
           {"person", "find", "x"},
           {"person", "show", "crm:1"},
           {"person", "link", "crm:1", "crm:2"},
           {"erase", "crm:1", "--ground", "unlawful"},
           {"register", "show"},
           {"register", "list"},
           {"register", "diff"},
           {"register", "lint"},
           {"register", "ropa"},
           {"access", "list"},
           {"access", "revoke", "1"},
           {"checkpoint"},
           {"prove", "1"},
           {"verify"},
           {"keys", "check"},
           {"submit", "/dev/null"},
       }) {
    CAPTURE(arguments);
    CHECK(call(arguments).exit == Exit::fault);
  }
}

TEST_CASE("a command's synopsis names its options, all of them and no others") {
  for (const Command& command : commands()) {
    boost::program_options::options_description own;
    if (command.describe != nullptr) command.describe(own);
    std::set<std::string> described, named;
    for (const auto& option : own.options()) described.insert(option->long_name());
    const std::string synopsis(command.synopsis);
    for (std::size_t at = 0; (at = synopsis.find("--", at)) != std::string::npos;) {
      const std::size_t end = synopsis.find_first_of(" ]|", at);
      named.insert(synopsis.substr(at + 2, end == std::string::npos ? end : end - at - 2));
      at += 2;
    }
    CAPTURE(command.name);
    CHECK(named == described);
  }
}

TEST_CASE("every refusal has a Dutch sentence that is not the English one") {
  for (const RefusalCode code :
       {RefusalCode::busy, RefusalCode::unknownPerson, RefusalCode::keptByLaw}) {
    const std::string told = sentenceOf({code, "english", "near"}, Language::nl);
    CHECK(told.starts_with("geweigerd (" + std::string(nameOf(code)) + "): "));
    CHECK(told.ends_with("; lijkt op: near"));
  }
  CHECK(sentenceOf({RefusalCode::busy, "english"}, Language::nl).find("english") ==
        std::string::npos);
  CHECK(sentenceOf({RefusalCode::busy, "english"}) == "refused (busy): english");
}

}  // namespace lacuna::tool
