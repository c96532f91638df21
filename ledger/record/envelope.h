// The sealed event beside its record (FORMAT.md 3), and sealed rows, which are built the same way.
//
// Each seal has a key of its own, derived from the lot key, a random nonce and what it belongs to;
// the key commitment makes a second opening of the same bytes need a BLAKE2b collision.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/aead.h"
#include "ledger/crypto/secret.h"

#include <span>

namespace lacuna {

inline constexpr std::uint8_t kEnvelopeVersion = 1;
inline constexpr std::size_t kEnvelopeOverhead = 1 + kNonceBytes + 32 + kMacBytes;

// A record's tag: BLAKE2b-128(key = lot key, "tag" || ordinal).
Tag tagOf(const Secret& lotKey, Ordinal ordinal);

// e of one event; whoever has it can open that envelope and no other.
Secret eventKey(const Secret& lotKey, const Nonce& nonce, ByteView recordHead);

// Seals an event. `recordHead` is encodeHead(record). Needs: a nonce never used before.
Bytes sealEvent(const Secret& lotKey, const Nonce& nonce, ByteView recordHead, ByteView plain);
// The same for many that are independent of one another, which costs about two thirds. Needs: as many
// tags as places; as many envelopes as events.
struct TagPlace {
  const Secret* lotKey;
  Ordinal ordinal;
};
void tagsOf(std::span<const TagPlace> places, std::span<Tag> tags);
struct EventToSeal {
  const Secret* lotKey;
  const Nonce* nonce;
  ByteView recordHead, plain;
};
void sealEvents(std::span<const EventToSeal> events, std::span<Bytes> envelopes);
// Refuses `unknown-version` and `tampered`.
Result<Bytes> openEvent(const Secret& lotKey, ByteView recordHead, ByteView envelope);
Result<Bytes> openEventWithKey(const Secret& e, ByteView recordHead, ByteView envelope);

// Seals a row of the log's database: subject records, aliases, targets. AAD is the row's key with
// its table's letter, so that a row moved elsewhere does not open.
Bytes sealRow(const Secret& lotKey, const Nonce& nonce, ByteView rowKey, ByteView plain);
Result<Bytes> openRow(const Secret& lotKey, ByteView rowKey, ByteView sealed);

// Event ids are counted per person (FORMAT.md 6). `identityKey` is the key of the slot's leaf 0.
IdEntry idEntryOf(const Secret& identityKey, std::string_view id);
ContentDigest contentDigestOf(const Secret& identityKey, ByteView canonicalEvent);
// The same for many. Needs: as many entries and contents as ids.
struct IdToCount {
  const Secret* identityKey;
  std::string_view id;
  ByteView canonicalEvent;
};
void countIds(std::span<const IdToCount> ids, std::span<IdEntry> entries,
              std::span<ContentDigest> contents);

}  // namespace lacuna
