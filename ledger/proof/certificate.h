// Certificates of erasure: one JSON file that anyone can check offline (DESIGN 8; fields after the
// erasure certificates of data protection practice). No personal datum, no alias, no count stands in it.
//
// A certificate is a list of signed states, oldest first: each later tier (keys destroyed everywhere,
// envelopes removed) appends one, and those before stay valid. Beside them lie receipts of the public
// step records, so that what is signed can be held against the log.
// Thread: any; no I/O.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/record/bodies.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

inline constexpr std::size_t kCertificateBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kCertificateStatesMax = 16;
inline constexpr std::size_t kCertificateProofsMax = 32;

// How far the erasure had come when a state was signed.
enum class CertificateTier : std::uint8_t {
  committed = 1,  // this system no longer serves it
  complete = 2,   // every key holder has destroyed its keys (P5)
  removed = 3,    // the envelopes are physically gone
  closed = 4,     // and its case is closed
};
std::string_view nameOf(CertificateTier tier);

struct CertificateLot {
  std::string klass;
  std::int32_t period = 0;  // calendar or fiscal year; 0: one lot until an event
  bool operator==(const CertificateLot&) const = default;
};
struct CertificateKept {
  CertificateLot lot;
  std::string code;   // of the closed list of refusals, e.g. legally-required, hold
  std::string law;    // the rule as the register names it; may be empty
  std::string until;  // a date; empty: until the hold is lifted
  bool operator==(const CertificateKept&) const = default;
};
struct CertificateHolder {
  std::uint32_t number = 0;
  std::string state;  // destroyed, pending, closed (lost, and given up by a recorded event)
  std::optional<Instant> at;
  std::string assurance;  // none, logical, inplace, hardware
  bool operator==(const CertificateHolder&) const = default;
};
// Whom Art. 19 GDPR wants told. A party of the register, or the category of a person standing for one.
struct CertificateRecipient {
  std::string party;
  std::string state;  // queued, sent, acknowledged, executed, failed, impossible
  std::optional<Instant> at;
  bool operator==(const CertificateRecipient&) const = default;
};

// SHA-256("lacuna person" || salt): whoever holds the salt shows that the erasure was theirs.
using PersonSalt = Digest<struct PersonSaltTag>;
PersonCommitment commitmentOf(const PersonSalt& salt);

struct CertificateStatement {
  ErasureId erasure;
  LedgerId ledger;
  std::string origin;
  Instant issuedAt{};
  CertificateTier tier = CertificateTier::committed;
  Ground ground = Ground::unstated;
  bool wholePerson = false;
  std::vector<CertificateLot> erased;
  std::vector<CertificateKept> kept;
  TreeVersion version;  // of the key tree in which the keys are dead
  std::vector<CertificateHolder> holders;
  std::vector<CertificateRecipient> recipients;
  std::uint64_t caseNumber = 0;
  std::string caseEnds;   // a date; empty: not yet known
  bool smallSet = false;  // the sweep removed fewer than 100 slots together (P6)
  std::optional<PersonCommitment> person;
  // Where the steps stand in the log.
  Seq intent, committed;
  std::optional<Seq> complete, removed;
  bool operator==(const CertificateStatement&) const = default;
};
std::string encode(const CertificateStatement& statement);            // one text for one value
Result<CertificateStatement> decodeStatement(std::string_view text);  // tampered

struct SignedStatement {
  std::string text;  // of the statement, as signed
  Bytes signature;   // Ed25519 over "lacuna certificate v1\n" and the text
  bool operator==(const SignedStatement&) const = default;
};
SignedStatement signStatement(const CertificateStatement& statement, const SigningKey& key);

struct Certificate {
  std::string key;  // the ledger's verifier key, as text: to be trusted from elsewhere
  std::vector<SignedStatement> states;  // oldest first
  std::vector<std::string> proofs;      // receipts of record 0 and of the steps
  bool operator==(const Certificate&) const = default;
};
std::string textOf(const Certificate& certificate);
Result<Certificate> certificateOfText(std::string_view text);  // tampered

struct CertificateReport {
  VerifierKey key;
  bool trusted = false;  // by a key of the caller's; else only internally consistent
  std::vector<CertificateStatement> states;
  Instant intentAt{}, committedAt{};  // as the log recorded them
  std::optional<Instant> completeAt, removedAt;
  TreeSize size;  // of the checkpoint under which the last step stands
};
// Checks form, every signature, that the states continue one another, and that every step they name stands
// in the log as they say. Refuses tampered. Without a key the one that the file names is believed.
Result<CertificateReport> verifyCertificate(std::string_view text,
                                            const std::optional<VerifierKey>& key);

}  // namespace lacuna
