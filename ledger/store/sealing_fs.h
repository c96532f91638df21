// The file system as RocksDB gets it from us: the first failed write or sync seals, and a sealed log
// loses no file any more.
//
// Why the second: when taking in sorted files fails at the manifest's sync, RocksDB 7.8 removes the
// files at once, although the manifest that names them may be on disk after all; the database would
// never open again. What is left over is removed at the next start, when it is known what stands.
#pragma once

#include <rocksdb/env.h>

#include <atomic>
#include <memory>

namespace lacuna {

// Needs: `sealed` and `base` outlive the Env and everything opened through it.
std::unique_ptr<rocksdb::Env> sealingEnv(rocksdb::Env& base, std::atomic<bool>& sealed);

}  // namespace lacuna
