// A log of the four records of one erasure, and a certificate over it.
#pragma once

#include "ledger/proof/certificate.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/record.h"
#include "tests/support/trees.h"

namespace lacuna::test {

inline constexpr std::string_view kCertificateOrigin = "audit.example.org/test";

struct CertificateWorld {
  SigningKey key{Secret(Bytes(32, 7))};
  std::vector<Bytes> records;
  MemoryTree tree;
  CertificateStatement statement;

  CertificateWorld() {
    statement.erasure.bytes.fill(0x11);
    statement.ledger.bytes.fill(0x22);
    statement.origin = kCertificateOrigin;
    statement.issuedAt = instantOf(1'700'000'100'000);
    statement.tier = CertificateTier::complete;
    statement.ground = Ground::consentWithdrawn;
    statement.erased = {{"marketing", 2025}, {"marketing", 0}};
    statement.kept = {{{"billing", 2024}, "legally-required", "AWR 52", "2031-12-31"}};
    statement.version = TreeVersion(9);
    statement.holders = {{0, "destroyed", instantOf(1'700'000'050'000), "logical"}};
    statement.recipients = {{"zoom", "queued", std::nullopt}};
    statement.caseNumber = 4;
    statement.caseEnds = "2026-12-31";
    statement.person = commitmentOf(PersonSalt{});
    add(Kind::genesis,
        encode(GenesisBody{statement.ledger, std::string(kCertificateOrigin), key.publicKey()}));
    for (const ErasureStep step :
         {ErasureStep::intent, ErasureStep::committed, ErasureStep::complete}) {
      add(Kind::erasure, bodyOfStep(step));
    }
    statement.intent = Seq(1);
    statement.committed = Seq(2);
    statement.complete = Seq(3);
  }

  Bytes bodyOfStep(ErasureStep step) const {
    ErasureBody body;
    body.erasure = statement.erasure;
    body.step = step;
    body.ground = statement.ground;
    const bool intent = step == ErasureStep::intent;
    body.version = intent ? TreeVersion(0) : statement.version;
    body.holdersDestroyed = intent ? 0 : 1;
    body.weakestAssurance = 1;
    body.parts = intent ? 1 : 0;
    return encode(body);
  }

  // A sweep that covers the erasure, and the case's steps after it.
  void addRemoval(TreeSize marked) {
    statement.removed = Seq(records.size());
    add(Kind::sweep, encode(SweepBody{marked, statement.version, false, {{0, DocumentHash{}}}}));
    add(Kind::erasure, bodyOfStep(ErasureStep::removed));
    add(Kind::erasure, bodyOfStep(ErasureStep::closed));
  }

  void add(Kind kind, Bytes body) {
    Record record;
    record.kind = kind;
    record.recordedAt = instantOf(1'700'000'000'000 + records.size());
    record.body = std::move(body);
    record.seq = Seq(records.size());
    if (!records.empty()) record.prev = leafHash(records.back());
    records.push_back(encode(record));
    tree.append(leafHash(records.back()));
  }

  std::string proofOf(std::uint64_t seq) const {
    TlogProof proof;
    proof.extra = records.at(seq);
    proof.index = Seq(seq);
    proof.hashes = proveInclusion(tree.tiles(), Seq(seq), tree.size()).value();
    proof.checkpoint = signNote({std::string(kCertificateOrigin), tree.size(), tree.root()}, key);
    return textOf(proof);
  }

  Certificate certificate() const {
    Certificate out;
    out.key = textOf(verifierKey());
    out.states = {signStatement(statement, key)};
    for (std::uint64_t seq = 0; seq < records.size(); ++seq) out.proofs.push_back(proofOf(seq));
    return out;
  }
  VerifierKey verifierKey() const { return verifierKeyOf(kCertificateOrigin, key.publicKey()); }
};

}  // namespace lacuna::test
