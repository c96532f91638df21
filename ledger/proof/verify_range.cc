#include "ledger/proof/verify_range.h"

#include <algorithm>
#include <limits>

namespace lacuna::verification {
namespace {

constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();

std::uint64_t firstOf(const Finding& f) { return f.seq ? f.seq->raw() : kNowhere; }
std::uint64_t lastOf(const Finding& f) { return f.through ? f.through->raw() : firstOf(f); }

bool comesBefore(const Finding& a, const Finding& b) {
  if (firstOf(a) != firstOf(b)) return firstOf(a) < firstOf(b);
  return lastOf(a) < lastOf(b);  // the more precise one first
}

// Findings after which the record's leaf hash is another, so that tiles, roots and links fail as well.
bool explainsOthers(const Finding& f) {
  constexpr std::array kKinds = {finding::kMissing,   finding::kDoubled, finding::kMisplaced,
                                 finding::kMalformed, finding::kChanged, finding::kUnknownVersion,
                                 finding::kUnlinked,  finding::kTile,    finding::kOneOfTwo};
  return f.seq && std::find(kKinds.begin(), kKinds.end(), f.what) != kKinds.end();
}

// Whether `f` says no more than `closer` does, and less exactly.
bool repeats(const Finding& f, const Finding& closer) {
  return f.through && explainsOthers(closer) && firstOf(closer) >= firstOf(f) &&
         lastOf(closer) <= lastOf(f) && lastOf(closer) - firstOf(closer) < lastOf(f) - firstOf(f);
}

}  // namespace

void Findings::add(Finding finding) {
  const std::lock_guard lock(mutex_);
  list_.push_back(std::move(finding));
  if (list_.size() >= 2 * kFindingsMax) trim();
}

bool Findings::full() const {
  const std::lock_guard lock(mutex_);
  const auto placed =
      std::count_if(list_.begin(), list_.end(), [](const Finding& f) { return f.seq.has_value(); });
  return static_cast<std::size_t>(placed) >= kFindingsMax;
}

bool Findings::none() const {
  const std::lock_guard lock(mutex_);
  return list_.empty();
}

void Findings::trim() {
  std::stable_sort(list_.begin(), list_.end(), comesBefore);
  list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
  if (list_.size() > kFindingsMax) list_.resize(kFindingsMax);
}

std::vector<Finding> Findings::take() {
  const std::lock_guard lock(mutex_);
  trim();
  // A changed record is also why the tiles above it and the root are others: told once, in its place.
  const auto explained = [&](const Finding& f) {
    return std::any_of(list_.begin(), list_.end(),
                       [&](const Finding& closer) { return repeats(f, closer); });
  };
  std::vector<Finding> out;
  for (const Finding& f : list_) {
    if (!explained(f)) {
      out.push_back(f);
    } else if (f.what == finding::kRoot) {
      out.push_back({std::nullopt, f.what, std::nullopt});
    }
  }
  list_ = std::move(out);
  trim();
  return std::exchange(list_, {});
}

void TileCheck::add(const TileHash& hash) {
  Tile& tile = tiles_.at(hash.level);
  if (tile.bytes.empty()) tile.index = hash.index / kTileWidth;
  tile.bytes.insert(tile.bytes.end(), hash.hash.begin(), hash.hash.end());
  if (hash.index % kTileWidth == kTileWidth - 1) compare(hash.level, tile);
}

void TileCheck::finish() {
  for (unsigned level = 0; level < tiles_.size(); ++level) {
    if (!tiles_[level].bytes.empty()) compare(level, tiles_[level]);
  }
}

void TileCheck::compare(unsigned level, Tile& tile) {
  const auto width = static_cast<unsigned>(tile.bytes.size() / 32);
  const std::optional<Bytes> stored = log_.tile(level, tile.index, width);
  if (stored) {
    ++checked_;
    const std::size_t common = std::min(stored->size(), tile.bytes.size());
    const auto differs =
        std::mismatch(tile.bytes.begin(), tile.bytes.begin() + static_cast<std::ptrdiff_t>(common),
                      stored->begin());
    const auto at = static_cast<std::uint64_t>(differs.first - tile.bytes.begin());
    if (at < tile.bytes.size() || stored->size() != tile.bytes.size()) {
      // Beyond the end of a tile of another width: its last hash is as good a place as any.
      const std::uint64_t slot =
          tile.index * kTileWidth + std::min<std::uint64_t>(at / 32, width - 1);
      const std::uint64_t first = slot << (8 * level);
      const std::uint64_t last = first + ((std::uint64_t{1} << (8 * level)) - 1);
      if (level == 0) {
        findings_.add({Seq(first), std::string(finding::kTile), std::nullopt});
      } else {
        findings_.add({Seq(first), std::string(finding::kUpperTile), Seq(last)});
      }
    }
  }
  tile.bytes.clear();
}

RangeCheck::RangeCheck(const LogSource& log, Findings& findings, Range range,
                       std::span<const std::uint64_t> heads)
    : log_(log),
      findings_(findings),
      range_(range),
      heads_(heads),
      tiles_(log, findings),
      expected_(range.first == 0 ? 0 : range.first - 1) {}

void RangeCheck::report(std::uint64_t seq, std::string_view what,
                        std::optional<std::uint64_t> through) {
  if (!mine(seq)) return;
  Finding finding{Seq(seq), std::string(what), std::nullopt};
  if (through) finding.through = Seq(*through);
  findings_.add(std::move(finding));
}

RangeResult RangeCheck::run() {
  const std::uint64_t readEnd = std::min(range_.end + 2, range_.logEnd);
  log_.scan(Seq(expected_), TreeSize(readEnd),
            [this](const LogEntry& entry) { return visit(entry); });
  if (expected_ < range_.end) {  // the reader had no more
    report(std::max(expected_, range_.first), finding::kMissing);
    result_.holed = true;
    if (broken_) report(*broken_ - 1, finding::kOneOfTwo, *broken_);
  } else {
    finish();
  }
  return std::move(result_);
}

void RangeCheck::finish() {
  if (broken_ && *broken_ + 1 != range_.logEnd) {
    report(*broken_ - 1, finding::kOneOfTwo, *broken_);
  } else if (!broken_) {
    result_.doubtedLeaf.reset();
  }
  if (!result_.holed) {
    tiles_.finish();
    result_.subtree = tree_.root().bytes;
  }
  result_.tilesChecked = tiles_.checked();
}

bool RangeCheck::visit(const LogEntry& entry) {
  const std::uint64_t seq = entry.seq.raw();
  if (seq < expected_) {
    report(seq, finding::kDoubled);
    return true;
  }
  if (seq >= range_.logEnd) return false;
  if (seq > expected_) {
    report(std::max(expected_, range_.first), finding::kMissing);
    if (expected_ < range_.end && seq > range_.first) result_.holed = true;
    before_.reset();
  }
  expected_ = seq + 1;
  const Result<Record> record = decodeRecord(entry.record);
  const LeafHash leaf = leafHash(entry.record);
  Before now{seq, leaf, {}, record.ok(), false};
  if (record) {
    now.recordedAt = record->recordedAt;
    now.inPlace = record->seq == entry.seq;
    checkPlace(entry, *record);
    checkLink(seq, &record.value(), now.inPlace);
    if (mine(seq)) checkRecord(entry, *record);
  } else {
    report(seq, record.refusal().code == RefusalCode::unknownVersion ? finding::kUnknownVersion
                                                                     : finding::kMalformed);
    checkLink(seq, nullptr, false);
  }
  if (mine(seq) && !result_.holed) append(seq, leaf);
  before_ = now;
  return true;
}

void RangeCheck::checkPlace(const LogEntry& entry, const Record& record) {
  // After a record was left out or slipped in, all that follow are out of place by the same distance:
  // said once.
  const std::uint64_t offset = record.seq.raw() - entry.seq.raw();
  if (offset == offset_) return;
  offset_ = offset;
  if (offset == 0) return;
  const std::uint64_t seq = entry.seq.raw();
  if (before_ && before_->inPlace && record.seq.raw() == before_->seq &&
      record.prev != before_->leaf) {
    report(before_->seq, finding::kDoubled, seq);
  } else {
    report(seq, finding::kMisplaced);
  }
}

// A broken link accuses two records; the link after it tells which: a record whose own leaf the next one
// names was not changed, so the one before it was.
void RangeCheck::checkLink(std::uint64_t seq, const Record* record, bool inPlace) {
  if (seq == 0) {
    if (record != nullptr && record->prev != LeafHash{}) report(0, finding::kUnlinked);
    return;
  }
  const bool known =
      record != nullptr && inPlace && before_ && (before_->inPlace || !before_->decoded);
  const bool links = known && record->prev == before_->leaf;
  if (broken_) {
    const std::uint64_t at = std::exchange(broken_, std::nullopt).value();
    if (!known) {
      report(at - 1, finding::kOneOfTwo, at);
    } else if (links) {
      report(at - 1, finding::kChanged);
    } else {
      report(at, finding::kUnlinked);
    }
    return;
  }
  if (!known || links) return;
  if (!before_->decoded) {
    report(seq - 1, finding::kChanged);  // unreadable, so there is no doubt about which of the two
    return;
  }
  broken_ = seq;
  result_.doubtedLeaf = record->prev;
}

void RangeCheck::checkRecord(const LogEntry& entry, const Record& record) {
  const std::uint64_t seq = entry.seq.raw();
  if (before_ && before_->decoded && record.recordedAt < before_->recordedAt) {
    report(seq, finding::kEarlier);
  }
  if (!checkBody(record.kind, record.body)) report(seq, finding::kBody);
  if (seq == 0) {
    const Result<GenesisBody> genesis = decodeGenesis(record.body);
    if (record.kind == Kind::genesis && genesis) {
      result_.genesis = genesis.value();
    } else {
      report(0, finding::kGenesis);
    }
  } else if (record.kind == Kind::genesis) {
    report(seq, finding::kGenesisInside);
  }
  checkEnvelope(entry, record);
  if ((record.flags & kHasDocument) != 0) checkDocument(seq, record);
  if (record.kind == Kind::sweep) checkSweep(seq, record);
}

void RangeCheck::checkEnvelope(const LogEntry& entry, const Record& record) {
  const std::uint64_t seq = entry.seq.raw();
  if ((record.flags & kHasEnvelope) == 0) {
    if (entry.envelope) report(seq, finding::kEnvelopeExtra);
    return;
  }
  if (entry.envelope) {
    ++result_.envelopesChecked;
    if (Commitment{sha256(*entry.envelope)} != record.commitment) {
      report(seq, finding::kEnvelopeChanged);
    }
  } else if (log_.hasEnvelopes()) {
    result_.missing.insert(entry.seq);
  }
}

void RangeCheck::checkDocument(std::uint64_t seq, const Record& record) {
  documentOf(seq, DocumentHash{record.commitment.bytes});
}

// Nothing: it is missing, or another; which was reported.
std::optional<Bytes> RangeCheck::documentOf(std::uint64_t seq, const DocumentHash& hash) {
  std::optional<Bytes> document = log_.document(hash);
  if (!document) {
    report(seq, finding::kDocumentMissing);
    return std::nullopt;
  }
  ++result_.documentsChecked;
  if (sha256(*document) == hash.bytes) return document;
  report(seq, finding::kDocumentChanged);
  return std::nullopt;
}

void RangeCheck::checkSweep(std::uint64_t seq, const Record& record) {
  const Result<SweepBody> body = decodeSweep(record.body);
  if (!body) return;  // reported as a body
  if (body->marked.raw() > seq) return report(seq, finding::kSweep);
  for (const SweepBody::Part& part : body->parts) {
    const std::optional<Bytes> document = documentOf(seq, part.document);
    if (!document) continue;
    const Result<Removal> removal = decodeRemoval(*document);
    if (!removal || removal->range != part.range ||
        (part.range << kRemovalRangeBits) + *removal->removed.last() >= body->marked.raw()) {
      report(seq, finding::kSweep);
      continue;
    }
    result_.removed.add(part.range, removal->removed);
  }
}

void RangeCheck::append(std::uint64_t seq, const LeafHash& leaf) {
  tree_.append(leaf, [this](const TileHash& hash) {
    if (8 * hash.level >= range_.height) return;  // tiles above the range are their joiner's
    tiles_.add({hash.level, (range_.first >> (8 * hash.level)) + hash.index, hash.hash});
  });
  if (!heads_.empty() && heads_.front() == seq + 1) {
    result_.heads.push_back({seq + 1, tree_.root().bytes});
    heads_ = heads_.subspan(1);
  }
}

}  // namespace lacuna::verification
