#include "daemon/ledger_options.h"

namespace lacuna {

LedgerOptions ledgerOptionsOf(const ServiceOptions& options) {
  LedgerOptions out;
  out.data = options.data;
  out.origin = options.origin;
  out.allowWeakErasure = options.allowWeakErasure;
  out.acceptLostTail = options.acceptLostTail;
  out.keyHolders = options.keyHolders;
  out.rebuildKeys = options.rebuildKeys;
  out.recoverKeys = options.recoverKeys;
  out.checkpoints = options.checkpoints;
  out.onProgress = options.onProgress;
  return out;
}

}  // namespace lacuna
