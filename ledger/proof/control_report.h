// Control reports: what the ledger says of a time, signed, in one JSON file (FORMAT.md 12). Checked offline by a key;
// with the log at hand an auditor recomputes what is public of it, and says what does not agree.
//
// Promise: no personal datum, and nothing that links two records of a person. Every byte is covered by a signature.
// Thread:  any; no I/O.
#pragma once

#include "ledger/proof/checkpoint.h"
#include "ledger/proof/control_tally.h"
#include "ledger/proof/verify.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

inline constexpr std::size_t kControlReportBytesMax = 8 * 1024 * 1024;
inline constexpr std::size_t kControlKeysMax = 4;

struct ControlHolds {  // for the reader: as they stood when it was issued
  std::uint64_t standing = 0, overdue = 0;
  ControlCounts grounds;
  bool operator==(const ControlHolds&) const = default;
};
struct ControlSample {
  std::uint32_t count = 0;  // asked for
  std::string seed;         // empty: none was asked for
  std::vector<Seq> records;
  bool operator==(const ControlSample&) const = default;
};
using EvidenceHash = Digest<struct EvidenceHashTag>;

struct ControlStatement {
  LedgerId ledger;
  std::string origin;
  Instant issuedAt{};
  std::string zone, from, to;  // dates
  Instant begins{}, ends{};
  ControlPublic log;
  ControlHolds holds;
  ControlSample sample;
  EvidenceHash evidence;
  bool operator==(const ControlStatement&) const = default;
};
std::string encode(
    const ControlStatement& statement);  // one text for one value. Needs: a zone that is known
Result<ControlStatement> decodeControlStatement(std::string_view text);  // tampered
ControlCounts summaryOf(const ControlStatement& statement);

struct ControlReport {
  std::vector<std::string>
      keys;               // the ledger's, as text, oldest first: to be trusted from elsewhere
  std::string statement;  // as signed
  std::vector<Bytes> signatures;  // one of each key
  std::string checkpoint;
  std::vector<std::string> receipts;
  bool operator==(const ControlReport&) const = default;
};
// Signs; sets the evidence first. Needs: `keys` within kControlKeysMax.
ControlReport makeControlReport(ControlStatement statement, std::span<const SigningKey* const> keys,
                                std::string checkpoint, std::vector<std::string> receipts);
std::string textOf(const ControlReport& report);
Result<ControlReport> controlReportOfText(std::string_view text);  // tampered

struct VerifiedControl {
  VerifierKey key;
  bool trusted = false;  // by a key of the caller's; else only internally consistent
  ControlStatement statement;
  Checkpoint checkpoint;
};
// Checks form, every signature, the sample and its receipts. Refuses tampered. Without a key the first that the
// file names is believed.
Result<VerifiedControl> verifyControlReport(std::string_view text,
                                            const std::optional<VerifierKey>& key);

// Holds what was verified against a log of at least that size: every name of what does not agree, at most
// kFindingsMax. Throws what the source throws. Refuses tampered where the log itself does not read.
Result<std::vector<std::string>> disagreements(
    const VerifiedControl& report, const LogSource& log,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& onProgress);

}  // namespace lacuna
