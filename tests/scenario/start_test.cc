// A start that must not be: each says why in a sentence, ends with the documented code, and leaves
// nothing behind that was not there.
#include "ledger/base/bytes.h"
#include "tests/support/processes.h"
#include "tests/support/scratch.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace lacuna {
namespace {

using test::DaemonProcess;
using test::Finished;
using test::Scratch;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Finished start(const std::filesystem::path& data, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command{test::builtProgram("lacunad"), "--data", data.string()};
  command.insert(command.end(), more.begin(), more.end());
  return test::runProgram(command);
}

// One sentence that says why, without a path.
void checkRefused(const Finished& finished, int exit, const std::string& why,
                  const std::filesystem::path& data) {
  CAPTURE(finished.out, finished.err);
  CHECK(finished.exit == exit);
  CHECK(has(finished.err, why));
  CHECK_FALSE(has(finished.err, data.string()));
  CHECK_FALSE(has(finished.err, "lacunad: ready"));
}

// A ledger that ran and stopped.
void makeLedger(const std::filesystem::path& data) {
  DaemonProcess daemon(data, {"--allow-weak-erasure"});
  const Finished ready = test::runProgram(
      {test::builtProgram("lacuna"), "--connect", "unix:" + daemon.socket(), "status"});
  REQUIRE(ready.exit == 0);
  REQUIRE(daemon.stop() == 0);
}

// Runs a line of shell where file systems can be made without being root; nothing when the machine
// does not allow it.
std::optional<Finished> inOwnMounts(const std::string& line) {
  if (test::runProgram({"/usr/bin/unshare", "-rm", "/bin/true"}).exit != 0) return std::nullopt;
  return test::runProgram({"/usr/bin/unshare", "-rm", "/bin/sh", "-c", line});
}

}  // namespace

TEST_CASE("a directory that holds other things does not become a ledger") {
  const Scratch dir;
  std::ofstream(dir / "letter.txt") << "mine";
  checkRefused(start(dir.path()), 1, "holds other things and no ledger", dir.path());
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("a start that fails leaves no ledger where there was none") {
  const Scratch dir;
  const std::filesystem::path data = dir / "data";
  const auto nothingMade = [&] { return !std::filesystem::exists(data); };

  checkRefused(start(data, {"--origin", "a name with spaces"}), 2, "--origin", data);
  CHECK(nothingMade());
  checkRefused(start(data, {"--http", "127.0.0.1:none"}), 2, "--http", data);
  CHECK(nothingMade());
  checkRefused(start(data, {"--http", "192.0.2.1:80"}), 1, "loopback only", data);
  CHECK(nothingMade());
  checkRefused(start(data, {"--listen", "unix:" + (dir / "none/socket").string()}), 1,
               "The socket cannot be made", data);
  CHECK(nothingMade());
  checkRefused(start(dir / "none/data"), 1, "is not there", data);
  std::ofstream(dir / "file") << "precious";
  checkRefused(start(dir / "file"), 1, "not a directory", data);
  checkRefused(start(data, {"--listen", "unix:" + (dir / "file").string()}), 1,
               "there is something else", data);
  CHECK(nothingMade());
  CHECK(std::filesystem::file_size(dir / "file") == 8);

  DaemonProcess other(dir / "other", {"--allow-weak-erasure"});
  checkRefused(start(data, {"--listen", "unix:" + other.socket()}), 1,
               "Another daemon listens on this socket", data);
  CHECK(nothingMade());
}

TEST_CASE("a port of --http that is taken is refused before anything is made") {
  const Scratch dir;
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(taken, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(taken, 1) == 0);
  REQUIRE(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  checkRefused(start(dir / "data", {"--http", "127.0.0.1:" + port}), 1, "--http cannot be used",
               dir.path());
  CHECK_FALSE(std::filesystem::exists(dir / "data"));
  ::close(taken);
}

TEST_CASE("a second daemon on the same data is refused, also under another socket") {
  const Scratch dir;
  const std::filesystem::path data = dir / "data";
  DaemonProcess daemon(data, {"--allow-weak-erasure"});
  checkRefused(start(data), 1, "already-running", data);
  checkRefused(start(data, {"--listen", "unix:" + (dir / "other.sock").string()}), 1,
               "already-running", data);
  // The names that a daemon which ran before took away would let the second one get further.
  std::filesystem::remove(data / "lacuna.sock");
  std::filesystem::remove(data / "http.sock");
  checkRefused(start(data), 1, "already-running", data);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("keys that are missing or another ledger's are refused, and nothing is overwritten") {
  const Scratch dir;
  makeLedger(dir / "a");
  makeLedger(dir / "b");
  const auto root = dir / "a/keys/root.ks";
  const auto kept = dir / "kept";
  std::filesystem::rename(root, kept);
  checkRefused(start(dir / "a"), 1, "missing-key", dir.path());
  CHECK_FALSE(std::filesystem::exists(root));

  std::filesystem::copy_file(dir / "b/keys/root.ks", root);
  checkRefused(start(dir / "a"), 1, "foreign-key", dir.path());
  std::filesystem::remove(root);
  std::filesystem::rename(kept, root);

  std::filesystem::rename(dir / "a/keys", dir / "a-keys");
  checkRefused(start(dir / "a"), 1, "missing-key", dir.path());
  std::filesystem::rename(dir / "b/keys", dir / "a/keys");
  checkRefused(start(dir / "a"), 1, "foreign-key", dir.path());
  std::filesystem::remove_all(dir / "a/keys");
  std::filesystem::rename(dir / "a-keys", dir / "a/keys");

  checkRefused(start(dir / "a", {"--origin", "elsewhere.example.nl"}), 1, "another origin",
               dir.path());
  makeLedger(dir / "a");  // as good as ever
}

TEST_CASE("a log older than what was signed is refused as rolled back", "[P3]") {
  const Scratch dir;
  const auto data = dir / "data";
  makeLedger(data);
  std::filesystem::copy(data / "log", dir / "old", std::filesystem::copy_options::recursive);
  {
    DaemonProcess daemon(data, {"--allow-weak-erasure"});
    REQUIRE(
        test::runProgram(
            {test::builtProgram("lacuna"), "--connect", "unix:" + daemon.socket(), "register",
             "apply", std::string(LACUNA_SOURCE_DIR) + "/tools/examples/kjenning/register.toml"})
            .exit == 0);
    REQUIRE(daemon.stop() == 0);
  }
  std::filesystem::remove_all(data / "log");
  std::filesystem::rename(dir / "old", data / "log");
  checkRefused(start(data), 1, "rolled-back", dir.path());
}

TEST_CASE("a disk that is read-only or full is a fault of the world: exit 3 and a sentence",
          "[P8]") {
  const Scratch dir;
  const auto data = dir / "data";
  makeLedger(data);
  const std::string daemon = test::builtProgram("lacunad");
  const std::string readOnly = "mount --bind " + data.string() + " " + data.string() +
                               " && mount -o remount,ro,bind " + data.string() + " && exec " +
                               daemon + " --data " + data.string();
  const auto refused = inOwnMounts(readOnly);
  if (!refused) {
    WARN("this machine lets nobody mount: a read-only and a full disk are not tried");
    return;
  }
  checkRefused(*refused, 3, "Read-only file system", dir.path());

  const std::string disk = (dir / "disk").string();
  std::filesystem::create_directory(disk);
  const std::string small = "mount -t tmpfs -o size=16m none " + disk + " && ";
  const auto tooSmall = inOwnMounts(small + daemon + " --data " + disk + "/data; exit=$?; " +
                                    "test ! -e " + disk + "/data/log && exit $exit");
  REQUIRE(tooSmall);
  checkRefused(*tooSmall, 3, "almost full", dir.path());

  const auto full = inOwnMounts(small + "cp -r " + data.string() + " " + disk +
                                "/data && head -c 16m /dev/zero > " + disk +
                                "/rest 2>/dev/null; exec " + daemon + " --data " + disk + "/data");
  REQUIRE(full);
  checkRefused(*full, 3, "almost full", dir.path());
}

TEST_CASE("a daemon that is told to stop stops at once, whoever is connected") {
  const Scratch dir;
  DaemonProcess daemon(dir / "data", {"--allow-weak-erasure"});
  std::vector<int> idle;
  for (const char* name : {"lacuna.sock", "http.sock", "lacuna.sock"}) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (dir / "data" / name).string().copy(address.sun_path, sizeof address.sun_path - 1);
    idle.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(idle.back(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  // One of them in the middle of a request.
  const std::string half = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
  REQUIRE(::write(idle[1], half.data(), half.size()) == static_cast<ssize_t>(half.size()));
  REQUIRE(test::runProgram(
              {test::builtProgram("lacuna"), "--connect", "unix:" + daemon.socket(), "status"})
              .exit == 0);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(daemon.stop() == 0);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(8));
  for (const int fd : idle) ::close(fd);
}

}  // namespace lacuna
