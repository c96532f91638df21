// The officer's worklist of requests, from the command line.
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

TEST_CASE("an officer works through requests by their two clocks, over a restart and an erasure",
          "[P5][P9]") {
  CliWorld world;
  world.applyKjenning();
  world.submitExamples();
  const auto object = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--json");
    return Json::parse(world.done(arguments).out);
  };
  const auto lines = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--json");
    return linesOf(world.done(arguments).out);
  };
  for (const Json& line : lines({"request", "list"})) CHECK_FALSE(line.contains("person"));
  const Json old = object({"request", "open", "crm:200077", "--right", "access", "--received",
                           "2020-03-27", "--channel", "letter"});
  CHECK(old["dueHouse"] == "2020-04-24");
  CHECK(old["dueStatute"] == "2020-04-28");
  CHECK(old["overdue"] == true);
  const std::string number = old["request"].dump();
  const Json fresh = object({"request", "open", "crm:200077", "--right", "erasure"});
  CHECK(fresh["overdue"] == false);
  const std::string second = fresh["request"].dump();

  const Finished overdue = world.lacuna({"--json", "request", "list", "--overdue"});
  CHECK(overdue.exit == 5);
  CHECK(linesOf(overdue.out).front()["overdue"] == true);
  CHECK(world.lacuna({"due"}).exit == 5);
  CHECK_FALSE(has(overdue.out, "200077"));  // nobody is named
  const Finished csv = world.done({"--format", "csv", "request", "list"});
  CHECK(
      csv.out.starts_with("request,right,state,identity,received,dueHouse,dueStatute,extended,"
                          "due,daysLeft,by,overdue,closed"));

  const Finished late =
      world.lacuna({"request", "extend", number, "--code", "complexity", "--told", "2020-04-29"});
  CHECK(late.exit == 1);
  CHECK(has(late.err, "2020-04-28"));
  CHECK(world.lacuna({"request", "extend", number, "--code", "boredom"}).exit == 2);
  CHECK(object({"request", "extend", number, "--code", "complexity", "--told",
                "2020-04-28"})["dueStatute"] == "2020-06-29");
  object({"request", "identity", number, "--asked", "--told", "2020-04-28"});
  const Json refused =
      object({"request", "refuse", number, "--code", "identity-failure", "--told", "2020-07-01"});
  CHECK(refused["late"] == "law");
  CHECK(refused["remedies"].size() == 2);
  CHECK(refused["remedies"][0]["authority"] == "legal-nl:DPA-NL");

  const Json shown = object({"request", "show", second});
  CHECK(shown["person"]["aliases"].dump().find("crm:200077") != std::string::npos);
  CHECK(has(world.done({"--json", "history", "crm:200077", "--reason", "audit"}).out,
            R"("operation":"show","reason":"request:)" + second + "\""));

  world.done({"erase", "crm:200077", "--ground", "consent-withdrawn"});
  world.daemon.reset();
  world.start();
  const Json after = object({"request", "show", second});
  CHECK(after["person"] == "erased");
  CHECK(after["due"] == fresh["due"]);
  CHECK(after["right"] == "erasure");
  CHECK_FALSE(has(after.dump(), "200077"));
  object({"request", "answer", second});
  object({"request", "close", second});
  CHECK(world.lacuna({"request", "answer", second}).exit == 1);
  for (const Json& line : lines({"request", "list"})) CHECK(line["request"].dump() != second);
  CHECK(world.done({"--json", "request", "list", "--all"}).out.find("\"request\":" + second) !=
        std::string::npos);
  world.checkpoint();
  CHECK(world.lacuna({"verify"}).exit == 0);
}
