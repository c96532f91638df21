// A log of three events, two of them of one lot, and a disclosure of each.
#pragma once

#include "ledger/crypto/digest.h"
#include "ledger/proof/disclosure.h"
#include "ledger/record/envelope.h"
#include "ledger/record/event_shown.h"
#include "tests/support/trees.h"

namespace lacuna::test {

struct DisclosureWorld {
  static constexpr std::string_view kOrigin = "audit.example.org/test";
  SigningKey key{Secret(Bytes(32, 7))};
  Secret lotKey{Bytes(32, 0x5a)};
  std::vector<Bytes> records, envelopes;
  MemoryTree tree;

  DisclosureWorld() {
    StoredEvent stored;
    stored.event.kind = Kind::processing;
    stored.event.operation = Operation::collect;
    stored.event.at = instantOf(1'700'000'000'000);
    stored.event.purpose = "course-admin";
    stored.event.categories = {"name", "contact"};
    stored.event.data = R"({"n":1.0,"exact":0.10000000000000000055,"e":"\u00e9"})";
    stored.aliases = {LeafNo(1), LeafNo(3)};
    stored.registerVersion = 2;
    stored.systemId = "website";
    add(stored);
    stored.event.kind = Kind::sharing;
    stored.event.operation = Operation::none;
    stored.event.how = SharingHow::sent;
    stored.event.data.clear();
    stored.recipient = InstanceRef{"teacher", Slot(4711)};
    stored.via = InstanceRef{"mandrill", Slot(0)};
    stored.otherPersons = {Slot(17)};
    add(stored);
    Record open;  // one without an envelope
    open.recordedAt = instantOf(1'700'000'001'000);
    append(open, {});
  }

  void add(const StoredEvent& stored) {
    Record record;
    record.kind = stored.event.kind;
    record.flags = kHasEnvelope;
    record.recordedAt = instantOf(1'700'000'000'000 + records.size());
    record.tag = tagOf(lotKey, Ordinal(records.size()));
    Nonce nonce;
    nonce.fill(static_cast<std::uint8_t>(records.size() + 1));
    Bytes envelope = sealEvent(lotKey, nonce, encodeHead(record), encodeStored(stored));
    record.commitment.bytes = sha256(envelope);
    append(record, std::move(envelope));
  }
  void append(Record record, Bytes envelope) {
    record.seq = Seq(records.size());
    if (!records.empty()) record.prev = leafHash(records.back());
    records.push_back(encode(record));
    envelopes.push_back(std::move(envelope));
    tree.append(leafHash(records.back()));
  }

  Record record(std::size_t seq) const { return decodeRecord(records.at(seq)).value(); }
  Secret opening(std::size_t seq) const {
    Nonce nonce;
    std::copy_n(envelopes.at(seq).begin() + 1, nonce.size(), nonce.begin());
    return eventKey(lotKey, nonce, encodeHead(record(seq)));
  }
  std::string receipt(std::size_t seq) const {
    TlogProof proof;
    proof.extra = records.at(seq);
    proof.index = Seq(seq);
    proof.hashes = proveInclusion(tree.tiles(), Seq(seq), tree.size()).value();
    proof.checkpoint = signNote({std::string(kOrigin), tree.size(), tree.root()}, key);
    return textOf(proof);
  }
  Disclosure disclosure(std::size_t seq) const {
    Disclosure out;
    out.key = textOf(verifierKey());
    out.seq = Seq(seq);
    out.recordedAt = record(seq).recordedAt;
    out.receipt = receipt(seq);
    out.envelope = envelopes.at(seq);
    out.opening = opening(seq);
    const Bytes plain =
        openEventWithKey(out.opening, encodeHead(record(seq)), out.envelope).value();
    out.content = shownEventOf(plain).value();
    return out;
  }
  VerifierKey verifierKey() const { return verifierKeyOf(kOrigin, key.publicKey()); }
};

}  // namespace lacuna::test
