// Where answers made on other threads reach the event loop.
//
// expect() gives a promise and a callback; the callback may be called on any thread, once, and
// wakes the loop through an eventfd. Answers that come together are handled in one wake-up.
// Thread: everything on the loop's thread but the callbacks.
// Lifetime: outlives every callback it handed out: stop the service and the workers first.
#pragma once

#include "ledger/base/fault.h"

#include <kj/async-io.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lacuna {

// The "file" of exceptions whose description is a sentence of ours, fit to be shown to clients.
inline constexpr const char* kFaultSentence = "lacunad";

class Inbox {
 public:
  explicit Inbox(kj::LowLevelAsyncIoProvider& io);
  ~Inbox() noexcept(false);
  KJ_DISALLOW_COPY(Inbox);

  template <typename T>
  struct Awaited {
    kj::Promise<T> answer;
    std::function<void(T)> done;
    std::function<void(std::string)> failed;  // instead of done: rejects with this sentence
  };

  // Dropping the promise gives up the answer, not the work.
  template <typename T>
  Awaited<T> expect() {
    const std::uint64_t id = ++lastId_;
    auto paf = kj::newPromiseAndFulfiller<T>();
    waiting_.emplace(id, std::make_unique<SlotOf<T>>(kj::mv(paf.fulfiller)));
    return {kj::mv(paf.promise),
            [this, id](T value) { post(id, std::make_unique<ParcelOf<T>>(std::move(value))); },
            [this, id](std::string why) {
              auto parcel = std::make_unique<Parcel>();
              parcel->fault = std::move(why);
              post(id, std::move(parcel));
            }};
  }

  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Parcel {
    virtual ~Parcel() = default;
    std::optional<std::string> fault;
  };
  template <typename T>
  struct ParcelOf final : Parcel {
    explicit ParcelOf(T v) : value(std::move(v)) {}
    T value;
  };
  struct Slot {
    virtual ~Slot() noexcept(false) {}
    virtual void deliver(Parcel& parcel) = 0;
    virtual void fail(const std::string& why) = 0;
  };
  template <typename T>
  struct SlotOf final : Slot {
    explicit SlotOf(kj::Own<kj::PromiseFulfiller<T>> f) : fulfiller(kj::mv(f)) {}
    void deliver(Parcel& parcel) override {
      fulfiller->fulfill(std::move(static_cast<ParcelOf<T>&>(parcel).value));
    }
    void fail(const std::string& why) override {
      fulfiller->reject(kj::Exception(kj::Exception::Type::FAILED, kFaultSentence, 0,
                                      kj::heapString(why.c_str())));
    }
    kj::Own<kj::PromiseFulfiller<T>> fulfiller;
  };

  void post(std::uint64_t id, std::unique_ptr<Parcel> parcel);  // any thread
  kj::Promise<void> receive();
  void handOut();

  int wakeFd_ = -1;  // owned by wake_
  kj::Own<kj::AsyncInputStream> wake_;
  std::uint64_t wakeCount_ = 0;  // what the eventfd held; read into and not used
  std::uint64_t lastId_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Slot>> waiting_;

  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::unique_ptr<Parcel>>> posted_;  // under mutex_

  kj::Promise<void> receiving_;
};

}  // namespace lacuna
