#include "daemon/server/sockets.h"

#include "ledger/base/fault.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace lacuna {
namespace {

constexpr int kBacklog = 512;
constexpr mode_t kSocketMode = 0666;

// A sun_path ends in a zero byte.
std::optional<sockaddr_un> addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int newSocket(int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw Fault("no socket can be made");
  return fd;
}

// The world's doing, not the caller's: no choice of theirs but the machine stands against it.
bool isWorlds(int error) {
  return error == EROFS || error == ENOSPC || error == EDQUOT || error == EIO || error == EACCES ||
         error == EPERM || error == EMFILE || error == ENFILE || error == ENOMEM;
}

// By errno: refuses, or throws a Fault.
Refusal notMade(RefusalCode code, const std::string& what) {
  const int error = errno;
  if (isWorlds(error)) throw Fault(what + ": " + std::strerror(error));
  return {code, what + ": " + std::strerror(error) + "."};
}

bool somebodyListens(const sockaddr_un& address) {
  const int fd = newSocket(AF_UNIX);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // A full backlog (EAGAIN) or a name we may not open also belongs to somebody.
  const bool refused = !connected && (errno == ECONNREFUSED || errno == ENOENT);
  close(fd);
  return !refused;
}

Outcome clearStale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return Done{};
  if (!S_ISSOCK(found.st_mode)) {
    return Refusal{RefusalCode::invalidValue,
                   "Where the socket should be there is something else; move it away."};
  }
  if (somebodyListens(address)) {
    return Refusal{RefusalCode::alreadyRunning, "Another daemon listens on this socket."};
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return notMade(RefusalCode::alreadyExists, "A stale socket cannot be removed");
  }
  return Done{};
}

}  // namespace

Result<ListenSocket> ListenSocket::unixAt(const std::filesystem::path& path) {
  const auto address = addressOf(path.string());
  if (!address) {
    return Refusal{
        RefusalCode::invalidValue,
        "The socket's path is longer than 107 bytes; give a shorter one with --listen, or "
        "a shorter --data."};
  }
  if (auto cleared = clearStale(path, *address); !cleared) return cleared.refusal();

  ListenSocket out(newSocket(AF_UNIX));
  if (bind(out.fd_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return notMade(RefusalCode::invalidValue, "The socket cannot be made");
  }
  out.path_ = path;
  // Nobody can connect before listen(): so the mode is right from the first connection on.
  if (chmod(path.c_str(), kSocketMode) != 0 || lstat(path.c_str(), &out.made_) != 0 ||
      listen(out.fd_, kBacklog) != 0) {
    throw Fault("the socket cannot be listened on");
  }
  return out;
}

Result<ListenSocket> ListenSocket::tcpAt(const std::string& host, std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  const bool isV4 = inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
  LACUNA_ASSERT(isV4 || inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1, "not an address");
  const auto* address =
      isV4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);

  ListenSocket out(newSocket(isV4 ? AF_INET : AF_INET6));
  const int yes = 1;
  setsockopt(out.fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(out.fd_, address, isV4 ? sizeof v4 : sizeof v6) != 0 || listen(out.fd_, kBacklog) != 0) {
    return notMade(RefusalCode::alreadyExists, "The address of --http cannot be used");
  }
  return out;
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::exchange(other.path_, {})),
      made_(other.made_) {}

ListenSocket::~ListenSocket() {
  if (fd_ < 0) return;
  close(fd_);
  struct stat found {};
  const bool ours = !path_.empty() && lstat(path_.c_str(), &found) == 0 &&
                    found.st_ino == made_.st_ino && found.st_dev == made_.st_dev;
  if (ours) unlink(path_.c_str());
}

std::uint16_t ListenSocket::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  sockaddr_in v4;  // sin_port and sin6_port stand at the same place
  std::memcpy(&v4, &address, sizeof v4);
  return ntohs(v4.sin_port);
}

Result<ListenSockets> ListenSockets::of(const ServerConfig& config) {
  auto rpc = ListenSocket::unixAt(config.socket);
  if (!rpc) return rpc.refusal();
  auto http = ListenSocket::unixAt(config.httpSocket);
  if (!http) return http.refusal();
  ListenSockets out{std::move(*rpc), std::move(*http), std::nullopt};
  if (config.httpHost.empty()) return out;
  auto tcp = ListenSocket::tcpAt(config.httpHost, config.httpPort);
  if (!tcp) return tcp.refusal();
  out.tcp.emplace(std::move(*tcp));
  return out;
}

void notifyServiceManager(const std::string& state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || (name[0] != '/' && name[0] != '@')) return;
  const std::string path(name);
  auto address = addressOf(path);
  if (!address) return;
  if (address->sun_path[0] == '@') address->sun_path[0] = '\0';  // the abstract namespace
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  // Nobody may be listening: that is not our failure.
  [[maybe_unused]] const ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                               reinterpret_cast<const sockaddr*>(&*address), size);
  close(fd);
}

void raiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // with less, accepting waits for connections to end
}

}  // namespace lacuna
