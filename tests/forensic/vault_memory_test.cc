// After an erasure nothing of it is in the memory of the process either.
#include "ledger/vault/tree_codec.h"
#include "ledger/vault/vault.h"
#include "tests/support/loop_disk.h"
#include "tests/support/process_memory.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <fstream>
#include <sstream>

using namespace lacuna;
using namespace lacuna::test;

namespace {

// A secret as the test remembers it: turned over, so that the search does not find the test itself.
struct Remembered {
  explicit Remembered(ByteView secret) {
    for (std::size_t i = 0; i < secret.size(); ++i)
      turned[i] = static_cast<std::uint8_t>(~secret[i]);
  }
  bool at(const std::uint8_t* bytes) const {
    for (std::size_t i = 0; i < turned.size(); ++i) {
      if (bytes[i] != static_cast<std::uint8_t>(~turned[i])) return false;
    }
    return true;
  }
  ByteArray<32> turned{};
};

// How often it lies in writable memory, at any byte; read through the kernel, like a debugger would.
std::size_t countInMemory(const Remembered& secret) {
  std::size_t found = 0;
  std::ifstream maps("/proc/self/maps");
  std::stringstream regions;
  regions << maps.rdbuf();
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  REQUIRE(memory >= 0);
  constexpr std::size_t kChunk = 1 << 20;
  const auto chunk = std::make_unique<std::uint8_t[]>(kChunk);
  const auto window = reinterpret_cast<std::uintptr_t>(chunk.get());
  for (std::string line; std::getline(regions, line);) {
    unsigned long long from = 0, to = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%llx-%llx %4s", &from, &to, mode) != 3 || mode[1] != 'w')
      continue;
    for (unsigned long long at = from; at < to; at += kChunk - 31) {
      const auto want = std::min<unsigned long long>(kChunk, to - at);
      const ssize_t got = ::pread(memory, chunk.get(), want, static_cast<off_t>(at));
      for (ssize_t i = 0; i + 32 <= got; ++i) {
        const std::uintptr_t place = at + static_cast<unsigned long long>(i);
        const bool inWindow = place >= window && place < window + kChunk;
        if (secret.at(chunk.get() + i) && !inWindow) ++found;
      }
    }
  }
  ::close(memory);
  wipe({chunk.get(), kChunk});  // the search leaves no copies of its own
  return found;
}

// Overwrites what calls left on the stack below, as the next calls of a running daemon do.
[[gnu::noinline]] void useStack() {
  volatile std::uint8_t room[64 * 1024];
  for (std::size_t i = 0; i < sizeof room; ++i) room[i] = 0;
}

}  // namespace

TEST_CASE("an erased key and the seed of its block are gone from memory", "[forensic][P5]") {
  if (*kMemoryHidden != '\0') return sayNotRun("search of the memory", kMemoryHidden);
  const ScratchDirectory scratch;
  auto vault = madeVault(vaultIn(scratch.path()));
  std::optional<Remembered> lotKey, living;
  {
    const auto key = vault->lotKey(Slot(5), LeafNo(3));
    lotKey.emplace(key->view());
    CHECK(countInMemory(*lotKey) >= 1);  // the search finds what is there
    living.emplace(vault->lotKey(Slot(700), LeafNo(1))->view());
  }
  const EraseTarget target{Slot(5), LeafNo(3)};
  vault->erase({&target, 1}, erasureNumber(1), 0);
  useStack();
  CHECK(countInMemory(*lotKey) == 0);
  useStack();
  CHECK(countInMemory(*living) == 0);  // leaf keys are never kept, not even of the living
  CHECK(vault->lotKey(Slot(700), LeafNo(1)));
}
