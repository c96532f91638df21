// What another process holds in its memory, as a core dump or a debugger would have it.
#pragma once

#include <filesystem>
#include <string>

namespace lacuna::test {

// Why memory cannot be looked through in this build; empty: it can.
#ifdef __SANITIZE_ADDRESS__
inline constexpr const char* kMemoryHidden = "AddressSanitizer maps terabytes beside it";
#else
inline constexpr const char* kMemoryHidden = "";
#endif

struct MemoryCopy {
  std::string why;          // empty: copied; else why it could not be
  std::size_t regions = 0;  // that could be read
  std::uint64_t bytes = 0;  // of them, zeros left out
};

// Every mapping that the kernel lets us read, one after the other, whole pages of zeros left out.
MemoryCopy copyMemory(int pid, const std::filesystem::path& to);

}  // namespace lacuna::test
