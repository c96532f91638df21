// SHA-256 by OpenSSL (SHA-NI) and keyed BLAKE2b by libsodium: the one file that chooses a provider.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/crypto/secret.h"

#include <initializer_list>

namespace lacuna {

// SHA-256 over the concatenation of the parts.
ByteArray<32> sha256(std::initializer_list<ByteView> parts);
inline ByteArray<32> sha256(ByteView bytes) { return sha256({bytes}); }

// RFC 6962 section 2.1: leaf = H(0x00 || record), node = H(0x01 || left || right).
LeafHash leafHash(ByteView record);
ByteArray<32> nodeHash(ByteView left, ByteView right);

// BLAKE2b-(8*N) keyed with 32 bytes over the concatenation of the parts (RFC 7693).
ByteArray<32> blake2b256(const Secret& key, std::initializer_list<ByteView> parts);
ByteArray<16> blake2b128(const Secret& key, std::initializer_list<ByteView> parts);
Secret deriveKey(const Secret& key,
                 std::initializer_list<ByteView> parts);  // BLAKE2b-256, kept secret

// SipHash-2-4 with 128 bits of output, keyed with 16 bytes: for tables in memory, where a digest is asked
// for at every look and leaves the process nowhere.
ByteArray<16> siphash128(ByteView key, ByteView bytes);

// Unkeyed, for integrity of our own slots only.
ByteArray<32> blake2b256(std::initializer_list<ByteView> parts);

}  // namespace lacuna
