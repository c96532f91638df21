// The log over HTTP, as anybody's client reads it.
#include "tests/support/cli_world.h"

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
