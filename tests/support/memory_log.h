// A whole log in memory, honest when made and open to every kind of tampering.
#pragma once

#include "ledger/crypto/digest.h"
#include "ledger/proof/verify.h"
#include "ledger/record/bodies.h"
#include "ledger/record/record.h"
#include "tests/support/trees.h"

#include <map>
#include <string>
#include <vector>

namespace lacuna::test {

inline constexpr std::string_view kTestOrigin = "audit.example.org/test";

// Bytes that differ for each seed and never change.
inline Bytes noise(std::string_view label, std::uint64_t number, std::size_t size) {
  Bytes out;
  for (std::uint64_t block = 0; out.size() < size; ++block) {
    const auto hash = sha256({bytesOf(label), key64(number), key64(block)});
    out.insert(out.end(), hash.begin(), hash.end());
  }
  out.resize(size);
  return out;
}

class MemoryLog final : public LogSource {
 public:
  struct Entry {
    std::uint64_t seq = 0;
    Bytes record;
    std::optional<Bytes> envelope;
    bool operator==(const Entry&) const = default;
  };

  // Record 0 begins the ledger, record 1 has a document, a few are consultations, the others have
  // envelopes of `envelopeBytes`.
  explicit MemoryLog(std::uint64_t count, std::size_t envelopeBytes = 90)
      : signing_(Secret(noise("signing", 0, 32))) {
    for (std::uint64_t i = 0; i < count; ++i) add(envelopeBytes);
  }
  MemoryLog(const MemoryLog& other)
      : entries(other.entries),
        tree(other.tree),
        documents(other.documents),
        tilesKept(other.tilesKept),
        envelopesKept(other.envelopesKept),
        reportedSize(other.reportedSize),
        signing_(other.signing_.seed().clone()) {}

  VerifierKey key() const { return verifierKeyOf(kTestOrigin, signing_.publicKey()); }
  std::string note() const { return noteOf(tree); }
  std::string noteAt(std::uint64_t size) const {
    MemoryTree part;
    for (std::uint64_t i = 0; i < size; ++i) part.append(tree.leaves()[i]);
    return noteOf(part);
  }
  std::string noteFor(const Checkpoint& checkpoint) const { return signNote(checkpoint, signing_); }

  // Numbers and links the records from `first` on anew, as somebody who rewrites history would.
  void relink(std::uint64_t first) {
    for (std::uint64_t i = first; i < entries.size(); ++i) {
      Record record = decodeRecord(entries[i].record).value();
      record.seq = Seq(i);
      record.prev = i == 0 ? LeafHash{} : leafHash(entries[i - 1].record);
      entries[i] = {i, encode(record), std::move(entries[i].envelope)};
    }
    tree = {};
    for (const Entry& entry : entries) tree.append(leafHash(entry.record));
  }
  void renumber() {  // of the entries only: as a reader that counts what it finds
    for (std::uint64_t i = 0; i < entries.size(); ++i) entries[i].seq = i;
  }

  TreeSize size() const override { return TreeSize(reportedSize.value_or(entries.size())); }
  void scan(Seq first, TreeSize end,
            const std::function<bool(const LogEntry&)>& visit) const override {
    for (std::size_t i = first.raw(); i < entries.size(); ++i) {
      if (entries[i].seq >= end.raw()) return;
      LogEntry entry{Seq(entries[i].seq), entries[i].record, std::nullopt};
      if (entries[i].envelope) entry.envelope = ByteView(*entries[i].envelope);
      if (!visit(entry)) return;
    }
  }
  std::optional<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override {
    if (tilesKept == Tiles::none || (tilesKept == Tiles::full && width < kTileWidth)) {
      return std::nullopt;
    }
    return tree.tile(level, index, width);
  }
  std::optional<Bytes> document(const DocumentHash& hash) const override {
    const auto found = documents.find(hash);
    if (found == documents.end()) return std::nullopt;
    return found->second;
  }
  bool hasEnvelopes() const override { return envelopesKept; }

  enum class Tiles : std::uint8_t { none, full, all };
  std::vector<Entry> entries;
  MemoryTree tree;  // what is stored as tiles
  std::map<DocumentHash, Bytes> documents;
  Tiles tilesKept = Tiles::full;
  bool envelopesKept = true;
  std::optional<std::uint64_t> reportedSize;

 private:
  void add(std::size_t envelopeBytes) {
    const std::uint64_t seq = entries.size();
    Record record;
    record.kind = Kind::processing;
    record.recordedAt = instantOf(1600000000000 + seq / 3);
    record.system = SystemNo(static_cast<std::uint32_t>(1 + seq % 5));
    record.tag = *Tag::from(noise("tag", seq, 16));
    record.seq = Seq(seq);
    if (seq > 0) record.prev = tree.leaves().back();
    std::optional<Bytes> envelope;
    if (seq == 0) {
      record.kind = Kind::genesis;
      record.body = encode(GenesisBody{*LedgerId::from(noise("ledger", 0, 16)),
                                       std::string(kTestOrigin), signing_.publicKey()});
    } else if (seq == 1) {
      record.kind = Kind::registerChange;
      record.flags = kHasDocument;
      record.body = encode(RegisterBody{1});
      const Bytes text = noise("register", 1, 500);
      record.commitment = Commitment{sha256(text)};
      documents[DocumentHash{record.commitment.bytes}] = text;
    } else if (envelopeBytes > 0) {
      envelope = noise("envelope", seq, envelopeBytes);
      record.flags = kHasEnvelope;
      record.commitment = Commitment{sha256(*envelope)};
      if (seq % 50 == 7) {
        record.kind = Kind::consultation;
        record.body = encode(ConsultationBody{3, ReadOperation::history, ReadReason::audit});
      }
    }
    entries.push_back({seq, encode(record), std::move(envelope)});
    tree.append(leafHash(entries.back().record));
  }
  std::string noteOf(const MemoryTree& of) const {
    return noteFor({std::string(kTestOrigin), of.size(), of.root()});
  }

  SigningKey signing_;
};

}  // namespace lacuna::test
