// The events of a lot that moved to a successor because one of them was withdrawn (DESIGN 4, FORMAT.md 7.4).
//
// Each entry holds what is needed to find and open one event without the dead lot's key; the withdrawn one
// is there without `e`, so that the lot stays complete.
#pragma once

#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/secret.h"
#include "ledger/store/store.h"

#include <vector>

namespace lacuna {

struct CarryEntry {
  Ordinal ordinal;  // in the lot it was recorded in
  Seq seq;
  Tag tag;
  std::optional<Secret>
      key;  // `e` of the event; nothing: it was withdrawn, or never had an envelope
};

inline constexpr std::size_t kCarryEventsMax = 128 * 1024;  // of a lot that can be moved

// Needs: 1..kCarryEntriesMax entries, ascending by seq; part < parts; a class.
struct CarryRow {
  std::uint32_t part = 0, parts = 1;
  LeafNo from;              // the lot that the last withdrawal ended
  std::int32_t period = 0;  // of the lot, so that a log without its subject record can be mended
  Instant createdAt{};
  std::string klass;
  std::vector<CarryEntry> entries;
};
// The plaintext holds secrets: the caller wipes it.
Bytes encodeCarry(const CarryRow& row);
Result<CarryRow> decodeCarry(ByteView bytes);  // strict; unknown-version, tampered

Bytes carryRowKey(Slot slot, LeafNo leaf, std::uint32_t part);  // of Table::persons, and of keys/

// Every entry of a successor lot, in order. Throws Fault when a part is missing or does not open: the lot
// lives. `lotKey` is the successor's.
std::vector<CarryEntry> carriedBy(const Store& store, const Secret& lotKey, Slot slot, LeafNo leaf);

}  // namespace lacuna
