// Can a file here be overwritten so that its old bytes are gone? Looked at, never assumed.
//
// Judged from facts that can be read (file system, journal mode, inode flags, extents, device); what
// lies below the block device (flash translation, snapshots of a provider) cannot be seen, so only a
// plain spinning disk of a real machine is `inplace`, every other block device at most `logical`.
#pragma once

#include "ledger/vault/vault.h"

#include <functional>
#include <string>
#include <vector>

namespace lacuna {

struct Extent {
  std::uint64_t logical = 0, physical = 0, length = 0;
  std::uint32_t flags = 0;  // FIEMAP_EXTENT_*, without LAST
  bool operator==(const Extent&) const = default;
};

// What was found out about one file. Pure data, so that every verdict can be tested anywhere.
struct FsFacts {
  std::uint64_t magic = 0;           // statfs f_type
  std::string type;                  // as the mount table names it
  std::vector<std::string> options;  // of the mount and of the file system
  bool mountFound = false;
  std::optional<std::uint32_t> inodeFlags;           // FS_IOC_GETFLAGS
  std::optional<std::vector<Extent>> before, after;  // around an overwrite; nothing: not known
  std::uint64_t fileBytes = 0;
  std::string device;  // name of the block device, or empty
  std::optional<bool> rotational;
  bool zoned = false;
  bool virtualMachine = false;
};

AssuranceReport judge(const FsFacts& facts);

// Looks at an open file; `overwrite` rewrites a part of it in place, in between.
FsFacts examine(int fd, std::uint64_t fileBytes, const std::function<void()>& overwrite);

}  // namespace lacuna
