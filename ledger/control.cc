#include "ledger/control.h"

#include "ledger/person/deadlines.h"

namespace lacuna {
namespace {

// What the texts of times can hold, whatever the zone.
constexpr int kYearMin = 1971, kYearMax = 9998;
constexpr std::string_view kRight = "erasure";  // as the register's deadlines name it

std::string scopeOf(const CaseFile& file) {
  if (file.withdrawal) return "event";
  if (file.batch) return "retention";
  if (file.list) return "list";
  return file.whole ? "person" : "classes";
}

// Both clocks, by the register that was in force when the request came.
void putClocks(ControlErasure& erasure, const CaseFile& file, const RegisterHistory& registers) {
  const Register& reg = registers.knownAt(file.receivedAt);
  const Date received = dateIn(reg.controller().zone, file.receivedAt);
  if (const auto due = houseDue(reg.deadlines(), kRight, received)) erasure.dueHouse = textOf(*due);
  erasure.dueStatute = textOf(statuteDue(reg.deadlines(), received, Extended::no, reg.holidays()));
}

void putCase(ControlErasure& erasure, Ledger& ledger, const ControlTally& tally) {
  const std::optional<Erasure> known = ledger.erasures().fileOf(erasure.erasure);
  if (!known) return;  // its case has ended, and with it what it kept
  const CaseFile& file = known->file;
  erasure.caseNumber = known->caseNumber;
  erasure.scope = scopeOf(file);
  if (erasure.request) {
    erasure.askedBy = file.principal;
    putClocks(erasure, file, ledger.sequencer().registers());
  }
  // Of approvals that the records counted do not know yet nothing is said.
  if (const ControlStep* approved = erasure.find(ErasureStep::approved)) {
    erasure.approvedBy = file.approver;
    erasure.approverRoles = tally.rolesAt(file.approver, approved->seq);
  }
}

ControlHolds holdsOf(Ledger& ledger, Instant now) {
  ControlHolds out;
  for (const auto& [number, one] : ledger.erasures().holds().all()) {
    ++out.standing;
    if (one.hold.review < now) ++out.overdue;
    ++out.grounds["ground/" + one.hold.ground];
  }
  return out;
}

}  // namespace

Result<ControlTime> controlTimeOf(const ControlOrder& order, const Sequencer& sequencer) {
  const std::optional<Date> from = dateOf(order.from), to = dateOf(order.to);
  if (!from || !to || *to < *from || int(from->year()) < kYearMin || int(to->year()) > kYearMax) {
    return Refusal{
        RefusalCode::invalidValue,
        "a report is of a first and a last day, written as dates: 2026-01-01 and 2026-03-31"};
  }
  if (order.sample > kControlSampleMax) {
    return Refusal{RefusalCode::tooMany, "a sample has at most 256 records"};
  }
  if (order.sample > 0 ? !sampleSeedValid(order.seed) : !order.seed.empty()) {
    return Refusal{
        RefusalCode::invalidValue,
        "a sample has a seed of 1 to 64 printable ASCII characters, and a seed a sample"};
  }
  const std::string& zone = sequencer.registers().latest().controller().zone;
  return ControlTime{zone, textOf(*from), textOf(*to), startOfDay(zone, *from),
                     startOfDay(zone, plus(*to, {0, 0, 1}))};
}

Result<ControlCounted> countForControl(const Ledger& ledger, const ControlTime& time) {
  ControlCounted out{time, ledger.publishedCheckpoint(), ControlTally(time.begins, time.ends), {}};
  const Result<SignedNote> note = parseNote(out.checkpoint);
  if (!note) {
    return Refusal{RefusalCode::notPublished,
                   "no checkpoint is published yet: ask again in a moment"};
  }
  Outcome counted = Done{};
  ledger.store().scanRecords(Seq(0), note->checkpoint.size, [&](Seq, ByteView record) {
    counted = out.tally.add(record);
    return counted.ok();
  });
  if (!counted && counted.refusal().code == RefusalCode::tampered)
    throw Fault("a record does not follow the format");
  if (!counted) return counted.refusal();
  out.log = out.tally.take();
  return out;
}

Result<std::string> controlReport(Ledger& ledger, const ControlOrder& order,
                                  ControlCounted counted) {
  ControlStatement s;
  s.ledger = ledger.vault().ledger();
  s.origin = ledger.origin();
  s.issuedAt = ledger.sequencer().now();
  s.zone = counted.time.zone;
  s.from = counted.time.from;
  s.to = counted.time.to;
  s.begins = counted.time.begins;
  s.ends = counted.time.ends;
  s.log = std::move(counted.log);
  for (ControlErasure& erasure : s.log.erasures) putCase(erasure, ledger, counted.tally);
  s.holds = holdsOf(ledger, s.issuedAt);
  std::vector<std::string> receipts;
  if (order.sample > 0) {
    s.sample = {order.sample, order.seed,
                sampleOf(order.sample, order.seed, s.log.first, s.log.end)};
  }
  for (const Seq seq : s.sample.records) {
    Result<std::string> receipt = ledger.receipt(seq);
    if (!receipt) return receipt.refusal();
    receipts.push_back(std::move(*receipt));
  }
  const SigningKey* const keys[] = {&ledger.vault().signingKey()};
  const ControlReport report =
      makeControlReport(std::move(s), keys, counted.checkpoint, std::move(receipts));
  std::string text = textOf(report);
  if (text.size() > kControlReportBytesMax) {
    return Refusal{
        RefusalCode::tooLarge,
        "the report would be larger than 8 MiB: choose a shorter time, or a smaller sample"};
  }
  // What would not verify must not reach an auditor as ours.
  if (!verifyControlReport(text, ledger.verifierKey())) {
    return Refusal{RefusalCode::tampered, "the report does not hold: run `lacuna verify`"};
  }
  return text;
}

}  // namespace lacuna
