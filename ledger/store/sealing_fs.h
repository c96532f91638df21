// The file system as RocksDB gets it from us: the first change of the disk that fails seals, and what is
// sealed loses no file any more. Of the log, and of the keys' database.
//
// Why each change and not only writes and syncs: RocksDB does without some of them (an old file that is
// not deleted, options that are not kept) and goes on; but a disk that fails one is not to be trusted
// with the next, and what we acknowledge has to be (P8).
// Why no file is lost: when taking in sorted files fails at the manifest's sync, RocksDB 7.8 removes the
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
