// Reads of records and envelopes: where a record stands in its block, and walks in order.
#pragma once

#include "ledger/store/database.h"

#include <functional>

namespace lacuna {

enum class Damage : bool { fault, skip };
enum class Wanted : bool { records, pairs };

class LogReader {
 public:
  explicit LogReader(const Database& db) : db_(db) {}

  // Needs: seq below the size. Throws Fault when it is not there.
  Bytes record(Seq seq) const;
  std::optional<Bytes> envelope(Seq seq) const;
  std::vector<Store::Pair> pairs(std::span<const Seq> seqs) const;
  // Needs: ascending.
  void each(std::span<const Seq> seqs,
            const std::function<void(std::size_t at, ByteView record)>& visit) const;

  using Visit = std::function<bool(Seq, ByteView record, std::optional<ByteView> envelope)>;
  // In order, one snapshot. Damage::fault throws at the first record that does not read;
  // Damage::skip leaves it out and goes on behind it. Each record at most once.
  void scan(Seq first, TreeSize end, Wanted wanted, Damage damage, const Visit& visit) const;

  // Leaf hashes of [first, end); nothing when one of the records does not read.
  std::optional<std::vector<LeafHash>> leaves(Seq first, TreeSize end) const;

 private:
  struct Walk;
  const Database& db_;
};

}  // namespace lacuna
