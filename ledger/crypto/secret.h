// Keys in memory that is locked, left out of core dumps, and wiped when it is given back.
#pragma once

#include "ledger/base/bytes.h"

#include <cstddef>
#include <memory>

namespace lacuna {

// 32 secret bytes. Moves leave zeros behind; there is no copy, no comparison and no operator<<.
// Short-lived values (a derivation in a loop) live in the object itself and are wiped by the
// destructor; long-lived ones belong into LockedBytes.
class Secret {
 public:
  static constexpr std::size_t kSize = 32;

  Secret() = default;
  explicit Secret(ByteView bytes);  // Needs: 32 bytes. The caller wipes its own.
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  Secret clone() const { return Secret(view()); }
  ByteView view() const { return bytes_; }
  std::uint8_t* data() { return bytes_.data(); }
  void wipe();

 private:
  ByteArray<kSize> bytes_{};
};

void wipe(std::span<std::uint8_t> bytes);
bool sameSecret(ByteView a, ByteView b);  // constant time

// Overwrites what calls that have returned left on this thread's stack. Our own values wipe themselves, but a
// library's do not (libsodium's BLAKE2b leaves the derived key on the stack), and a thread that then waits
// keeps them for ever. Called where work with keys ends.
void wipeStack();

// A locked (mlock), guard-paged, not dumped, wiped region. Falls back to plain wiped memory with a
// false locked() when the limit on locked memory is too small.
class LockedBytes {
 public:
  explicit LockedBytes(std::size_t size);
  ~LockedBytes();
  LockedBytes(const LockedBytes&) = delete;
  LockedBytes& operator=(const LockedBytes&) = delete;

  std::span<std::uint8_t> bytes() { return {data_, size_}; }
  ByteView view() const { return {data_, size_}; }
  bool locked() const { return locked_; }

 private:
  std::uint8_t* data_;
  std::size_t size_;
  bool locked_;
};

// No core dumps, not traceable by others of the same user.
// Called once by main of every program that holds keys.
void hardenProcess();

}  // namespace lacuna
