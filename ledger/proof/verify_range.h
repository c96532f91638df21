// The parts of verifyLog: findings gathered from several threads, tiles held against what is stored, and
// the check of one contiguous range of records.
#pragma once

#include "ledger/base/limits.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/removal.h"
#include "ledger/proof/verify.h"
#include "ledger/record/bodies.h"
#include "ledger/record/record.h"

#include <array>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace lacuna::verification {

// Keeps the first kFindingsMax findings in order of seq. Thread-safe.
class Findings {
 public:
  void add(Finding finding);
  // Nothing that is found at a later seq could be kept.
  bool full() const;
  bool none() const;
  // Drops what only repeats, with less precision, an exact finding. In order.
  std::vector<Finding> take();

 private:
  void trim();  // needs the lock

  mutable std::mutex mutex_;
  std::vector<Finding> list_;
};

// Gathers hashes that come in order into tiles and holds each against the stored one.
class TileCheck {
 public:
  TileCheck(const LogSource& log, Findings& findings) : log_(log), findings_(findings) {}

  void add(const TileHash& hash);  // with its index in the whole log
  void finish();                   // the tiles at the right edge, as far as they are filled
  std::uint64_t checked() const { return checked_; }

 private:
  struct Tile {
    std::uint64_t index = 0;
    Bytes bytes;
  };
  void compare(unsigned level, Tile& tile);

  const LogSource& log_;
  Findings& findings_;
  std::array<Tile, 8> tiles_;  // one growing tile a level
  std::uint64_t checked_ = 0;
};

// Records [first, end); first is a multiple of 2^height, and only the last range is shorter than that.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t logEnd = 0;
  unsigned height = 16;  // a multiple of 8, so that the tiles below it lie within the range
};

// The root of the records [first, size) of a range.
struct Head {
  std::uint64_t size = 0;
  NodeHash hash{};
};

struct RangeResult {
  bool holed = false;       // a record is missing: there is no root
  NodeHash subtree{};       // of all its records
  std::vector<Head> heads;  // at the wanted sizes
  std::optional<GenesisBody> genesis;
  // The link between the last two records of the log is broken, and no third one tells which is right.
  // What the last one says of the leaf before it.
  std::optional<LeafHash> doubtedLeaf;
  // Whether an envelope may be missing is known only at the end: a sweep's record stands behind it.
  SeqSet missing, removed;
  std::uint64_t envelopesChecked = 0;
  std::uint64_t documentsChecked = 0;
  std::uint64_t tilesChecked = 0;
};

// Checks one range; reads a record before it and two after it, so that links across its borders are judged
// by the range that holds the record to blame.
class RangeCheck {
 public:
  // `heads`: ascending sizes in (first, end].
  RangeCheck(const LogSource& log, Findings& findings, Range range,
             std::span<const std::uint64_t> heads);
  RangeResult run();

 private:
  // What is remembered of the record before.
  struct Before {
    std::uint64_t seq = 0;
    LeafHash leaf;
    Instant recordedAt{};
    bool decoded = false;
    bool inPlace = false;
  };

  bool visit(const LogEntry& entry);
  void checkRecord(const LogEntry& entry, const Record& record);
  void checkPlace(const LogEntry& entry, const Record& record);
  void checkLink(std::uint64_t seq, const Record* record, bool inPlace);
  void checkAttachments(const LogEntry& entry, const Record& record);
  void checkEnvelope(const LogEntry& entry, const Record& record);
  void checkDocument(std::uint64_t seq, const Record& record);
  void checkSweep(std::uint64_t seq, const Record& record);
  std::optional<Bytes> documentOf(std::uint64_t seq, const DocumentHash& hash);
  void append(std::uint64_t seq, const LeafHash& leaf);
  void finish();
  bool mine(std::uint64_t seq) const { return seq >= range_.first && seq < range_.end; }
  void report(std::uint64_t seq, std::string_view what,
              std::optional<std::uint64_t> through = std::nullopt);

  const LogSource& log_;
  Findings& findings_;
  const Range range_;
  std::span<const std::uint64_t> heads_;

  RangeResult result_;
  TreeBuilder tree_;
  TileCheck tiles_;
  std::uint64_t expected_;               // the seq that should come next
  std::optional<Before> before_;         // nothing: the record before is not known
  std::optional<std::uint64_t> broken_;  // a broken link to this record, not yet judged
  std::uint64_t offset_ = 0;             // how far the records last seen are out of place
};

}  // namespace lacuna::verification
