#include "ledger/base/fault.h"
#include "tests/support/scratch.h"
#include "tools/arguments.h"

#include <catch2/catch.hpp>

#include <array>
#include <fstream>
#include <sstream>

namespace lacuna::tool {
namespace {

std::string person(const std::string& argument, const std::string& input = "") {
  std::istringstream in(input);
  return personOf(argument, in);
}

}  // namespace

TEST_CASE("PERSON is an alias, a case, a file or standard input") {
  CHECK(person("email:jan@example.nl") == "email:jan@example.nl");
  CHECK(person("url:https://example.nl/a:b") == "url:https://example.nl/a:b");
  CHECK(person("name:Zoë van Dijk") == "name:Zoë van Dijk");
  CHECK(person("case:12") == "case:12");
  CHECK(person("-", "crm:100234\n") == "crm:100234");
  CHECK(person("-", "\r\ncrm:100234\r\n\n") == "crm:100234");
  CHECK(person("-", "crm:1") == "crm:1");

  const test::Scratch dir;
  const std::string file = (dir.path() / "person").string();
  std::ofstream(file) << "crm:7\n";
  CHECK(person("@" + file) == "crm:7");
}

TEST_CASE("a PERSON that is none is a usage error") {
  for (const std::string text :
       {"", "jan", ":", "email:", ":x", "E-mail:jan@example.nl", "a b:c", "case:", "case:x",
        "case:1x", "@/nonexistent", "crm:a\x1b[2J", "crm:a\nb"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(person(text), UsageError);
  }
  CHECK_THROWS_AS(person("-", ""), UsageError);
  CHECK_THROWS_AS(person("-", "\n\n"), UsageError);
  CHECK_THROWS_AS(person("-", "crm:1\ncrm:2\n"), UsageError);
  CHECK_THROWS_AS(person("-", "-"), UsageError);
  CHECK_THROWS_AS(person("-", "@/etc/hostname"), UsageError);
  CHECK_THROWS_AS(person("crm:" + std::string(600, 'x')), UsageError);
  CHECK_THROWS_AS(person("-", std::string(100'000, 'x')), UsageError);
}

TEST_CASE(
    "the address is what was asked for, else the environment's, else a socket that is there") {
  const auto none = [](const char*) { return std::optional<std::string>(); };
  const auto given = [](const char* name) {
    return std::string(name) == "LACUNA_CONNECT" ? std::optional<std::string>("unix:/tmp/e.sock")
                                                 : std::nullopt;
  };
  CHECK(addressOf("unix:/tmp/a.sock", given) == "/tmp/a.sock");
  CHECK(addressOf("a.sock", given) == "a.sock");
  CHECK(addressOf("", given) == "/tmp/e.sock");
  CHECK(addressOf("", none) == "/run/lacuna/lacuna.sock");
  CHECK_THROWS_AS(addressOf("unix:", none), UsageError);
  CHECK_THROWS_AS(addressOf("tls:example.nl:7000", none), UsageError);
  CHECK_THROWS_AS(addressOf("/" + std::string(200, 'x'), none), UsageError);
}

TEST_CASE("times are dates or RFC 3339, and --known-at takes a record's number too") {
  for (const char* good : {"2020-05-01", "2020-05-01T12:00:00Z", "2020-05-01T14:00:00.5+02:00"}) {
    CHECK(timeOf("as-of", good) == good);
    CHECK(timeOrSeqOf("known-at", good) == good);
  }
  CHECK(timeOf("as-of", "").empty());
  CHECK(timeOrSeqOf("known-at", "17") == "17");
  for (const char* bad :
       {"17", "2020-5-1", "2020-02-30", "2020-05-01T12:00:00", "now", " 2020-05-01"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(timeOf("as-of", bad), UsageError);
  }
  CHECK_THROWS_AS(timeOrSeqOf("known-at", "99999999999999999999"), UsageError);
}

TEST_CASE("a reason is one of the list") {
  for (const char* good :
       {"", "support", "audit", "breach", "other", "other:a text", "request:12"}) {
    CHECK(reasonOf(good) == good);
  }
  for (const char* bad : {"Support", "request", "request:", "request:x", "audit:1", "others"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(reasonOf(bad), UsageError);
  }
}

TEST_CASE("numbers are whole, bounded and without decoration") {
  CHECK(numberOf("n", "0", 10) == 0);
  CHECK(numberOf("n", "10", 10) == 10);
  CHECK(numberOf("n", "18446744073709551615", UINT64_MAX) == UINT64_MAX);
  for (const char* bad : {"", "11", "-1", "+1", " 1", "1 ", "0x1", "1e3", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(numberOf("n", bad, 10), UsageError);
  }
}

TEST_CASE("a file is read within its bound and written whole or not at all") {
  const test::Scratch dir;
  const std::string file = (dir.path() / "file").string();
  writeFile(file, "first");
  writeFile(file, "second");
  std::istringstream in("from input");
  CHECK(contentOf("the file", file, in, 6) == "second");
  CHECK_THROWS_AS(contentOf("the file", file, in, 5), UsageError);
  CHECK(contentOf("the file", "-", in, 100) == "from input");
  CHECK_THROWS_AS(contentOf("the file", "/nonexistent", in, 100), UsageError);
  CHECK_THROWS_AS(writeFile("/nonexistent/file", "x"), Fault);
  // A failed write leaves what stood there, and nothing beside it.
  CHECK_THROWS_AS(writeFile(dir.path().string(), "x"), Fault);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path()))
    ++files;
  CHECK(files == 1);
}

}  // namespace lacuna::tool
