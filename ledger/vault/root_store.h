// The erasable store of one key holder: root.ks, two slots of 4096 bytes overwritten in place
// (FORMAT.md 9). The one file of the ledger whose old content has to be gone.
//
// Promise: prepare() returns when the new root is durable and was read back; wipeSpare() returns when
//          the slot's old bytes were overwritten with random ones, durably, and read back (P5).
// Never: rename, truncate, copy, mmap, or write at any other place.
// Failure: Fault; after one the caller seals.
// Thread:  the one writer. Borrowed: entropy outlives the store.
#pragma once

#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/secret.h"
#include "ledger/vault/files.h"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>

namespace lacuna {

// What a written slot says.
struct RootSlot {
  LedgerId ledger;
  std::uint8_t holder = 0;
  TreeVersion version;
  Secret factor;
};

// The first bytes of a slot, up to and with the checksum; random bytes follow to kRootSlotBytes.
inline constexpr std::size_t kRootSlotHeadBytes = 8 + 16 + 1 + 7 + 8 + 32 + 32;

// Fills `out` (kRootSlotBytes; its end must hold random bytes already).
void encodeRootSlot(const RootSlot& slot, std::span<std::uint8_t> out);
// Nothing for a wiped, torn or foreign slot: only whole slots count.
std::optional<RootSlot> parseRootSlot(ByteView slot);
// A slot of a later format: whoever does not know it must not wipe it.
bool rootSlotOfLaterFormat(ByteView slot);

class RootStore {
 public:
  // Makes the file with two random slots. Fault when it exists.
  static std::unique_ptr<RootStore> create(const std::filesystem::path& file,
                                           const LedgerId& ledger, std::uint8_t holder,
                                           Entropy& entropy);
  // Takes the file's lock. Refuses missing-key, foreign-key (not two slots long), unknown-version,
  // already-running. Nothing is written.
  static Result<std::unique_ptr<RootStore>> open(const std::filesystem::path& file,
                                                 std::uint8_t holder, Entropy& entropy);

  // The whole slots, by place. Their factors are the caller's to wipe.
  std::array<std::optional<RootSlot>, 2> load();
  // Whose slots these are, when open() could not know yet. Before anything is written.
  void belongTo(std::uint8_t holder);
  // Which place is live. Set once after load(), before anything is written.
  void setLive(const LedgerId& ledger, unsigned place);

  // A fresh root for `version`, durable in the spare slot. Returns the root, not the factor.
  Secret prepare(TreeVersion version);
  // The prepared slot becomes the live one; the old one becomes spare and waits for wipeSpare().
  void promote();
  // Overwrites the spare slot, whatever is in it.
  void wipeSpare();
  // Overwrites both slots: this holder opens nothing any more (P5).
  void destroyAll();

  std::uint8_t holder() const { return holder_; }
  int fd() const { return fd_.get(); }

 private:
  RootStore(FileDescriptor fd, bool direct, std::uint8_t holder, Entropy& entropy);
  static Result<std::unique_ptr<RootStore>> openFile(const std::filesystem::path& file, int flags,
                                                     std::uint8_t holder, Entropy& entropy);
  unsigned spare() const { return 1 - live_; }
  void read(unsigned place, std::span<std::uint8_t> into);
  void writeAndReadBack(unsigned place, ByteView bytes);

  FileDescriptor fd_;
  bool direct_;
  std::uint8_t holder_;
  Entropy& entropy_;
  LedgerId ledger_;
  unsigned live_ = 0;
  bool ready_ = false;
  LockedBytes work_;   // one slot to write, aligned for O_DIRECT
  LockedBytes check_;  // one slot read back
};

}  // namespace lacuna
