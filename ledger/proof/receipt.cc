#include "ledger/proof/receipt.h"

#include "ledger/crypto/digest.h"
#include "ledger/record/record.h"

namespace lacuna {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

Refusal badProof() { return {RefusalCode::tampered, "not a proof of the form tlog-proof v1"}; }

// The next line without its end; nothing when no line is left.
std::optional<std::string_view> takeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string textOf(const TlogProof& proof) {
  std::string out(kHeader);
  if (!proof.extra.empty()) out += std::string(kExtra) + base64Of(proof.extra) + "\n";
  out += std::string(kIndex) + std::to_string(proof.index.raw()) + "\n";
  for (const NodeHash& hash : proof.hashes) out += base64Of(hash) + "\n";
  return out + "\n" + proof.checkpoint;
}

Result<TlogProof> proofOfText(std::string_view text) {
  if (text.size() > kProofBytesMax || !text.starts_with(kHeader)) return badProof();
  text.remove_prefix(kHeader.size());
  TlogProof proof;
  std::optional<std::string_view> line = takeLine(text);
  if (line && line->starts_with(kExtra)) {
    std::optional<Bytes> extra = bytesOfBase64(line->substr(kExtra.size()));
    if (!extra || extra->empty()) return badProof();  // an empty one is left out
    proof.extra = std::move(*extra);
    line = takeLine(text);
  }
  if (!line || !line->starts_with(kIndex)) return badProof();
  const std::optional<std::uint64_t> index = decimalOf(line->substr(kIndex.size()));
  if (!index) return badProof();
  proof.index = Seq(*index);
  for (line = takeLine(text); line && !line->empty(); line = takeLine(text)) {
    const std::optional<Bytes> hash = bytesOfBase64(*line);
    if (!hash || hash->size() != 32 || proof.hashes.size() == kProofHashesMax) return badProof();
    std::memcpy(proof.hashes.emplace_back().data(), hash->data(), 32);
  }
  if (!line) return badProof();
  proof.checkpoint = text;
  return proof;
}

Result<ProvedRecord> verifyReceipt(std::string_view text, const VerifierKey& key) {
  Result<TlogProof> proof = proofOfText(text);
  if (!proof) return proof.refusal();
  Result<Checkpoint> checkpoint = openNote(proof->checkpoint, key);
  if (!checkpoint) return checkpoint.refusal();
  const Result<Record> record = decodeRecord(proof->extra);
  if (!record) return record.refusal();
  if (record->seq != proof->index) {
    return Refusal{RefusalCode::tampered, "a receipt for another place than the record's"};
  }
  const Outcome included = verifyInclusion(leafHash(proof->extra), proof->index, checkpoint->size,
                                           proof->hashes, checkpoint->root);
  if (!included) return included.refusal();
  return ProvedRecord{std::move(proof->extra), proof->index, std::move(*checkpoint)};
}

}  // namespace lacuna
