#include "ledger/carry.h"

#include "ledger/base/bytes.h"
#include "ledger/base/fault.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

CarryRow rowOf(std::size_t entries) {
  CarryRow row;
  row.parts = 2;
  row.from = LeafNo(3);
  row.period = 2025;
  row.createdAt = instantOf(1585732353000);
  row.klass = "billing";
  for (std::size_t i = 0; i < entries; ++i) {
    CarryEntry entry;
    entry.ordinal = Ordinal(i);
    entry.seq = Seq(10 * i + 7);
    entry.tag.bytes.fill(static_cast<std::uint8_t>(i));
    if (i != 1) entry.key.emplace(Bytes(32, static_cast<std::uint8_t>(i + 1)));
    row.entries.push_back(std::move(entry));
  }
  return row;
}

}  // namespace

TEST_CASE("a carry row has the bytes of the format, and what decodes encodes to the same", "[P1]") {
  const Bytes bytes = encodeCarry(rowOf(2));
  Bytes expected = bytesOfHex(
                       "01"
                       "00000000"
                       "00000002"
                       "0003"
                       "000007e9"
                       "0000017135037be8"
                       "0007"
                       "62696c6c696e67"
                       "0002"
                       "0000000000000000"
                       "0000000000000007")
                       .value();
  expected.insert(expected.end(), 16, 0);
  expected.push_back(1);
  expected.insert(expected.end(), 32, 1);
  const Bytes second = bytesOfHex(
                           "0000000000000001"
                           "0000000000000011")
                           .value();
  expected.insert(expected.end(), second.begin(), second.end());
  expected.insert(expected.end(), 16, 1);
  expected.push_back(0);
  CHECK(bytes == expected);
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, kCarryEntriesMax}) {
    const Bytes row = encodeCarry(rowOf(count));
    const Result<CarryRow> back = decodeCarry(row);
    REQUIRE(back);
    CHECK(encodeCarry(*back) == row);
  }
  CHECK_THROWS_AS(encodeCarry(rowOf(0)), Bug);
  CHECK_THROWS_AS(encodeCarry(rowOf(kCarryEntriesMax + 1)), Bug);
}

TEST_CASE("a carry row that is cut, lengthened, out of order or out of its bounds is refused",
          "[P1]") {
  const Bytes honest = encodeCarry(rowOf(3));
  REQUIRE(decodeCarry(honest));
  for (std::size_t size = 0; size < honest.size(); ++size) {
    CHECK_FALSE(decodeCarry(ByteView(honest).first(size)));
  }
  const auto refused = [&](std::size_t at, std::uint8_t byte) {
    Bytes changed = honest;
    changed.at(at) = byte;
    return !decodeCarry(changed);
  };
  Bytes longer = honest;
  longer.push_back(0);
  CHECK_FALSE(decodeCarry(longer));
  CHECK(decodeCarry(Bytes{2}).refusal().code == RefusalCode::unknownVersion);
  CHECK(refused(4, 2));   // a part beyond the last
  CHECK(refused(10, 0));  // leaf 0 is the identity
  CHECK(refused(33, 4));  // more entries than there are
  CHECK(refused(33, 2));
  CHECK(refused(34 + 16 + 16, 2));  // neither with nor without a key
  CarryRow twice = rowOf(3);
  twice.entries[2].seq = twice.entries[1].seq;
  CHECK_THROWS_AS(encodeCarry(twice), Bug);
}

}  // namespace lacuna
