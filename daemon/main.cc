// lacunad: reads its configuration, opens the ledger, serves it until it is told to stop.
#include "daemon/ledger_service.h"
#include "daemon/server/config.h"
#include "daemon/server/server.h"
#include "daemon/server/version.h"
#include "ledger/crypto/secret.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna {
namespace {

// DESIGN 9: a contract.
constexpr int kExitDone = 0;
constexpr int kExitRefused = 1;
constexpr int kExitUsage = 2;
constexpr int kExitFault = 3;

// Lines on stderr: facts about the daemon, never a path, a key or anything about a person.
void say(std::string_view line) {
  std::string text = "lacunad: ";
  text.append(line).append("\n");
  // One write a line, so that lines of several threads do not mix. Nobody may be reading.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

int refused(const Refusal& refusal) {
  say("refused to start (" + std::string(nameOf(refusal.code)) + "): " + refusal.message);
  return kExitRefused;
}

// The ledger's directory, taken away again when the start made it and nothing came of it.
//
// Sockets in it must be reachable by those who were granted a role, while nothing in it may be
// listed or read: hence 0711 for a new one. What an administrator has made is left as it is.
class DataDirectory {
 public:
  explicit DataDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory() {
    if (made_) ::rmdir(path_.c_str());  // only while it is empty
  }

  Outcome make() {
    constexpr mode_t kMode = 0711;
    made_ = mkdir(path_.c_str(), kMode) == 0;
    if (made_) {
      if (chmod(path_.c_str(), kMode) != 0) throw Fault("the new data directory has no right mode");
      return Done{};
    }
    if (errno == ENOENT) {
      return Refusal{RefusalCode::invalidValue,
                     "the folder that is to hold --data DIR is not there"};
    }
    if (errno != EEXIST) {
      throw Fault(std::string("the data directory cannot be made: ") + std::strerror(errno));
    }
    if (!std::filesystem::is_directory(path_)) {
      return Refusal{RefusalCode::invalidValue, "--data names something that is not a directory"};
    }
    if (access(path_.c_str(), W_OK | X_OK) != 0) {
      throw Fault(std::string("the data directory cannot be written: ") + std::strerror(errno));
    }
    return Done{};
  }

 private:
  const std::filesystem::path path_;
  bool made_ = false;
};

void warnOfWeakErasure(LedgerService& service, const ServerConfig& config) {
  const auto status = nlohmann::json::parse(service.status(0));
  const auto assurance = status.at("assurance").get<std::string>();
  say("assurance of erasure: " + assurance);
  if (assurance == "logical") {
    say("erasures hold at the level of the block device; below it `lacuna keys status` cannot see");
  }
  if (assurance != "none") return;
  say("WARNING: this file system keeps old copies of the root key. What is erased could be "
      "decrypted from them.");
  say(config.allowWeakErasure
          ? "WARNING: erasures are done all the same (--allow-weak-erasure)."
          : "WARNING: erasures are refused (weak-erasure) unless --allow-weak-erasure is given.");
}

// By number: where they are is nobody's business in a log.
void warnOfHolders(LedgerService& service) {
  const auto status = nlohmann::json::parse(service.keysStatus());
  for (const auto& holder : status.at("holders")) {
    const auto state = holder.at("state").get<std::string>();
    if (state != "away" && state != "damaged") continue;
    say("WARNING: key holder " + std::to_string(holder.at("holder").get<unsigned>()) + " is " +
        state + " since " + holder.at("since").get<std::string>() +
        ": erasures stay incomplete until it is back or closed (`lacuna keys status`).");
  }
}

void sayProgress(std::uint64_t done, std::uint64_t total) {
  if (isatty(STDERR_FILENO) == 0 || total == 0) return;
  std::fprintf(stderr, "\rlacunad: opening %3llu %%%s",
               static_cast<unsigned long long>(done * 100 / total), done >= total ? "\n" : "");
}

int serve(const ServerConfig& config) {
  DataDirectory directory(config.data);
  if (auto made = directory.make(); !made) return refused(made.refusal());
  // Before the ledger: a start that nobody could reach makes none.
  auto sockets = ListenSockets::of(config);
  if (!sockets) return refused(sockets.refusal());

  ServiceOptions options;
  options.data = config.data;
  options.origin = config.origin;
  options.allowWeakErasure = config.allowWeakErasure;
  options.acceptLostTail = config.acceptLostTail;
  if (config.acceptLostTail) {
    say("WARNING: a lost tail of the log is accepted. What was acknowledged in it is gone.");
  }
  options.keyHolders = config.keyHolders;
  options.rebuildKeys = config.rebuildKeys;
  options.recoverKeys = config.recoverKeys;
  options.checkpoints = config.checkpoints;
  if (config.recoverKeys) {
    say("WARNING: keys behind the log are accepted. What was admitted since cannot be read any "
        "more.");
  }
  options.checkpointInterval = config.checkpointInterval;
  options.witnesses = config.witnesses;
  options.witnessInterval = config.witnessInterval;
  options.sweepBytesPerSecond = config.sweepBytesPerSecond;
  options.log = say;
  options.onProgress = sayProgress;
  auto opened = openLedgerService(options);
  if (!opened) return refused(opened.refusal());
  const std::unique_ptr<LedgerService> service = std::move(*opened);
  warnOfWeakErasure(*service, config);
  warnOfHolders(*service);

  Server* running = nullptr;
  Server::Hooks hooks;
  hooks.log = say;
  hooks.ready = [&]() {
    if (!config.httpHost.empty()) {
      say("HTTP on loopback, port " + std::to_string(running->httpPort()));
    }
    say("ready");
    notifyServiceManager("READY=1");
  };
  Server server(*service, std::move(hooks));
  running = &server;
  server.run(std::move(*sockets), [&]() {
    notifyServiceManager("STOPPING=1");
    service->drain();
  });
  say("stopped");
  return kExitDone;
}

int mainOf(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  const auto configured = configure(arguments, environment);
  if (const auto* text = std::get_if<ShowText>(&configured)) {
    std::fputs(text->text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? kExitDone : kExitFault;
  }
  if (const auto* usage = std::get_if<UsageError>(&configured)) {
    say(usage->sentence);
    return kExitUsage;
  }
  if (const auto* refusal = std::get_if<Refusal>(&configured)) return refused(*refusal);

  umask(077);
  hardenProcess();
  raiseDescriptorLimit();
  Server::captureSignals();
  say(std::string("version ") + kVersion);
  return serve(std::get<ServerConfig>(configured));
}

// Standard descriptors that are closed would be given to the ledger's files, and written to.
void openStandardDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) < 0) _exit(3);
  }
}

}  // namespace
}  // namespace lacuna

int main(int argc, char** argv) {
  lacuna::openStandardDescriptors();
  try {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    return lacuna::mainOf({argv + 1, argv + argc}, environment);
  } catch (const lacuna::Fault& fault) {
    lacuna::say(std::string("fault: ") + fault.what());
  } catch (const lacuna::Bug& bug) {
    lacuna::say(std::string("bug: ") + bug.what());
  } catch (...) {
    // Texts of libraries may hold paths.
    lacuna::say("fault: a library call failed unexpectedly");
  }
  return lacuna::kExitFault;
}
