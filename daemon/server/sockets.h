// Listening sockets: made, kept from strangers' leftovers, and taken away at the end.
#pragma once

#include "daemon/server/config.h"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace lacuna {

// A listening socket. A Unix one removes its name when it goes, if the name is still its own.
class ListenSocket {
 public:
  // Any user may connect (mode 0666): who may do what is decided by peer credentials, and who may
  // reach the socket at all by the directory. A stale name, one that nobody listens on, is
  // replaced. Refuses already-running and invalid-value (too long a name, or not a socket); a disk
  // that cannot be written, or a missing right, is a fault.
  static Result<ListenSocket> unixAt(const std::filesystem::path& path);
  // Needs: a loopback address in numbers. Refuses already-exists when the port is taken.
  static Result<ListenSocket> tcpAt(const std::string& host, std::uint16_t port);

  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ListenSocket(const ListenSocket&) = delete;
  ~ListenSocket();

  int fd() const { return fd_; }  // borrowed
  std::uint16_t port() const;     // of TCP

 private:
  explicit ListenSocket(int fd) : fd_(fd) {}
  int fd_;
  std::filesystem::path path_;  // empty: TCP
  struct stat made_ {};
};

// All that the daemon listens on. Made before the ledger is opened or created, so that a start which
// cannot be reached leaves nothing behind; who connects meanwhile waits.
struct ListenSockets {
  ListenSocket rpc, http;
  std::optional<ListenSocket> tcp;

  static Result<ListenSockets> of(const ServerConfig& config);
};

// Tells the service manager, if there is one (NOTIFY_SOCKET): "READY=1", "STOPPING=1".
void notifyServiceManager(const std::string& state);

// As many descriptors as the system lets us have: connections and tables need them.
void raiseDescriptorLimit();

}  // namespace lacuna
