#include "ledger/proof/cosignature.h"

#include "ledger/crypto/digest.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::uint64_t kSecondsMax = 0x7fffffffffffffff / 1000;  // so that Instant can say it

std::string signedText(std::uint64_t seconds, std::string_view text) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

}  // namespace

std::string lineOf(const NoteSignature& signature) {
  ByteWriter field;
  field.u32(signature.id).raw(signature.signature);
  return "\xe2\x80\x94 " + signature.name + " " + base64Of(field.view()) + "\n";
}

std::string cosignatureLine(const VerifierKey& witness, const SigningKey& key, Instant at,
                            std::string_view text) {
  LACUNA_ASSERT(witness.type == kNoteCosignature && witness.key == key.publicKey(),
                "a cosignature is made with the key that it names");
  const std::uint64_t seconds = millisOf(at) / 1000;
  ByteWriter field;
  field.u64(seconds).raw(key.sign(bytesOf(signedText(seconds, text))));
  return lineOf({witness.name, witness.id, field.take()});
}

Result<std::optional<Instant>> cosignedAt(const SignedNote& note, const VerifierKey& witness) {
  std::optional<Instant> latest;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != witness.name || signature.id != witness.id) continue;
    ByteReader in(signature.signature);
    const std::uint64_t seconds = in.u64();
    if (!in.ok() || seconds > kSecondsMax || witness.type != kNoteCosignature ||
        !verifySignature(witness.key, bytesOf(signedText(seconds, note.text)), in.rest())) {
      return Refusal{RefusalCode::tampered, "a checkpoint with a wrong cosignature"};
    }
    const Instant at = instantOf(seconds * 1000);
    latest = latest ? std::max(*latest, at) : at;
  }
  return latest;
}

Result<std::vector<NoteSignature>> signaturesOfLines(std::string_view lines) {
  // Read as the signatures of a note, which is what they are to become.
  const RootHash empty{sha256({})};
  auto note = parseNote(bodyOf({"example.org", TreeSize(0), empty}) + "\n" + std::string(lines));
  if (!note) return Refusal{RefusalCode::tampered, "not signature lines of a checkpoint"};
  return std::move(note->signatures);
}

}  // namespace lacuna
