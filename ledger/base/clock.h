// Time and luck come through constructors, so that one seed replays a test.
#pragma once

#include "ledger/base/bytes.h"

#include <chrono>
#include <cstdint>
#include <span>

namespace lacuna {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;  // the unit of every stored time

inline std::uint64_t millisOf(Instant t) {
  return static_cast<std::uint64_t>(t.time_since_epoch().count());
}
inline Instant instantOf(std::uint64_t millis) {
  return Instant(std::chrono::milliseconds(static_cast<std::int64_t>(millis)));
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;  // thread-safe
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;  // thread-safe
};

const Clock& systemClock();
Entropy& systemEntropy();  // libsodium's; for nonces, tags and seeds

}  // namespace lacuna
