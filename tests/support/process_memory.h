// What another process holds in its memory, as a core dump or a debugger would have it.
#pragma once

#include <filesystem>
#include <string>

namespace lacuna::test {

struct MemoryCopy {
  std::string why;          // empty: copied; else why it could not be
  std::size_t regions = 0;  // that could be read
  std::uint64_t bytes = 0;  // of them, zeros left out
};

// Every mapping that the kernel lets us read, one after the other, whole pages of zeros left out.
MemoryCopy copyMemory(int pid, const std::filesystem::path& to);

}  // namespace lacuna::test
