// Whose lots were erased since the last sweep: so many slots are swept at once that comparing two copies of
// the log singles nobody out (FORMAT.md 7.1, row `U`).
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"

#include <set>

namespace lacuna {

// Needs: at most kSweepSlotsMin slots (that many stand for any more). Empty: there is no row.
struct Unswept {
  Instant since{};  // when the first of them was erased
  std::set<Slot> slots;
  bool operator==(const Unswept&) const = default;
};
Bytes encodeUnswept(const Unswept& unswept);
Result<Unswept> decodeUnswept(ByteView bytes);  // strict; unknown-version, tampered
Bytes unsweptRowKey();                          // of Table::persons, under (slot 0, leaf 0)

}  // namespace lacuna
