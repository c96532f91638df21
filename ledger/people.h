// Everyone the ledger knows, in memory: alias -> slot, and each slot's open lots. Built at start from
// the sealed rows; only here is a person found (DESIGN 7). No alias or hash of one is a key on disk.
//
// Thread: the sequencer's alone. Readers get copies of what they need (PersonHandle).
#pragma once

#include "ledger/alias_table.h"
#include "ledger/draft.h"
#include "ledger/register/register.h"
#include "ledger/slot_pool.h"
#include "ledger/subject.h"
#include "ledger/unswept.h"
#include "ledger/vault/vault.h"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

namespace lacuna {

// An open lot of a slot. 12 bytes, because there are millions.
struct OpenLot {
  std::uint16_t leaf = 0;
  std::uint16_t klass = 0;   // index into classes()
  std::int16_t period = 0;   // year, or 0
  std::uint8_t ended = 0;    // 1: takes no event any more
  std::uint8_t carries = 0;  // 1: it has carry rows
  std::uint32_t next =
      kUnknown;  // next ordinal; kUnknown until the lot is first touched after start
  static constexpr std::uint32_t kUnknown = 0xffffffff;
};

// What a reader needs of a person, copied at one moment of the sequence.
struct LotHandle {
  LeafNo leaf;
  std::string klass;
  std::int32_t period = 0;
  std::uint64_t events = 0;  // of its own; those carried are beside them
  bool carries = false;
};
struct PersonHandle {
  Slot slot;
  SubjectWhat what = SubjectWhat::person;
  std::vector<LotHandle> lots;
};

class People {
 public:
  People(Vault& vault, const Store& store, Entropy& entropy);

  // Opens every subject and alias row. Refuses rolled-back when slots are used that the keys never gave out
  // (the keys are older), and tampered for a row that does not open while its key lives (the row is
  // damaged, or the keys are older).
  Outcome load(const std::function<void(std::uint64_t done, std::uint64_t total)>& onProgress);
  void loadCases();

  std::uint64_t count() const { return persons_; }
  // By a unique alias, normalised.
  std::optional<Slot> find(std::string_view alias) const;
  std::optional<AliasPlace> placeOf(std::string_view alias) const { return aliases_.find(alias); }
  // The alias row's leaf, when this slot has that alias.
  std::optional<LeafNo> aliasLeaf(Slot slot, std::string_view alias, bool unique) const;
  std::size_t aliasCount(Slot slot) { return subject(slot).aliases.size(); }
  std::optional<Slot> findCase(std::string_view number) const;  // "17"
  bool exists(Slot slot) const;
  // Asks for the memory of the slot's lots before it is needed.
  void prefetch(Slot slot) const {
    if (const SlotEntry* at = peek(slot)) __builtin_prefetch(at->lots.get());
  }
  SubjectWhat whatOf(Slot slot) const;

  // Before admissions: the draft may admit `slots` more subjects at most. False: it has admitted some
  // already, and for so many more, numbers would have to be reserved: those of the same reservation
  // would tell who came later in the group (P6). So they belong in the next draft.
  bool expect(const Draft& draft, std::size_t slots);
  // A new subject, in a slot drawn by lot. Its row is written with the draft. Reserves slots (synced),
  // as many as the draft expects, before the draft's first admission.
  Slot admit(Draft& draft, SubjectWhat what, std::string_view category, Instant now);
  // A new alias row under a lot of its own.
  LeafNo addAlias(Draft& draft, Slot slot, std::string_view alias, bool unique, Instant now);

  // The open lot of (class, period), opened when there is none; and its next ordinal, taken.
  struct Place {
    LotRef lot;
    Ordinal ordinal;
  };
  // The open lot alone, of which no event will be.
  LeafNo openLot(Draft& draft, Slot slot, std::string_view klass, std::int32_t period, Instant now);
  Place take(Draft& draft, Slot slot, std::string_view klass, std::int32_t period, Instant now);

  // A successor of the same class and period, which carries what the lot held; events enter it once the
  // lot is forgotten. Its carry rows are the caller's.
  LeafNo succeed(Draft& draft, Slot slot, LeafNo leaf);

  // Whether the slot has leaves left for one more lot (if that one is not open) and `aliases` rows.
  bool roomFor(Slot slot, std::string_view klass, std::int32_t period, std::size_t aliases);

  PersonHandle handleOf(Slot slot);
  std::vector<LotHandle> lotsOf(Slot slot);

  // After the keys died: the rows' fate goes into the draft, and memory forgets.
  void forgetLots(Draft& draft, Slot slot, const std::vector<LeafNo>& leaves);
  // `aliases`: what aliasRowsOf() gave while the keys lived.
  void forgetSlot(Draft& draft, Slot slot, const std::vector<AliasRow>& aliases);

  // Slots whose lots of the class `case` an event may have entered, or some of which are gone: every slot that
  // has one at start, and since then those that changed. At most `max` of them, which are forgotten here.
  std::vector<Slot> takeTouchedCases(std::size_t max);

  // Whose lots were erased since the last sweep; and nobody's any more, once that is recorded.
  const Unswept& unswept() const { return unswept_; }
  void forgetUnswept(Draft& draft);

  Subject& subject(Slot slot);          // cached; changes need write()
  void write(Draft& draft, Slot slot);  // its row goes with the draft, once
  void encodeWritten(Draft& draft);     // at the end of a draft: fills in the subject rows

  // After a lost tail: what it may have used of the leaves of those who are known.
  // `kept`: leaves of the whole tree that stay (lostCarries()), ascending.
  std::vector<LeafRange> leavesOfTail(const std::set<std::uint64_t>& kept);
  // Every subject continues beyond that, and its open lots end, since the tail may have used their next
  // ordinals. `flush` makes a full draft durable.
  void leaveTail(Draft& draft, const std::function<void(Draft&)>& flush);

  // A lot that only the keys know, with its carry rows; no event enters it.
  void adoptEnded(Draft& draft, Slot slot, const Lot& lot);

  // The slots that are reserved and were never used, at a clean stop; and at the start after it. False,
  // and nothing is taken up: one of them was used since, so they are of an older stop.
  std::vector<std::uint64_t> slotsLeft() const { return pool_.left(); }
  bool continueWith(std::span<const std::uint64_t> left);
  // After any other end: what may have been given out and has nobody in the log. Alive in the tree.
  std::vector<LeafRange> slotsInDoubt() const;

  // Slots of a kind, by number; and those of cases in the order in which they were opened.
  void each(SubjectWhat what, const std::function<void(Slot)>& visit) const;
  void eachCase(const std::function<void(Slot)>& visit) const;
  // Every slot that somebody has, from `from` on, until it returns false; where to go on, if anywhere.
  std::optional<Slot> eachSlotFrom(Slot from, const std::function<bool(Slot)>& visit) const;
  // Every open lot, in memory alone: nothing is read or probed.
  void eachLot(const std::function<void(Slot, LeafNo, const std::string& klass,
                                        std::int32_t period)>& visit) const;

  // Groups up to this number are durable: what they changed may leave the cache.
  void committed(std::uint64_t groupNumber);

  // The first ordinal that the log has not got, by galloping over the tag index.
  std::uint32_t probeNext(Slot slot, LeafNo leaf) const;

 private:
  struct SlotEntry {
    std::uint8_t what = 0xff;  // 0xff: no such subject (burnt, dead or never used)
    std::uint16_t lotCount = 0;
    std::unique_ptr<OpenLot[]> lots;
  };
  struct CachedSubject {
    Subject value;
    std::uint64_t group = 0;  // the last group that writes it
  };

  Slot drawSlot(const Draft& draft);
  SlotEntry& entry(Slot slot);
  const SlotEntry* peek(Slot slot) const;
  OpenLot* findLot(Slot slot, std::uint16_t klass, std::int16_t period);
  OpenLot& lotFor(Draft& draft, Slot slot, std::string_view klass, std::int32_t period,
                  Instant now);
  void addLot(Slot slot, const OpenLot& lot);
  void touch(Slot slot, const OpenLot& lot);
  std::uint16_t classNumber(std::string_view klass);
  LeafNo nextLeaf(Slot slot);
  bool keysCover(ByteView key) const;
  // False for a row that does not open although its key lives.
  bool loadSubject(ByteView key, ByteView value, const Vault::Reader& keys);
  bool loadAlias(ByteView key, ByteView value, const Vault::Reader& keys);
  std::uint16_t firstAfterTail(Slot slot);
  void loadUnswept(const Vault::Reader& keys);
  void noteErased(Draft& draft, Slot slot);
  void forgetRows(Draft& draft, ByteView prefix) const;  // of Table::persons
  void trimCache();

  Vault& vault_;
  const Store& store_;
  // Unique aliases by their text; others by slot and text. Value: slot * kLeavesPerSlot + leaf.
  AliasTable aliases_;
  std::map<std::uint64_t, Slot> cases_;                           // case number -> slot
  std::unordered_map<std::uint64_t, std::uint64_t> caseNumbers_;  // slot -> case number
  std::uint64_t nextCase_ = 1;                                    // never given twice
  std::deque<SlotEntry> slots_;                                   // by slot number: slots are dense
  SlotPool pool_;
  std::uint64_t admitting_ = 0;  // the last draft that admitted somebody
  struct {
    std::uint64_t draft = 0;
    std::size_t slots = 0;
  } expected_;
  std::uint64_t persons_ = 0;
  std::vector<std::string> classes_;
  std::set<Slot> touchedCases_;
  Unswept unswept_;
  std::unordered_map<std::uint64_t, CachedSubject> cache_;
  std::uint64_t committed_ = 0;
};

// Every alias row of a slot, opened. Thread-safe; sees what is durable.
std::vector<AliasRow> aliasRowsOf(const Vault& vault, const Store& store, Slot slot);

// The key as the seal sees it: table letter first (FORMAT 7.1).
Bytes sealedKey(ByteView rowKey);

}  // namespace lacuna
