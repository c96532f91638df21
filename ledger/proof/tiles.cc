#include "ledger/proof/tiles.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace lacuna {
namespace {

constexpr std::string_view kRoot = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr unsigned kLevelMax = 63;
constexpr std::size_t kIndexGroupsMax = 6;  // 10^18 tiles, more than a tree of 2^63 leaves has

// A decimal number without leading zeros, taken off the front.
std::optional<unsigned> takeNumber(std::string_view& text, unsigned max) {
  unsigned out = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    out = out * 10 + static_cast<unsigned>(text[digits] - '0');
    if (out > max || (digits == 1 && text[0] == '0')) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return out;
}

// Three digits, taken off the front.
std::optional<unsigned> takeGroup(std::string_view& text) {
  if (text.size() < 3) return std::nullopt;
  unsigned out = 0;
  for (const char c : text.substr(0, 3)) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(3);
  return out;
}

// x001/x234/067: groups of three digits, all but the last behind an x, the first not zero.
std::optional<std::uint64_t> takeIndex(std::string_view& text) {
  std::uint64_t out = 0;
  for (std::size_t groups = 1; groups <= kIndexGroupsMax; ++groups) {
    const bool more = text.starts_with('x');
    if (more) text.remove_prefix(1);
    const std::optional<unsigned> group = takeGroup(text);
    if (!group || (more && out == 0 && *group == 0)) return std::nullopt;
    out = out * 1000 + *group;
    if (!more) return out;
    if (!text.starts_with('/')) return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace

std::string pathOf(const TileId& tile) {
  std::string out(kRoot);
  out += tile.level ? std::to_string(*tile.level) : std::string(kEntries);
  const std::string digits = std::to_string(tile.index);
  const std::string padded = std::string((3 - digits.size() % 3) % 3, '0') + digits;
  for (std::size_t i = 0; i < padded.size(); i += 3) {
    out += i + 3 < padded.size() ? "/x" : "/";
    out += padded.substr(i, 3);
  }
  if (tile.width < kTileWidth) out += ".p/" + std::to_string(tile.width);
  return out;
}

std::optional<TileId> tileOfPath(std::string_view path) {
  TileId out;
  if (!path.starts_with(kRoot)) return std::nullopt;
  path.remove_prefix(kRoot.size());
  if (path.starts_with(kEntries)) {
    path.remove_prefix(kEntries.size());
  } else {
    out.level = takeNumber(path, kLevelMax);
    if (!out.level) return std::nullopt;
  }
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const std::optional<std::uint64_t> index = takeIndex(path);
  if (!index) return std::nullopt;
  out.index = *index;
  if (path.empty()) return out;
  if (!path.starts_with(".p/")) return std::nullopt;
  path.remove_prefix(3);
  const std::optional<unsigned> width = takeNumber(path, kTileWidth - 1);
  if (!width || *width == 0 || !path.empty()) return std::nullopt;
  out.width = *width;
  return out;
}

unsigned tileWidth(unsigned level, std::uint64_t index, TreeSize size) {
  if (level >= 8) return 0;  // 256^8 leaves are more than a size can say
  const std::uint64_t hashes = size.raw() >> (8 * level);
  if (index > hashes / kTileWidth) return 0;
  return static_cast<unsigned>(
      std::min<std::uint64_t>(kTileWidth, hashes - index * std::uint64_t{kTileWidth}));
}

Bytes encodeBundle(std::span<const Bytes> entries) {
  LACUNA_ASSERT(entries.size() <= kTileWidth, "a bundle has at most 256 entries");
  ByteWriter out;
  for (const Bytes& entry : entries) out.bytes16(entry);
  return out.take();
}

Result<std::vector<Bytes>> decodeBundle(ByteView bundle, unsigned width) {
  std::vector<Bytes> out;
  ByteReader in(bundle);
  for (unsigned i = 0; i < width && i < kTileWidth && in.ok(); ++i) {
    const ByteView entry = in.bytes16();
    out.emplace_back(entry.begin(), entry.end());
  }
  if (!in.done() || out.size() != width) {
    return Refusal{RefusalCode::tampered, "a bundle that does not hold the entries of its width"};
  }
  return out;
}

}  // namespace lacuna
