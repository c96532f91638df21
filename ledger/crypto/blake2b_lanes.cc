#include "ledger/crypto/blake2b_lanes.h"

#include "ledger/base/fault.h"

#include <sodium.h>

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kKeyBytes = 32;

void oneByOne(std::span<const KeyedMessage> in, std::size_t digestBytes, std::uint8_t* out) {
  for (const KeyedMessage& each : in) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, each.key.data(), each.key.size(), digestBytes);
    crypto_generichash_update(&state, each.message.data(), each.message.size());
    crypto_generichash_final(&state, out, digestBytes);
    sodium_memzero(&state, sizeof state);
    out += digestBytes;
  }
}

#if defined(__x86_64__)

constexpr std::size_t kBlockBytes = 128;
constexpr std::size_t kWords = 16;  // of a block

constexpr std::array<std::uint64_t, 8> kStart = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

constexpr std::uint8_t kSigma[10][kWords] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};
constexpr unsigned kRounds = 12;

// The same word of each message side by side; the compiler makes AVX2 or AVX-512 of it.
template <std::size_t kLanes>
struct WordOf;
template <>
struct WordOf<4> {
  using type [[gnu::vector_size(32)]] = std::uint64_t;
};
template <>
struct WordOf<8> {
  using type [[gnu::vector_size(64)]] = std::uint64_t;
};

// What one call holds of its messages; keys are among it, so it is wiped whole.
template <std::size_t kLanes>
struct Lanes {
  using Word = typename WordOf<kLanes>::type;
  Word state[8];
  Word block[kWords];
  Word counter;
  Word last;     // all ones in the last block of a message
  Word running;  // all ones until then
};

#define LACUNA_INLINE [[gnu::always_inline]] inline

template <typename Word>
LACUNA_INLINE void turnRight(Word& x, unsigned bits) {
  x = (x >> bits) | (x << (64 - bits));
}

template <typename Word>
LACUNA_INLINE void mix(Word& a, Word& b, Word& c, Word& d, const Word& x, const Word& y) {
  a += b + x;
  d ^= a;
  turnRight(d, 32);
  c += d;
  b ^= c;
  turnRight(b, 24);
  a += b + y;
  d ^= a;
  turnRight(d, 16);
  c += d;
  b ^= c;
  turnRight(b, 63);
}

// F of RFC 7693 section 3.2 on several states; a message that has ended keeps its own.
template <std::size_t kLanes>
LACUNA_INLINE void compressIn(Lanes<kLanes>& lanes) {
  using Word = typename Lanes<kLanes>::Word;
  Word v[16];
  for (std::size_t i = 0; i < 8; ++i) {
    v[i] = lanes.state[i];
    v[8 + i] = Word{} + kStart[i];
  }
  v[12] ^= lanes.counter;
  v[14] ^= lanes.last;
  const Word* m = lanes.block;
#pragma GCC unroll 12
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto& s = kSigma[round % 10];
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (std::size_t i = 0; i < 8; ++i) lanes.state[i] ^= (v[i] ^ v[8 + i]) & lanes.running;
}

// Puts a block of one message where zeros stand.
template <std::size_t kLanes>
LACUNA_INLINE void putBlock(Lanes<kLanes>& lanes, std::size_t lane, const std::uint8_t* bytes,
                            std::size_t size) {
  std::size_t word = 0;
  for (; (word + 1) * 8 <= size; ++word) {
    std::uint64_t whole;
    std::memcpy(&whole, bytes + word * 8, 8);
    lanes.block[word][lane] = whole;
  }
  if (size % 8 == 0) return;
  std::uint64_t part = 0;
  std::memcpy(&part, bytes + word * 8, size % 8);
  lanes.block[word][lane] = part;
}

template <std::size_t kLanes>
LACUNA_INLINE void hashIn(Lanes<kLanes>& lanes, const KeyedMessage* in, std::size_t digestBytes,
                          std::uint8_t* out) {
  using Word = typename Lanes<kLanes>::Word;
  for (std::size_t i = 0; i < 8; ++i) lanes.state[i] = Word{} + kStart[i];
  lanes.state[0] ^= 0x01010000 ^ (kKeyBytes << 8) ^ digestBytes;  // the parameter block
  std::size_t longest = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    longest = std::max(longest, in[lane].message.size());
  }
  // The key fills a block of its own before the message.
  for (std::size_t from = 0; from == 0 || from < kBlockBytes + longest; from += kBlockBytes) {
    for (Word& word : lanes.block) word = Word{};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const ByteView message = in[lane].message;
      const std::size_t end = kBlockBytes + message.size();
      lanes.running[lane] = from == 0 || from < end ? ~std::uint64_t{0} : 0;
      lanes.last[lane] = from + kBlockBytes >= end ? ~std::uint64_t{0} : 0;
      lanes.counter[lane] = std::min(from + kBlockBytes, end);
      if (from == 0) {
        putBlock(lanes, lane, in[lane].key.data(), kKeyBytes);
      } else if (from < end) {
        putBlock(lanes, lane, message.data() + (from - kBlockBytes),
                 std::min(kBlockBytes, end - from));
      }
    }
    compressIn(lanes);
  }
  for (std::size_t i = 0; i < digestBytes / 8; ++i) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::uint64_t word = lanes.state[i][lane];
      std::memcpy(out + lane * digestBytes + i * 8, &word, 8);
    }
  }
}

[[gnu::target("avx2")]] void hash(Lanes<4>& lanes, const KeyedMessage* in, std::size_t digestBytes,
                                  std::uint8_t* out) {
  hashIn(lanes, in, digestBytes, out);
}
[[gnu::target("avx512f")]] void hash(Lanes<8>& lanes, const KeyedMessage* in,
                                     std::size_t digestBytes, std::uint8_t* out) {
  hashIn(lanes, in, digestBytes, out);
}

bool hasAvx2() {
  static const bool here = __builtin_cpu_supports("avx2") != 0;
  return here;
}

bool hasAvx512() {
  static const bool here = __builtin_cpu_supports("avx512f") != 0;
  return here;
}

// Takes as many as fill all lanes off the front of `in`.
template <std::size_t kLanes>
void fill(std::span<const KeyedMessage>& in, std::size_t digestBytes, std::uint8_t*& out) {
  if (in.size() < kLanes) return;
  Lanes<kLanes> lanes;
  for (; in.size() >= kLanes; in = in.subspan(kLanes), out += kLanes * digestBytes) {
    hash(lanes, in.data(), digestBytes, out);
  }
  sodium_memzero(&lanes, sizeof lanes);
}

void inLanes(std::span<const KeyedMessage>& in, std::size_t digestBytes, std::uint8_t*& out) {
  if (hasAvx512()) fill<8>(in, digestBytes, out);
  if (hasAvx2()) fill<4>(in, digestBytes, out);
}

#else

void inLanes(std::span<const KeyedMessage>&, std::size_t, std::uint8_t*&) {}

#endif

}  // namespace

void blake2bEach(std::span<const KeyedMessage> in, std::size_t digestBytes,
                 std::span<std::uint8_t> out) {
  LACUNA_ASSERT(digestBytes == 16 || digestBytes == 32, "a digest of 128 or 256 bits");
  LACUNA_ASSERT(out.size() == in.size() * digestBytes, "as many digests as messages");
  for (const KeyedMessage& each : in) {
    LACUNA_ASSERT(each.key.size() == kKeyBytes, "a key has 32 bytes");
  }
  std::uint8_t* to = out.data();
  inLanes(in, digestBytes, to);
  oneByOne(in, digestBytes, to);
}

}  // namespace lacuna
