#include "ledger/proof/removal.h"

#include "ledger/base/fault.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace lacuna {
namespace {

RangeSet setOf(std::initializer_list<std::uint32_t> offsets) {
  RangeSet out;
  for (const std::uint32_t offset : offsets) out.insert(offset);
  return out;
}

std::vector<std::uint32_t> listOf(const RangeSet& set, std::uint32_t from = 0) {
  std::vector<std::uint32_t> out;
  set.each(from, [&](std::uint32_t offset) {
    out.push_back(offset);
    return true;
  });
  return out;
}

RefusalCode codeOf(const Bytes& document) {
  const Result<Removal> removal = decodeRemoval(document);
  REQUIRE_FALSE(removal);
  return removal.refusal().code;
}

}  // namespace

TEST_CASE("a removal has the bytes of the worked example", "[P1]") {
  Bytes expected = *bytesOfHex("010000000000000000c0");
  expected.resize(1 + 8 + 32);
  const Bytes chunks = bytesOfHex("0000000500000002").value();
  expected.insert(expected.end(), chunks.begin(), chunks.end());
  CHECK(encodeRemoval(0, setOf({5, 65536 + 2})) == expected);
  const Result<Removal> back = decodeRemoval(expected);
  REQUIRE(back);
  CHECK(back->range == 0);
  CHECK(listOf(back->removed) == std::vector<std::uint32_t>{5, 65538});
}

TEST_CASE("whatever set of seqs is removed, its document says exactly that set", "[P1]") {
  std::mt19937_64 random(20261123);
  for (const std::size_t count : {std::size_t{1}, std::size_t{300}, std::size_t{4096},
                                  std::size_t{4097}, std::size_t{65536}, std::size_t{200000}}) {
    CAPTURE(count);
    std::vector<std::uint32_t> wanted;
    RangeSet set;
    for (std::size_t i = 0; i < count; ++i) {
      // Up to 65536 densely in one chunk, whose bound between the two forms is met; more anywhere.
      const auto offset =
          static_cast<std::uint32_t>(count <= 65536 ? 7 * 65536 + i : random() % kRemovalRangeSeqs);
      if (!set.contains(offset)) wanted.push_back(offset);
      set.insert(offset);
    }
    std::sort(wanted.begin(), wanted.end());
    const Bytes document = encodeRemoval(3, set);
    CHECK(document.size() <= kRemovalDocumentBytesMax);
    const Result<Removal> back = decodeRemoval(document);
    REQUIRE(back);
    CHECK(back->range == 3);
    CHECK(listOf(back->removed) == wanted);
    CHECK(back->removed.count() == wanted.size());
    CHECK(back->removed.last() == wanted.back());
    CHECK(encodeRemoval(3, back->removed) == document);
  }
}

TEST_CASE("a removal that is cut, lengthened, empty, out of order or in the wrong form is refused",
          "[P1]") {
  const Bytes honest = encodeRemoval(9, setOf({5, 9, 65536 + 2}));
  REQUIRE(decodeRemoval(honest));
  for (std::size_t size = 0; size < honest.size(); ++size) {
    CHECK_FALSE(decodeRemoval(ByteView(honest).first(size)));
  }
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    Bytes changed = honest;
    changed.at(at) = byte;
    return changed;
  };
  Bytes longer = honest;
  longer.push_back(0);
  CHECK(codeOf(longer) == RefusalCode::tampered);
  CHECK(codeOf(with(0, 2)) == RefusalCode::unknownVersion);
  CHECK(codeOf(with(1, 1)) == RefusalCode::tampered);     // a range beyond the last seq
  CHECK(codeOf(with(9, 0x80)) == RefusalCode::tampered);  // one chunk less than there are
  CHECK(codeOf(with(9, 0xe0)) == RefusalCode::tampered);  // one more
  CHECK(codeOf(with(46, 5)) == RefusalCode::tampered);    // 5, 5
  CHECK(codeOf(with(46, 4)) == RefusalCode::tampered);    // 5, 4
  Bytes nothing(1 + 8 + 32);
  nothing[0] = 1;
  CHECK(codeOf(nothing) == RefusalCode::tampered);

  RangeSet dense;
  for (std::uint32_t i = 0; i < 5000; ++i) dense.insert(i);
  Bytes form = encodeRemoval(0, dense);
  REQUIRE(decodeRemoval(form));
  form[41 + 1] ^= 1;  // another count than bits
  CHECK(codeOf(form) == RefusalCode::tampered);
  Bytes listed = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80};
  listed.resize(41);
  listed.push_back(0);
  listed.push_back(0);
  listed.resize(41 + 2 + 8192);  // a single seq, written as a bitmap
  CHECK(codeOf(listed) == RefusalCode::tampered);
  CHECK_THROWS_AS(encodeRemoval(0, RangeSet{}), Bug);
  CHECK_THROWS_AS(encodeRemoval(kRemovalRangesEnd, setOf({1})), Bug);
}

TEST_CASE("a set of seqs is walked from anywhere, across ranges") {
  SeqSet set;
  const std::vector<std::uint64_t> seqs = {
      0, 63, 64, kRemovalRangeSeqs - 1, kRemovalRangeSeqs, 5 * kRemovalRangeSeqs + 65535};
  for (const std::uint64_t seq : seqs) set.insert(Seq(seq));
  CHECK(set.count() == seqs.size());
  for (std::size_t from = 0; from < seqs.size(); ++from) {
    std::vector<std::uint64_t> seen;
    set.each(Seq(seqs[from]), [&](Seq seq) {
      seen.push_back(seq.raw());
      return true;
    });
    CHECK(seen ==
          std::vector<std::uint64_t>(seqs.begin() + static_cast<std::ptrdiff_t>(from), seqs.end()));
    CHECK(set.contains(Seq(seqs[from])));
    CHECK_FALSE(set.contains(Seq(seqs[from] + 100)));
  }
  std::size_t visited = 0;
  set.each(Seq(0), [&](Seq) { return ++visited < 2; });
  CHECK(visited == 2);
  CHECK(SeqSet{}.empty());
}

}  // namespace lacuna
