// A log as C2SP tlog-tiles: files in a directory, or resources of a web server.
#pragma once

#include "ledger/proof/tiles.h"
#include "ledger/proof/verify.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace lacuna::tool {

// Paths below the directory or the URL: `checkpoint`, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>] (C2SP),
// and `document/<sha256 hex>` for the public documents, which is our own addition.
std::string documentPath(const DocumentHash& hash);

// Promise: every answer is what lies there, unjudged; nothing is written.
// Bounds:  what is read is read only up to what its name allows.
// Failure: what is there but cannot be read, and a server that does not answer, throw Fault; what is missing
//          is the verifier's to find.
// Thread:  any.
class TileLog final : public LogSource {
 public:
  // What stands at a path, at most one byte more than `bytesMax`; nothing when nothing is there.
  using Fetch = std::function<std::optional<Bytes>(const std::string& path, std::size_t bytesMax)>;

  // Refuse tampered when `checkpoint` is missing or no note.
  static Result<TileLog> openDirectory(const std::filesystem::path& directory);
  static Result<TileLog> openUrl(const std::string& url);  // Needs: isHttpUrl(url)
  static Result<TileLog> open(Fetch fetch);

  const std::string& checkpoint() const { return checkpoint_; }
  TreeSize size() const override { return size_; }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override;
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override;
  std::optional<Bytes> document(const DocumentHash& hash) const override;
  bool hasEnvelopes() const override { return false; }

 private:
  TileLog(Fetch fetch, std::string checkpoint, TreeSize size)
      : fetch_(std::move(fetch)), checkpoint_(std::move(checkpoint)), size_(size) {}
  std::optional<std::vector<Bytes>> bundle(std::uint64_t index) const;

  Fetch fetch_;
  std::string checkpoint_;
  TreeSize size_;
};

}  // namespace lacuna::tool
