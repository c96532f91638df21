// XChaCha20-Poly1305-IETF (libsodium). The only cipher of the ledger.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/crypto/secret.h"

#include <optional>

namespace lacuna {

inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kMacBytes = 16;
using Nonce = ByteArray<kNonceBytes>;

// Appends ciphertext and 16-byte tag to `out`.
void sealInto(Bytes& out, const Secret& key, const Nonce& nonce, ByteView aad, ByteView plain);

// Nothing when the tag does not fit: wrong key, changed bytes, changed aad.
std::optional<Bytes> openSealed(const Secret& key, const Nonce& nonce, ByteView aad,
                                ByteView sealed);

}  // namespace lacuna
