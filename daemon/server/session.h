// One connection: who its peer is and what it may do right now. RPC capabilities and HTTP requests
// both reach the service through it, so there is one place where roles are checked (P9).
//
// Roles are looked up at every call, so that a revoked grant ends capabilities already held. The
// peer's groups are those of the moment of connecting.
// Thread: the loop's. Lifetime: what it borrows outlives every session.
#pragma once

#include "daemon/server/inbox.h"
#include "daemon/server/meter.h"
#include "daemon/server/patience.h"
#include "daemon/server/peer.h"
#include "daemon/server/workers.h"
#include "daemon/service.h"

#include <kj/refcount.h>
#include <kj/timer.h>

namespace lacuna {

inline kj::Duration durationOf(std::chrono::milliseconds d) { return d.count() * kj::MILLISECONDS; }

// What every connection uses.
struct Host {
  LedgerService& service;
  Inbox& inbox;
  Workers& workers;
  Meter& meter;
  kj::Timer& timer;
  Patience patience;
  std::size_t httpAnswering = 0;  // requests that were taken and have no answer yet
};

class Session final : public kj::Refcounted {
 public:
  Session(Host& host, Peer peer) : host_(host), peer_(std::move(peer)) {}

  Host& host() { return host_; }
  std::uint32_t principal() const { return peer_.uid; }  // for allowances; a uid, not a grant

  LedgerService::Access access() { return host_.service.accessOf(peer_.uid, peer_.gids); }
  // The caller, if it holds the role right now; else `wrong-role`.
  Result<Caller> callerAs(Role role);

 private:
  Host& host_;
  const Peer peer_;
};

// A batch as it came in: events that can be admitted, and what is refused already because it could
// not be read or breaks a bound. Keeps the order for the answer.
class Batch {
 public:
  void add(Result<Event> event);
  std::size_t size() const { return refused_.size(); }

  // Gives the events to `forward`, unless atomicity has been lost or nothing is left to ask; the
  // answer has one result for each event added, in order. The batch is used up.
  using Forward = std::function<void(std::vector<Event>, BatchAnswer)>;
  kj::Promise<std::vector<EventResult>> submit(Inbox& inbox, Atomic atomic, const Forward& forward);

 private:
  std::vector<EventResult> merged(std::vector<EventResult> answered);
  std::vector<Event> events_;
  std::vector<std::optional<Refusal>> refused_;  // one for each event; nothing: it is in events_
};

// The refusal that speaks for a whole call: every event asked about was refused with the same code, and
// the code says nothing about events (busy, sealed, stopping, no-space, wrong-role).
std::optional<Refusal> refusalOfAll(const std::vector<EventResult>& results);

}  // namespace lacuna
