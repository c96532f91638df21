// How a vault is opened.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/limits.h"

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

namespace rocksdb {
class Env;
}

namespace lacuna {

// When the seeds of slots that were never used are replaced by fresh ones, so that a copy of keys/ taken
// before opens nobody admitted after. Rides on an erasure; costs one more path.
enum class Healing : std::uint8_t { off, daily, everyErasure };

struct VaultOptions {
  std::filesystem::path directory;             // keys/
  std::vector<std::filesystem::path> holders;  // where further holders may be found
  const Clock* clock = nullptr;                // null: systemClock()
  Entropy* entropy = nullptr;                  // null: systemEntropy()
  rocksdb::Env* env = nullptr;                 // null: the default one; tests inject faults
  // Of the further holders: a failure of one of theirs must not seal what `env` seals. Null: `env`.
  rocksdb::Env* holderEnv = nullptr;
  rocksdb::Env* envOfHolders() const { return holderEnv != nullptr ? holderEnv : env; }
  std::size_t seedCacheEntries = 65536;  // inner seeds of blocks of 16 slots (level 4)
  std::size_t nearCacheEntries = 32768;  // inner seeds just above 16 lots (level 1): 1 MiB
  std::chrono::milliseconds readerLeaseMax = kEpochLeaseMax;  // how long erase() waits for readers
  Healing healing =
      Healing::daily;  // daily: the first erasure after a start, then once in 24 hours
  // Tests: called with the name of each durable step just before and just after it: NAME.before and
  // NAME.after of create.files, create.root, create.tree, create.done, open.wipe, recheck.wipe,
  // erase.root, erase.tree, erase.wipe, reserve, checkpoint ...; and holderN.root, holderN.tree, holderN.wipe,
  // holderN.write, holderN.return.root ... of further holders, where a std::exception is that holder's
  // failure and not the vault's. What it throws elsewhere counts as a fault.
  std::function<void(std::string_view step)> onStep;
};

}  // namespace lacuna
