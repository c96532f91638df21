#include "tools/remote_log.h"

#include "ledger/base/fault.h"
#include "tools/console.h"

#include <kj/debug.h>

#include <future>
#include <thread>

namespace lacuna::tool {
namespace {

constexpr std::uint32_t kPage = 1024;  // what the daemon gives at most

// A question that the daemon refuses while the log is being read: nothing can be said any more.
[[noreturn]] void fail(const Refusal& refusal) { throw Fault("the daemon " + sentenceOf(refusal)); }

bool absent(RefusalCode code) {
  return code == RefusalCode::notFound || code == RefusalCode::notPublished;
}

template <typename Outcome>
std::optional<Refusal> refusalIn(const Outcome& answer) {
  if (answer.isRefusal()) return refusalOf(answer.getRefusal());
  KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
  return std::nullopt;
}

Bytes bytesOfData(capnp::Data::Reader data) { return {data.begin(), data.end()}; }

}  // namespace

// The connection and the thread of its loop.
class RemoteLog::Line {
 public:
  explicit Line(const std::string& address) {
    std::promise<void> ready;
    std::future<void> begun = ready.get_future();
    thread_ = std::thread([this, address, &ready] { serve(address, ready); });
    try {
      begun.get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    if (refused_ == std::nullopt) executor_->executeSync([this] { stop_->fulfill(); });
    thread_.join();
  }

  const std::optional<Refusal>& refused() const { return refused_; }

  // Runs `ask(auditor)`, which gives a promise of a plain value, on the loop; waits for the value.
  template <typename Ask>
  auto call(Ask&& ask) const {
    return executor_->executeSync([&] { return ask(*auditor_); });
  }

 private:
  void serve(const std::string& address, std::promise<void>& ready) {
    bool told = false;
    try {
      Loop loop;
      Connection connection(loop, address);
      auto auditor = connection.auditor();
      if (!auditor) {
        refused_ = auditor.refusal();
        ready.set_value();
        return;
      }
      auditor_ = &*auditor;
      executor_ = kj::getCurrentThreadExecutor().addRef();
      auto stop = kj::newPromiseAndFulfiller<void>();
      stop_ = kj::mv(stop.fulfiller);
      told = true;
      ready.set_value();
      stop.promise.wait(loop.wait());
    } catch (...) {
      if (!told) ready.set_exception(std::current_exception());
    }
  }

  std::thread thread_;
  std::optional<Refusal> refused_;
  // Set before `ready` is told, read by others only after it.
  wire::Auditor::Client* auditor_ = nullptr;
  kj::Own<const kj::Executor> executor_;
  kj::Own<kj::PromiseFulfiller<void>> stop_;
};

RemoteLog::RemoteLog(std::unique_ptr<Line> line) : line_(std::move(line)) {}
RemoteLog::~RemoteLog() = default;

Result<std::unique_ptr<RemoteLog>> RemoteLog::open(const std::string& address) {
  auto line = std::make_unique<Line>(address);
  if (line->refused()) return *line->refused();
  std::unique_ptr<RemoteLog> log(new RemoteLog(std::move(line)));
  std::optional<Refusal> refusal;
  log->line_->call([&](wire::Auditor::Client& auditor) {
    return auditor.checkpointRequest().send().then([&](auto&& answer) {
      refusal = refusalIn(answer);
      if (!refusal) log->checkpoint_.assign(answer.getOk().begin(), answer.getOk().size());
    });
  });
  if (refusal) return *refusal;
  const Result<SignedNote> note = parseNote(log->checkpoint_);
  if (!note) return note.refusal();
  log->size_ = note->checkpoint.size;
  return log;
}

std::vector<std::string> RemoteLog::checkpoints(std::size_t countMax) const {
  std::vector<std::string> out;
  std::uint64_t from = 0;
  while (out.size() < countMax) {
    std::vector<std::string> page;
    std::optional<Refusal> refusal;
    line_->call([&](wire::Auditor::Client& auditor) {
      auto request = auditor.checkpointsRequest();
      request.setFrom(from);
      request.setCount(kPage);
      return request.send().then([&](auto&& answer) {
        refusal = refusalIn(answer);
        if (refusal) return;
        for (const auto note : answer.getOk()) page.emplace_back(note.begin(), note.size());
      });
    });
    if (refusal) fail(*refusal);
    for (std::string& text : page) {
      const Result<SignedNote> note = parseNote(text);
      const std::uint64_t size = note ? note->checkpoint.size.raw() : from;
      if (size > size_.raw() || out.size() == countMax)
        return out;  // newer than what is being read
      from = std::max(from, size + 1);
      out.push_back(std::move(text));  // one that is no note is the verifier's to find
    }
    if (page.empty()) return out;
  }
  return out;
}

void RemoteLog::scan(Seq first, TreeSize end,
                     const std::function<bool(const LogEntry&)>& visit) const {
  std::uint64_t at = first.raw();
  const std::uint64_t stop = std::min(end, size_).raw();
  while (at < stop) {
    std::vector<Bytes> page;
    std::optional<Refusal> refusal;
    line_->call([&](wire::Auditor::Client& auditor) {
      auto request = auditor.recordsRequest();
      request.setFirst(at);
      request.setCount(static_cast<std::uint32_t>(std::min<std::uint64_t>(kPage, stop - at)));
      return request.send().then([&](auto&& answer) {
        refusal = refusalIn(answer);
        if (refusal) return;
        for (const auto record : answer.getOk()) page.push_back(bytesOfData(record));
      });
    });
    if (refusal && !absent(refusal->code)) fail(*refusal);
    if (page.empty()) return;  // the verifier finds what is missing
    for (const Bytes& record : page) {
      if (at == stop || !visit({Seq(at++), record, std::nullopt})) return;
    }
  }
}

std::optional<Bytes> RemoteLog::tile(unsigned level, std::uint64_t index, unsigned width) const {
  std::optional<Bytes> out;
  std::optional<Refusal> refusal;
  line_->call([&](wire::Auditor::Client& auditor) {
    auto request = auditor.tileRequest();
    request.setLevel(static_cast<std::uint8_t>(level));
    request.setIndex(index);
    request.setWidth(static_cast<std::uint16_t>(width));
    return request.send().then([&](auto&& answer) {
      refusal = refusalIn(answer);
      if (!refusal) out = bytesOfData(answer.getOk());
    });
  });
  if (refusal && !absent(refusal->code)) fail(*refusal);
  return out;
}

std::optional<Bytes> RemoteLog::document(const DocumentHash& hash) const {
  std::optional<Bytes> out;
  std::optional<Refusal> refusal;
  line_->call([&](wire::Auditor::Client& auditor) {
    auto request = auditor.documentRequest();
    request.setHash(kj::arrayPtr(hash.bytes.data(), hash.bytes.size()));
    return request.send().then([&](auto&& answer) {
      refusal = refusalIn(answer);
      if (!refusal) out = bytesOfData(answer.getOk());
    });
  });
  if (refusal && !absent(refusal->code)) fail(*refusal);
  return out;
}

}  // namespace lacuna::tool
