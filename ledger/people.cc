#include "ledger/people.h"

#include "ledger/base/limits.h"
#include "ledger/erasure_rows.h"
#include "ledger/record/envelope.h"

#include <algorithm>
#include <charconv>

namespace lacuna {
namespace {

constexpr std::size_t kSubjectCacheMax = 65536;
constexpr std::uint8_t kNobody = 0xff;

std::uint64_t slotOfKey(ByteView key) {
  ByteReader in(key.subspan(1));
  return in.u64();
}

// What an alias is looked up by: a unique one anywhere, another (a name) only within its slot.
std::string lookupText(Slot slot, std::string_view alias, bool unique) {
  if (unique) return std::string(alias);
  return std::to_string(slot.raw()) + '\0' + std::string(alias);
}

Bytes nextCaseKey() {  // of Table::meta
  constexpr std::string_view name = "cases";
  return Bytes(name.begin(), name.end());
}

// Of the carry rows of a lot.
Bytes lotRowsPrefix(Slot slot, LeafNo leaf) {
  return ByteWriter().u8('R').u64(slot.raw()).u16(leaf.raw()).take();
}

[[noreturn]] void faultSealedRow() {
  throw Fault("a sealed row does not open although its key lives: the log is damaged");
}

}  // namespace

Bytes sealedKey(ByteView rowKey) {
  return ByteWriter(rowKey.size() + 1)
      .u8(static_cast<std::uint8_t>(Table::persons))
      .raw(rowKey)
      .take();
}

People::People(Vault& vault, const Store& store, Entropy& entropy)
    : vault_(vault), store_(store), aliases_(entropy), pool_(entropy) {}

Outcome People::load(const std::function<void(std::uint64_t, std::uint64_t)>& onProgress) {
  const std::uint64_t total = vault_.slotHighWater();
  const Vault::Reader keys = vault_.reader();
  std::uint64_t seen = 0;
  const ByteArray<1> subjects{'S'};
  bool covered = true, opens = true;
  store_.scan(Table::persons, subjects, [&](ByteView key, ByteView value) {
    covered = keysCover(key);
    opens = covered && loadSubject(key, value, keys);
    if (onProgress && ++seen % 4096 == 0) onProgress(seen, total);
    return opens;
  });
  if (!covered) {
    return Refusal{RefusalCode::rolledBack,
                   "the keys are older than the log: put the newest keys/ back"};
  }
  if (total > 0 && store_.size() > TreeSize(0)) loadUnswept(keys);
  const ByteArray<1> aliases{'A'};
  if (opens) {
    store_.scan(Table::persons, aliases, [&](ByteView key, ByteView value) {
      opens = loadAlias(key, value, keys);
      return opens;
    });
  }
  if (!opens) {
    return Refusal{RefusalCode::tampered,
                   "a sealed row does not open although its key lives: the log is damaged"};
  }
  return Done{};
}

bool People::keysCover(ByteView key) const {
  if (key.size() != 9) faultSealedRow();
  return slotOfKey(key) < vault_.slotHighWater();
}

bool People::loadSubject(ByteView key, ByteView value, const Vault::Reader& keys) {
  const Slot slot(slotOfKey(key));
  const std::optional<Secret> lotKey = keys.lotKey(slot, LeafNo(0));
  if (!lotKey) return true;  // dead: an erasure whose outcome is still to be written, or an old log
  const Result<Bytes> plain = openRow(*lotKey, sealedKey(key), value);
  if (!plain) return false;
  const Result<Subject> subject = decodeSubject(*plain);
  if (!subject) return false;
  SlotEntry& at = entry(slot);
  at.what = static_cast<std::uint8_t>(subject->what);
  if (subject->what == SubjectWhat::person) ++persons_;
  for (const Lot& lot : subject->lots) {
    if (lot.state == kLotErased || !keys.lotKey(slot, lot.leaf)) continue;
    OpenLot open;
    open.leaf = lot.leaf.raw();
    open.klass = classNumber(lot.klass);
    open.period = static_cast<std::int16_t>(lot.period);
    open.ended = lotEnded(lot.state) ? 1 : 0;
    open.carries = carriesRows(lot.state) ? 1 : 0;
    addLot(slot, open);
  }
  return true;
}

bool People::loadAlias(ByteView key, ByteView value, const Vault::Reader& keys) {
  if (key.size() != 11) faultSealedRow();
  ByteReader in(key.subspan(1));
  const Slot slot(in.u64());
  const LeafNo leaf(in.u16());
  const std::optional<Secret> lotKey = keys.lotKey(slot, leaf);
  if (!lotKey || !exists(slot)) return true;
  const Result<Bytes> plain = openRow(*lotKey, sealedKey(key), value);
  if (!plain) return false;
  const Result<AliasRow> row = decodeAliasRow(*plain);
  if (!row) return false;
  aliases_.insert(lookupText(slot, row->text, row->unique), {slot, leaf});
  return true;
}

std::optional<Slot> People::find(std::string_view alias) const {
  const std::optional<AliasPlace> place = aliases_.find(alias);
  if (!place) return std::nullopt;
  return place->slot;
}

std::optional<LeafNo> People::aliasLeaf(Slot slot, std::string_view alias, bool unique) const {
  const std::optional<AliasPlace> place =
      unique ? aliases_.find(alias) : aliases_.find(lookupText(slot, alias, unique));
  if (!place || place->slot != slot) return std::nullopt;
  return place->leaf;
}

std::optional<Slot> People::findCase(std::string_view number) const {
  std::uint64_t wanted = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  const auto found = cases_.find(wanted);
  if (found == cases_.end()) return std::nullopt;
  return found->second;
}

void People::loadCases() {
  each(SubjectWhat::caseFile, [this](Slot slot) {
    const std::uint64_t number = subject(slot).caseNumber;
    cases_.emplace(number, slot);
    caseNumbers_.emplace(slot.raw(), number);
    nextCase_ = std::max(nextCase_, number + 1);
  });
  if (const std::optional<Bytes> next = store_.row(Table::meta, nextCaseKey())) {
    nextCase_ = std::max(nextCase_, number64(*next).value_or(1));
  }
}

bool People::exists(Slot slot) const {
  const SlotEntry* at = peek(slot);
  return at != nullptr && at->what != kNobody;
}

SubjectWhat People::whatOf(Slot slot) const {
  LACUNA_ASSERT(exists(slot), "a slot that nobody has");
  return static_cast<SubjectWhat>(peek(slot)->what);
}

Slot People::admit(Draft& draft, SubjectWhat what, std::string_view category, Instant now) {
  // The organisation has slot 0, also when a start that ended before the first record had reserved it.
  const bool first = what == SubjectWhat::organisation;
  if (first && vault_.slotHighWater() == 0) {
    vault_.reserveSlots(kSlotReserve);
    pool_.add(1, kSlotReserve);
  }
  const Slot slot = first ? Slot(0) : drawSlot(draft);
  entry(slot).what = static_cast<std::uint8_t>(what);
  if (what == SubjectWhat::person) ++persons_;
  CachedSubject& cached = cache_[slot.raw()];
  cached.value.what = what;
  cached.value.createdAt = now;
  cached.value.category = std::string(category);
  // Of a log that was lost whole only slot 0 is used again: beyond every leaf it may have had.
  if (first) {
    cached.value.nextLeaf = std::max<std::uint16_t>(1, vault_.leavesOfTailEnd(slot));
  }
  if (what == SubjectWhat::caseFile) {
    cached.value.caseNumber = nextCase_++;
    cases_.emplace(cached.value.caseNumber, slot);
    caseNumbers_.emplace(slot.raw(), cached.value.caseNumber);
    const ByteArray<8> next = key64(nextCase_);
    draft.rows.push_back({Table::meta, nextCaseKey(), Bytes(next.begin(), next.end())});
  }
  write(draft, slot);
  return slot;
}

LeafNo People::nextLeaf(Slot slot) {
  Subject& who = subject(slot);
  LACUNA_ASSERT(who.nextLeaf < kLeavesPerSlot, "a slot whose leaves are used up");
  // Another multiple is entered only once keys/ know it: after a lost tail nobody else would (P6).
  if (who.nextLeaf >= vault_.leafMark(slot)) {
    vault_.markLeaves(
        slot, static_cast<std::uint16_t>((who.nextLeaf / kRestoreLeafStep + 1) * kRestoreLeafStep));
  }
  return LeafNo(who.nextLeaf++);
}

LeafNo People::addAlias(Draft& draft, Slot slot, std::string_view alias, bool unique, Instant now) {
  const LeafNo leaf = nextLeaf(slot);
  subject(slot).aliases.push_back(leaf);
  AliasRow row;
  row.addedAt = now;
  row.unique = unique;
  row.text = std::string(alias);
  draft.sealedRows.push_back({aliasRowKey(slot, leaf), {slot, leaf}, encodeAliasRow(row)});
  write(draft, slot);
  aliases_.insert(lookupText(slot, alias, unique), {slot, leaf});
  return leaf;
}

OpenLot& People::lotFor(Draft& draft, Slot slot, std::string_view klass, std::int32_t period,
                        Instant now) {
  const std::uint16_t number = classNumber(klass);
  const auto year = static_cast<std::int16_t>(period);
  if (OpenLot* lot = findLot(slot, number, year)) return *lot;
  OpenLot open;
  open.leaf = nextLeaf(slot).raw();
  open.klass = number;
  open.period = year;
  open.next = 0;
  subject(slot).lots.push_back({LeafNo(open.leaf), kLotOpen, period, now, std::string(klass)});
  write(draft, slot);
  addLot(slot, open);
  return *findLot(slot, number, year);
}

LeafNo People::openLot(Draft& draft, Slot slot, std::string_view klass, std::int32_t period,
                       Instant now) {
  return LeafNo(lotFor(draft, slot, klass, period, now).leaf);
}

People::Place People::take(Draft& draft, Slot slot, std::string_view klass, std::int32_t period,
                           Instant now) {
  OpenLot& lot = lotFor(draft, slot, klass, period, now);
  if (lot.next == OpenLot::kUnknown) lot.next = probeNext(slot, LeafNo(lot.leaf));
  touch(slot, lot);
  return {{slot, LeafNo(lot.leaf)}, Ordinal(lot.next++)};
}

LeafNo People::succeed(Draft& draft, Slot slot, LeafNo leaf) {
  const LeafNo fresh = nextLeaf(slot);
  Subject& who = subject(slot);
  const auto lot = std::find_if(who.lots.begin(), who.lots.end(),
                                [&](const Lot& each) { return each.leaf == leaf; });
  LACUNA_ASSERT(lot != who.lots.end(), "a lot that nobody has");
  const Lot before = *lot;
  who.lots.push_back({fresh, kLotCarries, before.period, draft.recordedAt, before.klass});
  write(draft, slot);
  OpenLot open;
  open.leaf = fresh.raw();
  open.klass = classNumber(before.klass);
  open.period = static_cast<std::int16_t>(before.period);
  open.carries = 1;
  open.next = 0;
  addLot(slot, open);
  return fresh;
}

bool People::roomFor(Slot slot, std::string_view klass, std::int32_t period, std::size_t aliases) {
  if (aliases == 0 &&
      findLot(slot, classNumber(klass), static_cast<std::int16_t>(period)) != nullptr)
    return true;
  return subject(slot).nextLeaf + aliases + 1 + kLeavesKeptBack <= kLeavesPerSlot;
}

std::uint32_t People::probeNext(Slot slot, LeafNo leaf) const {
  const std::optional<Secret> key = vault_.lotKey(slot, leaf);
  LACUNA_ASSERT(key.has_value(), "an open lot whose key is dead");
  const auto has = [&](std::uint32_t ordinal) {
    return store_.findTag(tagOf(*key, Ordinal(ordinal))).has_value();
  };
  if (!has(0)) return 0;
  std::uint32_t low = 0;  // there
  std::uint32_t high = 1;
  while (has(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    (has(middle) ? low : high) = middle;
  }
  return high;
}

std::vector<LotHandle> People::lotsOf(Slot slot) {
  std::vector<LotHandle> out;
  SlotEntry& at = entry(slot);
  out.reserve(at.lotCount);
  for (std::uint16_t i = 0; i < at.lotCount; ++i) {
    OpenLot& lot = at.lots[i];
    if (lot.next == OpenLot::kUnknown) lot.next = probeNext(slot, LeafNo(lot.leaf));
    out.push_back({LeafNo(lot.leaf), classes_[lot.klass], lot.period, lot.next, lot.carries != 0});
  }
  return out;
}

PersonHandle People::handleOf(Slot slot) { return {slot, whatOf(slot), lotsOf(slot)}; }

void People::loadUnswept(const Vault::Reader& keys) {
  const Bytes rowKey = unsweptRowKey();
  const std::optional<Bytes> sealed = store_.row(Table::persons, rowKey);
  if (!sealed) return;
  const std::optional<Secret> key = keys.lotKey(Slot(0), LeafNo(0));
  if (!key) faultSealedRow();
  const Result<Bytes> plain = openRow(*key, sealedKey(rowKey), *sealed);
  if (!plain) faultSealedRow();
  Result<Unswept> unswept = decodeUnswept(*plain);
  if (!unswept) faultSealedRow();
  unswept_ = std::move(*unswept);
}

// More than a sweep needs are not counted.
void People::noteErased(Draft& draft, Slot slot) {
  if (unswept_.slots.size() >= kSweepSlotsMin || unswept_.slots.count(slot) > 0) return;
  if (unswept_.slots.empty()) unswept_.since = draft.recordedAt;
  unswept_.slots.insert(slot);
  const Bytes key = unsweptRowKey();
  const auto planned = std::find_if(draft.sealedRows.begin(), draft.sealedRows.end(),
                                    [&](const PlannedRow& row) { return row.key == key; });
  if (planned != draft.sealedRows.end()) {
    planned->plain = encodeUnswept(unswept_);
  } else {
    draft.sealedRows.push_back({key, {Slot(0), LeafNo(0)}, encodeUnswept(unswept_)});
  }
}

void People::forgetRows(Draft& draft, ByteView prefix) const {
  store_.scan(Table::persons, prefix, [&](ByteView key, ByteView) {
    draft.rows.push_back({Table::persons, Bytes(key.begin(), key.end()), std::nullopt});
    return true;
  });
}

void People::forgetUnswept(Draft& draft) {
  unswept_ = {};
  draft.rows.push_back({Table::persons, unsweptRowKey(), std::nullopt});
}

void People::forgetLots(Draft& draft, Slot slot, const std::vector<LeafNo>& leaves) {
  SlotEntry& at = entry(slot);
  const auto dead = [&](LeafNo leaf) {
    return std::find(leaves.begin(), leaves.end(), leaf) != leaves.end();
  };
  std::uint16_t kept = 0;
  for (std::uint16_t i = 0; i < at.lotCount; ++i) {
    if (dead(LeafNo(at.lots[i].leaf))) {
      touch(slot, at.lots[i]);
    } else {
      at.lots[kept++] = at.lots[i];
    }
  }
  at.lotCount = kept;
  for (Lot& lot : subject(slot).lots) {
    if (!dead(lot.leaf)) continue;
    // A case's leaves for what passes hold no event, so that no envelope waits for a sweep.
    if (lot.klass != kPassingClass && lot.klass != kContactClass) noteErased(draft, slot);
    if (carriesRows(lot.state)) forgetRows(draft, lotRowsPrefix(slot, lot.leaf));
    lot.state = kLotErased;
  }
  write(draft, slot);
}

void People::forgetSlot(Draft& draft, Slot slot, const std::vector<AliasRow>& aliases) {
  noteErased(draft, slot);
  SlotEntry& at = entry(slot);
  if (at.what == static_cast<std::uint8_t>(SubjectWhat::person)) --persons_;
  if (const auto number = caseNumbers_.find(slot.raw()); number != caseNumbers_.end()) {
    cases_.erase(number->second);
    caseNumbers_.erase(number);
  }
  for (std::uint16_t i = 0; i < at.lotCount; ++i) touch(slot, at.lots[i]);
  at.what = kNobody;
  at.lotCount = 0;
  at.lots.reset();
  for (const AliasRow& row : aliases) aliases_.erase(lookupText(slot, row.text, row.unique));
  cache_.erase(slot.raw());
  draft.rows.push_back({Table::persons, subjectRowKey(slot), std::nullopt});
  for (const char letter : {'A', 'H', 'R'}) {  // aliases, holds, carry rows
    forgetRows(draft, ByteWriter().u8(static_cast<std::uint8_t>(letter)).u64(slot.raw()).take());
  }
}

std::vector<AliasRow> aliasRowsOf(const Vault& vault, const Store& store, Slot slot) {
  std::vector<AliasRow> out;
  const Bytes prefix = ByteWriter().u8('A').u64(slot.raw()).take();
  const Vault::Reader keys = vault.reader();
  store.scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    ByteReader in(key.subspan(9));
    const std::optional<Secret> lotKey = keys.lotKey(slot, LeafNo(in.u16()));
    if (!lotKey) return true;
    const Result<Bytes> plain = openRow(*lotKey, sealedKey(key), value);
    if (!plain) faultSealedRow();
    Result<AliasRow> row = decodeAliasRow(*plain);
    if (!row) faultSealedRow();
    out.push_back(std::move(*row));
    return true;
  });
  return out;
}

Subject& People::subject(Slot slot) {
  const auto found = cache_.find(slot.raw());
  if (found != cache_.end()) return found->second.value;
  const Bytes key = subjectRowKey(slot);
  const std::optional<Bytes> sealed = store_.row(Table::persons, key);
  const std::optional<Secret> lotKey = vault_.lotKey(slot, LeafNo(0));
  if (!sealed || !lotKey) faultSealedRow();
  const Result<Bytes> plain = openRow(*lotKey, sealedKey(key), *sealed);
  if (!plain) faultSealedRow();
  Result<Subject> subject = decodeSubject(*plain);
  if (!subject) faultSealedRow();
  if (cache_.size() >= kSubjectCacheMax) trimCache();
  CachedSubject& cached = cache_[slot.raw()];
  cached.value = std::move(*subject);
  return cached.value;
}

void People::write(Draft& draft, Slot slot) {
  subject(slot);  // in the cache, or made so
  CachedSubject& cached = cache_.at(slot.raw());
  if (cached.group == draft.number) return;
  cached.group = draft.number;
  draft.sealedRows.push_back({subjectRowKey(slot), {slot, LeafNo(0)}, {}});
}

void People::encodeWritten(Draft& draft) {
  for (PlannedRow& row : draft.sealedRows) {
    if (row.plain.empty()) row.plain = encodeSubject(cache_.at(row.lot.slot.raw()).value);
  }
}

std::uint16_t People::firstAfterTail(Slot slot) {
  const unsigned used = vault_.leavesOfTailEnd(slot);
  const unsigned next = subject(slot).nextLeaf;
  const unsigned after = (next + kRestoreLeafStep - 1U) / kRestoreLeafStep * kRestoreLeafStep;
  return static_cast<std::uint16_t>(std::min<unsigned>(std::max(used, after), kLeavesPerSlot));
}

std::vector<LeafRange> People::leavesOfTail(const std::set<std::uint64_t>& kept) {
  std::vector<LeafRange> out;
  for (std::uint64_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].what == kNobody) continue;
    std::uint64_t from = i * kLeavesPerSlot + subject(Slot(i)).nextLeaf;
    const std::uint64_t to = i * kLeavesPerSlot + firstAfterTail(Slot(i));
    for (auto at = kept.lower_bound(from); at != kept.end() && *at < to; ++at) {
      if (from < *at) out.push_back({from, *at});
      from = *at + 1;
    }
    if (from < to) out.push_back({from, to});
  }
  return out;
}

void People::leaveTail(Draft& draft, const std::function<void(Draft&)>& flush) {
  constexpr std::size_t kRowsPerGroup = 1024;
  for (std::uint64_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].what == kNobody) continue;
    Subject& who = subject(Slot(i));
    who.nextLeaf = firstAfterTail(Slot(i));
    for (Lot& lot : who.lots) {
      if (lot.state == kLotOpen) lot.state = kLotEnded;
      if (lot.state == kLotCarries) lot.state = kLotEndedCarries;
    }
    for (std::uint16_t n = 0; n < slots_[i].lotCount; ++n) slots_[i].lots[n].ended = 1;
    write(draft, Slot(i));
    if (draft.sealedRows.size() >= kRowsPerGroup) flush(draft);
  }
}

void People::adoptEnded(Draft& draft, Slot slot, const Lot& lot) {
  LACUNA_ASSERT(lot.state == kLotEndedCarries, "a lot that was adopted takes no event");
  subject(slot).lots.push_back(lot);
  write(draft, slot);
  OpenLot open;
  open.leaf = lot.leaf.raw();
  open.klass = classNumber(lot.klass);
  open.period = static_cast<std::int16_t>(lot.period);
  open.ended = open.carries = 1;
  open.next = 0;
  addLot(slot, open);
}

void People::each(SubjectWhat what, const std::function<void(Slot)>& visit) const {
  for (std::uint64_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].what == static_cast<std::uint8_t>(what)) visit(Slot(i));
  }
}

void People::eachCase(const std::function<void(Slot)>& visit) const {
  for (const auto& [number, slot] : cases_) visit(slot);
}

std::optional<Slot> People::eachSlotFrom(Slot from, const std::function<bool(Slot)>& visit) const {
  for (std::uint64_t i = from.raw(); i < slots_.size(); ++i) {
    if (slots_[i].what == kNobody) continue;
    if (!visit(Slot(i)))
      return i + 1 < slots_.size() ? std::optional<Slot>(Slot(i + 1)) : std::nullopt;
  }
  return std::nullopt;
}

void People::eachLot(const std::function<void(Slot, LeafNo, const std::string& klass,
                                              std::int32_t period)>& visit) const {
  for (std::uint64_t i = 0; i < slots_.size(); ++i) {
    const SlotEntry& at = slots_[i];
    if (at.what == kNobody) continue;
    for (std::uint16_t k = 0; k < at.lotCount; ++k) {
      const OpenLot& lot = at.lots[k];
      visit(Slot(i), LeafNo(lot.leaf), classes_[lot.klass], lot.period);
    }
  }
}

void People::committed(std::uint64_t groupNumber) {
  committed_ = std::max(committed_, groupNumber);
}

void People::trimCache() {
  for (auto it = cache_.begin(); it != cache_.end() && cache_.size() > kSubjectCacheMax / 2;) {
    it = it->second.group <= committed_ ? cache_.erase(it) : std::next(it);
  }
}

People::SlotEntry& People::entry(Slot slot) {
  while (slots_.size() <= slot.raw()) slots_.emplace_back();
  return slots_[slot.raw()];
}

const People::SlotEntry* People::peek(Slot slot) const {
  return slot.raw() < slots_.size() ? &slots_[slot.raw()] : nullptr;
}

OpenLot* People::findLot(Slot slot, std::uint16_t klass, std::int16_t period) {
  SlotEntry& at = entry(slot);
  for (std::uint16_t i = 0; i < at.lotCount; ++i) {
    const OpenLot& lot = at.lots[i];
    if (lot.klass == klass && lot.period == period && lot.ended == 0) return &at.lots[i];
  }
  return nullptr;
}

void People::addLot(Slot slot, const OpenLot& lot) {
  SlotEntry& at = entry(slot);
  // Grown one at a time: lots are opened once a class and year, and millions of persons hold few.
  auto grown = std::make_unique<OpenLot[]>(at.lotCount + 1U);
  std::copy_n(at.lots.get(), at.lotCount, grown.get());
  grown[at.lotCount] = lot;
  at.lots = std::move(grown);
  ++at.lotCount;
  touch(slot, lot);
}

void People::touch(Slot slot, const OpenLot& lot) {
  if (classes_[lot.klass] == kCaseClass) touchedCases_.insert(slot);
}

std::vector<Slot> People::takeTouchedCases(std::size_t max) {
  std::vector<Slot> out;
  while (!touchedCases_.empty() && out.size() < max) {
    out.push_back(touchedCases_.extract(touchedCases_.begin()).value());
  }
  return out;
}

std::uint16_t People::classNumber(std::string_view klass) {
  // A register has a few dozen classes: looking along them is quicker than hashing a text.
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (classes_[i] == klass) return static_cast<std::uint16_t>(i);
  }
  LACUNA_ASSERT(classes_.size() < 0xffff, "more classes than a register can hold");
  classes_.emplace_back(klass);
  return static_cast<std::uint16_t>(classes_.size() - 1);
}

}  // namespace lacuna
