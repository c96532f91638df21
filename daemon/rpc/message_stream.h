// A connection's messages, with bounds that Cap'n Proto leaves to its user.
//
// Promise: no byte of a message's body is buffered before its size was taken from the principal's
//          allowance; a message that has begun arrives within Patience::message or the connection
//          ends, and so does one whose client takes nothing of an answer for as long; nothing more is
//          read while too many calls or unread answers stand. What the RPC system would keep for a
//          client is bounded too: questions never finished, capabilities sent to us.
// Failure: a malformed or oversize frame throws; the RPC system then ends the connection.
// Thread:  the loop's.
#pragma once

#include "daemon/server/session.h"

#include <capnp/serialize-async.h>
#include <kj/async-io.h>

#include <utility>

namespace lacuna {

// How many calls of a connection are being worked on, and who wants to know when one ends.
class CallCount {
 public:
  // Counts one call until it is destroyed.
  class Running {
   public:
    explicit Running(CallCount& count) : count_(&count) { ++count_->running_; }
    Running(Running&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    Running& operator=(Running&&) = delete;
    ~Running() {
      if (count_ != nullptr) count_->ended();
    }

   private:
    CallCount* count_;
  };

  std::size_t running() const { return running_; }
  kj::Promise<void> whenOneEnds();  // one waiter at a time

 private:
  void ended();
  std::size_t running_ = 0;
  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> waiter_;
};

class BoundedMessageStream final : public capnp::MessageStream {
 public:
  // Borrowed: all outlive the stream and the messages it reads.
  BoundedMessageStream(kj::AsyncIoStream& inner, Host& host, std::uint32_t principal,
                       CallCount& calls);

  using MessageStream::tryReadMessage;
  using MessageStream::writeMessage;
  using MessageStream::writeMessages;
  kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> tryReadMessage(
      kj::ArrayPtr<kj::AutoCloseFd> fdSpace, capnp::ReaderOptions options,
      kj::ArrayPtr<capnp::word> scratchSpace) override;
  kj::Promise<void> writeMessage(
      kj::ArrayPtr<const int> fds,
      kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) override;
  kj::Promise<void> writeMessages(
      kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) override;
  kj::Maybe<int> getSendBufferSize() override;
  kj::Promise<void> end() override;

  // The network's queue of outgoing bytes, looked at before each read and around each write.
  // Needs: set once, before the first read.
  void watchQueue(kj::Function<std::size_t()> unsentBytes) { unsentBytes_ = kj::mv(unsentBytes); }
  // Whether an answer of this size may be added to what the client has not read yet.
  bool mayAnswer(std::size_t bytes);

 private:
  class Message;
  struct Frame;

  kj::Promise<void> untilReadable();
  void inspect(capnp::MessageReader& message);
  kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> readFrame(capnp::ReaderOptions options);
  kj::Promise<void> readTable(Frame& frame);
  kj::Promise<void> readBody(Frame& frame);
  void accountUnsent();

  kj::AsyncIoStream& inner_;
  Host& host_;
  const std::uint32_t principal_;
  CallCount& calls_;
  kj::Function<std::size_t()> unsentBytes_ = []() -> std::size_t { return 0; };
  std::size_t questions_ = 0;  // asked and not finished: the RPC system remembers each of them
  Allowance::Share unsent_;    // of unsentBytes_(), as last looked at
  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> writeWaiter_;
};

}  // namespace lacuna
