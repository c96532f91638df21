// SHA-256 of what comes in pieces, such as a file that is being written.
#pragma once

#include "ledger/base/bytes.h"

#include <memory>

namespace lacuna {

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  void add(ByteView bytes);
  std::uint64_t size() const { return size_; }
  ByteArray<32> hash() const;  // of everything added so far

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::uint64_t size_ = 0;
};

}  // namespace lacuna
