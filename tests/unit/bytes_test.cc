#include "ledger/base/bytes.h"

#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace lacuna;

TEST_CASE("fields come back from their big-endian bytes", "[P1]") {
  ByteWriter out;
  out.u8(0x01).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).raw(std::string_view("ab"));
  out.bytes16(Bytes{0xcc}).bytes32(Bytes{0xdd, 0xee});
  CHECK(hexOf(out.view()) == "0102030405060708090a0b0c0d0e0f61620001cc00000002ddee");
  const Bytes bytes = out.take();
  ByteReader in(bytes);
  CHECK(in.u8() == 0x01);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 0x04050607);
  CHECK(in.u64() == 0x08090a0b0c0d0e0f);
  CHECK(textOf(in.raw(2)) == "ab");
  CHECK(in.bytes16().size() == 1);
  CHECK_FALSE(in.done());
  CHECK(in.bytes32().size() == 2);
  CHECK(in.done());
}

TEST_CASE("a reader past its end gives zeros and says so for good", "[P1]") {
  const Bytes bytes{0xff, 0xff, 0xff};
  ByteReader in(bytes);
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u8() == 0);
  CHECK(in.raw(0).empty());
  CHECK_FALSE(in.ok());
  CHECK_FALSE(in.done());
  ByteReader lengths(bytes);
  CHECK(lengths.bytes16().empty());  // says 65535, has 1
  CHECK_FALSE(lengths.ok());
  ByteReader digest(bytes);
  CHECK(digest.digest<Tag>() == Tag{});
  CHECK_FALSE(digest.ok());
}

TEST_CASE("a field longer than its length prefix is a bug") {
  ByteWriter out;
  CHECK_THROWS_AS(out.bytes16(Bytes(65536)), Bug);
  CHECK(out.bytes16(Bytes(65535)).size() == 65537);
}

TEST_CASE("hex and base64 come back, and each byte string has one base64 text", "[P1]") {
  std::mt19937_64 random(3);
  for (std::size_t size = 0; size < 70; ++size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    CHECK(bytesOfHex(hexOf(bytes)) == bytes);
    CHECK(bytesOfBase64(base64Of(bytes)) == bytes);
  }
  // RFC 4648 section 10
  CHECK(base64Of(bytesOf("f")) == "Zg==");
  CHECK(base64Of(bytesOf("fo")) == "Zm8=");
  CHECK(base64Of(bytesOf("foobar")) == "Zm9vYmFy");
  CHECK(bytesOfHex("aAFf") == Bytes{0xaa, 0xff});
  for (const char* wrong : {"a", "0g", " 00", "0x00", "00 "}) CHECK_FALSE(bytesOfHex(wrong));
  for (const char* wrong : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=g==",
                            "Zg==Zg==", "Zm-_", "Zm8=\n", " Zg==", "Zg= =", "Zm\n8"}) {
    CAPTURE(wrong);
    CHECK_FALSE(bytesOfBase64(wrong));
  }
}

TEST_CASE("keys of rows sort as their numbers do") {
  const std::vector<std::uint64_t> numbers = {0, 1, 255, 256, 65535, 65536, ~0ULL - 1, ~0ULL};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CHECK(number64(key64(numbers[i])) == numbers[i]);
    if (i > 0) CHECK(key64(numbers[i - 1]) < key64(numbers[i]));
  }
  CHECK_FALSE(number64(Bytes(7)));
  CHECK_FALSE(number64(Bytes(9)));
}

TEST_CASE("digests compare whole and come from their exact length only") {
  CHECK(Tag::from(Bytes(16, 3)));
  CHECK_FALSE(Tag::from(Bytes(15)));
  CHECK_FALSE(Tag::from(Bytes(17)));
  Tag a, b;
  b.bytes[15] = 1;
  CHECK(a != b);
  CHECK(a < b);
}

TEST_CASE("positions and sizes meet at one bridge") {
  CHECK(sizeThrough(Seq(6)) == TreeSize(7));
  CHECK(firstAfter(TreeSize(7)) == Seq(7));
  CHECK(next(Seq(6)) == Seq(7));
}

TEST_CASE("every refusal has a name of its own and comes back from it") {
  std::set<std::string_view> names;
  for (std::uint16_t i = 0; i <= static_cast<std::uint16_t>(RefusalCode::unsupported); ++i) {
    const auto code = static_cast<RefusalCode>(i);
    CHECK(names.insert(nameOf(code)).second);
    CHECK(refusalCodeOf(nameOf(code)) == code);
  }
  CHECK_FALSE(refusalCodeOf("no-such-code"));
}

TEST_CASE("a result is a value or a refusal, and the wrong question is a bug") {
  const Result<int> good = 5;
  const Result<int> bad = Refusal{RefusalCode::busy, "later"};
  CHECK(good.ok());
  CHECK(*good == 5);
  CHECK_FALSE(bad);
  CHECK(bad.refusal().code == RefusalCode::busy);
  CHECK_THROWS_AS(bad.value(), Bug);
  CHECK_THROWS_AS(good.refusal(), Bug);
}
