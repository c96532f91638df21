// The file of `lacuna verify --resume`: what reads is written again as the same bytes.
#include "ledger/base/fault.h"
#include "tools/verify_state.h"

using namespace lacuna;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto state = tool::verifyStateOfText(text);
  if (!state) return 0;
  LACUNA_ASSERT(tool::textOf(*state) == text, "another text for the same state");
  LACUNA_ASSERT(tool::verifyStateOfText(text).value() == *state, "another state of the same text");
  return 0;
}
