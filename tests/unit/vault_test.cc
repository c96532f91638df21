#include "ledger/vault/vault.h"

#include "ledger/base/limits.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <sys/stat.h>
#include <thread>

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

std::unique_ptr<Vault> reopened(const VaultOptions& options) {
  auto opened = Vault::open(options);
  if (!opened) throw std::runtime_error("open: " + opened.refusal().message);
  return std::move(*opened);
}

RefusalCode refusedAtOpen(const VaultOptions& options) {
  const auto opened = Vault::open(options);
  REQUIRE_FALSE(opened);
  return opened.refusal().code;
}

Bytes contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(in)), {});
}

void overwrite(const fs::path& file, ByteView content) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
}

unsigned modeOf(const fs::path& file) {
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

EraseTarget lot(std::uint64_t slot, std::uint16_t leaf) { return {Slot(slot), LeafNo(leaf)}; }
EraseTarget whole(std::uint64_t slot) { return {Slot(slot), std::nullopt}; }

EraseResult eraseOne(Vault& vault, const EraseTarget& target, std::uint64_t number) {
  return vault.erase({&target, 1}, erasureNumber(number), 0);
}

}  // namespace

TEST_CASE("fresh keys are private, marked against backups, and open as what they are", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  CHECK(vault->ledger() == someLedger());
  CHECK(vault->origin() == kTestOrigin);
  CHECK(vault->version() == TreeVersion(1));
  CHECK_FALSE(vault->lastErasure());
  CHECK_FALSE(vault->lastCheckpoint());
  const PublicKey key = vault->signingKey().publicKey();
  const std::string lotKey = hexOfKey(vault->lotKey(Slot(3), LeafNo(2)));
  CHECK(modeOf(options.directory) == 0700);
  CHECK(modeOf(options.directory / "db") == 0700);
  CHECK(modeOf(options.directory / "root.ks") == 0600);
  CHECK(modeOf(options.directory / "signing.key") == 0600);
  CHECK(fs::file_size(options.directory / "root.ks") == 8192);
  CHECK(fs::exists(options.directory / "CACHEDIR.TAG"));
  CHECK(fs::exists(options.directory / ".nobackup"));

  vault.reset();
  vault = reopened(options);
  CHECK(vault->ledger() == someLedger());
  CHECK(vault->origin() == kTestOrigin);
  CHECK(vault->signingKey().publicKey() == key);
  CHECK(vault->slotHighWater() == 1024);
  CHECK(hexOfKey(vault->lotKey(Slot(3), LeafNo(2))) == lotKey);
}

TEST_CASE("an erased lot is dead for ever, its neighbours and siblings live", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  const std::string sibling = hexOfKey(vault->lotKey(Slot(5), LeafNo(8)));
  const std::string neighbour = hexOfKey(vault->lotKey(Slot(4), LeafNo(7)));
  const std::string far = hexOfKey(vault->lotKey(Slot(900), LeafNo(4095)));
  REQUIRE(vault->lotKey(Slot(5), LeafNo(7)));

  CHECK(eraseOne(*vault, lot(5, 7), 1).version == TreeVersion(2));
  for (int round = 0; round < 2; ++round) {
    CHECK_FALSE(vault->lotKey(Slot(5), LeafNo(7)));
    CHECK(vault->slotLives(Slot(5)));
    CHECK(hexOfKey(vault->lotKey(Slot(5), LeafNo(8))) == sibling);
    CHECK(hexOfKey(vault->lotKey(Slot(4), LeafNo(7))) == neighbour);
    CHECK(hexOfKey(vault->lotKey(Slot(900), LeafNo(4095))) == far);
    vault.reset();
    vault = reopened(options);
  }
  CHECK(eraseOne(*vault, whole(5), 2).version == TreeVersion(3));
  CHECK_FALSE(vault->slotLives(Slot(5)));
  CHECK_FALSE(vault->lotKey(Slot(5), LeafNo(8)));
  CHECK(hexOfKey(vault->lotKey(Slot(4), LeafNo(7))) == neighbour);
  // Dead absorbs: erasing it again, in any shape, changes nothing but the version.
  CHECK(eraseOne(*vault, lot(5, 8), 3).version == TreeVersion(4));
  CHECK_FALSE(vault->slotLives(Slot(5)));
  CHECK(hexOfKey(vault->lotKey(Slot(4), LeafNo(7))) == neighbour);
}

TEST_CASE("an erasure is done once for its id and part, also after a restart", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  const EraseResult first = eraseOne(*vault, lot(1, 1), 7);
  const EraseResult again = eraseOne(*vault, lot(1, 1), 7);
  CHECK(again.version == first.version);
  CHECK(again.destroyedAt == first.destroyedAt);
  vault.reset();
  vault = reopened(options);
  CHECK(eraseOne(*vault, lot(1, 1), 7).version == first.version);
  REQUIRE(vault->lastErasure());
  CHECK(vault->lastErasure()->erasure == erasureNumber(7));
  CHECK(vault->lastErasure()->part == 0);
  const EraseTarget next = lot(1, 2);
  CHECK(vault->erase({&next, 1}, erasureNumber(7), 1).version == TreeVersion(3));
  CHECK(vault->lastErasure()->part == 1);
}

TEST_CASE("a thousand targets die in one version and nobody else", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options, 4096);
  std::vector<EraseTarget> targets;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    targets.push_back(n % 3 == 0 ? whole(n * 4) : lot(n * 4, static_cast<std::uint16_t>(n)));
  }
  targets.push_back(targets.front());
  const std::string living = hexOfKey(vault->lotKey(Slot(4093), LeafNo(0)));
  CHECK(vault->erase(targets, erasureNumber(1), 0).version == TreeVersion(2));
  for (const EraseTarget& target : targets) {
    CHECK_FALSE(vault->lotKey(target.slot, target.leaf.value_or(LeafNo(9))));
    CHECK(vault->slotLives(target.slot) == target.leaf.has_value());
    CHECK(vault->slotLives(Slot(target.slot.raw() + 1)));
  }
  CHECK(hexOfKey(vault->lotKey(Slot(4093), LeafNo(0))) == living);
}

TEST_CASE("slots and checkpoints are remembered and never go back", "[P3]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options, 1024);
  vault->reserveSlots(512);  // less is nothing
  CHECK(vault->slotHighWater() == 1024);
  vault->rememberCheckpoint({TreeSize(10), "note ten"});
  vault->rememberCheckpoint({TreeSize(12), "note twelve"});
  CHECK_THROWS_AS(vault->rememberCheckpoint({TreeSize(11), "older"}), Bug);
  vault->reserveSlots(2048);
  vault.reset();
  vault = reopened(options);
  CHECK(vault->slotHighWater() == 2048);
  REQUIRE(vault->lastCheckpoint());
  CHECK(vault->lastCheckpoint()->size == TreeSize(12));
  CHECK(vault->lastCheckpoint()->note == "note twelve");
}

TEST_CASE("keys outside their bounds are a bug, not a key", "[P5]") {
  const ScratchDirectory scratch;
  auto vault = madeVault(vaultIn(scratch.path()), 16);
  CHECK_THROWS_AS(vault->lotKey(Slot(16), LeafNo(0)), Bug);
  CHECK_THROWS_AS(vault->lotKey(Slot(0), LeafNo(4096)), Bug);
  CHECK_THROWS_AS(vault->reserveSlots(kSlotsMax + 1), Bug);
  CHECK_THROWS_AS(eraseOne(*vault, lot(16, 0), 1), Bug);
  CHECK_THROWS_AS(vault->erase({}, erasureNumber(1), 0), Bug);
  CHECK(vault->lotKey(Slot(15), LeafNo(4095)));  // a bug of the caller seals nothing
}

TEST_CASE("keys that are there are never made over", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  madeVault(options).reset();
  const auto again = Vault::create(options, someLedger(2), std::string(kTestOrigin));
  REQUIRE_FALSE(again);
  CHECK(again.refusal().code == RefusalCode::alreadyExists);
  // Also when only something unknown lies there.
  fs::create_directories(scratch / "other/keys");
  overwrite(scratch / "other/keys/root.ks", Bytes(8192, 1));
  const auto other =
      Vault::create(vaultIn(scratch / "other"), someLedger(), std::string(kTestOrigin));
  REQUIRE_FALSE(other);
  CHECK(other.refusal().code == RefusalCode::alreadyExists);
}

TEST_CASE("a second user of the same keys is refused", "[P8]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  CHECK(refusedAtOpen(options) == RefusalCode::alreadyRunning);
  vault.reset();
  CHECK(Vault::open(options));
}

TEST_CASE("missing keys are named and nothing is made", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  CHECK(refusedAtOpen(options) == RefusalCode::missingKey);
  CHECK_FALSE(fs::exists(options.directory));
  madeVault(options).reset();
  for (const char* name : {"root.ks", "signing.key", "db"}) {
    CAPTURE(name);
    fs::rename(options.directory / name, scratch / "away");
    CHECK(refusedAtOpen(options) == RefusalCode::missingKey);
    CHECK_FALSE(fs::exists(options.directory / name));
    fs::rename(scratch / "away", options.directory / name);
  }
  CHECK(Vault::open(options));
}

TEST_CASE("a foreign or damaged root.ks is refused and left as it is", "[P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  const std::string key = hexOfKey(vault->lotKey(Slot(1), LeafNo(0)));
  vault.reset();
  const fs::path file = options.directory / "root.ks";
  const Bytes own = contentOf(file);
  const ScratchDirectory otherScratch;
  auto otherMade =
      Vault::create(vaultIn(otherScratch.path()), someLedger(2), std::string(kTestOrigin));
  REQUIRE(otherMade);
  (*otherMade).reset();
  Bytes random(8192);
  SeededEntropy(5).fill(random);
  Bytes later = own;
  std::memcpy(later.data(), "LKROOT02", 8);
  struct Case {
    const char* what;
    Bytes content;
    RefusalCode code;
  };
  const Case cases[] = {
      {"another ledger's", contentOf(otherScratch / "keys/root.ks"), RefusalCode::foreignKey},
      {"random", random, RefusalCode::foreignKey},
      {"empty", {}, RefusalCode::foreignKey},
      {"half", Bytes(own.begin(), own.begin() + 4096), RefusalCode::foreignKey},
      {"longer",
       [&] {
         Bytes b = own;
         b.push_back(0);
         return b;
       }(),
       RefusalCode::foreignKey},
      {"a later format", later, RefusalCode::unknownVersion},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    overwrite(file, c.content);
    CHECK(refusedAtOpen(options) == c.code);
    CHECK(contentOf(file) == c.content);
  }
  overwrite(file, own);
  CHECK(hexOfKey(reopened(options)->lotKey(Slot(1), LeafNo(0))) == key);
}

TEST_CASE("an old tree under the present root, or the reverse, is refused and not repaired",
          "[P3]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  vault.reset();
  fs::copy(options.directory, scratch / "old", fs::copy_options::recursive);
  vault = reopened(options);
  eraseOne(*vault, lot(1, 1), 1);
  vault.reset();
  const Bytes root = contentOf(options.directory / "root.ks");

  fs::rename(options.directory / "db", scratch / "db-new");
  fs::copy(scratch / "old/db", options.directory / "db", fs::copy_options::recursive);
  CHECK(refusedAtOpen(options) == RefusalCode::foreignKey);
  CHECK(contentOf(options.directory / "root.ks") == root);

  fs::remove_all(options.directory / "db");
  fs::rename(scratch / "db-new", options.directory / "db");
  overwrite(options.directory / "root.ks", contentOf(scratch / "old/root.ks"));
  CHECK(refusedAtOpen(options) == RefusalCode::foreignKey);
  overwrite(options.directory / "root.ks", root);
  CHECK_FALSE(reopened(options)->lotKey(Slot(1), LeafNo(1)));
}

TEST_CASE("a write-ahead log that was taken away is noticed by the anchor", "[P3]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  auto vault = madeVault(options);
  vault.reset();
  vault = reopened(options);  // what stood is flushed now; the erasure is in the log alone
  eraseOne(*vault, lot(1, 1), 1);
  vault.reset();
  for (const auto& entry : fs::directory_iterator(options.directory / "db")) {
    if (entry.path().extension() == ".log") fs::remove(entry.path());
  }
  CHECK(refusedAtOpen(options) == RefusalCode::foreignKey);
}

TEST_CASE("a signing key of another origin is refused", "[P3]") {
  const ScratchDirectory scratch;
  const VaultOptions options = vaultIn(scratch.path());
  madeVault(options).reset();
  const auto other =
      Vault::create(vaultIn(scratch / "b"), someLedger(), "another.example.org/ledger");
  REQUIRE(other);
  overwrite(options.directory / "signing.key", contentOf(scratch / "b/keys/signing.key"));
  CHECK(refusedAtOpen(options) == RefusalCode::foreignKey);
  overwrite(options.directory / "signing.key", bytesOf("nonsense"));
  CHECK(refusedAtOpen(options) == RefusalCode::foreignKey);
}

TEST_CASE("the first fault seals: nothing is answered until a restart recovers", "[P8]") {
  const ScratchDirectory scratch;
  VaultOptions options = vaultIn(scratch.path());
  std::string breakAt;
  options.onStep = [&](std::string_view step) {
    if (step == breakAt) throw Fault("as the test said");
  };
  auto vault = madeVault(options);
  const std::string key = hexOfKey(vault->lotKey(Slot(1), LeafNo(1)));
  breakAt = "reserve.before";
  CHECK_THROWS_AS(vault->reserveSlots(5000), Fault);
  breakAt.clear();
  CHECK_THROWS_AS(vault->reserveSlots(5000), Fault);
  CHECK_THROWS_AS(vault->lotKey(Slot(1), LeafNo(1)), Fault);
  CHECK_THROWS_AS(vault->slotLives(Slot(1)), Fault);
  CHECK_THROWS_AS(vault->reader(), Fault);
  CHECK_THROWS_AS(eraseOne(*vault, lot(1, 1), 1), Fault);
  CHECK_THROWS_AS(vault->rememberCheckpoint({TreeSize(1), "n"}), Fault);
  CHECK_THROWS_AS(vault->recheck(), Fault);
  vault.reset();
  vault = reopened(options);
  CHECK(hexOfKey(vault->lotKey(Slot(1), LeafNo(1))) == key);
}

TEST_CASE("an unfinished creation is told and made anew", "[P8]") {
  for (const char* at :
       {"create.files.before", "create.files.after", "create.root.before", "create.root.after",
        "create.tree.before", "create.tree.after", "create.done.before"}) {
    CAPTURE(at);
    const ScratchDirectory scratch;
    VaultOptions options = vaultIn(scratch.path());
    std::string breakAt = at;
    options.onStep = [&](std::string_view step) {
      if (step == breakAt) throw Fault("as the test said");
    };
    CHECK_THROWS_AS(Vault::create(options, someLedger(), std::string(kTestOrigin)), Fault);
    breakAt.clear();
    if (fs::exists(options.directory)) CHECK(refusedAtOpen(options) == RefusalCode::incomplete);
    const auto vault = madeVault(options);
    CHECK(vault->lotKey(Slot(0), LeafNo(0)));
  }
}

TEST_CASE("a reader sees one tree while an erasure passes", "[P5]") {
  const ScratchDirectory scratch;
  auto vault = madeVault(vaultIn(scratch.path()));
  const std::string key = hexOfKey(vault->lotKey(Slot(1), LeafNo(1)));
  std::optional<Vault::Reader> reader(vault->reader());
  std::atomic<bool> erased{false};
  std::thread eraser([&] {
    eraseOne(*vault, lot(1, 1), 1);
    erased = true;
  });
  while (vault->version() != TreeVersion(2)) std::this_thread::yield();
  CHECK_FALSE(vault->lotKey(Slot(1), LeafNo(1)));  // new calls see the new tree
  CHECK(hexOfKey(reader->lotKey(Slot(1), LeafNo(1))) == key);
  CHECK(reader->version() == TreeVersion(1));
  CHECK_FALSE(vault->lotKey(Slot(1), LeafNo(1)));  // and the old reader warmed nothing for them
  CHECK_FALSE(erased);                             // not reported before the reader went
  reader.reset();
  eraser.join();
  CHECK(erased);
}

TEST_CASE("a reader that stays too long loses its epoch", "[P5]") {
  const ScratchDirectory scratch;
  VaultOptions options = vaultIn(scratch.path());
  options.readerLeaseMax = std::chrono::milliseconds(50);
  auto vault = madeVault(options);
  const Vault::Reader reader = vault->reader();
  const auto before = std::chrono::steady_clock::now();
  eraseOne(*vault, lot(1, 1), 1);  // the same thread holds the reader: this must still end
  CHECK(std::chrono::steady_clock::now() - before >= options.readerLeaseMax);
  CHECK_THROWS_AS(reader.lotKey(Slot(2), LeafNo(0)), Fault);
  CHECK(vault->lotKey(Slot(2), LeafNo(0)));
}

TEST_CASE("keys stay right under readers and erasures at once", "[P5]") {
  const ScratchDirectory scratch;
  auto vault = madeVault(vaultIn(scratch.path()), 256);
  std::vector<std::string> keys;
  for (std::uint64_t n = 0; n < 256; ++n)
    keys.push_back(hexOfKey(vault->lotKey(Slot(n), LeafNo(0))));
  std::atomic<std::uint64_t> erasedBelow{0}, wrong{0}, reads{0};
  std::atomic<bool> stop{false};
  const auto readAll = [&](std::uint64_t start) {
    for (std::uint64_t n = start; !stop; n = (n * 5 + 1) % 256) {
      const std::uint64_t dead = erasedBelow;
      const auto key = n % 2 == 0 ? vault->lotKey(Slot(n), LeafNo(0))
                                  : vault->reader().lotKey(Slot(n), LeafNo(0));
      if (key ? hexOfKey(key) != keys[n] || n < dead : n >= erasedBelow + 1) ++wrong;
      ++reads;
    }
  };
  std::thread one(readAll, 1), two(readAll, 2);
  for (std::uint64_t n = 0; n < 64; ++n) {
    eraseOne(*vault, whole(n), n);
    erasedBelow = n + 1;
  }
  stop = true;
  one.join();
  two.join();
  CHECK(wrong == 0);
  CHECK(reads > 64);
}

TEST_CASE("healing leaves every reserved slot its keys and gives new ones fresh seeds", "[P5]") {
  const ScratchDirectory scratch;
  VaultOptions options = vaultIn(scratch.path());
  options.healing = GENERATE(Healing::off, Healing::daily, Healing::everyErasure);
  SetClock clock;
  options.clock = &clock;
  auto vault = madeVault(options, 1030);
  const std::string last = hexOfKey(vault->lotKey(Slot(1029), LeafNo(3)));
  // Two copies of one ledger that differ in healing only: what would slot 1030 have got?
  vault.reset();
  fs::create_directories(scratch / "twin");
  fs::copy(options.directory, scratch / "twin/keys", fs::copy_options::recursive);
  VaultOptions twin = vaultIn(scratch / "twin");
  auto unhealed = reopened(twin);
  unhealed->reserveSlots(5000);
  vault = reopened(options);
  eraseOne(*vault, lot(1, 1), 1);
  vault->reserveSlots(5000);
  CHECK(hexOfKey(vault->lotKey(Slot(1029), LeafNo(3))) == last);
  for (const std::uint64_t slot : {1030U, 1031U, 1040U, 2000U, 4999U}) {
    const bool same = hexOfKey(vault->lotKey(Slot(slot), LeafNo(0))) ==
                      hexOfKey(unhealed->lotKey(Slot(slot), LeafNo(0)));
    CHECK(same == (options.healing == Healing::off));
  }
  // The next erasure heals again only when its time has come.
  const std::string fresh = hexOfKey(vault->lotKey(Slot(4999), LeafNo(0)));
  eraseOne(*vault, lot(1, 2), 2);
  vault->reserveSlots(6000);
  clock.millis += std::chrono::milliseconds(kHealInterval).count();
  eraseOne(*vault, lot(1, 3), 3);
  CHECK(hexOfKey(vault->lotKey(Slot(4999), LeafNo(0))) == fresh);
}
