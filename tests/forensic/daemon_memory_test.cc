// After an erasure none of its keys is in the memory of the daemon that carried it out, as it is shipped; and
// that memory never becomes a file. The keys are known from a copy of keys/ taken before.
#include "ledger/base/limits.h"
#include "tests/support/cli_world.h"
#include "tests/support/known_keys.h"
#include "tests/support/loop_disk.h"
#include "tests/support/process_memory.h"

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>

namespace lacuna {
namespace {

namespace fs = std::filesystem;
using namespace test;

constexpr std::string_view kErased = "crm:1", kLiving = "crm:2", kWithdrawn = "crm:3";

std::string collected(std::string_view person, int note) {
  return R"({"kind":"processing","operation":"collect","purpose":"course-admin","system":"website","id":"n)" +
         std::to_string(note) + "-" + std::string(person) + R"(","data":{"note":")" +
         std::to_string(note) + R"("},"person":")" + std::string(person) + "\"}\n";
}

struct Scan {
  const CliWorld& world;

  // How many secrets of each kind the daemon's memory holds. Nothing: it cannot be looked at.
  std::optional<std::map<std::string, std::size_t>> of(const Secrets& secrets) const {
    const fs::path file = world.dir / "memory";
    const MemoryCopy copy = copyMemory(world.daemon->pid(), file);
    if (!copy.why.empty()) {
      sayNotRun("the memory of the daemon", copy.why);
      return std::nullopt;
    }
    REQUIRE(copy.bytes > 1000000);
    SecretSearch search;
    for (const auto& [what, list] : secrets) {
      for (const Bytes& secret : list) search.add(secret);
    }
    const std::vector<bool> seen = search.seenIn(file);
    std::map<std::string, std::size_t> out;
    std::size_t at = 0;
    for (const auto& [what, list] : secrets) {
      for (std::size_t i = 0; i < list.size(); ++i) out[what] += seen[at++] ? 1 : 0;
    }
    fs::remove(file);
    return out;
  }
};

std::size_t sum(const std::map<std::string, std::size_t>& found) {
  std::size_t out = 0;
  for (const auto& [what, count] : found) out += count;
  return out;
}

std::string shown(const std::map<std::string, std::size_t>& found) {
  std::string out;
  for (const auto& [what, count] : found) out += what + " " + std::to_string(count) + "; ";
  return out;
}

// Whatever the daemon does with a person: events, ids, names, readings.
void workOn(const CliWorld& world, std::string_view person, int from) {
  std::string lines;
  for (int i = from; i < from + 40; ++i) lines += collected(person, i);
  world.done({"submit"}, lines);
  world.done({"submit"}, collected(person, from));  // again: the same
  world.done({"history", std::string(person), "--reason", "audit"});
  world.done({"state", std::string(person), "--reason", "audit"});
  world.done({"person", "find", "crm:", "--reason", "audit"});
}

}  // namespace

TEST_CASE("after an erasure the daemon's memory holds none of its keys", "[forensic][P5]") {
  if (*kMemoryHidden != '\0') return sayNotRun("search of the daemon's memory", kMemoryHidden);
  CliWorld world;
  world.applyKjenning();
  for (const std::string_view person : {kErased, kLiving, kWithdrawn}) workOn(world, person, 0);
  const Json withdrawn =
      linesOf(world.done({"--json", "submit"}, collected(kWithdrawn, 90)).out)[0];
  REQUIRE(world.daemon->stop() == 0);
  const std::vector<Secrets> known =
      secretsOf(world.data, {std::string(kErased), std::string(kLiving), std::string(kWithdrawn)});
  const Secrets &erased = known[0], &living = known[1], &dead = known[2];
  REQUIRE(erased.at("lot").size() == kLeavesPerSlot);
  REQUIRE(erased.at("event").size() >= 2 * 40);
  world.start();
  for (const std::string_view person : {kErased, kLiving, kWithdrawn}) workOn(world, person, 100);

  const Scan scan{world};
  const auto before = scan.of(erased);
  if (!before) return;
  INFO("before: " << shown(*before));
  // The scan finds what is there: the seed just above the person's lots, and the path's. What opens one lot or
  // one event is never kept, not even of those who live.
  CHECK(before->at("near") == 1);
  CHECK(before->at("path") >= 1);
  CHECK(before->at("lot") + before->at("event") == 0);
  const auto others = *scan.of(dead);
  INFO("before, of another: " << shown(others));
  CHECK(others.at("lot") + others.at("event") == 0);

  world.done({"erase", std::string(kErased), "--ground", "consent-withdrawn"});
  {
    const auto after = *scan.of(erased);
    INFO("after the erasure: " << shown(after));
    CHECK(sum(after) == 0);
  }
  // And finds it still, of those who live: what was forgotten with the caches is taken in again.
  workOn(world, kLiving, 200);
  CHECK(scan.of(living)->at("near") == 1);
  {
    const auto after = *scan.of(erased);
    INFO("after more work: " << shown(after));
    CHECK(sum(after) == 0);
  }

  // A withdrawn event: the lot that it stood in, and what alone would open the event.
  workOn(world, kWithdrawn, 200);
  world.done({"withdraw", withdrawn["seq"].dump(), "--ground", "unlawful", "--person",
              std::string(kWithdrawn)});
  const auto after = *scan.of(dead);
  INFO("after the withdrawal: " << shown(after));
  CHECK(after.at("event") + after.at("lot") == 0);
  CHECK(after.at("path") + after.at("root") == 0);
}

TEST_CASE("the daemon leaves no core behind, however it ends", "[forensic][P5]") {
  struct CoreLimit {
    rlimit before{};
    CoreLimit() {
      ::getrlimit(RLIMIT_CORE, &before);
      const rlimit all{before.rlim_max, before.rlim_max};
      ::setrlimit(RLIMIT_CORE, &all);
    }
    ~CoreLimit() { ::setrlimit(RLIMIT_CORE, &before); }
  } const unlimited;
  CliWorld world;  // inherits the limit
  const std::string limits = contentOf("/proc/" + std::to_string(world.daemon->pid()) + "/limits");
  const std::string line = limits.substr(limits.find("Max core file size"), 60);
  CAPTURE(line);
  CHECK(line.find(" 0 ") != std::string::npos);
  CHECK(line.find("unlimited") == std::string::npos);
  CHECK_FALSE(world.daemon->crash());
  // Any other program does leave one here.
  const int pid = ::fork();
  if (pid == 0) {
    if (::chdir(world.dir.path().c_str()) != 0) ::_exit(1);
    std::signal(SIGQUIT, SIG_DFL);
    ::raise(SIGQUIT);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFSIGNALED(status) || !WCOREDUMP(status))
    sayNotRun("no core is dumped", "nothing dumps core on this machine");
}

}  // namespace lacuna
