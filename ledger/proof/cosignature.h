// A witness's word about a checkpoint: C2SP tlog-cosignature, Ed25519 (type 0x04), and the signature lines of notes.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/proof/checkpoint.h"

#include <optional>
#include <string>
#include <string_view>

namespace lacuna {

// The line that a witness adds: "at this time it was the largest consistent head that I knew". `text` is the
// signed part of the note, with its last newline. Needs: a time from 1970 on.
std::string cosignatureLine(const VerifierKey& witness, const SigningKey& key, Instant at,
                            std::string_view text);

// When this witness says it has seen the note, in whole seconds; nothing when it has not cosigned. Refuses
// `tampered` when a signature under its name and id is wrong. With several the latest.
Result<std::optional<Instant>> cosignedAt(const SignedNote& note, const VerifierKey& witness);

// The lines of an add-checkpoint answer as signatures. Refuses `tampered`.
Result<std::vector<NoteSignature>> signaturesOfLines(std::string_view lines);
std::string lineOf(const NoteSignature& signature);

}  // namespace lacuna
