#include "ledger/store/blocks.h"

#include "ledger/base/limits.h"

namespace lacuna {
namespace {

constexpr std::size_t kTagOffset = 15;   // FORMAT.md 2
constexpr std::size_t kSeqFromEnd = 40;  // seq(8) and prev(32) end the record
constexpr std::size_t kPrevFromEnd = 32;
constexpr std::size_t kIdBytes = 2 + IdEntry::kSize + ContentDigest::kSize;

Refusal broken(const char* what) { return {RefusalCode::tampered, what}; }

// Walks a block whose items have lengths of `Width` bytes within [least, most], and finds one of them.
template <std::size_t Width>
std::optional<ByteView> itemOf(ByteView block, std::size_t index, std::size_t least,
                               std::size_t most) {
  if (block.empty() || index >= block[0] || block[0] > kBlockRecordsMax) return std::nullopt;
  ByteView found;
  std::size_t at = 1;
  for (std::size_t i = 0; i < block[0]; ++i) {
    if (block.size() - at < Width) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t j = 0; j < Width; ++j) length = (length << 8) | block[at + j];
    at += Width;
    if (length < least || length > most || block.size() - at < length) return std::nullopt;
    if (i == index) found = block.subspan(at, length);
    at += length;
  }
  return at == block.size() ? std::optional(found) : std::nullopt;
}

}  // namespace

std::vector<ByteView> readableRecords(ByteView block) {
  std::vector<ByteView> out;
  ByteReader in(block);
  const std::size_t count = in.u8();
  for (std::size_t i = 0; i < count && i < kBlockRecordsMax; ++i) {
    const ByteView record = in.bytes16();
    if (!in.ok() || record.size() < kRecordBytesMin || record.size() > kRecordBytesMax) break;
    out.push_back(record);
  }
  return out;
}

Result<std::vector<ByteView>> decodeRecordBlock(ByteView block) {
  std::vector<ByteView> out = readableRecords(block);
  std::size_t length = 1;
  for (const ByteView record : out) length += 2 + record.size();
  if (out.empty() || out.size() != block[0] || length != block.size()) {
    return broken("a block of records that does not follow the format");
  }
  return out;
}

std::vector<std::optional<ByteView>> readableEnvelopes(ByteView block) {
  std::vector<std::optional<ByteView>> out;
  ByteReader in(block);
  const std::size_t count = in.u8();
  for (std::size_t i = 0; i < count && i < kBlockRecordsMax; ++i) {
    const ByteView envelope = in.bytes32();
    if (!in.ok() || envelope.size() > kEnvelopeBytesMax) break;
    out.push_back(envelope.empty() ? std::nullopt : std::optional(envelope));
  }
  return out;
}

Result<std::vector<std::optional<ByteView>>> decodeEnvelopeBlock(ByteView block) {
  auto out = readableEnvelopes(block);
  std::size_t length = 1;
  for (const auto& envelope : out) length += 4 + (envelope ? envelope->size() : 0);
  if (out.empty() || out.size() != block[0] || length != block.size()) {
    return broken("a block of envelopes that does not follow the format");
  }
  return out;
}

Result<ByteView> recordIn(ByteView block, std::size_t index) {
  const auto found = itemOf<2>(block, index, kRecordBytesMin, kRecordBytesMax);
  if (!found) return broken("a block of records that does not follow the format");
  return *found;
}

Result<ByteView> envelopeIn(ByteView block, std::size_t index) {
  const auto found = itemOf<4>(block, index, 0, kEnvelopeBytesMax);
  if (!found) return broken("a block of envelopes that does not follow the format");
  return *found;
}

Bytes encodeIds(const std::vector<GroupId>& ids) {
  LACUNA_ASSERT(ids.size() <= kGroupEventsMax, "more ids than a group has events");
  ByteWriter out(2 + ids.size() * kIdBytes);
  out.u16(static_cast<std::uint16_t>(ids.size()));
  for (const GroupId& id : ids) out.u16(id.index).raw(id.entry.view()).raw(id.content.view());
  return out.take();
}

Result<std::vector<GroupId>> decodeIds(ByteView row) {
  ByteReader in(row);
  const std::size_t count = in.u16();
  if (count == 0 || count > kGroupEventsMax || in.rest().size() != count * kIdBytes) {
    return broken("a row of event ids that does not follow the format");
  }
  std::vector<GroupId> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i].index = in.u16();
    out[i].entry = in.digest<IdEntry>();
    out[i].content = in.digest<ContentDigest>();
    if (out[i].index >= kGroupEventsMax || (i > 0 && out[i].index <= out[i - 1].index)) {
      return broken("a row of event ids out of order");
    }
  }
  return out;
}

Tag tagOfRecord(ByteView record) {
  LACUNA_ASSERT(record.size() >= kRecordBytesMin, "a record too short to hold its tag");
  return *Tag::from(record.subspan(kTagOffset, Tag::kSize));
}

Seq seqOfRecord(ByteView record) {
  LACUNA_ASSERT(record.size() >= kRecordBytesMin, "a record too short to hold its seq");
  return Seq(*number64(record.subspan(record.size() - kSeqFromEnd, 8)));
}

LeafHash prevOfRecord(ByteView record) {
  LACUNA_ASSERT(record.size() >= kRecordBytesMin, "a record too short to hold its chain link");
  return *LeafHash::from(record.subspan(record.size() - kPrevFromEnd));
}

}  // namespace lacuna
