// Groups as values: whatever decodes encodes to the same bytes.
#include "ledger/store/store.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lacuna::ByteView input(data, size);
  const auto group = lacuna::decodeGroup(input);
  if (!group) return 0;
  if (group->records.size() != group->envelopes.size()) std::abort();
  if (!lacuna::sameBytes(lacuna::encodeGroup(*group), input)) std::abort();
  return 0;
}
