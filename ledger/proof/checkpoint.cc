#include "ledger/proof/checkpoint.h"

#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace lacuna {
namespace {

constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";
constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // an em dash and a space
constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kKeyBytes = 1 + PublicKey::kSize;     // type || key
constexpr std::uint64_t kTreeSizeMax = 0x7fffffffffffffff;  // other readers hold it in an int64

Refusal badKey() { return {RefusalCode::invalidValue, "not a key in the form of signed notes"}; }
Refusal badNote() { return {RefusalCode::tampered, "not a signed checkpoint of three lines"}; }

std::uint32_t keyId(std::string_view name, std::uint8_t type, const PublicKey& key) {
  const ByteArray<2> middle{'\n', type};
  const ByteArray<32> hash = sha256({bytesOf(name), middle, key.view()});
  return ByteReader(hash).u32();
}

std::string hexOfId(std::uint32_t id) {
  ByteWriter out;
  return hexOf(out.u32(id).view());
}

std::optional<std::uint32_t> idOfHex(std::string_view hex) {
  const std::optional<Bytes> bytes = bytesOfHex(hex);
  if (!bytes || bytes->size() != kIdBytes || hexOf(*bytes) != hex) return std::nullopt;
  return ByteReader(*bytes).u32();
}

// name "+" hex8 "+" base64: the base64 text may hold a '+' of its own.
struct KeyParts {
  std::string_view name;
  std::uint32_t id = 0;
  Bytes bytes;  // type || key or seed
};
std::optional<KeyParts> splitKey(std::string_view text) {
  if (text.size() > kOriginBytesMax + 128) return std::nullopt;
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto id = idOfHex(text.substr(first + 1, second - first - 1));
  std::optional<Bytes> bytes = bytesOfBase64(text.substr(second + 1));
  const std::string_view name = text.substr(0, first);
  if (!id || !bytes || bytes->size() != kKeyBytes || !originValid(name)) return std::nullopt;
  return KeyParts{name, *id, std::move(*bytes)};
}

// The length of one well-formed UTF-8 character at the front (Unicode table 3-7), or 0.
std::size_t utf8Length(std::string_view t) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(t[i]); };
  const auto trails = [&](std::size_t n, std::uint8_t low, std::uint8_t high) {
    if (t.size() <= n || at(1) < low || at(1) > high) return false;
    for (std::size_t i = 2; i <= n; ++i) {
      if (at(i) < 0x80 || at(i) > 0xbf) return false;
    }
    return true;
  };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return trails(1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return trails(2, low, high) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
    return trails(3, low, high) ? 4 : 0;
  }
  return 0;
}

bool noteTextValid(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8Length(text);
    if (length == 0 || (length == 1 && text[0] < ' ' && text[0] != '\n')) return false;
    text.remove_prefix(length);
  }
  return true;
}

// The names of other signers may be any UTF-8 text without '+' and white space (Unicode's list).
bool signerNameValid(std::string_view name) {
  constexpr std::array<std::string_view, 20> kSpaces = {
      "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
      "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
      "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
      "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", " "};
  return !name.empty() && name.find('+') == std::string_view::npos &&
         std::none_of(kSpaces.begin(), kSpaces.end(), [&](std::string_view space) {
           return name.find(space) != std::string_view::npos;
         });
}

std::optional<NoteSignature> signatureOfLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return std::nullopt;
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !signerNameValid(line.substr(0, space))) {
    return std::nullopt;
  }
  const std::optional<Bytes> bytes = bytesOfBase64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kIdBytes) return std::nullopt;
  NoteSignature out;
  out.name = line.substr(0, space);
  ByteReader in(*bytes);
  out.id = in.u32();
  out.signature.assign(in.rest().begin(), in.rest().end());
  return out;
}

std::optional<Checkpoint> checkpointOfBody(std::string_view text) {
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  const std::optional<std::uint64_t> size = decimalOf(lines[1]);
  const std::optional<Bytes> root = bytesOfBase64(lines[2]);
  if (!text.empty() || !originValid(lines[0]) || !size || !root ||
      root->size() != RootHash::kSize) {
    return std::nullopt;
  }
  const Checkpoint out{std::string(lines[0]), TreeSize(*size), *RootHash::from(*root)};
  if (out.size == TreeSize(0) && out.root != emptyRoot()) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::uint64_t> decimalOf(std::string_view text) {
  if (text.empty() || text.size() > 19 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (out > kTreeSizeMax) return std::nullopt;
  return out;
}

VerifierKey verifierKeyOf(std::string_view origin, const PublicKey& key, std::uint8_t type) {
  return {std::string(origin), keyId(origin, type, key), type, key};
}

std::string textOf(const VerifierKey& key) {
  ByteWriter bytes(kKeyBytes);
  bytes.u8(key.type).raw(key.key.view());
  return key.name + "+" + hexOfId(key.id) + "+" + base64Of(bytes.view());
}

Result<VerifierKey> verifierKeyOfText(std::string_view text) {
  const std::optional<KeyParts> parts = splitKey(text);
  if (!parts) return badKey();
  ByteReader in(parts->bytes);
  const std::uint8_t type = in.u8();
  const VerifierKey key{std::string(parts->name), parts->id, type, in.digest<PublicKey>()};
  if ((type != kNoteEd25519 && type != kNoteCosignature) ||
      key.id != keyId(key.name, type, key.key)) {
    return badKey();
  }
  return key;
}

std::string privateKeyText(std::string_view origin, const SigningKey& key) {
  ByteWriter writer(kKeyBytes);
  Bytes bytes = writer.u8(kNoteEd25519).raw(key.seed().view()).take();
  std::string out(kPrivatePrefix);
  out += origin;
  out += "+" + hexOfId(keyId(origin, kNoteEd25519, key.publicKey())) + "+";
  std::string secret = base64Of(bytes);
  out.reserve(out.size() + secret.size());
  out += secret;
  wipe(bytes);
  wipe({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  return out;
}

Result<NamedSigningKey> signingKeyOfText(std::string_view text) {
  if (!text.starts_with(kPrivatePrefix)) return badKey();
  std::optional<KeyParts> parts = splitKey(text.substr(kPrivatePrefix.size()));
  if (!parts) return badKey();
  const std::uint8_t type = parts->bytes[0];
  SigningKey key(Secret(ByteView(parts->bytes).subspan(1)));
  wipe(parts->bytes);
  if (type != kNoteEd25519 || parts->id != keyId(parts->name, type, key.publicKey())) {
    return badKey();
  }
  return NamedSigningKey{std::string(parts->name), std::move(key)};
}

std::string bodyOf(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size.raw()) + "\n" +
         base64Of(checkpoint.root.view()) + "\n";
}

std::string signNote(const Checkpoint& checkpoint, const SigningKey& key) {
  LACUNA_ASSERT(originValid(checkpoint.origin), "an origin that cannot be a key's name");
  LACUNA_ASSERT(checkpoint.size.raw() <= kTreeSizeMax, "a tree that no reader can hold");
  const std::string body = bodyOf(checkpoint);
  ByteWriter out;
  out.u32(keyId(checkpoint.origin, kNoteEd25519, key.publicKey())).raw(key.sign(bytesOf(body)));
  return body + "\n" + std::string(kSignaturePrefix) + checkpoint.origin + " " +
         base64Of(out.view()) + "\n";
}

Result<SignedNote> parseNote(std::string_view note) {
  if (note.size() > kNoteBytesMax || !noteTextValid(note)) return badNote();
  const std::size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos || !note.ends_with('\n')) return badNote();
  SignedNote out;
  out.text = note.substr(0, split + 1);
  std::optional<Checkpoint> checkpoint = checkpointOfBody(out.text);
  if (!checkpoint) return badNote();
  out.checkpoint = std::move(*checkpoint);
  for (std::string_view rest = note.substr(split + 2); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    std::optional<NoteSignature> signature = signatureOfLine(rest.substr(0, end));
    if (!signature || out.signatures.size() == kNoteSignaturesMax) return badNote();
    out.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
  }
  if (out.signatures.empty()) return badNote();
  return out;
}

Result<Checkpoint> openNote(std::string_view note, const VerifierKey& key) {
  const Result<SignedNote> parsed = parseNote(note);
  if (!parsed) return parsed.refusal();
  return openNote(*parsed, key);
}

Result<Checkpoint> openNote(const SignedNote& note, const VerifierKey& key) {
  if (note.checkpoint.origin != key.name) {
    return Refusal{RefusalCode::tampered, "a checkpoint of another origin than the key's"};
  }
  bool found = false;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != key.name || signature.id != key.id) continue;
    if (key.type != kNoteEd25519 ||
        !verifySignature(key.key, bytesOf(note.text), signature.signature)) {
      return Refusal{RefusalCode::tampered, "a checkpoint with a wrong signature"};
    }
    found = true;
  }
  if (!found) return Refusal{RefusalCode::tampered, "a checkpoint without a signature by the key"};
  return note.checkpoint;
}

}  // namespace lacuna
