// What breaks the policy and did happen, across everybody, from the officer's command line.
#include "tests/support/cli_world.h"

#include <set>

using namespace lacuna;
using namespace lacuna::test;

TEST_CASE("every flag of every person is listed, the same as in each person's own state",
          "[P10][P9]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  const std::vector<Json> flags = linesOf(world.done({"--json", "flags", "--reason", "audit"}).out);
  std::set<std::string> kinds;
  for (const Json& line : flags) {
    kinds.insert(line["flag"].get<std::string>());
    CHECK_FALSE(line.contains("person"));
  }
  for (const char* flag :
       {"dead-safeguard", "used-after-withdrawal", "outside-campaign", "implied-consent"}) {
    CAPTURE(flag);
    CHECK(kinds.count(flag) == 1);
  }
  const std::string csv = world.done({"--format", "csv", "flags"}).out;
  CHECK(csv.starts_with("seq,at,recordedAt,kind,class,purpose,flag,detail\r\n"));
  CHECK(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) == flags.size() + 1);

  // With persons it is a reading of everybody named; and it says of each what their state says.
  const std::vector<Json> named = linesOf(
      world.done({"--json", "flags", "--persons", "--since", "2020-01-01", "--reason", "audit"})
          .out);
  REQUIRE_FALSE(named.empty());
  CHECK(named.size() < flags.size());
  for (const Json& line : named) CHECK(line["at"].get<std::string>() >= "2019-12-31T23");
  const std::string person = named.front()["person"][0].get<std::string>();
  const Json state = Json::parse(world.done({"--json", "state", person, "--reason", "audit"}).out);
  std::multiset<std::string> said, listed;
  for (const Json& flag : state["flags"]) {
    if (flag["flag"] == "unstated-reason") continue;
    said.insert(flag["seq"].dump() + flag["flag"].dump());
  }
  const std::set<std::string> seqs = [&] {
    std::set<std::string> out;
    for (const Json& flag : state["flags"]) out.insert(flag["seq"].dump());
    return out;
  }();
  for (const Json& line : flags) {
    if (seqs.count(line["seq"].dump()) == 0 || line["flag"] == "unstated-reason") continue;
    listed.insert(line["seq"].dump() + line["flag"].dump());
  }
  CHECK(said == listed);
  CHECK(has(world.done({"--json", "history", person, "--reason", "audit"}).out,
            R"("operation":"find","reason":"audit")"));
  CHECK(world.lacuna({"flags", "--since", "someday"}).exit == 2);
  world.done({"erase", person, "--ground", "objection"});
  for (const Json& line : linesOf(world.done({"--json", "flags"}).out)) {
    if (line["kind"] == "consultation") continue;
    CHECK((seqs.count(line["seq"].dump()) == 0 || line["class"] == "billing"));
  }
}
