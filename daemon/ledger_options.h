// What the service's options mean for the ledger below it.
#pragma once

#include "daemon/ledger_service.h"
#include "ledger/ledger.h"

namespace lacuna {

LedgerOptions ledgerOptionsOf(const ServiceOptions& options);

}  // namespace lacuna
