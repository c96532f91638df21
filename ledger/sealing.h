// What the sealer makes of a draft: tags, envelopes and their commitments, sealed rows.
#pragma once

#include "ledger/draft.h"
#include "ledger/vault/vault.h"

namespace lacuna {

// Fills the draft's group but for records and leaves, which need the chain; wipes the plain texts.
// Needs: every lot named lives in the epoch of `keys`.
void sealDraft(Draft& draft, const Vault::Reader& keys, Entropy& entropy);

}  // namespace lacuna
