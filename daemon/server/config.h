// What lacunad is told: command line, then LACUNA_* environment, then the configuration file.
#pragma once

#include "ledger/base/result.h"
#include "ledger/proof/policy.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lacuna {

struct ServerConfig {
  std::filesystem::path data;
  std::string origin;                // empty: as the ledger was created, or the default
  std::filesystem::path socket;      // of Cap'n Proto
  std::filesystem::path httpSocket;  // always DIR/http.sock
  std::string httpHost;              // loopback; empty: no TCP
  std::uint16_t httpPort = 0;        // 0: one that is free
  bool allowWeakErasure = false;
  bool acceptLostTail = false;
  bool rebuildKeys = false;
  bool recoverKeys = false;
  std::vector<std::filesystem::path> keyHolders;
  std::vector<std::string> checkpoints;  // the notes of --checkpoint FILE
  std::optional<Policy> witnesses;       // of --witness-policy FILE
  std::chrono::milliseconds witnessInterval{};
  std::chrono::milliseconds checkpointInterval{};
  std::uint64_t sweepBytesPerSecond = 0;  // 0: no sweep by itself, and none is paced
};

struct ShowText {  // --help, --version
  std::string text;
};
struct UsageError {  // exit 2
  std::string sentence;
};
// Refusals are what is understood but not done (exit 1).
using Configured = std::variant<ServerConfig, ShowText, UsageError, Refusal>;

// `environment` holds "NAME=value" strings. Reads the configuration file if one is named.
Configured configure(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment);

}  // namespace lacuna
