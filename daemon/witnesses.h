// Shows the ledger's checkpoints to the witnesses of a policy, and publishes what they have cosigned.
//
// Promise: only what was shown, and so is durable, is shown to a witness; what is published with cosignatures has
//          the quorum of the policy. A witness that has cosigned a larger tree than this one seals (P3).
// Failure: a witness that does not answer, or says no, is asked again at the next interval; the published
//          checkpoint then stays the last one that had the quorum.
// Thread:  one of its own. Borrowed: the ledger outlives it.
#pragma once

#include "daemon/witness_client.h"
#include "ledger/ledger.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace lacuna {

struct WitnessOptions {
  Policy policy;                         // witnesses without a URL are not asked
  std::chrono::milliseconds interval{};  // between two rounds, while the log grows
  WitnessPost post;                      // null: over HTTP
};

class Witnesses {
 public:
  Witnesses(Ledger& ledger, WitnessOptions options, std::function<void(std::string_view)> log,
            std::function<void(std::string_view why)> seal);
  ~Witnesses() { stop(); }
  Witnesses(const Witnesses&) = delete;
  Witnesses& operator=(const Witnesses&) = delete;

  void stop();  // gives up what is being asked

  struct Standing {
    std::string name,
        state;  // "cosigned", "refused", "unreachable", "larger"; empty: not asked yet
    TreeSize size;
  };
  std::vector<Standing> standings() const;
  std::string json() const;  // the same, for `status`

 private:
  void resume();
  void run();
  bool due() const;
  void round();
  void told(std::size_t witness, const WitnessSaid& said);

  Ledger& ledger_;
  const WitnessOptions options_;
  const std::function<void(std::string_view)> log_, seal_;
  std::atomic<bool> stopping_{false};
  HttpClient client_;
  TreeSize cosigned_;  // the last size with the quorum
  std::chrono::steady_clock::time_point askedAt_{};
  bool asked_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Standing> standings_;  // one for each witness of the policy
  std::thread thread_;               // last
};

}  // namespace lacuna
