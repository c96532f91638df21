// Receipts: c2sp.org/tlog-proof@v1, with the record beside it.
#pragma once

#include "ledger/proof/checkpoint.h"
#include "ledger/proof/merkle.h"

#include <string>

namespace lacuna {

struct TlogProof {
  Bytes extra;  // our use: the record itself, so that one file is enough offline
  Seq index;
  std::vector<NodeHash> hashes;
  std::string checkpoint;  // the note, verbatim
};

// Syntax only; the note is not opened. Refuses `tampered`.
inline constexpr std::size_t kProofBytesMax = 256 * 1024;  // note, 63 hashes and an extra of 64 KiB
inline constexpr std::size_t kProofHashesMax = 63;
std::string textOf(const TlogProof& proof);
Result<TlogProof> proofOfText(std::string_view text);

// A receipt: record + inclusion proof + checkpoint. Refuses tampered; gives what was proved.
struct ProvedRecord {
  Bytes record;
  Seq seq;
  Checkpoint checkpoint;
};
Result<ProvedRecord> verifyReceipt(std::string_view text, const VerifierKey& key);

}  // namespace lacuna
