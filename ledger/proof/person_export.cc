#include "ledger/proof/person_export.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/json_text.h"
#include "ledger/record/bodies.h"
#include "ledger/record/envelope.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kForm = "lacuna-person-export/1";
constexpr std::string_view kSigned = "lacuna person export v1\n";

Refusal bad(const std::string& what) { return {RefusalCode::tampered, "the export " + what}; }
Refusal badForm(std::string_view what) {
  return {RefusalCode::tampered, std::string(what) + " does not follow the format"};
}

std::string named(const ExportLot& lot) {
  std::string out = "lot " + std::to_string(lot.leaf.raw()) + " (" + lot.klass;
  if (lot.period != 0) out += " " + std::to_string(lot.period);
  return out + ")";
}
std::string named(Seq seq) { return "the event at seq " + std::to_string(seq.raw()); }

// Strict reading of members; ok() asked once at the end.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json), ok_(json.is_object()) {}

  std::string text(const char* name) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_string()) return fail<std::string>();
    return at->get<std::string>();
  }
  std::uint64_t number(const char* name, std::uint64_t most = INT64_MAX) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_number_unsigned()) return fail<std::uint64_t>();
    const auto value = at->get<std::uint64_t>();
    return value <= most ? value : fail<std::uint64_t>();
  }
  bool boolean(const char* name) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_boolean()) return fail<bool>();
    return at->get<bool>();
  }
  Instant instant(const char* name) {
    const std::optional<Instant> at = instantOfRfc3339(text(name));
    return at ? *at : fail<Instant>();
  }
  Bytes bytes(const char* name, std::size_t most) {
    std::optional<Bytes> out = bytesOfBase64(text(name));
    if (!out || out->size() > most) return fail<Bytes>();
    return std::move(*out);
  }
  std::string object(const char* name) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_object()) return fail<std::string>();
    return at->dump();
  }
  const Json* list(const char* name, std::size_t most) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_array() || at->size() > most) return fail<const Json*>();
    return at;
  }
  bool has(const char* name) const { return ok_ && json_.contains(name); }
  bool ok() const { return ok_; }
  template <typename T>
  T fail() {
    ok_ = false;
    return T{};
  }

 private:
  const Json* member(const char* name) {
    if (!ok_) return nullptr;
    const auto at = json_.find(name);
    return at == json_.end() ? nullptr : &*at;
  }
  const Json& json_;
  bool ok_;
};

// Nothing for what is too long, too deep, or no object.
std::optional<Json> objectOf(std::string_view text, std::size_t bytesMax) {
  if (text.size() > bytesMax || !shallow(text)) return std::nullopt;
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

Json parsed(const std::string& object) {
  Json out = Json::parse(object, nullptr, false);
  LACUNA_ASSERT(out.is_object(), "a part of an export's line is an object");
  return out;
}

Json jsonOf(const ExportLot& lot) {
  Json out{{"leaf", lot.leaf.raw()},
           {"class", lot.klass},
           {"period", lot.period},
           {"erased", lot.erased}};
  if (lot.erased) return out;
  out["carried"] = lot.carried;
  out["events"] = lot.events;
  return out;
}

// Everything but the signature.
Json statementOf(const ExportManifest& manifest) {
  Json lots = Json::array(), files = Json::array();
  for (const ExportLot& lot : manifest.lots) lots.push_back(jsonOf(lot));
  for (const ExportFile& file : manifest.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", hexOf(file.sha256)}});
  }
  return Json{{"form", kForm},
              {"key", manifest.key},
              {"madeAt", rfc3339Of(manifest.madeAt)},
              {"size", manifest.size.raw()},
              {"lots", std::move(lots)},
              {"files", std::move(files)}};
}

Bytes signedBytes(const std::string& statement) {
  const std::string text = std::string(kSigned) + statement;
  return {text.begin(), text.end()};
}

std::optional<std::vector<ExportLot>> lotsOf(const Json& list) {
  std::vector<ExportLot> out;
  std::uint64_t events = 0;
  for (const Json& each : list) {
    Reader in(each);
    ExportLot lot;
    lot.leaf = LeafNo(static_cast<std::uint16_t>(in.number("leaf", kLeavesPerSlot - 1)));
    lot.klass = in.text("class");
    lot.period = static_cast<std::int32_t>(in.number("period", 9999));
    lot.erased = in.boolean("erased");
    if (in.ok() && !lot.erased) {
      lot.carried = in.number("carried", kExportEventsMax);
      lot.events = in.number("events", kExportEventsMax);
    }
    events += lot.carried + lot.events;
    if (!in.ok() || events > kExportEventsMax || (!out.empty() && lot.leaf <= out.back().leaf)) {
      return std::nullopt;
    }
    out.push_back(std::move(lot));
  }
  return out;
}

std::optional<std::vector<ExportFile>> filesOf(const Json& list) {
  std::vector<ExportFile> out;
  for (const Json& each : list) {
    Reader in(each);
    ExportFile file;
    file.name = in.text("name");
    file.bytes = in.number("bytes");
    const std::optional<Bytes> hash = bytesOfHex(in.text("sha256"));
    if (!in.ok() || !hash || hash->size() != file.sha256.size()) return std::nullopt;
    std::copy(hash->begin(), hash->end(), file.sha256.begin());
    if (out.size() >= kExportFiles.size() || file.name != kExportFiles[out.size()]) {
      return std::nullopt;
    }
    out.push_back(std::move(file));
  }
  if (out.size() != kExportFiles.size()) return std::nullopt;
  return out;
}

std::string signedText(const Json& statement, ByteView signature) {
  Json whole = statement;
  whole["signature"] = base64Of(signature);
  return whole.dump(2) + "\n";
}

std::optional<ExportStanding> standingOf(std::string_view name) {
  for (const auto standing : {ExportStanding::open, ExportStanding::closed,
                              ExportStanding::withdrawn, ExportStanding::isPublic}) {
    if (nameOf(standing) == name) return standing;
  }
  return std::nullopt;
}

}  // namespace

std::string_view nameOf(ExportStanding standing) {
  switch (standing) {
    case ExportStanding::open:
      return "open";
    case ExportStanding::closed:
      return "closed";
    case ExportStanding::withdrawn:
      return "withdrawn";
    case ExportStanding::isPublic:
      return "public";
  }
  throwBug(__FILE__, __LINE__, "nameOf(ExportStanding)", "a standing outside its list");
}

std::string signedTextOf(const ExportManifest& manifest, const SigningKey& key) {
  const Json statement = statementOf(manifest);
  return signedText(statement, key.sign(signedBytes(statement.dump())));
}

Result<ExportManifest> exportManifestOfText(std::string_view text) {
  constexpr std::string_view kWhat = "the manifest of the export";
  const std::optional<Json> json = objectOf(text, kExportManifestBytesMax);
  if (!json) return badForm(kWhat);
  Reader in(*json);
  if (const std::string form = in.text("form"); form != kForm) {
    return Refusal{RefusalCode::unknownVersion,
                   "the manifest is not one of the form lacuna-person-export/1"};
  }
  ExportManifest out;
  out.key = in.text("key");
  out.madeAt = in.instant("madeAt");
  out.size = TreeSize(in.number("size"));
  const Json* lots = in.list("lots", kLeavesPerSlot);
  const Json* files = in.list("files", kExportFiles.size());
  const Bytes signature = in.bytes("signature", sizeof(Signature));
  if (!in.ok()) return badForm(kWhat);
  std::optional<std::vector<ExportLot>> readLots = lotsOf(*lots);
  std::optional<std::vector<ExportFile>> readFiles = filesOf(*files);
  if (!readLots || !readFiles) return badForm(kWhat);
  out.lots = std::move(*readLots);
  out.files = std::move(*readFiles);
  const Json statement = statementOf(out);
  // Nothing beside what is read above, and that in one spelling only.
  if (signedText(statement, signature) != text) return badForm(kWhat);
  const Result<VerifierKey> key = verifierKeyOfText(out.key);
  if (!key) return bad("names no verifier key");
  if (!verifySignature(key->key, signedBytes(statement.dump()), signature)) {
    return bad("has a manifest that its key did not sign");
  }
  return out;
}

// ---- lines

std::string lineOf(const ExportEvent& event) {
  Json out{{"seq", event.seq.raw()},         {"lot", event.lot.raw()},
           {"ordinal", event.ordinal.raw()}, {"standing", nameOf(event.standing)},
           {"kind", nameOf(event.kind)},     {"recordedAt", rfc3339Of(event.recordedAt)}};
  if (event.standing == ExportStanding::open) out["content"] = parsed(event.content);
  out["added"] = parsed(event.added);
  return out.dump();
}

Result<ExportEvent> exportEventOfLine(std::string_view line) {
  constexpr std::string_view kWhat = "a line of events.jsonl";
  const std::optional<Json> json = objectOf(line, kExportLineBytesMax);
  if (!json) return badForm(kWhat);
  Reader in(*json);
  ExportEvent out;
  out.seq = Seq(in.number("seq"));
  out.lot = LeafNo(static_cast<std::uint16_t>(in.number("lot", kLeavesPerSlot - 1)));
  out.ordinal = Ordinal(in.number("ordinal"));
  const std::optional<ExportStanding> standing = standingOf(in.text("standing"));
  const std::optional<Kind> kind = kindOf(in.text("kind"));
  out.recordedAt = in.instant("recordedAt");
  if (!in.ok() || !standing || !kind) return badForm(kWhat);
  out.standing = *standing;
  out.kind = *kind;
  if (out.standing == ExportStanding::open) out.content = in.object("content");
  out.added = in.object("added");
  if (!in.ok() || lineOf(out) != line) return badForm(kWhat);
  return out;
}

std::string lineOf(const ExportProof& proof) {
  Bytes hashes;
  hashes.reserve(proof.inclusion.size() * sizeof(NodeHash));
  for (const NodeHash& hash : proof.inclusion)
    hashes.insert(hashes.end(), hash.begin(), hash.end());
  Json out{{"seq", proof.seq.raw()},
           {"record", base64Of(proof.record)},
           {"inclusion", base64Of(hashes)}};
  if (proof.opening) {
    out["envelope"] = base64Of(proof.envelope);
    out["opening"] = hexOf(proof.opening->view());
  }
  return out.dump();
}

Result<ExportProof> exportProofOfLine(std::string_view line) {
  constexpr std::string_view kWhat = "a line of proofs.jsonl";
  const std::optional<Json> json = objectOf(line, kExportLineBytesMax);
  if (!json) return badForm(kWhat);
  Reader in(*json);
  ExportProof out;
  out.seq = Seq(in.number("seq"));
  out.record = in.bytes("record", kRecordBytesMax);
  const Bytes hashes = in.bytes("inclusion", kProofHashesMax * sizeof(NodeHash));
  if (in.has("opening")) {
    out.envelope = in.bytes("envelope", kEnvelopeBytesMax);
    std::optional<Bytes> opening = bytesOfHex(in.text("opening"));
    if (!in.ok() || !opening || opening->size() != Secret::kSize) return badForm(kWhat);
    out.opening = Secret(*opening);
    wipe(*opening);
  }
  if (!in.ok() || hashes.size() % sizeof(NodeHash) != 0) return badForm(kWhat);
  out.inclusion.resize(hashes.size() / sizeof(NodeHash));
  for (std::size_t i = 0; i < out.inclusion.size(); ++i) {
    std::copy_n(hashes.begin() + static_cast<std::ptrdiff_t>(i * sizeof(NodeHash)),
                sizeof(NodeHash), out.inclusion[i].begin());
  }
  if (lineOf(out) != line) return badForm(kWhat);
  return out;
}

// ---- the check

Result<ExportCheck> ExportCheck::begin(std::string_view manifest, std::string_view checkpoint,
                                       const std::optional<VerifierKey>& key) {
  Result<ExportManifest> read = exportManifestOfText(manifest);
  if (!read) return read.refusal();
  const Result<VerifierKey> byName = verifierKeyOfText(read->key);
  if (!byName) return bad("names no verifier key");
  if (key && *key != *byName) return bad("is signed by another key than the one that you trust");
  Result<Checkpoint> head = openNote(checkpoint, *byName);
  if (!head) return head.refusal();
  if (head->size != read->size) return bad("holds another checkpoint than its manifest says");
  ExportCheck out;
  out.report_.key = *byName;
  out.report_.trusted = key.has_value();
  out.report_.checkpoint = std::move(*head);
  out.report_.madeAt = read->madeAt;
  out.report_.lots = read->lots.size();
  out.report_.erasedLots = static_cast<std::uint64_t>(std::count_if(
      read->lots.begin(), read->lots.end(), [](const ExportLot& lot) { return lot.erased; }));
  out.manifest_ = std::move(*read);
  out.skipComplete();
  return out;
}

void ExportCheck::skipComplete() {
  while (lot_ < manifest_.lots.size()) {
    const ExportLot& lot = manifest_.lots[lot_];
    if (!lot.erased && taken_ < lot.carried + lot.events) return;
    ++lot_;
    taken_ = ordinal_ = 0;
    last_.reset();
  }
}

Outcome ExportCheck::placeCarried(const ExportLot& lot, const ExportEvent& event) {
  const std::uint64_t ordinal = event.ordinal.raw();
  if (ordinal != ordinal_ && ordinal != 0) {
    return bad("lacks an event: of those that " + named(lot) + " carries, the one of ordinal " +
               std::to_string(ordinal_) + " is not where it belongs");
  }
  ordinal_ = ordinal + 1;
  return Done{};
}

Outcome ExportCheck::placeOwn(const ExportLot& lot, const ExportEvent& event) {
  const std::uint64_t expected = taken_ - lot.carried;
  if (event.ordinal.raw() == expected) return Done{};
  return bad("lacks an event: of " + named(lot) + " the one of ordinal " +
             std::to_string(expected) + " is not where it belongs");
}

Outcome ExportCheck::place(const ExportEvent& event) {
  if (lot_ == manifest_.lots.size()) return bad("holds more events than its lots have");
  const ExportLot& lot = manifest_.lots[lot_];
  if (event.lot != lot.leaf) {
    return bad("lacks events: " + named(lot) + " has " + std::to_string(lot.carried + lot.events) +
               ", and " + std::to_string(taken_) + " are there");
  }
  if (last_ && event.seq <= *last_) return bad("does not tell its events in their order");
  Outcome placed = taken_ < lot.carried ? placeCarried(lot, event) : placeOwn(lot, event);
  if (!placed) return placed;
  last_ = event.seq;
  ++taken_;
  seqs_.push_back(event.seq);
  skipComplete();
  return Done{};
}

namespace {

// What is told of a reading is what its record says in public.
bool saysWhatBodySays(const ExportEvent& event, const Record& record) {
  if (event.kind != Kind::consultation) return true;
  const Result<ConsultationBody> body = decodeConsultation(record.body);
  if (!body) return false;
  const Json added = parsed(event.added);
  return added.value("operation", Json()) == Json(nameOf(body->operation)) &&
         added.value("reason", Json()) == Json(nameOf(body->reason));
}

Outcome opened(const ExportEvent& event, const ExportProof& proof, const Record& record,
               const ShowContent& show) {
  if (sha256(proof.envelope) != record.commitment.bytes) {
    return bad("holds another envelope than the record commits to: " + named(event.seq));
  }
  Result<Bytes> plain = openEventWithKey(*proof.opening, encodeHead(record), proof.envelope);
  if (!plain) return bad("does not open what it tells: " + named(event.seq));
  const Result<std::string> content = show(*plain);
  wipe(*plain);
  if (!content) return content.refusal();
  // Compared as parsed, as a disclosure is.
  const Json derived = Json::parse(*content, nullptr, false);
  if (!derived.is_object() || derived.dump() != event.content) {
    return bad("shows another text than the envelope holds: " + named(event.seq));
  }
  return Done{};
}

}  // namespace

Outcome ExportCheck::prove(const ExportEvent& event, const ExportProof& proof,
                           const ShowContent& show) {
  if (proof.seq != event.seq) return bad("proves another event than it tells: " + named(event.seq));
  const Result<Record> record = decodeRecord(proof.record);
  if (!record) return record.refusal();
  if (record->seq != event.seq || record->kind != event.kind ||
      record->recordedAt != event.recordedAt) {
    return bad("says otherwise than the record: " + named(event.seq));
  }
  const Checkpoint& head = report_.checkpoint;
  if (!verifyInclusion(leafHash(proof.record), event.seq, head.size, proof.inclusion, head.root)) {
    return bad("tells what does not stand in the log: " + named(event.seq));
  }
  const bool sealed = (record->flags & kHasEnvelope) != 0;
  const bool open = event.standing == ExportStanding::open;
  if (sealed == (event.standing == ExportStanding::isPublic) || open != proof.opening.has_value()) {
    return bad("says otherwise than the record whether it is sealed: " + named(event.seq));
  }
  if (!saysWhatBodySays(event, *record)) {
    return bad("says otherwise than the record who looked and why: " + named(event.seq));
  }
  return open ? opened(event, proof, *record, show) : Done{};
}

void ExportCheck::count(ExportStanding standing) {
  switch (standing) {
    case ExportStanding::open:
      ++report_.open;
      return;
    case ExportStanding::closed:
      ++report_.closed;
      return;
    case ExportStanding::withdrawn:
      ++report_.withdrawn;
      return;
    case ExportStanding::isPublic:
      ++report_.isPublic;
      return;
  }
}

Outcome ExportCheck::take(std::string_view eventLine, std::string_view proofLine,
                          const ShowContent& show) {
  const Result<ExportEvent> event = exportEventOfLine(eventLine);
  if (!event) return event.refusal();
  const Result<ExportProof> proof = exportProofOfLine(proofLine);
  if (!proof) return proof.refusal();
  if (Outcome placed = place(*event); !placed) return placed;
  if (Outcome proved = prove(*event, *proof, show); !proved) return proved;
  count(event->standing);
  return Done{};
}

Outcome ExportCheck::end() {
  if (lot_ < manifest_.lots.size()) {
    const ExportLot& lot = manifest_.lots[lot_];
    return bad("lacks events: " + named(lot) + " has " + std::to_string(lot.carried + lot.events) +
               ", and " + std::to_string(taken_) + " are there");
  }
  std::sort(seqs_.begin(), seqs_.end());
  if (std::adjacent_find(seqs_.begin(), seqs_.end()) != seqs_.end()) {
    return bad("tells one record twice");
  }
  return Done{};
}

Outcome ExportCheck::file(std::string_view name, std::uint64_t bytes,
                          const ByteArray<32>& sha256) const {
  for (const ExportFile& file : manifest_.files) {
    if (file.name != name) continue;
    if (file.bytes == bytes && file.sha256 == sha256) return Done{};
    return bad("holds another " + file.name + " than its manifest was signed for");
  }
  return bad("holds a file that its manifest does not name");
}

}  // namespace lacuna
