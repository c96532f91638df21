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

std::optional<Secret> Vault::Parts::lotKey(const TreeEpoch& epoch, Slot slot, LeafNo leaf) const {
  // A key of a slot that was not reserved would be lost by the next healing.
  LACUNA_ASSERT(slot.raw() < highWater.load(std::memory_order_acquire), "the slot is not reserved");
  LACUNA_ASSERT(leaf.raw() < kLeavesPerSlot, "a slot has 4096 leaves");
  Entry entry = entryOf(epoch, lotNode(slot, leaf));
  if (entry.type == EntryType::dead) return std::nullopt;
  return std::move(entry.key);
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

// erase() returns when the one holder has overwritten its old root.
bool Vault::destroyedEverywhere(TreeVersion version) const { return version <= this->version(); }

std::optional<Secret> Vault::lotKey(Slot slot, LeafNo leaf) const {
  parts_->mustNotBeSealed();
  const auto lock = parts_->gate.shared();
  return parts_->lotKey(*parts_->current, slot, leaf);
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

// Pages, deletions and anchor in one synced batch: the moment at which the targets die for us.
void Vault::Parts::commit(const Rekeyed& made, const Anchor& anchor, const Secret& root) {
  std::vector<KeyRow> rows;
  rows.reserve(made.pages.size() + made.removed.size() + 1);
  for (const Node& node : made.removed) rows.push_back({pageRowKey(node), std::nullopt});
  for (const SealedNode& page : made.pages) rows.push_back({pageRowKey(page.node), page.sealed});
  rows.push_back(
      {anchorRowKey(roots->holder()), sealAnchor(ledger, roots->holder(), anchor, root, entropy)});
  db->write(rows);
}

void Vault::Parts::swapTo(std::unique_ptr<TreeEpoch> next, const RekeyPlan& plan) {
  gate.exclusively([&] {
    draining = std::move(current);
    current = std::move(next);
    near.clear();
    if (plan.unusedFromLeaf) {
      cache.clear();
    } else {
      // Blocks off the path keep their entries: those are unchanged and derive no target.
      for (const Node& target : plan.targets) cache.forget(target.above(kBlockLevel).index);
    }
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
  const TreeVersion old = p.current->version;
  const Anchor::Carried carried{erasure, part};
  const RekeyPlan plan = p.planOf(targets, now);
  const TreeView tree{p.ledger, old, p.current->pages};
  Rekeyed made = rekey(tree, p.current->top(), TreeVersion(old.raw() + 1), plan,
                       freshKeyFrom(p.entropy), p.entropy);
  Anchor anchor{TreeVersion(old.raw() + 1), std::move(made.top), carried};

  SealUnlessDone guard(p.sealed);
  // A crash from here to the commit leaves the old tree under the old root, and a spare to wipe.
  Secret root;
  p.durably("erase.root", [&] { root = p.roots->prepare(anchor.version); });
  // After the commit only the new root opens the anchor; a crash leaves the old one to be wiped.
  p.durably("erase.tree", [&] { p.commit(made, anchor, root); });
  root.wipe();
  p.roots->promote();
  p.swapTo(std::make_unique<TreeEpoch>(anchor.version, anchor.top, *p.db), plan);
  anchor.top.key.wipe();
  p.drain(old);
  p.durably("erase.wipe", [&] { p.roots->wipeSpare(); });  // P5

  const std::lock_guard lock(p.stateMutex);
  p.lastErasure = carried;
  p.destroyedAt = p.clock.now();
  if (plan.unusedFromLeaf) p.healedAt = now;
  guard.done();
  return {anchor.version, p.destroyedAt};
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
  p.durably("reserve", [&] {
    const KeyRow row{Bytes{'N'}, ByteWriter(8).u64(newHighWater).take()};
    p.db->write({&row, 1});
  });
  p.highWater.store(newHighWater, std::memory_order_release);
}

void Vault::rememberCheckpoint(const RememberedCheckpoint& checkpoint) {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(!p.checkpoint || p.checkpoint->size <= checkpoint.size,
                "a signed tree never shrinks");
  p.durably("checkpoint", [&] {
    ByteWriter value(8 + checkpoint.note.size());
    value.u64(checkpoint.size.raw()).raw(checkpoint.note);
    const KeyRow row{Bytes{'C'}, value.take()};
    p.db->write({&row, 1});
  });  // P3
  const std::lock_guard lock(p.stateMutex);
  p.checkpoint = checkpoint;
}

std::optional<RememberedCheckpoint> Vault::lastCheckpoint() const {
  const std::lock_guard lock(parts_->stateMutex);
  return parts_->checkpoint;
}

Bytes encodeIdentity(const LedgerId& ledger, const std::string& origin) {
  ByteWriter out;
  out.u32(kKeysFormat).raw(ledger.view()).bytes16(bytesOf(origin));
  return out.take();
}

void Vault::beginGeneration() {
  Parts& p = *parts_;
  p.mustNotBeSealed();
  LACUNA_ASSERT(p.checkpoint && !p.pinned, "a generation follows one that was signed");
  const std::size_t mark = p.origin.rfind("/g");
  const std::string digits = mark == std::string::npos ? "" : p.origin.substr(mark + 2);
  const bool later = !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
  const std::string base = later ? p.origin.substr(0, mark) : p.origin;
  const std::string origin = base + "/g" + std::to_string(later ? std::stoul(digits) + 1 : 2);
  const Pinned old{p.origin, p.checkpoint->note};
  p.durably("generation", [&] {
    const std::vector<KeyRow> rows{
        {Bytes{'I'}, encodeIdentity(p.ledger, origin)},
        {Bytes{'O'}, ByteWriter().bytes16(bytesOf(old.origin)).raw(old.note).take()},
        {Bytes{'C'}, std::nullopt}};
    p.db->write(rows);
  });  // P3
  p.origin = origin;
  const std::lock_guard lock(p.stateMutex);
  p.checkpoint.reset();
  p.pinned = old;
}

std::optional<Vault::Pinned> Vault::pinned() const {
  const std::lock_guard lock(parts_->stateMutex);
  return parts_->pinned;
}

void Vault::pinDone() {
  Parts& p = *parts_;
  p.durably("pinned", [&] {
    const KeyRow row{Bytes{'O'}, std::nullopt};
    p.db->write({&row, 1});
  });
  const std::lock_guard lock(p.stateMutex);
  p.pinned.reset();
}

void Vault::Parts::checkFileSystem(const std::string& stepName) {
  const FsFacts facts = examine(roots->fd(), 2 * kRootSlotBytes,
                                [&] { durably(stepName, [&] { roots->wipeSpare(); }); });
  const std::lock_guard lock(stateMutex);
  assurance = judge(facts);
}

AssuranceReport Vault::assurance() const {
  const std::lock_guard lock(parts_->stateMutex);
  return parts_->assurance;
}

AssuranceReport Vault::recheck() {
  parts_->mustNotBeSealed();
  parts_->checkFileSystem("recheck.wipe");
  return assurance();
}

Vault::Vault(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Vault::~Vault() = default;

}  // namespace lacuna
