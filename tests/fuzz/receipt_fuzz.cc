// Receipts and entry bundles: what parses has one text, and only the true receipt verifies.
#include "ledger/crypto/digest.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tiles.h"
#include "ledger/record/record.h"

using namespace lacuna;

namespace {

void checkReceipt(std::string_view text) {
  const auto proof = proofOfText(text);
  if (!proof) return;
  LACUNA_ASSERT(textOf(*proof) == text, "a proof has one text");
  const auto key = verifierKeyOfText(
      "audit.example.org/ledger+105eec2b+ARYBRlSt3JkI33o7eDB8+ZzJwaMM/1Gy816OwJ6RTfwH");
  LACUNA_ASSERT(key.ok(), "the key of the golden vectors");
  if (const auto proved = verifyReceipt(text, *key)) {
    LACUNA_ASSERT(decodeRecord(proved->record).value().seq == proof->index, "it proves its place");
    LACUNA_ASSERT(verifyInclusion(leafHash(proof->extra), proof->index, proved->checkpoint.size,
                                  proof->hashes, proved->checkpoint.root)
                      .ok(),
                  "it proves its record");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  checkReceipt(textOf(bytes));
  if (size == 0) return 0;
  const unsigned width = data[0] + 1U;
  if (const auto entries = decodeBundle(bytes.subspan(1), width)) {
    LACUNA_ASSERT(entries->size() == width, "a bundle holds the entries of its width");
    LACUNA_ASSERT(sameBytes(encodeBundle(*entries), bytes.subspan(1)), "a bundle has one encoding");
  }
  return 0;
}
