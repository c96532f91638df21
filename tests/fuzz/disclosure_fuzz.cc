// Disclosures: what parses has one text, and nothing verifies but what the log sealed.
#include "ledger/proof/disclosure.h"
#include "tests/support/disclosure_world.h"

using namespace lacuna;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::DisclosureWorld world;
  static const std::string honest[] = {textOf(world.disclosure(0)), textOf(world.disclosure(1))};
  const std::string_view text = textOf(ByteView(data, size));
  if (const auto disclosure = disclosureOfText(text)) {
    LACUNA_ASSERT(textOf(*disclosure) == text, "a disclosure has one text");
  }
  if (verifyDisclosure(text, world.verifierKey(), shownEventOf)) {
    LACUNA_ASSERT(text == honest[0] || text == honest[1], "only what was sealed verifies");
  }
  // A plaintext of any bytes is shown as JSON, or refused.
  if (const auto shown = shownEventOf(ByteView(data, size))) {
    LACUNA_ASSERT(shown->front() == '{' && shown->back() == '}', "one object");
  }
  return 0;
}
