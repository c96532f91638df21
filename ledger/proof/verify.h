// Full verification of a log: chain, tree, commitments, checkpoints (P1). The box an auditor trusts.
#pragma once

#include "ledger/base/result.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/merkle.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lacuna {

// One contiguous run of the log as its owner reads it; bytes are borrowed during the call.
struct LogEntry {
  Seq seq;                             // where the reader found it
  ByteView record;
  std::optional<ByteView> envelope;    // nothing: none stored
};
// Calls visit for each entry from `first` below `end` in order, until it returns false.
// Called from several threads at once for different ranges.
class LogSource {
 public:
  virtual ~LogSource() = default;
  virtual TreeSize size() const = 0;
  // Nothing is promised about what is visited: gaps and doubles are the verifier's to find.
  virtual void scan(Seq first, TreeSize end, const std::function<bool(const LogEntry&)>& visit) const = 0;
  virtual std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const = 0;
  virtual std::optional<Bytes> document(const DocumentHash& hash) const = 0;
  virtual bool hasEnvelopes() const = 0;  // false: only records are at hand (auditor's export)
};

// What is wrong, and where.
struct Finding {
  std::optional<Seq> seq;   // the first bad record
  std::string what;         // closed list of sentences; no personal data
};

struct VerifyOptions {
  unsigned threads = 2;
  std::vector<std::string> checkpoints;  // notes to hold against the log: latest, and --since
  std::optional<VerifierKey> key;        // none: internally consistent is all that can be said
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;
  // Seqs whose envelopes a sweep removed by public record; nothing else may miss one.
  std::function<bool(Seq)> envelopeMayBeMissing;
};

struct VerifyReport {
  TreeSize size;
  RootHash root;
  std::uint64_t envelopesChecked = 0;
  std::uint64_t documentsChecked = 0;
  std::uint64_t tilesChecked = 0;
  std::uint64_t checkpointsChecked = 0;
  std::optional<VerifierKey> believedKey;  // the key the log names in record 0
  bool trusted = false;                    // verified against the caller's own key
  std::vector<Finding> findings;           // empty: whole. At most kFindingsMax, in order of seq
  bool whole() const { return findings.empty(); }
};
inline constexpr std::size_t kFindingsMax = 100;

VerifyReport verifyLog(const LogSource& log, const VerifyOptions& options);

}  // namespace lacuna
