// The server's parts that need no daemon: configuration, sockets, peers, allowances.
#include "daemon/server/config.h"
#include "daemon/server/meter.h"
#include "daemon/server/peer.h"
#include "daemon/server/sockets.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace lacuna;

namespace {

class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "lacuna-socket-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

template <typename T>
T as(Configured configured) {
  REQUIRE(std::holds_alternative<T>(configured));
  return std::get<T>(std::move(configured));
}

}  // namespace

TEST_CASE("the configuration has defaults that need only --data", "[server]") {
  const auto config = as<ServerConfig>(configure({"--data", "d"}, {}));
  CHECK(config.socket == "d/lacuna.sock");
  CHECK(config.httpSocket == "d/http.sock");
  CHECK(config.httpHost.empty());
  CHECK_FALSE(config.allowWeakErasure);
  CHECK(config.checkpointInterval == std::chrono::milliseconds(500));
}

TEST_CASE("the command line wins over the environment, and that over the file", "[server]") {
  const Directory directory;
  const auto file = directory / "conf";
  std::ofstream(file) << "data = of-file\norigin = of-file\ncheckpoint-interval = 50\n";
  const std::vector<std::string> environment = {"LACUNA_DATA=of-environment",
                                                "LACUNA_ORIGIN=of-environment",
                                                "LACUNA_CONNECT=not-ours", "PATH=/bin"};
  const auto config = as<ServerConfig>(configure(
      {"--config", file.string(), "--data=of-line", "--allow-weak-erasure"}, environment));
  CHECK(config.data == "of-line");
  CHECK(config.origin == "of-environment");
  CHECK(config.checkpointInterval == std::chrono::milliseconds(50));
  CHECK(config.allowWeakErasure);
  CHECK_FALSE(config.acceptLostTail);
  CHECK(as<ServerConfig>(configure({"--data", "d", "--accept-lost-tail"}, {})).acceptLostTail);
  std::ofstream(file) << "data = of-file\naccept-lost-tail = true\n";
  CHECK_FALSE(as<UsageError>(configure({"--config", file.string()}, {})).sentence.empty());
}

TEST_CASE("wrong usage is told apart from what is refused", "[server]") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--data"},
                                             {"--data", ""},
                                             {"--data", "d", "--nonsense"},
                                             {"--data", "d", "--dat", "e"},
                                             {"--data", "d", "extra"},
                                             {"--data", "d", "--listen", "/path"},
                                             {"--data", "d", "--listen", "unix:"},
                                             {"--data", "d", "--http", "8080"},
                                             {"--data", "d", "--http", "127.0.0.1:"},
                                             {"--data", "d", "--http", "127.0.0.1:99999"},
                                             {"--data", "d", "--checkpoint-interval", "0"},
                                             {"--data", "d", "--checkpoint-interval", "10s"},
                                             {"--data", "d", "--config", "/nonexistent/file"}}) {
    CAPTURE(arguments);
    CHECK_FALSE(as<UsageError>(configure(arguments, {})).sentence.empty());
  }
  for (const auto* host : {"0.0.0.0:80", "192.0.2.1:80", "[::]:80", "example.nl:80", ":80"}) {
    CAPTURE(host);
    CHECK(as<Refusal>(configure({"--data", "d", "--http", host}, {})).code ==
          RefusalCode::unsupported);
  }
  CHECK(as<Refusal>(configure({"--data", "d", "--listen", "tls:localhost:1"}, {})).code ==
        RefusalCode::unsupported);
  CHECK(as<ServerConfig>(configure({"--data", "d", "--key-holder", "k", "--key-holder", "l"}, {}))
            .keyHolders.size() == 2);
  CHECK(as<ServerConfig>(configure({"--data", "d", "--rebuild-keys"}, {})).rebuildKeys);
}

TEST_CASE("loopback is understood in both families", "[server]") {
  const auto v6 = as<ServerConfig>(configure({"--data", "d", "--http", "[::1]:8080"}, {}));
  CHECK(v6.httpHost == "::1");
  CHECK(v6.httpPort == 8080);
  CHECK(as<ServerConfig>(configure({"--data", "d", "--http", "localhost:0"}, {})).httpHost ==
        "127.0.0.1");
}

TEST_CASE("help and version are texts", "[server]") {
  CHECK(as<ShowText>(configure({"--help"}, {})).text.find("lacunad --data") != std::string::npos);
  CHECK(as<ShowText>(configure({"--version"}, {})).text.starts_with("lacunad "));
}

TEST_CASE("a socket is refused while somebody listens, and replaced when nobody does", "[server]") {
  const Directory directory;
  const auto path = directory / "s";
  {
    auto first = ListenSocket::unixAt(path);
    REQUIRE(first);
    struct stat made {};
    REQUIRE(stat(path.c_str(), &made) == 0);
    CHECK((made.st_mode & 07777) == 0666);
    CHECK(ListenSocket::unixAt(path).refusal().code == RefusalCode::alreadyRunning);
  }
  CHECK_FALSE(std::filesystem::exists(path));

  // What a killed daemon leaves: a name without a listener.
  {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    close(fd);
  }
  CHECK(std::filesystem::exists(path));
  CHECK(ListenSocket::unixAt(path));

  std::ofstream(directory / "file") << "precious";
  CHECK(ListenSocket::unixAt(directory / "file").refusal().code == RefusalCode::invalidValue);
  CHECK(std::filesystem::file_size(directory / "file") == 8);
  CHECK(ListenSocket::unixAt(directory / std::string(200, 'x').c_str()).refusal().code ==
        RefusalCode::invalidValue);
  CHECK(ListenSocket::unixAt(directory / "none/s").refusal().code == RefusalCode::invalidValue);
}

TEST_CASE("a socket that another has taken over is left to it", "[server]") {
  const Directory directory;
  const auto path = directory / "s";
  std::optional<Result<ListenSocket>> first(ListenSocket::unixAt(path));
  std::filesystem::remove(path);
  auto second = ListenSocket::unixAt(path);
  REQUIRE(second);
  first.reset();
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("a taken port is refused with a sentence", "[server]") {
  auto first = ListenSocket::tcpAt("127.0.0.1", 0);
  REQUIRE(first);
  CHECK(ListenSocket::tcpAt("127.0.0.1", first->port()).refusal().code ==
        RefusalCode::alreadyExists);
}

TEST_CASE("a Unix socket's peer is who the kernel says", "[server][P9]") {
  int fds[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  const auto peer = peerOfUnixSocket(fds[0]);
  REQUIRE(peer);
  CHECK(peer->uid == getuid());
  CHECK(std::count(peer->gids.begin(), peer->gids.end(), getgid()) == 1);
  CHECK_FALSE(peerOfLoopback(fds[0]));
  close(fds[0]);
  close(fds[1]);
  CHECK_FALSE(peerOfUnixSocket(-1));
}

TEST_CASE("the owner of a loopback connection is read from the kernel's table", "[server][P9]") {
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "111 1\n"
      "   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 "
      "222 1\n"
      "   2: 0100007F:C351 0100007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 "
      "0 1\n"
      "   3: 0100007F:C352 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 "
      "0 1\n";
  CHECK(ownerInProcNet(table, "0100007F:C350", "0100007F:1F90") == 1000);
  CHECK_FALSE(ownerInProcNet(table, "0100007F:1F90", "0100007F:C350"));
  CHECK_FALSE(ownerInProcNet(table, "0100007F:C351", "0100007F:1F90"));  // time-wait: nobody's
  CHECK_FALSE(ownerInProcNet(table, "0100007F:C352", "0100007F:1F90"));  // an orphan is not root's
  CHECK_FALSE(ownerInProcNet("", "0100007F:C350", "0100007F:1F90"));
  CHECK_FALSE(
      ownerInProcNet("1: 0100007F:C350 0100007F:1F90 01", "0100007F:C350", "0100007F:1F90"));
}

TEST_CASE("an allowance binds all together and each alone, and wakes who waits", "[server]") {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  Allowance allowance(100, 60);
  auto first = allowance.tryTake(1, 60);
  CHECK(first != nullptr);
  CHECK(allowance.tryTake(1, 1) == nullptr);
  auto second = allowance.tryTake(2, 40);
  CHECK(second != nullptr);
  CHECK(allowance.tryTake(3, 1) == nullptr);

  auto waiting = allowance.take(1, 30);
  auto givenUp = kj::heap(allowance.take(2, 10));
  CHECK_FALSE(waiting.poll(scope));
  givenUp = nullptr;
  second = nullptr;
  CHECK_FALSE(waiting.poll(scope));  // its own bound, not the common one
  first = nullptr;
  REQUIRE(waiting.poll(scope));
  auto share = waiting.wait(scope);
  CHECK(allowance.taken() == 30);
  share = {};
  CHECK(allowance.taken() == 0);
}
