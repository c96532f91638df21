// The low-level SHA-256 calls are deprecated in OpenSSL 3 and 5-8 times faster on short inputs than
// the one-shot ones, which fetch their implementation anew at each call.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "ledger/crypto/digest.h"

#include <openssl/sha.h>
#include <sodium.h>

namespace lacuna {
namespace {

template <std::size_t N>
ByteArray<N> blake(ByteView key, std::initializer_list<ByteView> parts) {
  crypto_generichash_state state;
  ByteArray<N> out;
  crypto_generichash_init(&state, key.data(), key.size(), N);
  for (const ByteView part : parts) {
    if (!part.empty()) crypto_generichash_update(&state, part.data(), part.size());
  }
  crypto_generichash_final(&state, out.data(), N);
  sodium_memzero(&state, sizeof state);
  return out;
}

}  // namespace

ByteArray<32> sha256(std::initializer_list<ByteView> parts) {
  SHA256_CTX ctx;
  ByteArray<32> out;
  SHA256_Init(&ctx);
  for (const ByteView part : parts) SHA256_Update(&ctx, part.data(), part.size());
  SHA256_Final(out.data(), &ctx);
  return out;
}

LeafHash leafHash(ByteView record) {
  static constexpr ByteArray<1> kPrefix{0x00};
  return LeafHash{sha256({kPrefix, record})};
}

ByteArray<32> nodeHash(ByteView left, ByteView right) {
  static constexpr ByteArray<1> kPrefix{0x01};
  return sha256({kPrefix, left, right});
}

ByteArray<32> blake2b256(const Secret& key, std::initializer_list<ByteView> parts) {
  return blake<32>(key.view(), parts);
}

ByteArray<16> blake2b128(const Secret& key, std::initializer_list<ByteView> parts) {
  return blake<16>(key.view(), parts);
}

Secret deriveKey(const Secret& key, std::initializer_list<ByteView> parts) {
  ByteArray<32> out = blake<32>(key.view(), parts);
  Secret secret(out);
  wipe(out);
  return secret;
}

ByteArray<32> blake2b256(std::initializer_list<ByteView> parts) { return blake<32>({}, parts); }

}  // namespace lacuna
