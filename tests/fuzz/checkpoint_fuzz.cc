// Signed notes, keys in text form, tile paths and numbers: what parses has one text.
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/tiles.h"

using namespace lacuna;

namespace {

void checkNote(std::string_view text) {
  const auto note = parseNote(text);
  if (!note) return;
  std::string again = bodyOf(note->checkpoint);
  LACUNA_ASSERT(note->text == again, "a body has one text");
  again += "\n";
  for (const NoteSignature& signature : note->signatures) {
    ByteWriter field;
    field.u32(signature.id).raw(signature.signature);
    again += "\xe2\x80\x94 " + signature.name + " " + base64Of(field.view()) + "\n";
  }
  LACUNA_ASSERT(again == text, "a note has one text");
  const auto key = verifierKeyOfText(
      "audit.example.org/ledger+105eec2b+ARYBRlSt3JkI33o7eDB8+ZzJwaMM/1Gy816OwJ6RTfwH");
  LACUNA_ASSERT(key.ok(), "the key of the golden vectors");
  const auto opened = openNote(text, *key);
  if (opened) LACUNA_ASSERT(*opened == note->checkpoint, "opening changes nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = textOf(ByteView(data, size));
  checkNote(text);
  if (const auto key = verifierKeyOfText(text)) {
    LACUNA_ASSERT(textOf(*key) == text, "a key has one text");
  }
  if (const auto key = signingKeyOfText(text)) {
    LACUNA_ASSERT(privateKeyText(key->name, key->key) == text, "a private key has one text");
  }
  if (const auto tile = tileOfPath(text)) {
    LACUNA_ASSERT(pathOf(*tile) == text, "a tile has one path");
  }
  if (const auto number = decimalOf(text)) {
    LACUNA_ASSERT(std::to_string(*number) == text, "a number has one text");
  }
  return 0;
}
