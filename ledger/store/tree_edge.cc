#include "ledger/store/tree_edge.h"

#include "ledger/crypto/digest.h"

#include <bit>

namespace lacuna {
namespace {

NodeHash nodeAt(ByteView hashes, std::size_t at) {
  NodeHash out;
  std::memcpy(out.data(), hashes.data() + at * out.size(), out.size());
  return out;
}

}  // namespace

NodeHash perfectRoot(ByteView hashes) {
  std::size_t count = hashes.size() / 32;
  LACUNA_ASSERT(hashes.size() % 32 == 0 && std::has_single_bit(count) && count <= kTileWidth,
                "the root of an imperfect subtree");
  std::array<NodeHash, kTileWidth> row;
  for (std::size_t i = 0; i < count; ++i) row[i] = nodeAt(hashes, i);
  for (; count > 1; count /= 2) {
    for (std::size_t i = 0; i < count / 2; ++i) row[i] = nodeHash(row[2 * i], row[2 * i + 1]);
  }
  return row[0];
}

Bytes tileKey(unsigned level, std::uint64_t index) {
  return ByteWriter(9).u8(static_cast<std::uint8_t>(level)).u64(index).take();
}

bool TreeEdge::Level::push(const NodeHash& hash) {
  hashes.insert(hashes.end(), hash.begin(), hash.end());
  return hashes.size() == kTileBytes;
}

TreeEdge::Level& TreeEdge::levelOf(std::vector<Level>& levels, unsigned level) {
  if (levels.size() <= level) levels.resize(level + 1);
  return levels[level];
}

bool TreeEdge::load(TreeSize size, const Leaves& leaves, const Tile& fullTile) {
  std::vector<Level> levels;
  const std::uint64_t begun = size.raw() - size.raw() % kTileWidth;
  // One leaf more than the tile needs when it is empty: the last leaf links the chain.
  const auto tail = leaves(Seq(begun == size.raw() && begun > 0 ? begun - 1 : begun), size);
  if (!tail) return false;
  Level& bottom = levelOf(levels, 0);
  bottom.index = begun / kTileWidth;
  if (begun < size.raw()) {
    for (const LeafHash& leaf : *tail) bottom.push(leaf.bytes);
  }
  for (unsigned level = 1; size.raw() >> (8 * level) != 0; ++level) {
    const std::uint64_t count = size.raw() >> (8 * level);
    Level& edge = levelOf(levels, level);
    edge.index = count / kTileWidth;
    for (std::uint64_t i = edge.index * kTileWidth; i < count; ++i) {
      const auto tile = fullTile(level - 1, i);
      if (!tile || tile->size() != kTileBytes) return false;
      edge.push(perfectRoot(*tile));
    }
  }
  builder_ = TreeBuilder(size, [&](unsigned height, std::uint64_t index) {
    const Level& edge = levels.at(height / 8);
    const std::size_t width = std::size_t{1} << (height % 8);
    const std::uint64_t from = index * width - edge.index * kTileWidth;
    LACUNA_ASSERT((from + width) * 32 <= edge.hashes.size(), "a subtree off the tree's edge");
    return perfectRoot(ByteView(edge.hashes).subspan(from * 32, width * 32));
  });
  staged_ = levels;
  added_.clear();
  lastStaged_ = tail->empty() ? std::nullopt : std::optional(tail->back());
  const std::lock_guard lock(mutex_);
  shown_ = std::move(levels);
  last_ = lastStaged_;
  return true;
}

std::vector<FullTile> TreeEdge::stage(std::span<const LeafHash> leaves) {
  std::vector<FullTile> full;
  const auto emit = [&](const TileHash& at) {
    Level& level = levelOf(staged_, at.level);
    LACUNA_ASSERT(at.index == level.index * kTileWidth + level.hashes.size() / 32,
                  "the tree and its tiles disagree");
    added_.push_back(at);
    if (!level.push(at.hash)) return;
    full.push_back({at.level, level.index, level.hashes});
    level.clear();
  };
  for (const LeafHash& leaf : leaves) builder_.append(leaf, emit);
  if (!leaves.empty()) lastStaged_ = leaves.back();
  return full;
}

void TreeEdge::publish() {
  const std::lock_guard lock(mutex_);
  for (const TileHash& at : added_) {
    Level& level = levelOf(shown_, at.level);
    if (level.push(at.hash)) level.clear();  // its row is in the database by now
  }
  added_.clear();
  last_ = lastStaged_;
}

std::optional<Bytes> TreeEdge::partial(unsigned level, std::uint64_t index, unsigned width) const {
  const std::lock_guard lock(mutex_);
  if (level >= shown_.size() || shown_[level].index != index) return std::nullopt;
  const Bytes& hashes = shown_[level].hashes;
  if (hashes.size() < std::size_t{width} * 32) return std::nullopt;
  return Bytes(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(width) * 32);
}

std::optional<LeafHash> TreeEdge::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace lacuna
