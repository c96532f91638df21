#include "ledger/record/envelope.h"

#include "ledger/crypto/digest.h"

namespace lacuna {
namespace {

Secret sealKey(const Secret& lotKey, std::string_view label, const Nonce& nonce, ByteView bound) {
  return deriveKey(lotKey, {bytesOf(label), nonce, sha256(bound)});
}

Bytes seal(const Secret& e, const Nonce& nonce, ByteView aad, ByteView plain) {
  const Secret key = deriveKey(e, {bytesOf("key")});
  const ByteArray<32> commitment = blake2b256(e, {bytesOf("com")});
  ByteWriter out(kEnvelopeOverhead + plain.size());
  out.u8(kEnvelopeVersion).raw(nonce).raw(commitment);
  Bytes bytes = out.take();
  sealInto(bytes, key, nonce, aad, plain);
  return bytes;
}

struct Parts {
  Nonce nonce{};
  ByteView commitment;
  ByteView sealed;
};

Result<Parts> split(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kEnvelopeVersion) {
    return Refusal{RefusalCode::unknownVersion, "a sealed text of an unknown version"};
  }
  Parts parts;
  const ByteView nonce = in.raw(kNonceBytes);
  parts.commitment = in.raw(32);
  parts.sealed = in.rest();
  if (!in.ok() || parts.sealed.size() < kMacBytes) {
    return Refusal{RefusalCode::tampered, "a sealed text that is too short"};
  }
  std::memcpy(parts.nonce.data(), nonce.data(), nonce.size());
  return parts;
}

Result<Bytes> open(const Secret& e, const Parts& parts, ByteView aad) {
  const ByteArray<32> commitment = blake2b256(e, {bytesOf("com")});
  if (!sameSecret(commitment, parts.commitment)) {
    return Refusal{RefusalCode::tampered, "a sealed text that this key does not open"};
  }
  const Secret key = deriveKey(e, {bytesOf("key")});
  std::optional<Bytes> plain = openSealed(key, parts.nonce, aad, parts.sealed);
  if (!plain) return Refusal{RefusalCode::tampered, "a sealed text that was changed"};
  return std::move(*plain);
}

}  // namespace

Tag tagOf(const Secret& lotKey, Ordinal ordinal) {
  return Tag{blake2b128(lotKey, {bytesOf("tag"), key64(ordinal.raw())})};
}

Secret eventKey(const Secret& lotKey, const Nonce& nonce, ByteView recordHead) {
  return sealKey(lotKey, "event", nonce, recordHead);
}

Bytes sealEvent(const Secret& lotKey, const Nonce& nonce, ByteView recordHead, ByteView plain) {
  return seal(eventKey(lotKey, nonce, recordHead), nonce, recordHead, plain);
}

Result<Bytes> openEvent(const Secret& lotKey, ByteView recordHead, ByteView envelope) {
  Result<Parts> parts = split(envelope);
  if (!parts) return parts.refusal();
  return open(eventKey(lotKey, parts->nonce, recordHead), *parts, recordHead);
}

Result<Bytes> openEventWithKey(const Secret& e, ByteView recordHead, ByteView envelope) {
  Result<Parts> parts = split(envelope);
  if (!parts) return parts.refusal();
  return open(e, *parts, recordHead);
}

Bytes sealRow(const Secret& lotKey, const Nonce& nonce, ByteView rowKey, ByteView plain) {
  return seal(sealKey(lotKey, "row", nonce, rowKey), nonce, rowKey, plain);
}

Result<Bytes> openRow(const Secret& lotKey, ByteView rowKey, ByteView sealed) {
  Result<Parts> parts = split(sealed);
  if (!parts) return parts.refusal();
  return open(sealKey(lotKey, "row", parts->nonce, rowKey), *parts, rowKey);
}

IdEntry idEntryOf(const Secret& identityKey, std::string_view id) {
  return IdEntry{blake2b128(identityKey, {bytesOf("id"), bytesOf(id)})};
}

ContentDigest contentDigestOf(const Secret& identityKey, ByteView canonicalEvent) {
  return ContentDigest{blake2b128(identityKey, {bytesOf("idc"), canonicalEvent})};
}

}  // namespace lacuna
