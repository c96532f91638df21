#include "daemon/rpc/message_stream.h"

#include <capnp/rpc.capnp.h>
#include <kj/debug.h>

#include <algorithm>
#include <sys/socket.h>
#include <utility>

namespace lacuna {
namespace {

constexpr std::size_t kWord = sizeof(capnp::word);
constexpr kj::Duration kLookAgain = 100 * kj::MILLISECONDS;

std::uint32_t littleEndian32(const kj::byte* at) {
  return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
         static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

}  // namespace

kj::Promise<void> CallCount::whenOneEnds() {
  auto paf = kj::newPromiseAndFulfiller<void>();
  waiter_ = kj::mv(paf.fulfiller);
  return kj::mv(paf.promise);
}

void CallCount::ended() {
  --running_;
  KJ_IF_MAYBE(waiter, waiter_) {
    auto fulfiller = kj::mv(*waiter);
    waiter_ = nullptr;
    fulfiller->fulfill();
  }
}

// What is known of a message while it arrives.
struct BoundedMessageStream::Frame {
  kj::byte start[kWord];      // segment count less one, first segment's size
  kj::Array<kj::byte> table;  // the other sizes, padded
  kj::Vector<std::uint32_t> segmentWords;
  std::size_t totalWords = 0;
  kj::Array<capnp::word> body;
  Allowance::Share share;
};

class BoundedMessageStream::Message final : public capnp::MessageReader {
 public:
  Message(kj::Own<Frame> frame, capnp::ReaderOptions readerOptions)
      : MessageReader(readerOptions), frame_(kj::mv(frame)) {
    std::size_t at = 0;
    for (const std::uint32_t words : frame_->segmentWords) {
      segments_.add(frame_->body.slice(at, at + words));
      at += words;
    }
  }
  kj::ArrayPtr<const capnp::word> getSegment(kj::uint id) override {
    return id < segments_.size() ? segments_[id] : kj::ArrayPtr<const capnp::word>(nullptr);
  }

 private:
  kj::Own<Frame> frame_;
  kj::Vector<kj::ArrayPtr<const capnp::word>> segments_;
};

BoundedMessageStream::BoundedMessageStream(kj::AsyncIoStream& inner, Host& host,
                                           std::uint32_t principal, CallCount& calls)
    : inner_(inner), host_(host), principal_(principal), calls_(calls) {}

void BoundedMessageStream::accountUnsent() {
  unsent_ = host_.meter.unsent.note(principal_, unsentBytes_());
}

bool BoundedMessageStream::mayAnswer(std::size_t bytes) {
  accountUnsent();
  const std::size_t queued = unsent_.amount();
  if (queued > 0 && queued + bytes > kUnsentBytesPerConnectionMax) return false;
  return host_.meter.unsent.has(principal_, bytes);
}

kj::Promise<void> BoundedMessageStream::untilReadable() {
  accountUnsent();
  if (calls_.running() >= kCallsPerConnectionMax) {
    return calls_.whenOneEnds().then([this]() { return untilReadable(); });
  }
  if (unsent_.amount() > kUnsentBytesPerConnectionMax) {
    // The network takes a message off its queue a moment after the write: hence the second look.
    auto paf = kj::newPromiseAndFulfiller<void>();
    writeWaiter_ = kj::mv(paf.fulfiller);
    return paf.promise.exclusiveJoin(host_.timer.afterDelay(kLookAgain)).then([this]() {
      return untilReadable();
    });
  }
  return kj::READY_NOW;
}

kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> BoundedMessageStream::tryReadMessage(
    kj::ArrayPtr<kj::AutoCloseFd>, capnp::ReaderOptions options, kj::ArrayPtr<capnp::word>) {
  return untilReadable().then([this, options]() { return readFrame(options); });
}

kj::Promise<kj::Maybe<capnp::MessageReaderAndFds>> BoundedMessageStream::readFrame(
    capnp::ReaderOptions options) {
  using Read = kj::Maybe<capnp::MessageReaderAndFds>;
  auto frame = kj::heap<Frame>();
  Frame& f = *frame;
  // An idle client may wait for ever before its next message, but not within one.
  return inner_.tryRead(f.start, 1, kWord)
      .then([this, options, frame = kj::mv(frame)](std::size_t got) mutable -> kj::Promise<Read> {
        if (got == 0) return Read(nullptr);
        Frame& begun = *frame;
        auto rest = inner_.read(begun.start + got, kWord - got)
                        .then([this, &begun]() { return readTable(begun); })
                        .then([this, &begun]() { return readBody(begun); });
        return host_.timer.timeoutAfter(durationOf(host_.patience.message), kj::mv(rest))
            .then([this, options, frame = kj::mv(frame)]() mutable -> Read {
              kj::Own<capnp::MessageReader> reader = kj::heap<Message>(kj::mv(frame), options);
              inspect(*reader);
              return capnp::MessageReaderAndFds{kj::mv(reader), nullptr};
            });
      });
}

void BoundedMessageStream::inspect(capnp::MessageReader& message) {
  const auto root = message.getRoot<capnp::rpc::Message>();
  switch (root.which()) {
    case capnp::rpc::Message::CALL:
      KJ_REQUIRE(root.getCall().getParams().getCapTable().size() <= kCapabilitiesPerMessageMax,
                 "the message brings too many capabilities");
      ++questions_;
      break;
    case capnp::rpc::Message::BOOTSTRAP:
      ++questions_;
      break;
    case capnp::rpc::Message::FINISH:
      if (questions_ > 0) --questions_;
      break;
    default:
      break;
  }
  // Not waiting: the client's Finish stands behind what we would no longer read.
  KJ_REQUIRE(questions_ <= kQuestionsPerConnectionMax, "too many questions are not finished");
}

kj::Promise<void> BoundedMessageStream::readTable(Frame& frame) {
  const std::size_t count = std::size_t{littleEndian32(frame.start)} + 1;
  KJ_REQUIRE(count <= kMessageSegmentsMax, "the message has too many segments");
  frame.segmentWords.add(littleEndian32(frame.start + 4));
  // Sizes two to the last; padded, so that with the first word the table ends on a word.
  frame.table = kj::heapArray<kj::byte>(count / 2 * kWord);
  return inner_.read(frame.table.begin(), frame.table.size());
}

kj::Promise<void> BoundedMessageStream::readBody(Frame& frame) {
  const std::size_t count = std::size_t{littleEndian32(frame.start)} + 1;
  for (std::size_t i = 1; i < count; ++i) {
    frame.segmentWords.add(littleEndian32(frame.table.begin() + (i - 1) * 4));
  }
  for (const std::uint32_t words : frame.segmentWords) frame.totalWords += words;
  KJ_REQUIRE(frame.totalWords <= kMessageBytesMax / kWord, "the message is too large");
  return host_.meter.held.take(principal_, frame.totalWords * kWord)
      .then([this, &frame](Allowance::Share share) {
        frame.share = kj::mv(share);
        frame.body = kj::heapArray<capnp::word>(frame.totalWords);
        return inner_.read(frame.body.begin(), frame.body.size() * kWord);
      });
}

kj::Promise<void> BoundedMessageStream::writeMessage(
    kj::ArrayPtr<const int>, kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments) {
  accountUnsent();
  // A client that takes nothing for so long is not coming back: its answers are given up.
  auto written = host_.timer.timeoutAfter(durationOf(host_.patience.message),
                                          capnp::writeMessage(inner_, segments));
  return written.then([this]() {
    accountUnsent();
    KJ_IF_MAYBE(waiter, writeWaiter_) {
      (*waiter)->fulfill();
      writeWaiter_ = nullptr;
    }
  });
}

kj::Promise<void> BoundedMessageStream::writeMessages(
    kj::ArrayPtr<kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>> messages) {
  if (messages.size() == 0) return kj::READY_NOW;
  return writeMessage(nullptr, messages[0]).then([this, messages]() mutable {
    return writeMessages(messages.slice(1, messages.size()));
  });
}

kj::Maybe<int> BoundedMessageStream::getSendBufferSize() {
  int size = 0;
  kj::uint length = sizeof size;
  inner_.getsockopt(SOL_SOCKET, SO_SNDBUF, &size, &length);
  return size;
}

kj::Promise<void> BoundedMessageStream::end() {
  inner_.shutdownWrite();
  return kj::READY_NOW;
}

}  // namespace lacuna
