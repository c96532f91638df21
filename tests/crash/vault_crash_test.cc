// An erasure is cut at every durable step, its slot writes torn, its batch's log record cut, its recovery
// cut again: all or nothing, no living key lost, and it can always be run once more.
#include "ledger/base/limits.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/vault.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <fstream>
#include <map>

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSlots = 40;
constexpr std::uint16_t kLeaves = 3;
const std::vector<EraseTarget> kBatch{{Slot(3), std::nullopt},
                                      {Slot(4), LeafNo(1)},
                                      {Slot(17), LeafNo(0)},
                                      {Slot(17), LeafNo(1)},
                                      {Slot(39), LeafNo(2)}};

bool isTarget(std::uint64_t slot, std::uint16_t leaf) {
  for (const EraseTarget& target : kBatch) {
    if (target.slot.raw() == slot && (!target.leaf || target.leaf->raw() == leaf)) return true;
  }
  return false;
}

using Lot = std::pair<std::uint64_t, std::uint16_t>;
using Keys = std::map<Lot, std::string>;

Keys keysOf(const Vault& vault) {
  Keys keys;
  for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
    for (std::uint16_t leaf = 0; leaf < kLeaves; ++leaf) {
      keys[{slot, leaf}] = hexOfKey(vault.lotKey(Slot(slot), LeafNo(leaf)));
    }
  }
  return keys;
}

Keys afterBatch(Keys keys) {
  for (auto& [lot, key] : keys) {
    if (isTarget(lot.first, lot.second)) key = "dead";
  }
  return keys;
}

Bytes contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(in)), {});
}

void store(const fs::path& file, ByteView content) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
}

// The write-ahead log that is being written: the one with the highest number.
fs::path liveLog(const fs::path& keys) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(keys / "db")) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

// The world before the erasure, and the disk as it stood at each step of it.
class Stage {
 public:
  Stage() {
    VaultOptions options = vaultIn(scratch_.path());
    auto vault = madeVault(options, kSlots);
    const EraseTarget earlier{Slot(4), LeafNo(0)};
    vault->erase({&earlier, 1}, erasureNumber(1), 0);
    before = keysOf(*vault);
    after = afterBatch(before);
    vault.reset();
    options.onStep = [this](std::string_view step) { keepImage(std::string(step)); };
    vault = std::move(*Vault::open(options));
    vault->erase(kBatch, erasureNumber(2), 5);
  }

  const fs::path& image(const std::string& step) const { return images_.at(step); }

  // A copy that a test may damage and open.
  fs::path copyOf(const std::string& step) {
    const fs::path copy = scratch_ / ("copy-" + std::to_string(++copies_));
    fs::create_directories(copy);
    fs::copy(images_.at(step), copy / "keys", fs::copy_options::recursive);
    return copy;
  }

  Keys before, after;

 private:
  void keepImage(const std::string& step) {
    const fs::path image = scratch_ / ("image-" + step);
    fs::copy(scratch_ / "keys", image, fs::copy_options::recursive);
    images_[step] = image;
  }

  ScratchDirectory scratch_;
  std::map<std::string, fs::path> images_;
  int copies_ = 0;
};

unsigned wholeSlots(const fs::path& rootFile) {
  const Bytes content = contentOf(rootFile);
  REQUIRE(content.size() == 2 * kRootSlotBytes);
  unsigned whole = 0;
  for (unsigned place = 0; place < 2; ++place) {
    if (parseRootSlot(ByteView(content).subspan(place * kRootSlotBytes, kRootSlotBytes))) ++whole;
  }
  return whole;
}

enum class Expected { undone, done };

// Opens a damaged copy: it is exactly before or exactly after, with one root; and the erasure can be
// run (again), and stays over one more restart.
void recovers(Stage& stage, const fs::path& copy, Expected expected) {
  const VaultOptions options = vaultIn(copy);
  {
    auto opened = Vault::open(options);
    REQUIRE(opened);
    Vault& vault = **opened;
    CHECK(keysOf(vault) == (expected == Expected::done ? stage.after : stage.before));
    CHECK(vault.version() == TreeVersion(expected == Expected::done ? 3 : 2));
    CHECK(wholeSlots(options.directory / "root.ks") == 1);  // I1
    CHECK(vault.erase(kBatch, erasureNumber(2), 5).version == TreeVersion(3));
    CHECK(keysOf(vault) == stage.after);
    CHECK(wholeSlots(options.directory / "root.ks") == 1);  // I5
  }
  auto again = Vault::open(options);
  REQUIRE(again);
  CHECK((*again)->version() == TreeVersion(3));
  CHECK(keysOf(**again) == stage.after);
  fs::remove_all(copy);
}

// Recovery itself is cut at its only durable act, then runs to its end.
void recoversAfterCutRecovery(Stage& stage, const fs::path& copy, Expected expected) {
  for (const std::string at : {"open.wipe.before", "open.wipe.after"}) {
    VaultOptions options = vaultIn(copy);
    options.onStep = [&](std::string_view step) {
      if (step == at) throw Fault("power cut");
    };
    CHECK_THROWS_AS(Vault::open(options), Fault);
  }
  recovers(stage, copy, expected);
}

Expected expectedAt(const std::string& step) {
  return step.starts_with("erase.root") || step == "erase.tree.before" ? Expected::undone
                                                                       : Expected::done;
}

const std::vector<std::string> kSteps{"erase.root.before", "erase.root.after",  "erase.tree.before",
                                      "erase.tree.after",  "erase.wipe.before", "erase.wipe.after"};

enum class Fails { undone, done };  // an error may or may not have had its effect

// A disk whose n-th write or sync of the write-ahead log fails.
class FailingDisk final : public rocksdb::FileSystemWrapper {
 public:
  FailingDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FailingDisk"; }

  void failFrom(int n, Fails how) {
    left_ = n;
    how_ = how;
    met = false;
  }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    rocksdb::IODebugContext* context) override {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    const auto status = target()->NewWritableFile(name, options, &file, context);
    if (!status.ok()) return status;
    // Only the write-ahead log: there a batch becomes durable. The rest is written behind its back.
    const bool counted = fs::path(name).extension() == ".log";
    *out = counted ? std::make_unique<File>(std::move(file), *this) : std::move(file);
    return status;
  }

  bool met = false;

 private:
  template <typename Act>
  rocksdb::IOStatus attempt(const Act& act) {
    if (left_ <= 0 || --left_ > 0) return act();
    met = true;
    if (how_ == Fails::done) act().PermitUncheckedError();
    return rocksdb::IOStatus::IOError("as the test said");
  }

  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FailingDisk& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      return disk_.attempt([&] { return target()->Append(data, options, context); });
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
      return disk_.attempt([&] { return target()->Sync(options, context); });
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* context) override {
      return disk_.attempt([&] { return target()->Fsync(options, context); });
    }

   private:
    FailingDisk& disk_;
  };

  std::atomic<int> left_{0};
  Fails how_ = Fails::undone;
};

}  // namespace

TEST_CASE("an erasure that is cut at any step happened whole or not at all", "[crash][P5][P8]") {
  Stage stage;
  for (const std::string& step : kSteps) {
    CAPTURE(step);
    recovers(stage, stage.copyOf(step), expectedAt(step));
    recoversAfterCutRecovery(stage, stage.copyOf(step), expectedAt(step));
  }
}

TEST_CASE("a torn write of a root slot harms nobody", "[crash][P5]") {
  Stage stage;
  struct Write {
    std::string before, after;
    Expected expected;
  };
  const Write writes[] = {{"erase.root.before", "erase.root.after", Expected::undone},
                          {"erase.wipe.before", "erase.wipe.after", Expected::done}};
  for (const Write& write : writes) {
    const Bytes old = contentOf(stage.image(write.before) / "root.ks");
    const Bytes now = contentOf(stage.image(write.after) / "root.ks");
    REQUIRE(old != now);
    for (std::size_t cut = 0; cut <= 2 * kRootSlotBytes; cut += 512) {
      for (const bool frontFirst : {true, false}) {
        CAPTURE(write.before, cut, frontFirst);
        Bytes torn = frontFirst ? old : now;
        const Bytes& front = frontFirst ? now : old;
        std::copy_n(front.begin(), cut, torn.begin());
        const fs::path copy = stage.copyOf(write.before);
        store(copy / "keys/root.ks", torn);
        recovers(stage, copy, write.expected);
      }
    }
  }
}

TEST_CASE("a batch whose log record is cut anywhere did not happen", "[crash][P5]") {
  Stage stage;
  const fs::path log = liveLog(stage.image("erase.tree.after"));
  const auto start = fs::file_size(liveLog(stage.image("erase.tree.before")));
  const auto end = fs::file_size(log);
  REQUIRE(end > start + 1000);
  std::vector<std::uintmax_t> cuts;
  for (auto at = start; at < end; ++at) {
    const bool edge = at < start + 24 || at + 24 > end;
    if (edge || at % 512 < 2 || at % 211 == 0) cuts.push_back(at);
  }
  for (const auto cut : cuts) {
    CAPTURE(cut, start, end);
    const fs::path copy = stage.copyOf("erase.tree.after");
    fs::resize_file(copy / "keys/db" / log.filename(), cut);
    recovers(stage, copy, Expected::undone);
  }
  // The length arrived but the bytes did not.
  for (const auto cut : {start, start + 7, (start + end) / 2, end - 1}) {
    CAPTURE(cut);
    const fs::path copy = stage.copyOf("erase.tree.after");
    fs::resize_file(copy / "keys/db" / log.filename(), cut);
    fs::resize_file(copy / "keys/db" / log.filename(), end);
    recovers(stage, copy, Expected::undone);
  }
}

TEST_CASE("a fault inside the erasure seals, and a restart recovers the living",
          "[crash][P5][P8]") {
  for (const std::string& at : kSteps) {
    CAPTURE(at);
    const ScratchDirectory scratch;
    VaultOptions options = vaultIn(scratch.path());
    auto vault = madeVault(options, kSlots);
    const Keys before = keysOf(*vault);
    vault.reset();
    options.onStep = [&](std::string_view step) {
      if (step == at) throw Fault("as the test said");
    };
    vault = std::move(*Vault::open(options));
    CHECK_THROWS_AS(vault->erase(kBatch, erasureNumber(1), 0), Fault);
    CHECK_THROWS_AS(vault->lotKey(Slot(0), LeafNo(0)), Fault);
    vault.reset();
    options.onStep = nullptr;
    vault = std::move(*Vault::open(options));
    CHECK(keysOf(*vault) == (expectedAt(at) == Expected::done ? afterBatch(before) : before));
    vault->erase(kBatch, erasureNumber(1), 0);
    CHECK(keysOf(*vault) == afterBatch(before));
  }
}

TEST_CASE("a cut before a mark or checkpoint is synced leaves the older one", "[crash][P3]") {
  for (const bool synced : {false, true}) {
    const ScratchDirectory scratch;
    VaultOptions options = vaultIn(scratch.path());
    auto vault = madeVault(options, 1024);
    vault->rememberCheckpoint({TreeSize(5), "five"});
    vault.reset();
    std::string at;
    options.onStep = [&](std::string_view step) {
      if (step == at) throw Fault("power cut");
    };
    const std::string side = synced ? ".after" : ".before";
    at = "reserve" + side;
    vault = std::move(*Vault::open(options));
    CHECK_THROWS_AS(vault->reserveSlots(2048), Fault);
    CHECK(vault->slotHighWater() == 1024);  // not to be used before it is known to be durable
    vault.reset();
    at = "checkpoint" + side;
    vault = std::move(*Vault::open(options));
    CHECK(vault->slotHighWater() == (synced ? 2048 : 1024));
    CHECK_THROWS_AS(vault->rememberCheckpoint({TreeSize(9), "nine"}), Fault);
    vault.reset();
    vault = std::move(*Vault::open(options));
    CHECK(vault->lastCheckpoint()->note == (synced ? "nine" : "five"));
  }
}

TEST_CASE("whichever write or sync of the tree fails, the erasure is whole or not at all",
          "[crash][P5][P8]") {
  const auto disk = std::make_shared<FailingDisk>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  for (const Fails how : {Fails::undone, Fails::done}) {
    int faults = 0;
    for (int n = 1; n < 100; ++n) {
      CAPTURE(n, how == Fails::done);
      const ScratchDirectory scratch;
      VaultOptions options = vaultIn(scratch.path());
      options.env = env.get();
      auto vault = madeVault(options, kSlots);
      const Keys before = keysOf(*vault);
      disk->failFrom(n, how);
      bool threw = false;
      try {
        vault->erase(kBatch, erasureNumber(1), 0);
      } catch (const Fault&) {
        threw = true;
        CHECK_THROWS_AS(vault->lotKey(Slot(0), LeafNo(0)), Fault);
      }
      const bool met = disk->met;
      disk->failFrom(0, how);
      vault.reset();
      CHECK(threw == met);
      vault = std::move(*Vault::open(options));
      const Keys now = keysOf(*vault);
      CHECK((now == afterBatch(before) || (threw && now == before)));
      vault->erase(kBatch, erasureNumber(1), 0);
      CHECK(keysOf(*vault) == afterBatch(before));
      if (!met) break;  // every write of the erasure has had its turn
      ++faults;
    }
    CHECK(faults >= 2);  // the record's bytes and their sync
  }
}
