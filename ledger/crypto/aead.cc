#include "ledger/crypto/aead.h"

#include <sodium.h>

namespace lacuna {

void sealInto(Bytes& out, const Secret& key, const Nonce& nonce, ByteView aad, ByteView plain) {
  const std::size_t at = out.size();
  out.resize(at + plain.size() + kMacBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + at, nullptr, plain.data(), plain.size(),
                                             aad.data(), aad.size(), nullptr, nonce.data(),
                                             key.view().data());
}

std::optional<Bytes> openSealed(const Secret& key, const Nonce& nonce, ByteView aad,
                                ByteView sealed) {
  if (sealed.size() < kMacBytes) return std::nullopt;
  Bytes plain(sealed.size() - kMacBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed.data(),
                                                 sealed.size(), aad.data(), aad.size(),
                                                 nonce.data(), key.view().data()) != 0) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace lacuna
