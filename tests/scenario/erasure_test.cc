// Erasures, holds and the worklist as an officer meets them: words, forms and exit codes (DESIGN 9).
#include "tests/support/cli_world.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

namespace lacuna {
namespace {

using namespace test;
using World = test::CliWorld;

std::string event(const std::string& person, const std::string& rest) {
  return R"({"person":")" + person + R"(","system":"website",)" + rest + "}\n";
}
std::string collected(const std::string& person) {
  return event(person, R"("kind":"processing","purpose":"course-admin","operation":"collect")");
}
std::string invoiced(const std::string& person) {
  return event(
      person,
      R"("kind":"processing","purpose":"course-admin","operation":"use","class":"billing")");
}
std::string shared(const std::string& person) {
  return event(person, R"("kind":"sharing","purpose":"course-delivery","recipient":"zoom")");
}

// The lots of a report: class -> what keeps it, "" when it is erased.
std::map<std::string, std::string> lotsOf(const Json& report) {
  std::map<std::string, std::string> out;
  for (const Json& lot : report["lots"]) out[lot["class"]] = lot.value("keptBy", "");
  return out;
}

Json reportOf(const Finished& finished) {
  CAPTURE(finished.out, finished.err);
  return Json::parse(finished.out);
}

void applyWith(World& world, const std::string& policy) {
  std::ofstream(world.file("register.toml")) << "[erasure]\n"
                                             << policy << "\n"
                                             << contentOf(kExamples + "kjenning/register.toml");
  world.done({"register", "apply", world.file("register.toml")});
}

}  // namespace

TEST_CASE("erase: what a law keeps stays, with the rule and its end; all of it kept is exit 1",
          "[P5]") {
  World world;
  world.applyKjenning();
  world.done({"submit"}, collected("crm:1") + invoiced("crm:1") + shared("crm:1"));
  const Json plan =
      reportOf(world.done({"erase", "crm:1", "--ground", "objection", "--dry-run", "--json"}));
  CHECK(plan["dryRun"] == true);
  CHECK(lotsOf(plan)["billing"] == "law");
  const Json report = reportOf(world.done({"--json", "erase", "crm:1", "--ground", "objection"}));
  CHECK(report["state"] == "complete");
  CHECK(report["result"] == "partly");
  CHECK(lotsOf(report)["billing"] == "law");
  CHECK(lotsOf(report)["enrolment"].empty());
  CHECK(report["salt"].get<std::string>().size() == 64);
  CHECK(report["envelopes"] == "not-yet-removed");
  CHECK(linesOf(world.done({"--json", "history", "crm:1", "--reason", "audit"}).out).size() >= 1);

  const Finished kept = world.lacuna({"--json", "erase", "crm:1", "--ground", "objection"});
  CHECK(kept.exit == 1);
  CHECK(has(kept.err, "kept-by-law"));
  CHECK(reportOf(kept)["state"] == "refused");
  CHECK(reportOf(kept)["lots"][0]["law"] == "AWR 52");
  CHECK(reportOf(kept)["lots"][0].contains("until"));

  const std::string number = report["case"].dump();
  const Json shown = reportOf(world.done({"--json", "erasure", "show", number}));
  CHECK(shown["recipients"][0]["recipient"] == "zoom");
  CHECK(linesOf(world.done({"--json", "erasure", "list"}).out).size() == 2);
  CHECK(world.lacuna({"erasure", "show", "999"}).exit == 1);
  CHECK(world.lacuna({"erasure", "show", "x"}).exit == 2);
  CHECK(world.lacuna({"erasure", "cancel", number}).exit == 1);

  const auto tasks = linesOf(world.done({"--json", "task", "list", "--erasure", number}).out);
  REQUIRE(tasks.size() == 1);
  const std::string task = tasks[0]["task"].get<std::string>();
  CHECK(tasks[0]["state"] == "queued");
  CHECK(reportOf(world.done({"--json", "task", "take", task}))["aliases"] == Json{"crm:1"});
  CHECK(world.lacuna({"task", "ack", task, "--state", "lost"}).exit == 2);
  CHECK(reportOf(world.done({"--json", "task", "ack", task, "--state", "executed"}))["state"] ==
        "executed");
  CHECK(world.lacuna({"task", "take", task}).exit == 1);
  world.checkpoint();
  CHECK(world.done({"verify", "--key", world.key()}).exit == 0);
}

TEST_CASE("erase --certificate: checked offline by its file and a key; the salt shows whose it was",
          "[P5]") {
  World world;
  world.applyKjenning();
  world.done({"submit"}, collected("crm:1") + invoiced("crm:1") + shared("crm:1"));
  const std::string file = world.file("certificate.json");
  const Json report = reportOf(
      world.done({"--json", "erase", "crm:1", "--ground", "objection", "--certificate", file}));
  const std::string key = world.key();
  world.daemon->kill();  // without the ledger
  const Finished checked = world.done({"--json", "verify", "--certificate", file, "--key", key,
                                       "--salt", report["salt"].get<std::string>()});
  const Json verified = reportOf(checked);
  CHECK(verified["result"] == "verified");
  CHECK(verified["tier"] == "complete");
  CHECK(verified["statement"]["kept"][0]["law"] == "AWR 52");
  CHECK(
      world.lacuna({"verify", "--certificate", file, "--key", key, "--salt", std::string(64, '0')})
          .exit == 4);
  const std::string text = contentOf(file);
  CHECK_FALSE(has(text, "crm:"));
  world.start();
  const Finished again = world.done({"erasure", "certificate", report["case"].dump()});
  CHECK(Json::parse(again.out)["states"][0]["statement"]["erased"] ==
        Json::parse(text)["states"][0]["statement"]["erased"]);
  CHECK(world.lacuna({"erasure", "certificate", "999"}).exit == 1);
}

TEST_CASE("erase --persons: one erasure, a result for each line", "[P5]") {
  World world;
  world.applyKjenning();
  std::string events, persons;
  for (int i = 0; i < 40; ++i) {
    events += collected("crm:" + std::to_string(i));
    persons += "crm:" + std::to_string(i) + "\n";
  }
  world.done({"submit"}, events);
  const Finished listed = world.done(
      {"--json", "erase", "--persons", "-", "--ground", "no-longer-needed"}, persons + "crm:x\n");
  const Json report = reportOf(listed);
  CHECK(report["complete"].contains("seq"));
  REQUIRE(report["persons"].size() == 41);
  CHECK(report["persons"][3]["result"] == "erased");
  CHECK(report["persons"][40]["refused"] == "unknown-person");
  CHECK(world.lacuna({"history", "crm:7"}).exit == 1);

  // One certificate; each person's salt shows that it concerns them.
  const std::string file = world.file("certificate.json"), key = world.key();
  world.done({"erasure", "certificate", report["case"].dump(), "--to", file});
  const auto verifies = [&](const std::string& salt) {
    return world.lacuna({"verify", "--certificate", file, "--key", key, "--salt", salt}).exit;
  };
  std::set<std::string> salts;
  for (int i = 0; i < 40; ++i) salts.insert(report["persons"][i]["salt"].get<std::string>());
  CHECK(salts.size() == 40);
  CHECK_FALSE(report["persons"][40].contains("salt"));
  CHECK_FALSE(report.contains("salt"));
  CHECK(verifies(*salts.begin()) == 0);
  CHECK(verifies(*salts.rbegin()) == 0);
  std::string forged = *salts.begin();
  forged[0] = forged[0] == '0' ? '1' : '0';
  CHECK(verifies(forged) == 4);
  CHECK(verifies(salts.begin()->substr(0, 64)) == 4);
  CHECK(verifies("12") == 2);
  const Json shown =
      Json::parse(world.done({"--json", "erasure", "show", report["case"].dump()}).out);
  CHECK(shown["persons"][3]["salt"] == report["persons"][3]["salt"]);
  CHECK(world.lacuna({"erase", "--ground", "objection"}).exit == 2);
  CHECK(world.lacuna({"erase", "crm:1", "--persons", "-", "--ground", "objection"}, persons).exit ==
        2);
}

TEST_CASE("hold: it keeps its classes, and lifting it carries out what it kept", "[P5]") {
  World world;
  world.applyKjenning();
  world.done({"submit"}, collected("crm:1") + shared("crm:1"));
  CHECK(world.lacuna({"hold", "place", "crm:1", "--ground", "because", "--review", "2099-01-01"})
            .exit == 1);
  CHECK(world.lacuna({"hold", "place", "crm:1", "--ground", "legal-claims"}).exit == 2);
  const Json hold =
      reportOf(world.done({"--json", "hold", "place", "crm:1", "--ground", "legal-claims",
                           "--review", "2099-01-01", "--reason", "other:a lawsuit"}));
  const Finished held = world.lacuna({"--json", "erase", "crm:1", "--ground", "objection"});
  CHECK(held.exit == 6);
  CHECK(reportOf(held)["state"] == "held");
  const auto standing = linesOf(world.done({"--json", "hold", "list", "--reason", "audit"}).out);
  REQUIRE(standing.size() == 1);
  CHECK(standing[0]["aliases"] == Json{"crm:1"});
  CHECK(standing[0]["blocks"].size() == 1);
  const Json lifted = reportOf(world.done({"--json", "hold", "lift", hold["hold"].dump()}));
  CHECK(lifted["carriedOut"]["state"] == "complete");
  CHECK(world.lacuna({"history", "crm:1"}).exit == 1);
  CHECK(world.lacuna({"hold", "lift", hold["hold"].dump()}).exit == 1);
  CHECK(world.done({"hold", "list"}).exit == 0);
}

TEST_CASE("erase: a second officer and a cooling-off time are exit 6 until they are over", "[P5]") {
  World world;
  applyWith(world, "secondOfficer = true");
  world.done({"submit"}, collected("crm:1") + collected("crm:2"));
  const Finished asked = world.lacuna({"--json", "erase", "crm:1", "--ground", "objection"});
  CHECK(asked.exit == 6);
  const Json report = reportOf(asked);
  CHECK(report["state"] == "waiting");
  CHECK(report["needsApproval"] == true);
  const std::string number = report["case"].dump();
  const Finished self = world.lacuna({"erasure", "approve", number});
  CHECK(self.exit == 1);
  CHECK(has(self.err, "needs-another"));
  CHECK(world.lacuna({"erasure", "resume", number}).exit == 1);
  CHECK(world.done({"history", "crm:1"}).exit == 0);
  CHECK(world.done({"erasure", "cancel", number}).exit == 0);
  CHECK(world.lacuna({"erasure", "cancel", number}).exit == 1);

  applyWith(world, "coolingOff = \"P2D\"");
  const Finished cooling = world.lacuna({"--json", "erase", "crm:2", "--ground", "objection"});
  CHECK(cooling.exit == 6);
  CHECK(reportOf(cooling).contains("coolingOffUntil"));
  world.daemon->kill();  // what waits waits on
  world.start();
  const auto list = linesOf(world.done({"--json", "erasure", "list"}).out);
  CHECK(list.at(0)["state"] == "waiting");
  CHECK(list.at(1)["state"] == "cancelled");
  CHECK(world.done({"history", "crm:2"}).exit == 0);
}

}  // namespace lacuna
