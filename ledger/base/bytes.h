// Byte strings, and the only reader and writer of our own binary formats: big-endian, strict.
#pragma once

#include "ledger/base/fault.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

inline ByteView bytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view textOf(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline bool sameBytes(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// A hash value that cannot be passed where another kind of hash is wanted.
template <typename Tag, std::size_t N = 32>
struct Digest {
  static constexpr std::size_t kSize = N;
  ByteArray<N> bytes{};

  ByteView view() const { return bytes; }
  auto operator<=>(const Digest&) const = default;
  static std::optional<Digest> from(ByteView view) {
    if (view.size() != N) return std::nullopt;
    Digest digest;
    std::memcpy(digest.bytes.data(), view.data(), N);
    return digest;
  }
};
using LeafHash = Digest<struct LeafHashTag>;      // SHA-256(0x00 || record), DESIGN 4
using RootHash = Digest<struct RootHashTag>;      // RFC 6962 tree head
using Commitment = Digest<struct CommitmentTag>;  // SHA-256 of an envelope or of a document
using DocumentHash = Digest<struct DocumentHashTag>;
using Tag = Digest<struct TagTag, 16>;          // a record's pseudorandom label
using IdEntry = Digest<struct IdEntryTag, 16>;  // keyed digest of an event id
using ContentDigest = Digest<struct ContentTag, 16>;
using LedgerId = Digest<struct LedgerIdTag, 16>;

std::string hexOf(ByteView bytes);
std::optional<Bytes> bytesOfHex(std::string_view hex);  // lower or upper case, nothing else
std::string base64Of(ByteView bytes);                   // standard alphabet, padded
std::optional<Bytes> bytesOfBase64(std::string_view text);

// Appends big-endian fields to a byte string it owns.
class ByteWriter {
 public:
  ByteWriter() = default;
  explicit ByteWriter(std::size_t expected) { out_.reserve(expected); }

  ByteWriter& u8(std::uint8_t v) { return out_.push_back(v), *this; }
  ByteWriter& u16(std::uint16_t v) { return put(v); }
  ByteWriter& u32(std::uint32_t v) { return put(v); }
  ByteWriter& u64(std::uint64_t v) { return put(v); }
  ByteWriter& raw(ByteView bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ByteWriter& raw(std::string_view text) { return raw(bytesOf(text)); }
  // Length-prefixed; a length beyond the prefix is a bug of the caller, who holds the limit.
  ByteWriter& bytes16(ByteView bytes);
  ByteWriter& bytes32(ByteView bytes);

  std::size_t size() const { return out_.size(); }
  ByteView view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  template <typename Int>
  ByteWriter& put(Int v) {
    for (int shift = static_cast<int>(sizeof(Int)) * 8 - 8; shift >= 0; shift -= 8) {
      out_.push_back(static_cast<std::uint8_t>(v >> shift));
    }
    return *this;
  }
  Bytes out_;
};

// Reads big-endian fields. Past the end every read gives zeros and ok() turns false for good, so a
// decoder reads all its fields and asks once: done() is true when all went well and nothing is left.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() { return get<std::uint8_t>(); }
  std::uint16_t u16() { return get<std::uint16_t>(); }
  std::uint32_t u32() { return get<std::uint32_t>(); }
  std::uint64_t u64() { return get<std::uint64_t>(); }
  ByteView raw(std::size_t size);  // borrowed from the input; empty when short
  ByteView bytes16() { return raw(u16()); }
  ByteView bytes32() { return raw(u32()); }
  template <typename D>
  D digest() {
    D digest;
    const ByteView v = raw(D::kSize);
    if (v.size() == D::kSize) std::memcpy(digest.bytes.data(), v.data(), D::kSize);
    return digest;
  }

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  ByteView rest() const { return rest_; }

 private:
  template <typename Int>
  Int get() {
    const ByteView v = raw(sizeof(Int));
    std::uint64_t out = 0;
    for (const std::uint8_t byte : v) out = (out << 8) | byte;
    return static_cast<Int>(out);
  }
  ByteView rest_;
  bool ok_ = true;
};

// Big-endian integers as RocksDB keys, so that byte order is number order.
ByteArray<8> key64(std::uint64_t v);
std::optional<std::uint64_t> number64(ByteView key);

}  // namespace lacuna
