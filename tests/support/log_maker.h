// Logs of invented events, for tests of the store: records that link, envelopes of noise.
#pragma once

#include "ledger/store/store.h"

#include <random>
#include <string>

namespace lacuna {

struct GroupShape {
  std::size_t events = 1;
  std::size_t envelopeBytes = 60;
  unsigned envelopesOf4 = 4;  // so many of four events have one
  unsigned idsOf4 = 2;
  bool computed = true;  // tags and leaves are given along
};

// Makes groups that continue one another. Everything follows from the seed.
class LogMaker {
 public:
  explicit LogMaker(std::uint64_t seed) : random_(seed) {}
  Group next(const GroupShape& shape);

  std::uint64_t size() const { return size_; }
  LedgerId ledger() const;

 private:
  Bytes noise(std::size_t size);
  std::mt19937_64 random_;
  std::uint64_t size_ = 0;
  LeafHash last_{};
};

// The tag and the id of seq `seq`, the same whatever the group's shape.
Tag madeTag(std::uint64_t seq);
IdEntry madeId(std::uint64_t seq);

}  // namespace lacuna
