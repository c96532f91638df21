// lacuna report and verify --control-report, as an officer and an auditor use them.
#include "tests/support/cli_world.h"

#include <ctime>
#include <unistd.h>

namespace lacuna {
namespace {

using namespace test;

std::string today() {
  const std::time_t now = std::time(nullptr) + 2 * 3600;  // no earlier than the day in Amsterdam
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

}  // namespace

TEST_CASE("an officer makes a control report, and an auditor recomputes it from the public log",
          "[P1][P9][control]") {
  CliWorld world;
  world.applyKjenning();
  world.submitExamples();
  const std::string event =
      R"({"kind":"processing","person":"crm:d1","purpose":"course-admin","operation":"collect","system":"website"})";
  world.done({"submit"}, event + "\n");
  world.done({"erase", "crm:d1", "--ground", "no-longer-needed"});
  world.checkpoint();
  const std::string key = world.key(), file = world.file("report.json"), day = today();
  const std::vector<std::string> asked{"report", "--from", "2026-01-01", "--to", day};
  const auto with = [](std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  CHECK(world.lacuna({"report"}).exit == 2);
  CHECK(world.lacuna(with(asked, {"--sample", "5"})).exit == 2);
  CHECK(world.lacuna(with(asked, {"--sample", "257", "--seed", "x"})).exit == 2);
  CHECK(has(world.lacuna({"report", "--from", day, "--to", "2026-01-01"}).err, "invalid-value"));
  const Json shown = Json::parse(
      world.done(with(asked, {"--json", "--sample", "5", "--seed", "audit", "--out", file})).out);
  CHECK(shown["totals"]["step/complete"] == 1);
  CHECK(shown["summary"]["scope/person"] == 1);
  const Json report = Json::parse(contentOf(file));
  CHECK(report["statement"]["erasures"][0]["case"] == 1);
  CHECK(report["statement"]["erasures"][0].contains("dueStatute"));
  CHECK(report["receipts"].size() == 5);
  CHECK_FALSE(has(contentOf(file), "crm:"));
  // Making one is a record that the next one counts.
  world.checkpoint();
  CHECK(Json::parse(world.done(asked).out)["statement"]["totals"]["reading/report"] == 1);

  const std::string dir = world.file("export");
  world.done({"export-log", dir});
  const std::string data = world.data.string();
  world.daemon.reset();  // from here on offline
  const auto verified = [&](std::vector<std::string> more) {
    more.insert(more.begin(), "verify");
    return world.lacuna(more);
  };
  CHECK(has(verified({"--control-report", file, "--key", key}).out,
            "verified: the control report of example.org/cli"));
  CHECK(has(verified({"--control-report", file}).out, "internally consistent: "));
  for (const auto& log :
       {std::vector<std::string>{"--export", dir}, std::vector<std::string>{"--data", data}}) {
    const Finished counted = verified(with({"--control-report", file, "--key", key}, log));
    CAPTURE(log, counted.out, counted.err);
    CHECK(counted.exit == 0);
    CHECK(has(counted.out, "recomputed from the first"));
  }
  const std::string dutch = verified({"--control-report", file, "--key", key, "--lang", "nl"}).out;
  CHECK(has(dutch, "geverifieerd: het controlerapport"));
  CHECK_FALSE(has(dutch, "not checked"));
  const std::string policy = world.written("policy.txt", "log " + key + "\nquorum none\n");
  CHECK(verified({"--control-report", file, "--policy", policy, "--export", dir}).exit == 0);

  std::string changed = contentOf(file);
  changed.replace(changed.find("\"step/complete\": 1"), 18, "\"step/complete\": 2");
  const std::string forged = world.written("forged.json", changed),
                    outcome = world.file("outcome.json");
  CHECK(verified({"--control-report", forged, "--key", key, "--report", outcome}).exit == 4);
  CHECK(Json::parse(contentOf(outcome))["result"] == "failed");
  CHECK(verified({"--control-report", forged, "--policy", policy}).exit == 4);
  CHECK(verified({"--control-report", file, "--since", file}).exit == 2);
  CHECK(verified({"--control-report", file, "--receipt", file}).exit == 2);
  CHECK(verified({"--control-report", file, "--data", data, "--export", dir}).exit == 2);
  // A log that is changed since no longer agrees.
  const std::filesystem::path bundle = std::filesystem::path(dir) / "tile/entries";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(bundle)) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = contentOf(entry.path());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(entry.path(), std::ios::binary) << bytes;
  }
  CHECK(verified({"--control-report", file, "--key", key, "--export", dir}).exit == 4);
}

TEST_CASE("only an officer makes a control report", "[P9][control]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"access", "grant", "--uid", std::to_string(::getuid()), "--role", "auditor"});
  const Finished refused = world.lacuna({"report", "--from", "2026-01-01", "--to", "2026-01-02"});
  CHECK(refused.exit == 1);
  CHECK(has(refused.err, "wrong-role"));
}

}  // namespace lacuna
