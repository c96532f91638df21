#include "ledger/proof/removal.h"

#include "ledger/base/fault.h"

#include <algorithm>
#include <bit>

namespace lacuna {
namespace {

constexpr std::uint8_t kRemovalVersion = 1;  // on disk: never renumber
constexpr std::size_t kListedMax = 4096;     // on disk: never change
constexpr std::uint32_t kChunkSeqs = 1U << kRemovalChunkBits;

constexpr std::uint64_t bitOf(std::uint32_t within) {
  return std::uint64_t{1} << (63 - within % 64);  // the highest bit is the first seq
}

std::size_t countOf(const RangeSet::Chunk& chunk) {
  std::size_t out = 0;
  for (const std::uint64_t word : chunk) out += static_cast<std::size_t>(std::popcount(word));
  return out;
}

// Ascending offsets within the chunk, from `from`; until it returns false (then false).
bool eachIn(const RangeSet::Chunk& chunk, std::uint32_t from,
            const std::function<bool(std::uint32_t)>& visit) {
  for (std::uint32_t at = from / 64; at < chunk.size(); ++at) {
    std::uint64_t word = chunk[at];
    if (at == from / 64 && from % 64 != 0) word &= ~std::uint64_t{0} >> (from % 64);
    while (word != 0) {
      const auto bit = static_cast<std::uint32_t>(std::countl_zero(word));
      word &= ~bitOf(bit);
      if (!visit(at * 64 + bit)) return false;
    }
  }
  return true;
}

Refusal broken() { return {RefusalCode::tampered, "a removal that does not follow the format"}; }

void putChunk(const RangeSet::Chunk& chunk, ByteWriter& out) {
  const std::size_t count = countOf(chunk);
  LACUNA_ASSERT(count > 0, "an empty chunk of removals");
  out.u16(static_cast<std::uint16_t>(count - 1));
  if (count > kListedMax) {
    for (const std::uint64_t word : chunk) out.u64(word);
    return;
  }
  eachIn(chunk, 0, [&](std::uint32_t offset) {
    out.u16(static_cast<std::uint16_t>(offset));
    return true;
  });
}

bool readChunk(ByteReader& in, std::uint32_t first, RangeSet& removed) {
  const std::size_t count = std::size_t{in.u16()} + 1;
  if (count <= kListedMax) {
    std::uint32_t before = 0;
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
      const std::uint32_t offset = in.u16();
      if (i > 0 && offset <= before) return false;
      before = offset;
      removed.insert(first + offset);
    }
    return in.ok();
  }
  RangeSet::Chunk chunk{};
  for (std::uint64_t& word : chunk) word = in.u64();
  if (!in.ok() || countOf(chunk) != count) return false;
  eachIn(chunk, 0, [&](std::uint32_t offset) {
    removed.insert(first + offset);
    return true;
  });
  return true;
}

}  // namespace

void RangeSet::insert(std::uint32_t offset) {
  LACUNA_ASSERT(offset < kRemovalRangeSeqs, "a seq of another range");
  std::unique_ptr<Chunk>& chunk = chunks_[offset >> kRemovalChunkBits];
  if (chunk == nullptr) chunk = std::make_unique<Chunk>();
  const std::uint32_t within = offset % kChunkSeqs;
  (*chunk)[within / 64] |= bitOf(within);
}

bool RangeSet::contains(std::uint32_t offset) const {
  if (offset >= kRemovalRangeSeqs) return false;
  const Chunk* at = chunk(offset >> kRemovalChunkBits);
  const std::uint32_t within = offset % kChunkSeqs;
  return at != nullptr && ((*at)[within / 64] & bitOf(within)) != 0;
}

void RangeSet::add(const RangeSet& other) {
  for (std::size_t i = 0; i < kRemovalChunks; ++i) {
    const Chunk* from = other.chunk(i);
    if (from == nullptr) continue;
    if (chunks_[i] == nullptr) chunks_[i] = std::make_unique<Chunk>();
    for (std::size_t word = 0; word < from->size(); ++word) (*chunks_[i])[word] |= (*from)[word];
  }
}

bool RangeSet::empty() const { return !last().has_value(); }

std::uint64_t RangeSet::count() const {
  std::uint64_t out = 0;
  for (const auto& chunk : chunks_) out += chunk == nullptr ? 0 : countOf(*chunk);
  return out;
}

std::optional<std::uint32_t> RangeSet::last() const {
  for (std::size_t i = kRemovalChunks; i-- > 0;) {
    if (chunks_[i] == nullptr) continue;
    for (std::size_t word = chunks_[i]->size(); word-- > 0;) {
      const std::uint64_t bits = (*chunks_[i])[word];
      if (bits == 0) continue;
      const auto within = static_cast<std::uint32_t>(word * 64) +
                          (63 - static_cast<std::uint32_t>(std::countr_zero(bits)));
      return static_cast<std::uint32_t>(i) * kChunkSeqs + within;
    }
  }
  return std::nullopt;
}

void RangeSet::each(std::uint32_t from,
                    const std::function<bool(std::uint32_t offset)>& visit) const {
  for (std::size_t i = from >> kRemovalChunkBits; i < kRemovalChunks; ++i) {
    if (chunks_[i] == nullptr) continue;
    const std::uint32_t first = static_cast<std::uint32_t>(i) * kChunkSeqs;
    const std::uint32_t within = from > first ? from - first : 0;
    if (!eachIn(*chunks_[i], within, [&](std::uint32_t offset) { return visit(first + offset); })) {
      return;
    }
  }
}

bool SeqSet::contains(Seq seq) const {
  const auto found = ranges_.find(seq.raw() >> kRemovalRangeBits);
  return found != ranges_.end() && found->second.contains(offsetOf(seq));
}

bool SeqSet::empty() const {
  return std::all_of(ranges_.begin(), ranges_.end(),
                     [](const auto& each) { return each.second.empty(); });
}

std::uint64_t SeqSet::count() const {
  std::uint64_t out = 0;
  for (const auto& [number, range] : ranges_) out += range.count();
  return out;
}

void SeqSet::each(Seq from, const std::function<bool(Seq)>& visit) const {
  const std::uint64_t first = from.raw() >> kRemovalRangeBits;
  bool on = true;
  for (auto at = ranges_.lower_bound(first); on && at != ranges_.end(); ++at) {
    const std::uint64_t base = at->first << kRemovalRangeBits;
    at->second.each(at->first == first ? offsetOf(from) : 0,
                    [&](std::uint32_t offset) { return on = visit(Seq(base + offset)); });
  }
}

Bytes encodeRemoval(std::uint64_t range, const RangeSet& removed) {
  LACUNA_ASSERT(range < kRemovalRangesEnd, "a range beyond the last seq");
  LACUNA_ASSERT(!removed.empty(), "a removal of nothing");
  std::array<std::uint8_t, kRemovalChunks / 8> mask{};
  const auto holds = [&](std::size_t i) {
    return removed.chunk(i) != nullptr && countOf(*removed.chunk(i)) > 0;
  };
  for (std::size_t i = 0; i < kRemovalChunks; ++i) {
    if (holds(i)) mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] | (0x80U >> (i % 8)));
  }
  ByteWriter out;
  out.u8(kRemovalVersion).u64(range).raw(mask);
  for (std::size_t i = 0; i < kRemovalChunks; ++i) {
    if (holds(i)) putChunk(*removed.chunk(i), out);
  }
  return out.take();
}

Result<Removal> decodeRemoval(ByteView document) {
  ByteReader in(document);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != kRemovalVersion) {
    return Refusal{RefusalCode::unknownVersion, "a removal of an unknown version"};
  }
  Removal out;
  out.range = in.u64();
  const ByteView mask = in.raw(kRemovalChunks / 8);
  if (!in.ok() || out.range >= kRemovalRangesEnd) return broken();
  for (std::size_t i = 0; i < kRemovalChunks; ++i) {
    if ((mask[i / 8] & (0x80U >> (i % 8))) == 0) continue;
    if (!readChunk(in, static_cast<std::uint32_t>(i) * kChunkSeqs, out.removed)) return broken();
  }
  if (!in.done() || out.removed.empty()) return broken();
  return out;
}

}  // namespace lacuna
