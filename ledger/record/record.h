// The numbered, public leaf (FORMAT.md 2). It says what happened in general, never about whom (P4).
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

#include <optional>
#include <string_view>

namespace lacuna {

// What happened. On disk: never renumber.
enum class Kind : std::uint8_t {
  genesis = 0,  // record 0: ledger id, origin, public key
  processing = 1,
  sharing = 2,
  consent = 3,
  notice = 4,
  rectification = 5,
  restriction = 6,
  objection = 7,
  request = 8,
  complaint = 9,
  hold = 10,
  erasure = 11,       // reported by a system, or a step of our own (public body)
  consultation = 12,  // somebody read a person
  breach = 13,
  agreement = 14,
  registerChange = 15,  // "register"
  note = 16,
  access = 17,   // a grant, a revocation, single-user mode
  person = 18,   // aliases linked or unlinked, persons merged
  restore = 19,  // pins the checkpoint of the generation before
  sweep = 20,    // envelopes removed
};
std::string_view nameOf(Kind kind);
std::optional<Kind> kindOf(std::string_view name);

// On disk: never renumber.
enum RecordFlag : std::uint8_t {
  kHasEnvelope = 1,  // commitment = SHA-256(envelope)
  kHasDocument = 2,  // commitment = SHA-256(document)
};

struct Record {
  Kind kind = Kind::note;
  std::uint8_t flags = 0;
  Instant recordedAt{};
  SystemNo system;
  Tag tag;
  Bytes body;  // public; empty for events about persons
  Commitment commitment;
  Seq seq;
  LeafHash prev;

  bool operator==(const Record&) const = default;
};

inline constexpr std::uint8_t kRecordVersion = 1;
inline constexpr std::size_t kRecordHeadBytes = 33;   // up to and with the body's length
inline constexpr std::size_t kRecordTrailBytes = 72;  // commitment, seq, prev
inline constexpr std::size_t kRecordBytesMin = kRecordHeadBytes + kRecordTrailBytes;

// The record before its commitment: AAD of the envelope, and what `e` is bound to.
Bytes encodeHead(const Record& record);
Bytes encode(const Record& record);  // Needs: body within kRecordBytesMax
// Refuses `unknown-version` and `tampered` (short, long, unknown kind or flags, both flags).
Result<Record> decodeRecord(ByteView bytes);

}  // namespace lacuna
