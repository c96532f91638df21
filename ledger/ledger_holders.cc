// Key holders as the log knows them, and keys that are behind the log.
#include "ledger/base/limits.h"
#include "ledger/ledger.h"
#include "ledger/record/envelope.h"
#include "ledger/vault/holder.h"

#include <algorithm>
#include <set>

namespace lacuna {

void Ledger::recordHolder(AccessAction action, std::uint8_t number, std::uint32_t principal,
                          std::vector<std::string> details) {
  AccessBody body;
  body.action = action;
  body.principal = number;
  Draft draft = sequencer_->begin();
  StoredEvent stored;
  stored.event.kind = Kind::access;
  stored.event.at = draft.recordedAt;
  stored.principal = principal;
  stored.details = std::move(details);
  sequencer_->organisation(draft, Kind::access, kHoldersClass, encode(body), std::move(stored));
  commitNow(draft);
}

// What a crash between the event and its effect left apart is brought together: whoever the log or the keys
// know is counted, and who is closed in either stays closed.
void Ledger::settleHolders() {
  std::set<std::uint32_t> added, closed;
  for (const LotHandle& lot : sequencer_->people().lotsOf(Slot(0))) {
    if (lot.klass != kHoldersClass) continue;
    for (const PersonEvent& event :
         readLot(*vault_, *store_, sequencer_->systems(), Slot(0), lot)) {
      const Result<AccessBody> body = decodeAccess(event.body);
      if (!body) throw Fault("a record about a key holder does not follow the format");
      if (body->action == AccessAction::holderAdded) added.insert(body->principal);
      if (body->action == AccessAction::holderClosed) closed.insert(body->principal);
    }
  }
  for (const std::uint32_t number : added) {
    const std::vector<HolderStatus> known = vault_->holders();
    const bool there = std::any_of(known.begin(), known.end(),
                                   [&](const HolderStatus& h) { return h.number == number; });
    if (!there) vault_->expectHolder(static_cast<std::uint8_t>(number));
  }
  for (const HolderStatus& holder : vault_->holders()) {
    const bool open = holder.state != HolderState::closed;
    if (open && closed.count(holder.number) > 0 && vault_->closeHolder(holder.number)) continue;
    const bool first = holder.number == kFirstHolder;  // there since record 0
    if (!first && added.count(holder.number) == 0) {
      recordHolder(AccessAction::holderAdded, holder.number, 0);
    }
    if (!open && closed.count(holder.number) == 0) {
      recordHolder(AccessAction::holderClosed, holder.number, 0);
    }
  }
  if (unrecovered_) {
    recordHolder(AccessAction::keysRecovered, 0, 0, std::move(*unrecovered_));
    unrecovered_.reset();
    vault_->endRecovery();
  }
  // An empty directory is a new holder's, unless it may be where one that is away was mounted.
  const std::vector<HolderStatus> now = vault_->holders();
  const bool oneAway = std::any_of(now.begin(), now.end(), [](const HolderStatus& holder) {
    return holder.state == HolderState::away || holder.state == HolderState::damaged;
  });
  for (const std::filesystem::path& directory : options_.keyHolders) {
    if (!oneAway && vault_->mayAddHolder(directory)) {
      // Refused, it is registered and away, and says so in `keys status`.
      static_cast<void>(addHolder({}, directory, std::nullopt));
    }
  }
}

Result<std::uint8_t> Ledger::addHolder(const Caller& caller, const std::filesystem::path& directory,
                                       std::optional<std::uint8_t> replaces) {
  if (Outcome may = vault_->mayAddHolder(directory); !may) return may.refusal();
  if (replaces) {
    if (Outcome closed = closeHolder(caller, *replaces); !closed) return closed.refusal();
  }
  const std::uint8_t number = vault_->nextHolder();
  // The event first: a crash leaves a holder that is away, never one that nobody counts (P5).
  recordHolder(AccessAction::holderAdded, number, caller.principal);
  if (Outcome added = vault_->addHolder(number, directory); !added) return added.refusal();
  return number;
}

Outcome Ledger::closeHolder(const Caller& caller, std::uint8_t number) {
  if (Outcome may = vault_->mayCloseHolder(number); !may) return may;
  recordHolder(AccessAction::holderClosed, number, caller.principal);
  return vault_->closeHolder(number);
}

// The log is the truth about who lives: its subject rows name every living slot, lot and alias. Whatever else
// these keys still open has died since, and dies again before anything is served.
void Ledger::recoverKeys() {
  vault_->beginRecovery();  // until all of it is done and recorded, each start comes here again
  std::uint64_t beyond = 1;
  const ByteArray<1> subjects{'S'};
  store_->scan(Table::persons, subjects, [&](ByteView key, ByteView) {
    if (const auto slot = number64(key.subspan(1))) beyond = std::max(beyond, *slot + 1);
    return true;
  });
  vault_->reserveSlots((beyond + kSlotReserve - 1) / kSlotReserve * kSlotReserve);
  std::vector<LeafRange> dead;
  std::vector<std::string> lost;
  std::uint64_t next = 0;
  store_->scan(Table::persons, subjects, [&](ByteView key, ByteView value) {
    const std::uint64_t slot = number64(key.subspan(1)).value_or(0);
    const std::uint64_t base = slot * kLeavesPerSlot;
    if (slot > next) dead.push_back({next * kLeavesPerSlot, base});
    next = slot + 1;
    const std::optional<Secret> identity = vault_->lotKey(Slot(slot), LeafNo(0));
    if (!identity) return true;
    const Result<Bytes> plain = openRow(*identity, sealedKey(key), value);
    const Result<Subject> subject =
        plain ? decodeSubject(*plain) : Result<Subject>(plain.refusal());
    if (!subject) {  // admitted under keys that are gone
      dead.push_back({base, base + kLeavesPerSlot});
      if (lost.size() < kStoredListMax) lost.push_back(std::to_string(slot));
      return true;
    }
    std::set<std::uint16_t> living{0};
    for (const LeafNo leaf : subject->aliases) living.insert(leaf.raw());
    for (const Lot& lot : subject->lots) {
      if (lot.state != kLotErased) living.insert(lot.leaf.raw());
    }
    std::uint64_t from = 0;
    living.insert(subject->nextLeaf);
    for (const std::uint16_t leaf : living) {
      if (leaf > from) dead.push_back({base + from, base + leaf});
      from = leaf + 1U;
    }
    return true;
  });
  const std::uint64_t high = vault_->slotHighWater();
  if (next < high) dead.push_back({next * kLeavesPerSlot, high * kLeavesPerSlot});
  vault_->bury(dead, TreeVersion(std::max(treeVersionOfLog(), vault_->version().raw()) + 1));
  unrecovered_ = std::move(lost);
}

}  // namespace lacuna
