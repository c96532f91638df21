// Does the self-check's verdict agree with what is really left on the disk? On each file system a root is
// rotated by erasures; then the raw image is searched for every old one.
#include "ledger/base/limits.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/vault.h"
#include "tests/support/known_keys.h"
#include "tests/support/loop_disk.h"
#include "tests/support/processes.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <fstream>

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRotations = 24;

struct Measured {
  AssuranceReport verdict;
  std::size_t remained = 0;  // old roots in the raw image
};

using Act = std::function<void(const fs::path& keys)>;

// `prepare` before keys/ are made; `meanwhile` once, half way, before the verdict is asked for.
Measured measure(LoopDisk& disk, const fs::path& directory, const Act& prepare = {},
                 const Act& meanwhile = {}) {
  const VaultOptions options = vaultIn(directory);
  if (prepare) prepare(options.directory);
  SecretSearch search;
  Measured out;
  {
    const auto vault = madeVault(options, 64);
    out.verdict = vault->assurance();
    for (std::uint64_t n = 1; n <= kRotations; ++n) {
      for (const Bytes& factor : factorsIn(options.directory / "root.ks")) search.add(factor);
      if (n == kRotations / 2 && meanwhile) {
        meanwhile(options.directory);
        out.verdict = vault->recheck();
      }
      const EraseTarget target{Slot(n), std::nullopt};
      vault->erase({&target, 1}, erasureNumber(n), 0);
    }
  }
  disk.unmount();
  out.remained = search.found(disk.image());
  return out;
}

void call(std::vector<std::string> command) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
    const std::string path = folder + command.front();
    if (!fs::exists(path)) continue;
    command.front() = path;
    const Finished done = runProgram(command);
    if (done.exit != 0) throw std::runtime_error(done.err);
    return;
  }
  throw std::runtime_error("there is no " + command.front());
}

void makeNoCow(const fs::path& keys) {
  fs::create_directories(keys);
  call({"chattr", "+C", keys.string()});
}

}  // namespace

TEST_CASE("the verdict on a file system is what is measured on its disk", "[forensic][P5]") {
  struct Row {
    std::string name;
    LoopDisk::Kind kind;
    bool inPlace;
    Act prepare = {}, meanwhile = {};
  };
  const std::vector<Row> rows{
      {"ext4, ordered", LoopDisk::ext4(), true},
      {"ext4, no journal", LoopDisk::ext4({"-O", "^has_journal"}), true},
      {"ext4, data=journal", LoopDisk::ext4({}, "data=journal"), false},
      {"ext4, inline_data (root.ks is larger than an inode)",
       LoopDisk::ext4({"-O", "inline_data", "-I", "1024"}), true},
      {"xfs", LoopDisk::xfs(), true},
      {"xfs, a reflink copy taken meanwhile",
       LoopDisk::xfs(),
       false,
       {},
       [](const fs::path& keys) {
         call({"cp", "--reflink=always", (keys / "root.ks").string(), (keys / "copy").string()});
       }},
      {"btrfs", LoopDisk::btrfs(), false},
      {"btrfs, no copy on write", LoopDisk::btrfs(), true, makeNoCow},
      {"btrfs, no copy on write, a snapshot taken meanwhile", LoopDisk::btrfs(), false, makeNoCow,
       [](const fs::path& keys) {
         const fs::path top = keys.parent_path();
         call({"btrfs", "subvolume", "snapshot", top.string(), (top / "snapshot").string()});
       }},
  };
  for (const Row& row : rows) {
    LoopDisk disk(row.kind);
    if (!disk.why().empty()) {
      sayNotRun(row.name, disk.why());
      continue;
    }
    const Measured got = measure(disk, disk.root(), row.prepare, row.meanwhile);
    CAPTURE(row.name, got.verdict.why, got.remained);
    CHECK((got.remained == 0) == row.inPlace);
    CHECK((got.verdict.level != Assurance::none) == (got.remained == 0));
  }
}

TEST_CASE("what hides the disk below is never vouched for", "[forensic][P5]") {
  LoopDisk disk(LoopDisk::ext4());
  if (!disk.why().empty()) return sayNotRun("overlayfs and tmpfs", disk.why());
  struct Unmount {
    fs::path at;
    ~Unmount() { static_cast<void>(runProgram({"/bin/umount", "-l", at.string()})); }
  };
  const fs::path merged = disk.root() / "merged";
  for (const char* name : {"lower", "upper", "work", "merged", "memory"})
    fs::create_directories(disk.root() / name);
  const std::string layers = "lowerdir=" + (disk.root() / "lower").string() +
                             ",upperdir=" + (disk.root() / "upper").string() +
                             ",workdir=" + (disk.root() / "work").string();
  call({"mount", "-t", "overlay", "overlay", "-o", layers, merged.string()});
  {
    const Unmount overlay{merged};
    CHECK(madeVault(vaultIn(merged), 8)->assurance().level == Assurance::none);
  }
  call({"mount", "-t", "tmpfs", "tmpfs", (disk.root() / "memory").string()});
  const Unmount memory{disk.root() / "memory"};
  CHECK(madeVault(vaultIn(disk.root() / "memory"), 8)->assurance().level == Assurance::none);
}
