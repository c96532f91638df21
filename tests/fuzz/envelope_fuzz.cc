// Envelopes and sealed rows under the key of the golden vectors: what opens is what was sealed, a changed
// byte opens nothing.
#include "ledger/crypto/digest.h"
#include "ledger/record/envelope.h"

#include <algorithm>

using namespace lacuna;

namespace {

// The key and the head of the golden envelopes, so that the committed corpus holds some that open.
const Bytes& lotKey() {
  static const Bytes key =
      *bytesOfHex("cf454b46c924682220d7cff5ffd82da61bdb6e0f4d0fe0054050e92b354c0732");
  return key;
}
const Bytes& head() {
  static const Bytes bytes =
      *bytesOfHex("0101010000017135037be80000000367a48287c757de7b19d6d0cb509c24ae0000");
  return bytes;
}

Nonce nonceIn(ByteView sealed) {
  Nonce nonce;
  std::copy_n(sealed.begin() + 1, nonce.size(), nonce.begin());
  return nonce;
}

void checkRoundTrip(const Secret& key, ByteView plain) {
  Nonce nonce{};
  std::copy_n(plain.begin(), std::min(plain.size(), nonce.size()), nonce.begin());
  Bytes sealed = sealEvent(key, nonce, head(), plain);
  const auto opened = openEvent(key, head(), sealed);
  LACUNA_ASSERT(opened && sameBytes(*opened, plain), "what was sealed opens");
  sealed[plain.empty() ? 0 : plain[0] % sealed.size()] ^= 1;
  LACUNA_ASSERT(!openEvent(key, head(), sealed), "a changed byte opens nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const Secret key{ByteView(lotKey())};
  if (const auto plain = openEvent(key, head(), bytes)) {
    const Nonce nonce = nonceIn(bytes);
    LACUNA_ASSERT(sameBytes(sealEvent(key, nonce, head(), *plain), bytes),
                  "one sealing of a plain");
    const auto again = openEventWithKey(eventKey(key, nonce, head()), head(), bytes);
    LACUNA_ASSERT(again && *again == *plain, "e opens what the lot key opens");
    LACUNA_ASSERT(!openRow(key, head(), bytes), "an envelope is no row");
  }
  if (const auto plain = openRow(key, head(), bytes)) {
    LACUNA_ASSERT(sameBytes(sealRow(key, nonceIn(bytes), head(), *plain), bytes),
                  "one sealing of a plain");
  }
  checkRoundTrip(key, bytes);
  return 0;
}
