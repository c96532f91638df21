// The export of a person (Art. 15), and how it is held against the log offline (FORMAT.md 11).
//
// Promise: what passes is what stands sealed in the log at the places named, under one signed checkpoint, and all of
//          what the ledger's signed list counts, lot by lot, without a gap. That the list itself is whole rests on
//          the ledger's signature: no lot key leaves the ledger, so nobody else can derive a tag.
// Lines come one by one: memory is the manifest, and eight bytes an event.
// Thread: any; no I/O.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/proof/disclosure.h"

#include <array>
#include <vector>

namespace lacuna {

inline constexpr std::size_t kExportManifestBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kExportLineBytesMax = 1024 * 1024;
inline constexpr std::uint64_t kExportEventsMax = 200'000;  // the fold holds them in memory

inline constexpr std::string_view kExportManifestFile = "manifest.json";
inline constexpr std::string_view kExportCheckpointFile = "checkpoint.txt";
inline constexpr std::string_view kExportEventsFile = "events.jsonl";
inline constexpr std::string_view kExportProofsFile = "proofs.jsonl";
inline constexpr std::string_view kExportPersonFile = "person.json";
inline constexpr std::string_view kExportPageEnFile = "page.en.html";
inline constexpr std::string_view kExportPageNlFile = "page.nl.html";
// In the order in which a manifest names them.
inline constexpr std::array<std::string_view, 6> kExportFiles{
    kExportCheckpointFile, kExportEventsFile, kExportProofsFile,
    kExportPersonFile,     kExportPageEnFile, kExportPageNlFile};

struct ExportLot {
  LeafNo leaf;
  std::string klass;
  std::int32_t period = 0;
  bool erased = false;
  std::uint64_t carried = 0, events = 0;  // of a lot that is not erased
  bool operator==(const ExportLot&) const = default;
};
struct ExportFile {
  std::string name;
  std::uint64_t bytes = 0;
  ByteArray<32> sha256{};
  bool operator==(const ExportFile&) const = default;
};
struct ExportManifest {
  std::string key;  // the ledger's verifier key, as text: to be trusted from elsewhere
  Instant madeAt{};
  TreeSize size;
  std::vector<ExportLot> lots;    // ascending by leaf
  std::vector<ExportFile> files;  // kExportFiles
};
// The text of manifest.json, signed.
std::string signedTextOf(const ExportManifest& manifest, const SigningKey& key);
// Refuses tampered: also lots that do not ascend, other files, another signature than the named key's.
Result<ExportManifest> exportManifestOfText(std::string_view text);
enum class ExportStanding : std::uint8_t { open, closed, withdrawn, isPublic };
std::string_view nameOf(ExportStanding standing);

struct ExportEvent {
  Seq seq;
  LeafNo lot;
  Ordinal ordinal;
  ExportStanding standing = ExportStanding::open;
  Kind kind = Kind::note;
  Instant recordedAt{};
  std::string content;  // of an open one: a JSON object
  std::string added = "{}";
};
struct ExportProof {
  Seq seq;
  Bytes record;
  std::vector<NodeHash> inclusion;
  Bytes envelope;                 // of an open one
  std::optional<Secret> opening;  // likewise: `e`
};
// One text for one value, without the line feed. Needs: `content` and `added` are JSON objects.
std::string lineOf(const ExportEvent& event);
std::string lineOf(const ExportProof& proof);
Result<ExportEvent> exportEventOfLine(std::string_view line);  // tampered
Result<ExportProof> exportProofOfLine(std::string_view line);  // tampered

struct ExportReport {
  VerifierKey key;
  bool trusted = false;  // by a key of the caller's; else only internally consistent
  Checkpoint checkpoint;
  Instant madeAt{};
  std::uint64_t lots = 0, erasedLots = 0;
  std::uint64_t open = 0, closed = 0, withdrawn = 0, isPublic = 0;  // events
  std::uint64_t events() const { return open + closed + withdrawn + isPublic; }
};

class ExportCheck {
 public:
  // Checks form and signatures of manifest and checkpoint. Without a key the one that the manifest names is
  // believed; it must have signed in any case. Refuses tampered.
  static Result<ExportCheck> begin(std::string_view manifest, std::string_view checkpoint,
                                   const std::optional<VerifierKey>& key);
  // The next event and its proof. After a refusal the check is over.
  Outcome take(std::string_view eventLine, std::string_view proofLine, const ShowContent& show);
  // Nothing is missing at the end.
  Outcome end();
  // Each file but the manifest, as it was read.
  Outcome file(std::string_view name, std::uint64_t bytes, const ByteArray<32>& sha256) const;
  const ExportReport& report() const { return report_; }

 private:
  ExportCheck() = default;
  Outcome place(const ExportEvent& event);
  Outcome placeCarried(const ExportLot& lot, const ExportEvent& event);
  Outcome placeOwn(const ExportLot& lot, const ExportEvent& event);
  Outcome prove(const ExportEvent& event, const ExportProof& proof, const ShowContent& show);
  void count(ExportStanding standing);
  void skipComplete();

  ExportManifest manifest_;
  ExportReport report_;
  std::size_t lot_ = 0;        // the one whose events come
  std::uint64_t taken_ = 0;    // of it
  std::optional<Seq> last_;    // of it
  std::uint64_t ordinal_ = 0;  // of the next one, if it continues the last
  std::vector<Seq> seqs_;
};

}  // namespace lacuna
