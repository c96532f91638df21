// The derived indexes tag -> seq and id -> seq (FORMAT.md 5.4): in memory since the last run, then
// sorted files that never pass the write-ahead log.
//
// Promise: a lookup sees everything put before it, at every moment of a run's way to disk.
// Failure: a run that cannot be written seals the database; lookups go on from memory.
// Thread:  lookups from any thread; everything else from the one writer. Owns one worker thread.
#pragma once

#include "ledger/store/database.h"
#include "ledger/store/memory_index.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace lacuna {

struct TagRow {
  Tag key;
  std::uint64_t seq = 0;
};
struct IdRow {
  IdEntry key;
  std::uint64_t seq = 0;
  ContentDigest content;
};

class Indexes {
 public:
  // `capacity`: rows that memory may hold at once.
  Indexes(Database& db, std::size_t runEvents, std::size_t capacity);
  ~Indexes();

  std::optional<Seq> findTag(const Tag& tag) const;
  std::vector<std::optional<Seq>> findTags(std::span<const Tag> tags) const;
  std::vector<std::optional<IdHit>> findIds(std::span<const IdEntry> entries) const;
  // The tiles' family as readers hold it; null in a copy that has none.
  std::shared_ptr<const FamilyHandle> tiles() const { return view()->tiles; }

  // The seq below which the files hold everything; nothing when that is not known.
  std::optional<std::uint64_t> run() const;
  bool filesEmpty() const;
  // Drops all index files (and forgets memory). Lookups by others go on with what they had.
  void reset();
  // Lookups from now on use the present families.
  void publish();

  // Needs: the events are applied. False: a tag stood there already.
  bool put(Seq first, std::span<const Tag> tags);
  void putIds(Seq first, std::span<const GroupId> ids, Seq from = Seq(0));
  // True once a run's worth of rows waits.
  bool full() const { return active_->tags.size() >= runEvents_; }
  // Hands the rows to the worker. Waits while it is still busy with the run before (bounded memory).
  // Needs: everything below `end` is durable.
  void freeze(TreeSize end);
  // The same at once, by this thread; for rebuilding.
  void flush(TreeSize end);
  void waitIdle();  // until the worker has no run
  void startWorker();

 private:
  struct Memory {
    explicit Memory(std::size_t capacity) : tags(capacity), ids(capacity) {}
    MemoryIndex<TagRow> tags;
    MemoryIndex<IdRow> ids;
  };
  // What readers look at; replaced whole, never changed (but `active` grows).
  struct View {
    std::shared_ptr<const Memory> active, frozen;
    std::shared_ptr<const FamilyHandle> tags, ids, tiles;
  };
  std::shared_ptr<const View> view() const;
  void show(std::shared_ptr<const Memory> frozen);
  void writeRun(const Memory& memory, TreeSize end);
  void work();

  Database& db_;
  std::size_t runEvents_, capacity_;
  std::shared_ptr<Memory> active_;  // the writer's
  mutable std::mutex viewMutex_;    // guards the pointer only
  std::shared_ptr<const View> view_;

  std::mutex workMutex_;
  std::condition_variable workChanged_;
  std::shared_ptr<const Memory> frozen_;  // guarded by workMutex_; set: a run is to be written
  TreeSize frozenEnd_;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace lacuna
