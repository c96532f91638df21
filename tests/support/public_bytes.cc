#include "tests/support/public_bytes.h"

#include "ledger/base/limits.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/tiles.h"
#include "ledger/record/bodies.h"
#include "ledger/record/record.h"
#include "tests/support/rpc_client.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <zlib.h>

namespace lacuna::test {
namespace {

constexpr std::uint32_t kPage = 1024;

std::string gunzipped(const std::string& bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error("no zlib");
  std::string out(kTileWidth * (kRecordBytesMax + 2), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (ended != Z_STREAM_END) throw std::runtime_error("a compressed bundle does not read");
  return out;
}

// The tiles and bundles that a log of this size has, in every width that was ever published.
std::vector<TileId> tilesOf(TreeSize size) {
  std::vector<TileId> out;
  const auto add = [&](std::optional<unsigned> level, std::uint64_t index, unsigned width) {
    out.push_back({level, index, width});
    for (const unsigned less : {1U, width / 2, width - 1}) {
      if (less > 0 && less < width) out.push_back({level, index, less});
    }
  };
  for (unsigned level = 0; tileWidth(level, 0, size) > 0; ++level) {
    for (std::uint64_t index = 0; tileWidth(level, index, size) > 0; ++index) {
      const unsigned width = tileWidth(level, index, size);
      add(level, index, width);
      if (level == 0) add(std::nullopt, index, width);
    }
  }
  return out;
}

std::set<std::string> documentsOf(const std::vector<Bytes>& records) {
  std::set<std::string> out;
  for (const Bytes& bytes : records) {
    const auto record = decodeRecord(bytes);
    if (!record) throw std::runtime_error("a record does not read");
    if ((record->flags & kHasDocument) != 0) out.insert(hexOf(record->commitment.view()));
    if (record->kind != Kind::sweep) continue;
    for (const auto& part : decodeSweep(record->body)->parts) {
      out.insert(hexOf(part.document.view()));
    }
  }
  return out;
}

class Auditing {
 public:
  explicit Auditing(const std::filesystem::path& socket)
      : client_(loop_, socket), auditor_(client_.auditor()) {}

  PublicBytes run() {
    text("checkpoint", auditor_.checkpointRequest());
    text("verifierKey", auditor_.verifierKeyRequest());
    const auto note = parseNote(out_.at("checkpoint"));
    if (!note) throw std::runtime_error("the checkpoint does not read");
    const TreeSize size = note->checkpoint.size;
    const std::vector<Bytes> all = records(size.raw());
    for (std::uint64_t seq = 0; seq <= size.raw(); ++seq) receipt(seq);
    for (const TileId& id : tilesOf(size)) {
      if (id.level) tile(id);
    }
    for (const std::string& hash : documentsOf(all)) document(*bytesOfHex(hash), hash);
    document(Bytes(32, 1), "unknown");
    checkpoints();
    text("status", client_.gate().statusRequest());
    auto identity = client_.wait(client_.gate().identityRequest().send());
    out_["identity"] = kj::str(identity).cStr();
    return std::move(out_);
  }

 private:
  template <typename Answer>
  static std::string refusalIn(const Answer& answer) {
    return "refused: " + refusalOf(answer.getRefusal()).message;
  }
  template <typename Request>
  void text(const std::string& name, Request&& request) {
    auto answer = client_.wait(request.send());
    out_[name] = answer.isOk() ? std::string(answer.getOk().begin(), answer.getOk().size())
                               : refusalIn(answer);
  }
  void receipt(std::uint64_t seq) {
    auto request = auditor_.receiptRequest();
    request.setSeq(seq);
    text("receipt " + std::to_string(seq), kj::mv(request));
  }
  std::vector<Bytes> records(std::uint64_t size) {
    std::vector<Bytes> out;
    while (out.size() < size) {
      auto request = auditor_.recordsRequest();
      request.setFirst(out.size());
      request.setCount(kPage);
      auto answer = client_.wait(request.send());
      if (!answer.isOk() || answer.getOk().size() == 0) throw std::runtime_error("no records");
      for (const auto record : answer.getOk()) {
        out_["record " + std::to_string(out.size())].assign(record.begin(), record.end());
        out.emplace_back(record.begin(), record.end());
      }
    }
    return out;
  }
  template <typename Request>
  void data(const std::string& name, Request&& request) {
    auto answer = client_.wait(request.send());
    out_[name] = answer.isOk() ? std::string(answer.getOk().begin(), answer.getOk().end())
                               : refusalIn(answer);
  }
  void tile(const TileId& id) {
    auto request = auditor_.tileRequest();
    request.setLevel(static_cast<std::uint8_t>(*id.level));
    request.setIndex(id.index);
    request.setWidth(static_cast<std::uint16_t>(id.width));
    data("tile " + pathOf(id), kj::mv(request));
  }
  void document(const Bytes& hash, const std::string& name) {
    auto request = auditor_.documentRequest();
    request.setHash(kj::arrayPtr(hash.data(), hash.size()));
    data("document " + name, kj::mv(request));
  }
  void checkpoints() {
    std::string& all = out_["checkpoints"];
    for (std::uint64_t from = 0;;) {
      auto request = auditor_.checkpointsRequest();
      request.setFrom(from);
      request.setCount(kPage);
      auto answer = client_.wait(request.send());
      if (!answer.isOk() || answer.getOk().size() == 0) return;
      for (const auto note : answer.getOk()) {
        const std::string one(note.begin(), note.size());
        from = parseNote(one)->checkpoint.size.raw() + 1;
        all += one + "\n";
      }
    }
  }

  ClientLoop loop_;
  RpcClient client_;
  wire::Auditor::Client auditor_;
  PublicBytes out_;
};

}  // namespace

PublicBytes overHttp(std::uint16_t port) {
  PublicBytes out;
  const auto get = [&](const std::string& path, const std::string& headers = "",
                       const std::string& method = "GET") {
    RawSocket socket(port);
    socket.send(httpRequest(method, path, "", "", headers));
    const HttpAnswer answer = receiveHttp(socket);
    const std::string name = method + " " + path + (headers.empty() ? "" : " compressed");
    out[name + " head"] = answer.head;
    const bool zipped = answer.head.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos;
    out[name] = zipped ? gunzipped(answer.body) : answer.body;
    return out[name];
  };
  const auto note = parseNote(get("/checkpoint"));
  if (!note) throw std::runtime_error("the checkpoint does not read");
  const TreeSize size = note->checkpoint.size;
  std::vector<Bytes> records;
  for (const TileId& id : tilesOf(size)) {
    const std::string body = get("/" + pathOf(id));
    get("/" + pathOf(id), "Accept-Encoding: gzip\r\n");
    const unsigned whole = tileWidth(0, id.index, size);
    if (id.level || id.width != whole) continue;
    const auto entries = decodeBundle(bytesOf(body), whole);
    if (!entries) throw std::runtime_error("a bundle does not read");
    records.insert(records.end(), entries->begin(), entries->end());
  }
  for (const std::string& hash : documentsOf(records)) get("/document/" + hash);
  for (const char* path : {"/v1/status", "/", "/v1/events", "/v1/persons", "/tile/0/999",
                           "/tile/entries/x001/000", "/document/00", "/tile/9/000"}) {
    get(path);
  }
  get("/checkpoint", "", "DELETE");
  return out;
}

PublicBytes asAuditor(const std::filesystem::path& socket) { return Auditing(socket).run(); }

PublicBytes asFiles(const std::filesystem::path& exported) {
  PublicBytes out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(exported)) {
    const std::string name = entry.path().lexically_relative(exported).string();
    std::string& content = out["file " + name];
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    content.assign(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

Bytes withoutChance(ByteView bytes) {
  auto record = decodeRecord(bytes);
  if (!record) throw std::runtime_error("a record does not read");
  const auto zero = [&](std::size_t from, std::size_t count) {
    if (record->body.size() < from + count) throw std::runtime_error("a body is too short");
    std::fill_n(record->body.begin() + static_cast<std::ptrdiff_t>(from), count, std::uint8_t{0});
  };
  // FORMAT 2.1: what is drawn by lot, and times.
  if (record->kind == Kind::genesis) {
    zero(1, 16);
    zero(record->body.size() - 32, 32);
  }
  if (record->kind == Kind::erasure && !record->body.empty()) {
    constexpr std::size_t kIdAt = 1, kStepAt = 17;
    constexpr std::uint8_t kReceived = 4, kDestroyed = 9;
    zero(kIdAt, 16);
    const std::uint8_t step = record->body.at(kStepAt);
    if (step == kReceived) zero(record->body.size() - 32, 32);
    if (step == kDestroyed) zero(record->body.size() - 8, 8);
  }
  record->recordedAt = {};
  record->tag = {};
  if ((record->flags & kHasEnvelope) != 0) record->commitment = {};  // of random bytes
  record->prev = {};
  return encode(*record);
}

}  // namespace lacuna::test
