#include "tools/directory_log.h"

#include "ledger/base/fault.h"
#include "ledger/base/limits.h"
#include "ledger/proof/checkpoint.h"

#include <algorithm>
#include <fstream>

namespace lacuna::tool {
namespace {

constexpr std::size_t kBundleBytesMax = kTileWidth * (kRecordBytesMax + 2);

// Nothing when there is no such file. One byte more than the bound is enough to see that it is too long.
std::optional<Bytes> contentOfFile(const std::filesystem::path& file, std::size_t bytesMax) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Fault("a file of the export cannot be read");
  Bytes out(bytesMax + 1);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (in.bad()) throw Fault("a file of the export cannot be read");
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

}  // namespace

std::string documentPath(const DocumentHash& hash) { return "document/" + hexOf(hash.view()); }

Result<DirectoryLog> DirectoryLog::open(const std::filesystem::path& directory) {
  const std::optional<Bytes> note = contentOfFile(directory / "checkpoint", kNoteBytesMax);
  if (!note) return Refusal{RefusalCode::tampered, "the export has no file `checkpoint`"};
  const Result<SignedNote> parsed = parseNote(textOf(*note));
  if (!parsed) return parsed.refusal();
  return DirectoryLog(directory, std::string(textOf(*note)), parsed->checkpoint.size);
}

void DirectoryLog::scan(Seq first, TreeSize end,
                        const std::function<bool(const LogEntry&)>& visit) const {
  const std::uint64_t stop = std::min(end, size_).raw();
  for (std::uint64_t at = first.raw(); at < stop;) {
    const std::uint64_t index = at / kTileWidth;
    TileId id{std::nullopt, index, tileWidth(0, index, size_)};
    std::optional<Bytes> file = contentOfFile(directory_ / pathOf(id), kBundleBytesMax);
    if (!file) return;  // the verifier finds what is missing
    const Result<std::vector<Bytes>> entries = decodeBundle(*file, id.width);
    if (!entries) return;
    for (std::uint64_t i = at % kTileWidth; i < entries->size() && at < stop; ++i) {
      if (!visit({Seq(at++), (*entries)[i], std::nullopt})) return;
    }
  }
}

std::optional<Bytes> DirectoryLog::tile(unsigned level, std::uint64_t index, unsigned width) const {
  if (width == 0 || width > tileWidth(level, index, size_)) return std::nullopt;
  const TileId id{level, index, tileWidth(level, index, size_)};
  std::optional<Bytes> file = contentOfFile(directory_ / pathOf(id), kTileWidth * 32);
  if (!file || file->size() != std::size_t{id.width} * 32) return std::nullopt;
  file->resize(std::size_t{width} * 32);
  return file;
}

std::optional<Bytes> DirectoryLog::document(const DocumentHash& hash) const {
  return contentOfFile(directory_ / documentPath(hash), kDocumentBytesMax);
}

}  // namespace lacuna::tool
