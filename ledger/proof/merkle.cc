#include "ledger/proof/merkle.h"

#include "ledger/base/limits.h"
#include "ledger/proof/tiles.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 63;  // beyond it `lo + k` could overflow

Refusal doNotFit() { return {RefusalCode::invalidValue, "an index or a size outside the tree"}; }
Refusal wrongProof() { return {RefusalCode::tampered, "a proof that does not lead to its root"}; }

// Leaves [lo, hi) of the tree.
struct Range {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;
  std::uint64_t size() const { return hi - lo; }
};

// Where RFC 6962 cuts a range of more than one leaf: the largest power of two below its size.
std::uint64_t cut(const Range& range) { return std::bit_floor(range.size() - 1); }

// Hashes of ranges, read from tiles; each tile is asked for once.
class RangeHasher {
 public:
  RangeHasher(const TileSource& tiles, TreeSize size) : tiles_(tiles), size_(size) {}

  // Needs: a range that the RFC's cuts can give, so that its pieces are perfect subtrees.
  std::optional<NodeHash> hash(const Range& range) {
    std::vector<NodeHash> pieces;
    for (std::uint64_t lo = range.lo; lo < range.hi;) {
      const std::uint64_t room = std::bit_floor(range.hi - lo);
      const std::uint64_t width = lo == 0 ? room : std::min(room, lo & (~lo + 1));
      const auto height = static_cast<unsigned>(std::countr_zero(width));
      const std::optional<NodeHash> piece = perfect(height, lo >> height);
      if (!piece) return std::nullopt;
      pieces.push_back(*piece);
      lo += width;
    }
    NodeHash out = pieces.back();
    for (std::size_t i = pieces.size() - 1; i-- > 0;) out = nodeHash(pieces[i], out);
    return out;
  }

 private:
  // The subtree of 2^height leaves: one hash of a tile, or 2^k neighbours hashed together.
  std::optional<NodeHash> perfect(unsigned height, std::uint64_t index) {
    const unsigned level = height / 8;
    const unsigned rest = height % 8;
    const std::uint64_t first = index << rest;
    const Bytes* tile = tileAt(level, first / kTileWidth);
    const std::size_t from = first % kTileWidth;
    const std::size_t count = std::size_t{1} << rest;
    if (tile == nullptr || (from + count) * 32 > tile->size()) return std::nullopt;
    std::vector<NodeHash> row(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(row[i].data(), tile->data() + (from + i) * 32, 32);
    }
    for (std::size_t width = count; width > 1; width /= 2) {
      for (std::size_t i = 0; i < width / 2; ++i) row[i] = nodeHash(row[2 * i], row[2 * i + 1]);
    }
    return row[0];
  }

  const Bytes* tileAt(unsigned level, std::uint64_t index) {
    for (const Held& held : held_) {
      if (held.level == level && held.index == index) return &held.bytes;
    }
    const unsigned width = tileWidth(level, index, size_);
    if (width == 0) return nullptr;
    std::optional<Bytes> bytes = tiles_(level, index, width);
    if (!bytes || bytes->size() != std::size_t{width} * 32) return nullptr;
    held_.push_back({level, index, std::move(*bytes)});
    return &held_.back().bytes;
  }

  struct Held {
    unsigned level;
    std::uint64_t index;
    Bytes bytes;
  };
  const TileSource& tiles_;
  TreeSize size_;
  std::vector<Held> held_;  // at most the few tiles that one proof touches
};

Result<std::vector<NodeHash>> hashesOf(RangeHasher& hasher, std::span<const Range> ranges) {
  std::vector<NodeHash> out;
  out.reserve(ranges.size());
  for (const Range& range : ranges) {
    const std::optional<NodeHash> hash = hasher.hash(range);
    if (!hash) return Refusal{RefusalCode::notPublished, "a tile of this tree is not there"};
    out.push_back(*hash);
  }
  return out;
}

}  // namespace

RootHash emptyRoot() { return RootHash{sha256(ByteView{})}; }

TreeBuilder::TreeBuilder(TreeSize size,
                         const std::function<NodeHash(unsigned height, std::uint64_t index)>& node)
    : size_(size.raw()) {
  std::size_t depth = 0;
  for (unsigned height = 64; height-- > 0;) {
    if (((size_ >> height) & 1) != 0) stack_[depth++] = node(height, (size_ >> height) - 1);
  }
}

RootHash TreeBuilder::root() const {
  if (size_ == 0) return emptyRoot();
  std::size_t depth = static_cast<std::size_t>(std::popcount(size_));
  NodeHash hash = stack_[--depth];
  while (depth > 0) hash = nodeHash(stack_[--depth], hash);
  return RootHash{hash};
}

Result<RootHash> rootFromTiles(const TileSource& tiles, TreeSize size) {
  if (size.raw() > kSizeMax) return doNotFit();
  if (size == TreeSize(0)) return emptyRoot();
  RangeHasher hasher(tiles, size);
  const Range whole{0, size.raw()};
  Result<std::vector<NodeHash>> hashes = hashesOf(hasher, {&whole, 1});
  if (!hashes) return hashes.refusal();
  return RootHash{hashes->front()};
}

Result<std::vector<NodeHash>> proveInclusion(const TileSource& tiles, Seq index, TreeSize size) {
  if (size.raw() > kSizeMax || index.raw() >= size.raw()) return doNotFit();
  Range at{0, size.raw()};
  std::vector<Range> path;
  while (at.size() > 1) {
    const std::uint64_t middle = at.lo + cut(at);
    if (index.raw() < middle) {
      path.push_back({middle, at.hi});
      at.hi = middle;
    } else {
      path.push_back({at.lo, middle});
      at.lo = middle;
    }
  }
  std::reverse(path.begin(), path.end());
  RangeHasher hasher(tiles, size);
  return hashesOf(hasher, path);
}

Result<std::vector<NodeHash>> proveConsistency(const TileSource& tiles, TreeSize older,
                                               TreeSize newer) {
  if (newer.raw() > kSizeMax || older > newer) return doNotFit();
  if (older == TreeSize(0) || older == newer) return std::vector<NodeHash>{};
  Range at{0, newer.raw()};
  std::vector<Range> path;
  while (at.hi != older.raw()) {
    const std::uint64_t middle = at.lo + cut(at);
    if (older.raw() <= middle) {
      path.push_back({middle, at.hi});
      at.hi = middle;
    } else {
      path.push_back({at.lo, middle});
      at.lo = middle;
    }
  }
  // When the older tree is itself one perfect subtree, its reader knows that hash: it is the root.
  if (at.lo != 0) path.push_back(at);
  std::reverse(path.begin(), path.end());
  RangeHasher hasher(tiles, newer);
  return hashesOf(hasher, path);
}

Outcome verifyInclusion(const LeafHash& leaf, Seq index, TreeSize size,
                        std::span<const NodeHash> proof, const RootHash& root) {
  if (index.raw() >= size.raw()) return wrongProof();
  std::uint64_t fn = index.raw();
  std::uint64_t sn = size.raw() - 1;
  NodeHash hash = leaf.bytes;
  for (const NodeHash& sibling : proof) {
    if (sn == 0) return wrongProof();
    if ((fn & 1) != 0 || fn == sn) {
      hash = nodeHash(sibling, hash);
      while (fn != 0 && (fn & 1) == 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0 || RootHash{hash} != root) return wrongProof();
  return Done{};
}

Outcome verifyConsistency(TreeSize older, const RootHash& olderRoot, TreeSize newer,
                          const RootHash& newerRoot, std::span<const NodeHash> proof) {
  if (older == TreeSize(0) || older > newer) return wrongProof();
  if (older == newer) {
    if (!proof.empty() || olderRoot != newerRoot) return wrongProof();
    return Done{};
  }
  const bool perfect = std::has_single_bit(older.raw());
  if (!perfect && proof.empty()) return wrongProof();
  NodeHash first = perfect ? olderRoot.bytes : proof.front();
  if (!perfect) proof = proof.subspan(1);
  if (perfect && proof.empty()) return wrongProof();
  std::uint64_t fn = older.raw() - 1;
  std::uint64_t sn = newer.raw() - 1;
  for (; (fn & 1) != 0; fn >>= 1) sn >>= 1;
  NodeHash fr = first;
  NodeHash sr = first;
  for (const NodeHash& sibling : proof) {
    if (sn == 0) return wrongProof();
    if ((fn & 1) != 0 || fn == sn) {
      fr = nodeHash(sibling, fr);
      sr = nodeHash(sibling, sr);
      while (fn != 0 && (fn & 1) == 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = nodeHash(sr, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0 || RootHash{fr} != olderRoot || RootHash{sr} != newerRoot) return wrongProof();
  return Done{};
}

}  // namespace lacuna
