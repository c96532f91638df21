#include "ledger/vault/vault.h"

#include "ledger/vault/vault_parts.h"

#include <algorithm>

namespace lacuna {

std::string_view nameOf(Assurance assurance) {
  switch (assurance) {
    case Assurance::none:
      return "none";
    case Assurance::logical:
      return "logical";
    case Assurance::inplace:
      return "inplace";
    case Assurance::hardware:
      return "hardware";
  }
  return "none";
}

TreeEpoch::TreeEpoch(TreeVersion v, const Entry& entry, const KeysDb& db)
    : version(v),
      topType(entry.type),
      topKey(Secret::kSize),
      view(db.view()),
      pages([this](const Node& node) { return view->get(pageRowKey(node)); }) {
  std::memcpy(topKey.bytes().data(), entry.key.view().data(), Secret::kSize);
}

// --- finding keys ---

Vault::Parts::Parts(const VaultOptions& given)
    : options(given),
      clock(given.clock != nullptr ? *given.clock : systemClock()),
      entropy(given.entropy != nullptr ? *given.entropy : systemEntropy()),
      cache(given.seedCacheEntries),
      near(given.nearCacheEntries) {}

Entry Vault::Parts::entryOf(const TreeEpoch& epoch, const Node& to) const {
  // An older epoch never touches the caches: it would bring back what was just forgotten.
  if (&epoch != current.get())
    return descend({ledger, epoch.version, epoch.pages}, kTopNode, epoch.top(), to);
  if (to.level >= kNearLevel) return cachedEntryOf(epoch, to);
  const Node above = to.above(kNearLevel);
  std::optional<Entry> entry = near.find(above.index);
  if (!entry) {
    entry = cachedEntryOf(epoch, above);
    near.keep(above.index, *entry);
  }
  return descend({ledger, epoch.version, epoch.pages}, above, *entry, to);
}

Entry Vault::Parts::cachedEntryOf(const TreeEpoch& epoch, const Node& to) const {
  const TreeView tree{ledger, epoch.version, epoch.pages};
  const Node block = to.above(kBlockLevel);
  if (const auto entry = cache.find(block.index)) return descend(tree, block, *entry, to);
  return descend(tree, kTopNode, epoch.top(), to, kBlockLevel,
                 [&](const Entry& entry) { cache.keep(block.index, entry); });
}

void Vault::Parts::mustBeReserved(Slot slot, LeafNo leaf) const {
  // A key of a slot that was not reserved would be lost by the next healing.
  LACUNA_ASSERT(slot.raw() < highWater.load(std::memory_order_acquire), "the slot is not reserved");
  LACUNA_ASSERT(leaf.raw() < kLeavesPerSlot, "a slot has 4096 leaves");
}

std::optional<Secret> Vault::Parts::lotKey(const TreeEpoch& epoch, Slot slot, LeafNo leaf) const {
  mustBeReserved(slot, leaf);
  Entry entry = entryOf(epoch, lotNode(slot, leaf));
  if (entry.type == EntryType::dead) return std::nullopt;
  return std::move(entry.key);
}

void Vault::Parts::lotKeys(const TreeEpoch& epoch, std::span<const LotPlace> lots,
                           std::span<std::optional<Secret>> keys) const {
  LACUNA_ASSERT(lots.size() == keys.size(), "a key for each lot");
  ChildSeeds children;
  for (const LotPlace& lot : lots)
    near.prefetch(lotNode(lot.slot, lot.leaf).above(kNearLevel).index);
  for (std::size_t i = 0; i < lots.size(); ++i) {
    mustBeReserved(lots[i].slot, lots[i].leaf);
    const Node lot = lotNode(lots[i].slot, lots[i].leaf);
    std::optional<Entry> above;
    if (&epoch == current.get()) above = near.find(lot.above(kNearLevel).index);
    if (above && above->type == EntryType::seed) {
      children.add(above->key, lot, keys[i]);
    } else {
      keys[i] = lotKey(epoch, lots[i].slot, lots[i].leaf);
    }
  }
  children.derive();
}

const TreeEpoch& Vault::Parts::epochOf(TreeVersion version) const {
  if (current->version == version) return *current;
  if (!draining || draining->version != version) {
    throw Fault("the time of this reader of keys has ended");
  }
  return *draining;
}

const LedgerId& Vault::ledger() const { return parts_->ledger; }
const std::string& Vault::origin() const { return parts_->origin; }
const SigningKey& Vault::signingKey() const { return *parts_->signing; }

TreeVersion Vault::version() const {
  const auto lock = parts_->gate.shared();
  return parts_->current->version;
}

std::optional<Secret> Vault::lotKey(Slot slot, LeafNo leaf) const {
  parts_->mustNotBeSealed();
  const auto lock = parts_->gate.shared();
  return parts_->lotKey(*parts_->current, slot, leaf);
}

void Vault::lotKeys(std::span<const LotPlace> lots, std::span<std::optional<Secret>> keys) const {
  parts_->mustNotBeSealed();
  const auto lock = parts_->gate.shared();
  parts_->lotKeys(*parts_->current, lots, keys);
}

bool Vault::slotLives(Slot slot) const {
  parts_->mustNotBeSealed();
  LACUNA_ASSERT(slot.raw() < kSlotsMax, "slots are below 2^36");
  const auto lock = parts_->gate.shared();
  return parts_->entryOf(*parts_->current, slotNode(slot)).type != EntryType::dead;
}

// A lease on one epoch: counted, so that erase() can wait for it.
struct Vault::Reader::Epoch {
  explicit Epoch(const Parts& of) : parts(of) {
    const auto lock = parts.gate.shared();
    version = parts.current->version;
    const std::lock_guard counting(parts.readersMutex);
    ++parts.readers[version];
  }
  ~Epoch() {
    wipeStack();  // before whoever waits for the end of this epoch goes on  // P5
    const std::lock_guard counting(parts.readersMutex);
    const auto mine = parts.readers.find(version);
    if (--mine->second > 0) return;
    parts.readers.erase(mine);
    parts.readersGone.notify_all();
  }
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;

  const Parts& parts;
  TreeVersion version;
};

Vault::Reader::Reader(const Vault& vault) : epoch_(std::make_unique<Epoch>(*vault.parts_)) {}
Vault::Reader::Reader(Reader&&) noexcept = default;
Vault::Reader::~Reader() = default;

TreeVersion Vault::Reader::version() const { return epoch_->version; }

std::optional<Secret> Vault::Reader::lotKey(Slot slot, LeafNo leaf) const {
  const Parts& parts = epoch_->parts;
  parts.mustNotBeSealed();
  const auto lock = parts.gate.shared();
  return parts.lotKey(parts.epochOf(epoch_->version), slot, leaf);
}

void Vault::Reader::lotKeys(std::span<const LotPlace> lots,
                            std::span<std::optional<Secret>> keys) const {
  const Parts& parts = epoch_->parts;
  parts.mustNotBeSealed();
  const auto lock = parts.gate.shared();
  parts.lotKeys(parts.epochOf(epoch_->version), lots, keys);
}

Vault::Reader Vault::reader() const {
  parts_->mustNotBeSealed();
  return Reader(*this);
}

// --- writing ---

void Vault::Parts::step(std::string_view name) const {
  if (options.onStep) options.onStep(name);
}

void Vault::Parts::mustNotBeSealed() const {
  if (sealed.load(std::memory_order_acquire)) {
    throw Fault("the keys are sealed after a failed write; a restart recovers");
  }
}

RekeyPlan Vault::Parts::planOf(std::span<const EraseTarget> targets, Instant now) const {
  RekeyPlan plan;
  const std::uint64_t unused = highWater.load(std::memory_order_acquire);
  for (const EraseTarget& target : targets) {
    LACUNA_ASSERT(target.slot.raw() < unused, "only reserved slots are erased");
    LACUNA_ASSERT(!target.leaf || target.leaf->raw() < kLeavesPerSlot, "a slot has 4096 leaves");
    plan.targets.push_back(target.leaf ? lotNode(target.slot, *target.leaf)
                                       : slotNode(target.slot));
  }
  const bool due = !healedAt || now - *healedAt >= kHealInterval || now < *healedAt;
  if (options.healing == Healing::everyErasure || (options.healing == Healing::daily && due)) {
    plan.unusedFromLeaf = unused * kLeavesPerSlot;
  }
  return plan;
}

namespace {

std::vector<KeyRow> rowsOf(const Rekeyed& made) {
  std::vector<KeyRow> rows;
  rows.reserve(made.pages.size() + made.removed.size() + 2);
  for (const Node& node : made.removed) rows.push_back({pageRowKey(node), std::nullopt});
  for (const SealedNode& page : made.pages) rows.push_back({pageRowKey(page.node), page.sealed});
  return rows;
}

}  // namespace

// The order of FORMAT 9. keys/ is written first: until that batch is synced nothing has happened, and a holder
// that has more than keys/ never comes of a crash. What fails at a further holder makes it away.
TreeVersion Vault::Parts::transact(const RekeyPlan& plan, std::optional<Anchor::Carried> carried,
                                   TreeVersion next) {
  const TreeVersion old = current->version;
  const TreeView tree{ledger, old, current->pages};
  Rekeyed made = rekey(tree, current->top(), next, plan, freshKeyFrom(entropy), entropy);
  Anchor anchor{next, std::move(made.top), carried};
  std::vector<KeyRow> rows = rowsOf(made);

  SealUnlessDone guard(sealed);
  const std::lock_guard holding(holdersMutex);
  // A crash from here to the commit leaves the old tree under the old root, and a spare to wipe.
  Secret root;
  durably("erase.root", [&] { root = self->roots->prepare(next); });
  const auto others = [&](const std::string& name, const auto& act) {
    for (auto& [number, holder] : known) {
      if (holder.open) attempt(number, name, [&, &with = holder] { act(with); });
    }
  };
  others("root", [&](KnownHolder& h) { h.prepared = h.open->roots->prepare(next); });
  if (!alone()) {
    const std::vector<KeyRow> who = holderRows();
    rows.insert(rows.end(), who.begin(), who.end());
  }
  const auto withAnchor = [&](std::uint8_t number, const Secret& under) {
    std::vector<KeyRow> all = rows;
    all.push_back({anchorRowKey(number), sealAnchor(ledger, number, anchor, under, entropy)});
    return all;
  };
  // Pages, deletions and anchor in one synced batch: the moment at which the targets die for us.
  // After it only the new root opens the anchor; a crash leaves the old one to be wiped.
  durably("erase.tree", [&] { self->db->write(withAnchor(self->number, root)); });
  root.wipe();
  others("tree", [&](KnownHolder& h) {
    writeAt(*h.open, withAnchor(h.open->number, h.prepared));
    h.prepared.wipe();
  });
  self->roots->promote();
  swapTo(std::make_unique<TreeEpoch>(next, anchor.top, *self->db));
  anchor.top.key.wipe();
  drain(old);
  durably("erase.wipe", [&] { self->roots->wipeSpare(); });  // P5
  primary().row.destroyed = next;
  others("wipe", [&](KnownHolder& h) {
    h.open->roots->promote();
    h.open->roots->wipeSpare();  // P5
    h.row.destroyed = next;
  });
  if (holdersChanged) saveHolders();
  guard.done();
  return next;
}

// Everything in the cache goes, not only what derives a target: that a seed off the path is harmless is a
// proof about the tree, and memory shall not rest on it.
void Vault::Parts::swapTo(std::unique_ptr<TreeEpoch> next) {
  gate.exclusively([&] {
    draining = std::move(current);
    current = std::move(next);
    near.clear();
    cache.clear();
  });
}

void Vault::Parts::drain(TreeVersion old) {
  {
    std::unique_lock lock(readersMutex);
    readersGone.wait_for(lock, options.readerLeaseMax, [&] { return readers.count(old) == 0; });
  }
  // Whoever still holds a reader finds its epoch ended; the old top is wiped with it.
  gate.exclusively([&] { draining.reset(); });
}

EraseResult Vault::erase(std::span<const EraseTarget> targets, const ErasureId& erasure,
                         std::uint32_t part) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(!targets.empty() && targets.size() <= kEraseTargetsMax, "1 to 10000 targets");
  if (p.lastErasure && p.lastErasure->erasure == erasure && p.lastErasure->part == part) {
    return {p.current->version, p.destroyedAt};
  }
  const Instant now = p.clock.now();
  const Anchor::Carried carried{erasure, part};
  const RekeyPlan plan = p.planOf(targets, now);
  const TreeVersion made = p.transact(plan, carried, TreeVersion(p.current->version.raw() + 1));
  const std::lock_guard lock(p.stateMutex);
  p.lastErasure = carried;
  p.destroyedAt = p.clock.now();
  if (plan.unusedFromLeaf) p.healedAt = now;
  wipeStack();  // P5
  return {made, p.destroyedAt};
}

std::optional<Vault::LastErasure> Vault::lastErasure() const {
  const TreeVersion now = version();
  const std::lock_guard lock(parts_->stateMutex);
  if (!parts_->lastErasure) return std::nullopt;
  return LastErasure{parts_->lastErasure->erasure, parts_->lastErasure->part, now};
}

std::uint64_t Vault::slotHighWater() const {
  return parts_->highWater.load(std::memory_order_acquire);
}

void Vault::reserveSlots(std::uint64_t newHighWater) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(newHighWater <= kSlotsMax, "slots are below 2^36");
  if (newHighWater <= p.highWater.load(std::memory_order_acquire)) return;
  const KeyRow row{Bytes{'N'}, ByteWriter(8).u64(newHighWater).take()};
  p.write("reserve", {&row, 1});
  p.highWater.store(newHighWater, std::memory_order_release);
}

void Vault::rememberCheckpoint(const RememberedCheckpoint& checkpoint) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(!p.checkpoint || p.checkpoint->size <= checkpoint.size,
                "a signed tree never shrinks");
  ByteWriter value(8 + checkpoint.note.size());
  value.u64(checkpoint.size.raw()).raw(checkpoint.note);
  const KeyRow row{Bytes{'C'}, value.take()};
  p.write("checkpoint", {&row, 1});  // P3
  const std::lock_guard lock(p.stateMutex);
  p.checkpoint = checkpoint;
}

std::optional<RememberedCheckpoint> Vault::lastCheckpoint() const {
  const std::lock_guard lock(parts_->stateMutex);
  return parts_->checkpoint;
}

void Vault::beginGeneration() {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(p.checkpoint && !p.pinned, "a generation follows one that was signed");
  const std::uint64_t generation = generationOf(p.origin);
  const std::string base = generation == 1 ? p.origin : p.origin.substr(0, p.origin.rfind("/g"));
  const std::string origin = base + "/g" + std::to_string(generation + 1);
  const Pinned old{p.origin, p.checkpoint->note};
  // The leaf floor rises with the generation: whatever the lost tail took lies below it.
  const auto floor = static_cast<std::uint16_t>(
      std::min<unsigned>(p.leafFloor + kRestoreLeafStep, kLeavesPerSlot));
  const std::vector<KeyRow> rows{
      {Bytes{'I'}, encodeIdentity(p.ledger, origin)},
      {Bytes{'O'}, ByteWriter().bytes16(bytesOf(old.origin)).raw(old.note).take()},
      {Bytes{'M'}, ByteWriter(2).u16(floor).take()},
      {Bytes{'U'}, std::nullopt},
      {Bytes{'C'}, std::nullopt}};
  p.write("generation", rows);  // P3
  p.origin = origin;
  const std::lock_guard lock(p.stateMutex);
  p.leafFloor = floor;
  p.checkpoint.reset();
  p.pinned = old;
}

std::optional<Vault::Pinned> Vault::pinned() const {
  const std::lock_guard lock(parts_->stateMutex);
  return parts_->pinned;
}

void Vault::pinDone() {
  Parts& p = *parts_;
  const KeyRow row{Bytes{'O'}, std::nullopt};
  p.write("pinned", {&row, 1});
  const std::lock_guard lock(p.stateMutex);
  p.pinned.reset();
}

AssuranceReport Vault::Parts::checkFileSystem(RootStore& roots, const std::string& stepName) {
  const bool own = &roots == self->roots.get();
  const auto overwrite = [&] { roots.wipeSpare(); };
  return judge(examine(roots.fd(), 2 * kRootSlotBytes,
                       [&] { own ? durably(stepName, overwrite) : overwrite(); }));
}

void Vault::Parts::write(const std::string& name, std::span<const KeyRow> rows) {
  const std::lock_guard holding(holdersMutex);
  durably(name, [&] { self->db->write(rows); });
  for (auto& [number, holder] : known) {
    if (holder.open) attempt(number, "write", [&, &to = *holder.open] { writeAt(to, rows); });
  }
  if (holdersChanged) saveHolders();
}

Vault::Vault(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Vault::~Vault() = default;

}  // namespace lacuna
