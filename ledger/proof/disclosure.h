// Disclosures: one event opened for a court or an auditor, in one JSON file that is checked offline (FORMAT.md 10).
//
// Promise: what verifies is the text that stands sealed at that place of the log, and no other. The file holds `e`
//          of that one event: it opens that envelope, and neither another of the same lot nor any tag.
// What the envelope's plaintext means is the business of a layer above (record/event_shown.h), so that the
// cryptography is checked without a decoder of events.
// Thread: any; no I/O.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/crypto/secret.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/record.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lacuna {

inline constexpr std::size_t kDisclosureBytesMax = 1024 * 1024;  // receipt, envelope and its text

struct Disclosure {
  std::string key;  // the ledger's verifier key, as text: to be trusted from elsewhere
  Seq seq;          // for the reader: what the record says
  Instant recordedAt{};
  std::string receipt;  // tlog-proof, with the record as extra
  Bytes envelope;
  Secret opening;       // `e`
  std::string content;  // for the reader: what the envelope holds, as one compact JSON object
};
// One text for one value. Needs: `content` is a JSON object.
std::string textOf(const Disclosure& disclosure);
Result<Disclosure> disclosureOfText(std::string_view text);  // tampered

// The plaintext of an envelope as one compact JSON object, or a refusal: shownEventOf().
using ShowContent = std::function<Result<std::string>(ByteView plain)>;

struct DisclosureReport {
  VerifierKey key;
  bool trusted = false;  // by a key of the caller's; else only internally consistent
  Record record;
  LeafHash leaf;
  Checkpoint checkpoint;
  std::string content;  // derived from the envelope
};
// Checks form, signature, inclusion, commitment, the opening, and that everything written for the reader is what
// record and envelope say. Refuses tampered and unknown-version. Without a key the one that the file names is
// believed; it must have signed in any case.
Result<DisclosureReport> verifyDisclosure(std::string_view text,
                                          const std::optional<VerifierKey>& key,
                                          const ShowContent& show);

}  // namespace lacuna
