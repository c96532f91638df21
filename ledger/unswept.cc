#include "ledger/unswept.h"

#include "ledger/base/bytes.h"
#include "ledger/base/fault.h"

namespace lacuna {
namespace {

constexpr std::uint8_t kRowVersion = 1;                // on disk: never renumber
constexpr std::uint64_t kMillisMax = 253402300799999;  // the last that RFC 3339 can write

bool holds(const Unswept& unswept) {
  return !unswept.slots.empty() && unswept.slots.size() <= kSweepSlotsMin &&
         unswept.slots.rbegin()->raw() < kSlotsMax && unswept.since >= Instant{};
}

}  // namespace

Bytes encodeUnswept(const Unswept& unswept) {
  LACUNA_ASSERT(holds(unswept), "a list of unswept slots within its bounds");
  ByteWriter out(11 + 8 * unswept.slots.size());
  out.u8(kRowVersion).u64(millisOf(unswept.since));
  out.u16(static_cast<std::uint16_t>(unswept.slots.size()));
  for (const Slot slot : unswept.slots) out.u64(slot.raw());
  return out.take();
}

Result<Unswept> decodeUnswept(ByteView bytes) {
  const Refusal tampered{RefusalCode::tampered,
                         "a list of unswept slots that does not follow the format"};
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) {
    return Refusal{RefusalCode::unknownVersion, "a list of unswept slots of an unknown version"};
  }
  Unswept out;
  const std::uint64_t since = in.u64();
  const std::size_t count = in.u16();
  if (!in.ok() || since > kMillisMax || count > kSweepSlotsMin) return tampered;
  out.since = instantOf(since);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const Slot slot(in.u64());
    if (!out.slots.empty() && slot <= *out.slots.rbegin()) return tampered;
    out.slots.insert(out.slots.end(), slot);
  }
  if (!in.done() || !holds(out)) return tampered;
  return out;
}

Bytes unsweptRowKey() { return ByteWriter().u8('U').take(); }

}  // namespace lacuna
