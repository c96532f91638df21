#include "ledger/proof/checkpoint.h"

#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace lacuna;

namespace {

constexpr std::string_view kOrigin = "audit.example.org/ledger";
const std::string kDash = "\xe2\x80\x94 ";

SigningKey keyOf(std::uint8_t fill) { return SigningKey(Secret(Bytes(32, fill))); }
Checkpoint head(std::uint64_t size) {
  return {std::string(kOrigin), TreeSize(size), RootHash{sha256(key64(size))}};
}
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a signed checkpoint opens with its key and no other", "[P3]") {
  const SigningKey key = keyOf(1);
  const VerifierKey verifier = verifierKeyOf(kOrigin, key.publicKey());
  const std::string note = signNote(head(77), key);
  CHECK(openNote(note, verifier).value() == head(77));
  const auto code = [&](const VerifierKey& other) { return openNote(note, other).refusal().code; };
  CHECK(code(verifierKeyOf(kOrigin, keyOf(2).publicKey())) == RefusalCode::tampered);
  CHECK(code(verifierKeyOf("audit.example.org/other", key.publicKey())) == RefusalCode::tampered);
  VerifierKey cosigner = verifier;
  cosigner.type = kNoteCosignature;
  CHECK(code(cosigner) == RefusalCode::tampered);
}

TEST_CASE("a key does not vouch for the checkpoint of another origin", "[P3]") {
  const SigningKey key = keyOf(1);
  const VerifierKey verifier = verifierKeyOf(kOrigin, key.publicKey());
  Checkpoint other = head(77);
  other.origin = "audit.example.org/other";
  // Rightly signed, under the key's own name.
  ByteWriter field;
  field.u32(verifier.id).raw(key.sign(bytesOf(bodyOf(other))));
  const std::string note =
      bodyOf(other) + "\n" + kDash + std::string(kOrigin) + " " + base64Of(field.view()) + "\n";
  REQUIRE(parseNote(note));
  CHECK(openNote(note, verifier).refusal().code == RefusalCode::tampered);
}

TEST_CASE("every flipped byte of a note is refused", "[P3]") {
  const SigningKey key = keyOf(1);
  const VerifierKey verifier = verifierKeyOf(kOrigin, key.publicKey());
  const std::string note = signNote(head(77), key);
  for (std::size_t at = 0; at < note.size(); ++at) {
    for (const char bit : {'\x01', '\x20', '\x40'}) {
      std::string changed = note;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      CAPTURE(at, bit);
      CHECK_FALSE(openNote(changed, verifier));
    }
    CHECK_FALSE(openNote(std::string_view(note).substr(0, at), verifier));
  }
}

TEST_CASE("signatures of others are tolerated, a wrong one of our own is not", "[P3]") {
  const SigningKey key = keyOf(1);
  const VerifierKey verifier = verifierKeyOf(kOrigin, key.publicKey());
  const std::string note = signNote(head(9), key);
  const std::string other = kDash + "witness.example.org " + base64Of(Bytes(4 + 8 + 64, 3)) + "\n";
  const std::string unicode = kDash + "gr\xc3\xbc\xc3\x9f.example " + base64Of(Bytes(5)) + "\n";
  const auto opened = parseNote(note + other + unicode);
  REQUIRE(opened);
  CHECK(opened->signatures.size() == 3);
  CHECK(openNote(note + other + unicode, verifier));
  // A line under the key's name and id, but not by the key.
  ByteWriter bad;
  bad.u32(verifier.id).raw(Bytes(64, 1));
  const std::string wrong = kDash + std::string(kOrigin) + " " + base64Of(bad.view()) + "\n";
  CHECK_FALSE(openNote(note + wrong, verifier));
  // Another id under the same name is another key's.
  ByteWriter stranger;
  stranger.u32(verifier.id + 1).raw(Bytes(64, 1));
  CHECK(openNote(note + kDash + std::string(kOrigin) + " " + base64Of(stranger.view()) + "\n",
                 verifier));
  std::string crowd = note;
  for (std::size_t i = 1; i < kNoteSignaturesMax; ++i) crowd += other;
  CHECK(openNote(crowd, verifier));
  CHECK_FALSE(openNote(crowd + other, verifier));
}

TEST_CASE("a checkpoint has exactly three lines, each in one form", "[P3]") {
  const std::string note = signNote(head(77), keyOf(1));
  const std::string root = base64Of(head(77).root.view());
  REQUIRE(parseNote(note));
  const std::vector<std::string> wrong = {
      replaced(note, "\n77\n", "\n077\n"),
      replaced(note, "\n77\n", "\n+77\n"),
      replaced(note, "\n77\n", "\n 77\n"),
      replaced(note, "\n77\n", "\n7x\n"),
      replaced(note, "\n77\n", "\n\n"),
      replaced(note, "\n77\n", "\n9223372036854775808\n"),
      replaced(note, "\n77\n", "\n99999999999999999999\n"),
      replaced(note, "\n77\n", "\n0\n"),  // with a root that is not the empty one
      replaced(note, root, root.substr(0, 40)),
      replaced(note, root, root + "AAAA"),
      replaced(note, "\n\n", "\nextension\n\n"),
      replaced(note, "\n\n", "\n\n\n"),
      replaced(note, "\n\n", "\n"),
      replaced(note, "\n77\n", "\r\n77\n"),
      replaced(note, "\n77\n", "\n77\n77\n"),
      replaced(note, kOrigin, ""),
      replaced(note, kOrigin, "an origin"),
      replaced(note, kOrigin, "an+origin"),
      replaced(note, kOrigin, "\xff\xfe"),
      replaced(note, kOrigin, std::string(256, 'a')),
      replaced(note, kDash, "- "),
      replaced(note, kDash, "\xe2\x80\x93 "),
      replaced(note, kDash, "\xe2\x80\x94"),
      note.substr(0, note.size() - 1),
      note.substr(0, note.find(kDash)),
      note + "\n",
      note + "x\n",
      note + kDash + "name AAAA\n",    // no room for a signature after the id
      note + kDash + "name AAAAAA\n",  // not base64
      note + kDash + "na+me AAAAAAA=\n",
      note + kDash + "na\xc2\xa0me AAAAAAA=\n",
      note + kDash + " AAAAAAA=\n",
      note + kDash + "\xed\xa0\x80 AAAAAAA=\n",  // a surrogate is no character
      note + kDash + "\xc0\xaf AAAAAAA=\n",      // nor is an overlong one
      note + kDash + "\xf4\x90\x80\x80 AAAAAAA=\n",
      note + kDash + "\xe2\x80",
      note + std::string(1, '\0'),
      "",
      "\n\n",
      note + std::string(kNoteBytesMax, 'a')};
  for (const std::string& text : wrong) {
    CAPTURE(text.substr(0, 300));
    const auto parsed = parseNote(text);
    CHECK_FALSE(parsed);
    if (!parsed) CHECK(parsed.refusal().code == RefusalCode::tampered);
  }
}

TEST_CASE("the empty tree has one checkpoint", "[P3]") {
  const Checkpoint empty{std::string(kOrigin), TreeSize(0), emptyRoot()};
  const SigningKey key = keyOf(4);
  CHECK(bodyOf(empty) ==
        std::string(kOrigin) + "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  CHECK(openNote(signNote(empty, key), verifierKeyOf(kOrigin, key.publicKey())).value() == empty);
}

TEST_CASE("keys in text form come back the same, and no other text is a key", "[P3]") {
  const SigningKey key = keyOf(5);
  const VerifierKey verifier = verifierKeyOf(kOrigin, key.publicKey());
  const std::string text = textOf(verifier);
  CHECK(verifierKeyOfText(text).value() == verifier);
  const std::string secret = privateKeyText(kOrigin, key);
  const auto named = signingKeyOfText(secret);
  REQUIRE(named);
  CHECK(named->name == kOrigin);
  CHECK(named->key.publicKey() == key.publicKey());

  const auto refused = [](const std::string& other) {
    const auto result = verifierKeyOfText(other);
    return !result && result.refusal().code == RefusalCode::invalidValue;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CAPTURE(changed);
    CHECK(refused(changed));
    CHECK(refused(text.substr(0, at)));
  }
  for (std::size_t at = 0; at < secret.size(); ++at) {
    std::string changed = secret;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(signingKeyOfText(changed));
    CHECK_FALSE(signingKeyOfText(secret.substr(0, at)));
  }
  CHECK(refused(""));
  CHECK(refused("+"));
  CHECK(refused("++"));
  CHECK(refused(secret));
  CHECK_FALSE(signingKeyOfText(text));
  CHECK(refused(std::string(1000, 'a') + text));
  // Upper-case digits would give one key two texts.
  std::string upper = text;
  std::transform(upper.begin() + static_cast<std::ptrdiff_t>(kOrigin.size()),
                 upper.begin() + static_cast<std::ptrdiff_t>(kOrigin.size()) + 9,
                 upper.begin() + static_cast<std::ptrdiff_t>(kOrigin.size()),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
  REQUIRE(upper != text);
  CHECK(refused(upper));
  CHECK_THROWS_AS(signNote({"an origin", TreeSize(1), RootHash{}}, key), Bug);
}

TEST_CASE("numbers in notes have one form", "[P3]") {
  CHECK(decimalOf("0") == 0U);
  CHECK(decimalOf("9223372036854775807") == 9223372036854775807U);
  for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "1a", "9223372036854775808",
                           "18446744073709551616", "100000000000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(decimalOf(text));
  }
}
