// The whole disk below a running ledger, copied and mounted again, with the programs as they are shipped
// (erasure.md 8, F-D): whoever has the image, the backups and the final keys gets nothing of the erased, and
// everything of the living. LACUNA_LONG=1 runs the long one.
#include "ledger/base/limits.h"
#include "tests/support/cli_world.h"
#include "tests/support/known_keys.h"
#include "tests/support/loop_disk.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>
#include <unistd.h>

namespace lacuna {
namespace {

namespace fs = std::filesystem;
using namespace test;

std::size_t personsOfRun() { return std::getenv("LACUNA_LONG") != nullptr ? 240 : 32; }

std::string person(std::size_t n) { return "crm:" + std::to_string(n); }

// 32 bytes that nothing else says, so that the raw disk can be searched for them.
std::string noteOf(std::size_t n) {
  std::string out = "what-is-noted-of-person-" + std::to_string(10'000'000 + n);
  return out;
}

std::string collected(std::size_t n) {
  return R"({"kind":"processing","operation":"collect","purpose":"course-admin","system":"website","data":{"note":")" +
         noteOf(n) + R"("},"person":")" + person(n) + "\"}\n";
}

bool dies(std::size_t n) { return n % 2 == 0; }

void copyTree(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

// A ledger on the disk, worked on through the programs, killed now and then; backups lie outside of it.
struct Run {
  explicit Run(LoopDisk& on) : disk(on), world(on.root(), {}) {
    world.applyKjenning();
    std::string lines;
    for (std::size_t n = 0; n < persons; ++n) lines += collected(n);
    world.done({"submit"}, lines);
    world.checkpoint();
    key = world.key();
    REQUIRE(world.daemon->stop() == 0);
    std::vector<std::string> erased;
    for (std::size_t n = 0; n < persons; n += 2) erased.push_back(person(n));
    for (Secrets& secrets : secretsOf(world.data, erased)) {
      for (const auto& [what, list] : secrets) {
        // Of 4096 lots the first few were ever used.
        for (std::size_t i = 0; i < std::min<std::size_t>(list.size(), 256); ++i) dead.add(list[i]);
      }
    }
    copyTree(world.data / "log", outside / "log-before");
    copyTree(world.data / "keys", outside / "keys-before");
    world.start();
  }

  void work() {
    std::mt19937_64 random(7);
    for (std::size_t n = 0; n < persons; n += 2) {
      world.done({"erase", person(n), "--ground", "consent-withdrawn"});
      world.done({"submit"}, collected(n + 1));
      if (random() % 6 == 0) {
        world.daemon->kill();
        ++kills;
        world.start();
      }
      if (n == persons / 4 * 2) {
        world.checkpoint();
        REQUIRE(world.daemon->stop() == 0);
        copyTree(world.data / "log", outside / "log-meanwhile");
        world.start();
      }
    }
    world.checkpoint();
    world.daemon->kill();
  }

  // Nothing of the erased is served, everything of the living that this log holds.
  void checkServed(std::size_t events) const {
    for (std::size_t n = 0; n < persons; ++n) {
      CAPTURE(n);
      const Finished told = world.lacuna({"--json", "history", person(n), "--reason", "audit"});
      CHECK(told.exit == (dies(n) ? 1 : 0));
      CHECK(has(told.out, noteOf(n)) == !dies(n));
      if (dies(n)) continue;
      std::size_t count = 0;
      for (const Json& line : linesOf(told.out)) count += line["kind"] == "processing" ? 1 : 0;
      CHECK(count >= events);
    }
    const std::string found = world.done({"person", "find", "crm:", "--reason", "audit"}).out;
    for (std::size_t n = 0; n < persons; n += 2) CHECK_FALSE(has(found, "\"" + person(n) + "\""));
  }

  // Each backup of the log under the present keys: refused, or told to go on, the same.
  void checkBackup(const std::string& name) {
    CAPTURE(name);
    copyTree(outside / "keys-final", world.data / "keys");
    copyTree(outside / name, world.data / "log");
    const Finished refused = runProgram({builtProgram("lacunad"), "--data", world.data.string()});
    CHECK(refused.exit == 1);
    CHECK(has(refused.err, "rolled-back"));
    world.start({"--accept-lost-tail"});
    checkServed(1);
    world.daemon->kill();
  }

  LoopDisk& disk;
  const std::size_t persons = personsOfRun();
  const Scratch outside;
  CliWorld world;
  std::string key;
  SecretSearch dead;
  int kills = 0;
};

}  // namespace

TEST_CASE("a disk copied whole gives the shipped programs nobody back who was erased",
          "[forensic][P5]") {
  if (std::getenv("LACUNA_LONG") == nullptr)
    UNSCOPED_INFO("the short run; LACUNA_LONG=1 for the long");
  LoopDisk::Kind ext4 = LoopDisk::ext4();
  LoopDisk::Kind xfs = LoopDisk::xfs();
  ext4.megabytes = xfs.megabytes = 1024;
  for (const LoopDisk::Kind& kind : {ext4, xfs}) {
    LoopDisk disk(kind);
    if (!disk.why().empty()) {
      sayNotRun("the shipped daemon on a copied disk, " + kind.name, disk.why());
      continue;
    }
    CAPTURE(kind.name);
    Run run(disk);
    run.work();
    CHECK(run.kills > 0);
    // F-B: what opened the erased is nowhere on the disk; nor is a word of theirs, or of anybody's.
    disk.unmount();
    CHECK(run.dead.count() > 1000);
    CHECK(run.dead.found(disk.image()) == 0);
    SecretSearch words;
    for (std::size_t n = 0; n < run.persons; ++n) words.add(bytesOf(noteOf(n)));
    CHECK(words.found(disk.image()) == 0);
    // F-D: the copy, mounted, under the daemon as it is shipped.
    const fs::path copy = run.outside / "copy";
    REQUIRE(runProgram({"/bin/cp", "--sparse=always", disk.image().string(), copy.string()}).exit ==
            0);
    REQUIRE(disk.mountAgain(copy));
    run.world.start();
    run.checkServed(2);
    run.world.checkpoint();
    CHECK(run.world.done({"verify", "--key", run.key}).exit == 0);
    REQUIRE(run.world.daemon->stop() == 0);
    copyTree(run.world.data / "keys", run.outside / "keys-final");
    for (const char* backup : {"log-before", "log-meanwhile"}) run.checkBackup(backup);
    // The control: with the keys from before (which are never to be copied) the same questions are answered.
    copyTree(run.outside / "keys-before", run.world.data / "keys");
    copyTree(run.outside / "log-before", run.world.data / "log");
    run.world.start();
    CHECK(
        has(run.world.done({"--json", "history", person(0), "--reason", "audit"}).out, noteOf(0)));
    run.world.daemon->kill();
    SecretSearch found;
    disk.unmount();
    CHECK(run.dead.found(copy) > 0);  // and the search finds the old root
    REQUIRE(disk.mountAgain(copy));   // for who takes it down
  }
}

}  // namespace lacuna
