// The second tier over the command line, against a real lacunad.
#include "tests/support/cli_world.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

using namespace test;
using World = test::CliWorld;

constexpr int kErased = 100;

void populate(World& world) {
  std::string lines;
  for (int i = 0; i <= kErased; ++i) {
    lines += R"({"kind":"processing","person":"crm:s)" + std::to_string(i) +
             R"(","purpose":"course-admin","operation":"collect","system":"website"})" + "\n";
  }
  world.done({"submit"}, lines);
  for (int i = 0; i < kErased; ++i) {
    world.done({"erase", "crm:s" + std::to_string(i), "--ground", "no-longer-needed"});
  }
}

}  // namespace

TEST_CASE("retention sweep removes the envelopes of what was erased, and verify says so",
          "[P1][P5][P6]") {
  World world;
  world.applyKjenning();
  CHECK(world.lacuna({"retention", "sweep", "--status"}).exit == 2);
  CHECK(world.lacuna({"retention", "sweep", "--envelopes", "--status", "--cancel"}).exit == 2);
  const Finished early = world.lacuna({"retention", "sweep", "--envelopes"});
  CHECK(early.exit == 1);
  CHECK(has(early.err, "nothing-to-erase"));
  populate(world);
  const Json oldest = linesOf(world.done({"--json", "erasure", "list"}).out).back();
  const std::string number = oldest["case"].dump(), certificate = world.file("certificate.json");
  CHECK(oldest["state"] == "complete");
  CHECK(oldest["envelopes"] == "not-yet-removed");
  world.done({"erasure", "certificate", number, "--to", certificate});
  const std::string before = contentOf(certificate);

  const Finished swept = world.done({"--json", "retention", "sweep", "--envelopes"});
  const Json report = Json::parse(swept.out);
  CHECK(report["outcome"] == "done");
  CHECK(report["state"] == "idle");
  CHECK(report["bytesRemoved"].get<std::uint64_t>() > 0);
  const std::uint64_t seq = report["sweep"].get<std::uint64_t>();
  CHECK(world.done({"--json", "retention", "sweep", "--envelopes", "--status"}).exit == 0);
  CHECK(world.lacuna({"retention", "sweep", "--envelopes"}).exit == 1);  // nothing is due any more

  world.checkpoint();
  const std::string key = world.key();
  CHECK(world.done({"verify", "--key", key}).exit == 0);  // an auditor, without envelopes
  CHECK(world.done({"export-log", world.file("exported")}).exit == 0);
  CHECK(world.done({"verify", "--export", world.file("exported"), "--key", key}).exit == 0);
  CHECK(world.done({"prove", std::to_string(seq), "--out", world.file("receipt")}).exit == 0);
  CHECK(has(world.done({"verify", "--receipt", world.file("receipt"), "--key", key}).out, "sweep"));
  CHECK(has(world.done({"history", "crm:s100", "--reason", "audit"}).out, "course-admin"));
  world.daemon->stop();
  const Finished offline = world.lacuna({"verify", "--data", world.data.string(), "--key", key});
  CHECK(offline.exit == 0);
  CHECK(has(offline.out, " removed by recorded sweeps"));
  world.start();

  // Each case says so, and its certificate goes on where it was.
  for (const Json& erasure : linesOf(world.done({"--json", "erasure", "list"}).out)) {
    CHECK(erasure["state"] == "closed");
    CHECK(erasure["envelopes"] == "removed");
  }
  const Json shown = Json::parse(world.done({"--json", "erasure", "show", number}).out);
  REQUIRE(shown.contains("removed"));
  REQUIRE(shown.contains("closed"));
  CHECK(shown["removed"]["seq"].get<std::uint64_t>() > seq);
  CHECK(shown["closed"]["seq"].get<std::uint64_t>() > seq);
  world.done({"erasure", "certificate", number, "--to", certificate});
  const Json later =
      Json::parse(world.done({"--json", "verify", "--certificate", certificate, "--key", key}).out);
  CHECK(later["tier"] == "closed");
  CHECK(later["states"] == 3);
  CHECK(later.contains("removedAt"));
  CHECK(later["statement"]["records"]["removed"] == seq);
  const std::string after = contentOf(certificate);
  CHECK(Json::parse(after)["states"][0] == Json::parse(before)["states"][0]);
  const Json old = Json::parse(world
                                   .done({"--json", "verify", "--certificate",
                                          world.written("old.json", before), "--key", key})
                                   .out);
  CHECK(old["tier"] == "complete");
  CHECK(has(world.done({"verify", "--certificate", certificate, "--key", key, "--lang", "nl"}).out,
            "enveloppen verwijderd"));
}

TEST_CASE("withdraw makes one event undecryptable; the history shows that it stood there",
          "[P5][P9]") {
  World world;
  world.applyKjenning();
  std::string lines;
  for (int i = 0; i < 3; ++i) {
    lines +=
        R"({"kind":"processing","person":"crm:w1","purpose":"course-admin","operation":"collect","system":"website","data":{"note":"n)" +
        std::to_string(i) + "\"}}\n";
  }
  std::vector<std::string> seqs;
  for (const Json& line : linesOf(world.done({"--json", "submit"}, lines).out)) {
    seqs.push_back(std::to_string(line["seq"].get<std::uint64_t>()));
  }
  REQUIRE(seqs.size() == 3);
  CHECK(world.lacuna({"withdraw", seqs[1]}).exit == 2);
  CHECK(world.lacuna({"withdraw", "one", "--ground", "unlawful"}).exit == 2);
  CHECK(has(world.lacuna({"withdraw", seqs[1], "--ground", "whim"}).err, "unknown-ground"));
  CHECK(has(world.lacuna({"withdraw", "0", "--ground", "unlawful"}).err, "not-found"));

  const Finished done = world.done({"--json", "withdraw", seqs[1], "--ground", "unlawful",
                                    "--person", "crm:w1", "--reason", "request:1"});
  const Json report = Json::parse(done.out);
  CHECK(report.contains("complete"));
  CHECK(report["class"].is_string());
  world.done({"--json", "withdraw", seqs[2], "--ground", "unlawful"});  // looked for
  CHECK(has(world.lacuna({"withdraw", seqs[1], "--ground", "unlawful"}).err, "nothing-to-erase"));

  const std::string history = world.done({"--json", "history", "crm:w1", "--reason", "audit"}).out;
  CHECK(has(history, "n0"));
  CHECK_FALSE(has(history, "n1"));
  CHECK_FALSE(has(history, "n2"));
  std::size_t withdrawn = 0;
  for (const Json& line : linesOf(history)) withdrawn += line.contains("withdrawn") ? 1 : 0;
  CHECK(withdrawn == 2);
  world.checkpoint();
  CHECK(world.done({"verify", "--key", world.key()}).exit == 0);
  CHECK(world.done({"prove", seqs[1], "--out", world.file("receipt")}).exit == 0);
}

}  // namespace lacuna
