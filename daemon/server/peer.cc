#include "daemon/server/peer.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>

namespace lacuna {
namespace {

// Linux allows 65536 groups; more than we look at cannot be granted to anyway.
constexpr std::size_t kGroupsMax = 1024;

std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> gids) {
  std::sort(gids.begin(), gids.end());
  gids.erase(std::unique(gids.begin(), gids.end()), gids.end());
  return gids;
}

std::vector<std::uint32_t> groupsOfUser(std::uint32_t uid) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> text(16 * 1024);
  if (getpwuid_r(uid, &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return {};
  std::vector<gid_t> gids(kGroupsMax);
  int count = static_cast<int>(gids.size());
  if (getgrouplist(found->pw_name, found->pw_gid, gids.data(), &count) < 0) {
    return {found->pw_gid};  // more groups than we look at
  }
  return {gids.begin(), gids.begin() + count};
}

// A socket address as /proc/net/tcp prints it: 32-bit words in host order, the port big-endian.
std::string procNameOf(const sockaddr_storage& address) {
  char text[64];
  if (address.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    std::snprintf(text, sizeof text, "%08X:%04X", v4.sin_addr.s_addr, ntohs(v4.sin_port));
    return text;
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof v6);
  std::array<std::uint32_t, 4> words;
  std::memcpy(words.data(), &v6.sin6_addr, sizeof words);
  std::snprintf(text, sizeof text, "%08X%08X%08X%08X:%04X", words[0], words[1], words[2], words[3],
                ntohs(v6.sin6_port));
  return text;
}

bool isLoopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  if (address.ss_family != AF_INET6) return false;
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof v6);
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

std::optional<std::uint32_t> ownerInFile(const char* file, const std::string& local,
                                         const std::string& remote) {
  std::ifstream in(file);
  if (!in) return std::nullopt;
  const std::string table((std::istreambuf_iterator<char>(in)), {});
  return ownerInProcNet(table, local, remote);
}

std::vector<std::string_view> fieldsOf(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return fields;
    line.remove_prefix(start);
    const auto end = std::min(line.find(' '), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

}  // namespace

std::optional<Peer> peerOfUnixSocket(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  if (size != sizeof credentials || credentials.uid == static_cast<uid_t>(-1)) return std::nullopt;

  std::vector<gid_t> gids(kGroupsMax);
  size = static_cast<socklen_t>(gids.size() * sizeof(gid_t));
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids.data(), &size) == 0) {
    gids.resize(size / sizeof(gid_t));
  } else {
    gids.clear();  // the primary group alone: fewer rights, never more
  }
  gids.push_back(credentials.gid);
  return Peer{credentials.uid, sorted({gids.begin(), gids.end()})};
}

std::optional<Peer> peerOfLoopback(int fd) {
  sockaddr_storage here{}, there{};
  socklen_t size = sizeof here;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) != 0) return std::nullopt;
  size = sizeof there;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&there), &size) != 0) return std::nullopt;
  if (!isLoopback(here) || !isLoopback(there)) return std::nullopt;

  // From the peer's side its own address is the local one.
  const char* file = here.ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
  auto uid = ownerInFile(file, procNameOf(there), procNameOf(here));
  if (!uid && here.ss_family == AF_INET) {
    // A dual-stack socket (Java's, .NET's) speaks IPv4 under a mapped IPv6 address.
    const std::string mapped = "0000000000000000FFFF0000";
    uid = ownerInFile("/proc/net/tcp6", mapped + procNameOf(there), mapped + procNameOf(here));
  }
  if (!uid) return std::nullopt;
  return Peer{*uid, sorted(groupsOfUser(*uid))};
}

std::optional<std::uint32_t> ownerInProcNet(std::string_view table, std::string_view local,
                                            std::string_view remote) {
  // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
  constexpr std::size_t kLocal = 1, kRemote = 2, kState = 3, kUid = 7, kInode = 9;
  while (!table.empty()) {
    const auto end = std::min(table.find('\n'), table.size());
    const auto fields = fieldsOf(table.substr(0, end));
    table.remove_prefix(std::min(end + 1, table.size()));
    if (fields.size() <= kInode || fields[kLocal] != local || fields[kRemote] != remote) continue;
    // Established, and not an orphan: the kernel prints uid 0 for a socket no process holds.
    if (fields[kState] != "01" || fields[kInode] == "0") continue;
    std::uint32_t uid = 0;
    const auto text = fields[kUid];
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), uid);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return uid;
  }
  return std::nullopt;
}

}  // namespace lacuna
