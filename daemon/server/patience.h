#pragma once

#include "ledger/base/limits.h"

namespace lacuna {

// How long the server waits for clients. The constants are the daemon's; tests are less patient.
struct Patience {
  std::chrono::milliseconds message = kMessageReceiveMax;  // a message or a body, once begun
  std::chrono::milliseconds httpHeader = kHttpHeaderMax;
  std::chrono::milliseconds httpIdle = kHttpIdleMax;
  std::chrono::milliseconds answerLease = kAnswerLeaseMax;
  std::chrono::milliseconds drain = kDrainMax;
};

}  // namespace lacuna
