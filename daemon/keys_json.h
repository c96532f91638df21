// What `keys status` tells of the key holders: numbers, never where they are.
#pragma once

#include "ledger/vault/vault.h"

#include <optional>
#include <string>

namespace lacuna {

// One JSON object; `added` names the holder that was just added or taken back.
std::string keysJson(const Vault& vault, std::optional<std::uint8_t> added = std::nullopt);
bool anyHolderAway(const Vault& vault);

}  // namespace lacuna
