// Control reports: what parses has one text, and no bytes that were not signed verify.
#include "ledger/proof/control_report.h"
#include "tests/support/control_world.h"

using namespace lacuna;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::ControlWorld world;
  static const std::string honest = world.text();
  const std::string_view text = textOf(ByteView(data, size));
  if (const auto report = controlReportOfText(text)) {
    LACUNA_ASSERT(textOf(*report) == text, "a report has one text");
  }
  if (const auto statement = decodeControlStatement(text)) {
    LACUNA_ASSERT(encode(*statement) == text, "a statement has one text");
  }
  if (const auto verified = verifyControlReport(text, world.verifierKey())) {
    LACUNA_ASSERT(text == honest, "only what was signed verifies");
  }
  // Any bytes as a record of a log: counted, or refused.
  ControlTally tally(Instant{}, Instant::max());
  if (tally.add(ByteView(data, size)))
    LACUNA_ASSERT(tally.take().size == TreeSize(1), "one record");
  return 0;
}
