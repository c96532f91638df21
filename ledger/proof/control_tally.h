// What an auditor recomputes of a control report (FORMAT.md 12): totals and erasures, from public records alone.
//
// Bounds:  kControlErasuresMax erasures and as many access records at once, kControlStepsMax steps each.
// Thread:  one at a time; no I/O.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/record/bodies.h"

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lacuna {

inline constexpr std::size_t kControlErasuresMax = 4096;
inline constexpr std::size_t kControlStepsMax = 64;
inline constexpr std::size_t kControlGrantsMax = 20'000;  // of the whole log

struct ControlStep {
  ErasureStep step = ErasureStep::received;
  Seq seq;
  Instant at{};
  std::uint8_t holder = 0;  // of `destroyed` only
  Instant destroyedAt{};
  bool operator==(const ControlStep&) const = default;
};

struct ControlErasure {
  ErasureId erasure;
  Ground ground = Ground::unstated;
  bool request = false;  // of a person or a list, and not of the ledger's own
  std::vector<ControlStep> steps;

  // What its case adds, where that still lives.
  std::uint64_t caseNumber = 0;  // 0: none
  std::string scope;             // person, classes, list, event, retention
  std::optional<std::uint32_t> askedBy, approvedBy;
  std::vector<std::string> approverRoles;
  std::string dueHouse, dueStatute;  // dates

  const ControlStep* find(ErasureStep step) const;
  // When its first step of these was recorded: committed, refused, cancelled.
  std::optional<Instant> answeredAt() const;
  // Without what its case adds.
  ControlErasure publicPart() const;
  bool operator==(const ControlErasure&) const = default;
};

struct ControlAccess {
  Seq seq;
  Instant at{};
  AccessBody body;
  bool operator==(const ControlAccess&) const = default;
};

using ControlCounts = std::map<std::string, std::uint64_t>;

struct ControlPublic {
  Seq first;           // the records of the time are [first, end)
  TreeSize end, size;  // size: all that was looked at
  ControlCounts totals;
  std::vector<ControlAccess> access;
  std::vector<ControlErasure> erasures;
  bool operator==(const ControlPublic&) const = default;
};

class ControlTally {
 public:
  // The time [begins, ends).
  ControlTally(Instant begins, Instant ends) : begins_(begins), ends_(ends) {}

  // The records of a log, from the first on. Refuses tampered (one that does not follow the format, or is dated
  // before the one before it) and too-many. After a refusal nothing can be said.
  Outcome add(ByteView record);

  ControlPublic take();  // once
  // What the last grant to this principal below `seq` gave; a revoked one still counts for what was before.
  std::vector<std::string> rolesAt(std::uint32_t principal, Seq seq) const;

 private:
  Outcome addErasure(Seq seq, Instant at, ByteView body);
  Outcome addAccess(Seq seq, Instant at, ByteView body);
  Outcome addReading(ByteView body);
  void count(std::string_view group, std::string_view name);
  bool within(Instant at) const { return at >= begins_ && at < ends_; }

  Instant begins_, ends_;
  Instant last_{};
  ControlPublic out_;
  bool counting_ = false;  // the record at hand lies in the time
  std::array<std::uint64_t, 256> kinds_{};
  std::map<ErasureId, ControlErasure> erasures_;
  std::map<std::uint32_t, std::vector<std::pair<Seq, std::uint8_t>>> grants_;
  std::size_t grantsHeld_ = 0;
};

// Which records a report proves: the algorithm of FORMAT.md 12. Needs: sampleSeedValid(seed), first <= end.
inline constexpr std::uint32_t kControlSampleMax = 256;
bool sampleSeedValid(std::string_view seed);  // 1..64 printable ASCII characters
std::vector<Seq> sampleOf(std::uint32_t count, std::string_view seed, Seq first, TreeSize end);

}  // namespace lacuna
