#include "ledger/vault/fs_check.h"

#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/vfs.h>

using namespace lacuna;
using namespace lacuna::test;

namespace {

// A spinning disk with ext4 as it should be: the best that a file can get.
FsFacts good() {
  FsFacts facts;
  facts.magic = EXT4_SUPER_MAGIC;
  facts.type = "ext4";
  facts.options = {"rw", "relatime", "data=ordered"};
  facts.mountFound = true;
  facts.inodeFlags = 0x80000;  // extents
  facts.before = std::vector<Extent>{{0, 1 << 20, 8192, 0}};
  facts.after = facts.before;
  facts.fileBytes = 8192;
  facts.device = "sda";
  facts.rotational = true;
  return facts;
}

using Change = std::function<void(FsFacts&)>;
Assurance levelAfter(const Change& change) {
  FsFacts facts = good();
  change(facts);
  const AssuranceReport report = judge(facts);
  CHECK_FALSE(report.why.empty());
  CHECK(report.why.find(" /") == std::string::npos);  // no paths
  return report.level;
}

}  // namespace

TEST_CASE("a plain spinning disk overwrites in place", "[P5]") {
  CHECK(levelAfter([](FsFacts&) {}) == Assurance::inplace);
  CHECK(levelAfter([](FsFacts& f) { f.magic = 0x58465342; }) == Assurance::inplace);  // xfs
  CHECK(levelAfter([](FsFacts& f) {
          f.magic = BTRFS_SUPER_MAGIC;
          f.inodeFlags = FS_NOCOW_FL;
        }) == Assurance::inplace);
}

TEST_CASE("what may keep old blocks below is logical at most", "[P5]") {
  for (const char* device : {"vda", "loop3", "dm-0", "md0", "nvme0n1", "nbd1", "xvda", ""}) {
    CAPTURE(device);
    CHECK(levelAfter([&](FsFacts& f) { f.device = device; }) == Assurance::logical);
  }
  CHECK(levelAfter([](FsFacts& f) { f.rotational = false; }) == Assurance::logical);
  CHECK(levelAfter([](FsFacts& f) { f.rotational.reset(); }) == Assurance::logical);
  CHECK(levelAfter([](FsFacts& f) { f.zoned = true; }) == Assurance::logical);
  CHECK(levelAfter([](FsFacts& f) { f.virtualMachine = true; }) == Assurance::logical);
}

TEST_CASE("what writes elsewhere, or hides where it writes, is none", "[P5]") {
  const Change changes[] = {
      [](FsFacts& f) { f.magic = TMPFS_MAGIC; },
      [](FsFacts& f) { f.magic = OVERLAYFS_SUPER_MAGIC; },
      [](FsFacts& f) { f.magic = NFS_SUPER_MAGIC; },
      [](FsFacts& f) { f.magic = 0x2FC12FC1; },
      [](FsFacts& f) { f.magic = 0xF2F52010; },
      [](FsFacts& f) { f.magic = 0xCA451A4E; },
      [](FsFacts& f) { f.magic = 0x65735546; },
      [](FsFacts& f) { f.magic = 0x12345678; },
      [](FsFacts& f) { f.magic = BTRFS_SUPER_MAGIC; },
      [](FsFacts& f) { f.options.push_back("data=journal"); },
      [](FsFacts& f) { f.mountFound = false; },
      [](FsFacts& f) { f.inodeFlags = FS_JOURNAL_DATA_FL; },
      [](FsFacts& f) { f.inodeFlags = 0x10000000; },  // inline data
      [](FsFacts& f) { f.inodeFlags = FS_COMPR_FL; },
      [](FsFacts& f) { f.inodeFlags.reset(); },
      [](FsFacts& f) { f.before.reset(); },
      [](FsFacts& f) { f.after.reset(); },
      [](FsFacts& f) { (*f.after)[0].physical += 4096; },
      [](FsFacts& f) { f.after->clear(); },
      [](FsFacts& f) { (*f.after)[0].length = 4096; },
      [](FsFacts& f) { (*f.after)[0].logical = 4096; },
  };
  int number = 0;
  for (const Change& change : changes) {
    CAPTURE(number++);
    CHECK(levelAfter(change) == Assurance::none);
  }
  for (const std::uint32_t flag :
       {FIEMAP_EXTENT_SHARED, FIEMAP_EXTENT_DATA_INLINE, FIEMAP_EXTENT_ENCODED,
        FIEMAP_EXTENT_UNWRITTEN, FIEMAP_EXTENT_DELALLOC, FIEMAP_EXTENT_UNKNOWN,
        FIEMAP_EXTENT_NOT_ALIGNED}) {
    CAPTURE(flag);
    CHECK(levelAfter([&](FsFacts& f) { (*f.after)[0].flags = flag; }) == Assurance::none);
  }
}

TEST_CASE("the check on this machine tells what lies under keys/", "[P5]") {
  const std::filesystem::path places[] = {std::filesystem::temp_directory_path(), "/dev/shm"};
  for (const auto& place : places) {
    CAPTURE(place);
    struct statfs system {};
    if (::statfs(place.c_str(), &system) != 0) continue;
    const ScratchDirectory scratch(place);
    auto vault = madeVault(vaultIn(scratch.path()));
    const AssuranceReport report = vault->assurance();
    CHECK(vault->recheck().level == report.level);
    INFO(report.why);
    const auto magic = static_cast<std::uint32_t>(system.f_type);
    if (magic == TMPFS_MAGIC || magic == OVERLAYFS_SUPER_MAGIC)
      CHECK(report.level == Assurance::none);
    if (magic == EXT4_SUPER_MAGIC || magic == 0x58465342) CHECK(report.level >= Assurance::logical);
    // A weak place is told, not hidden; whether to erase there is the ledger's decision.
    const EraseTarget target{Slot(1), LeafNo(1)};
    vault->erase({&target, 1}, erasureNumber(1), 0);
    CHECK_FALSE(vault->lotKey(Slot(1), LeafNo(1)));
  }
}
