// Carry rows (FORMAT.md 7.4) and the list of unswept slots: what decodes encodes to the same bytes.
#include "ledger/base/fault.h"
#include "ledger/carry.h"
#include "ledger/unswept.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lacuna;
  if (size == 0) return 0;
  const ByteView row(data + 1, size - 1);
  if (data[0] == 'R') {
    const Result<CarryRow> read = decodeCarry(row);
    if (read) LACUNA_ASSERT(sameBytes(encodeCarry(*read), row), "one row, one encoding");
  } else if (data[0] == 'U') {
    const Result<Unswept> read = decodeUnswept(row);
    if (read) LACUNA_ASSERT(sameBytes(encodeUnswept(*read), row), "one list, one encoding");
  }
  return 0;
}
