// A fresh ledger with a daemon, and lacuna talking to it: what the scenarios share.
#pragma once

#include "tests/support/processes.h"
#include "tests/support/scratch.h"
#include "tools/render.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace lacuna::test {

using tool::Json;

inline const std::string kExamples = std::string(LACUNA_SOURCE_DIR) + "/tools/examples/";

inline std::string contentOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline std::vector<Json> linesOf(const std::string& text) {
  std::vector<Json> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
  return out;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A fresh ledger with a daemon, and lacuna talking to it.
struct CliWorld {
  Scratch dir;
  std::vector<std::string> daemonOptions;
  std::filesystem::path data = dir.path() / "data";
  std::optional<DaemonProcess> daemon;

  // `under`: where its folder lies, for a test of a real file system.
  explicit CliWorld(const std::filesystem::path& under = fastPlace(),
                    std::vector<std::string> with = {"--allow-weak-erasure"})
      : dir(under), daemonOptions(std::move(with)) {
    daemonOptions.insert(daemonOptions.end(), {"--origin", "example.org/cli"});
    start();
  }
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = daemonOptions;
    all.insert(all.end(), more.begin(), more.end());
    daemon.emplace(data, all);
  }

  Finished lacuna(std::vector<std::string> arguments, const std::string& input = "") const {
    std::vector<std::string> command{builtProgram("lacuna")};
    if (std::find(arguments.begin(), arguments.end(), "--connect") == arguments.end()) {
      command.insert(command.end(), {"--connect", "unix:" + (data / "lacuna.sock").string()});
    }
    command.insert(command.end(), arguments.begin(), arguments.end());
    return runProgram(command, input);
  }
  Finished done(const std::vector<std::string>& arguments, const std::string& input = "") const {
    Finished finished = lacuna(arguments, input);
    CAPTURE(arguments, finished.out, finished.err);
    REQUIRE(finished.exit == 0);
    return finished;
  }
  std::string file(const std::string& name) const { return (dir.path() / name).string(); }
  std::string written(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }
  void applyKjenning() const { done({"register", "apply", kExamples + "kjenning/register.toml"}); }
  void submitExamples() const { done({"submit", kExamples + "events.jsonl"}); }
  std::uint64_t size() const {
    return Json::parse(done({"status", "--json"}).out)["size"].get<std::uint64_t>();
  }
  // The checkpoint that covers everything submitted so far; it is signed on a timer.
  std::string checkpoint() const {
    const std::uint64_t wanted = size();
    for (int i = 0; i < 200; ++i) {
      const std::string note = done({"checkpoint"}).out;
      std::istringstream in(note);
      std::string origin, covered;
      std::getline(in, origin);
      std::getline(in, covered);
      if (std::stoull(covered) >= wanted) return note;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL("no checkpoint covers the log");
    return "";
  }
  std::string key() const {
    return Json::parse(done({"checkpoint", "--json"}).out)["key"].get<std::string>();
  }
};

}  // namespace lacuna::test
