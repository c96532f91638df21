// Integers that say what they count. A position, a count and a size in bytes never mix.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace lacuna {

template <typename Tag, typename Int>
class Strong {
 public:
  using Raw = Int;

  constexpr Strong() = default;
  explicit constexpr Strong(Int raw) : raw_(raw) {}

  // For codecs and logs only.
  constexpr Int raw() const { return raw_; }
  constexpr auto operator<=>(const Strong&) const = default;

 private:
  Int raw_ = 0;
};

using Seq = Strong<struct SeqTag, std::uint64_t>;            // where a record stands, from 0
using TreeSize = Strong<struct TreeSizeTag, std::uint64_t>;  // how many records stand there
using Slot = Strong<struct SlotTag, std::uint64_t>;          // a person's number in the key tree
using LeafNo = Strong<struct LeafNoTag, std::uint16_t>;      // a lot within its slot, < 4096
using Ordinal = Strong<struct OrdinalTag, std::uint64_t>;    // an event within its lot, from 0
using SystemNo =
    Strong<struct SystemNoTag, std::uint32_t>;  // a system of the register; 0: the ledger
using TreeVersion = Strong<struct TreeVersionTag, std::uint64_t>;  // key tree version, = root epoch

constexpr Seq next(Seq seq) { return Seq(seq.raw() + 1); }
constexpr TreeSize sizeThrough(Seq last) { return TreeSize(last.raw() + 1); }
constexpr Seq firstAfter(TreeSize size) { return Seq(size.raw()); }  // the only bridges

}  // namespace lacuna

template <typename Tag, typename Int>
struct std::hash<lacuna::Strong<Tag, Int>> {
  std::size_t operator()(lacuna::Strong<Tag, Int> v) const noexcept {
    return std::hash<Int>{}(v.raw());
  }
};
