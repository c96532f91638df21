#include "ledger/crypto/blake2b_lanes.h"

#include "ledger/base/fault.h"

#include <sodium.h>

#include <algorithm>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

constexpr std::size_t kLanes = 4;
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

#define LACUNA_AVX2 [[gnu::target("avx2")]]

// What one call holds of four messages; keys are among it, so it is wiped whole.
struct Four {
  alignas(32) std::uint64_t state[8][kLanes];       // the same word of each message side by side
  alignas(32) std::uint64_t block[kLanes][kWords];  // message by message
  alignas(32) std::uint64_t turned[kWords][kLanes];
  alignas(32) std::uint64_t counter[kLanes];
  alignas(32) std::uint64_t last[kLanes];     // all ones in the last block of a message
  alignas(32) std::uint64_t running[kLanes];  // all ones until then
};

LACUNA_AVX2 inline __m256i load(const std::uint64_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

LACUNA_AVX2 inline void store(std::uint64_t* to, __m256i value) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), value);
}

LACUNA_AVX2 inline void mix(__m256i& a, __m256i& b, __m256i& c, __m256i& d, __m256i x, __m256i y) {
  const __m256i by24 = _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3, 4,
                                        5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
  const __m256i by16 = _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2, 3,
                                        4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
  a = _mm256_add_epi64(_mm256_add_epi64(a, b), x);
  d = _mm256_shuffle_epi32(_mm256_xor_si256(d, a), 0xb1);  // by 32
  c = _mm256_add_epi64(c, d);
  b = _mm256_shuffle_epi8(_mm256_xor_si256(b, c), by24);
  a = _mm256_add_epi64(_mm256_add_epi64(a, b), y);
  d = _mm256_shuffle_epi8(_mm256_xor_si256(d, a), by16);
  c = _mm256_add_epi64(c, d);
  b = _mm256_xor_si256(b, c);
  b = _mm256_or_si256(_mm256_srli_epi64(b, 63), _mm256_add_epi64(b, b));
}

// Rows of four words to columns, so that each word of the four messages stands in one register.
LACUNA_AVX2 inline void turn(Four& four) {
  for (std::size_t i = 0; i < kWords; i += 4) {
    const __m256i a = load(four.block[0] + i), b = load(four.block[1] + i);
    const __m256i c = load(four.block[2] + i), d = load(four.block[3] + i);
    const __m256i ab0 = _mm256_unpacklo_epi64(a, b), ab1 = _mm256_unpackhi_epi64(a, b);
    const __m256i cd0 = _mm256_unpacklo_epi64(c, d), cd1 = _mm256_unpackhi_epi64(c, d);
    store(four.turned[i], _mm256_permute2x128_si256(ab0, cd0, 0x20));
    store(four.turned[i + 1], _mm256_permute2x128_si256(ab1, cd1, 0x20));
    store(four.turned[i + 2], _mm256_permute2x128_si256(ab0, cd0, 0x31));
    store(four.turned[i + 3], _mm256_permute2x128_si256(ab1, cd1, 0x31));
  }
}

// F of RFC 7693 section 3.2 on four states; a message that has ended keeps its own.
LACUNA_AVX2 void compress(Four& four) {
  turn(four);
  __m256i v[16];
  for (std::size_t i = 0; i < 8; ++i) {
    v[i] = load(four.state[i]);
    v[8 + i] = _mm256_set1_epi64x(static_cast<long long>(kStart[i]));
  }
  v[12] = _mm256_xor_si256(v[12], load(four.counter));
  v[14] = _mm256_xor_si256(v[14], load(four.last));
#pragma GCC unroll 12
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto& s = kSigma[round % 10];
    mix(v[0], v[4], v[8], v[12], load(four.turned[s[0]]), load(four.turned[s[1]]));
    mix(v[1], v[5], v[9], v[13], load(four.turned[s[2]]), load(four.turned[s[3]]));
    mix(v[2], v[6], v[10], v[14], load(four.turned[s[4]]), load(four.turned[s[5]]));
    mix(v[3], v[7], v[11], v[15], load(four.turned[s[6]]), load(four.turned[s[7]]));
    mix(v[0], v[5], v[10], v[15], load(four.turned[s[8]]), load(four.turned[s[9]]));
    mix(v[1], v[6], v[11], v[12], load(four.turned[s[10]]), load(four.turned[s[11]]));
    mix(v[2], v[7], v[8], v[13], load(four.turned[s[12]]), load(four.turned[s[13]]));
    mix(v[3], v[4], v[9], v[14], load(four.turned[s[14]]), load(four.turned[s[15]]));
  }
  const __m256i running = load(four.running);
  for (std::size_t i = 0; i < 8; ++i) {
    const __m256i changed = _mm256_and_si256(_mm256_xor_si256(v[i], v[8 + i]), running);
    store(four.state[i], _mm256_xor_si256(load(four.state[i]), changed));
  }
}

// What a block holds, zeros behind its end.
void putBlock(Four& four, std::size_t lane, ByteView bytes) {
  if (bytes.size() < kBlockBytes) std::memset(four.block[lane], 0, kBlockBytes);
  if (!bytes.empty()) std::memcpy(four.block[lane], bytes.data(), bytes.size());
}

void fourAtOnce(std::span<const KeyedMessage, kLanes> in, std::size_t digestBytes,
                std::uint8_t* out) {
  Four four;
  std::size_t longest = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    for (std::size_t i = 0; i < 8; ++i) four.state[i][lane] = kStart[i];
    four.state[0][lane] ^= 0x01010000 ^ (kKeyBytes << 8) ^ digestBytes;  // its parameter block
    longest = std::max(longest, in[lane].message.size());
  }
  // The key fills a block of its own before the message.
  for (std::size_t from = 0; from == 0 || from < kBlockBytes + longest; from += kBlockBytes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const ByteView message = in[lane].message;
      const std::size_t end = kBlockBytes + message.size();
      four.running[lane] = from == 0 || from < end ? ~std::uint64_t{0} : 0;
      four.last[lane] = from + kBlockBytes >= end ? ~std::uint64_t{0} : 0;
      four.counter[lane] = std::min(from + kBlockBytes, end);
      if (from == 0) {
        putBlock(four, lane, in[lane].key);
      } else if (from < end) {
        putBlock(four, lane,
                 message.subspan(from - kBlockBytes, std::min(kBlockBytes, end - from)));
      }
    }
    compress(four);
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::array<std::uint64_t, 4> words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = four.state[i][lane];
    std::memcpy(out + lane * digestBytes, words.data(), digestBytes);
    sodium_memzero(words.data(), sizeof words);
  }
  sodium_memzero(&four, sizeof four);
}

bool lanesHere() {
  static const bool here = __builtin_cpu_supports("avx2") != 0;
  return here;
}

#else

constexpr std::size_t kLanes = 1;
void fourAtOnce(std::span<const KeyedMessage, kLanes>, std::size_t, std::uint8_t*) {}
bool lanesHere() { return false; }

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
  while (lanesHere() && in.size() >= kLanes) {
    fourAtOnce(in.first<kLanes>(), digestBytes, to);
    in = in.subspan(kLanes);
    to += kLanes * digestBytes;
  }
  oneByOne(in, digestBytes, to);
}

}  // namespace lacuna
