#include "ledger/proof/verify.h"

#include "ledger/proof/verify_range.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <map>

namespace lacuna {
namespace {

using namespace verification;

constexpr unsigned kThreadsMax = 64;
// Ranges are whole subtrees: of 65 536 records, or of 256 where that would leave threads idle.
constexpr unsigned kRangeHeight = 16;
constexpr unsigned kSmallRangeHeight = 8;
constexpr std::uint64_t kSmallLog = std::uint64_t{1} << 18;
constexpr std::uint64_t kLogMax = std::uint64_t{1}
                                  << 56;  // so that sizes and tiles cannot overflow

// The tree above the ranges: takes their subtrees in order.
class UpperTree {
 public:
  UpperTree(unsigned height, const LogSource& log, Findings& findings)
      : height_(height), tiles_(log, findings) {}

  void append(const NodeHash& subtree) {
    NodeHash hash = subtree;
    unsigned height = height_;
    std::uint64_t index = count_++;
    tiles_.add({height / 8, index, hash});
    for (; (index & 1) != 0; index >>= 1) {
      hash = nodeHash(stack_.back(), hash);
      stack_.pop_back();
      if (++height % 8 == 0) tiles_.add({height / 8, index >> 1, hash});
    }
    stack_.push_back(hash);
  }
  // The root when `last` (the head of a range) follows what was appended.
  RootHash rootWith(const NodeHash& last) const {
    NodeHash hash = last;
    for (auto left = stack_.rbegin(); left != stack_.rend(); ++left) hash = nodeHash(*left, hash);
    return RootHash{hash};
  }
  void finish() { tiles_.finish(); }
  std::uint64_t tilesChecked() const { return tiles_.checked(); }

 private:
  unsigned height_;
  std::uint64_t count_ = 0;
  std::vector<NodeHash> stack_;  // one perfect subtree for each set bit of count_
  TileCheck tiles_;
};

class Verification {
 public:
  Verification(const LogSource& log, const VerifyOptions& options)
      : log_(log),
        options_(options),
        size_(log.size().raw()),
        height_(size_ < kSmallLog ? kSmallRangeHeight : kRangeHeight),
        upper_(height_, log, findings_) {
    LACUNA_ASSERT(!log.hasEnvelopes() || (options.earlier == nullptr && !options.onVerified),
                  "a log with envelopes is read whole");
    if (options.earlier != nullptr) takeEarlier(*options.earlier);
  }

  VerifyReport run();

 private:
  void takeEarlier(const VerifiedRanges& earlier);
  void readNotes();
  void runRanges();
  bool isKnown(std::uint64_t index, const Range& range, std::span<const std::uint64_t> heads) const;
  RangeResult known(std::uint64_t index, const Range& range,
                    std::span<const std::uint64_t> heads) const;
  void work();
  Range rangeAt(std::uint64_t index) const;
  void join(std::uint64_t index, RangeResult result);  // needs the lock
  void joinNext(const RangeResult& result, const Range& range);
  void settleTail();
  void settleMissing();
  RootHash rootWithLeaf(std::uint64_t seq, const LeafHash& leaf) const;
  void judgeNotes();
  void add(std::string_view what, std::optional<std::uint64_t> seq = std::nullopt,
           std::optional<std::uint64_t> through = std::nullopt);

  const LogSource& log_;
  const VerifyOptions& options_;
  const std::uint64_t size_;
  const unsigned height_;
  Findings findings_;
  std::vector<SignedNote> notes_;
  std::vector<std::uint64_t> heads_;  // sizes whose roots are wanted, ascending, each once
  std::vector<NodeHash> known_;       // of the first ranges, by an earlier run

  std::atomic<std::uint64_t> nextRange_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;                              // guards what follows
  std::map<std::uint64_t, RangeResult> waiting_;  // done, but not those before them
  std::uint64_t joined_ = 0;
  std::uint64_t done_ = 0;
  bool holed_ = false;
  UpperTree upper_;
  VerifiedRanges verified_;
  std::map<std::uint64_t, RootHash> roots_;
  std::optional<LeafHash> doubtedLeaf_;
  SeqSet missing_, removed_;
  VerifyReport report_;
};

void Verification::add(std::string_view what, std::optional<std::uint64_t> seq,
                       std::optional<std::uint64_t> through) {
  Finding finding{std::nullopt, std::string(what), std::nullopt};
  if (seq) finding.seq = Seq(*seq);
  if (through && through != seq) finding.through = Seq(*through);
  findings_.add(std::move(finding));
}

// Smaller ranges, of when the log was smaller, are put together; larger ones, of a log that was larger, are of no use.
void Verification::takeEarlier(const VerifiedRanges& earlier) {
  std::vector<NodeHash> hashes = earlier.subtrees;
  for (unsigned height = earlier.height; height < height_; ++height) {
    const std::size_t pairs = hashes.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      hashes[i] = nodeHash(hashes[2 * i], hashes[2 * i + 1]);
    }
    hashes.resize(pairs);
  }
  if (earlier.height > height_ || size_ > kLogMax) return;
  hashes.resize(std::min<std::uint64_t>(hashes.size(), size_ >> height_));
  known_ = std::move(hashes);
  if (!known_.empty()) report_.believedKey = earlier.believedKey;
}

// One in whose middle a root is wanted has to be read for it.
bool Verification::isKnown(std::uint64_t index, const Range& range,
                           std::span<const std::uint64_t> heads) const {
  return index < known_.size() && (heads.empty() || heads.front() == range.end);
}

RangeResult Verification::known(std::uint64_t index, const Range& range,
                                std::span<const std::uint64_t> heads) const {
  RangeResult result;
  result.subtree = known_[index];
  if (!heads.empty()) result.heads.push_back({range.end, result.subtree});
  return result;
}

void Verification::readNotes() {
  for (const std::string& text : options_.checkpoints) {
    Result<SignedNote> note = parseNote(text);
    if (!note) {
      add(finding::kNote);
      continue;
    }
    const std::uint64_t size = note->checkpoint.size.raw();
    if (size > 0 && size <= size_) heads_.push_back(size);
    notes_.push_back(std::move(*note));
  }
  if (size_ > 0) heads_.push_back(size_);
  std::sort(heads_.begin(), heads_.end());
  heads_.erase(std::unique(heads_.begin(), heads_.end()), heads_.end());
  roots_[0] = emptyRoot();
}

Range Verification::rangeAt(std::uint64_t index) const {
  const std::uint64_t first = index << height_;
  return {first, std::min(size_, first + (std::uint64_t{1} << height_)), size_, height_};
}

void Verification::work() {
  // A fault in one thread ends the others after their range.
  struct StopWithFault {
    std::atomic<bool>& stopped;
    int before = std::uncaught_exceptions();
    ~StopWithFault() {
      if (std::uncaught_exceptions() > before) stopped = true;
    }
  } const stopWithFault{stopped_};
  // Ranges are taken in order: once the list of findings is full, later ones can add nothing to it.
  while (!stopped_ && !findings_.full()) {
    const std::uint64_t index = nextRange_++;
    const Range range = rangeAt(index);
    if (range.first >= size_) return;
    const auto from = std::upper_bound(heads_.begin(), heads_.end(), range.first);
    const auto to = std::upper_bound(heads_.begin(), heads_.end(), range.end);
    const std::span<const std::uint64_t> heads{from, to};
    const bool taken = isKnown(index, range, heads);
    RangeResult result =
        taken ? known(index, range, heads) : RangeCheck(log_, findings_, range, heads).run();
    const std::lock_guard lock(mutex_);
    if (taken) report_.recordsTaken += range.end - range.first;
    join(index, std::move(result));
    done_ += range.end - range.first;
    if (options_.onProgress) options_.onProgress(done_, size_);
  }
}

void Verification::join(std::uint64_t index, RangeResult result) {
  report_.envelopesChecked += result.envelopesChecked;
  report_.documentsChecked += result.documentsChecked;
  report_.tilesChecked += result.tilesChecked;
  for (const auto& [number, range] : result.missing.ranges()) missing_.add(number, range);
  for (const auto& [number, range] : result.removed.ranges()) removed_.add(number, range);
  waiting_.emplace(index, std::move(result));
  for (auto next = waiting_.begin(); next != waiting_.end() && next->first == joined_;
       next = waiting_.erase(next)) {
    joinNext(next->second, rangeAt(joined_++));
  }
}

void Verification::joinNext(const RangeResult& result, const Range& range) {
  if (result.genesis) {
    report_.believedKey = verifierKeyOf(result.genesis->origin, result.genesis->key);
  }
  if (range.end == size_) doubtedLeaf_ = result.doubtedLeaf;
  holed_ = holed_ || result.holed;
  if (holed_) return;
  for (const Head& head : result.heads) roots_[head.size] = upper_.rootWith(head.hash);
  if (range.end - range.first != std::uint64_t{1} << height_) return;
  upper_.append(result.subtree);
  if (!options_.onVerified || !findings_.none()) return;
  verified_.height = height_;
  verified_.subtrees.push_back(result.subtree);
  verified_.believedKey = report_.believedKey;
  options_.onVerified(verified_);
}

void Verification::runRanges() {
  const unsigned threads = std::clamp(options_.threads, 1U, kThreadsMax);
  std::vector<std::future<void>> others;
  for (unsigned i = 1; i < threads; ++i) {
    others.push_back(std::async(std::launch::async, [this] { work(); }));
  }
  work();
  for (std::future<void>& other : others) other.get();  // a fault there comes through here
}

// The last link is broken, and no record stands behind it to testify. A signed checkpoint can: if the leaf
// that the last record names leads to it, the record before the last was changed.
void Verification::settleTail() {
  if (!doubtedLeaf_) return;
  const std::uint64_t last = size_ - 1;
  const auto signedHere = std::find_if(notes_.begin(), notes_.end(), [&](const SignedNote& note) {
    return note.checkpoint.size.raw() == size_;
  });
  if (signedHere == notes_.end()) return add(finding::kOneOfTwo, last - 1, last);
  if (rootWithLeaf(last - 1, *doubtedLeaf_) == signedHere->checkpoint.root) {
    add(finding::kChanged, last - 1);
  } else {
    add(finding::kUnlinked, last);
  }
}

// An envelope may be missing only where a sweep of this log says that it removed it.
void Verification::settleMissing() {
  if (joined_ << height_ < size_)
    return;  // findings are full: a sweep may stand in what was not read
  missing_.each(Seq(0), [this](Seq seq) {
    if (removed_.contains(seq)) {
      ++report_.envelopesRemoved;
    } else {
      add(finding::kEnvelopeMissing, seq.raw());
    }
    return !findings_.full();
  });
}

RootHash Verification::rootWithLeaf(std::uint64_t seq, const LeafHash& leaf) const {
  TreeBuilder tree;
  log_.scan(Seq(0), TreeSize(size_), [&](const LogEntry& entry) {
    tree.append(entry.seq.raw() == seq ? leaf : leafHash(entry.record), [](const TileHash&) {});
    return true;
  });
  return tree.root();
}

void Verification::judgeNotes() {
  const std::optional<VerifierKey>& key = options_.key ? options_.key : report_.believedKey;
  std::sort(notes_.begin(), notes_.end(), [](const SignedNote& a, const SignedNote& b) {
    return a.checkpoint.size < b.checkpoint.size;
  });
  std::uint64_t agreed = 0;  // the records below it are those that were signed
  for (const SignedNote& note : notes_) {
    const std::uint64_t size = note.checkpoint.size.raw();
    if (!key || !openNote(note, *key)) {
      add(finding::kNoteSignature);
      continue;
    }
    if (size > size_) {
      add(finding::kCut, size_);
      continue;
    }
    const auto root = roots_.find(size);
    if (root == roots_.end()) continue;  // a record below is missing, which was said
    if (root->second == note.checkpoint.root) {
      agreed = size;
      ++report_.checkpointsChecked;
    } else {
      add(finding::kRoot, agreed, size - 1);
    }
  }
  report_.trusted = options_.key && report_.checkpointsChecked > 0;
}

VerifyReport Verification::run() {
  report_.size = TreeSize(size_);
  if (size_ == 0 || size_ > kLogMax) {
    add(finding::kMissing, 0);  // every ledger begins with record 0
  } else {
    readNotes();
    runRanges();
    if (!holed_ && joined_ << height_ >= size_) {
      upper_.finish();
      report_.root = roots_.at(size_);
    }
    report_.tilesChecked += upper_.tilesChecked();
    settleTail();
    settleMissing();
    judgeNotes();
  }
  report_.verified = std::move(verified_);
  report_.findings = findings_.take();
  return std::move(report_);
}

}  // namespace

VerifyReport verifyLog(const LogSource& log, const VerifyOptions& options) {
  return Verification(log, options).run();
}

}  // namespace lacuna
