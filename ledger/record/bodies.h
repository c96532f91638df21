// The public bodies of records (FORMAT.md 2.1): what anybody may know about the ledger's own steps.
//
// No personal datum and no count stands in them (P4). Encoders need values inside the lists below;
// decoders refuse `unknown-version` and `tampered` (short, long, a value outside its list).
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/signing.h"
#include "ledger/record/record.h"

#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

using ErasureId = Digest<struct ErasureIdTag, 16>;
using NoteHash = Digest<struct NoteHashTag>;                  // SHA-256 of a whole checkpoint note
using PersonCommitment = Digest<struct PersonCommitmentTag>;  // proof/certificate.h

// Origin line of checkpoints = name of the signing key: printable ASCII, no space, no '+', 1..255.
inline constexpr std::size_t kOriginBytesMax = 255;
bool originValid(std::string_view origin);

inline constexpr std::uint8_t kBodyVersion = 1;

// Record 0. Who signs this log.
struct GenesisBody {
  LedgerId ledger;
  std::string origin;
  PublicKey key;
  bool operator==(const GenesisBody&) const = default;
};

// The register's version of this number, from 1, is in force; its text is the record's document.
struct RegisterBody {
  std::uint64_t version = 0;
  bool operator==(const RegisterBody&) const = default;
};

// On disk: never renumber.
enum class ReadOperation : std::uint8_t {
  history = 1,
  state = 2,
  recipients = 3,
  show = 4,
  find = 5,
  link = 6,
  erasePlan = 7,
  exported = 8,  // "export"
  may = 9,
  disclose = 10,
  report = 11,  // a control report, over all erasures
};
std::string_view nameOf(ReadOperation v);

// The code of a `--reason`; its text part is sealed. On disk: never renumber.
enum class ReadReason : std::uint8_t {
  unstated = 0,
  request = 1,
  support = 2,
  audit = 3,
  breach = 4,
  other = 5,
};
std::string_view nameOf(ReadReason v);
std::optional<ReadReason> readReasonOf(std::string_view name);  // never `unstated`: that is silence

struct ConsultationBody {
  std::uint32_t officer = 0;  // the opaque number of a principal
  ReadOperation operation = ReadOperation::history;
  ReadReason reason = ReadReason::unstated;
  bool operator==(const ConsultationBody&) const = default;
};

// The steps of an erasure, in the order received planned [approved] frozen queued intent committed
// destroyed... complete removed closed; or received planned, then cancelled or refused. `forgotten` is the
// end of what cases kept for a while (fences, handles of recipients). On disk: never renumber.
enum class ErasureStep : std::uint8_t {
  intent = 1,     // what is to die is durable
  committed = 2,  // keys destroyed: this system no longer serves it
  complete = 3,   // by every key holder (P5)
  received = 4,
  planned = 5,
  approved = 6,   // by a second officer
  frozen = 7,     // until it is committed, reads and appends of the persons get `busy`
  queued = 8,     // the recipients who had the data are on the worklist (Art. 19)
  destroyed = 9,  // one key holder has destroyed its keys
  removed = 10,   // the envelopes are physically gone
  closed = 11,
  cancelled = 12,
  refused = 13,  // everything must be kept
  forgotten = 14,
};
std::string_view nameOf(ErasureStep v);

// Grounds of an erasure (Art. 17(1), DESIGN 9). On disk: never renumber.
enum class Ground : std::uint8_t {
  unstated = 0,
  noLongerNeeded = 1,
  consentWithdrawn = 2,
  objection = 3,
  unlawful = 4,
  legalDuty = 5,
  child = 6,
  retentionEnd = 7,
};
std::string_view nameOf(Ground v);
std::optional<Ground> groundOf(std::string_view name);  // never `unstated`

// A step of our own. (An erasure that a system reports has an envelope and no body.)
struct ErasureBody {
  ErasureId erasure;
  ErasureStep step = ErasureStep::intent;
  Ground ground = Ground::unstated;
  TreeVersion version;  // in which the keys are dead; 0 in the steps before `committed`
  std::uint8_t holdersDestroyed = 0;
  std::uint8_t weakestAssurance = 0;  // 0 none 1 logical 2 inplace 3 hardware
  std::uint32_t parts = 0;            // intent: how many target rows
  PersonCommitment person;            // received: of the salt given to the person; zeros: none
  std::uint8_t holder = 0;            // destroyed: which one
  Instant destroyedAt{};              // destroyed: when its old root was overwritten
  bool operator==(const ErasureBody&) const = default;
};

// On disk: never renumber.
enum class AccessAction : std::uint8_t {
  grant = 1,
  revoke = 2,
  singleUserBegan = 3,
  singleUserEnded = 4,
  holderAdded = 5,    // of these three `principal` is the number of a key holder
  holderClosed = 6,   // lost or retired
  keysRecovered = 7,  // from a holder behind the log
};

std::string_view nameOf(AccessAction v);

struct AccessBody {
  AccessAction action = AccessAction::grant;
  std::uint32_t principal = 0;
  std::uint8_t roles = 0;  // bits: 1 recorder 2 auditor 4 officer 8 operator
  bool operator==(const AccessBody&) const = default;
};

// The names of roles that are set in these bits.
std::vector<std::string_view> roleNamesOf(std::uint8_t roles);

// Pins the checkpoint of the generation that ended.
struct RestoreBody {
  TreeSize kept;
  std::string oldOrigin;
  NoteHash oldCheckpoint;
  bool operator==(const RestoreBody&) const = default;
};

// What one sweep removed: all of it below `marked`, in the tree of that version. Its documents say which
// (FORMAT.md 5.7).
struct SweepBody {
  TreeSize marked;
  TreeVersion version;
  bool few = false;  // of fewer than kSweepSlotsMin slots, because the register says so
  struct Part {
    std::uint64_t range = 0;
    DocumentHash document;
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> parts;  // 1..kSweepPartsMax, ascending by range
  bool operator==(const SweepBody&) const = default;
};
inline constexpr unsigned kSweepRangeBits = 24;    // on disk: never change; seqs of one document
inline constexpr std::size_t kSweepPartsMax = 64;  // on disk: never raise beyond a record's bound

Bytes encode(const GenesisBody& body);  // Needs: a valid origin
Bytes encode(const RegisterBody& body);
Bytes encode(const ConsultationBody& body);
Bytes encode(const ErasureBody& body);
Bytes encode(const AccessBody& body);
Bytes encode(const RestoreBody& body);  // Needs: a valid origin
Bytes encode(const SweepBody& body);

Result<GenesisBody> decodeGenesis(ByteView bytes);
Result<RegisterBody> decodeRegister(ByteView bytes);
Result<ConsultationBody> decodeConsultation(ByteView bytes);
Result<ErasureBody> decodeErasure(ByteView bytes);
Result<AccessBody> decodeAccess(ByteView bytes);
Result<RestoreBody> decodeRestore(ByteView bytes);
Result<SweepBody> decodeSweep(ByteView bytes);

// Whether a record of this kind may carry this body: one of the above for their kinds, none for every
// other kind; an erasure has one or none.
Outcome checkBody(Kind kind, ByteView body);

}  // namespace lacuna
