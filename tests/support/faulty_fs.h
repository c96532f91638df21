// A file system under RocksDB that lies as disks do: what was not synced is lost in a power cut, the
// last write is torn, and the n-th change of the disk fails, either undone or done after all.
//
//   FaultyFs fs;  auto env = fs.env();  options.env = env.get();
//   fs.failAt(7, FaultWay::notDone);    ... use the store, let it go ...
//   fs.cutPower();                      // at any moment: from here on nothing reaches the disk
//   fs.loseUnsynced(seed);              // once everything is closed: the disk as the next start finds it
//
// Bytes pass through to real files, so that a process that RocksDB aborts leaves the same world: with
// a journal, loseUnsyncedOf() does the cutting for a process that is gone.
// Nothing is really synced, so tests with this file system are fast.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace lacuna {

enum class FaultWay { notDone, done, torn };  // torn: half of an append reaches the file

class FaultyFs {
 public:
  // journal: a file that tells loseUnsyncedOf() what was synced; empty: none.
  explicit FaultyFs(const std::filesystem::path& journal = {});
  ~FaultyFs();

  std::unique_ptr<rocksdb::Env> env();  // any number; they share this state

  // The n-th change of the disk from now on (1: the next) returns an error, once.
  void failAt(std::uint64_t n, FaultWay way);
  bool fired() const;
  std::string struck() const;   // what failed: "sync 000012.log"
  std::uint64_t calls() const;  // changes of the disk since failAt() or the beginning
  void cutPower();
  // Needs: no file open. Power is back; a part of each unsynced tail may have survived.
  void loseUnsynced(std::uint64_t seed);
  static void loseUnsyncedOf(const std::filesystem::path& journal, std::uint64_t seed);

  struct State;

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<rocksdb::FileSystem> fs_;
};

}  // namespace lacuna
