// What a verification found, in words and as a report. Pure: no daemon, no files.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/proof/verify.h"
#include "tools/render.h"
#include "tools/trust.h"

#include <optional>
#include <string>
#include <vector>

namespace lacuna::tool {

// What was asked and found. `verified` is said only of what the caller's own key has signed.
struct Verification {
  std::string source;                    // "daemon", "data", "url", "export"
  std::optional<VerifierKey> key;        // the caller's, or the log's that the policy names
  std::optional<Policy> policy;          // the caller's
  std::optional<PolicyView> view;        // of the checkpoints, under the policy
  std::vector<std::string> checkpoints;  // the notes that matter: the last, and --since
  bool envelopesAtHand = false;
  Instant at{};
  std::optional<Instant>
      takenFrom;  // when the run was that has read what this one did not read again
  VerifyReport report;

  enum class Verdict { verified, consistent, failed };
  Verdict verdict() const;
};

std::string_view nameOf(Verification::Verdict verdict);  // verified, internally-consistent, failed
// "record 17: the record was changed: ..."
std::string sentenceOf(const Finding& finding, Language language = Language::en);
// The first finding as one sentence; or why nothing could be trusted. Needs: the verdict `failed`.
std::string failureOf(const Verification& verification, Language language = Language::en);
// For people: verdict, key, what was and was not checked, findings.
std::string textOf(const Verification& verification, Language language = Language::en);
Json jsonOf(const Verification& verification);  // --report and --json

}  // namespace lacuna::tool
