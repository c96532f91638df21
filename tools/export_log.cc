// lacuna export-log DIR: the public log as static files (C2SP tlog-tiles).
#include "ledger/base/fault.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/tiles.h"
#include "ledger/record/record.h"
#include "tools/commands.h"
#include "tools/remote_log.h"
#include "tools/tile_log.h"

#include <filesystem>

namespace lacuna::tool {
namespace {

namespace fs = std::filesystem;

class Export {
 public:
  Export(Console& console, const RemoteLog& log, fs::path directory)
      : console_(console), log_(log), directory_(std::move(directory)) {}

  // The checkpoint is written last: until then whoever reads the directory sees the export before.
  void run() {
    entries();
    for (unsigned level = 0; tileWidth(level, 0, log_.size()) > 0; ++level) tiles(level);
    put("checkpoint", bytesOf(log_.checkpoint()));
    console_.endProgress();
  }
  std::uint64_t written() const { return written_; }

 private:
  bool there(const std::string& name) const { return fs::exists(directory_ / name); }

  void put(const std::string& name, ByteView content) {
    const fs::path file = directory_ / name;
    fs::create_directories(file.parent_path());
    writeFile(file.string(), lacuna::textOf(content));
    ++written_;
  }

  // Bundles are immutable: those of an earlier export stay, so that one that was cut off goes on.
  void entries() {
    const std::uint64_t size = log_.size().raw();
    for (std::uint64_t first = 0; first < size; first += kTileWidth) {
      const TileId id{std::nullopt, first / kTileWidth,
                      tileWidth(0, first / kTileWidth, log_.size())};
      console_.progress("exported " + std::to_string(first) + " of " + std::to_string(size) +
                        " records");
      if (there(pathOf(id))) continue;
      std::vector<Bytes> records;
      log_.scan(Seq(first), TreeSize(first + id.width), [&](const LogEntry& entry) {
        records.emplace_back(entry.record.begin(), entry.record.end());
        return true;
      });
      if (records.size() != id.width)
        throw Fault("the daemon gave fewer records than it published");
      for (const Bytes& record : records) documentOf(record);
      put(pathOf(id), encodeBundle(records));
    }
  }

  void documentOf(ByteView bytes) {
    const Result<Record> record = decodeRecord(bytes);
    if (!record) return;
    if (record->kind == Kind::sweep) {  // it names its documents in its body
      const Result<SweepBody> sweep = decodeSweep(record->body);
      if (!sweep) throw Fault("the daemon gave a sweep that does not follow the format");
      for (const SweepBody::Part& part : sweep->parts) fetch(part.document);
    }
    if ((record->flags & kHasDocument) != 0) fetch(DocumentHash{record->commitment.bytes});
  }

  void fetch(const DocumentHash& hash) {
    if (there(documentPath(hash))) return;
    const std::optional<Bytes> document = log_.document(hash);
    if (!document) throw Fault("the daemon has not got a document that its log names");
    put(documentPath(hash), *document);
  }

  void tiles(unsigned level) {
    for (std::uint64_t index = 0;; ++index) {
      const unsigned width = tileWidth(level, index, log_.size());
      if (width == 0) return;
      const TileId id{level, index, width};
      if (there(pathOf(id))) continue;
      const std::optional<Bytes> tile = log_.tile(level, index, width);
      if (!tile) throw Fault("the daemon has not got a tile of its log");
      put(pathOf(id), *tile);
    }
  }

  Console& console_;
  const RemoteLog& log_;
  fs::path directory_;
  std::uint64_t written_ = 0;
};

// An export goes on only where it began: never over another log, never back.
std::optional<Refusal> mayGoOn(const fs::path& directory, const RemoteLog& log) {
  if (!fs::exists(directory) || fs::is_empty(directory)) return std::nullopt;
  const bool begun = fs::exists(directory / "tile");
  if (!begun) {
    return Refusal{RefusalCode::alreadyExists, "DIR holds something that is no export of a log"};
  }
  if (!fs::exists(directory / "checkpoint")) return std::nullopt;  // was cut off
  const Result<TileLog> before = TileLog::openDirectory(directory);
  if (!before) return before.refusal();
  const Result<SignedNote> old = parseNote(before->checkpoint());
  const Result<SignedNote> now = parseNote(log.checkpoint());
  if (old->checkpoint.origin != now->checkpoint.origin ||
      old->checkpoint.size > now->checkpoint.size) {
    return Refusal{RefusalCode::alreadyExists, "DIR holds the export of another or a longer log"};
  }
  return std::nullopt;
}

}  // namespace

Exit exportLog(Invocation& call) {
  const fs::path directory = call.words.at(0);
  const auto log = RemoteLog::open(call.address());
  if (!log) return call.console.refuse(log.refusal());
  if (const auto refusal = mayGoOn(directory, **log)) return call.console.refuse(*refusal);
  Export work(call.console, **log, directory);
  work.run();
  const std::uint64_t size = (*log)->size().raw();
  if (call.console.json()) {
    call.console.out() << Json{{"size", size}, {"filesWritten", work.written()}}.dump() << '\n';
  } else {
    call.console.out() << "exported " << size << " records; " << work.written()
                       << " files written\n";
  }
  return Exit::done;
}

}  // namespace lacuna::tool
