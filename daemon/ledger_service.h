// The LedgerService over one Ledger: pipeline, access list, reads. No KJ.
#pragma once

#include "daemon/service.h"
#include "ledger/base/limits.h"
#include "ledger/proof/policy.h"

#include <filesystem>
#include <memory>

namespace lacuna {

// Checkpoints are signed more often than witnesses want to be asked.
inline constexpr std::chrono::milliseconds kWitnessIntervalDefault{5000};

struct ServiceOptions {
  std::filesystem::path data;
  std::vector<std::filesystem::path> keyHolders;  // beyond keys/
  std::string origin;
  bool allowWeakErasure = false;
  bool acceptLostTail = false;
  bool rebuildKeys = false;
  bool recoverKeys = false;
  std::vector<std::string> checkpoints;  // notes that were kept elsewhere
  std::chrono::milliseconds checkpointInterval{500};
  std::uint64_t sweepBytesPerSecond = kSweepBytesPerSecond;  // 0: no sweep by itself
  std::chrono::milliseconds sweepInterval = kSweepCheckInterval;
  std::optional<Policy> witnesses;  // whose cosignatures published checkpoints need
  std::chrono::milliseconds witnessInterval = kWitnessIntervalDefault;
  std::function<void(std::string_view line)> log;
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;
};

// Opens or creates the ledger in `data` and starts its threads. The service drains when it is destroyed.
Result<std::unique_ptr<LedgerService>> openLedgerService(const ServiceOptions& options);

}  // namespace lacuna
