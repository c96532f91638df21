// This very test program as a process of its own, running one test case, to be killed at any moment.
//
// Not a bare fork: the parent has threads (RocksDB's), which a forked child would lack.
#pragma once

#include "ledger/base/fault.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace lacuna::test {

class Child {
 public:
  static constexpr int kReport = 3;  // where the child writes what the parent reads at reports()

  // `test`: a title without commas. The child finds NAME=task in its environment.
  Child(const std::string& test, const std::string& name, const std::string& task) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Fault("no pipe");
    const std::string set = name + "=" + task;
    std::vector<char*> environment;
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    environment.push_back(const_cast<char*>(set.c_str()));  // POSIX wants it so; nobody writes
    environment.push_back(nullptr);
    std::string program = "tests", title = test;
    const std::array<char*, 3> arguments{program.data(), title.data(), nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], kReport);
    const int failed = ::posix_spawn(&pid_, "/proc/self/exe", &files, nullptr, arguments.data(),
                                     environment.data());
    posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);
    reports_ = ends[0];
    if (failed != 0) throw Fault("the child does not start");
  }
  ~Child() {
    kill();
    ::close(reports_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int reports() const { return reports_; }
  // What the child writes, until it is gone.
  template <typename Take>
  void drain(const Take& take) const {
    std::array<char, 65536> buffer{};
    for (ssize_t got; (got = ::read(reports_, buffer.data(), buffer.size())) > 0;) {
      take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    }
  }
  // SIGKILL. What waitpid() says; 0 when it was asked before.
  int kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    return wait();
  }
  int wait() {
    int status = 0;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int reports_ = -1;
};

}  // namespace lacuna::test
