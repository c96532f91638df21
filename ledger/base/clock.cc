#include "ledger/base/clock.h"

#include <sodium.h>

namespace lacuna {
namespace {

class SystemClock final : public Clock {
 public:
  Instant now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

class SystemEntropy final : public Entropy {
 public:
  SystemEntropy() { LACUNA_ASSERT(sodium_init() >= 0, "libsodium cannot start"); }
  void fill(std::span<std::uint8_t> out) override {
    if (!out.empty()) randombytes_buf(out.data(), out.size());
  }
};

}  // namespace

const Clock& systemClock() {
  static const SystemClock clock;
  return clock;
}

Entropy& systemEntropy() {
  static SystemEntropy entropy;
  return entropy;
}

}  // namespace lacuna
