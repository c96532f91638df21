// A whole raw disk, after erasures under load and crashes: nothing that was destroyed is on it, what lives opens,
// and a copy of it, or an old log under its keys, gives nobody back. LACUNA_LONG=1 runs the long one.
#include "ledger/base/limits.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/tree_codec.h"
#include "tests/support/keys_look.h"
#include "tests/support/known_keys.h"
#include "tests/support/loop_disk.h"
#include "tests/support/processes.h"
#include "tests/support/vault_world.h"
#include "tests/support/world.h"

#include <rocksdb/db.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <random>

namespace lacuna::ledgertest {
namespace {

namespace fs = std::filesystem;
using test::factorsIn;
using test::LoopDisk;
using test::SecretSearch;

bool longRun() { return std::getenv("LACUNA_LONG") != nullptr; }

// Every key, seed and root is 32 bytes of luck: whatever was drawn in that size is remembered.
class RecordingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    systemEntropy().fill(out);
    if (out.size() != Secret::kSize) return;
    const std::lock_guard lock(mutex_);
    drawn_.emplace_back(out.begin(), out.end());
  }
  void addTo(SecretSearch& search) const {
    for (const Bytes& secret : drawn_) search.add(secret);
  }

 private:
  std::mutex mutex_;
  std::vector<Bytes> drawn_;
};

std::string person(std::size_t n) { return "crm:" + std::to_string(n); }

struct Crash {};

// A ledger on the disk, worked on: persons come, some are erased, now and then all stops in the middle.
class Run {
 public:
  Run(LoopDisk& disk, std::size_t persons) : disk_(disk), persons_(persons), random_(persons) {
    LedgerOptions options;
    options.entropy = &entropy_;
    options.onVaultStep = [this](std::string_view) {
      if (armed_ > 0 && --armed_ == 0) throw Crash{};
    };
    world_ = std::make_unique<World>(options, disk_.root());
    std::vector<std::string> lines;
    for (std::size_t n = 0; n < persons_; ++n) lines.push_back(collect(person(n)));
    world_->submit(lines);
    world_->ledger().signCheckpoint();
  }

  void work(const std::vector<fs::path>& backups) {
    for (std::size_t n = 0; n < persons_; n += 2) {  // every other one is erased
      if (n % (persons_ / (backups.size() + 1) / 2 * 2) == 0 && taken_ < backups.size() && n > 0)
        backUp(backups[taken_++]);
      eraseOne(n);
      REQUIRE(world_->submitOne(collect(person(n + 1))));
      if (n % 8 == 0) world_->ledger().signCheckpoint();
    }
  }

  // Nothing of the erased is served, all of the living.
  void checkServed(bool all) {
    for (std::size_t n = 0; n < persons_; ++n) {
      const auto events = world_->history(person(n));
      CAPTURE(n);
      if (n % 2 == 0) CHECK_FALSE(events);
      if (n % 2 == 1) REQUIRE(events);
      if (n % 2 == 1 && all) CHECK(world_->eventsOf(person(n)) == 2);
    }
  }

  World& world() { return *world_; }
  fs::path data() { return world_->options().data; }
  SecretSearch destroyed() const {
    SecretSearch search;
    entropy_.addTo(search);
    for (const Bytes& key : keys_) search.add(key);
    return search;
  }

 private:
  void backUp(const fs::path& to) {
    world_->close();
    fs::copy(data() / "log", to, fs::copy_options::recursive);
    world_->open();
  }

  void eraseOne(std::size_t n) {
    const Slot slot = *world_->sequencer().resolve(person(n));
    for (const LotHandle& lot : world_->sequencer().people().lotsOf(slot)) keep(slot, lot.leaf);
    keep(slot, LeafNo(0));
    armed_ = random_() % 4 == 0 ? static_cast<int>(1 + random_() % 6) : 0;
    try {
      const Result<Erasure> erased = world_->erase(person(n));
      REQUIRE(erased);
    } catch (const Crash&) {
      armed_ = 0;
      ++crashes;
      world_->reopen();  // the start finishes it, if its intent was durable
      if (world_->sequencer().resolve(person(n))) {
        const Result<Erasure> again = world_->erase(person(n));
        REQUIRE(again);
      }
    }
    armed_ = 0;
  }

  void keep(Slot slot, LeafNo leaf) {
    const std::optional<Secret> key = world_->ledger().vault().lotKey(slot, leaf);
    REQUIRE(key);
    keys_.emplace_back(key->view().begin(), key->view().end());
  }

  LoopDisk& disk_;
  const std::size_t persons_;
  std::mt19937_64 random_;
  RecordingEntropy entropy_;
  int armed_ = 0;
  std::size_t taken_ = 0;
  std::vector<Bytes> keys_;
  std::unique_ptr<World> world_;

 public:
  int crashes = 0;
};

void copySparse(const fs::path& from, const fs::path& to) {
  const auto done = test::runProgram({"/bin/cp", "--sparse=always", from.string(), to.string()});
  REQUIRE(done.exit == 0);
}

}  // namespace

TEST_CASE("on the raw disk no destroyed secret is left, and no copy of it gives anybody back",
          "[forensic][P5]") {
  LoopDisk::Kind ext4 = LoopDisk::ext4();
  LoopDisk::Kind xfs = LoopDisk::xfs();
  ext4.megabytes = xfs.megabytes = 1024;  // RocksDB sets room aside; the file stays small
  for (const LoopDisk::Kind& kind : {ext4, xfs}) {
    LoopDisk disk(kind);
    if (!disk.why().empty()) {
      test::sayNotRun("raw disk, " + kind.name, disk.why());
      continue;
    }
    CAPTURE(kind.name);
    const test::Scratch outside;
    const std::vector<fs::path> backups{outside / "backup-1", outside / "backup-2"};
    Run run(disk, longRun() ? 800 : 60);
    run.work(backups);
    run.checkServed(true);
    run.world().close();
    CHECK(run.crashes > 2);
    const SecretSearch destroyed = run.destroyed();
    const std::vector<Bytes> live = factorsIn(run.data() / "keys/root.ks");
    REQUIRE(live.size() == 1);
    disk.unmount();
    // F-B: of all that was ever drawn, the present root alone, and that one is found.
    CHECK(destroyed.count() > 300);
    CHECK(destroyed.found(disk.image(), live) == 0);
    CHECK(destroyed.found(disk.image()) == 1);
    // F-D: the disk copied whole, and each backup of the log under its keys.
    copySparse(disk.image(), outside / "copy");
    REQUIRE(disk.mountAgain(outside / "copy"));
    run.world().open();
    run.checkServed(true);
    run.world().close();
    fs::copy(run.data() / "keys", outside / "keys", fs::copy_options::recursive);
    for (const fs::path& backup : backups) {
      for (const auto& [name, from] :
           {std::pair<std::string, fs::path>{"log", backup}, {"keys", outside / "keys"}}) {
        fs::remove_all(run.data() / name);
        fs::copy(from, run.data() / name, fs::copy_options::recursive);
      }
      run.world().options().acceptLostTail = false;
      const auto refused = Ledger::open(run.world().options());
      REQUIRE_FALSE(refused);
      CHECK(refused.refusal().code == RefusalCode::rolledBack);
      run.world().options().acceptLostTail = true;
      run.world().open();
      run.checkServed(false);
      run.world().close();
    }
  }
}

namespace {

enum class Broken { nothing, notWiped, renamed };

struct Found {
  std::size_t factors = 0;  // old ones, searched for
  std::size_t opened = 0;   // anchors that something on the disk opens, found blindly
};

Bytes slotOf(const fs::path& file, unsigned place) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(place * kRootSlotBytes));
  Bytes out(kRootSlotBytes);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return out;
}

Bytes anchorIn(const fs::path& database) {
  const std::unique_ptr<rocksdb::DB> db = test::lookAtKeys(database);
  std::string value;
  if (!db->Get(rocksdb::ReadOptions(), std::string("A\0", 2), &value).ok())
    throw std::runtime_error("no anchor");
  return {value.begin(), value.end()};
}

TreeVersion versionOf(const Bytes& anchor) {
  return TreeVersion(number64(ByteView(anchor).subspan(1, 8)).value());
}

// Twelve erasures on a disk of their own; one rule broken beside the product, which has no switch for it.
Found findingsOf(LoopDisk& disk, Broken broken) {
  VaultOptions options = test::vaultIn(disk.root());
  const fs::path file = options.directory / "root.ks";
  SecretSearch search;
  std::vector<Bytes> anchors;
  Bytes old;
  unsigned spare = 0;
  options.onStep = [&](std::string_view step) {
    if (step == "erase.tree.after") anchors.push_back(anchorIn(options.directory / "db"));
    if (step == "erase.wipe.before" && broken == Broken::notWiped && !anchors.empty()) {
      for (unsigned place = 0; place < 2; ++place) {
        const Bytes bytes = slotOf(file, place);
        const auto slot = parseRootSlot(bytes);
        if (!slot || slot->version >= versionOf(anchors.back())) continue;
        old = bytes;
        spare = place;
      }
    }
    if (step == "erase.wipe.after" && broken == Broken::notWiped) {
      std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
      out.seekp(static_cast<std::streamoff>(spare * kRootSlotBytes));
      out.write(reinterpret_cast<const char*>(old.data()),
                static_cast<std::streamsize>(old.size()));
    }
    if (step == "erase.wipe.after" && broken == Broken::renamed) {
      // As many do it: the new file beside the old, then renamed over it.
      const fs::path fresh = disk.root() / "fresh";
      fs::copy_file(file, fresh, fs::copy_options::overwrite_existing);
      const int fd = ::open(fresh.c_str(), O_RDONLY);
      ::fsync(fd);
      ::close(fd);
      fs::rename(fresh, disk.root() / "renamed");
    }
  };
  std::vector<Bytes> live;
  {
    const auto vault = test::madeVault(options, 64);
    for (std::uint64_t n = 1; n <= 12; ++n) {
      for (const Bytes& factor : factorsIn(file)) search.add(factor);
      const EraseTarget target{Slot(n), std::nullopt};
      vault->erase({&target, 1}, test::erasureNumber(n), 0);
    }
    live = factorsIn(file);
  }
  disk.unmount();
  Found out;
  out.factors = search.found(disk.image(),
                             broken == Broken::notWiped ? std::vector<Bytes>{live.back()} : live);
  // Blind: whatever looks like a key is tried as root and as factor.
  if (!longRun() && anchors.size() > 3) {
    anchors.erase(anchors.begin(), anchors.end() - 3);
  }
  std::set<std::size_t> opened;
  test::eachKeyLikeWindow(disk.image(), [&](ByteView window) {
    const Secret key(window);
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      const TreeVersion version = versionOf(anchors[i]);
      const LedgerId ledger = test::someLedger();
      if (openAnchor(ledger, 0, key, anchors[i]) ||
          openAnchor(ledger, 0, rootOf(key, ledger, 0, version), anchors[i]))
        opened.insert(i);
    }
  });
  out.opened = opened.size();
  return out;
}

}  // namespace

TEST_CASE("looked through blindly, the raw disk opens the present tree and no other",
          "[forensic][P5]") {
  const auto on = [](Broken broken) -> std::optional<Found> {
    LoopDisk disk(LoopDisk::ext4());
    if (disk.why().empty()) return findingsOf(disk, broken);
    test::sayNotRun("blind search of the raw disk", disk.why());
    return std::nullopt;
  };
  const std::optional<Found> right = on(Broken::nothing);
  if (!right) return;
  CHECK(right->factors == 0);
  CHECK(right->opened == 1);
  // The same searches find what a broken rule leaves.
  const std::optional<Found> notWiped = on(Broken::notWiped);
  CHECK(notWiped->opened == 2);
  const std::optional<Found> renamed = on(Broken::renamed);
  CHECK(renamed->factors > 3);
  CHECK(renamed->opened > 1);
}

}  // namespace lacuna::ledgertest
