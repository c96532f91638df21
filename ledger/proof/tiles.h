// C2SP tlog-tiles: paths, widths and entry bundles.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

struct TileId {
  std::optional<unsigned> level;  // nothing: an entry bundle ("entries")
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // 256: full
  bool operator==(const TileId&) const = default;
};

std::string pathOf(const TileId& tile);  // "tile/0/x001/234.p/7"
// Strict: no leading zeros, levels 0..63, widths 1..255.
std::optional<TileId> tileOfPath(std::string_view path);
// How many hashes tile (level, index) holds in a tree of this size; 0: it does not exist.
unsigned tileWidth(unsigned level, std::uint64_t index, TreeSize size);

// Entry bundle: u16 length || entry, up to 256 times.
Bytes encodeBundle(std::span<const Bytes> entries);
Result<std::vector<Bytes>> decodeBundle(ByteView bundle, unsigned width);

}  // namespace lacuna
