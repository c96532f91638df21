// The public log as static files, and a verifier that shares no line of code with ours.
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

Finished python(std::vector<std::string> arguments) {
  std::vector<std::string> command{"/usr/bin/python3",
                                   std::string(LACUNA_SOURCE_DIR) + "/tools/verify.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return runProgram(command, "");
}

}  // namespace

TEST_CASE("the log is exported as static tiles that others verify, and goes on being so",
          "[P1][P3]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  world.checkpoint();
  const std::string key =
      Json::parse(world.done({"checkpoint", "--json"}).out)["key"].get<std::string>();
  const std::string dir = world.file("export");
  world.done({"export-log", dir});

  CHECK(has(world.done({"verify", "--export", dir, "--key", key}).out, "verified"));
  const Finished other = python({"--key", key, dir});
  CAPTURE(other.out, other.err);
  CHECK(other.exit == 0);
  CHECK(has(other.out, "verified: "));
  CHECK(python({dir}).exit == 0);

  SECTION("a later export writes what is new, and a receipt is checked by the second verifier") {
    const std::uint64_t before = world.size();
    world.done({"history", "crm:100001", "--reason", "audit"});
    world.checkpoint();
    REQUIRE(world.size() > before);
    world.done({"export-log", dir});
    CHECK(python({"--key", key, dir}).exit == 0);
    world.done({"prove", "17", "--out", world.file("receipt")});
    CHECK(python({"--key", key, "--receipt", world.file("receipt")}).exit == 0);
  }
  SECTION("a changed, cut or missing file is found by both") {
    const std::filesystem::path bundle = std::filesystem::path(dir) / "tile/entries/003";
    const std::string whole = contentOf(bundle);
    std::string changed = whole;
    changed[1000] = static_cast<char>(changed[1000] ^ 1);
    for (const std::string& bytes : {changed, whole.substr(0, whole.size() / 2), whole + "x"}) {
      std::ofstream(bundle, std::ios::binary) << bytes;
      CHECK(world.lacuna({"verify", "--export", dir, "--key", key}).exit == 4);
      CHECK(python({"--key", key, dir}).exit == 4);
    }
    std::filesystem::remove(bundle);
    CHECK(world.lacuna({"verify", "--export", dir, "--key", key}).exit == 4);
    CHECK(python({"--key", key, dir}).exit == 3);
  }
  SECTION("a directory of something else is left alone") {
    const std::filesystem::path mine = world.file("mine");
    std::filesystem::create_directories(mine);
    std::ofstream(mine / "letter.txt") << "keep";
    const Finished refused = world.lacuna({"export-log", mine.string()});
    CHECK(refused.exit == 1);
    CHECK(has(refused.err, "already-exists"));
  }
}
