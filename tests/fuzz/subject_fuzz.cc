// Rows of `persons` (FORMAT.md 7). The first byte chooses the row; what decodes encodes to the same bytes.
#include "ledger/base/fault.h"
#include "ledger/erasure_rows.h"

namespace {

template <typename T, typename Encode>
void same(const lacuna::Result<T>& read, lacuna::ByteView bytes, Encode encode) {
  if (read) LACUNA_ASSERT(lacuna::sameBytes(encode(*read), bytes), "one value, one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lacuna;
  if (size == 0) return 0;
  const ByteView row(data + 1, size - 1);
  switch (data[0]) {
    case 'S':
      same(decodeSubject(row), row, encodeSubject);
      break;
    case 'A':
      same(decodeAliasRow(row), row, encodeAliasRow);
      break;
    case 'T':
      same(decodeTargets(row), row, encodeTargets);
      break;
    case 'F':
      same(decodeFence(row), row, encodeFence);
      break;
    case 'E':
      same(decodeCaseFile(row), row, encodeCaseFile);
      break;
    case 'W':
      same(decodeOutcome(row), row, encodeOutcome);
      break;
    case 'C':
      same(decodeContacts(row), row, encodeContacts);
      break;
    case 'O':
      same(decodeOrdered(row), row, encodeOrdered);
      break;
    case 'H':
      same(decodeHold(row), row, encodeHold);
      break;
    default:
      break;
  }
  return 0;
}
