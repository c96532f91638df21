#include "ledger/disclose.h"

#include "ledger/proof/disclosure.h"
#include "ledger/record/envelope.h"
#include "ledger/record/event_shown.h"

namespace lacuna {
namespace {

// The sealed part of the reading says which event it was: the public body must not, or it would tell that the
// two records are of one person.
std::vector<std::string> detailsOf(Seq seq) { return {"seq=" + std::to_string(seq.raw())}; }

}  // namespace

Outcome mayDisclose(const Ledger& ledger, Seq seq) {
  const Result<std::string> receipt = ledger.receipt(seq);
  if (!receipt) return receipt.refusal();
  const Result<TlogProof> proof = proofOfText(*receipt);
  LACUNA_ASSERT(proof.ok(), "a receipt of our own follows the format");
  const Result<Record> record = decodeRecord(proof->extra);
  if (!record) throw Fault("a record does not follow the format");
  if ((record->flags & kHasEnvelope) != 0) return Done{};
  return Refusal{RefusalCode::notFound,
                 "this record has no sealed text: all there is of it is public (`lacuna prove`)"};
}

Result<PersonHandle> recordDisclosure(Sequencer& sequencer, Draft& draft, const Caller& caller,
                                      const DiscloseOrder& order) {
  const std::vector<std::string> details = detailsOf(order.seq);
  if (!order.person.empty()) {
    return sequencer.consult(draft, caller, order.person, ReadOperation::disclose, order.reason,
                             details);
  }
  const bool there = order.place && sequencer.people().exists(order.place->slot);
  if (there && sequencer.frozen(order.place->slot)) return beingErased();
  std::vector<Slot> named;
  if (there) named.push_back(order.place->slot);
  std::optional<PersonHandle> person;
  if (there) person = sequencer.people().handleOf(order.place->slot);
  sequencer.consultScan(draft, caller, ReadOperation::disclose, order.reason, named, details);
  if (person) return std::move(*person);
  return Refusal{RefusalCode::erased,
                 "the keys of this event are destroyed: nobody can open it any more"};
}

Result<std::string> discloseEvent(const Ledger& ledger, const PersonHandle& person, Seq seq) {
  // Held to the end: an erasure waits for those who are reading.
  const Vault::Reader keys = ledger.vault().reader();
  Result<Secret> opening = eventKeyOf(keys, ledger.store(), person, seq);
  if (!opening) return opening.refusal();
  Result<std::string> receipt = ledger.receipt(seq);
  if (!receipt) return receipt.refusal();
  Store::Pair pair = ledger.store().pairs({&seq, 1}).front();
  const Result<Record> record = decodeRecord(pair.record);
  if (!record || !pair.envelope) throw Fault("an event is missing from the log");
  Result<Bytes> plain = openEventWithKey(*opening, encodeHead(*record), *pair.envelope);
  if (!plain) throw Fault("an envelope does not open although its key lives");
  Result<std::string> content = shownEventOf(*plain);
  wipe(*plain);
  if (!content) throw Fault("an envelope's content does not follow the format");
  Disclosure out;
  out.key = textOf(ledger.verifierKey());
  out.seq = seq;
  out.recordedAt = record->recordedAt;
  out.content = std::move(*content);
  out.receipt = std::move(*receipt);
  out.envelope = std::move(*pair.envelope);
  out.opening = std::move(*opening);
  std::string text = textOf(out);
  // What would not verify must not reach a court as ours.
  if (!verifyDisclosure(text, ledger.verifierKey(), shownEventOf)) {
    throw Fault("the log does not hold what it committed to");
  }
  return text;
}

}  // namespace lacuna
