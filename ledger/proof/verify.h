// Full verification of a log: chain, tree, commitments, checkpoints (P1). The box an auditor trusts.
//
// Promise: any changed, missing, inserted or reordered byte of what the given checkpoints cover is found, and
//          located as closely as the bytes allow. Hostile bytes make findings, never exceptions.
// Failure: what the source throws (a fault) comes through.
// Bounds:  memory for the ranges in work, 32 bytes for each range that is remembered, kFindingsMax findings, one root per given checkpoint, and two bits
//          for each record whose envelope is missing or was removed by a sweep.
#pragma once

#include "ledger/base/result.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/merkle.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

// One contiguous run of the log as its owner reads it; bytes are borrowed during the call.
struct LogEntry {
  Seq seq;  // where the reader found it
  ByteView record;
  std::optional<ByteView> envelope;  // nothing: none stored
};
// A log as it lies there. Every method is called from several threads at once.
class LogSource {
 public:
  virtual ~LogSource() = default;
  virtual TreeSize size() const = 0;
  // Calls visit for each entry from `first` below `end` in order, until it returns false.
  // Nothing is promised about what is visited: gaps and doubles are the verifier's to find.
  virtual void scan(Seq first, TreeSize end,
                    const std::function<bool(const LogEntry&)>& visit) const = 0;
  // Stored hashes; nothing when none are kept (tiles are derived: a missing one is no finding).
  virtual std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const = 0;
  virtual std::optional<Bytes> document(const DocumentHash& hash) const = 0;
  virtual bool hasEnvelopes() const = 0;  // false: only records are at hand (auditor's export)
};

// What is wrong, and where.
struct Finding {
  std::optional<Seq> seq;      // the first bad record; nothing: it has no place
  std::string what;            // one of `finding::...`
  std::optional<Seq> through;  // the evidence only says: one of seq..through
  bool operator==(const Finding&) const = default;
};

// The closed list of sentences.
namespace finding {
inline constexpr std::string_view kMissing = "a record is missing here";
inline constexpr std::string_view kDoubled = "two records claim this place";
inline constexpr std::string_view kMisplaced = "the record carries the number of another place";
inline constexpr std::string_view kMalformed = "the record does not follow the format";
inline constexpr std::string_view kUnknownVersion =
    "the record has a version that this program does not know";
inline constexpr std::string_view kChanged =
    "the record was changed: the one after it names another leaf hash";
inline constexpr std::string_view kUnlinked = "the record does not link to the one before it";
inline constexpr std::string_view kOneOfTwo =
    "this record or the next was changed: the next does not link to it";
inline constexpr std::string_view kEarlier = "the record is dated before the one before it";
inline constexpr std::string_view kBody = "the public body does not follow the format of its kind";
inline constexpr std::string_view kGenesis = "the first record does not begin a ledger";
inline constexpr std::string_view kGenesisInside = "a record that begins a ledger stands inside it";
inline constexpr std::string_view kEnvelopeMissing =
    "the envelope is missing or does not read, and no public record says that it was removed";
inline constexpr std::string_view kEnvelopeExtra = "an envelope stands beside a record without one";
inline constexpr std::string_view kEnvelopeChanged =
    "the envelope is not the one that the record commits to";
inline constexpr std::string_view kDocumentMissing = "the document of the record is missing";
inline constexpr std::string_view kDocumentChanged =
    "the document is not the one that the record commits to";
inline constexpr std::string_view kSweep =
    "the sweep does not say in its documents what it removed";
inline constexpr std::string_view kTile = "the record is not the one that the stored tile names";
inline constexpr std::string_view kUpperTile = "a stored tile does not follow from these records";
inline constexpr std::string_view kNote = "a given checkpoint is not a signed checkpoint";
inline constexpr std::string_view kNoteSignature = "a given checkpoint is not signed by the key";
inline constexpr std::string_view kCut = "the log ends here, before a signed checkpoint";
inline constexpr std::string_view kRoot = "the records do not lead to a signed checkpoint";
}  // namespace finding

// Ranges from record 0 on in which nothing was found, each by the root of its records. A later run need not read
// them again: that the log still holds the same records is what its root says, since these go into it.
struct VerifiedRanges {
  unsigned height = 0;  // each has 2^height records
  std::vector<NodeHash> subtrees;
  std::optional<VerifierKey> believedKey;  // named by record 0
  bool operator==(const VerifiedRanges&) const = default;
};

struct VerifyOptions {
  unsigned threads = 2;
  std::vector<std::string> checkpoints;  // notes to hold against the log: latest, and --since
  std::optional<VerifierKey> key;        // none: internally consistent is all that can be said
  // One call at a time, from any of the threads.
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;
  // Of an earlier run, and told while this one finds nothing. Both need a log without envelopes: whether one may
  // be missing is said by records that stand behind it.
  const VerifiedRanges* earlier = nullptr;
  std::function<void(const VerifiedRanges&)> onVerified;
};

struct VerifyReport {
  TreeSize size;
  std::uint64_t recordsTaken = 0;  // not read, since an earlier run has verified them
  RootHash root;                   // zeros when a missing record leaves it unknown
  std::uint64_t envelopesChecked = 0;
  std::uint64_t envelopesRemoved = 0;  // missing, and named by a sweep of this log
  std::uint64_t documentsChecked = 0;
  std::uint64_t tilesChecked = 0;
  std::uint64_t checkpointsChecked = 0;
  std::optional<VerifierKey> believedKey;  // the key the log names in record 0
  bool trusted = false;                    // a checkpoint of the caller's own key was verified
  VerifiedRanges verified;                 // what was told last to onVerified
  std::vector<Finding> findings;           // empty: whole. At most kFindingsMax, in order of seq
  bool whole() const { return findings.empty(); }
};
inline constexpr std::size_t kFindingsMax = 100;

// Without a key of the caller's the checkpoints must be signed by the key that record 0 names, under the
// origin that it names.
VerifyReport verifyLog(const LogSource& log, const VerifyOptions& options);

}  // namespace lacuna
