// lacunad: reads its configuration, opens the ledger, serves it until it is told to stop.
#include "daemon/ledger_service.h"
#include "daemon/server/config.h"
#include "daemon/server/server.h"
#include "daemon/server/sockets.h"
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

// Sockets in DIR must be reachable by those who were granted a role, while nothing in it may be
// listed or read: hence 0711 for a new DIR. What an administrator has made is left as it is.
Outcome makeDataDirectory(const std::filesystem::path& data) {
  constexpr mode_t kMode = 0711;
  if (mkdir(data.c_str(), kMode) == 0) {
    if (chmod(data.c_str(), kMode) != 0) throw Fault("the new data directory has no right mode");
    return Done{};
  }
  if (errno != EEXIST) {
    return Refusal{RefusalCode::invalidValue,
                   std::string("The data directory cannot be made: ") + std::strerror(errno) + "."};
  }
  if (!std::filesystem::is_directory(data)) {
    return Refusal{RefusalCode::invalidValue, "--data names something that is not a directory."};
  }
  return Done{};
}

void warnOfWeakErasure(LedgerService& service, const ServerConfig& config) {
  const auto status = nlohmann::json::parse(service.status());
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

void sayProgress(std::uint64_t done, std::uint64_t total) {
  if (isatty(STDERR_FILENO) == 0 || total == 0) return;
  std::fprintf(stderr, "\rlacunad: opening %3llu %%%s",
               static_cast<unsigned long long>(done * 100 / total), done >= total ? "\n" : "");
}

int serve(const ServerConfig& config) {
  if (auto made = makeDataDirectory(config.data); !made) return refused(made.refusal());

  ServiceOptions options;
  options.data = config.data;
  options.origin = config.origin;
  options.allowWeakErasure = config.allowWeakErasure;
  options.acceptLostTail = config.acceptLostTail;
  if (config.acceptLostTail) {
    say("WARNING: a lost tail of the log is accepted. What was acknowledged in it is gone.");
  }
  options.checkpointInterval = config.checkpointInterval;
  options.log = say;
  options.onProgress = sayProgress;
  auto opened = openLedgerService(options);
  if (!opened) return refused(opened.refusal());
  const std::unique_ptr<LedgerService> service = std::move(*opened);
  warnOfWeakErasure(*service, config);

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
  Server server(*service, config, std::move(hooks));
  running = &server;
  const auto done = server.run([&]() {
    notifyServiceManager("STOPPING=1");
    service->drain();
  });
  if (!done) return refused(done.refusal());
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
