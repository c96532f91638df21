#include "daemon/rpc/line_cursor.h"

#include "ledger/crypto/secret.h"

#include <algorithm>

namespace lacuna {
namespace {

std::size_t wireBytes(const std::string& line) { return line.size() + 1 + 8 + 7; }

void wipeLine(std::string& line) {
  wipe({reinterpret_cast<std::uint8_t*>(line.data()), line.size()});
}

// Lines of one answer, given out once, in order.
class LineQueue {
 public:
  explicit LineQueue(std::vector<std::string> lines) : lines_(std::move(lines)) {
    for (const auto& line : lines_) bytesLeft_ += wireBytes(line);
  }
  LineQueue(LineQueue&& other) noexcept = default;
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;
  LineQueue& operator=(LineQueue&&) = delete;
  ~LineQueue() { clear(); }

  std::size_t count() const { return lines_.size(); }
  std::size_t bytesLeft() const { return bytesLeft_; }
  bool empty() const { return next_ == lines_.size(); }

  // How many lines the next page has, and their bytes: at least one, more while they fit.
  std::pair<unsigned, std::size_t> nextPage() const {
    unsigned lines = 0;
    std::size_t bytes = 0;
    for (std::size_t i = next_; i < lines_.size(); ++i) {
      if (lines > 0 && bytes + wireBytes(lines_[i]) > kPageBytesMax) break;
      bytes += wireBytes(lines_[i]);
      ++lines;
    }
    return {lines, bytes};
  }
  void take(capnp::List<capnp::Text>::Builder out) {
    for (unsigned i = 0; i < out.size(); ++i) {
      auto& line = lines_[next_++];
      out.set(i, borrow(line));
      bytesLeft_ -= wireBytes(line);
      wipeLine(line);
    }
  }
  void clear() {
    for (auto& line : lines_) wipeLine(line);
    lines_.clear();
    next_ = bytesLeft_ = 0;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t next_ = 0, bytesLeft_ = 0;
};

class CursorServer final : public wire::LineCursor::Server {
 public:
  CursorServer(kj::Own<RpcPeer> peer, Role role, LineQueue lines, Allowance::Share share)
      : peer_(kj::mv(peer)),
        role_(role),
        lines_(std::move(lines)),
        share_(kj::mv(share)),
        lease_(peer_->host()
                   .timer.afterDelay(durationOf(peer_->host().patience.answerLease))
                   .then([this]() { expire(); })
                   .eagerlyEvaluate(nullptr)) {
    ++peer_->cursors();
  }
  ~CursorServer() noexcept(false) { --peer_->cursors(); }
  KJ_DISALLOW_COPY(CursorServer);

  kj::Promise<void> next(NextContext context) override {
    return asRole(*peer_, role_, context, [&](Caller) -> kj::Promise<void> {
      if (expired_) {
        putRefusal(context.getResults(),
                   Refusal{RefusalCode::incomplete,
                           "The rest of this answer was not fetched in time; ask again."});
        return kj::READY_NOW;
      }
      const auto [count, bytes] = lines_.nextPage();
      if (const auto refused = peer_->refusalOfAnswer(bytes)) {
        putRefusal(context.getResults(), *refused);
        return kj::READY_NOW;
      }
      auto page = context.getResults(sizeOfBytes(bytes)).initOk();
      lines_.take(page.initLines(count));
      page.setDone(lines_.empty());
      return kj::READY_NOW;
    });
  }

 private:
  void expire() {
    expired_ = true;
    lines_.clear();
    share_ = {};
  }

  kj::Own<RpcPeer> peer_;
  const Role role_;
  LineQueue lines_;
  Allowance::Share share_;
  bool expired_ = false;
  kj::Promise<void> lease_;
};

Refusal busyWithAnswers() {
  return {RefusalCode::busy,
          "Too many answers are kept for you; fetch or drop them first.",
          {},
          kBusyRetryAfter};
}

}  // namespace

std::optional<Refusal> putLines(RpcPeer& peer, Role role, std::vector<std::string> lines,
                                kj::Function<wire::Lines::Builder(std::size_t bytes)> initLines) {
  LineQueue queue(std::move(lines));
  if (queue.bytesLeft() > kAnswerBytesMax) {
    return Refusal{RefusalCode::tooLarge,
                   "The answer is too large; ask for a part of it (a class, a purpose, from, to)."};
  }
  const auto [count, bytes] = queue.nextPage();
  if (auto refused = peer.refusalOfAnswer(bytes)) return refused;

  kj::Maybe<Allowance::Share> share;
  const bool more = count < queue.count();
  if (more) {
    if (peer.cursors() >= kCursorsPerConnectionMax) return busyWithAnswers();
    share = peer.host().meter.held.tryTake(peer.session().principal(), queue.bytesLeft() - bytes);
    if (share == nullptr) return busyWithAnswers();
  }
  auto out = initLines(bytes);
  out.setTotal(queue.count());
  queue.take(out.initLines(count));
  KJ_IF_MAYBE(held, share) {
    out.setRest(kj::heap<CursorServer>(kj::addRef(peer), role, std::move(queue), kj::mv(*held)));
  }
  return std::nullopt;
}

}  // namespace lacuna
