// Checkpoints: C2SP tlog-checkpoint as a signed note with Ed25519 (type 0x01), three lines, no extensions.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/signing.h"
#include "ledger/record/bodies.h"

#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

// A number as these texts write it: no sign, no leading zero, at most 2^63-1 (other readers use int64).
std::optional<std::uint64_t> decimalOf(std::string_view text);

// Signature types of signed notes. Checkpoints carry the first; the second is a witness's.
inline constexpr std::uint8_t kNoteEd25519 = 0x01;
inline constexpr std::uint8_t kNoteCosignature = 0x04;

// A verifier key in note form: name+hex8(keyid)+base64(type || key). The name is an origin
// (originValid in record/bodies.h): origin line and key name are the same text.
struct VerifierKey {
  std::string name;
  std::uint32_t id = 0;
  std::uint8_t type = kNoteEd25519;
  PublicKey key;
  bool operator==(const VerifierKey&) const = default;
};
VerifierKey verifierKeyOf(std::string_view origin, const PublicKey& key,
                          std::uint8_t type = kNoteEd25519);
std::string textOf(const VerifierKey& key);
Result<VerifierKey> verifierKeyOfText(std::string_view text);  // invalid-value

// Go's PRIVATE+KEY form, for signing.key and fixtures.
std::string privateKeyText(std::string_view origin, const SigningKey& key);
struct NamedSigningKey {
  std::string name;
  SigningKey key;
};
Result<NamedSigningKey> signingKeyOfText(std::string_view text);  // invalid-value

struct Checkpoint {
  std::string origin;
  TreeSize size;
  RootHash root;
  bool operator==(const Checkpoint&) const = default;
};

std::string bodyOf(const Checkpoint& checkpoint);  // the three lines
std::string signNote(const Checkpoint& checkpoint, const SigningKey& key);

struct NoteSignature {
  std::string name;
  std::uint32_t id = 0;
  Bytes signature;  // after the key id
};
struct SignedNote {
  Checkpoint checkpoint;
  std::string text;  // the signed part, with its last newline
  std::vector<NoteSignature> signatures;
};
// Syntax only; unknown signers are kept. Refuses `tampered`: not UTF-8 with LF lines, not exactly three
// lines above the signatures, no or too many signatures, more than kNoteBytesMax.
inline constexpr std::size_t kNoteBytesMax = 64 * 1024;
inline constexpr std::size_t kNoteSignaturesMax = 100;  // as Go's reader of notes
Result<SignedNote> parseNote(std::string_view note);
// Refuses `tampered`: not a note, no signature by this key, or a bad one; also another origin than the
// key's name.
Result<Checkpoint> openNote(std::string_view note, const VerifierKey& key);
Result<Checkpoint> openNote(const SignedNote& note, const VerifierKey& key);

}  // namespace lacuna
