// The public document of one range of a sweep (FORMAT.md 5.7): what decodes is the only encoding of its set.
#include "ledger/base/fault.h"
#include "ledger/proof/removal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lacuna;
  const ByteView document(data, size);
  const Result<Removal> removal = decodeRemoval(document);
  if (!removal) return 0;
  LACUNA_ASSERT(removal->removed.last().has_value(), "a removal of nothing");
  LACUNA_ASSERT(sameBytes(encodeRemoval(removal->range, removal->removed), document),
                "one set, one document");
  return 0;
}
