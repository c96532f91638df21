// What the ledger keeps about a slot, sealed under the slot's own keys (FORMAT.md 7): the subject
// record, its alias rows, and the two kinds of row of an erasure's case, targets and fence.
//
// Encoders check their bounds as bugs: whoever builds the value holds the limit first (and refuses).
// Decoders are strict and refuse `unknown-version` and `tampered`; decode and encode are inverse.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/record/bodies.h"
#include "ledger/vault/vault.h"

#include <string>
#include <vector>

namespace lacuna {

// On disk: never renumber.
enum class SubjectWhat : std::uint8_t { organisation = 0, person = 1, instance = 2, caseFile = 3 };
// Ended: read, erased and counted like an open lot, but no event enters it any more (a lost tail may have
// used its next ordinals). Carries: the events of the lot before it stand in its carry rows (ledger/carry.h).
enum LotState : std::uint8_t {
  kLotOpen = 1,
  kLotErased = 2,
  kLotEnded = 3,
  kLotCarries = 4,
  kLotEndedCarries = 5,
};

constexpr bool carriesRows(std::uint8_t state) {
  return state == kLotCarries || state == kLotEndedCarries;
}
constexpr bool lotEnded(std::uint8_t state) {
  return state == kLotEnded || state == kLotEndedCarries;
}

struct Lot {
  LeafNo leaf;
  std::uint8_t state = kLotOpen;
  std::int32_t period = 0;  // calendar or fiscal year; 0: one lot until an event
  Instant createdAt{};
  std::string klass;
  bool operator==(const Lot&) const = default;
};

// Needs: lots and aliases hold different leaves, all in [1, nextLeaf); nextLeaf <= kLeavesPerSlot;
// a category for instances only, a case number for cases only; at most kAliasesPerPersonMax aliases
// and kMergedSlotsMax merged slots.
struct Subject {
  SubjectWhat what = SubjectWhat::person;
  Instant createdAt{};
  std::uint16_t nextLeaf = 1;  // leaf 0 is the identity; leaves are taken in order, never reused
  std::string category;        // "teacher" of an instance
  std::vector<Lot> lots;
  std::vector<LeafNo> aliases;  // leaves of the alias rows, the unlinked ones left out
  std::vector<Slot> merged;     // the other slots of the same person
  std::uint64_t caseNumber = 0;
  bool operator==(const Subject&) const = default;
};
Bytes encodeSubject(const Subject& subject);
Result<Subject> decodeSubject(ByteView bytes);

struct AliasRow {
  Instant addedAt{};
  bool unique = true;  // resolves its person; a name does not
  std::string text;    // scheme:value, normalised
  bool operator==(const AliasRow&) const = default;
};
Bytes encodeAliasRow(const AliasRow& row);
Result<AliasRow> decodeAliasRow(ByteView bytes);

// What one part of an erasure destroys. Needs: 1..kEraseTargetsPerRow targets.
struct Targets {
  ErasureId erasure;
  Ground ground = Ground::unstated;
  std::vector<EraseTarget> targets;
  bool operator==(const Targets&) const = default;
};
Bytes encodeTargets(const Targets& targets);
Result<Targets> decodeTargets(ByteView bytes);

// Of somebody who stays: events of these classes are refused, or of all but these.
struct SlotFence {
  Slot slot;
  bool allBut = false;
  std::vector<std::string> classes;  // at most kFenceClassesMax
  bool operator==(const SlotFence&) const = default;
};
// Refuses, until `until`, events whose `at` lies before `erasedAt`: of these aliases (nobody is left whose
// they are), and in part of these slots. Whoever is admitted anew under an alias has another slot.
struct Fence {
  Instant erasedAt{}, until{};
  ByteArray<32> order{};             // SHA-256 of what was asked, so that a repetition is known
  std::vector<std::string> aliases;  // at most kFenceAliasesMax in one row
  std::vector<SlotFence> slots;      // at most kFenceSlotsMax
  bool operator==(const Fence&) const = default;
};
Bytes encodeFence(const Fence& fence);
Result<Fence> decodeFence(ByteView bytes);

}  // namespace lacuna
