// Which envelopes a sweep removed (FORMAT.md 5.7): sets of seqs, and the public document of one range.
//
// Promise: what decodes encodes to the same bytes; a set has one document.
// Bounds:  one bit a seq, in chunks of 8 KiB that exist only where something is set.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/record/bodies.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace lacuna {

inline constexpr unsigned kRemovalRangeBits = kSweepRangeBits;
inline constexpr unsigned kRemovalChunkBits = 16;  // on disk: never change
inline constexpr std::uint64_t kRemovalRangeSeqs = std::uint64_t{1} << kRemovalRangeBits;
inline constexpr std::size_t kRemovalChunks = std::size_t{1}
                                              << (kRemovalRangeBits - kRemovalChunkBits);
inline constexpr std::uint64_t kRemovalRangesEnd = std::uint64_t{1} << (64 - kRemovalRangeBits);

// The seqs of one aligned range.
class RangeSet {
 public:
  using Chunk = std::array<std::uint64_t, (std::size_t{1} << kRemovalChunkBits) / 64>;

  RangeSet() = default;
  RangeSet(RangeSet&&) = default;
  RangeSet& operator=(RangeSet&&) = default;

  void insert(std::uint32_t offset);  // Needs: below kRemovalRangeSeqs
  bool contains(std::uint32_t offset) const;
  void add(const RangeSet& other);
  bool empty() const;
  std::uint64_t count() const;
  std::optional<std::uint32_t> last() const;
  // Ascending, from `from`; until it returns false.
  void each(std::uint32_t from, const std::function<bool(std::uint32_t offset)>& visit) const;
  const Chunk* chunk(std::size_t index) const { return chunks_[index].get(); }

 private:
  std::array<std::unique_ptr<Chunk>, kRemovalChunks> chunks_;
};

// Seqs of a whole log.
class SeqSet {
 public:
  void insert(Seq seq) { range(seq.raw() >> kRemovalRangeBits).insert(offsetOf(seq)); }
  bool contains(Seq seq) const;
  void add(std::uint64_t rangeNo, const RangeSet& other) { range(rangeNo).add(other); }
  bool empty() const;
  std::uint64_t count() const;
  // Ascending, from `from`; until it returns false.
  void each(Seq from, const std::function<bool(Seq)>& visit) const;
  const std::map<std::uint64_t, RangeSet>& ranges() const { return ranges_; }

 private:
  static std::uint32_t offsetOf(Seq seq) {
    return static_cast<std::uint32_t>(seq.raw() & (kRemovalRangeSeqs - 1));
  }
  RangeSet& range(std::uint64_t number) { return ranges_[number]; }
  std::map<std::uint64_t, RangeSet> ranges_;
};

// The document of one range. Needs: something in the set; a range below kRemovalRangesEnd.
Bytes encodeRemoval(std::uint64_t range, const RangeSet& removed);
struct Removal {
  std::uint64_t range = 0;
  RangeSet removed;
};
// Strict; refuses `unknown-version` and `tampered`.
Result<Removal> decodeRemoval(ByteView document);

inline constexpr std::size_t kRemovalDocumentBytesMax =
    1 + 8 + kRemovalChunks / 8 + kRemovalChunks * (2 + sizeof(RangeSet::Chunk));
static_assert(kRemovalDocumentBytesMax <= kDocumentBytesMax, "a removal is a document");

}  // namespace lacuna
