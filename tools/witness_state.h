// What a witness keeps: its key, and of each log the last checkpoint that it cosigned.
//
//   DIR/witness.key            the signing key, PRIVATE+KEY+..., mode 0600
//   DIR/log/<sha256 of origin> the note with our cosignature
//   DIR/LOCK                   held while a witness runs here
//
// Promise: remember() returns only when the head survives a power cut; a head is never replaced by a smaller one.
// Failure: a write or sync that fails throws Fault; then nothing may be cosigned any more.
// Thread:  one.
#pragma once

#include "ledger/proof/cosignature.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace lacuna::tool {

class WitnessState {
 public:
  // Makes DIR and a key under `name` when there is none. Refuses missing-key (no key, no name), foreign-key
  // (another name), already-running, tampered.
  static Result<std::unique_ptr<WitnessState>> open(const std::filesystem::path& directory,
                                                    const std::string& name);
  ~WitnessState();
  WitnessState(const WitnessState&) = delete;
  WitnessState& operator=(const WitnessState&) = delete;

  const VerifierKey& key() const { return key_; }
  // The last note cosigned; nothing: never. Throws Fault when what is there is not ours.
  std::optional<std::string> lastNote(const std::string& origin) const;
  std::optional<std::string> lastNoteOfHash(
      const std::string& hex) const;  // of the origin's SHA-256
  // Cosigns the note, remembers it durably, and only then gives our line.
  std::string cosign(const SignedNote& note, const std::string& text, Instant at);

 private:
  WitnessState(std::filesystem::path directory, int lock, NamedSigningKey signing);
  std::filesystem::path fileOf(const std::string& hex) const;

  const std::filesystem::path directory_;
  const int lock_;
  const NamedSigningKey signing_;
  const VerifierKey key_;
};

}  // namespace lacuna::tool
