// What has been kept long enough, from the officer's command line.
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

TEST_CASE("an officer sees what is due by class and year, and sweeps it", "[P5]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  const std::vector<Json> due =
      linesOf(world.done({"--json", "retention", "due", "--within", "P20Y"}).out);
  const auto billing = std::find_if(due.begin(), due.end(),
                                    [](const Json& row) { return row["class"] == "billing"; });
  REQUIRE(billing != due.end());
  CHECK((*billing)["lots"].get<int>() > 0);
  CHECK((*billing)["held"] == 0);
  for (const Json& row : due) CHECK(row.size() <= 5);  // class, period, ends, lots, held: nobody

  const Json swept = Json::parse(world.done({"--json", "retention", "sweep"}).out);
  CHECK(swept["state"] == "complete");
  CHECK(swept["lots"].get<int>() > 0);  // newsletters whose consent was withdrawn
  CHECK(Json::parse(world.done({"--json", "retention", "sweep"}).out)["lots"] == 0);
  CHECK(world.lacuna({"retention", "due", "--within", "soon"}).exit == 1);
  world.checkpoint();
  CHECK(world.lacuna({"verify"}).exit == 0);
}
