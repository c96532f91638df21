// 70,000 records and more, verified over HTTP and as files by programs that share no line of code with ours.
#include "ledger/proof/merkle.h"
#include "ledger/proof/receipt.h"
#include "tests/support/cli_world.h"
#include "tools/tile_log.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRecords = 70'000;
const std::string kSource(LACUNA_SOURCE_DIR);

Finished go(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{std::string(LACUNA_BUILD_DIR) + "/tests/interop_tlog"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return runProgram(command);
}

Finished python(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"/usr/bin/python3", kSource + "/tools/verify.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return runProgram(command);
}

const std::string kModules = kSource + "/build/interop/node_modules";

// Where it cannot be had the test fails: agreement that nobody has looked at is none.
void needNpms() {
  if (fs::exists(kModules + "/@transmute/rfc9162")) return;
  FAIL(
      "npm's @transmute/rfc9162 is not there, so nothing can be held against it: "
      "scripts/bootstrap test fetches it from npm's registry");
}

// npm's @transmute/rfc9162 over an export and proofs of ours.
Finished npm(const fs::path& dir, const std::string& proofs) {
  return runProgram(
      {"/usr/bin/env", "node", kSource + "/tests/interop/rfc9162.js", dir.string(), proofs}, "",
      {"NODE_PATH=" + kModules});
}

void write(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

std::string changed(std::string bytes, std::size_t at) {
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
  return bytes;
}

// Base64 text with one character replaced, so that it still reads.
std::string otherCharacter(std::string text, std::size_t at) {
  text.at(at) = text.at(at) == 'A' ? 'B' : 'A';
  return text;
}

std::string eventsOf(std::uint64_t count) {
  std::string out;
  for (std::uint64_t i = 0; i < count; ++i) {
    out += R"({"kind":"note","data":{"number":)" + std::to_string(i) + "}}\n";
  }
  return out;
}

std::string portOf(const std::string& log) {
  const std::string mark = "HTTP on loopback, port ";
  const auto at = log.find(mark);
  REQUIRE(at != std::string::npos);
  return std::to_string(std::stoi(log.substr(at + mark.size())));
}

// A daemon with 70,000 records on loopback, their export, and the log's key.
struct LargeLog : CliWorld {
  LargeLog() {
    daemon->stop();
    daemon.emplace(data, std::vector<std::string>{"--allow-weak-erasure", "--http", "127.0.0.1:0"});
    applyKjenning();
    done({"submit", written("events", eventsOf(kRecords))});
    checkpoint();
    vkey = key();
    total = size();
    REQUIRE(total > kRecords);
    done({"export-log", dir.string()});
  }
  std::string url() const {
    return "http://127.0.0.1:" + portOf(contentOf(data.string() + ".log"));
  }
  std::string vkey;
  std::uint64_t total = 0;
  fs::path dir = file("export");
};

// Proofs of ours, made of the tiles of an export, in the form that the harness in JavaScript reads.
class Proofs {
 public:
  explicit Proofs(const fs::path& dir) : log_(tool::TileLog::openDirectory(dir).value()) {}

  void inclusion(std::uint64_t index, std::uint64_t size) {
    const auto proof = proveInclusion(tiles(), Seq(index), TreeSize(size));
    REQUIRE(proof);
    put("inclusion", {{"index", index}, {"size", size}}, *proof);
  }
  void consistency(std::uint64_t older, std::uint64_t newer) {
    const auto proof = proveConsistency(tiles(), TreeSize(older), TreeSize(newer));
    REQUIRE(proof);
    put("consistency", {{"older", older}, {"newer", newer}}, *proof);
  }
  // As the daemon gave it.
  void receipt(const std::string& text) {
    const auto proof = proofOfText(text);
    REQUIRE(proof);
    const std::uint64_t size = parseNote(proof->checkpoint)->checkpoint.size.raw();
    put("inclusion", {{"index", proof->index.raw()}, {"size", size}}, proof->hashes);
  }
  // One bit of the last hash of the last proof of a kind.
  void flip(const char* kind) {
    std::string hash = out_[kind].back()["proof"].back().get<std::string>();
    hash[10] = hash[10] == '0' ? '1' : '0';
    out_[kind].back()["proof"].back() = hash;
  }
  std::string text() const { return out_.dump(); }

 private:
  TileSource tiles() const {
    return [this](unsigned level, std::uint64_t index, unsigned width) {
      return log_.tile(level, index, width);
    };
  }
  void put(const char* kind, Json probe, const std::vector<NodeHash>& hashes) {
    probe["proof"] = Json::array();
    for (const NodeHash& hash : hashes) probe["proof"].push_back(hexOf(hash));
    out_[kind].push_back(std::move(probe));
  }
  tool::TileLog log_;
  Json out_{{"inclusion", Json::array()}, {"consistency", Json::array()}};
};

// Two that lean on hashes of every level, and on the tiles that are spoiled below.
Proofs fewProofs(const LargeLog& log) {
  Proofs proofs(log.dir);
  proofs.inclusion(51'300, log.total);
  proofs.consistency(257, log.total);
  return proofs;
}

// What npm's is held against: it sees no signatures, and tiles only by the proofs that are made of them.
enum class Npm { nothing, proofsBefore, proofsAfter };

void checkRejected(const LargeLog& log, const fs::path& file, const std::string& bytes, Npm npms) {
  CAPTURE(file);
  const std::string whole = contentOf(file);
  REQUIRE(whole != bytes);
  std::string proofs = fewProofs(log).text();
  write(file, bytes);
  if (npms == Npm::proofsAfter) proofs = fewProofs(log).text();
  CHECK(go({log.vkey, log.dir.string()}).exit == 4);
  CHECK(python({"--key", log.vkey, log.dir.string()}).exit == 4);
  CHECK(log.lacuna({"verify", "--export", log.dir.string(), "--key", log.vkey}).exit == 4);
  if (npms != Npm::nothing) CHECK(npm(log.dir, log.written("proofs", proofs)).exit == 4);
  write(file, whole);
}

void checkProofs(const LargeLog& log) {
  Proofs proofs(log.dir);
  for (const std::uint64_t size : {1, 2, 3, 7, 8, 13, 257}) {
    for (std::uint64_t at = 0; at<size; at += size> 13 ? 128 : 1) proofs.inclusion(at, size);
    for (std::uint64_t older = 1; older<size; older += size> 13 ? 64 : 1) {
      proofs.consistency(older, size);
    }
  }
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{65'535}, log.total - 1}) {
    proofs.inclusion(at, log.total);
  }
  for (const std::uint64_t older : {std::uint64_t{1}, std::uint64_t{257}, std::uint64_t{65'536},
                                    std::uint64_t{65'537}, log.total - 1}) {
    proofs.consistency(older, log.total);
  }
  proofs.receipt(log.done({"prove", "65537"}).out);
  const Finished agrees = npm(log.dir, log.written("proofs", proofs.text()));
  CAPTURE(agrees.out, agrees.err);
  CHECK(agrees.exit == 0);
  CHECK(has(agrees.out, "proofs agree"));

  for (const char* kind : {"inclusion", "consistency"}) {
    Proofs flipped = fewProofs(log);
    flipped.flip(kind);
    const Finished rejects = npm(log.dir, log.written("proofs", flipped.text()));
    CHECK(rejects.exit == 4);
    CHECK(has(rejects.out, kind));
  }
}

void checkReceipt(const LargeLog& log) {
  const std::string receipt = log.file("receipt");
  log.done({"prove", "65537", "--out", receipt});
  const auto accepted = [&]() {
    const int exit = go({log.vkey, "--receipt", receipt}).exit;
    CHECK(python({"--key", log.vkey, "--receipt", receipt}).exit == exit);
    CHECK(log.lacuna({"verify", "--receipt", receipt, "--key", log.vkey}).exit == exit);
    return exit == 0;
  };
  CHECK(accepted());
  const std::string whole = contentOf(receipt);
  const std::size_t hash = whole.find('\n', whole.find("index ")) + 5;
  const std::size_t note = whole.find("\n\n") + 2;
  const std::size_t root = whole.find('\n', whole.find('\n', note) + 1) + 1;
  for (const std::size_t at : {hash, std::size_t{40}, root + 5, whole.rfind(' ') + 20}) {
    CAPTURE(at);  // a hash of the proof, the record, the root, the signature
    write(receipt, otherCharacter(whole, at));
    CHECK_FALSE(accepted());
  }
}

}  // namespace

TEST_CASE("unmodified verifiers of transparency logs verify the log, and find each flipped byte",
          "[http][interop][P1][P3]") {
  needNpms();
  const LargeLog log;
  const Finished overHttp = go({log.vkey, log.url()});
  CAPTURE(overHttp.out, overHttp.err);
  CHECK(overHttp.exit == 0);
  CHECK(has(overHttp.out, "records and "));
  CHECK(python({"--key", log.vkey, log.url()}).exit == 0);
  CHECK(log.lacuna({"verify", "--url", log.url(), "--key", log.vkey}).exit == 0);

  CHECK(go({log.vkey, log.dir.string()}).exit == 0);
  CHECK(python({"--key", log.vkey, log.dir.string()}).exit == 0);
  // Three levels, each with a partial tile.
  const std::string low = "tile/0/273.p/" + std::to_string(log.total % 256);
  const std::string middle = "tile/1/001.p/" + std::to_string(log.total / 256 - 256);
  const std::string high = "tile/2/000.p/1";

  const auto flip = [&](const std::string& name, Npm npms) {
    const fs::path file = log.dir / name;
    REQUIRE(fs::exists(file));
    const std::string bytes = contentOf(file);
    checkRejected(log, file, changed(bytes, bytes.size() / 2), npms);
  };
  flip("tile/entries/200", Npm::proofsBefore);
  flip("tile/0/200", Npm::proofsAfter);
  flip("tile/1/000", Npm::proofsAfter);
  for (const std::string& name : {low, middle, high}) flip(name, Npm::nothing);
  const fs::path file = log.dir / "checkpoint";
  const std::string note = contentOf(file);
  const std::size_t size = note.find('\n') + 1, root = note.find('\n', size) + 1;
  checkRejected(log, file, changed(note, root - 2), Npm::proofsBefore);  // the size
  checkRejected(log, file, otherCharacter(note, root + 5), Npm::proofsBefore);
  checkRejected(log, file, otherCharacter(note, note.rfind(' ') + 20), Npm::nothing);
  CHECK(go({log.vkey, log.dir.string()}).exit == 0);

  checkReceipt(log);
  checkProofs(log);
}
