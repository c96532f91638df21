// A commit group in the making: what the sequencer decided, what the sealer makes of it, what the
// writer makes durable. It is handed from one thread to the next and never shared.
#pragma once

#include "ledger/record/event.h"
#include "ledger/store/store.h"
#include "ledger/vault/vault.h"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace lacuna {

using LotRef = LotPlace;

// A record whose place is decided and whose seal is still to come.
struct PlannedRecord {
  Record record;              // tag, commitment and prev are filled in later
  std::optional<LotRef> lot;  // nothing: a record of nobody, random tag
  Ordinal ordinal;
  std::optional<Bytes> plain;  // what goes into the envelope: a stored event, encoded
};

// A row of Table::persons, sealed under a lot's key.
struct PlannedRow {
  Bytes key;
  LotRef lot;
  Bytes plain;
};

struct Draft {
  Seq first;
  Instant recordedAt{};
  std::uint64_t number = 0;  // of the group, since start
  std::vector<PlannedRecord> records;
  std::vector<PlannedRow> sealedRows;
  std::vector<RowChange> rows;
  std::vector<GroupId> ids;
  std::size_t bytes = 0;  // estimate, for the bound of a group

  Group group;  // the value: filled by seal() and link()

  // Told once: nothing, when the group is durable; else why it is not (the pipeline sealed).
  std::vector<std::function<void(const Draft&, const Refusal* failure)>> waiting;

  Seq nextSeq() const { return Seq(first.raw() + records.size()); }
  bool empty() const { return records.empty() && rows.empty() && sealedRows.empty(); }
};

}  // namespace lacuna
