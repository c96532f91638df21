#include "daemon/keys_json.h"

#include "ledger/base/civil.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lacuna {

std::string keysJson(const Vault& vault, std::optional<std::uint8_t> added) {
  using Json = nlohmann::ordered_json;
  const TreeVersion version = vault.version();
  Json holders = Json::array();
  for (const HolderStatus& holder : vault.holders()) {
    Json entry;
    entry["holder"] = holder.number;
    entry["primary"] = holder.primary && holder.state == HolderState::present;
    entry["state"] = nameOf(holder.state);
    entry["assurance"] = nameOf(holder.assurance.level);
    if (!holder.assurance.why.empty()) entry["why"] = holder.assurance.why;
    // The tree whose root it holds, as far as is known; every earlier one it has destroyed.
    entry["treeVersion"] = holder.destroyed.raw();
    if (millisOf(holder.addedAt) > 0) entry["addedAt"] = rfc3339Of(holder.addedAt);
    if (holder.state != HolderState::present) entry["since"] = rfc3339Of(holder.since);
    if (!holder.why.empty()) entry["problem"] = holder.why;
    holders.push_back(std::move(entry));
  }
  Json out;
  if (added) out["added"] = *added;
  out["holders"] = std::move(holders);
  out["treeVersion"] = version.raw();
  out["destroyedEverywhere"] = vault.destroyedEverywhere(version);
  out["slotsReserved"] = vault.slotHighWater();
  return out.dump();
}

bool anyHolderAway(const Vault& vault) {
  const std::vector<HolderStatus> holders = vault.holders();
  return std::any_of(holders.begin(), holders.end(), [](const HolderStatus& holder) {
    return holder.state == HolderState::away || holder.state == HolderState::damaged;
  });
}

}  // namespace lacuna
