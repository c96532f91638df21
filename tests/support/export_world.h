// A log of one person's events in four lots, and the export of it: what is told, proved and signed, so that tests can
// change each part and sign again, as a ledger that lies would.
#pragma once

#include "ledger/proof/person_export.h"
#include "tests/support/disclosure_world.h"

#include <functional>

namespace lacuna::test {

// A lot that carries two events of the lot before (one withdrawn) and has two of its own, an erased one, one with a
// reading, and an empty one.
struct ExportWorld {
  static constexpr std::string_view kOrigin = DisclosureWorld::kOrigin;
  SigningKey key{Secret(Bytes(32, 7))};
  Secret lotKey{Bytes(32, 0x5a)};
  MemoryTree tree;
  std::vector<Bytes> records, envelopes;
  std::vector<ExportEvent> events;
  ExportManifest manifest;

  // The files; the manifest is made of them.
  struct Files {
    std::string checkpoint, person = "{}\n", pageEn = "<p>\n", pageNl = "<p>\n";
    std::vector<std::string> events, proofs;
  };
  Files files;

  ExportWorld() {
    manifest.lots = {{LeafNo(1), "marketing", 0, true, 0, 0},
                     {LeafNo(2), "marketing", 0, false, 2, 2},
                     {LeafNo(4), "access", 2026, false, 0, 1},
                     {LeafNo(5), "billing", 2026, false, 0, 0}};
    add(LeafNo(2), 0, ExportStanding::open, "blue");
    add(LeafNo(2), 1, ExportStanding::withdrawn, "gone");
    add(LeafNo(2), 0, ExportStanding::open, "green");
    nobody();
    add(LeafNo(2), 1, ExportStanding::open, "red");
    reading(LeafNo(4));
    manifest.key = textOf(verifierKey());
    manifest.madeAt = instantOf(1'700'000'100'000);
    manifest.size = tree.size();
    files.checkpoint = signNote({std::string(kOrigin), tree.size(), tree.root()}, key);
    for (const ExportEvent& event : events) {
      files.events.push_back(lineOf(event));
      files.proofs.push_back(lineOf(proof(event)));
    }
  }

  VerifierKey verifierKey() const { return verifierKeyOf(kOrigin, key.publicKey()); }

  ExportProof proof(const ExportEvent& event) const {
    const std::size_t at = event.seq.raw();
    ExportProof out;
    out.seq = event.seq;
    out.record = records.at(at);
    out.inclusion = proveInclusion(tree.tiles(), event.seq, tree.size()).value();
    if (event.standing == ExportStanding::open) {
      out.envelope = envelopes.at(at);
      out.opening = opening(at);
    }
    return out;
  }
  Secret opening(std::size_t at) const {
    Nonce nonce;
    std::copy_n(envelopes.at(at).begin() + 1, nonce.size(), nonce.begin());
    return eventKey(lotKey, nonce, encodeHead(decodeRecord(records.at(at)).value()));
  }

  static std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }
  // The text of manifest.json for these files, signed.
  std::string signedFor(const Files& some) const {
    ExportManifest out = manifest;
    const std::string texts[] = {some.checkpoint, joined(some.events), joined(some.proofs),
                                 some.person,     some.pageEn,         some.pageNl};
    for (std::size_t i = 0; i < kExportFiles.size(); ++i) {
      out.files.push_back(
          {std::string(kExportFiles[i]), texts[i].size(), sha256(bytesOf(texts[i]))});
    }
    return signedTextOf(out, key);
  }
  // As the tool does it; the sentence of the refusal, or nothing.
  std::string refused(const std::string& manifestText, const Files& some) const {
    Result<ExportCheck> check = ExportCheck::begin(manifestText, some.checkpoint, verifierKey());
    if (!check) return check.refusal().message;
    for (std::size_t i = 0; i < some.events.size(); ++i) {
      const std::string none;
      const Outcome taken =
          check->take(some.events[i], i < some.proofs.size() ? some.proofs[i] : none, shownEventOf);
      if (!taken) return taken.refusal().message;
    }
    if (const Outcome end = check->end(); !end) return end.refusal().message;
    const std::string texts[] = {some.checkpoint, joined(some.events), joined(some.proofs),
                                 some.person,     some.pageEn,         some.pageNl};
    for (std::size_t i = 0; i < kExportFiles.size(); ++i) {
      const Outcome same = check->file(kExportFiles[i], texts[i].size(), sha256(bytesOf(texts[i])));
      if (!same) return same.refusal().message;
    }
    return "";
  }
  // Of files that the ledger itself would have signed so.
  std::string refusedSigned(const std::function<void(ExportWorld&)>& change) const {
    ExportWorld lying;
    change(lying);
    return lying.refused(lying.signedFor(lying.files), lying.files);
  }

 private:
  void add(LeafNo lot, std::uint64_t ordinal, ExportStanding standing, const std::string& note) {
    StoredEvent stored;
    stored.event.kind = Kind::processing;
    stored.event.purpose = "newsletter";
    stored.event.data = "{\"note\":\"" + note + "\"}";
    stored.systemId = "website";
    append(lot, ordinal, standing, Kind::processing, {}, &stored);
    events.back().content =
        standing == ExportStanding::open ? shownEventOf(encodeStored(stored)).value() : "";
  }
  void reading(LeafNo lot) {
    StoredEvent stored;
    stored.event.kind = Kind::consultation;
    stored.principal = 3;
    stored.reason = "other:a colleague asked";
    append(lot, 0, ExportStanding::closed, Kind::consultation,
           encode(ConsultationBody{3, ReadOperation::history, ReadReason::other}), &stored);
    events.back().added = R"({"operation":"history","reason":"other"})";
  }
  void nobody() { append(LeafNo(0), 0, ExportStanding::isPublic, Kind::note, {}, nullptr); }

  void append(LeafNo lot, std::uint64_t ordinal, ExportStanding standing, Kind kind, Bytes body,
              const StoredEvent* stored) {
    Record record;
    record.kind = kind;
    record.body = std::move(body);
    record.recordedAt = instantOf(1'700'000'000'000 + records.size());
    record.tag = tagOf(lotKey, Ordinal(records.size()));
    Bytes envelope;
    if (stored != nullptr) {
      record.flags = kHasEnvelope;
      Nonce nonce;
      nonce.fill(static_cast<std::uint8_t>(records.size() + 1));
      envelope = sealEvent(lotKey, nonce, encodeHead(record), encodeStored(*stored));
      record.commitment.bytes = sha256(envelope);
    }
    record.seq = Seq(records.size());
    if (!records.empty()) record.prev = leafHash(records.back());
    records.push_back(encode(record));
    envelopes.push_back(std::move(envelope));
    tree.append(leafHash(records.back()));
    if (stored == nullptr) return;
    ExportEvent event;
    event.seq = record.seq;
    event.lot = lot;
    event.ordinal = Ordinal(ordinal);
    event.standing = standing;
    event.kind = kind;
    event.recordedAt = record.recordedAt;
    events.push_back(std::move(event));
  }
};

}  // namespace lacuna::test
