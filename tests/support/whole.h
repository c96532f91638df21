// What an auditor finds of a ledger in this process: nothing wrong, and everything under its checkpoint.
#pragma once

#include "ledger/proof/verify.h"
#include "ledger/store/log_source.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>

namespace lacuna::ledgertest {

// Under the checkpoint that is shown; nothing is signed.
inline void checkShown(Ledger& ledger) {
  const StoreLogSource source(ledger.store());
  VerifyOptions options;
  options.key = ledger.verifierKey();
  options.checkpoints = {ledger.shownCheckpoint()};
  const VerifyReport report = verifyLog(source, options);
  for (const Finding& finding : report.findings) UNSCOPED_INFO(finding.what);
  CHECK(report.whole());
  CHECK(report.trusted);
}

// Under a checkpoint of now.
inline void checkWhole(World& world) {
  world.ledger().signCheckpoint();
  checkShown(world.ledger());
}

}  // namespace lacuna::ledgertest
