#include "ledger/crypto/aead.h"
#include "ledger/crypto/digest.h"
#include "ledger/crypto/signing.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

Bytes message(std::size_t length) {
  Bytes out(length);
  for (std::size_t i = 0; i < length; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}

}  // namespace

TEST_CASE("SHA-256 is right at every border of its blocks, in one part or several", "[P1]") {
  CHECK(hexOf(sha256(bytesOf("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const nlohmann::json& vector : goldenVectors()["primitives"]["sha256"]) {
    const Bytes bytes = message(vector["length"].get<std::size_t>());
    const std::string hash = vector["hash"].get<std::string>();
    CAPTURE(bytes.size());
    CHECK(hexOf(sha256(bytes)) == hash);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 31) {
      const ByteView whole(bytes);
      CHECK(hexOf(sha256({whole.first(cut), whole.subspan(cut)})) == hash);
    }
  }
}

TEST_CASE("keyed BLAKE2b has the golden bytes, in one part or several", "[P4]") {
  const nlohmann::json& primitives = goldenVectors()["primitives"];
  const Secret key(hexBytes(primitives["key"]));
  for (const nlohmann::json& vector : primitives["blake2b"]) {
    const Bytes bytes = message(vector["length"].get<std::size_t>());
    const ByteView whole(bytes);
    const std::size_t cut = bytes.size() / 3;
    CAPTURE(bytes.size());
    CHECK(hexOf(blake2b256(key, {whole})) == vector["hash256"].get<std::string>());
    CHECK(hexOf(blake2b256(key, {whole.first(cut), whole.subspan(cut)})) ==
          vector["hash256"].get<std::string>());
    CHECK(hexOf(blake2b128(key, {whole})) == vector["hash128"].get<std::string>());
    CHECK(hexOf(blake2b256({whole})) == vector["unkeyed256"].get<std::string>());
    CHECK(hexOf(deriveKey(key, {whole}).view()) == vector["hash256"].get<std::string>());
  }
}

TEST_CASE("the cipher is XChaCha20-Poly1305 as its draft has it", "[P4]") {
  // draft-irtf-cfrg-xchacha A.3.1
  const Bytes keyBytes =
      *bytesOfHex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Secret key{ByteView(keyBytes)};
  Nonce nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(0x40 + i);
  const Bytes aad = *bytesOfHex("50515253c0c1c2c3c4c5c6c7");
  const std::string plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  Bytes sealed{0xee};  // appended to what stands there
  sealInto(sealed, key, nonce, aad, bytesOf(plain));
  REQUIRE(sealed.size() == 1 + plain.size() + kMacBytes);
  const ByteView text = ByteView(sealed).subspan(1);
  CHECK(hexOf(text.first(16)) == "bd6d179d3e83d43b9576579493c0e939");
  CHECK(hexOf(text.last(16)) == "c0875924c1c7987947deafd8780acf49");
  const auto opened = openSealed(key, nonce, aad, text);
  REQUIRE(opened);
  CHECK(textOf(*opened) == plain);
  for (std::size_t at = 0; at < text.size(); ++at) {
    Bytes changed(text.begin(), text.end());
    changed[at] ^= 1;
    CHECK_FALSE(openSealed(key, nonce, aad, changed));
  }
  CHECK_FALSE(openSealed(key, nonce, {}, text));
  CHECK_FALSE(openSealed(key, nonce, aad, text.first(text.size() - 1)));
  CHECK_FALSE(openSealed(key, nonce, aad, text.first(15)));
}

TEST_CASE("signatures are Ed25519 as RFC 8032 has it", "[P3]") {
  // RFC 8032 7.1, test 2
  const SigningKey key(
      Secret(*bytesOfHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
  CHECK(hexOf(key.publicKey().view()) ==
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes text{0x72};
  const Signature signature = key.sign(text);
  CHECK(
      hexOf(signature) ==
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d8c387b2eaeb4302aeeb00d291612bb0c00");
  CHECK(verifySignature(key.publicKey(), text, signature));
  CHECK_FALSE(verifySignature(key.publicKey(), Bytes{0x73}, signature));
  CHECK_FALSE(verifySignature(key.publicKey(), text, ByteView(signature).first(63)));
  CHECK_FALSE(verifySignature(PublicKey{}, text, signature));
}
