// Certificates of erasure: what parses has one text, and no bytes that were not signed verify.
#include "ledger/proof/certificate.h"
#include "tests/support/certificate_world.h"

using namespace lacuna;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::CertificateWorld world;
  static const std::string honest = textOf(world.certificate());
  const std::string_view text = textOf(ByteView(data, size));
  if (const auto certificate = certificateOfText(text)) {
    LACUNA_ASSERT(textOf(*certificate) == text, "a certificate has one text");
  }
  if (const auto statement = decodeStatement(text)) {
    LACUNA_ASSERT(encode(*statement) == text, "a statement has one text");
  }
  if (verifyCertificate(text, world.verifierKey())) {
    // Fewer states or proofs than the honest one cannot be had: each is needed.
    LACUNA_ASSERT(text == honest, "only what was signed verifies");
  }
  return 0;
}
