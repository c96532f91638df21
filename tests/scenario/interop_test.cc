// 70,000 records and more, verified over HTTP and as files by programs that share no line of code with ours.
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRecords = 70'000;

Finished go(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{std::string(LACUNA_BUILD_DIR) + "/tests/interop_tlog"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return runProgram(command);
}

Finished python(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"/usr/bin/python3",
                                   std::string(LACUNA_SOURCE_DIR) + "/tools/verify.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return runProgram(command);
}

void write(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

std::string changed(std::string bytes, std::size_t at) {
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
  return bytes;
}

// Base64 text with one character replaced, so that it still reads.
std::string otherCharacter(std::string text, std::size_t at) {
  text.at(at) = text.at(at) == 'A' ? 'B' : 'A';
  return text;
}

std::string eventsOf(std::uint64_t count) {
  std::string out;
  for (std::uint64_t i = 0; i < count; ++i) {
    out += R"({"kind":"note","data":{"number":)" + std::to_string(i) + "}}\n";
  }
  return out;
}

std::string portOf(const std::string& log) {
  const std::string mark = "HTTP on loopback, port ";
  const auto at = log.find(mark);
  REQUIRE(at != std::string::npos);
  return std::to_string(std::stoi(log.substr(at + mark.size())));
}

}  // namespace

TEST_CASE(
    "an unmodified verifier of transparency logs verifies the log, and finds each flipped byte",
    "[http][interop][P1][P3]") {
  REQUIRE(fs::exists(std::string(LACUNA_BUILD_DIR) + "/tests/interop_tlog"));
  CliWorld world;
  world.daemon->stop();
  world.daemon.emplace(world.data,
                       std::vector<std::string>{"--allow-weak-erasure", "--http", "127.0.0.1:0"});
  world.applyKjenning();
  world.done({"submit", world.written("events", eventsOf(kRecords))});
  world.checkpoint();
  const std::string key = world.key();
  REQUIRE(world.size() > kRecords);

  const std::string url = "http://127.0.0.1:" + portOf(contentOf(world.data.string() + ".log"));
  const Finished overHttp = go({key, url});
  CAPTURE(overHttp.out, overHttp.err);
  CHECK(overHttp.exit == 0);
  CHECK(has(overHttp.out, "records and "));

  const fs::path dir = world.file("export");
  world.done({"export-log", dir.string()});
  CHECK(go({key, dir.string()}).exit == 0);
  CHECK(python({"--key", key, dir.string()}).exit == 0);
  CHECK(fs::exists(dir / "tile/2/000.p/1"));  // three levels, each with a partial tile

  const auto rejected = [&](const fs::path& file, const std::string& bytes) {
    CAPTURE(file);
    const std::string whole = contentOf(file);
    REQUIRE(whole != bytes);
    write(file, bytes);
    CHECK(go({key, dir.string()}).exit == 4);
    CHECK(python({"--key", key, dir.string()}).exit == 4);
    CHECK(world.lacuna({"verify", "--export", dir.string(), "--key", key}).exit == 4);
    write(file, whole);
  };
  for (const char* name : {"tile/entries/200", "tile/0/200", "tile/1/000"}) {
    rejected(dir / name, changed(contentOf(dir / name), 1000));
  }
  const std::string note = contentOf(dir / "checkpoint");
  const std::size_t size = note.find('\n') + 1, root = note.find('\n', size) + 1;
  rejected(dir / "checkpoint", changed(note, root - 2));                     // the size
  rejected(dir / "checkpoint", otherCharacter(note, root + 5));              // the root
  rejected(dir / "checkpoint", otherCharacter(note, note.rfind(' ') + 20));  // the signature
  CHECK(go({key, dir.string()}).exit == 0);

  const std::string receipt = world.file("receipt");
  world.done({"prove", "65537", "--out", receipt});
  const auto accepted = [&]() {
    const int exit = go({key, "--receipt", receipt}).exit;
    CHECK(python({"--key", key, "--receipt", receipt}).exit == exit);
    CHECK(world.lacuna({"verify", "--receipt", receipt, "--key", key}).exit == exit);
    return exit == 0;
  };
  CHECK(accepted());
  const std::string whole = contentOf(receipt);
  write(receipt,
        otherCharacter(whole, whole.find('\n', whole.find("index ")) + 5));  // a proof hash
  CHECK_FALSE(accepted());
}
