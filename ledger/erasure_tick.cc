// What time brings: a holder came back, a cooling-off time is over, a fence's days are.
#include "ledger/base/limits.h"
#include "ledger/erasure.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::size_t kCasesPerGroup = 1000;

}  // namespace

bool Erasures::due(Instant now) const {
  if (now.time_since_epoch().count() >= dueAt_.load()) return true;
  const std::uint64_t pending = pending_.load();
  return pending != 0 && world_.vault.destroyedEverywhere(TreeVersion(pending));
}

void Erasures::tick() {
  completeDue();
  carryOutDue();
  forgetDue();
  dueAt_ = INT64_MAX;
  pending_ = 0;
  for (const auto& [number, one] : open_) plantDue(one);
}

void Erasures::completeDue() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, one] : open_) {
    if (one.file.state == ErasureState::committed &&
        world_.vault.destroyedEverywhere(one.file.version)) {
      numbers.push_back(number);
    }
  }
  // One group holds so many: a case may record each holder, and that it is complete.
  constexpr std::size_t kCompletedPerGroup = kGroupEventsFull / (kHoldersMax + 1);
  for (std::size_t from = 0; from < numbers.size(); from += kCompletedPerGroup) {
    const std::span<const std::uint64_t> some =
        std::span(numbers).subspan(from, std::min(kCompletedPerGroup, numbers.size() - from));
    Draft draft = world_.sequencer.begin();
    for (const std::uint64_t number : some) {
      Case& one = open_.at(number);
      finishIfEverywhere(draft, one);
      put(draft, one);
    }
    commit(draft, "complete");
    for (const std::uint64_t number : some) close(number);
  }
}

void Erasures::carryOutDue() {
  std::vector<std::uint64_t> numbers;
  const Instant now = world_.sequencer.now();
  for (const auto& [number, one] : open_) {
    if (one.file.state == ErasureState::waiting && !one.file.needsApproval &&
        one.file.notBefore <= now) {
      numbers.push_back(number);
    }
  }
  for (const std::uint64_t number : numbers) {
    Case& one = open_.at(number);
    Draft draft = world_.sequencer.begin();
    Plan plan = replan(one);
    carryOut(draft, one, plan);
  }
}

// Fences whose days are over, and the handles of recipients who have all been told: their leaves die, so
// that not even this ledger can say any more who was erased. No intent is needed: the case files say what
// is due, and what is dead absorbs.
void Erasures::forgetDue() {
  const Instant now = world_.sequencer.now();
  std::vector<std::uint64_t> numbers;
  std::vector<EraseTarget> targets;
  for (auto& [number, one] : open_) {
    if (targets.size() + 2 > kForgetAtOnceMax) break;
    const std::size_t before = targets.size();
    if (passingDue(one, now)) targets.push_back({one.slot, one.file.passing});
    if (contactsDue(one)) targets.push_back({one.slot, one.file.contacts});
    if (targets.size() > before) numbers.push_back(number);
  }
  if (targets.empty()) return;
  std::vector<Fence> fences;  // while they open: memory forgets them too
  for (const std::uint64_t number : numbers) {
    const Case& one = open_.at(number);
    if (!passingDue(one, now)) continue;
    for (Fence& fence : fencesOf(one)) fences.push_back(std::move(fence));
  }
  ErasureBody body;
  world_.entropy.fill(body.erasure.bytes);
  body.step = ErasureStep::forgotten;
  body.ground = Ground::retentionEnd;
  std::vector<EraseTarget> alive;
  for (const EraseTarget& target : targets) {
    if (world_.vault.lotKey(target.slot, *target.leaf)) alive.push_back(target);
  }
  body.version =
      alive.empty() ? world_.vault.version() : world_.vault.erase(alive, body.erasure, 0).version;
  // A crash from here on: the rows no longer open, and the next tick takes them away.
  Draft draft = world_.sequencer.begin();
  body.holdersDestroyed = holdersDestroyed(body.version);
  body.weakestAssurance = static_cast<std::uint8_t>(world_.vault.assurance().level);
  world_.sequencer.nobodysEvent(draft, Kind::erasure, encode(body));
  draft.rows.push_back(treeRow(body.version));
  for (const EraseTarget& target : targets) {
    world_.sequencer.people().forgetLots(draft, target.slot, {*target.leaf});
  }
  for (const std::uint64_t number : numbers) forgetRows(draft, open_.at(number), now);
  commit(draft, "forgotten");
  for (const Fence& fence : fences) world_.sequencer.forgetFence(fence);
  for (const std::uint64_t number : numbers) close(number);
}

// ---- the second tier

// Nothing is left to be done for it: nobody has to be told any more, and no hold keeps a rest of it.
void Erasures::closeIfDone(Draft& draft, Case& one) {
  const bool waits = one.file.heldRest && one.file.followedBy == 0;
  if (one.file.state != ErasureState::removed || one.openTasks > 0 || waits) return;
  one.file.state = ErasureState::closed;
  step(draft, one, ErasureStep::closed);
}

// A sweep leaves no envelope below its mark that a lot dead in its tree had. A crash before this is recorded
// leaves the cases complete; the next look, at start or after a sweep, finds them.
bool Erasures::noteRemoved(TreeSize marked, TreeVersion version) {
  if (marked.raw() <= swept_.raw()) return false;
  std::vector<Case> covered;
  for (const auto& [number, slot] : unswept_) {
    if (covered.size() == kCasesPerGroup) break;
    std::optional<Case> one = find(number);
    LACUNA_ASSERT(one.has_value(), "a case without its file");
    const CaseFile& file = one->file;
    if (file.version > version || file.intent.raw() >= marked.raw()) continue;
    covered.push_back(std::move(*one));
  }
  const bool more = covered.size() == kCasesPerGroup;
  if (!more) swept_ = marked;
  if (covered.empty()) return false;
  std::vector<std::uint64_t> numbers;
  Draft draft = world_.sequencer.begin();
  for (Case& each : covered) {
    Case& one = attend(std::move(each));
    numbers.push_back(one.number);
    one.file.state = ErasureState::removed;
    step(draft, one, ErasureStep::removed);
    closeIfDone(draft, one);
    put(draft, one);
    unswept_.erase(one.number);
  }
  commit(draft, "removed");
  for (const std::uint64_t number : numbers) close(number);
  return more;
}

}  // namespace lacuna
