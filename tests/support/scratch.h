// A folder of one test, gone when it ends; and a clock that the test moves.
#pragma once

#include "ledger/base/clock.h"

#include <atomic>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace lacuna::test {

class Scratch {
 public:
  Scratch() {
    static std::atomic<unsigned> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("lacuna-test-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
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
