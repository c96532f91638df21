// Ed25519 (libsodium) for checkpoints and certificates.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/crypto/secret.h"

namespace lacuna {

using PublicKey = Digest<struct PublicKeyTag>;
using Signature = ByteArray<64>;

class SigningKey {
 public:
  explicit SigningKey(Secret seed);  // RFC 8032 seed, 32 bytes

  const PublicKey& publicKey() const { return public_; }
  const Secret& seed() const { return seed_; }
  Signature sign(ByteView message) const;

 private:
  Secret seed_;
  PublicKey public_;
};

[[nodiscard]] bool verifySignature(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace lacuna
