#include "daemon/http/log_resource.h"

#include "ledger/base/fault.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/tiles.h"

#include <array>
#include <cctype>
#include <zlib.h>

namespace lacuna {
namespace {

constexpr std::string_view kCheckpoint = "/checkpoint";
constexpr std::string_view kTile = "/tile/";
constexpr std::string_view kDocument = "/document/";
constexpr const char* kImmutable = "public, max-age=31536000, immutable";
constexpr const char* kOctets = "application/octet-stream";

// With a gzip header without time and name: the same entries have the same bytes.
std::string gzipOf(std::string_view bytes) {
  constexpr int kWindowBits = 15 + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowBits, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Fault("no memory is left for compressing");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  LACUNA_ASSERT(ended == Z_STREAM_END, "a compressed bundle has a bound");
  return out;
}

std::string stringOf(ByteView bytes) { return std::string(textOf(bytes)); }

LogAnswer found(std::string body) {
  return {200, kOctets, kImmutable, false, false, std::move(body)};
}

LogAnswer bundleOf(AuditorService& log, const TileId& id, Gzip gzip) {
  const auto records = log.records(Seq(id.index * kTileWidth), id.width);
  if (!records || records->size() != id.width) return {};
  LogAnswer out = found(stringOf(encodeBundle(*records)));
  out.varies = true;
  if (gzip == Gzip::yes) {
    out.body = gzipOf(out.body);
    out.gzipped = true;
  }
  return out;
}

LogAnswer tileAnswer(AuditorService& log, const TileId& id, Gzip gzip) {
  const auto published = parseNote(log.checkpoint());
  if (!published) return {};
  // Any smaller width than the present one was, or could have been, published: it is a prefix.
  const unsigned there = tileWidth(id.level.value_or(0), id.index, published->checkpoint.size);
  if (id.width > there) return {};
  if (!id.level) return bundleOf(log, id, gzip);
  const auto tile = log.tile(*id.level, id.index, id.width);
  if (!tile || tile->size() != std::size_t{id.width} * 32) return {};
  return found(stringOf(*tile));
}

LogAnswer documentAnswer(AuditorService& log, std::string_view name) {
  const auto bytes = bytesOfHex(name);
  if (!bytes || hexOf(*bytes) != name) return {};
  const auto hash = DocumentHash::from(*bytes);
  if (!hash) return {};
  const auto document = log.document(*hash);
  if (!document) return {};
  return found(stringOf(*document));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool sameWord(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) != lower[i]) return false;
  }
  return true;
}

// "q=0", "q=0.000": the one weight that is a refusal.
bool refusedByWeight(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return false;
  return parameters.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool isLogPath(std::string_view path) {
  return path == kCheckpoint || path.starts_with(kTile) || path.starts_with(kDocument);
}

bool takesGzip(std::string_view acceptEncoding) {
  bool any = false, named = false, refused = false;
  while (!acceptEncoding.empty()) {
    const auto comma = acceptEncoding.find(',');
    const std::string_view item = acceptEncoding.substr(0, comma);
    acceptEncoding.remove_prefix(comma == std::string_view::npos ? acceptEncoding.size()
                                                                 : comma + 1);
    const auto semicolon = item.find(';');
    const std::string_view coding = trimmed(item.substr(0, semicolon));
    const bool no =
        semicolon != std::string_view::npos && refusedByWeight(item.substr(semicolon + 1));
    if (sameWord(coding, "gzip") || sameWord(coding, "x-gzip")) {
      named = true;
      refused = refused || no;
    } else if (coding == "*") {
      any = !no;
    }
  }
  return named ? !refused : any;
}

LogAnswer logAnswerOf(AuditorService& log, std::string_view path, Gzip gzip) {
  if (path == kCheckpoint) {
    std::string note = log.checkpoint();
    if (note.empty()) return {};
    return {200, "text/plain; charset=utf-8", "no-cache", false, false, std::move(note)};
  }
  if (path.starts_with(kDocument)) return documentAnswer(log, path.substr(kDocument.size()));
  if (!path.starts_with(kTile)) return {};
  const auto id = tileOfPath(path.substr(1));
  return id ? tileAnswer(log, *id, gzip) : LogAnswer{};
}

}  // namespace lacuna
