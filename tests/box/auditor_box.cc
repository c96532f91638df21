// The box an auditor has to trust, as a program: it links lacuna_proof, whole, and nothing above it.
// scripts/check looks at what it needs at run time. Usage: auditor_box VERIFIER-KEY < RECEIPT
#include "ledger/proof/receipt.h"

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: auditor_box VERIFIER-KEY < RECEIPT\n", stderr);
    return 2;
  }
  std::string receipt;
  for (int c = std::getchar(); c != EOF && receipt.size() <= lacuna::kProofBytesMax;
       c = std::getchar()) {
    receipt.push_back(static_cast<char>(c));
  }
  const auto key = lacuna::verifierKeyOfText(argv[1]);
  if (!key) {
    std::fprintf(stderr, "%s\n", key.refusal().message.c_str());
    return 2;
  }
  const auto proved = lacuna::verifyReceipt(receipt, *key);
  if (!proved) {
    std::fprintf(stderr, "not verified: %s\n", proved.refusal().message.c_str());
    return 4;
  }
  std::printf("record %llu stands in the log\n",
              static_cast<unsigned long long>(proved->seq.raw()));
  return 0;
}
