// What the tests of the vault share: a directory of their own, luck from a seed, a clock that is set.
#pragma once

#include "ledger/crypto/digest.h"
#include "ledger/vault/vault.h"
#include "tests/support/scratch.h"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <unistd.h>

namespace lacuna::test {

using ScratchDirectory = Scratch;

// The same bytes for the same seed.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    while (!out.empty()) {
      ByteWriter message;
      const ByteArray<32> block = blake2b256({message.u64(seed_).u64(counter_++).view()});
      const std::size_t size = std::min(out.size(), block.size());
      std::memcpy(out.data(), block.data(), size);
      out = out.subspan(size);
    }
  }

 private:
  std::mutex mutex_;
  const std::uint64_t seed_;
  std::uint64_t counter_ = 0;
};

class SetClock final : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::milliseconds(millis.load())); }
  std::atomic<std::int64_t> millis{1'585'732'353'000};
};

inline LedgerId someLedger(std::uint8_t number = 1) {
  LedgerId id;
  id.bytes.fill(number);
  return id;
}

inline ErasureId erasureNumber(std::uint64_t number) {
  ErasureId id;
  const ByteArray<8> bytes = key64(number);
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

inline constexpr std::string_view kTestOrigin = "vault.example.org/ledger";

// The options of a vault in DIRECTORY/keys with few cached entries, so that places are shared.
inline VaultOptions vaultIn(const std::filesystem::path& directory) {
  VaultOptions options;
  options.directory = directory / "keys";
  options.seedCacheEntries = 64;
  return options;
}

// A fresh vault with `slots` reserved.
inline std::unique_ptr<Vault> madeVault(const VaultOptions& options, std::uint64_t slots = 1024) {
  auto made = Vault::create(options, someLedger(), std::string(kTestOrigin));
  if (!made) throw std::runtime_error("create: " + made.refusal().message);
  (*made)->reserveSlots(slots);
  return std::move(*made);
}

inline std::string hexOfKey(const std::optional<Secret>& key) {
  return key ? hexOf(key->view()) : std::string("dead");
}

}  // namespace lacuna::test
