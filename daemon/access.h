// Who may do what: grants by uid and gid, as recorded events of the organisation (DESIGN 10, P9).
//
// While no grant exists the user who runs the daemon holds every role (single-user mode); the first
// grant ends that for good. That user always keeps `operator`: who starts the daemon grants access.
// Thread: accessOf() and list() from any thread; the rest from the sequencer, applied once durable.
#pragma once

#include "daemon/service.h"
#include "ledger/sequencer.h"

#include <map>
#include <mutex>

namespace lacuna {

class AccessList {
 public:
  explicit AccessList(std::uint32_t ownUid) : ownUid_(ownUid) {}

  // Replays the grants from the organisation's lot.
  void load(const std::vector<PersonEvent>& events);

  LedgerService::Access accessOf(std::uint32_t uid, const std::vector<std::uint32_t>& gids) const;
  std::vector<Grant> list() const;
  bool singleUser() const;

  // Checks a new grant against the register; the number it would get is in the answer.
  Result<Grant> prepare(Grant grant, const SystemNumbers& systems, Instant now);
  // True once: the grant being decided is the first, and ends single-user mode when it is durable.
  bool endsSingleUser();
  void add(const Grant& grant);
  void revoke(std::uint32_t principal);  // Needs: known()
  bool known(std::uint32_t principal) const;

  static StoredEvent storedOf(const Grant& grant);  // what the envelope holds

 private:
  mutable std::mutex mutex_;
  std::uint32_t ownUid_;
  std::map<std::uint32_t, Grant> grants_;
  bool ended_ = false;      // single-user mode, by a grant that is durable or on its way
  std::uint32_t next_ = 1;  // numbers given out, durable or on their way
};

inline constexpr std::uint8_t kAllRoles = 15;
inline constexpr std::size_t kGrantsMax = 10'000;
inline constexpr std::size_t kLabelBytesMax = 128;

}  // namespace lacuna
