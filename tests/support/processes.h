// The built programs as processes: run to their end, or served from a directory of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lacuna::test {

struct Finished {
  int exit = -1;  // -1: killed, by a signal or after its time
  std::string out, err;
};

// Runs a program to its end, with `input` as its standard input. Killed after a minute.
Finished runProgram(const std::vector<std::string>& command, const std::string& input = "",
                    const std::vector<std::string>& environment = {});

// lacunad on a data directory; ready when the constructor returns, gone when the destructor does.
class DaemonProcess {
 public:
  // Throws when it does not answer within half a minute.
  DaemonProcess(const std::filesystem::path& data, std::vector<std::string> more = {});
  ~DaemonProcess() { kill(); }
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  int stop();   // SIGTERM; its exit code, -1 when it had to be killed
  void kill();  // SIGKILL
  // Ends it by a signal that dumps core where that is allowed; whether one was dumped.
  bool crash();
  int pid() const { return pid_; }
  std::string socket() const { return (data_ / "lacuna.sock").string(); }

 private:
  bool answers() const;
  std::filesystem::path data_;
  int pid_ = -1;
};

std::string builtProgram(const std::string& name);  // "lacuna", "lacunad"

}  // namespace lacuna::test
