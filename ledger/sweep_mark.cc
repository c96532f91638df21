// Marking: which envelopes a living lot reaches. Whatever is in doubt stops the sweep.
#include "ledger/base/limits.h"
#include "ledger/carry.h"
#include "ledger/record/envelope.h"
#include "ledger/store/blocks.h"
#include "ledger/sweep.h"

#include <bit>

namespace lacuna {
namespace {

constexpr std::size_t kLotsPerEpoch = 2048;  // an epoch of the vault is short
constexpr std::uint64_t kFlagsOffset = 2;    // of a record (FORMAT.md 2)
// Where the first lot of a slot can stand: behind the aliases of the event that admitted somebody, or
// where a lost tail made it go on.
constexpr LeafNo kFirstLots[] = {
    LeafNo(1), LeafNo(2), LeafNo(3), LeafNo(4), LeafNo(5),
    LeafNo(6), LeafNo(7), LeafNo(8), LeafNo(9), LeafNo(kRestoreLeafStep)};
static_assert(kAliasesPerEventMax == 8, "aliases of one event, then its lot");

// A lot that lives, and how far its events were met. 12 bytes, because there are millions.
struct LivingLot {
  std::uint32_t high = 0, low = 0;  // slot * kLeavesPerSlot + leaf
  std::uint32_t next = 0;           // ordinal

  LivingLot(Slot slot, LeafNo leaf) {
    const std::uint64_t place = slot.raw() * kLeavesPerSlot + leaf.raw();
    high = static_cast<std::uint32_t>(place >> 32);
    low = static_cast<std::uint32_t>(place);
  }
  std::uint64_t place() const { return std::uint64_t{high} << 32 | low; }
  Slot slot() const { return Slot(place() / kLeavesPerSlot); }
  LeafNo leaf() const { return LeafNo(static_cast<std::uint16_t>(place() % kLeavesPerSlot)); }
};
static_assert(sizeof(LivingLot) == 12, "three words a lot");

// The records of one window, found by tag.
class Window {
 public:
  explicit Window(std::size_t capacity) : slots_(std::bit_ceil(2 * capacity)) {
    tags_.reserve(capacity);
    sealed_.reserve(capacity);
  }

  void add(ByteView record) {
    tags_.push_back(tagOfRecord(record));
    sealed_.push_back((record[kFlagsOffset] & kHasEnvelope) != 0);
    for (std::size_t at = placeOf(tags_.back());; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] != 0) continue;
      slots_[at] = static_cast<std::uint32_t>(tags_.size());
      return;
    }
  }
  std::optional<std::size_t> find(const Tag& tag) const {
    for (std::size_t at = placeOf(tag); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (tags_[slots_[at] - 1] == tag) return slots_[at] - 1;
    }
    return std::nullopt;
  }
  std::size_t size() const { return tags_.size(); }
  bool sealed(std::size_t index) const { return sealed_[index]; }
  void clear() {
    tags_.clear();
    sealed_.clear();
    std::fill(slots_.begin(), slots_.end(), 0U);
  }

 private:
  std::size_t placeOf(const Tag& tag) const {
    return *number64(tag.view().first(8)) & (slots_.size() - 1);  // tags are random
  }
  std::vector<Tag> tags_;
  std::vector<bool> sealed_;
  std::vector<std::uint32_t> slots_;  // 0: free; else index + 1
};

class Marking {
 public:
  Marking(const Vault& vault, const Store& store, const SweepMark& mark, const SeqSet& before,
          const SweepHooks& hooks)
      : vault_(vault), store_(store), mark_(mark), before_(before), hooks_(hooks) {}

  std::optional<SeqSet> run();

 private:
  bool gather();
  bool subject(const Vault::Reader& keys, ByteView key, ByteView value);
  void carried(const Vault::Reader& keys, Slot slot, const Lot& lot);
  void without(Slot slot);
  bool walk(Window& window, std::uint64_t first);
  bool walkLots(Window& window, std::vector<bool>& live, std::vector<LivingLot>& lots,
                bool mayStand);
  bool stale() const { return vault_.version() != mark_.version; }
  bool cancelled() const { return hooks_.goOn && !hooks_.goOn(); }

  const Vault& vault_;
  const Store& store_;
  const SweepMark& mark_;
  const SeqSet& before_;
  const SweepHooks& hooks_;
  std::vector<LivingLot> lots_;
  std::vector<LivingLot> nobodys_;  // of slots without a row: no record may be theirs
  SeqSet carried_;
  SeqSet out_;
  std::uint64_t expected_ = 0;  // the next slot
};

// A slot has no row while the tree has it alive. It was reserved and never used, or its row is missing:
// then something of it shows, a leaf that died or a record.
void Marking::without(Slot slot) {
  if (!vault_.slotLives(slot)) return;
  const Vault::Reader keys = vault_.reader();
  if (keys.version() != mark_.version) return;  // whoever asks stale() next begins anew
  for (const LeafNo leaf : kFirstLots) {
    if (!keys.lotKey(slot, leaf)) {
      throw Fault("a subject record is missing although its key lives: nothing is swept");
    }
    nobodys_.emplace_back(slot, leaf);
  }
}

void Marking::carried(const Vault::Reader& keys, Slot slot, const Lot& lot) {
  const std::optional<Secret> key = keys.lotKey(slot, lot.leaf);
  for (const CarryEntry& entry : carriedBy(store_, *key, slot, lot.leaf)) {
    if (!entry.key) continue;  // withdrawn
    if (entry.seq.raw() >= mark_.size.raw()) continue;
    const std::optional<Bytes> record = store_.record(entry.seq);
    if (!record || tagOfRecord(*record) != entry.tag) {
      throw Fault("a carry row does not name the records of its lot: nothing is swept");
    }
    carried_.insert(entry.seq);
  }
}

// False: the tree is another by now.
bool Marking::subject(const Vault::Reader& keys, ByteView key, ByteView value) {
  if (keys.version() != mark_.version) return false;
  ByteReader in(key.subspan(1));
  const Slot slot(in.u64());
  if (!in.done() || slot.raw() < expected_ || slot.raw() >= vault_.slotHighWater()) {
    throw Fault("a subject record of a slot that was never given out: nothing is swept");
  }
  for (; expected_ < slot.raw(); ++expected_) without(Slot(expected_));
  ++expected_;
  const std::optional<Secret> identity = keys.lotKey(slot, LeafNo(0));
  if (!identity) {
    if (!vault_.slotLives(slot)) return true;  // dead: an old row
    throw Fault("a slot lives although its identity is dead: nothing is swept");
  }
  const Result<Bytes> plain = openRow(*identity, sealedKey(key), value);
  if (!plain)
    throw Fault("a subject record does not open although its key lives: nothing is swept");
  const Result<Subject> who = decodeSubject(*plain);
  if (!who) throw Fault("a subject record does not follow the format: nothing is swept");
  for (const Lot& lot : who->lots) {
    // The tree decides, whatever the row says of the lot.
    if (!keys.lotKey(slot, lot.leaf)) continue;
    lots_.emplace_back(slot, lot.leaf);
    if (carriesRows(lot.state)) carried(keys, slot, lot);
  }
  return true;
}

// Everybody who lives. One snapshot: what is admitted later has no record below the mark.
bool Marking::gather() {
  const ByteArray<1> prefix{'S'};
  std::optional<Vault::Reader> keys;
  std::size_t seen = 0;
  bool same = true;
  store_.scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    if (seen++ % kLotsPerEpoch == 0) {
      keys.reset();
      if (cancelled()) return same = false;
      keys.emplace(vault_.reader());
    }
    return same = subject(*keys, key, value);
  });
  keys.reset();
  if (!same) return false;
  for (; expected_ < vault_.slotHighWater(); ++expected_) {
    if (expected_ % kLotsPerEpoch == 0 && cancelled()) return false;
    without(Slot(expected_));
  }
  return !stale();
}

// Goes on with every lot where it stopped: events of a lot are met in the order of their ordinals.
bool Marking::walkLots(Window& window, std::vector<bool>& live, std::vector<LivingLot>& lots,
                       bool mayStand) {
  for (std::size_t from = 0; from < lots.size(); from += kLotsPerEpoch) {
    if (cancelled()) return false;
    const Vault::Reader keys = vault_.reader();
    if (keys.version() != mark_.version) return false;
    const std::size_t end = std::min(from + kLotsPerEpoch, lots.size());
    for (std::size_t i = from; i < end; ++i) {
      LivingLot& lot = lots[i];
      const std::optional<Secret> key = keys.lotKey(lot.slot(), lot.leaf());
      LACUNA_ASSERT(key.has_value(), "a lot that died within one version of the tree");
      for (;; ++lot.next) {
        const std::optional<std::size_t> at = window.find(tagOf(*key, Ordinal(lot.next)));
        if (!at) break;
        if (!mayStand) {
          throw Fault("a subject record is missing although its key lives: nothing is swept");
        }
        live[*at] = true;
      }
    }
  }
  return true;
}

bool Marking::walk(Window& window, std::uint64_t first) {
  const std::uint64_t end = std::min<std::uint64_t>(first + kSweepWindowRecords, mark_.size.raw());
  bool on = true;
  window.clear();
  store_.scanRecords(Seq(first), TreeSize(end), [&](Seq, ByteView record) {
    window.add(record);
    if (window.size() % 65536 == 0) on = !cancelled();
    return on;
  });
  if (!on) return false;
  LACUNA_ASSERT(window.size() == end - first, "a record that was not read");
  std::vector<bool> live(window.size());
  if (!walkLots(window, live, lots_, true) || !walkLots(window, live, nobodys_, false))
    return false;
  for (std::size_t i = 0; i < window.size(); ++i) {
    const Seq seq(first + i);
    if (window.sealed(i) && !live[i] && !carried_.contains(seq) && !before_.contains(seq)) {
      out_.insert(seq);
    }
  }
  if (hooks_.onProgress) hooks_.onProgress(end, mark_.size.raw());
  return true;
}

std::optional<SeqSet> Marking::run() {
  if (stale() || !gather()) return std::nullopt;
  Window window(
      std::min<std::uint64_t>(kSweepWindowRecords, std::max<std::uint64_t>(mark_.size.raw(), 1)));
  for (std::uint64_t first = 0; first < mark_.size.raw(); first += kSweepWindowRecords) {
    if (!walk(window, first)) return std::nullopt;
  }
  if (stale()) return std::nullopt;
  return std::move(out_);
}

}  // namespace

std::optional<SeqSet> markUnreachable(const Vault& vault, const Store& store, const SweepMark& mark,
                                      const SeqSet& removedBefore, const SweepHooks& hooks) {
  return Marking(vault, store, mark, removedBefore, hooks).run();
}

}  // namespace lacuna
