// Who is at the other end of a socket, as the kernel says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

struct Peer {
  std::uint32_t uid = 0;
  std::vector<std::uint32_t> gids;  // primary and supplementary, as of the moment of connecting
  bool operator==(const Peer&) const = default;
};

// Of a connected Unix socket: SO_PEERCRED and SO_PEERGROUPS. Nothing when the kernel does not say.
std::optional<Peer> peerOfUnixSocket(int fd);

// Of a connected TCP socket whose two ends are on this machine's loopback: the owner of the other end
// according to /proc/net/tcp and tcp6, with that user's groups. Nothing when it is not loopback, or
// its owner cannot be told (a process in another network namespace, or one that is gone already).
// The answer holds only while that end stays open: ask right after accepting.
std::optional<Peer> peerOfLoopback(int fd);

// The uid that owns the socket `local` -> `remote` in one /proc/net/tcp* text, both written as there
// ("0100007F:1F90"). Apart from the files for the sake of its tests.
std::optional<std::uint32_t> ownerInProcNet(std::string_view table, std::string_view local,
                                            std::string_view remote);

}  // namespace lacuna
