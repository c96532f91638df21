// A Server over a FakeService on a thread of its own, in a directory of its own.
#pragma once

#include "daemon/server/server.h"
#include "tests/support/fake_service.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>
#include <unistd.h>

namespace lacuna::test {

inline Patience impatient() {
  Patience patience;
  patience.message = std::chrono::milliseconds(400);
  patience.httpHeader = std::chrono::milliseconds(400);
  patience.httpIdle = std::chrono::milliseconds(2000);
  patience.drain = std::chrono::milliseconds(2000);
  return patience;
}

class ServerWorld {
 public:
  explicit ServerWorld(Patience patience = {}) {
    static std::atomic<int> number{0};
    directory_ = std::filesystem::temp_directory_path() /
                 ("lacuna-server-" + std::to_string(getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(directory_);
    ServerConfig config;
    config.data = directory_;
    config.socket = directory_ / "lacuna.sock";
    config.httpSocket = directory_ / "http.sock";
    config.httpHost = "127.0.0.1";
    std::promise<void> ready;
    auto listening = ready.get_future();
    thread_ = std::thread([this, config, patience, &ready]() {
      Server::Hooks hooks;
      hooks.log = [this](std::string_view line) {
        const std::lock_guard lock(mutex_);
        log_.append(line).append("\n");
      };
      hooks.ready = [this, &ready]() {
        port_ = server_->httpPort();
        ready.set_value();
      };
      auto sockets = ListenSockets::of(config);
      Server server(service, std::move(hooks), patience);
      server_ = &server;
      server.run(std::move(*sockets), [this]() { service.drain(); });
    });
    listening.wait();
  }
  ~ServerWorld() {
    stop();
    std::filesystem::remove_all(directory_);
  }

  void stop() {
    if (!thread_.joinable()) return;
    askToStop();
    thread_.join();
  }
  void askToStop() { server_->stop(); }

  std::filesystem::path socket() const { return directory_ / "lacuna.sock"; }
  std::filesystem::path httpSocket() const { return directory_ / "http.sock"; }
  std::uint16_t port() const { return port_; }
  std::string log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  FakeService service;

 private:
  std::filesystem::path directory_;
  mutable std::mutex mutex_;
  std::string log_;
  std::atomic<std::uint16_t> port_{0};
  Server* server_ = nullptr;  // alive until thread_ ends, which stop() waits for
  std::thread thread_;
};

}  // namespace lacuna::test
