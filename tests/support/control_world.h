// A log of public records of three erasures, and a control report of one day of it.
#pragma once

#include "ledger/base/civil.h"
#include "ledger/proof/control_report.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/record.h"
#include "tests/support/trees.h"

#include <algorithm>

namespace lacuna::test {

struct ControlWorld final : LogSource {
  static constexpr std::string_view kOrigin = "audit.example.org/test";
  SigningKey key{Secret(Bytes(32, 7))}, otherKey{Secret(Bytes(32, 8))};
  LedgerId ledger{};
  std::vector<Bytes> records;
  MemoryTree tree;

  // The day is 2026-03-02 in Amsterdam: it begins at 23:00 UTC of the 1st.
  static Instant at(const char* text) { return *instantOfRfc3339(text); }
  static ErasureId id(std::uint8_t number) {
    ErasureId out;
    out.bytes.fill(number);
    return out;
  }

  ControlWorld() {
    ledger.bytes.fill(0x22);
    Instant t = at("2026-02-01T12:00:00Z");
    add(Kind::genesis, t, encode(GenesisBody{ledger, std::string(kOrigin), key.publicKey()}));
    add(Kind::access, t, encode(AccessBody{AccessAction::grant, 2, 4 | 8}));
    step(1, ErasureStep::received, t);  // over before the day
    step(1, ErasureStep::complete, t);
    step(2, ErasureStep::received, t);  // open when the day begins
    t = at("2026-03-01T22:59:59.999Z");
    add(Kind::processing, t, {});
    t = at("2026-03-01T23:00:00Z");
    add(Kind::processing, t, {});
    step(1, ErasureStep::removed, t);
    step(3, ErasureStep::received, t);
    step(3, ErasureStep::planned, t);
    step(3, ErasureStep::approved, t);
    add(Kind::access, t, encode(AccessBody{AccessAction::grant, 2, 2}));  // after the approval
    add(Kind::consultation, t,
        encode(ConsultationBody{2, ReadOperation::report, ReadReason::audit}));
    t = at("2026-03-02T22:59:59.999Z");
    step(3, ErasureStep::committed, t);
    add(Kind::sweep, t,
        encode(SweepBody{TreeSize(3), TreeVersion(9), true, {{0, DocumentHash{}}}}));
    t = at("2026-03-02T23:00:00Z");
    step(3, ErasureStep::destroyed, t);
    step(3, ErasureStep::complete, t);
    step(4, ErasureStep::received, t);  // after the day
  }

  void step(std::uint8_t number, ErasureStep which, Instant t) {
    ErasureBody body;
    body.erasure = id(number);
    body.step = which;
    body.ground = number == 2 ? Ground::retentionEnd : Ground::objection;
    const bool dead = which == ErasureStep::committed || which == ErasureStep::complete ||
                      which == ErasureStep::removed || which == ErasureStep::destroyed;
    if (dead) body.version = TreeVersion(9);
    if (which == ErasureStep::received && number != 2) body.person.bytes.fill(number);
    if (which == ErasureStep::destroyed) {
      body.holder = 1;
      body.destroyedAt = t - std::chrono::milliseconds(1);
    }
    add(Kind::erasure, t, encode(body));
  }
  void add(Kind kind, Instant t, Bytes body) {
    Record record;
    record.kind = kind;
    record.recordedAt = t;
    record.body = std::move(body);
    record.seq = Seq(records.size());
    if (!records.empty()) record.prev = leafHash(records.back());
    records.push_back(encode(record));
    tree.append(leafHash(records.back()));
  }

  std::string note() const {
    return signNote({std::string(kOrigin), tree.size(), tree.root()}, key);
  }
  std::string receipt(Seq seq) const {
    return textOf(TlogProof{records.at(seq.raw()), seq,
                            proveInclusion(tree.tiles(), seq, tree.size()).value(), note()});
  }

  // What a ledger says of it, with the cases of 2 and 3.
  ControlStatement statement() const {
    ControlStatement s;
    s.ledger = ledger;
    s.origin = kOrigin;
    s.issuedAt = at("2026-03-03T12:00:00Z");
    s.zone = "Europe/Amsterdam";
    s.from = s.to = "2026-03-02";
    s.begins = at("2026-03-01T23:00:00Z");
    s.ends = at("2026-03-02T23:00:00Z");
    ControlTally tally(s.begins, s.ends);
    for (const Bytes& record : records) LACUNA_ASSERT(tally.add(record).ok(), "an honest log");
    s.log = tally.take();
    for (ControlErasure& erasure : s.log.erasures) {
      erasure.caseNumber = erasure.erasure.bytes[0];
      erasure.scope = erasure.request ? "person" : "retention";
      if (!erasure.request) continue;
      erasure.askedBy = 1;
      erasure.approvedBy = 2;
      erasure.approverRoles = tally.rolesAt(2, erasure.find(ErasureStep::approved)->seq);
      erasure.dueHouse = "2026-03-01";
      erasure.dueStatute = "2026-04-02";
    }
    s.holds = {2, 1, {{"ground/legal-claims", 2}}};
    s.sample = {3, "a seed", sampleOf(3, "a seed", s.log.first, s.log.end)};
    return s;
  }
  // Signed by the ledger's key, whatever it says.
  std::string text(ControlStatement s) const {
    std::vector<std::string> receipts;
    for (const Seq seq : s.sample.records) receipts.push_back(receipt(seq));
    const SigningKey* const keys[] = {&key};
    return textOf(makeControlReport(std::move(s), keys, note(), std::move(receipts)));
  }
  std::string text() const { return text(statement()); }
  VerifierKey verifierKey() const { return verifierKeyOf(kOrigin, key.publicKey()); }

  // LogSource
  TreeSize size() const override { return TreeSize(records.size()); }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override {
    for (std::size_t i = first.raw(); i < std::min<std::size_t>(end.raw(), records.size()); ++i) {
      if (!visit({Seq(i), records[i], std::nullopt})) return;
    }
  }
  std::optional<Bytes> tile(unsigned, std::uint64_t, unsigned) const override {
    return std::nullopt;
  }
  std::optional<Bytes> document(const DocumentHash&) const override { return std::nullopt; }
  bool hasEnvelopes() const override { return false; }
};

}  // namespace lacuna::test
