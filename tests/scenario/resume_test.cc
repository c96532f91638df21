// An auditor who comes back: what was verified once is not read again, and cannot be replaced meanwhile.
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

TEST_CASE("verify --resume reads what is new, and holds the log against what it has seen",
          "[P1][P3][verify]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  world.checkpoint();
  const std::string key = world.key(), dir = world.file("export"), file = world.file("state");
  world.done({"export-log", dir});
  const std::vector<std::string> plain{"verify", "--export", dir, "--key", key};
  std::vector<std::string> resume = plain;
  resume.insert(resume.end(), {"--resume", file, "--report", world.file("report")});
  const auto taken = [&] {
    const Json report = Json::parse(contentOf(world.file("report")));
    return report.contains("resumed") ? report["resumed"]["records"].get<std::uint64_t>() : 0;
  };

  const Finished first = world.done(resume);
  CHECK_FALSE(has(first.out, "not read again"));
  CHECK(taken() == 0);
  const Finished second = world.done(resume);
  CHECK(has(second.out, "verified: "));
  CHECK(has(second.out, "not read again: 4864 records"));
  CHECK(has(second.out, "not checked: that the records which an earlier run"));
  CHECK(taken() == 19 * 256);

  // They are not read: a bundle among them may even be gone.
  const std::filesystem::path bundle = std::filesystem::path(dir) / "tile/entries/003";
  const std::string whole = contentOf(bundle);
  std::filesystem::remove(bundle);
  CHECK(world.lacuna(plain).exit == 4);
  CHECK(world.lacuna(resume).exit == 0);
  std::ofstream(bundle, std::ios::binary) << whole;

  // What is new is read, from the daemon or as files; a bad byte in it is found, and the file stays as it was.
  for (int i = 0; i < 300; ++i) world.lacuna({"history", "crm:100001", "--reason", "audit"});
  world.checkpoint();
  world.done({"export-log", dir});
  const std::string before = contentOf(file);
  const std::filesystem::path last = std::filesystem::path(dir) / "tile/entries/019";
  const std::string fresh = contentOf(last);
  std::string spoiled = fresh;
  spoiled[500] = static_cast<char>(spoiled[500] ^ 1);
  std::ofstream(last, std::ios::binary) << spoiled;
  CHECK(world.lacuna(resume).exit == 4);
  CHECK(contentOf(file) == before);
  std::ofstream(last, std::ios::binary) << fresh;
  world.done(resume);
  CHECK(taken() == 19 * 256);
  world.done({"verify", "--key", key, "--resume", file, "--report", world.file("report")});
  CHECK(taken() >
        0);  // less: the daemon shows older checkpoints too, and their ranges are read for them

  // Another log's, another key's, none of ours; and what it does not go with.
  const std::string state = contentOf(file);
  std::string other = key;
  other.replace(0, other.find('+'), "example.org/other");
  CHECK(world.lacuna({"verify", "--export", dir, "--key", other, "--resume", file}).exit != 0);
  for (const std::string& bad :
       {std::string(), std::string("{}"), state.substr(0, state.size() / 2), state + " "}) {
    std::ofstream(file, std::ios::binary) << bad;
    const Finished refused = world.lacuna(resume);
    CHECK(refused.exit == 1);
    CHECK(has(refused.err, "tampered"));
    CHECK(contentOf(file) == bad);
  }
  CHECK(world.lacuna({"verify", "--data", world.data.string(), "--resume", file}).exit == 2);
  CHECK(world.lacuna({"verify", "--receipt", file, "--resume", file}).exit == 2);

  // An older log than what was seen.
  std::ofstream(file, std::ios::binary) << state;
  std::filesystem::remove_all(dir);
  world.daemon->stop();
  CHECK(world.lacuna({"verify", "--export", dir, "--resume", file}).exit == 2);
}
