// The LedgerService over one Ledger: pipeline, access list, reads. No KJ.
#pragma once

#include "daemon/service.h"

#include <filesystem>
#include <memory>

namespace lacuna {

struct ServiceOptions {
  std::filesystem::path data;
  std::vector<std::filesystem::path> keyHolders;  // beyond keys/: not in this version (refused)
  std::string origin;
  bool allowWeakErasure = false;
  bool acceptLostTail = false;
  std::chrono::milliseconds checkpointInterval{500};
  std::function<void(std::string_view line)> log;
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;
};

// Opens or creates the ledger in `data` and starts its threads. The service drains when it is destroyed.
Result<std::unique_ptr<LedgerService>> openLedgerService(const ServiceOptions& options);

}  // namespace lacuna
