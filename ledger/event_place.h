// Where an event stands, and the key that opens it alone. Thread: any.
#pragma once

#include "ledger/carry.h"
#include "ledger/people.h"

#include <functional>
#include <optional>

namespace lacuna {

struct EventPlace {
  Slot slot;
  LeafNo leaf;
};

struct FindHooks {
  std::function<void(std::uint64_t done, std::uint64_t total)> onProgress;  // in slots
  std::function<bool()> goOn;                                               // false cancels
};
// The living lot that the record of `seq` belongs to: each lot is asked for the tag, in a few steps, since
// the events of a lot ascend. Nothing: it is of nobody, or of somebody erased. A withdrawn event is found, in
// its carry row.
std::optional<EventPlace> findEvent(const Vault& vault, const Store& store, Seq seq,
                                    const FindHooks& hooks);
// The same among the lots of one person. Nothing: it is not theirs, has no envelope, or died with its lot.
std::optional<EventPlace> placeIn(const Vault::Reader& keys, const Store& store,
                                  const PersonHandle& person, Seq seq);

// `e` of an event of the lot, tried on the envelope. Throws Fault when that does not open.
Secret eventKeyOf(const Secret& lotKey, const Store::Pair& pair);
// `e` of the event at `seq` of this person, wherever it stands now. Refuses not-found (it is not theirs, or has no
// envelope) and erased (it was withdrawn). Throws Fault when it does not open although its key lives.
Result<Secret> eventKeyOf(const Vault::Reader& keys, const Store& store, const PersonHandle& person,
                          Seq seq);

}  // namespace lacuna
