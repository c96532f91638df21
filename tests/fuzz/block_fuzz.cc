// Blocks of records and envelopes, rows of ids: whatever decodes encodes to the same bytes, and the
// lenient reading of the verifier never gives more than stands there.
#include "ledger/base/limits.h"
#include "ledger/store/blocks.h"

#include <cstdlib>

namespace lacuna {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void records(ByteView input) {
  const auto block = decodeRecordBlock(input);
  const auto lenient = readableRecords(input);
  require(lenient.size() <= kBlockRecordsMax);
  if (!block) return;
  require(lenient.size() == block->size());
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(block->size()));
  for (const ByteView record : *block) {
    out.bytes16(record);
    static_cast<void>(tagOfRecord(record));
    const auto decoded = decodeRecord(record);
    require(!decoded ||
            (decoded->tag == tagOfRecord(record) && decoded->seq == seqOfRecord(record) &&
             decoded->prev == prevOfRecord(record)));
  }
  require(sameBytes(out.view(), input));
}

void envelopes(ByteView input) {
  const auto block = decodeEnvelopeBlock(input);
  require(readableEnvelopes(input).size() <= kBlockRecordsMax);
  if (!block) return;
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(block->size()));
  for (const auto& envelope : *block) out.bytes32(envelope ? *envelope : ByteView());
  require(sameBytes(out.view(), input));
}

void ids(ByteView input) {
  const auto row = decodeIds(input);
  if (row) require(sameBytes(encodeIds(*row), input));
}

}  // namespace
}  // namespace lacuna

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lacuna::ByteView input(data, size);
  lacuna::records(input);
  lacuna::envelopes(input);
  lacuna::ids(input);
  return 0;
}
