// The daemon's log as an auditor's verifier reads it: pages of records over the wire, nothing kept.
#pragma once

#include "ledger/proof/verify.h"
#include "tools/connection.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lacuna::tool {

// Promise: every answer is the daemon's own, unjudged. Memory: one page per scanning thread.
// Failure: a fault, a refusal or a lost connection throws; then nothing can be said about the log.
// Thread:  any; the connection lives on a thread of its own.
class RemoteLog final : public LogSource {
 public:
  // Refuses wrong-role, and what the daemon refuses. Throws when nobody answers.
  static Result<std::unique_ptr<RemoteLog>> open(const std::string& address);
  ~RemoteLog() override;

  const std::string& checkpoint() const { return checkpoint_; }  // shown when this was opened
  // Kept checkpoints within size(), ascending, at most `countMax` of them.
  std::vector<std::string> checkpoints(std::size_t countMax) const;

  TreeSize size() const override { return size_; }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override;
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override;
  std::optional<Bytes> document(const DocumentHash& hash) const override;
  bool hasEnvelopes() const override { return false; }

 private:
  class Line;
  explicit RemoteLog(std::unique_ptr<Line> line);

  std::unique_ptr<Line> line_;
  std::string checkpoint_;
  TreeSize size_;
};

}  // namespace lacuna::tool
