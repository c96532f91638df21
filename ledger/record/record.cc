#include "ledger/record/record.h"

#include "ledger/base/limits.h"

#include <array>

namespace lacuna {
namespace {

constexpr std::array<std::string_view, 21> kKindNames = {
    "genesis",   "processing", "sharing",   "consent", "notice",  "rectification", "restriction",
    "objection", "request",    "complaint", "hold",    "erasure", "consultation",  "breach",
    "agreement", "register",   "note",      "access",  "person",  "restore",       "sweep"};
constexpr std::uint8_t kKnownFlags = kHasEnvelope | kHasDocument;

void putHead(ByteWriter& out, const Record& record) {
  out.u8(kRecordVersion)
      .u8(static_cast<std::uint8_t>(record.kind))
      .u8(record.flags)
      .u64(millisOf(record.recordedAt))
      .u32(record.system.raw())
      .raw(record.tag.view());
  out.bytes16(record.body);
}

}  // namespace

std::string_view nameOf(Kind kind) { return kKindNames.at(static_cast<std::size_t>(kind)); }

std::optional<Kind> kindOf(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

Bytes encodeHead(const Record& record) {
  ByteWriter out(kRecordHeadBytes + record.body.size());
  putHead(out, record);
  return out.take();
}

Bytes encode(const Record& record) {
  LACUNA_ASSERT(record.body.size() + kRecordBytesMin <= kRecordBytesMax, "a record over its limit");
  ByteWriter out(kRecordBytesMin + record.body.size());
  putHead(out, record);
  out.raw(record.commitment.view()).u64(record.seq.raw()).raw(record.prev.view());
  return out.take();
}

Result<Record> decodeRecord(ByteView bytes) {
  if (bytes.size() > kRecordBytesMax)
    return Refusal{RefusalCode::tampered, "a record over its limit"};
  ByteReader in(bytes);
  if (in.u8() != kRecordVersion) {
    return Refusal{RefusalCode::unknownVersion, "a record of a version this program does not know"};
  }
  Record record;
  const std::uint8_t kind = in.u8();
  record.flags = in.u8();
  record.recordedAt = instantOf(in.u64());
  record.system = SystemNo(in.u32());
  record.tag = in.digest<Tag>();
  const ByteView body = in.bytes16();
  record.body.assign(body.begin(), body.end());
  record.commitment = in.digest<Commitment>();
  record.seq = Seq(in.u64());
  record.prev = in.digest<LeafHash>();
  if (!in.done() || kind >= kKindNames.size() || (record.flags & ~kKnownFlags) != 0 ||
      record.flags == kKnownFlags) {
    return Refusal{RefusalCode::tampered, "a record that does not follow the format"};
  }
  record.kind = static_cast<Kind>(kind);
  if (record.flags == 0 && record.commitment != Commitment{}) {
    return Refusal{RefusalCode::tampered, "a record with a commitment to nothing"};
  }
  return record;
}

}  // namespace lacuna
