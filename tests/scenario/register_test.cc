// The officer's register from the command line: versions, what changed, what is missing, the record of Art. 30.
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

const std::string kKjenning = kExamples + "kjenning/register.toml";

std::string replaced(std::string text, const std::string& what, const std::string& instead) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("past versions of the register are shown and compared, also after a restart", "[P1]") {
  CliWorld world;
  CHECK(world.lacuna({"register", "list"}).exit == 1);  // none was applied
  world.applyKjenning();
  const std::string first = contentOf(kKjenning);
  CHECK(has(world.done({"register", "diff"}).out, "added"));  // against nothing
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::string second =
      replaced(replaced(first, "access = \"P28D\"", "access = \"P21D\""),
               "name = \"Kjenning B.V.\"", "name = \"Kjenning B.V.\"\ndpo = \"fg@example.nl\"");
  world.done({"register", "apply", world.written("second.toml", second)});

  for (const bool restarted : {false, true}) {
    CAPTURE(restarted);
    if (restarted) {
      world.daemon.reset();
      world.start();
    }
    const std::vector<Json> list = linesOf(world.done({"--json", "register", "list"}).out);
    REQUIRE(list.size() == 2);
    CHECK(list[0]["until"] == list[1]["since"]);
    CHECK(world.done({"register", "show"}).out == second);
    CHECK(world.done({"register", "show", "--as-of", "1"}).out == first);
    CHECK(world.done({"register", "show", "--as-of", list[0]["since"].get<std::string>()}).out ==
          first);
    CHECK(world.done({"register", "show", "--as-of", list[1]["since"].get<std::string>()}).out ==
          second);
    CHECK(world.lacuna({"register", "show", "--as-of", "1999-01-01"}).exit == 1);
    CHECK(world.lacuna({"register", "show", "--as-of", "3"}).exit == 1);
    const Json shown = Json::parse(world.done({"--json", "register", "show", "--as-of", "1"}).out);
    CHECK(shown["version"] == 1);
    CHECK(shown["register"] == first);
    CHECK(shown["sha256"] == list[0]["sha256"]);

    for (const std::vector<std::string>& options :
         {std::vector<std::string>{},
          {"--from", "1", "--to", "2"},
          {"--from", list[0]["since"].get<std::string>()}}) {
      std::vector<std::string> arguments{"--json", "register", "diff"};
      arguments.insert(arguments.end(), options.begin(), options.end());
      const Json diff = Json::parse(world.done(arguments).out);
      CHECK(diff["from"]["version"] == 1);
      CHECK(diff["to"]["version"] == 2);
      REQUIRE(diff["changes"].size() == 2);
      CHECK(diff["changes"][0] == Json{{"change", "changed"},
                                       {"kind", "controller"},
                                       {"field", "dpo"},
                                       {"from", nullptr},
                                       {"to", "fg@example.nl"}});
      CHECK(diff["changes"][1]["field"] == "house.access");
    }
  }
  CHECK(has(world.done({"register", "diff", "--from", "2", "--to", "2"}).out, "they say the same"));
  CHECK(has(world.done({"--lang", "nl", "register", "diff"}).out, "gewijzigd"));
  // What applying a file would change; and two files without a daemon.
  CHECK(Json::parse(world.done({"--json", "register", "diff", kKjenning}).out)["changes"].size() ==
        2);
  const Finished files = world.lacuna({"--connect", "/nonexistent", "--format", "csv", "register",
                                       "diff", kKjenning, world.file("second.toml")});
  CHECK(files.exit == 0);
  CHECK(
      has(files.out, "change,kind,id,field,from,to\r\nchanged,controller,,dpo,,fg@example.nl\r\n"));
  CHECK(world.lacuna({"register", "diff", "--to", "1", kKjenning}).exit == 2);
  CHECK(world.lacuna({"register", "diff", "--from", "soon"}).exit == 2);
  CHECK(world.lacuna({"register", "diff", "--from", "7"}).exit == 1);
}

TEST_CASE("a register is linted in force, at a past date, and as a file without a daemon") {
  CliWorld world;
  world.applyKjenning();
  const Json inForce = Json::parse(world.done({"--json", "register", "lint"}).out);
  CHECK(inForce["of"]["version"] == 1);
  const Json file = Json::parse(
      world.done({"--connect", "/nonexistent", "--json", "register", "lint", kKjenning}).out);
  CHECK(file["findings"] == inForce["findings"]);
  CHECK(file["gaps"].get<std::size_t>() + file["warnings"].get<std::size_t>() +
            file["notes"].get<std::size_t>() ==
        file["findings"].size());
  const auto dead = [&](const std::string& asOf) {
    const Finished found =
        world.done({"register", "lint", kKjenning, "--as-of", asOf, "--format", "csv"});
    return has(found.out, ",dead-safeguard,party,zoom,");
  };
  CHECK_FALSE(dead("2020-07-15"));
  CHECK(dead("2020-07-17"));
  CHECK(has(world.done({"--lang", "nl", "register", "lint"}).out, "hiaten"));
  CHECK(world.lacuna({"register", "lint", "--strict"}).exit == 1);
  CHECK(world.lacuna({"register", "lint", "--as-of", "1999-01-01"}).exit == 1);
  const Finished wrong = world.lacuna({"register", "lint", "-"}, "[controller]\nname = 3\n");
  CHECK(wrong.exit == 1);
  CHECK(has(wrong.err, "standard input: line "));
}

TEST_CASE("the record of Art. 30 is a page or JSON, of any version") {
  CliWorld world;
  world.applyKjenning();
  world.done({"register", "ropa", "--out", world.file("ropa.html")});
  const std::string page = contentOf(world.file("ropa.html"));
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(has(page, "Register version 1"));
  CHECK(world.done({"register", "ropa", "--as-of", "1"}).out == page);
  CHECK(has(world.done({"--lang", "nl", "register", "ropa"}).out, "Register van verwerking"));
  const Json record = Json::parse(world.done({"--json", "register", "ropa"}).out);
  CHECK(record["controller"]["name"] == "Kjenning B.V.");
  CHECK(record["register"]["version"] == 1);
  const Finished offline =
      world.lacuna({"--connect", "/nonexistent", "--json", "register", "ropa", kKjenning});
  CHECK(offline.exit == 0);
  CHECK(Json::parse(offline.out)["purposes"] == record["purposes"]);
  CHECK(world.lacuna({"register", "ropa", "--format", "csv"}).exit == 2);
}
