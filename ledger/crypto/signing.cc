#include "ledger/crypto/signing.h"

#include <sodium.h>

namespace lacuna {

SigningKey::SigningKey(Secret seed) : seed_(std::move(seed)) {
  LACUNA_ASSERT(sodium_init() >= 0, "libsodium cannot start");
  ByteArray<crypto_sign_SECRETKEYBYTES> secret;
  crypto_sign_seed_keypair(public_.bytes.data(), secret.data(), seed_.view().data());
  wipe(secret);
}

Signature SigningKey::sign(ByteView message) const {
  ByteArray<crypto_sign_SECRETKEYBYTES> secret;
  PublicKey unused;
  crypto_sign_seed_keypair(unused.bytes.data(), secret.data(), seed_.view().data());
  Signature out;
  crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), secret.data());
  wipe(secret);
  return out;
}

bool verifySignature(const PublicKey& key, ByteView message, ByteView signature) {
  return signature.size() == 64 &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

}  // namespace lacuna
