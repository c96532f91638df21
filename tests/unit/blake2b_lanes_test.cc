#include "ledger/crypto/blake2b_lanes.h"

#include <catch2/catch.hpp>
#include <sodium.h>

#include <random>

namespace lacuna {
namespace {

Bytes randomBytes(std::mt19937_64& random, std::size_t size) {
  Bytes out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

}  // namespace

TEST_CASE("many digests at once are those that libsodium makes one by one", "[P6]") {
  std::mt19937_64 random(11);
  for (const std::size_t digestBytes : {std::size_t{16}, std::size_t{32}}) {
    // Every length up to three blocks beside others, in numbers that do and do not fill the lanes.
    for (std::size_t length = 0; length <= 390; ++length) {
      std::vector<Bytes> keys, messages;
      std::vector<KeyedMessage> in;
      const std::size_t count = 1 + length % 13;
      for (std::size_t i = 0; i < count; ++i) {
        keys.push_back(randomBytes(random, 32));
        messages.push_back(randomBytes(random, i == 0 ? length : random() % 400));
      }
      for (std::size_t i = 0; i < count; ++i) in.push_back({keys[i], messages[i]});
      Bytes out(count * digestBytes);
      blake2bEach(in, digestBytes, out);
      for (std::size_t i = 0; i < count; ++i) {
        CAPTURE(length, count, i, messages[i].size());
        Bytes expected(digestBytes);
        crypto_generichash(expected.data(), digestBytes, messages[i].data(), messages[i].size(),
                           keys[i].data(), keys[i].size());
        REQUIRE(Bytes(out.begin() + static_cast<long>(i * digestBytes),
                      out.begin() + static_cast<long>((i + 1) * digestBytes)) == expected);
      }
    }
  }
}

}  // namespace lacuna
