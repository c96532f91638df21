#include "ledger/record/record.h"

#include "ledger/base/limits.h"

#include <catch2/catch.hpp>

#include <random>

using namespace lacuna;

namespace {

Record someRecord(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Record record;
  record.kind = static_cast<Kind>(random() % 21);
  record.flags = static_cast<std::uint8_t>(random() % 3);
  record.recordedAt = instantOf(random() >> 1);
  record.system = SystemNo(static_cast<std::uint32_t>(random()));
  for (auto& byte : record.tag.bytes) byte = static_cast<std::uint8_t>(random());
  record.body.resize(random() % 4 == 0 ? random() % (kRecordBytesMax - kRecordBytesMin + 1) : 0);
  for (auto& byte : record.body) byte = static_cast<std::uint8_t>(random());
  if (record.flags != 0) {
    for (auto& byte : record.commitment.bytes) byte = static_cast<std::uint8_t>(random());
  }
  record.seq = Seq(random());
  for (auto& byte : record.prev.bytes) byte = static_cast<std::uint8_t>(random());
  return record;
}

RefusalCode codeOf(ByteView bytes) {
  const auto decoded = decodeRecord(bytes);
  REQUIRE_FALSE(decoded);
  return decoded.refusal().code;
}

}  // namespace

TEST_CASE("a record comes back from its bytes, and its head is its beginning", "[P1]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const Record record = someRecord(seed);
    const Bytes bytes = encode(record);
    const Bytes head = encodeHead(record);
    CHECK(bytes.size() == kRecordBytesMin + record.body.size());
    CHECK(head.size() == kRecordHeadBytes + record.body.size());
    CHECK(sameBytes(head, ByteView(bytes).first(head.size())));
    const auto decoded = decodeRecord(bytes);
    REQUIRE(decoded);
    CHECK(*decoded == record);
  }
}

TEST_CASE("bytes that are no record are refused", "[P1]") {
  Record record = someRecord(5);
  record.kind = Kind::processing;
  record.flags = kHasEnvelope;
  record.body = {1, 2, 3};
  const Bytes bytes = encode(record);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    CHECK(codeOf(ByteView(bytes).first(size)) == RefusalCode::tampered);
  }
  CHECK_FALSE(decodeRecord({}));
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = bytes;
    changed[at] = value;
    return changed;
  };
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(codeOf(longer) == RefusalCode::tampered);
  CHECK(codeOf(with(0, 0)) == RefusalCode::unknownVersion);
  CHECK(codeOf(with(0, 2)) == RefusalCode::unknownVersion);
  CHECK(codeOf(with(1, 21)) == RefusalCode::tampered);
  CHECK(codeOf(with(1, 255)) == RefusalCode::tampered);
  CHECK(codeOf(with(2, kHasEnvelope | kHasDocument)) == RefusalCode::tampered);
  CHECK(codeOf(with(2, 4)) == RefusalCode::tampered);
  CHECK(codeOf(with(2, 0x81)) == RefusalCode::tampered);
  CHECK(codeOf(with(2, 0)) == RefusalCode::tampered);  // a commitment to nothing
  CHECK(codeOf(with(32, 2)) == RefusalCode::tampered);
  CHECK(codeOf(with(32, 4)) == RefusalCode::tampered);
  CHECK(codeOf(with(31, 0xff)) == RefusalCode::tampered);
  CHECK(codeOf(Bytes(kRecordBytesMax + 1, 1)) == RefusalCode::tampered);
}

TEST_CASE("a record of the largest size is one, and a larger one is a bug", "[P1]") {
  Record record = someRecord(6);
  record.body.assign(kRecordBytesMax - kRecordBytesMin, 1);
  CHECK(encode(record).size() == kRecordBytesMax);
  CHECK(decodeRecord(encode(record)).value() == record);
  record.body.push_back(1);
  CHECK_THROWS_AS(encode(record), Bug);
}

TEST_CASE("every kind has a name of its own and comes back from it") {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(Kind::sweep); ++i) {
    const Kind kind = static_cast<Kind>(i);
    CHECK(kindOf(nameOf(kind)) == kind);
  }
  CHECK(nameOf(Kind::registerChange) == "register");
  CHECK_FALSE(kindOf(""));
  CHECK_FALSE(kindOf("Processing"));
}
