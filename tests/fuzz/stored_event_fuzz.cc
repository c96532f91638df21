// Any plaintext of an envelope: refused as tampered, or a sealed event that encodes and decodes to itself.
#include "ledger/record/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lacuna;
  const Result<StoredEvent> stored = decodeStored({data, size});
  if (!stored) {
    LACUNA_ASSERT(stored.refusal().code == RefusalCode::tampered, "one code for all that is wrong");
    return 0;
  }
  const Bytes bytes = encodeStored(*stored);
  const Result<StoredEvent> again = decodeStored(bytes);
  LACUNA_ASSERT(again.ok() && *again == *stored, "a sealed event decodes to itself");
  LACUNA_ASSERT(encodeStored(*again) == bytes, "one event has one encoding");
  return 0;
}
