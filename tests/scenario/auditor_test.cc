// An auditor's day: a log over HTTP, witnesses, a monitor, and a daemon that shows another history.
#include "tests/support/background.h"
#include "tests/support/cli_world.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

const std::string kEvents = kExamples + "kjenning/events.jsonl";

std::uint64_t sizeOf(const std::string& note) {
  std::istringstream in(note);
  std::string origin, size;
  std::getline(in, origin);
  std::getline(in, size);
  return std::stoull(size);
}

std::size_t signaturesOf(const std::string& note) {
  std::size_t count = 0;
  for (auto at = note.find("\n\xe2\x80\x94 "); at != std::string::npos;
       at = note.find("\n\xe2\x80\x94 ", at + 1)) {
    ++count;
  }
  return count;
}

// A daemon with the log on loopback, and whatever more it is given.
struct AuditedWorld : CliWorld {
  void serve(std::vector<std::string> more = {}) {
    if (daemon) daemon->stop();
    std::vector<std::string> options{"--allow-weak-erasure", "--origin", "example.org/cli",
                                     "--http", "127.0.0.1:0"};
    options.insert(options.end(), more.begin(), more.end());
    std::filesystem::remove(data.string() + ".log");
    daemon.emplace(data, options);
  }
  std::string log() const { return contentOf(data.string() + ".log"); }
  std::string url() const {
    for (int i = 0; i < 200; ++i) {
      const std::string text = log();
      const std::string mark = "HTTP on loopback, port ";
      const auto at = text.find(mark);
      if (at != std::string::npos && text.find('\n', at) != std::string::npos) {
        return "http://127.0.0.1:" + std::to_string(std::stoi(text.substr(at + mark.size())));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL("no HTTP");
    return "";
  }
  void note(const std::string& text) const {
    done({"submit", "-"}, R"({"kind":"note","data":{"text":")" + text + "\"}}\n");
  }
  // The published checkpoint, once it has as many signatures and covers the log.
  std::string cosigned(std::size_t signatures) const {
    const std::uint64_t wanted = size();
    std::string text;
    for (int i = 0; i < 400; ++i) {
      text = done({"checkpoint"}).out;
      if (sizeOf(text) >= wanted && signaturesOf(text) == signatures) return text;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CAPTURE(text, log());
    FAIL("no cosigned checkpoint");
    return "";
  }
};

}  // namespace

TEST_CASE("the log is verified over HTTP, followed, and every bad byte of it found",
          "[http][P1][P3]") {
  AuditedWorld world;
  world.serve();
  world.applyKjenning();
  world.done({"submit", kEvents});
  const std::string kept = world.written("kept", world.checkpoint());
  const std::string key = world.written("key", world.key() + "\n");
  const std::string state = world.file("state");

  const Finished verified = world.done({"verify", "--url", world.url(), "--key", key, "--since",
                                        kept, "--report", world.file("report")});
  CHECK(has(verified.out, "verified: "));
  CHECK(Json::parse(contentOf(world.file("report")))["source"] == "url");
  CHECK(has(world.done({"verify", "--url", world.url()}).out, "internally consistent"));
  CHECK(world.lacuna({"verify", "--url", "ftp://example.org"}).exit == 2);
  CHECK(world.lacuna({"verify", "--url", "http://127.0.0.1:1"}).exit == 3);

  const std::vector<std::string> follow{"monitor", "--url", world.url(), "--state",
                                        state,     "--key", key,         "--once"};
  CHECK(has(world.done(follow).out, "ok: "));
  world.note("one more");
  world.checkpoint();
  CHECK(has(world.done(follow).out, "ok: "));

  const std::string dir = world.file("export");
  world.done({"export-log", dir});
  const std::vector<std::string> audit{
      "monitor", "--export",  dir,
      "--state", state,       "--key",
      key,       "--command", "printf %s \"$LACUNA_ALARM\" > " + world.file("told"),
      "--once"};
  world.done(audit);
  for (const char* file : {"tile/entries/003", "tile/0/003", "tile/1/000.p/19"}) {
    const std::filesystem::path path = std::filesystem::path(dir) / file;
    CAPTURE(file);
    const std::string whole = contentOf(path);
    REQUIRE(whole.size() > 100);
    std::string changed = whole;
    changed[50] = static_cast<char>(changed[50] ^ 1);
    std::ofstream(path, std::ios::binary) << changed;
    std::filesystem::remove(world.file("told"));
    const Finished alarm = world.lacuna(audit);
    CHECK(alarm.exit == 4);
    CHECK(alarm.out.starts_with("bad-byte: "));
    CHECK(contentOf(world.file("told")) == "bad-byte");
    std::ofstream(path, std::ios::binary) << whole;
  }
  world.done(audit);
  std::vector<std::string> stale = audit;
  stale.insert(stale.end(), {"--stale-after", "1"});
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  CHECK(world.lacuna(stale).out.starts_with("stale: "));
  std::filesystem::copy_file(kept, std::filesystem::path(dir) / "checkpoint",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(world.lacuna(audit).out.starts_with("rollback: "));

  const auto lines = linesOf(world.done({"log", "--public", "--json"}).out);
  REQUIRE(lines.size() >= 2);
  CHECK(lines[0]["kind"] == "genesis");
  CHECK(lines[0]["key"] == world.key());
  const auto isRegister = [](const Json& line) { return line["kind"] == "register"; };
  CHECK(std::count_if(lines.begin(), lines.end(), isRegister) == 1);
  CHECK(linesOf(world.done({"log", "--public", "--url", world.url(), "--json"}).out) == lines);
  CHECK(linesOf(world.done({"log", "--public", "--from", "1", "--json"}).out).size() ==
        lines.size() - 1);
}

TEST_CASE("a ledger that shows another history is caught by witness, monitor and auditor",
          "[http][P3]") {
  AuditedWorld world;
  world.serve();
  world.applyKjenning();
  world.note("before");
  world.checkpoint();
  const std::string key = world.written("key", world.key() + "\n");
  const std::string fork = world.file("fork");
  world.daemon->stop();
  std::filesystem::copy(world.data, fork, std::filesystem::copy_options::recursive);

  const Background witness(
      {builtProgram("lacuna"), "witness", "--state", world.file("witness"), "--listen",
       "127.0.0.1:0", "--name", "witness.example.org", "--log", key},
      world.file("witness.log"));
  std::istringstream said(witness.lineWith("witness.example.org+"));
  std::string word, name, vkey, url;
  said >> word >> name >> vkey >> url;
  REQUIRE(has(url, "http://127.0.0.1:"));
  const std::string policy = world.written(
      "policy", "log " + contentOf(key) + "witness w " + vkey + " " + url + "\nquorum w\n");
  const std::vector<std::string> witnessed{"--witness-policy", policy, "--witness-interval", "1"};
  world.serve(witnessed);
  for (int i = 0; i < 5; ++i) world.note("on the true side");
  const std::string kept = world.written("kept", world.cosigned(2));
  CHECK(has(world.done({"verify", "--policy", policy}).out, "cosigned by: w"));
  CHECK(has(world.done({"verify", "--url", world.url(), "--policy", policy}).out, "verified: "));
  world.done({"prove", "3", "--out", world.file("receipt")});
  world.done({"verify", "--receipt", world.file("receipt"), "--policy", policy});
  CHECK(Json::parse(world.done({"status", "--json"}).out)["witnesses"][0]["state"] == "cosigned");
  const std::string state = world.file("state"), seen = world.file("seen");
  world.done({"monitor", "--url", world.url(), "--state", state, "--policy", policy, "--once"});
  world.done({"verify", "--url", world.url(), "--key", key, "--resume", seen});
  // A start publishes what had the quorum before it, so that followers see no gap.
  world.serve({"--witness-policy", policy, "--witness-interval", "3600"});
  CHECK(signaturesOf(world.done({"checkpoint"}).out) == 2);
  world.daemon->stop();
  CHECK(has(world.done({"verify", "--data", world.data.string(), "--policy", policy}).out,
            "cosigned by: w"));

  // The same keys, an earlier copy: first shorter than what the witness knows ...
  world.daemon.reset();
  std::filesystem::rename(world.data, world.file("true"));
  std::filesystem::rename(fork, world.data);
  world.serve(witnessed);
  bool sealed = false;
  for (int i = 0; i < 200 && !sealed; ++i) {
    sealed = Json::parse(world.done({"status", "--json"}).out)["sealed"].get<bool>();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(sealed);
  CHECK(has(world.log(), "sealed: witness 1 has cosigned"));
  CHECK(world
            .lacuna({"submit", "-"}, R"({"kind":"note","data":{"text":"x"}})"
                                     "\n")
            .exit == 3);
  CHECK(world.lacuna({"monitor", "--url", world.url(), "--state", state, "--key", key, "--once"})
            .out.starts_with("rollback: "));
  // ... then longer, and without asking: nobody who kept something believes it.
  world.serve();
  for (int i = 0; i < 20; ++i) world.note("on the other side");
  world.checkpoint();
  const std::string dir = world.file("forked");
  world.done({"export-log", dir});
  for (const std::vector<std::string>& of :
       {std::vector<std::string>{}, {"--url", world.url()}, {"--export", dir}}) {
    CAPTURE(of);
    std::vector<std::string> verify{"verify", "--key", key};
    verify.insert(verify.end(), of.begin(), of.end());
    CHECK(world.done(verify).exit == 0);  // in itself it is whole, and signed
    const auto with = [&](const char* option, const std::string& file) {
      std::vector<std::string> more = verify;
      more.insert(more.end(), {option, file});
      return world.lacuna(more);
    };
    const Finished since = with("--since", kept);
    CHECK(since.exit == 4);
    CHECK(has(since.out, "the records do not lead to a signed checkpoint"));
    CHECK(with("--resume", seen).exit == 4);
  }
  CHECK(world.lacuna({"monitor", "--export", dir, "--state", state, "--key", key, "--once"})
            .out.starts_with("fork: "));
  CHECK(world.lacuna({"monitor", "--url", world.url(), "--state", state, "--key", key, "--once"})
            .out.starts_with("fork: "));
  CHECK(world.lacuna({"verify", "--url", world.url(), "--policy", policy}).exit == 4);
  world.daemon->stop();
  CHECK(
      world.lacuna({"verify", "--data", world.data.string(), "--key", key, "--since", kept}).exit ==
      4);
  world.serve(witnessed);
  for (int i = 0; i < 200 && !has(world.log(), "witness 1 does not cosign"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(has(world.log(), "witness 1 does not cosign: it answers 422"));
}
