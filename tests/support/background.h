// A program that goes on until it is stopped, with its output in a file.
#pragma once

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace lacuna::test {

class Background {
 public:
  Background(std::vector<std::string> command, const std::filesystem::path& output)
      : output_(output) {
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no process");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ~Background() { end(SIGKILL); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  int stop() { return end(SIGTERM); }
  void kill() { end(SIGKILL); }
  // What it has written so far.
  std::string output() const {
    std::ifstream in(output_, std::ios::binary);
    return {(std::istreambuf_iterator<char>(in)), {}};
  }
  // Waits until a line holds `text`; that line, or the empty one after half a minute.
  std::string lineWith(const std::string& text) const {
    for (int i = 0; i < 600; ++i) {
      std::ifstream in(output_);
      for (std::string line; std::getline(in, line);) {
        if (!in.eof() && line.find(text) != std::string::npos) return line;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return {};
  }

 private:
  int end(int signal) {
    if (pid_ < 0) return -1;
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::filesystem::path output_;
  int pid_ = -1;
};

}  // namespace lacuna::test
