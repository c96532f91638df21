// The capabilities of gate.capnp over daemon/service.h: one class a role, one method a method.
#pragma once

#include "daemon/rpc/message_stream.h"
#include "daemon/rpc/translate.h"
#include "daemon/server/session.h"

#include <gate.capnp.h>

namespace lacuna {

// What the capabilities of one connection share. Capabilities and calls hold it; it outlives the
// connection's stream when a call does.
class RpcPeer final : public kj::Refcounted {
 public:
  explicit RpcPeer(kj::Own<Session> session) : session_(kj::mv(session)) {}

  Session& session() { return *session_; }
  Host& host() { return session_->host(); }
  CallCount& calls() { return calls_; }
  std::size_t& cursors() { return cursors_; }
  std::size_t& handOuts() { return handOuts_; }

  // Refuses an answer that is too large at all, or too much beside what the client leaves unread.
  std::optional<Refusal> refusalOfAnswer(std::size_t bytes);

  // Borrowed while the connection stands; close() before the stream goes.
  void open(BoundedMessageStream& stream) { stream_ = stream; }
  void close() { stream_ = nullptr; }

 private:
  kj::Own<Session> session_;
  CallCount calls_;
  std::size_t cursors_ = 0, handOuts_ = 0;
  kj::Maybe<BoundedMessageStream&> stream_;
};

// A capability's hold on its connection, counted while the client keeps it or its answer.
class HandOut {
 public:
  explicit HandOut(kj::Own<RpcPeer> peer) : peer_(kj::mv(peer)) { ++peer_->handOuts(); }
  ~HandOut() { --peer_->handOuts(); }
  KJ_DISALLOW_COPY(HandOut);
  RpcPeer* operator->() { return peer_.get(); }
  RpcPeer& operator*() { return *peer_; }
  RpcPeer* get() { return peer_.get(); }

 private:
  kj::Own<RpcPeer> peer_;
};

wire::Gate::Client newGate(kj::Own<RpcPeer> peer);
wire::Recorder::Client newRecorder(kj::Own<RpcPeer> peer);
wire::Auditor::Client newAuditor(kj::Own<RpcPeer> peer);
wire::Officer::Client newOfficer(kj::Own<RpcPeer> peer);
wire::Operator::Client newOperator(kj::Own<RpcPeer> peer);

// ---- what their methods are made of

// Runs `work(caller)` if the peer holds the role right now; else the answer is the refusal.
template <typename Context, typename Work>
kj::Promise<void> asRole(RpcPeer& peer, Role role, Context context, Work work) {
  return guarded([&]() -> kj::Promise<void> {
    CallCount::Running running(peer.calls());
    auto caller = peer.session().callerAs(role);
    if (!caller) {
      putRefusal(context.getResults(), caller.refusal());
      return kj::READY_NOW;
    }
    kj::Promise<void> done = work(std::move(*caller));
    // The count lives in the peer: it must go first.
    return done.attach(kj::mv(running)).attach(kj::addRef(peer));
  });
}

// Puts one text or one blob, if it may be sent.
template <typename Context, typename Value>
void answerWith(RpcPeer& peer, Context& context, const Result<Value>& result) {
  if (result) {
    if (const auto refused = peer.refusalOfAnswer(result->size())) {
      putRefusal(context.getResults(), *refused);
      return;
    }
    put(context.getResults(sizeOfBytes(result->size())), result);
  } else {
    putRefusal(context.getResults(), result.refusal());
  }
}

// Reads a list of events at the edge: bounds and shape, one result each.
Result<Batch> batchOf(capnp::List<schema::Event>::Reader events);

// Answers a batch: one result each, or one refusal for all.
template <typename Context>
void answerBatch(Context& context, const std::vector<EventResult>& results) {
  if (const auto all = refusalOfAll(results)) {
    putRefusal(context.getResults(), *all);
  } else {
    put(context.getResults(sizeOf(results)), results);
  }
}

}  // namespace lacuna
