// The slots of root.ks. The checksum is made right on a second try, so that the fields behind it are met.
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/vault/root_store.h"

#include <cstdlib>

using namespace lacuna;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void check(ByteView slot) {
  const std::optional<RootSlot> parsed = parseRootSlot(slot);
  const bool later = rootSlotOfLaterFormat(slot);
  if (!parsed) return;
  must(!later);
  Bytes again(slot.begin(), slot.end());
  encodeRootSlot(*parsed, again);
  must(sameBytes(again, slot));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  Bytes slot(kRootSlotBytes, 0xee);
  std::copy_n(data, std::min(size, slot.size()), slot.begin());
  check(slot);
  constexpr std::size_t kChecked = kRootSlotHeadBytes - 32;
  const ByteArray<32> sum = blake2b256({ByteView(slot).first(kChecked)});
  std::copy(sum.begin(), sum.end(), slot.begin() + kChecked);
  check(slot);
  return 0;
}
