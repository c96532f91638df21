// A folder of one test, gone when it ends; and a clock that the test moves.
//
// It lies in memory where there is some to be had: what a test needs of a disk (what is lost in a
// power cut, what fails) the fakes do, and real syncs would take most of its time. What has to look at
// a real file system names its place.
#pragma once

#include "ledger/base/clock.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace lacuna::test {

inline std::filesystem::path fastPlace() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), R_OK | W_OK | X_OK) == 0 ? memory
                                                           : std::filesystem::temp_directory_path();
}

class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& under = fastPlace()) {
    std::string name = (under / "lacuna-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

class TestClock final : public Clock {
 public:
  explicit TestClock(Instant start) : now_(millisOf(start)) {}
  Instant now() const override { return instantOf(now_.load()); }
  void advance(std::chrono::milliseconds by) { now_ += static_cast<std::uint64_t>(by.count()); }

 private:
  std::atomic<std::uint64_t> now_;
};

}  // namespace lacuna::test
