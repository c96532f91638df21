#include "ledger/crypto/secret.h"

#include <sodium.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace lacuna {

Secret::Secret(ByteView bytes) {
  LACUNA_ASSERT(bytes.size() == kSize, "a secret has 32 bytes");
  std::memcpy(bytes_.data(), bytes.data(), kSize);
}

Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    other.wipe();
  }
  return *this;
}

void Secret::wipe() { sodium_memzero(bytes_.data(), bytes_.size()); }

void wipe(std::span<std::uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

void wipeStack() {
  constexpr std::size_t kDeepest = 64 * 1024;  // of work with keys, as far as it handles them
  sodium_stackzero(kDeepest);
}

bool sameSecret(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

LockedBytes::LockedBytes(std::size_t size) : size_(size) {
  LACUNA_ASSERT(sodium_init() >= 0, "libsodium cannot start");
  data_ = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (data_ == nullptr) throw Fault("out of memory for keys");
  locked_ = sodium_mlock(data_, size) == 0;
  sodium_memzero(data_, size);
}

LockedBytes::~LockedBytes() { sodium_free(data_); }

void hardenProcess() {
  LACUNA_ASSERT(sodium_init() >= 0, "libsodium cannot start");
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

}  // namespace lacuna
