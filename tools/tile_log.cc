#include "tools/tile_log.h"

#include "ledger/base/fault.h"
#include "ledger/base/limits.h"
#include "ledger/net/http_client.h"
#include "ledger/proof/checkpoint.h"

#include <algorithm>
#include <fstream>
#include <thread>

namespace lacuna::tool {
namespace {

constexpr std::size_t kBundleBytesMax = kTileWidth * (kRecordBytesMax + 2);
constexpr std::chrono::seconds kRequestMax{60};
constexpr unsigned kAttemptsMax = 5;
constexpr std::chrono::milliseconds kPauseFirst{200};  // doubled each time

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

// Nothing when the server says that nothing is there. One that is busy is asked again.
std::optional<Bytes> contentOfUrl(HttpClient& client, const std::string& url,
                                  std::size_t bytesMax) {
  for (unsigned attempt = 0;; ++attempt) {
    const HttpReply reply = client.get(url, bytesMax + 1);
    if (reply.status == 200) return Bytes(reply.body.begin(), reply.body.end());
    if (reply.status == 404 || reply.status == 410) return std::nullopt;
    const bool mayPass = reply.status == 429 || reply.status >= 500;
    if (!mayPass || attempt + 1 == kAttemptsMax) {
      throw Fault("the log's server answers " + std::to_string(reply.status));
    }
    std::this_thread::sleep_for(kPauseFirst * (1 << attempt));
  }
}

}  // namespace

std::string documentPath(const DocumentHash& hash) { return "document/" + hexOf(hash.view()); }

Result<TileLog> TileLog::openDirectory(const std::filesystem::path& directory) {
  return open([directory](const std::string& path, std::size_t bytesMax) {
    return contentOfFile(directory / path, bytesMax);
  });
}

Result<TileLog> TileLog::openUrl(const std::string& url) {
  LACUNA_ASSERT(isHttpUrl(url), "not a URL");
  // Several copies of the function may be made; they share one client.
  const std::shared_ptr<const std::unique_ptr<HttpClient>> client =
      std::make_shared<const std::unique_ptr<HttpClient>>(
          std::make_unique<HttpClient>(kRequestMax));
  return open([client, url](const std::string& path, std::size_t bytesMax) {
    return contentOfUrl(**client, joined(url, path), bytesMax);
  });
}

Result<TileLog> TileLog::open(Fetch fetch) {
  const std::optional<Bytes> note = fetch("checkpoint", kNoteBytesMax);
  if (!note) return Refusal{RefusalCode::tampered, "there is no `checkpoint`"};
  const Result<SignedNote> parsed = parseNote(textOf(*note));
  if (!parsed) return parsed.refusal();
  return TileLog(std::move(fetch), std::string(textOf(*note)), parsed->checkpoint.size);
}

// The full bundle serves as well as the partial one of before: it begins with it.
std::optional<std::vector<Bytes>> TileLog::bundle(std::uint64_t index) const {
  const unsigned width = tileWidth(0, index, size_);
  std::optional<Bytes> content = fetch_(pathOf({std::nullopt, index, width}), kBundleBytesMax);
  const bool full = !content && width < kTileWidth;
  if (full) content = fetch_(pathOf({std::nullopt, index, kTileWidth}), kBundleBytesMax);
  if (!content) return std::nullopt;
  Result<std::vector<Bytes>> entries = decodeBundle(*content, full ? kTileWidth : width);
  if (!entries) return std::nullopt;
  entries->resize(width);
  return std::move(*entries);
}

void TileLog::scan(Seq first, TreeSize end,
                   const std::function<bool(const LogEntry&)>& visit) const {
  const std::uint64_t stop = std::min(end, size_).raw();
  for (std::uint64_t at = first.raw(); at < stop;) {
    const std::optional<std::vector<Bytes>> entries = bundle(at / kTileWidth);
    if (!entries) return;  // the verifier finds what is missing
    for (std::uint64_t i = at % kTileWidth; i < entries->size() && at < stop; ++i) {
      if (!visit({Seq(at++), (*entries)[i], std::nullopt})) return;
    }
  }
}

std::optional<Bytes> TileLog::tile(unsigned level, std::uint64_t index, unsigned width) const {
  const unsigned there = tileWidth(level, index, size_);
  if (width == 0 || width > there) return std::nullopt;
  TileId id{level, index, there};
  std::optional<Bytes> content = fetch_(pathOf(id), kTileWidth * 32);
  if (!content && there < kTileWidth) {
    id.width = kTileWidth;
    content = fetch_(pathOf(id), kTileWidth * 32);
  }
  if (!content || content->size() != std::size_t{id.width} * 32) return std::nullopt;
  content->resize(std::size_t{width} * 32);
  return content;
}

std::optional<Bytes> TileLog::document(const DocumentHash& hash) const {
  return fetch_(documentPath(hash), kDocumentBytesMax);
}

}  // namespace lacuna::tool
