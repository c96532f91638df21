// Several key holders, with the daemon and the command line: added while it runs, away, back, lost (DESIGN 7).
#include "tests/support/cli_world.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

using namespace test;
namespace fs = std::filesystem;

std::string collected(const std::string& person) {
  return R"({"kind":"processing","person":")" + person +
         R"(","purpose":"course-admin","operation":"collect","system":"website"})" + "\n";
}

struct World : CliWorld {
  fs::path second = dir / "second";

  Json holder(std::size_t number) const {
    return Json::parse(done({"--json", "keys", "status"}).out)["holders"].at(number);
  }
  Json erasure(const Json& number) const {
    return Json::parse(done({"--json", "erasure", "show", number.dump()}).out);
  }
  std::size_t eventsOf(const std::string& person) const {
    std::size_t out = 0;
    for (const Json& line : linesOf(done({"--json", "history", person, "--reason", "audit"}).out)) {
      out += line["kind"] == "processing" ? 1 : 0;
    }
    return out;
  }
};

}  // namespace

TEST_CASE("keys: a holder added to a running ledger destroys with it; one that is away is named",
          "[P5]") {
  World world;
  world.applyKjenning();
  world.done({"submit"}, collected("crm:1") + collected("crm:2") + collected("crm:3"));
  CHECK(world.lacuna({"keys", "add-holder", world.data.string()}).exit == 1);  // it holds things
  const Json added =
      Json::parse(world.done({"--json", "keys", "add-holder", world.second.string()}).out);
  CHECK(added["added"] == 1);
  CHECK(world.holder(1)["state"] == "present");

  // Erased at both, at once.
  const std::string file = world.file("certificate.json");
  const Json both = Json::parse(
      world.done({"--json", "erase", "crm:1", "--ground", "objection", "--certificate", file}).out);
  CHECK(both["state"] == "complete");
  CHECK(world.holder(1)["treeVersion"] == world.holder(0)["treeVersion"]);
  const Json certified = Json::parse(
      world.done({"--json", "verify", "--certificate", file, "--key", world.key()}).out);
  REQUIRE(certified["statement"]["holders"].size() == 2);
  CHECK(certified["statement"]["holders"][1]["state"] == "destroyed");

  // Away: its disk is not there. What is erased meanwhile is committed, and waits for it by number.
  const fs::path elsewhere = world.dir / "elsewhere";
  world.daemon->stop();
  fs::rename(world.second, elsewhere);
  world.start({"--key-holder", world.second.string()});
  CHECK(world.holder(1)["state"] == "away");
  const Finished pending = world.lacuna({"--json", "erase", "crm:2", "--ground", "objection"});
  CHECK(pending.exit == 6);
  CHECK(has(pending.err, "key holder 1, away since 20"));
  const Json report = Json::parse(pending.out);
  CHECK(report["state"] == "committed");
  REQUIRE(report.contains("pending"));
  REQUIRE(report["pending"].size() == 1);
  CHECK(report["pending"][0]["holder"] == 1);
  CHECK(report["pending"][0]["since"] == world.holder(1)["since"]);
  CHECK(world.lacuna({"history", "crm:2"}).exit == 1);
  const std::string early = world.file("early.json");
  world.done({"erasure", "certificate", report["case"].dump(), "--to", early});
  CHECK(Json::parse(world.done({"--json", "verify", "--certificate", early, "--key", world.key()})
                        .out)["tier"] == "committed");

  // Its return completes it, without a word of ours.
  fs::rename(elsewhere, world.second);
  world.done({"keys", "check"});
  Json now = Json::object();
  for (int i = 0; i < 100 && now.value("state", "") != "complete"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    now = world.erasure(report["case"]);
  }
  CHECK(now["state"] == "complete");
  CHECK_FALSE(now.contains("pending"));
  CHECK(world.holder(1)["state"] == "present");
  // The later tier stands behind the state that was signed before.
  world.done({"erasure", "certificate", report["case"].dump(), "--to", early});
  const Json later = Json::parse(
      world.done({"--json", "verify", "--certificate", early, "--key", world.key()}).out);
  CHECK(later["tier"] == "complete");
  CHECK(later["states"] == 2);
  CHECK(world.eventsOf("crm:3") == 1);
}

TEST_CASE("keys: a holder that is lost is closed, and erasures wait for it no more", "[P5]") {
  World world;
  world.applyKjenning();
  world.done({"submit"}, collected("crm:1"));
  world.done({"keys", "add-holder", world.second.string()});
  world.daemon->stop();
  fs::remove_all(world.second);
  world.start({"--key-holder", world.second.string()});
  CHECK(world.lacuna({"erase", "crm:1", "--ground", "objection"}).exit == 6);
  CHECK(world.lacuna({"keys", "close-holder", "0"}).exit == 1);  // keys/ itself
  CHECK(world.lacuna({"keys", "close-holder", "7"}).exit == 1);
  world.done({"keys", "close-holder", "1"});
  CHECK(world.holder(1)["state"] == "closed");
  Json last = Json::object();
  for (int i = 0; i < 100 && last.value("state", "") != "complete"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    last = linesOf(world.done({"--json", "erasure", "list"}).out).at(0);
  }
  CHECK(last["state"] == "complete");
  // Named in every later certificate.
  const Json certificate =
      Json::parse(world.done({"erasure", "certificate", last["case"].dump()}).out);
  const Json holders = certificate["states"][0]["statement"]["holders"];
  REQUIRE(holders.size() == 2);
  CHECK(holders[1]["state"] == "closed");
}

TEST_CASE("keys: with one surviving holder the loss of keys/ loses no payload", "[P5]") {
  World world;
  world.applyKjenning();
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += collected("crm:" + std::to_string(i));
  world.done({"submit"}, lines);
  world.done({"keys", "add-holder", world.second.string()});
  world.done({"erase", "crm:7", "--ground", "objection"});
  world.done({"submit"}, collected("crm:8"));
  world.checkpoint();
  const std::string key = world.key();
  world.daemon->kill();  // with its disk
  fs::remove_all(world.data / "keys");

  const auto start = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {builtProgram("lacunad"), "--data", world.data.string()});
    return runProgram(more);
  };
  const Finished refused = start({"--key-holder", world.second.string()});
  CHECK(refused.exit == 1);
  CHECK(has(refused.err, "--rebuild-keys"));
  CHECK_FALSE(fs::exists(world.data / "keys" / "root.ks"));

  world.start({"--key-holder", world.second.string(), "--rebuild-keys"});
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const std::string person = "crm:" + std::to_string(i);
    if (i == 7) {
      CHECK(world.lacuna({"history", person}).exit == 1);
    } else {
      CHECK(world.eventsOf(person) == (i == 8 ? 2 : 1));
    }
  }
  CHECK(world.holder(0)["state"] == "closed");  // the lost one
  CHECK(world.holder(1)["state"] == "present");
  CHECK(world.key() == key);
  world.done({"erase", "crm:9", "--ground", "objection"});
  world.done({"submit"}, collected("crm:10"));
  world.checkpoint();
  CHECK(world.done({"verify", "--key", key}).exit == 0);
}

}  // namespace lacuna
