#include "ledger/record/envelope.h"

#include "ledger/crypto/digest.h"

#include <catch2/catch.hpp>

#include <set>

using namespace lacuna;

namespace {

Secret keyOf(std::uint8_t fill) { return Secret(Bytes(32, fill)); }
Nonce nonceOf(std::uint8_t fill) {
  Nonce nonce;
  nonce.fill(fill);
  return nonce;
}
const Bytes kHead(33, 0x11);
const Bytes kPlain(200, 0x22);

}  // namespace

TEST_CASE("an envelope opens with its lot's key and head only", "[P4]") {
  const Bytes sealed = sealEvent(keyOf(1), nonceOf(2), kHead, kPlain);
  CHECK(sealed.size() == kPlain.size() + kEnvelopeOverhead);
  CHECK(openEvent(keyOf(1), kHead, sealed).value() == kPlain);
  const auto code = [&](std::uint8_t key, ByteView head) {
    return openEvent(keyOf(key), head, sealed).refusal().code;
  };
  CHECK(code(2, kHead) == RefusalCode::tampered);
  CHECK(code(1, Bytes(33, 0x12)) == RefusalCode::tampered);
  CHECK(code(1, ByteView(kHead).first(32)) == RefusalCode::tampered);
  CHECK(code(1, {}) == RefusalCode::tampered);
}

TEST_CASE("every flipped byte of an envelope is refused, and every cut", "[P1][P4]") {
  const Bytes sealed = sealEvent(keyOf(1), nonceOf(2), kHead, kPlain);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    Bytes changed = sealed;
    changed[at] ^= 0x04;
    CAPTURE(at);
    const auto opened = openEvent(keyOf(1), kHead, changed);
    REQUIRE_FALSE(opened);
    CHECK(opened.refusal().code == (at == 0 ? RefusalCode::unknownVersion : RefusalCode::tampered));
    CHECK_FALSE(openEvent(keyOf(1), kHead, ByteView(sealed).first(at)));
  }
  Bytes longer = sealed;
  longer.push_back(0);
  CHECK_FALSE(openEvent(keyOf(1), kHead, longer));
}

TEST_CASE("e opens one event and no other of the same lot", "[P4][P6]") {
  const Secret lot = keyOf(1);
  const Bytes first = sealEvent(lot, nonceOf(2), kHead, kPlain);
  const Bytes second = sealEvent(lot, nonceOf(3), kHead, kPlain);
  const Bytes otherHead(33, 0x12);
  const Bytes third = sealEvent(lot, nonceOf(2), otherHead, kPlain);
  const Secret e = eventKey(lot, nonceOf(2), kHead);
  CHECK(openEventWithKey(e, kHead, first).value() == kPlain);
  CHECK_FALSE(openEventWithKey(e, kHead, second));
  CHECK_FALSE(openEventWithKey(e, otherHead, third));
  CHECK_FALSE(openEventWithKey(lot, kHead, first));
}

TEST_CASE("a row opens under its own key only, and never as an event", "[P4]") {
  const Bytes rowKey{'P', 'S', 0, 0, 0, 0, 0, 0, 0, 7};
  const Bytes moved{'P', 'S', 0, 0, 0, 0, 0, 0, 0, 8};
  const Bytes sealed = sealRow(keyOf(1), nonceOf(2), rowKey, kPlain);
  CHECK(openRow(keyOf(1), rowKey, sealed).value() == kPlain);
  CHECK_FALSE(openRow(keyOf(1), moved, sealed));
  CHECK_FALSE(openRow(keyOf(2), rowKey, sealed));
  CHECK_FALSE(openEvent(keyOf(1), rowKey, sealed));
  CHECK_FALSE(openRow(keyOf(1), rowKey, ByteView(sealed).first(kEnvelopeOverhead - 1)));
}

TEST_CASE("tags and id entries differ with key, ordinal and id", "[P4][P6]") {
  std::set<Tag> tags;
  for (std::uint8_t key = 0; key < 8; ++key) {
    for (std::uint64_t ordinal = 0; ordinal < 64; ++ordinal) {
      CHECK(tags.insert(tagOf(keyOf(key), Ordinal(ordinal))).second);
    }
  }
  CHECK(idEntryOf(keyOf(1), "a") != idEntryOf(keyOf(2), "a"));
  CHECK(idEntryOf(keyOf(1), "a") != idEntryOf(keyOf(1), "b"));
}
