// A log as static files: C2SP tlog-tiles in a directory, as any web server can carry it.
#pragma once

#include "ledger/proof/tiles.h"
#include "ledger/proof/verify.h"

#include <filesystem>
#include <string>

namespace lacuna::tool {

// Paths below the directory: `checkpoint`, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>] (C2SP), and
// `document/<sha256 hex>` for the public documents, which is our own addition.
std::string documentPath(const DocumentHash& hash);

// Promise: every answer is what lies in the files, unjudged; nothing is written.
// Bounds:  a file is read only up to what its name allows.
// Failure: a file that is there but cannot be read throws Fault; a missing one is the verifier's to find.
// Thread:  any.
class DirectoryLog final : public LogSource {
 public:
  // Refuses tampered when `checkpoint` is missing or no note.
  static Result<DirectoryLog> open(const std::filesystem::path& directory);

  const std::string& checkpoint() const { return checkpoint_; }
  TreeSize size() const override { return size_; }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override;
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override;
  std::optional<Bytes> document(const DocumentHash& hash) const override;
  bool hasEnvelopes() const override { return false; }

 private:
  DirectoryLog(std::filesystem::path directory, std::string checkpoint, TreeSize size)
      : directory_(std::move(directory)), checkpoint_(std::move(checkpoint)), size_(size) {}

  std::filesystem::path directory_;
  std::string checkpoint_;
  TreeSize size_;
};

}  // namespace lacuna::tool
