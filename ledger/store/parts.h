// What a Store is made of. Private to this folder.
#pragma once

#include "ledger/store/database.h"
#include "ledger/store/indexes.h"
#include "ledger/store/reader.h"
#include "ledger/store/tree_edge.h"

#include <atomic>

namespace lacuna {

struct Store::Parts {
  Parts(const StoreOptions& given, std::unique_ptr<Database> database)
      : options(given), db(std::move(database)), reader(*db), ledger(*db->ledger()) {}

  std::size_t runEvents() const {
    return options.runEvents != 0 ? options.runEvents : kRunEventsMax;
  }
  // The end of the log, the tree's edge and the indexes (recovery.cc). Refuses tampered.
  Outcome recover();
  Outcome findEnd();
  Outcome checkLastBlock(ByteView key, ByteView block, const std::optional<LeafHash>& before);
  bool loadEdge();
  bool indexesSound() const;
  Outcome eachRecord(std::uint64_t first, const std::function<void(Seq, ByteView)>& take) const;
  Outcome rebuildTiles();
  Outcome replayIndexes(std::uint64_t from);
  // One full tile: its row, or when that is missing computed from what it is made of.
  std::optional<Bytes> fullTile(unsigned level, std::uint64_t index) const;
  std::optional<Bytes> tileRow(unsigned level, std::uint64_t index) const;

  StoreOptions options;
  std::unique_ptr<Database> db;
  LogReader reader;
  LedgerId ledger;
  TreeEdge edge;
  rocksdb::WriteBatch groupBatch;          // the writer's, kept for its memory
  std::atomic<std::uint64_t> applied = 0;  // what readers may ask for
  std::atomic<std::uint64_t> durable = 0;  // of it, what survives a power cut
  std::unique_ptr<Indexes> indexes;        // its worker ends before the database does
};

}  // namespace lacuna
