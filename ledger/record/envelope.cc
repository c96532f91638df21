#include "ledger/record/envelope.h"

#include "ledger/crypto/blake2b_lanes.h"
#include "ledger/crypto/digest.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kTogether = 16;  // sealed at once: what they need lies on the stack

Secret sealKey(const Secret& lotKey, std::string_view label, const Nonce& nonce, ByteView bound) {
  return deriveKey(lotKey, {bytesOf(label), nonce, sha256(bound)});
}

Bytes sealedWith(const Secret& key, ByteView commitment, const Nonce& nonce, ByteView aad,
                 ByteView plain) {
  ByteWriter out(kEnvelopeOverhead + plain.size());
  out.u8(kEnvelopeVersion).raw(nonce).raw(commitment);
  Bytes bytes = out.take();
  sealInto(bytes, key, nonce, aad, plain);
  return bytes;
}

Bytes seal(const Secret& e, const Nonce& nonce, ByteView aad, ByteView plain) {
  const Secret key = deriveKey(e, {bytesOf("key")});
  return sealedWith(key, blake2b256(e, {bytesOf("com")}), nonce, aad, plain);
}

void sealSome(std::span<const EventToSeal> events, std::span<Bytes> envelopes) {
  constexpr std::string_view kLabel = "event";
  std::array<ByteArray<kLabel.size() + kNonceBytes + 32>, kTogether> messages;
  std::array<KeyedMessage, 2 * kTogether> jobs;
  ByteArray<32 * kTogether> e;
  ByteArray<2 * 32 * kTogether> pairs;  // of each event its AEAD key, then its commitment
  const std::size_t count = events.size();
  for (std::size_t i = 0; i < count; ++i) {
    const ByteArray<32> head = sha256(events[i].recordHead);
    std::uint8_t* to = std::copy(kLabel.begin(), kLabel.end(), messages[i].data());
    to = std::copy(events[i].nonce->begin(), events[i].nonce->end(), to);
    std::copy(head.begin(), head.end(), to);
    jobs[i] = {events[i].lotKey->view(), messages[i]};
  }
  blake2bEach(std::span(jobs).first(count), 32, std::span(e).first(32 * count));
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView key = ByteView(e).subspan(32 * i, 32);
    jobs[2 * i] = {key, bytesOf("key")};
    jobs[2 * i + 1] = {key, bytesOf("com")};
  }
  blake2bEach(std::span(jobs).first(2 * count), 32, std::span(pairs).first(64 * count));
  for (std::size_t i = 0; i < count; ++i) {
    const Secret key(ByteView(pairs).subspan(64 * i, 32));
    envelopes[i] = sealedWith(key, ByteView(pairs).subspan(64 * i + 32, 32), *events[i].nonce,
                              events[i].recordHead, events[i].plain);
  }
  wipe(e);
  wipe(pairs);
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

void tagsOf(std::span<const TagPlace> places, std::span<Tag> tags) {
  LACUNA_ASSERT(places.size() == tags.size(), "one tag for each place");
  std::array<ByteArray<3 + 8>, kTogether> messages;
  std::array<KeyedMessage, kTogether> jobs;
  ByteArray<Tag::kSize * kTogether> made;
  for (std::size_t from = 0; from < places.size(); from += kTogether) {
    const std::size_t count = std::min(kTogether, places.size() - from);
    for (std::size_t i = 0; i < count; ++i) {
      const ByteArray<8> ordinal = key64(places[from + i].ordinal.raw());
      messages[i] = {'t', 'a', 'g'};
      std::copy(ordinal.begin(), ordinal.end(), messages[i].begin() + 3);
      jobs[i] = {places[from + i].lotKey->view(), messages[i]};
    }
    blake2bEach(std::span(jobs).first(count), Tag::kSize,
                std::span(made).first(Tag::kSize * count));
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(tags[from + i].bytes.data(), made.data() + Tag::kSize * i, Tag::kSize);
    }
  }
}

void sealEvents(std::span<const EventToSeal> events, std::span<Bytes> envelopes) {
  LACUNA_ASSERT(events.size() == envelopes.size(), "one envelope for each event");
  for (std::size_t from = 0; from < events.size(); from += kTogether) {
    const std::size_t count = std::min(kTogether, events.size() - from);
    sealSome(events.subspan(from, count), envelopes.subspan(from, count));
  }
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

void countIds(std::span<const IdToCount> ids, std::span<IdEntry> entries,
              std::span<ContentDigest> contents) {
  LACUNA_ASSERT(ids.size() == entries.size() && ids.size() == contents.size(),
                "an entry and a content for each id");
  static_assert(IdEntry::kSize == ContentDigest::kSize);
  constexpr std::string_view kId = "id", kContent = "idc";
  std::size_t bytes = 0;
  for (const IdToCount& each : ids) {
    bytes += kId.size() + each.id.size() + kContent.size() + each.canonicalEvent.size();
  }
  ByteWriter text(bytes);  // never grows: the messages are views of it
  std::vector<KeyedMessage> jobs(2 * ids.size());
  const auto put = [&](std::size_t job, const Secret& key, std::string_view label, ByteView rest) {
    const std::size_t at = text.size();
    text.raw(label).raw(rest);
    jobs[job] = {key.view(), text.view().subspan(at)};
  };
  // Ids beside ids and contents beside contents: messages side by side take as long as their longest.
  for (std::size_t i = 0; i < ids.size(); ++i) {
    put(i, *ids[i].identityKey, kId, bytesOf(ids[i].id));
    put(ids.size() + i, *ids[i].identityKey, kContent, ids[i].canonicalEvent);
  }
  Bytes made(jobs.size() * IdEntry::kSize);
  blake2bEach(jobs, IdEntry::kSize, made);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::memcpy(entries[i].bytes.data(), made.data() + i * IdEntry::kSize, IdEntry::kSize);
    std::memcpy(contents[i].bytes.data(), made.data() + (ids.size() + i) * IdEntry::kSize,
                IdEntry::kSize);
  }
}

}  // namespace lacuna
