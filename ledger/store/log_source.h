// The log as the verifier reads it (proof/verify.h): whatever stands there, damage left out.
#pragma once

#include "ledger/proof/verify.h"
#include "ledger/store/store.h"

namespace lacuna {

// Promise: scan() and tile() never throw for damaged bytes: what does not read is not visited.
// Thread:  any. Borrowed: the store outlives it. The size is the store's when this was made.
class StoreLogSource final : public LogSource {
 public:
  explicit StoreLogSource(const Store& store);

  TreeSize size() const override { return size_; }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override;
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override;
  std::optional<Bytes> document(const DocumentHash& hash) const override;
  bool hasEnvelopes() const override { return true; }

  // Every checkpoint in the log, by size.
  std::vector<std::string> checkpoints() const;

 private:
  const Store& store_;
  TreeSize size_;
};

}  // namespace lacuna
