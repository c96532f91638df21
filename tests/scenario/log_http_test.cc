// The log over HTTP, as anybody's client reads it.
#include "tests/support/cli_world.h"
#include "tests/support/rpc_client.h"

#include <memory>
#include <sys/resource.h>

using namespace lacuna;
using namespace lacuna::test;

namespace {

Finished curl(const CliWorld& world, const std::string& path, std::vector<std::string> more = {}) {
  std::vector<std::string> command{"/usr/bin/curl", "-sS", "--unix-socket",
                                   (world.data / "http.sock").string(), "http://localhost/" + path};
  command.insert(command.end(), more.begin(), more.end());
  return runProgram(command);
}

}  // namespace

TEST_CASE("HTTP serves the bytes of the export, and no others", "[http][P1][P3]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  world.checkpoint();
  const std::filesystem::path dir = world.file("export");
  world.done({"export-log", dir.string()});
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path().lexically_relative(dir).string();
    CAPTURE(path);
    const Finished answer = curl(world, path, {"--fail"});
    CHECK(answer.exit == 0);
    CHECK(answer.out == contentOf(entry.path()));
    if (path.starts_with("tile/entries/")) {
      CHECK(curl(world, path, {"--compressed"}).out == answer.out);
    }
    ++files;
  }
  CHECK(files >= 43);  // 20 bundles, 20 tiles, level 1, the register, the checkpoint
  const Finished head = curl(world, "tile/0/000", {"-I"});
  CHECK(has(head.out, "200 OK"));
  CHECK(has(head.out, "Content-Length: 8192"));
  CHECK(has(curl(world, "tile/0/x001/000", {"-i"}).out, "404"));
  CHECK(has(curl(world, "checkpoint", {"-i", "-X", "DELETE"}).out, "Allow: GET, HEAD"));
}

TEST_CASE("a daemon whose descriptors were used up accepts again once there are some", "[http]") {
  CliWorld world;
  world.applyKjenning();
  world.checkpoint();
  const std::string open = "/proc/" + std::to_string(world.daemon->pid()) + "/fd";
  const auto count = static_cast<rlim_t>(std::distance(std::filesystem::directory_iterator(open),
                                                       std::filesystem::directory_iterator()));
  rlimit before{};
  REQUIRE(::prlimit(world.daemon->pid(), RLIMIT_NOFILE, nullptr, &before) == 0);
  const rlimit few{count + 8, before.rlim_max};
  REQUIRE(::prlimit(world.daemon->pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
  for (const char* name : {"lacuna.sock", "http.sock"}) {
    std::vector<std::unique_ptr<RawSocket>> many;
    for (int i = 0; i < 32; ++i) many.push_back(std::make_unique<RawSocket>(world.data / name));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  CHECK(world.lacuna({"status"}).exit == 0);
  CHECK(curl(world, "checkpoint", {"--fail", "--max-time", "10"}).exit == 0);
}
