// A published log in memory, as an auditor's service: any entries, signed by any key, shown up to any size.
#pragma once

#include "daemon/service.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/checkpoint.h"
#include "tests/support/trees.h"

#include <algorithm>
#include <mutex>

namespace lacuna::test {

class PublicLog final : public AuditorService {
 public:
  PublicLog(std::string origin, SigningKey key)
      : origin_(std::move(origin)), key_(std::move(key)) {}

  void append(Bytes entry) {
    const std::lock_guard lock(mutex_);
    tree_.append(leafHash(entry));
    entries_.push_back(std::move(entry));
  }
  void publish() {  // what was appended so far
    const std::lock_guard lock(mutex_);
    note_ = signNote({origin_, tree_.size(), tree_.root()}, key_);
  }
  Bytes& entry(std::size_t at) { return entries_[at]; }  // to spoil it
  VerifierKey key() const { return verifierKeyOf(origin_, key_.publicKey()); }

  std::string checkpoint() override {
    const std::lock_guard lock(mutex_);
    return note_;
  }
  std::string verifierKey() override { return textOf(key()); }
  Result<std::string> receipt(Seq) override {
    return Refusal{RefusalCode::notFound, "no receipts here"};
  }
  Result<std::vector<Bytes>> records(Seq first, std::uint32_t count) override {
    const std::lock_guard lock(mutex_);
    const auto from = entries_.begin() + static_cast<std::ptrdiff_t>(first.raw());
    return std::vector<Bytes>(from, from + static_cast<std::ptrdiff_t>(count));
  }
  Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) override {
    const std::lock_guard lock(mutex_);
    const auto tile = tree_.tile(level, index, width);
    if (!tile) return Refusal{RefusalCode::notPublished, "no such tile"};
    return *tile;
  }
  Result<Bytes> document(const DocumentHash&) override {
    return Refusal{RefusalCode::notFound, "no documents here"};
  }
  std::vector<std::string> checkpoints(TreeSize, std::uint32_t) override { return {}; }

 private:
  std::string origin_;
  SigningKey key_;
  std::mutex mutex_;
  std::vector<Bytes> entries_;
  MemoryTree tree_;
  std::string note_;
};

}  // namespace lacuna::test
