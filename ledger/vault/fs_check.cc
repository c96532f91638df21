#include "ledger/vault/fs_check.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

namespace lacuna {
namespace {

constexpr std::uint64_t kXfsMagic = 0x58465342;
constexpr std::uint32_t kInodeInline = 0x10000000;  // EXT4_INLINE_DATA_FL
constexpr std::uint32_t kBadExtents = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC |
                                      FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_NOT_ALIGNED |
                                      FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL |
                                      FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_SHARED;

struct Refused {
  std::uint64_t magic;
  std::string_view why;
};
// File systems that never, or not visibly, write over the old bytes.
constexpr std::array<Refused, 10> kRefused{{
    {TMPFS_MAGIC,
     "keys/ lies in memory (tmpfs), which may be swapped out and is lost at power-off"},
    {RAMFS_MAGIC, "keys/ lies in memory (ramfs), which is lost at power-off"},
    {OVERLAYFS_SUPER_MAGIC, "keys/ lies on overlayfs, which hides what the layer below does"},
    {NFS_SUPER_MAGIC, "keys/ lies on a network file system, whose server may keep old blocks"},
    {0xFF534D42, "keys/ lies on a network file system, whose server may keep old blocks"},
    {0xFE534D42, "keys/ lies on a network file system, whose server may keep old blocks"},
    {0x2FC12FC1, "keys/ lies on ZFS, which writes every change to a new place"},
    {0xF2F52010, "keys/ lies on F2FS, which writes every change to a new place"},
    {0xCA451A4E, "keys/ lies on bcachefs, which writes every change to a new place"},
    {0x65735546, "keys/ lies on a FUSE file system, which hides what it does with old blocks"},
}};

bool startsWith(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

AssuranceReport none(std::string_view why) { return {Assurance::none, std::string(why)}; }

std::optional<AssuranceReport> refusedByFileSystem(const FsFacts& facts) {
  for (const Refused& refused : kRefused) {
    if (facts.magic == refused.magic) return none(refused.why);
  }
  const bool known = facts.magic == EXT4_SUPER_MAGIC || facts.magic == kXfsMagic ||
                     facts.magic == BTRFS_SUPER_MAGIC;
  if (!known) return none("keys/ lies on a file system that is not known to overwrite in place");
  if (!facts.mountFound)
    return none("the mount of keys/ cannot be found, so its journal mode is unknown");
  if (!facts.inodeFlags) return none("the file system does not tell the flags of root.ks");
  if (facts.magic == BTRFS_SUPER_MAGIC && (*facts.inodeFlags & FS_NOCOW_FL) == 0) {
    return none("keys/ lies on btrfs with copy on write, which writes every change to a new place");
  }
  const auto& options = facts.options;
  if (std::find(options.begin(), options.end(), "data=journal") != options.end() ||
      (*facts.inodeFlags & FS_JOURNAL_DATA_FL) != 0) {
    return none("the file system journals file data, so old roots stay in its journal");
  }
  if ((*facts.inodeFlags & (kInodeInline | FS_COMPR_FL)) != 0) {
    return none("root.ks is stored inline or compressed, not in blocks of its own");
  }
  return std::nullopt;
}

std::optional<AssuranceReport> refusedByExtents(const FsFacts& facts) {
  if (!facts.before || !facts.after) {
    return none("the file system does not tell where root.ks lies on the disk");
  }
  std::uint64_t covered = 0;
  for (const Extent& extent : *facts.after) {
    if ((extent.flags & kBadExtents) != 0) {
      return none("root.ks shares its blocks or is not stored in plain blocks of its own");
    }
    if (extent.logical > covered) break;
    covered = std::max(covered, extent.logical + extent.length);
  }
  if (covered < facts.fileBytes) return none("root.ks has holes");
  if (*facts.before != *facts.after) {
    return none("an overwrite of root.ks went to a new place on the disk");
  }
  return std::nullopt;
}

bool plainDisk(const FsFacts& facts) {
  const bool named = startsWith(facts.device, "sd") || startsWith(facts.device, "hd");
  return named && !facts.zoned && !facts.virtualMachine && facts.rotational.value_or(false);
}

// --- looking ---

struct MountEntry {
  std::string type;
  std::vector<std::string> options;
};

void splitOptions(const std::string& text, std::vector<std::string>& out) {
  std::stringstream in(text);
  for (std::string option; std::getline(in, option, ',');) out.push_back(option);
}

// A line: id parent major:minor root point options [optional]* - type source super-options
std::optional<MountEntry> mountOf(std::uint64_t mountId) {
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    std::stringstream in(line);
    std::uint64_t id = 0;
    std::string skip, options, type, superOptions;
    in >> id;
    if (!in || id != mountId) continue;
    in >> skip >> skip >> skip >> skip >> options;
    while (in >> skip && skip != "-") {
    }
    in >> type >> skip >> superOptions;
    MountEntry entry{type, {}};
    splitOptions(options, entry.options);
    splitOptions(superOptions, entry.options);
    if (!type.empty()) return entry;
  }
  return std::nullopt;
}

std::optional<std::vector<Extent>> extentsOf(int fd, std::uint64_t bytes) {
  constexpr std::uint32_t kExtentsMax = 32;
  constexpr std::size_t kRoom = sizeof(fiemap) + kExtentsMax * sizeof(fiemap_extent);
  alignas(fiemap) ByteArray<kRoom> room{};
  auto* map = reinterpret_cast<fiemap*>(room.data());
  map->fm_length = bytes;
  map->fm_flags = FIEMAP_FLAG_SYNC;
  map->fm_extent_count = kExtentsMax;
  if (::ioctl(fd, FS_IOC_FIEMAP, map) != 0) return std::nullopt;
  std::vector<Extent> out;
  for (std::uint32_t i = 0; i < std::min(map->fm_mapped_extents, kExtentsMax); ++i) {
    const fiemap_extent& e = map->fm_extents[i];
    out.push_back({e.fe_logical, e.fe_physical, e.fe_length,
                   e.fe_flags & ~static_cast<std::uint32_t>(FIEMAP_EXTENT_LAST)});
  }
  return out;
}

std::string firstWordOf(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string word;
  in >> word;
  return word;
}

void lookAtDevice(dev_t number, FsFacts& facts) {
  namespace fs = std::filesystem;
  std::error_code error;
  const std::string name = std::to_string(major(number)) + ":" + std::to_string(minor(number));
  fs::path device = fs::canonical("/sys/dev/block/" + name, error);
  if (error) return;
  if (fs::exists(device / "partition", error)) device = device.parent_path();
  facts.device = device.filename().string();
  const std::string rotational = firstWordOf(device / "queue" / "rotational");
  if (!rotational.empty()) facts.rotational = rotational == "1";
  const std::string zoned = firstWordOf(device / "queue" / "zoned");
  facts.zoned = !zoned.empty() && zoned != "none";
}

// Ext4 leaves the journal mode out of the mount table when it is the file system's own default.
void lookAtExt4Options(FsFacts& facts, dev_t number) {
  std::error_code error;
  const std::string name = std::to_string(major(number)) + ":" + std::to_string(minor(number));
  const auto device = std::filesystem::canonical("/sys/dev/block/" + name, error);
  if (error) return;
  std::ifstream in("/proc/fs/ext4/" + device.filename().string() + "/options");
  for (std::string option; std::getline(in, option);) facts.options.push_back(option);
}

bool runsInVirtualMachine() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (startsWith(line, "flags")) return line.find(" hypervisor") != std::string::npos;
  }
  return false;
}

}  // namespace

AssuranceReport judge(const FsFacts& facts) {
  if (auto refused = refusedByFileSystem(facts)) return *refused;
  if (auto refused = refusedByExtents(facts)) return *refused;
  if (plainDisk(facts)) {
    return {Assurance::inplace, "root.ks is overwritten in place on a spinning disk"};
  }
  std::string what = "a virtual or layered block device";
  if (startsWith(facts.device, "nvme") || !facts.rotational.value_or(true)) what = "flash storage";
  if (facts.device.empty()) what = "an unknown block device";
  return {Assurance::logical, "root.ks is overwritten in place, but on " + what +
                                  ", which may keep old blocks where only its maker can read them"};
}

FsFacts examine(int fd, std::uint64_t fileBytes, const std::function<void()>& overwrite) {
  FsFacts facts;
  facts.fileBytes = fileBytes;
  struct statfs system {};
  if (::fstatfs(fd, &system) == 0) {
    facts.magic = static_cast<std::uint32_t>(system.f_type);
  }
  struct statx info {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &info) == 0) {
    const dev_t device = makedev(info.stx_dev_major, info.stx_dev_minor);
    if ((info.stx_mask & STATX_MNT_ID) != 0) {
      if (auto mount = mountOf(info.stx_mnt_id)) {
        facts.mountFound = true;
        facts.type = mount->type;
        facts.options = std::move(mount->options);
      }
    }
    lookAtDevice(device, facts);
    if (facts.magic == EXT4_SUPER_MAGIC) lookAtExt4Options(facts, device);
  }
  int flags = 0;
  if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
    facts.inodeFlags = static_cast<std::uint32_t>(flags);
  }
  facts.virtualMachine = runsInVirtualMachine();
  facts.before = extentsOf(fd, fileBytes);
  overwrite();
  facts.after = extentsOf(fd, fileBytes);
  return facts;
}

}  // namespace lacuna
