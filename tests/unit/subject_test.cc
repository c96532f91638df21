#include "ledger/subject.h"

#include "ledger/base/bytes.h"

#include <catch2/catch.hpp>

using namespace lacuna;

namespace {

constexpr std::uint64_t kMillis = 0x0000017135037be8;  // 2020-04-01T09:12:33Z

Subject person() {
  Subject s;
  s.what = SubjectWhat::person;
  s.createdAt = instantOf(kMillis);
  s.nextLeaf = 4;
  s.lots.push_back({LeafNo(2), kLotErased, 2020, instantOf(kMillis), "billing"});
  s.lots.push_back({LeafNo(3), kLotOpen, 0, instantOf(kMillis), "marketing"});
  s.aliases = {LeafNo(1)};
  s.merged = {Slot(258)};
  return s;
}

std::string joined(std::initializer_list<const char*> parts) {
  std::string out;
  for (const char* part : parts) out += part;
  return out;
}

std::vector<Subject> samples() {
  Subject instance;
  instance.what = SubjectWhat::instance;
  instance.category = "teacher";
  Subject file;
  file.what = SubjectWhat::caseFile;
  file.caseNumber = 17;
  Subject organisation;
  organisation.what = SubjectWhat::organisation;
  organisation.nextLeaf = kLeavesPerSlot;
  organisation.lots.push_back({LeafNo(4095), kLotOpen, -1, instantOf(0), std::string(128, 'c')});
  return {person(), instance, file, organisation};
}

template <typename T>
RefusalCode codeOf(const Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.refusal().code;
}

}  // namespace

TEST_CASE("a subject record stands in the bytes of FORMAT 7.2", "[subject]") {
  const std::string hex = joined({
      "01",
      "01",
      "0000017135037be8",
      "0004",
      "0000",  // version, person, createdAt, next leaf, no category
      "0002",  // lots
      "0002",
      "02",
      "000007e4",
      "0000017135037be8",
      "0007",
      "62696c6c696e67",  // billing 2020, erased
      "0003",
      "01",
      "00000000",
      "0000017135037be8",
      "0009",
      "6d61726b6574696e67",  // marketing
      "0001",
      "0001",  // aliases
      "0001",
      "0000000000000102",  // merged
      "0000000000000000",  // no case
  });
  CHECK(hexOf(encodeSubject(person())) == hex);
  const Result<Subject> read = decodeSubject(*bytesOfHex(hex));
  REQUIRE(read);
  CHECK(*read == person());
}

TEST_CASE("alias, targets and fence rows stand in the bytes of FORMAT 7.1", "[subject]") {
  const AliasRow alias{instantOf(kMillis), true, "crm:100234"};
  CHECK(hexOf(encodeAliasRow(alias)) ==
        joined({"01", "0000017135037be8", "01", "000a", "63726d3a313030323334"}));
  CHECK(*decodeAliasRow(encodeAliasRow(alias)) == alias);

  Targets targets{
      {}, Ground::objection, {{Slot(7), LeafNo(2)}, {Slot(kSlotsMax - 1), std::nullopt}}};
  targets.erasure.bytes.fill(0xee);
  CHECK(hexOf(encodeTargets(targets)) ==
        joined({"01", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "03", "00000002", "0000000000000007",
                "00", "0002", "0000000fffffffff", "01", "0000"}));
  CHECK(*decodeTargets(encodeTargets(targets)) == targets);

  Fence fence{
      instantOf(kMillis), instantOf(kMillis + 1), {}, {"crm:1"}, {{Slot(7), true, {"billing"}}}};
  fence.order.fill(0xdd);
  CHECK(hexOf(encodeFence(fence)) ==
        joined({"02", "0000017135037be8", "0000017135037be9",
                "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "0001", "0005",
                "63726d3a31", "0001", "0000000000000007", "01", "0001", "0007", "62696c6c696e67"}));
  CHECK(*decodeFence(encodeFence(fence)) == fence);
}

TEST_CASE("every kind of subject comes back as it was written", "[subject]") {
  for (const Subject& s : samples()) {
    const Result<Subject> read = decodeSubject(encodeSubject(s));
    REQUIRE(read);
    CHECK(*read == s);
  }
}

TEST_CASE("a subject record cut anywhere, or with a byte more, is refused", "[subject]") {
  for (const Subject& s : samples()) {
    Bytes bytes = encodeSubject(s);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK(codeOf(decodeSubject(ByteView(bytes).first(size))) == RefusalCode::tampered);
    }
    bytes.push_back(0);
    CHECK(codeOf(decodeSubject(bytes)) == RefusalCode::tampered);
    bytes.pop_back();
    bytes[0] = 2;
    CHECK(codeOf(decodeSubject(bytes)) == RefusalCode::unknownVersion);
  }
  const Bytes fence =
      encodeFence({instantOf(1), instantOf(2), {}, {"crm:1"}, {{Slot(7), false, {"billing"}}}});
  for (std::size_t size = 0; size < fence.size(); ++size) {
    CHECK_FALSE(decodeFence(ByteView(fence).first(size)));
  }
  const Bytes alias = encodeAliasRow({instantOf(1), true, "crm:1"});
  for (std::size_t size = 0; size < alias.size(); ++size) {
    CHECK_FALSE(decodeAliasRow(ByteView(alias).first(size)));
  }
}

TEST_CASE("a flipped byte is refused or read as another value, never as the same one",
          "[subject]") {
  const Bytes bytes = encodeSubject(person());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes other = bytes;
    other[i] ^= 0xff;
    const Result<Subject> read = decodeSubject(other);
    if (read) CHECK(encodeSubject(*read) == other);
  }
}

TEST_CASE("a subject record that breaks its own rules is refused", "[subject]") {
  const auto refused = [](std::string hex) {
    const Result<Subject> read = decodeSubject(*bytesOfHex(hex));
    return !read && read.refusal().code == RefusalCode::tampered;
  };
  const std::string head = "01010000017135037be8";
  CHECK_FALSE(refused(head + "0002"
                             "0000"
                             "0000"
                             "00010001"
                             "0000"
                             "0000000000000000"));
  CHECK(refused(head + "0001"
                       "0000"
                       "0000"
                       "00010001"
                       "0000"
                       "0000000000000000"));  // beyond next leaf
  CHECK(refused(head + "0002"
                       "0000"
                       "0000"
                       "00010000"
                       "0000"
                       "0000000000000000"));  // the identity
  CHECK(refused(head + "0003"
                       "0000"
                       "0000"
                       "000200010001"
                       "0000"
                       "0000000000000000"));  // one leaf twice
  CHECK(refused(head + "0000"
                       "0000"
                       "0000"
                       "0000"
                       "0000"
                       "0000000000000000"));  // no next leaf
  CHECK(refused(head + "1001"
                       "0000"
                       "0000"
                       "0000"
                       "0000"
                       "0000000000000000"));  // beyond the slot
  CHECK(refused(head + "0001"
                       "0000"
                       "0000"
                       "0000"
                       "0000"
                       "0000000000000001"));  // a case number
  CHECK(refused(head + "0001"
                       "000161"
                       "0000"
                       "0000"
                       "0000"
                       "0000000000000000"));  // a category
  CHECK(refused(head + "0001"
                       "0000"
                       "0000"
                       "0000"
                       "0001"
                       "0000001000000000"  // a slot beyond the tree
                       "0000000000000000"));
  CHECK(
      refused("01040000017135037be8"
              "0001"
              "0000"
              "0000"
              "0000"
              "0000"
              "0000000000000000"));
  CHECK(
      refused("0101ffffffffffffffff"
              "0001"
              "0000"
              "0000"
              "0000"
              "0000"
              "0000000000000000"));
  // an instance needs a category
  CHECK(
      refused("01020000017135037be8"
              "0001"
              "0000"
              "0000"
              "0000"
              "0000"
              "0000000000000000"));
  // a lot of no known state; a lot without a class
  CHECK(refused(head + "0002"
                       "0000"
                       "0001"
                       "0001"
                       "06"
                       "00000000"
                       "0000000000000001"
                       "0001"
                       "61"
                       "0000"
                       "0000"
                       "0000000000000000"));
  CHECK(refused(head + "0002"
                       "0000"
                       "0001"
                       "0001"
                       "01"
                       "00000000"
                       "0000000000000001"
                       "0000"
                       "0000"
                       "0000"
                       "0000000000000000"));
}

TEST_CASE("targets outside the tree, or said twice over, are refused", "[subject]") {
  const auto refused = [](std::string hex) { return !decodeTargets(*bytesOfHex(hex)); };
  const std::string kErasure(32, 'e');
  CHECK_FALSE(refused("01" + kErasure +
                      "01"
                      "00000001"
                      "0000000000000007"
                      "00"
                      "0fff"));
  CHECK(refused("01" + kErasure +
                "01"
                "00000001"
                "0000000000000007"
                "00"
                "1000"));  // leaf
  CHECK(refused("01" + kErasure +
                "01"
                "00000001"
                "0000001000000000"
                "00"
                "0001"));  // slot
  CHECK(refused("01" + kErasure +
                "01"
                "00000001"
                "0000000000000007"
                "01"
                "0001"));  // whole, and a leaf
  CHECK(refused("01" + kErasure +
                "01"
                "00000001"
                "0000000000000007"
                "02"
                "0000"));
  CHECK(refused("01" + kErasure +
                "01"
                "00000000"));
  CHECK(refused("01" + kErasure +
                "01"
                "00000401"));
  CHECK(
      refused("01"
              "ffffffff"));
  Targets row;
  row.targets.assign(kEraseTargetsPerRow, {Slot(1), LeafNo(1)});
  CHECK(*decodeTargets(encodeTargets(row)) == row);
}

TEST_CASE("alias and fence texts are bounded", "[subject]") {
  for (const std::string& text : {std::string("crm"), std::string(":1"), std::string("crm:"),
                                  std::string(), "crm:" + std::string(kAliasBytesMax, 'x')}) {
    ByteWriter row;
    row.u8(1).u64(kMillis).u8(1).bytes16(bytesOf(text));
    CHECK_FALSE(decodeAliasRow(row.view()));
    ByteWriter fence;
    fence.u8(2).u64(kMillis).u64(kMillis).raw(ByteArray<32>{}).u16(1).bytes16(bytesOf(text)).u16(0);
    CHECK_FALSE(decodeFence(fence.view()));
    CHECK_THROWS_AS(encodeAliasRow({instantOf(kMillis), true, text}), Bug);
  }
  Fence fence{instantOf(1), instantOf(2), {}, {}, {}};
  fence.aliases.assign(kFenceAliasesMax, "crm:1");
  fence.slots.assign(kFenceSlotsMax, {Slot(1), false, {}});
  fence.slots[0].classes.assign(kFenceClassesMax, "billing");
  CHECK(*decodeFence(encodeFence(fence)) == fence);
  fence.aliases.emplace_back("crm:2");
  CHECK_THROWS_AS(encodeFence(fence), Bug);
}
