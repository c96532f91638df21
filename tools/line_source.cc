#include "tools/line_source.h"

#include "ledger/base/fault.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace lacuna::tool {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

}  // namespace

bool LineSource::takeLine(Line& line) {
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end != std::string::npos) {
    const std::string_view text = std::string_view(buffer_).substr(start_, end - start_);
    line = {++number_, text.substr(0, kLineBytesKept), passing_ || text.size() > kLineBytesKept};
    passing_ = false;
    start_ = scanned_ = end + 1;
    return true;
  }
  if (buffer_.size() - start_ > kLineBytesKept) {
    // Its beginning stays in the buffer, the rest is dropped as it comes.
    passing_ = true;
    buffer_.resize(start_ + kLineBytesKept);
  }
  scanned_ = buffer_.size();
  if (!ended_ || start_ == buffer_.size()) return false;
  line = {++number_, std::string_view(buffer_).substr(start_), passing_};
  start_ = buffer_.size();
  return true;
}

LineSource::Read LineSource::readMore() {
  pollfd ready{fd_, POLLIN, 0};
  const int found = ::poll(&ready, 1, 0);
  if (found == 0 || (found < 0 && errno == EINTR)) return Read::none;
  if (start_ > 0) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
  }
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const ssize_t n = ::read(fd_, buffer_.data() + before, kReadBytes);
  buffer_.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
  if (n > 0) return Read::some;
  if (n == 0) return Read::end;
  if (errno == EINTR || errno == EAGAIN) return Read::none;
  throw Fault("the input cannot be read");
}

LineSource::State LineSource::next(Line& line) {
  for (;;) {
    if (takeLine(line)) return State::line;
    if (ended_) return State::end;
    switch (readMore()) {
      case Read::none:
        return State::later;
      case Read::end:
        ended_ = true;
        break;
      case Read::some:
        break;
    }
  }
}

}  // namespace lacuna::tool
