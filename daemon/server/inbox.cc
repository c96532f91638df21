#include "daemon/server/inbox.h"

#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace lacuna {
namespace {

int newEventFd() {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw Fault("no event descriptor is left");
  return fd;
}

}  // namespace

Inbox::Inbox(kj::LowLevelAsyncIoProvider& io)
    : wakeFd_(newEventFd()),
      wake_(io.wrapInputFd(wakeFd_, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP |
                                        kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC |
                                        kj::LowLevelAsyncIoProvider::ALREADY_NONBLOCK)),
      receiving_(receive().eagerlyEvaluate(nullptr)) {}

Inbox::~Inbox() noexcept(false) = default;

void Inbox::post(std::uint64_t id, std::unique_ptr<Parcel> parcel) {
  const std::lock_guard lock(mutex_);
  posted_.emplace_back(id, std::move(parcel));
  if (posted_.size() > 1) return;  // the loop is woken already
  const std::uint64_t one = 1;
  // Under the mutex, so that the descriptor is not closed between the two steps. An eventfd at its
  // limit would be readable anyway, so a failed write loses no wake-up.
  [[maybe_unused]] const ssize_t written = write(wakeFd_, &one, sizeof one);
}

kj::Promise<void> Inbox::receive() {
  return wake_->read(&wakeCount_, sizeof wakeCount_).then([this]() {
    handOut();
    return receive();
  });
}

void Inbox::handOut() {
  std::vector<std::pair<std::uint64_t, std::unique_ptr<Parcel>>> parcels;
  {
    const std::lock_guard lock(mutex_);
    parcels.swap(posted_);
  }
  for (auto& [id, parcel] : parcels) {
    const auto found = waiting_.find(id);
    LACUNA_ASSERT(found != waiting_.end(), "an answer came twice");
    const auto slot = std::move(found->second);
    waiting_.erase(found);
    if (parcel->fault) {
      slot->fail(*parcel->fault);
    } else {
      slot->deliver(*parcel);
    }
  }
}

}  // namespace lacuna
