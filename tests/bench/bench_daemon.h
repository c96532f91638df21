// lacunad in a process of its own, on a folder of its own: what the rows of the socket and of HTTP share.
#pragma once

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lacuna::bench {

class Daemon {
 public:
  explicit Daemon(const std::filesystem::path& data)
      : socket_((data / "lacuna.sock").string()), log_(data.string() + ".log") {
    const std::string program = std::string(LACUNA_BUILD_DIR) + "/daemon/lacunad";
    const std::string folder = data.string();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int log = open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(log, STDOUT_FILENO);
      dup2(log, STDERR_FILENO);
      execl(program.c_str(), "lacunad", "--data", folder.c_str(), "--allow-weak-erasure", "--http",
            "127.0.0.1:0", nullptr);
      _exit(127);
    }
    for (int i = 0; i < 500 && ::access(socket_.c_str(), F_OK) != 0; ++i) usleep(20'000);
  }
  ~Daemon() {
    kill(pid_, SIGTERM);
    int status = 0;
    waitpid(pid_, &status, 0);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  const std::string& socket() const { return socket_; }
  // Of its HTTP on loopback; "": it does not say.
  std::string port() const {
    const std::string mark = "HTTP on loopback, port ";
    for (int i = 0; i < 500; ++i) {
      std::ifstream log(log_);
      for (std::string line; std::getline(log, line);) {
        const auto at = line.find(mark);
        if (at != std::string::npos && !log.eof()) {
          return std::to_string(std::strtoul(line.c_str() + at + mark.size(), nullptr, 10));
        }
      }
      usleep(20'000);
    }
    return {};
  }
  // A line of /proc/PID/status in MiB: VmRSS now, VmHWM the most it ever was.
  double mebibytes(const std::string& name) const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind(name + ":", 0) == 0) {
        return std::strtod(line.c_str() + name.size() + 1, nullptr) / 1024;
      }
    }
    return 0;
  }

 private:
  std::string socket_, log_;
  pid_t pid_ = 0;
};

// A folder on the disk of the working folder, removed when it goes.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::current_path() / (name + "-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lacuna::bench
