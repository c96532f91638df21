// The certificate of an erasure: what its case says, signed, beside the receipts of its steps.
#include "ledger/ledger.h"
#include "ledger/proof/person_list.h"
#include "ledger/sweep.h"

#include <algorithm>

namespace lacuna {
namespace {

// eu-gdpr:JustificationA17LegalClaims is "legal-claims".
std::string shortCode(std::string_view code) {
  constexpr std::string_view prefix = "eu-gdpr:JustificationA17";
  if (!code.starts_with(prefix)) return std::string(code);
  std::string out;
  for (const char c : code.substr(prefix.size())) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out.push_back('-');
    out.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

template <typename T>
void addOnce(std::vector<T>& list, T value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

CertificateKept keptOf(const LotDecision& lot, const std::string& zone) {
  CertificateKept kept{{lot.klass, lot.period}, shortCode(lot.code), lot.law, {}};
  if (lot.why == KeptWhy::withPerson) kept.code = "with-person";
  if (lot.why == KeptWhy::hold) kept.code = "hold";
  if (lot.why == KeptWhy::law && lot.until) kept.until = textOf(dateIn(zone, *lot.until));
  return kept;
}

// Each once, so that nothing in it counts persons or tasks.
void addPersons(CertificateStatement& s, const Erasure& erasure, const std::string& zone) {
  for (const ErasedPerson& person : erasure.persons) {
    for (const LotDecision& lot : person.outcome.lots) {
      if (lot.why == KeptWhy::none) {
        addOnce(s.erased, CertificateLot{lot.klass, lot.period});
      } else {
        addOnce(s.kept, keptOf(lot, zone));
      }
    }
    for (const Task& task : person.outcome.tasks) {
      CertificateRecipient told{task.recipient.category, std::string(nameOf(task.state)), {}};
      if (erasure.persons.size() == 1 && task.state != TaskState::queued) told.at = task.since;
      addOnce(s.recipients, std::move(told));
    }
  }
}

// The first sweep that covers it.
RecordedSweep sweepOf(const std::vector<RecordedSweep>& sweeps, const Erasure& erasure) {
  for (const RecordedSweep& sweep : sweeps) {
    if (sweep.body.marked.raw() > erasure.intent.raw() && sweep.body.version >= erasure.version)
      return sweep;
  }
  throw Fault("the sweep that removed the envelopes of a case is missing");
}

}  // namespace

Result<std::string> Ledger::certificate(std::uint64_t caseNumber) {
  const Result<Erasure> erasure = erasures_->show(caseNumber);
  if (!erasure) return erasure.refusal();
  if (!erasure->reachedCommitted()) {
    return Refusal{RefusalCode::incomplete, "nothing is erased yet that could be certified"};
  }
  if (erasure->file.withdrawal) {
    return Refusal{
        RefusalCode::unsupported,
        "one event was withdrawn: a certificate speaks of classes and persons, and none of "
        "them was erased"};
  }
  signCheckpoint();  // its steps have to stand under one
  CertificateStatement s;
  s.erasure = erasure->id;
  s.ledger = vault_->ledger();
  s.origin = origin_;
  s.issuedAt = sequencer_->now();
  s.tier = erasure->reachedComplete() ? CertificateTier::complete : CertificateTier::committed;
  s.ground = erasure->file.ground;
  s.wholePerson = erasure->file.whole;
  addPersons(s, *erasure, sequencer_->registers().latest().controller().zone);
  s.version = erasure->version;
  s.holders = erasures_->holdersOf(*erasure);
  s.caseNumber = erasure->caseNumber;
  if (erasure->file.salt != PersonSalt{}) {
    s.person = erasure->file.list ? PersonList(erasure->file.salt).root()
                                  : commitmentOf(erasure->file.salt);
  }
  s.intent = erasure->intent;
  s.committed = erasure->committed;
  std::vector<Seq> steps{Seq(0), erasure->file.received, s.intent, s.committed};
  if (erasure->reachedComplete()) {
    s.complete = erasure->complete;
    steps.push_back(erasure->complete);
  }
  Certificate certificate;
  certificate.key = textOf(verifierKey());
  certificate.states.push_back(signStatement(s, vault_->signingKey()));
  if (erasure->removed) {
    const RecordedSweep sweep = sweepOf(recordedSweeps(*vault_, *store_, sequencer_->systems(),
                                                       sequencer_->people().lotsOf(Slot(0))),
                                        *erasure);
    s.tier = CertificateTier::removed;
    s.removed = sweep.seq;
    s.smallSet = sweep.body.few;
    steps.insert(steps.end(), {sweep.seq, *erasure->removed});
    certificate.states.push_back(signStatement(s, vault_->signingKey()));
  }
  if (erasure->closed) {
    s.tier = CertificateTier::closed;
    steps.push_back(*erasure->closed);
    certificate.states.push_back(signStatement(s, vault_->signingKey()));
  }
  for (const Seq seq : steps) {
    Result<std::string> proof = receipt(seq);
    if (!proof) return proof.refusal();
    certificate.proofs.push_back(std::move(*proof));
  }
  return textOf(certificate);
}

}  // namespace lacuna
