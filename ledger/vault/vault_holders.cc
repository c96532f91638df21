// Further key holders: found, held against keys/, caught up, added, closed; and keys/ made anew from one.
#include "ledger/vault/vault_parts.h"

#include <algorithm>

namespace lacuna {
namespace {

namespace fs = std::filesystem;

std::string named(std::uint8_t number) { return "key holder " + std::to_string(number); }

Refusal keysAreOlder(std::uint8_t number) {
  return {RefusalCode::rolledBack,
          named(number) +
              " has more than keys/, so keys/ are older than they were and would open what was "
              "erased: put the newest keys/ back, or move keys/ away and start once with "
              "--rebuild-keys"};
}

bool sameAnchor(const TreeEpoch& current, const std::optional<Anchor::Carried>& erasure,
                const Anchor& anchor) {
  if (anchor.version != current.version || anchor.top.type != current.topType) return false;
  if (!sameSecret(anchor.top.key.view(), current.topKey.view())) return false;
  if (anchor.erasure.has_value() != erasure.has_value()) return false;
  return !erasure ||
         (anchor.erasure->erasure == erasure->erasure && anchor.erasure->part == erasure->part);
}

std::map<std::uint8_t, HolderRow> holderRowsIn(const KeysDb& db) {
  std::map<std::uint8_t, HolderRow> rows;
  db.scan(bytesOf("H"), [&](ByteView key, ByteView value) {
    if (key.size() == 2) rows[key[1]] = decodeHolderRow(value);
    return true;
  });
  return rows;
}

}  // namespace

std::string_view nameOf(HolderState state) {
  switch (state) {
    case HolderState::present:
      return "present";
    case HolderState::away:
      return "away";
    case HolderState::damaged:
      return "damaged";
    case HolderState::closed:
      return "closed";
  }
  return "damaged";
}

// --- what is known ---

void Vault::Parts::loadHolders() {
  for (const auto& [number, row] : holderRowsIn(*self->db)) known[number].row = row;
  KnownHolder& own = known[self->number];
  own.row.primary = true;
  if (own.row.closed) throw Fault("keys/ say that they were closed");
}

std::vector<KeyRow> Vault::Parts::holderRows() const {
  std::vector<KeyRow> rows;
  for (const auto& [number, holder] : known) {
    rows.push_back({holderRowKey(number), encodeHolderRow(holder.row)});
  }
  return rows;
}

void Vault::Parts::saveHolders() {
  do {
    holdersChanged = false;
    if (alone()) return;
    const std::vector<KeyRow> rows = holderRows();
    durably("holders", [&] { self->db->write(rows); });
    for (auto& [number, holder] : known) {
      if (holder.open) attempt(number, "write", [&, &to = *holder.open] { writeAt(to, rows); });
    }
  } while (holdersChanged);
}

void Vault::Parts::lose(std::uint8_t number, const std::string& why) {
  KnownHolder& holder = known.at(number);
  holder.open.reset();
  holder.prepared.wipe();
  holder.why = why;
  if (!holder.row.away) holder.row.since = clock.now();
  holder.row.away = true;
  holdersChanged = true;
}

void Vault::Parts::doubt(std::uint8_t number, const std::string& why) {
  lose(number, why);
  known.at(number).damaged = true;
}

// --- one holder against keys/ ---

// Why an open holder is not what it says, if it is not.
std::optional<std::string> Vault::Parts::faultOf(Holder& holder) const {
  const auto live = findLive(holder);
  if (!live) return "no root of it opens its key tree";
  if (!sameAnchor(*current, lastErasure, live->anchor)) {
    return "it says it holds this key tree, but holds another";
  }
  if (!differenceOf(*self->db, *holder.db).pages.empty()) {
    return "its pages are not those of keys/";
  }
  return std::nullopt;
}

Result<std::uint8_t> Vault::Parts::attach(std::unique_ptr<Holder> holder) {
  const std::uint8_t number = holder->number;
  const auto damaged = [&](const std::string& why) {
    if (known.count(number) > 0 && !known.at(number).row.closed) doubt(number, why);
    return Refusal{RefusalCode::tampered, named(number) + " is damaged: " + why};
  };
  if (holder->ledger != ledger || number == self->number) {
    return Refusal{RefusalCode::foreignKey,
                   "a directory of --key-holder is not one of this ledger's further key holders"};
  }
  const std::uint64_t mine = generationOf(origin), its = generationOf(holder->origin);
  const bool newerNote = its == mine && holder->checkpoint &&
                         (!checkpoint || holder->checkpoint->size > checkpoint->size);
  if (its > mine || newerNote || holder->highWater > highWater) return keysAreOlder(number);
  auto live = findLive(*holder);
  if (!live && live.refusal().code != RefusalCode::foreignKey) return live.refusal();
  if (!live) return damaged("no root of it opens its key tree");
  if (live->anchor.version > current->version) return keysAreOlder(number);
  const auto found = known.find(number);
  if (found == known.end()) return keysAreOlder(number);
  if (found->second.row.closed) {
    return Refusal{RefusalCode::alreadyExists,
                   named(number) +
                       " was closed and is never taken back: destroy what it holds, and add a new "
                       "one in an empty directory"};
  }
  HolderDifference difference = differenceOf(*self->db, *holder->db);
  const bool behind = live->anchor.version < current->version;
  if (!behind && !sameAnchor(*current, lastErasure, live->anchor)) {
    return damaged("it says it holds this key tree, but holds another");
  }
  if (!behind && !difference.pages.empty()) return damaged("its pages are not those of keys/");
  holder->roots->setLive(ledger, live->place);
  const AssuranceReport found2 = checkFileSystem(*holder->roots, "");
  catchUp(*holder, std::move(difference), behind);
  KnownHolder& now = found->second;
  now.open = std::move(holder);
  now.assurance = found2;
  now.damaged = false;
  now.why.clear();
  now.row.away = false;
  now.row.since = Instant{};
  now.row.destroyed = current->version;
  now.row.assurance = found2.level;
  holdersChanged = true;
  return number;
}

// A holder that is behind gets the pages as they are and a fresh root; then its old root goes. A crash at any
// moment leaves it behind, or caught up with a spare slot to wipe.
void Vault::Parts::catchUp(Holder& holder, HolderDifference difference, bool newTree) {
  const std::string name = "holder" + std::to_string(holder.number) + ".return.";
  std::vector<KeyRow> rows = std::move(difference.others);
  if (!newTree) {
    if (!rows.empty()) writeAt(holder, rows);
    return;
  }
  step(name + "root.before");
  const Secret root = holder.roots->prepare(current->version);
  step(name + "root.after");
  for (KeyRow& page : difference.pages) rows.push_back(std::move(page));
  const Anchor anchor{current->version, current->top(), lastErasure};
  rows.push_back(
      {anchorRowKey(holder.number), sealAnchor(ledger, holder.number, anchor, root, entropy)});
  step(name + "tree.before");
  writeAt(holder, rows);
  step(name + "tree.after");
  holder.roots->promote();
  step(name + "wipe.before");
  holder.roots->wipeSpare();  // P5
  step(name + "wipe.after");
}

// Holders that are not there are away; only what proves that something is wrong with keys/ or with the
// options is refused, and that at start alone.
Outcome Vault::Parts::attachAll(bool starting) {
  for (const fs::path& given : options.holders) {
    const fs::path directory = wholePathOf(given);
    const bool open = std::any_of(known.begin(), known.end(), [&](const auto& entry) {
      return entry.second.open && entry.second.open->directory == directory;
    });
    if (open || !lacuna::holdsAnything(directory)) continue;
    try {
      auto holder = openHolder(directory, options.envOfHolders(), entropy);
      Result<std::uint8_t> attached =
          holder ? attach(std::move(*holder)) : Result<std::uint8_t>(holder.refusal());
      if (attached || !starting) continue;
      const RefusalCode code = attached.refusal().code;
      if (code == RefusalCode::rolledBack || code == RefusalCode::foreignKey ||
          code == RefusalCode::unknownVersion || code == RefusalCode::alreadyRunning) {
        return attached.refusal();
      }
    } catch (const Fault&) {
      // Its disk failed: it is away, as below.
    }
  }
  for (auto& [number, holder] : known) {
    if (number == self->number || holder.row.closed || holder.open || holder.row.away) continue;
    lose(number, "it was not there");
  }
  return Done{};
}

// --- the public face ---

std::vector<HolderStatus> Vault::holders() const {
  const Parts& p = *parts_;
  const std::lock_guard holding(p.holdersMutex);
  std::vector<HolderStatus> out;
  for (const auto& [number, holder] : p.known) {
    HolderStatus status;
    status.number = number;
    status.primary = holder.row.primary;
    const bool present = holder.open || number == p.self->number;
    status.state = holder.row.closed ? HolderState::closed
                   : holder.damaged  ? HolderState::damaged
                   : present         ? HolderState::present
                                     : HolderState::away;
    status.assurance = holder.assurance;
    if (!present) status.assurance.level = holder.row.assurance;
    status.destroyed = holder.row.destroyed;
    status.addedAt = holder.row.addedAt;
    status.since = holder.row.since;
    status.why = holder.why;
    if (status.state == HolderState::away && status.why.empty()) status.why = "it was not there";
    out.push_back(std::move(status));
  }
  return out;
}

bool Vault::destroyedEverywhere(TreeVersion version) const {
  const std::lock_guard holding(parts_->holdersMutex);
  return std::all_of(parts_->known.begin(), parts_->known.end(), [&](const auto& entry) {
    const KnownHolder& holder = entry.second;
    return holder.row.closed || (!holder.damaged && holder.row.destroyed >= version);
  });  // P5
}

std::uint8_t Vault::nextHolder() const {
  const std::lock_guard holding(parts_->holdersMutex);
  const unsigned last = parts_->known.rbegin()->first;
  LACUNA_ASSERT(last < 0xff, "numbers of key holders are never reused");
  return static_cast<std::uint8_t>(last + 1);
}

Outcome Vault::mayAddHolder(const fs::path& given) const {
  const fs::path directory = wholePathOf(given);
  std::error_code error;
  const bool unfinished = fs::exists(directory / kCreatingMark, error);
  if (fs::exists(directory, error) &&
      (!fs::is_directory(directory, error) || (holdsAnything(directory) && !unfinished))) {
    return Refusal{RefusalCode::alreadyExists,
                   "a key holder is made in a directory that is empty or not there yet"};
  }
  const std::lock_guard holding(parts_->holdersMutex);
  const auto& known = parts_->known;
  const auto open = std::count_if(known.begin(), known.end(),
                                  [](const auto& entry) { return !entry.second.row.closed; });
  if (static_cast<std::size_t>(open) >= kHoldersMax ||
      known.rbegin()->first + 1U >= kHolderNumberMax) {
    return Refusal{RefusalCode::tooMany, "this ledger has as many key holders as it may"};
  }
  return Done{};
}

Outcome Vault::addHolder(std::uint8_t number, const fs::path& given) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(number == nextHolder(), "a key holder gets the next number");
  if (Outcome may = mayAddHolder(given); !may) return may;
  const fs::path directory = wholePathOf(given);
  const std::lock_guard holding(p.holdersMutex);
  KnownHolder& holder = p.known[number];
  holder.row.addedAt = holder.row.since = p.clock.now();
  holder.row.away = true;
  holder.why = "it is being made";
  p.saveHolders();
  try {
    HolderPlan plan;
    plan.number = number;
    plan.step = [&](std::string_view name) {
      p.step("holder" + std::to_string(number) + ".make." + std::string(name));
    };
    const Anchor anchor{p.current->version, p.current->top(), p.lastErasure};
    makeHolder(directory, p.options.envOfHolders(), p.entropy, *p.self, anchor, plan);
    auto made = openHolder(directory, p.options.envOfHolders(), p.entropy);
    Result<std::uint8_t> attached =
        made ? p.attach(std::move(*made)) : Result<std::uint8_t>(made.refusal());
    if (attached) {
      p.saveHolders();
      return Done{};
    }
  } catch (const Fault&) {
    // Its disk failed; it stays registered, since a root of it may lie there.
  }
  p.lose(number, "it could not be made");
  p.saveHolders();
  return Refusal{RefusalCode::incomplete,
                 named(number) + " could not be made: close it (`lacuna keys close-holder " +
                     std::to_string(number) + "`), then add one elsewhere"};
}

Result<std::uint8_t> Vault::returnHolder(const fs::path& given) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  const std::lock_guard holding(p.holdersMutex);
  try {
    auto opened = openHolder(given, p.options.envOfHolders(), p.entropy);
    Result<std::uint8_t> back =
        opened ? p.attach(std::move(*opened)) : Result<std::uint8_t>(opened.refusal());
    if (p.holdersChanged) p.saveHolders();
    return back;
  } catch (const Fault& fault) {
    return Refusal{RefusalCode::tampered,
                   std::string("this key holder cannot be read: ") + fault.what()};
  }
}

bool Vault::takeBackHolders() {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  const std::lock_guard holding(p.holdersMutex);
  const auto present = [&] {
    return std::count_if(p.known.begin(), p.known.end(),
                         [](const auto& entry) { return entry.second.open != nullptr; });
  };
  const auto before = present();
  if (Outcome attached = p.attachAll(false); !attached) throw Fault("holders were refused late");
  if (p.holdersChanged) p.saveHolders();
  return present() > before;
}

Outcome Vault::mayCloseHolder(std::uint8_t number) const {
  const std::lock_guard holding(parts_->holdersMutex);
  const auto found = parts_->known.find(number);
  if (found == parts_->known.end() || found->second.row.closed) {
    return Refusal{RefusalCode::notFound, "there is no open key holder of that number"};
  }
  if (number == parts_->self->number) {
    return Refusal{RefusalCode::invalidValue, "keys/ itself cannot be closed while it serves"};
  }
  return Done{};
}

Outcome Vault::closeHolder(std::uint8_t number) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  if (Outcome may = mayCloseHolder(number); !may) return may;
  const std::lock_guard holding(p.holdersMutex);
  const auto found = p.known.find(number);
  KnownHolder& holder = found->second;
  if (holder.open) {
    p.attempt(number, "close", [&] { holder.open->roots->destroyAll(); });  // P5
    holder.open.reset();
  }
  holder.row.closed = true;
  holder.row.away = false;
  holder.damaged = false;
  holder.why.clear();
  holder.row.since = p.clock.now();
  p.saveHolders();
  return Done{};
}

void Vault::expectHolder(std::uint8_t number) {
  Parts& p = *parts_;
  const std::lock_guard holding(p.holdersMutex);
  if (p.known.count(number) > 0) return;
  KnownHolder& holder = p.known[number];
  holder.row.addedAt = holder.row.since = p.clock.now();
  holder.row.away = true;
  holder.why = "it was never made to the end";
  p.saveHolders();
}

AssuranceReport Vault::assurance() const {
  const Parts& p = *parts_;
  const std::lock_guard holding(p.holdersMutex);
  AssuranceReport weakest = p.known.at(p.self->number).assurance;
  for (const auto& [number, holder] : p.known) {
    if (holder.row.closed || !holder.open || holder.assurance.level >= weakest.level) continue;
    weakest = {holder.assurance.level, named(number) + ": " + holder.assurance.why};
  }
  return weakest;
}

AssuranceReport Vault::recheck() {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  {
    const std::lock_guard holding(p.holdersMutex);
    p.primary().assurance = p.checkFileSystem(*p.self->roots, "recheck.wipe");
    for (auto& [number, holder] : p.known) {
      if (!holder.open) continue;
      p.attempt(number, "check", [&, &who = holder] {
        who.assurance = p.checkFileSystem(*who.open->roots, "");
        who.row.assurance = who.assurance.level;
      });
      if (!holder.open) continue;
      std::optional<std::string> fault;
      p.attempt(number, "compare", [&, &who = holder] { fault = p.faultOf(*who.open); });
      if (fault) p.doubt(number, *fault);
    }
    if (p.holdersChanged) p.saveHolders();
  }
  takeBackHolders();
  return assurance();
}

// --- keys/ made anew ---

Outcome Vault::rebuild(const VaultOptions& options) {
  Parts parts(options);
  const fs::path directory = wholePathOf(options.directory);
  std::error_code error;
  if (holdsAnything(directory) && !fs::exists(directory / kCreatingMark, error)) {
    return Refusal{RefusalCode::alreadyExists,
                   "keys/ are there: they are never overwritten; move them away first"};
  }
  struct Candidate {
    std::unique_ptr<Holder> holder;
    Anchor anchor;
  };
  std::optional<Candidate> best;
  const auto newness = [](const Candidate& one) {
    return std::tuple(generationOf(one.holder->origin), one.anchor.version.raw(),
                      one.holder->checkpoint ? one.holder->checkpoint->size.raw() : 0);
  };
  for (const fs::path& given : options.holders) {
    if (!holdsAnything(wholePathOf(given))) continue;
    auto opened = openHolder(given, options.envOfHolders(), parts.entropy);
    if (!opened) continue;
    auto live = findLive(**opened);
    if (!live) continue;
    Candidate one{std::move(*opened), std::move(live->anchor)};
    if (best && best->holder->ledger != one.holder->ledger) {
      return Refusal{RefusalCode::foreignKey, "the key holders given are of different ledgers"};
    }
    if (!best || newness(one) > newness(*best)) best = std::move(one);
  }
  if (!best) {
    return Refusal{RefusalCode::missingKey,
                   "none of the directories of --key-holder holds a key holder that opens"};
  }
  // The lost one is closed: its root may still lie somewhere, and certificates have to name it.
  std::map<std::uint8_t, HolderRow> rows = holderRowsIn(*best->holder->db);
  for (auto& [number, row] : rows) {
    if (!row.primary || row.closed) continue;
    row.closed = true;
    row.since = parts.clock.now();
  }
  const unsigned number = (rows.empty() ? best->holder->number : rows.rbegin()->first) + 1U;
  if (number >= kHolderNumberMax) {
    return Refusal{RefusalCode::tooMany, "this ledger has had as many key holders as it may"};
  }
  HolderRow own;
  own.primary = true;
  own.addedAt = parts.clock.now();
  own.destroyed = best->anchor.version;
  rows[static_cast<std::uint8_t>(number)] = own;
  std::vector<KeyRow> more;
  for (const auto& [n, row] : rows) more.push_back({holderRowKey(n), encodeHolderRow(row)});
  more.push_back({Bytes(kRestRow.begin(), kRestRow.end()), std::nullopt});
  HolderPlan plan;
  plan.number = static_cast<std::uint8_t>(number);
  plan.more = more;
  plan.step = [&](std::string_view name) { parts.step("rebuild." + std::string(name)); };
  makeHolder(directory, options.env, parts.entropy, *best->holder, best->anchor, plan);
  return Done{};
}

}  // namespace lacuna
