// Rows of records, envelopes and ids as they stand on disk (FORMAT.md 5.1-5.3). No I/O.
#pragma once

#include "ledger/store/store.h"

#include <functional>
#include <vector>

namespace lacuna {

// Strict; refuse `tampered`. What they give is borrowed from `block`.
Result<std::vector<ByteView>> decodeRecordBlock(ByteView block);
Result<std::vector<std::optional<ByteView>>> decodeEnvelopeBlock(ByteView block);
Result<std::vector<GroupId>> decodeIds(ByteView row);
// One item of a block that is whole. Refuses tampered: the block does not follow the format, or ends
// before the item. An envelope that is not there is empty.
Result<ByteView> recordIn(ByteView block, std::size_t index);
Result<ByteView> envelopeIn(ByteView block, std::size_t index);

Bytes encodeIds(const std::vector<GroupId>& ids);

// As far as the block goes: what stands before the first break. For verification, which names it.
std::vector<ByteView> readableRecords(ByteView block);
std::vector<std::optional<ByteView>> readableEnvelopes(ByteView block);

// Fields of an encoded record without decoding it all. Needs: kRecordBytesMin bytes.
Tag tagOfRecord(ByteView record);
Seq seqOfRecord(ByteView record);
LeafHash prevOfRecord(ByteView record);

}  // namespace lacuna
