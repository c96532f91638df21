#include "tests/support/processes.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lacuna::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kRunMax{60};
constexpr std::chrono::seconds kStartMax{30};
constexpr std::chrono::seconds kStopMax{30};

struct Pipe {
  int out = -1, in = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    out = ends[0];
    in = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    closeEnd(out);
    closeEnd(in);
  }
  static void closeEnd(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

// Never returns. Between fork and exec only calls that are allowed there.
[[noreturn]] void become(std::vector<char*>& command, std::vector<char*>& environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not left behind by a test that dies
  for (char* setting : environment) ::putenv(setting);
  ::execv(command[0], command.data());
  ::_exit(127);
}

std::vector<char*> pointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  return out;
}

int waitFor(int pid, Clock::time_point until) {
  for (;;) {
    int status = 0;
    const int got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (got < 0) return -1;
    if (Clock::now() > until) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// Moves bytes until the program has closed both outputs, or its time is over.
void pump(Pipe& in, Pipe& out, Pipe& err, std::string_view input, Finished& finished,
          Clock::time_point until) {
  if (input.empty()) Pipe::closeEnd(in.in);
  while ((out.out >= 0 || err.out >= 0) && Clock::now() < until) {
    std::array<pollfd, 3> ends{pollfd{out.out, POLLIN, 0}, pollfd{err.out, POLLIN, 0},
                               pollfd{in.in, POLLOUT, 0}};
    ::poll(ends.data(), ends.size(), 100);
    const auto take = [](const pollfd& end, int& fd, std::string& text) {
      if (end.revents == 0) return;
      std::array<char, 65536> buffer;
      const ssize_t n = ::read(fd, buffer.data(), buffer.size());
      if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
      if (n <= 0) Pipe::closeEnd(fd);
    };
    take(ends[0], out.out, finished.out);
    take(ends[1], err.out, finished.err);
    if (ends[2].revents != 0) {
      const ssize_t n = ::write(in.in, input.data(), std::min<std::size_t>(input.size(), 4096));
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (n <= 0 || input.empty()) Pipe::closeEnd(in.in);
    }
  }
}

}  // namespace

std::string builtProgram(const std::string& name) {
  return std::string(LACUNA_BUILD_DIR) + (name == "lacunad" ? "/daemon/" : "/tools/") + name;
}

Finished runProgram(const std::vector<std::string>& command, const std::string& input,
                    const std::vector<std::string>& environment) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto until = Clock::now() + kRunMax;
  Pipe in, out, err;
  std::vector<char*> words = pointersTo(command);
  words.push_back(nullptr);
  std::vector<char*> settings = pointersTo(environment);
  const int pid = ::fork();
  if (pid < 0) throw std::runtime_error("no process");
  if (pid == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    ::dup2(in.out, STDIN_FILENO);
    ::dup2(out.in, STDOUT_FILENO);
    ::dup2(err.in, STDERR_FILENO);
    become(words, settings);
  }
  Pipe::closeEnd(in.out);
  Pipe::closeEnd(out.in);
  Pipe::closeEnd(err.in);
  Finished finished;
  pump(in, out, err, input, finished, until);
  finished.exit = waitFor(pid, until);
  return finished;
}

DaemonProcess::DaemonProcess(const std::filesystem::path& data, std::vector<std::string> more)
    : data_(data) {
  std::vector<std::string> command{builtProgram("lacunad"), "--data", data_.string()};
  command.insert(command.end(), more.begin(), more.end());
  std::vector<char*> words = pointersTo(command);
  words.push_back(nullptr);
  std::vector<char*> none;
  const std::string log = data_.string() + ".log";
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  if (pid_ == 0) {
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    become(words, none);
  }
  const auto until = Clock::now() + kStartMax;
  while (!answers()) {
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || Clock::now() > until) {
      kill();
      throw std::runtime_error("lacunad does not answer; see " + log);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

bool DaemonProcess::answers() const {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket();
  if (path.size() >= sizeof(address.sun_path))
    throw std::runtime_error("the socket's path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

int DaemonProcess::stop() {
  if (pid_ < 0) return -1;
  ::kill(pid_, SIGTERM);
  const int exit = waitFor(pid_, Clock::now() + kStopMax);
  pid_ = -1;
  return exit;
}

bool DaemonProcess::crash() {
  if (pid_ < 0) return false;
  ::kill(pid_, SIGQUIT);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFSIGNALED(status) && WCOREDUMP(status);
}

void DaemonProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
}

}  // namespace lacuna::test
