// lacuna disclose and verify --disclosure, as an officer and a court use them.
#include "tests/support/cli_world.h"

#include <unistd.h>

namespace lacuna {
namespace {

using namespace test;

}  // namespace

TEST_CASE("an event is disclosed to a file, and checked offline by that file and a key",
          "[P1][P9][disclosure]") {
  CliWorld world;
  world.applyKjenning();
  const auto line = [](const std::string& note) {
    return R"({"kind":"processing","person":"crm:d1","purpose":"course-admin","operation":"collect",)"
           R"("system":"website","data":{"note":")" +
           note + "\"}}\n";
  };
  std::vector<std::string> seqs;
  for (const Json& each :
       linesOf(world.done({"--json", "submit"}, line("blue") + line("green")).out)) {
    seqs.push_back(std::to_string(each["seq"].get<std::uint64_t>()));
  }
  REQUIRE(seqs.size() == 2);
  world.checkpoint();
  const std::string key = world.key(), file = world.file("event.json");
  const std::string other = world.file("other.json");
  CHECK(world.lacuna({"disclose"}).exit == 2);
  CHECK(world.lacuna({"disclose", "one"}).exit == 2);
  CHECK(has(world.lacuna({"disclose", "0"}).err, "not-found"));
  CHECK(has(world.lacuna({"disclose", "999999"}).err, "not-found"));
  const Json made = Json::parse(world
                                    .done({"--json", "disclose", seqs[0], "--to", file, "--person",
                                           "crm:d1", "--reason", "other:court"})
                                    .out);
  CHECK(made["seq"] == std::stoull(seqs[0]));
  using std::filesystem::perms;
  CHECK((std::filesystem::status(file).permissions() & (perms::group_all | perms::others_all)) ==
        perms::none);
  // Looked for, and printed: under a later checkpoint, else the same.
  const Json again = Json::parse(world.done({"disclose", seqs[0]}).out);
  const Json first = Json::parse(contentOf(file));
  CHECK(again["content"] == first["content"]);
  CHECK(again["opening"] == first["opening"]);
  world.done({"disclose", seqs[1], "--to", other, "--reason", "audit"});

  const std::string history = world.done({"--json", "history", "crm:d1", "--reason", "audit"}).out;
  std::vector<std::string> reasons;
  for (const Json& each : linesOf(history)) {
    if (each.value("operation", "") != "disclose") continue;
    reasons.push_back(each["reason"].get<std::string>() + " " +
                      each["disclosed"].get<std::string>());
  }
  CHECK(reasons == std::vector<std::string>{"other:court " + seqs[0], "unstated " + seqs[0],
                                            "audit " + seqs[1]});

  world.daemon.reset();  // from here on offline
  const auto verified = [&](std::vector<std::string> more) {
    more.insert(more.begin(), "verify");
    return world.lacuna(more);
  };
  const Finished checked = verified({"--json", "--disclosure", file, "--key", key});
  REQUIRE(checked.exit == 0);
  const Json report = Json::parse(checked.out);
  CHECK(report["result"] == "verified");
  CHECK(report["seq"] == std::stoull(seqs[0]));
  CHECK(report["content"]["event"]["data"] == R"({"note":"blue"})");
  const std::string shown = verified({"--disclosure", file, "--key", key}).out;
  CHECK(has(shown, "verified: record " + seqs[0] + " (processing, recorded "));
  CHECK(has(shown, R"({"note":"blue"})"));
  CHECK_FALSE(has(shown + contentOf(file), "crm:d1"));
  CHECK_FALSE(has(shown + contentOf(file), "green"));
  const std::string dutch = verified({"--disclosure", file, "--key", key, "--lang", "nl"}).out;
  CHECK(has(dutch, "geverifieerd: record " + seqs[0]));
  CHECK_FALSE(has(dutch, "not checked"));
  CHECK(has(verified({"--disclosure", file}).out, "internally consistent: "));
  const std::string policy = world.written("policy.txt", "log " + key + "\nquorum none\n");
  CHECK(verified({"--disclosure", file, "--policy", policy}).exit == 0);

  std::string changed = contentOf(file);
  changed.replace(changed.find("blue"), 4, "grey");
  const std::string forged = world.written("forged.json", changed);
  const std::string outcome = world.file("report.json");
  CHECK(verified({"--disclosure", forged, "--key", key, "--report", outcome}).exit == 4);
  CHECK(Json::parse(contentOf(outcome))["result"] == "failed");
  CHECK(verified({"--disclosure", forged, "--policy", policy}).exit == 4);
  CHECK(verified({"--disclosure", file, "--key", "example.org/cli+00000000+AAAA"}).exit == 2);
  CHECK(verified({"--disclosure", file, "--receipt", file}).exit == 2);
  CHECK(verified({"--disclosure", file, "--since", file}).exit == 2);
  CHECK(verified({"--disclosure", world.file("none")}).exit == 2);
}

TEST_CASE("an erased event is not disclosed, and only an officer discloses",
          "[P5][P9][disclosure]") {
  CliWorld world;
  world.applyKjenning();
  const std::string event =
      R"({"kind":"processing","person":"crm:d1","purpose":"course-admin","operation":"collect","system":"website"})";
  const std::string seq = std::to_string(
      Json::parse(world.done({"--json", "submit"}, event + "\n").out)["seq"].get<std::uint64_t>());
  world.checkpoint();
  const std::string file = world.file("event.json"), key = world.key();
  world.done({"disclose", seq, "--to", file});
  world.done({"erase", "crm:d1", "--ground", "no-longer-needed"});
  const Finished refused = world.lacuna({"disclose", seq});
  CHECK(refused.exit == 1);
  CHECK(has(refused.err, "erased"));
  CHECK(refused.out.empty());
  // What was given away before is a copy outside, and still proves what stood there.
  CHECK(world.done({"verify", "--disclosure", file, "--key", key}).exit == 0);
  world.done({"access", "grant", "--uid", std::to_string(::getuid()), "--role", "auditor"});
  const Finished asAuditor = world.lacuna({"disclose", seq});
  CHECK(asAuditor.exit == 1);
  CHECK(has(asAuditor.err, "wrong-role"));
}

}  // namespace lacuna
