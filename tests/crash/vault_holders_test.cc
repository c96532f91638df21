// Two and three key holders: the world is cut at every step, a holder fails, is away, lies. No living key is
// lost, and nothing counts as destroyed that is not.
#include "ledger/base/limits.h"
#include "ledger/vault/holder.h"
#include "ledger/vault/vault.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <set>

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSlots = 24;
const std::vector<EraseTarget> kBatch{
    {Slot(3), std::nullopt}, {Slot(4), LeafNo(1)}, {Slot(17), LeafNo(0)}};

using Keys = std::map<std::pair<std::uint64_t, std::uint16_t>, std::string>;

Keys keysOf(const Vault& vault) {
  Keys keys;
  for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
    for (std::uint16_t leaf = 0; leaf < 2; ++leaf) {
      keys[{slot, leaf}] = hexOfKey(vault.lotKey(Slot(slot), LeafNo(leaf)));
    }
  }
  return keys;
}

Keys afterBatch(Keys keys) {
  for (const auto& lot : {std::pair<std::uint64_t, std::uint16_t>{3, 0}, {3, 1}, {4, 1}, {17, 0}})
    keys[lot] = "dead";
  return keys;
}

// keys/, and further holders in holder-1, holder-2 ...
VaultOptions optionsIn(const fs::path& directory, unsigned further) {
  VaultOptions options = vaultIn(directory);
  for (unsigned n = 1; n <= further; ++n) {
    options.holders.push_back(directory / ("holder-" + std::to_string(n)));
  }
  return options;
}

std::unique_ptr<Vault> madeWith(const fs::path& directory, unsigned further) {
  const VaultOptions options = optionsIn(directory, further);
  auto vault = madeVault(options, kSlots);
  for (const fs::path& holder : options.holders) {
    const Outcome added = vault->addHolder(vault->nextHolder(), holder);
    if (!added) throw std::runtime_error(added.refusal().message);
  }
  return vault;
}

std::unique_ptr<Vault> opened(const VaultOptions& options) {
  auto vault = Vault::open(options);
  if (!vault) throw std::runtime_error(vault.refusal().message);
  return std::move(*vault);
}

HolderStatus statusOf(const Vault& vault, std::uint8_t number) {
  for (const HolderStatus& holder : vault.holders()) {
    if (holder.number == number) return holder;
  }
  throw std::runtime_error("no such holder");
}

// How many roots of a root.ks are whole: what an adversary with the disk of that holder has.
std::set<std::uint64_t> versionsIn(const fs::path& directory) {
  std::ifstream in(directory / "root.ks", std::ios::binary);
  const Bytes content((std::istreambuf_iterator<char>(in)), {});
  std::set<std::uint64_t> out;
  for (unsigned place = 0; place < 2; ++place) {
    const auto slot =
        parseRootSlot(ByteView(content).subspan(place * kRootSlotBytes, kRootSlotBytes));
    if (slot) out.insert(slot->version.raw());
  }
  return out;
}

// P5: whatever counts as destroyed everywhere is: no open holder has a root of an earlier version.
void nothingFalselyComplete(const Vault& vault, const VaultOptions& options) {
  if (!vault.destroyedEverywhere(vault.version())) return;
  CHECK(versionsIn(options.directory) == std::set<std::uint64_t>{vault.version().raw()});
  for (std::size_t n = 0; n < options.holders.size(); ++n) {
    if (statusOf(vault, static_cast<std::uint8_t>(n + 1)).state == HolderState::closed) continue;
    CHECK(versionsIn(options.holders[n]) == std::set<std::uint64_t>{vault.version().raw()});
  }
}

// keys/ are lost: made anew from the others, they open what they opened.
void survivesLossOfKeys(const fs::path& world, unsigned further, const Keys& expected) {
  const fs::path copy = world.string() + "-lost";
  fs::copy(world, copy, fs::copy_options::recursive);
  fs::remove_all(copy / "keys");
  const VaultOptions options = optionsIn(copy, further);
  const Outcome rebuilt = Vault::rebuild(options);
  if (!rebuilt) FAIL(rebuilt.refusal().message);
  {
    const auto vault = opened(options);
    CHECK(keysOf(*vault) == expected);
    CHECK(statusOf(*vault, 0).state == HolderState::closed);
    CHECK(vault->destroyedEverywhere(vault->version()));
  }
  fs::remove_all(copy);
}

}  // namespace

TEST_CASE("further holders hold the same keys under roots of their own", "[P5]") {
  const ScratchDirectory scratch;
  auto vault = madeWith(scratch.path(), 2);
  vault->rememberCheckpoint({TreeSize(7), "seven"});
  const Keys before = keysOf(*vault);
  vault->erase(kBatch, erasureNumber(1), 0);
  CHECK(vault->destroyedEverywhere(vault->version()));
  CHECK(vault->holders().size() == 3);
  vault->putCarry(bytesOf("carry"), bytesOf("rows"));
  vault.reset();
  std::set<Bytes> roots;
  for (const char* name : {"keys", "holder-1", "holder-2"}) {
    CHECK(versionsIn(scratch / name) == std::set<std::uint64_t>{2});
    std::ifstream in(scratch / name / "root.ks", std::ios::binary);
    roots.insert(Bytes((std::istreambuf_iterator<char>(in)), {}));
    CHECK(fs::exists(scratch / name / "signing.key"));
    const auto holder = openHolder(scratch / name, nullptr, systemEntropy());
    REQUIRE(holder);
    CHECK((*holder)->checkpoint->note == "seven");
    CHECK((*holder)->highWater == kSlots);
    const auto self = openHolder(scratch / "keys", nullptr, systemEntropy());
    if (self) CHECK(differenceOf(*(*self)->db, *(*holder)->db).pages.empty());
    CHECK(textOf(*(*holder)->db->get(bytesOf("Xcarry"))) == "rows");
  }
  CHECK(roots.size() == 3);
  survivesLossOfKeys(scratch.path(), 2, afterBatch(before));
}

TEST_CASE(
    "an erasure at several holders, cut at any step, is whole or not at all, and complete only "
    "when all have destroyed",
    "[crash][P5][P8]") {
  const unsigned further = GENERATE(1U, 2U);
  const ScratchDirectory scratch;
  const fs::path world = scratch / "world";
  fs::create_directories(world);
  Keys before;
  {
    const auto vault = madeWith(world, further);
    before = keysOf(*vault);
  }
  std::vector<std::pair<std::string, fs::path>> images;
  VaultOptions options = optionsIn(world, further);
  { const auto vault = opened(options); }
  options.onStep = [&](std::string_view step) {
    if (step.find("erase.") == std::string_view::npos && !step.starts_with("holder")) return;
    const fs::path image = scratch / ("image-" + std::to_string(images.size()));
    fs::copy(world, image, fs::copy_options::recursive);
    images.emplace_back(step, image);
  };
  {
    auto vault = opened(options);
    for (const auto& [step, image] : images) fs::remove_all(image);
    images.clear();
    vault->erase(kBatch, erasureNumber(2), 0);
    CHECK(vault->destroyedEverywhere(TreeVersion(2)));
  }
  CHECK(images.size() == 6U + 6U * further);
  bool committed = false;
  for (const auto& [step, image] : images) {
    CAPTURE(step, further);
    committed = committed || step == "erase.tree.after";
    const Keys expected = committed ? afterBatch(before) : before;
    const VaultOptions cut = optionsIn(image, further);
    {
      const auto vault = opened(cut);
      CHECK(keysOf(*vault) == expected);
      for (const HolderStatus& holder : vault->holders())
        CHECK(holder.state == HolderState::present);
      CHECK(vault->destroyedEverywhere(vault->version()));
      nothingFalselyComplete(*vault, cut);
      vault->erase(kBatch, erasureNumber(2), 0);
      CHECK(keysOf(*vault) == afterBatch(before));
      nothingFalselyComplete(*vault, cut);
    }
    survivesLossOfKeys(image, further, afterBatch(before));
    fs::remove_all(image);
  }
}

TEST_CASE(
    "a holder that fails at any step is away, is never counted, and catches up when it returns",
    "[crash][P5]") {
  for (const std::string at :
       {"root.before", "root.after", "tree.before", "tree.after", "wipe.before"}) {
    CAPTURE(at);
    const ScratchDirectory scratch;
    VaultOptions options = optionsIn(scratch.path(), 2);
    Keys before;
    {
      const auto vault = madeWith(scratch.path(), 2);
      before = keysOf(*vault);
    }
    std::string fail = "holder2." + at;
    options.onStep = [&](std::string_view step) {
      if (step == fail) throw Fault("its disk failed");
    };
    {
      const auto vault = opened(options);
      vault->erase(kBatch, erasureNumber(1), 0);
      CHECK(keysOf(*vault) == afterBatch(before));  // the ledger goes on
      CHECK_FALSE(vault->destroyedEverywhere(vault->version()));
      CHECK(statusOf(*vault, 1).state == HolderState::present);
      CHECK(statusOf(*vault, 2).state == HolderState::away);
      CHECK(millisOf(statusOf(*vault, 2).since) > 0);
      CHECK(statusOf(*vault, 2).destroyed < vault->version());
      fail.clear();
      CHECK(vault->takeBackHolders());  // a re-check tick
      CHECK(vault->destroyedEverywhere(vault->version()));
      nothingFalselyComplete(*vault, options);
    }
    // The same, and it is not there at the next start either.
    fail = "holder2." + at;
    {
      const auto vault = opened(options);
      const EraseTarget more{Slot(9), std::nullopt};
      vault->erase({&more, 1}, erasureNumber(2), 0);
      CHECK_FALSE(vault->destroyedEverywhere(vault->version()));
    }
    fail.clear();
    fs::rename(scratch / "holder-2", scratch / "elsewhere");
    TreeVersion version;
    {
      const auto vault = opened(options);
      version = vault->version();
      CHECK(statusOf(*vault, 2).state == HolderState::away);
      CHECK_FALSE(vault->destroyedEverywhere(version));
      const Result<std::uint8_t> back = vault->returnHolder(scratch / "elsewhere");
      REQUIRE(back);
      CHECK(*back == 2);
      CHECK(vault->destroyedEverywhere(version));
    }
    CHECK(versionsIn(scratch / "elsewhere") == std::set<std::uint64_t>{version.raw()});
  }
}

TEST_CASE("a holder's return, cut at any step, is done again and loses nothing", "[crash][P5]") {
  const ScratchDirectory scratch;
  const fs::path world = scratch / "world";
  fs::create_directories(world);
  Keys before;
  {
    const auto vault = madeWith(world, 1);
    before = keysOf(*vault);
  }
  fs::rename(world / "holder-1", scratch / "away");
  VaultOptions options = optionsIn(world, 1);
  {
    const auto vault = opened(options);
    vault->erase(kBatch, erasureNumber(1), 0);
  }
  fs::rename(scratch / "away", world / "holder-1");
  std::vector<std::pair<std::string, fs::path>> images;
  options.onStep = [&](std::string_view step) {
    if (step.find(".return.") == std::string_view::npos) return;
    const fs::path image = scratch / ("image-" + std::to_string(images.size()));
    fs::copy(world, image, fs::copy_options::recursive);
    images.emplace_back(step, image);
  };
  opened(options).reset();
  REQUIRE(images.size() == 6);
  for (const auto& [step, image] : images) {
    CAPTURE(step);
    const VaultOptions cut = optionsIn(image, 1);
    {
      const auto vault = opened(cut);
      CHECK(keysOf(*vault) == afterBatch(before));
      CHECK(vault->destroyedEverywhere(vault->version()));
      nothingFalselyComplete(*vault, cut);
    }
    survivesLossOfKeys(image, 1, afterBatch(before));
  }
}

TEST_CASE("a holder that lies is caught, never served and never counted", "[crash][P5]") {
  struct Lie {
    const char* what;
    std::function<void(const fs::path& holder)> tell;
  };
  const auto rewrite = [](const fs::path& holder, const KeyRow& row) {
    auto db = std::move(*KeysDb::open(holder / "db", nullptr, KeysDb::Mode::open));
    db->write({&row, 1});
  };
  const std::vector<Lie> lies{
      {"its slot says that it advanced",
       [](const fs::path& holder) {
         auto roots = std::move(*RootStore::open(holder / "root.ks", 1, systemEntropy()));
         const auto slots = roots->load();
         roots->setLive(someLedger(), slots[0] ? 0 : 1);
         roots->prepare(TreeVersion(99));
         roots->promote();
         roots->wipeSpare();
       }},
      {"its anchor is another's",
       [&](const fs::path& holder) {
         rewrite(holder, {anchorRowKey(1), Bytes(150, 1)});
       }},
      {"a page of it is another",
       [&](const fs::path& holder) {
         Bytes key;
         {
           auto db = std::move(*KeysDb::open(holder / "db", nullptr, KeysDb::Mode::open));
           db->scan(bytesOf("K"), [&](ByteView found, ByteView) {
             key.assign(found.begin(), found.end());
             return true;
           });
         }
         rewrite(holder, {key, Bytes(600, 7)});
       }},
      {"a page of it is gone",
       [&](const fs::path& holder) {
         rewrite(holder, {pageRowKey(kTopNode), std::nullopt});
       }},
  };
  for (const Lie& lie : lies) {
    CAPTURE(lie.what);
    const ScratchDirectory scratch;
    const VaultOptions options = optionsIn(scratch.path(), 1);
    Keys now;
    {
      const auto vault = madeWith(scratch.path(), 1);
      vault->erase(kBatch, erasureNumber(1), 0);
      now = keysOf(*vault);
    }
    lie.tell(scratch / "holder-1");
    const auto vault = opened(options);
    CHECK(keysOf(*vault) == now);
    CHECK(statusOf(*vault, 1).state == HolderState::damaged);
    CHECK_FALSE(statusOf(*vault, 1).why.empty());
    CHECK_FALSE(vault->destroyedEverywhere(vault->version()));
    const EraseTarget more{Slot(9), std::nullopt};
    vault->erase({&more, 1}, erasureNumber(2), 0);
    CHECK_FALSE(vault->destroyedEverywhere(vault->version()));
    // Closed, and a new one in its place: then it counts.
    REQUIRE(vault->closeHolder(1));
    CHECK(vault->destroyedEverywhere(vault->version()));
    CHECK(statusOf(*vault, 1).state == HolderState::closed);
    REQUIRE(vault->addHolder(2, scratch / "holder-3"));
    CHECK(vault->destroyedEverywhere(vault->version()));
    CHECK_FALSE(vault->returnHolder(scratch / "holder-1"));  // never taken back
  }
}

TEST_CASE("keys check finds a holder that changed while it was open", "[P5]") {
  const ScratchDirectory scratch;
  const auto vault = madeWith(scratch.path(), 1);
  vault->erase(kBatch, erasureNumber(1), 0);
  vault->recheck();
  CHECK(statusOf(*vault, 1).state == HolderState::present);
  // Both its slots are overwritten behind its back: what it says it holds, it does not.
  {
    std::fstream file(scratch / "holder-1" / "root.ks",
                      std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t i = 0; i < 2 * kRootSlotBytes; ++i) file.put(static_cast<char>(i));
  }
  vault->recheck();
  CHECK(statusOf(*vault, 1).state == HolderState::damaged);
  CHECK_FALSE(vault->destroyedEverywhere(vault->version()));
}

TEST_CASE("keys that are older than another holder are refused, whatever else is as old",
          "[P3][P5]") {
  const ScratchDirectory scratch;
  const VaultOptions options = optionsIn(scratch.path(), 1);
  madeWith(scratch.path(), 1).reset();
  const auto swapIn = [&](const fs::path& old) {
    fs::remove_all(scratch / "keys");
    fs::copy(old, scratch / "keys", fs::copy_options::recursive);
  };
  fs::copy(scratch / "keys", scratch / "old", fs::copy_options::recursive);
  const auto refusedWithOld = [&] {
    fs::copy(scratch / "keys", scratch / "now", fs::copy_options::recursive);
    swapIn(scratch / "old");
    {
      const auto refused = Vault::open(options);
      REQUIRE_FALSE(refused);
      CHECK(refused.refusal().code == RefusalCode::rolledBack);
      CHECK(refused.refusal().message.find("put the newest keys/ back") != std::string::npos);
    }
    swapIn(scratch / "now");
    fs::remove_all(scratch / "now");
    opened(options).reset();  // the newest are fine
  };
  opened(options)->rememberCheckpoint({TreeSize(3), "three"});
  refusedWithOld();
  opened(options)->reserveSlots(kSlots + 1000);
  refusedWithOld();
  opened(options)->erase(kBatch, erasureNumber(1), 0);
  refusedWithOld();
  opened(options)->beginGeneration();
  refusedWithOld();
}

TEST_CASE("a holder whose making is cut at any step is away, and no root of it is left behind",
          "[crash][P5]") {
  std::vector<std::string> steps;
  {
    const ScratchDirectory scratch;
    VaultOptions options = vaultIn(scratch.path());
    madeVault(options, kSlots).reset();
    options.onStep = [&](std::string_view step) {
      if (step.starts_with("holder1.make")) steps.emplace_back(step);
    };
    REQUIRE(opened(options)->addHolder(1, scratch / "holder-1"));
  }
  REQUIRE(steps.size() == 6);
  for (const std::string& stop : steps) {
    CAPTURE(stop);
    struct Crash {};
    const ScratchDirectory scratch;
    VaultOptions options = optionsIn(scratch.path(), 1);
    madeVault(vaultIn(scratch.path()), kSlots).reset();
    options.onStep = [&](std::string_view step) {
      if (step == stop) throw Crash{};
    };
    {
      const auto vault = opened(options);
      CHECK_THROWS_AS(vault->addHolder(1, scratch / "holder-1"), Crash);
    }
    options.onStep = nullptr;
    const auto vault = opened(options);
    const bool made = stop == "holder1.make.done.after";
    CHECK(statusOf(*vault, 1).state == (made ? HolderState::present : HolderState::away));
    CHECK(vault->destroyedEverywhere(vault->version()) == made);
    if (made) continue;
    REQUIRE(vault->closeHolder(1));
    REQUIRE(vault->addHolder(2, scratch / "holder-1"));  // over what is there
    CHECK(statusOf(*vault, 2).state == HolderState::present);
  }
}

TEST_CASE("keys/ made anew, cut at any step, are made anew again", "[crash]") {
  std::vector<std::string> steps;
  const ScratchDirectory scratch;
  const VaultOptions plain = optionsIn(scratch.path(), 2);
  Keys keys;
  {
    const auto vault = madeWith(scratch.path(), 2);
    vault->erase(kBatch, erasureNumber(1), 0);
    keys = keysOf(*vault);
  }
  fs::remove_all(scratch / "keys");
  VaultOptions options = plain;
  options.onStep = [&](std::string_view step) { steps.emplace_back(step); };
  REQUIRE(Vault::rebuild(options));
  CHECK_FALSE(Vault::rebuild(options));  // never over keys that are there
  for (const std::string& stop : std::vector<std::string>(steps)) {
    CAPTURE(stop);
    struct Crash {};
    fs::remove_all(scratch / "keys");
    options.onStep = [&](std::string_view step) {
      if (step == stop) throw Crash{};
    };
    CHECK_THROWS_AS(static_cast<void>(Vault::rebuild(options)), Crash);
    if (stop != "rebuild.done.after") REQUIRE(Vault::rebuild(plain));
    const auto vault = opened(plain);
    CHECK(keysOf(*vault) == keys);
    CHECK(vault->destroyedEverywhere(vault->version()));
    CHECK(versionsIn(scratch / "keys").size() == 1);
  }
}
