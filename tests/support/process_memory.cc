#include "tests/support/process_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>
#include <vector>

namespace lacuna::test {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kChunk = 256 * kPage;

bool allZero(const char* bytes, std::size_t size) {
  return std::all_of(bytes, bytes + size, [](char byte) { return byte == 0; });
}

}  // namespace

MemoryCopy copyMemory(int pid, const std::filesystem::path& to) {
  MemoryCopy copy;
  const std::string proc = "/proc/" + std::to_string(pid);
  const int memory = ::open((proc + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  std::ifstream maps(proc + "/maps");
  if (memory < 0 || !maps) {
    copy.why = std::string("its memory cannot be read: ") + std::strerror(errno);
    if (memory >= 0) ::close(memory);
    return copy;
  }
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  std::vector<char> chunk(kChunk);
  for (std::string line; std::getline(maps, line);) {
    unsigned long long from = 0, end = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx", &from, &end) != 2) continue;
    if (line.find("[vvar]") != std::string::npos) continue;
    bool read = false;
    for (unsigned long long at = from; at < end;) {
      const auto want = std::min<unsigned long long>(kChunk, end - at);
      const ssize_t got = ::pread(memory, chunk.data(), want, static_cast<off_t>(at));
      if (got <= 0) {  // a guard page, or a device: what lies behind it may be readable
        at += kPage;
        continue;
      }
      read = true;
      // Consecutive pages stay beside one another, so that nothing is torn at a page's edge.
      if (!allZero(chunk.data(), static_cast<std::size_t>(got))) {
        out.write(chunk.data(), got);
        copy.bytes += static_cast<std::uint64_t>(got);
      }
      at += static_cast<unsigned long long>(got);
    }
    copy.regions += read ? 1 : 0;
  }
  ::close(memory);
  if (!out.flush()) copy.why = "the copy cannot be written";
  if (copy.regions == 0) copy.why = "nothing of its memory can be read";
  return copy;
}

}  // namespace lacuna::test
