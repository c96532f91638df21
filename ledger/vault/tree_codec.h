// The key tree's nodes and their bytes (FORMAT.md 8): derivation, pages, anchors. Pure, no I/O.
//
// Promise: what decodes encodes to the same bytes; what does not decode strictly is nothing.
// Sealing here takes a key, but only KeyTree's rekey() and the vault's anchors seal in the product,
// each under a key made for that one ciphertext.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/aead.h"
#include "ledger/crypto/secret.h"
#include "ledger/vault/vault.h"

#include <array>
#include <optional>

namespace lacuna {

// Node (level, index) covers the leaves [index * 16^level, (index + 1) * 16^level).
struct Node {
  unsigned level = 0;
  std::uint64_t index = 0;

  constexpr auto operator<=>(const Node&) const = default;
  constexpr std::uint64_t firstLeaf() const { return index << (4 * level); }
  constexpr std::uint64_t endLeaf() const { return (index + 1) << (4 * level); }
  constexpr Node child(unsigned c) const { return {level - 1, index * kTreeFanout + c}; }
  constexpr Node above(unsigned to) const { return {to, index >> (4 * (to - level))}; }
  constexpr bool covers(const Node& other) const {
    return other.level <= level && other.above(level).index == index;
  }
};
inline constexpr Node kTopNode{kTreeHeight, 0};
inline constexpr unsigned kBlockLevel = kPersonLevel + 1;  // 16 slots: what the seed cache keeps
inline constexpr unsigned kNearLevel = 1;                  // 16 lots of one slot: the other one

inline Node slotNode(Slot slot) { return {kPersonLevel, slot.raw()}; }
inline Node lotNode(Slot slot, LeafNo leaf) {
  return {0, slot.raw() * kLeavesPerSlot + leaf.raw()};
}

enum class EntryType : std::uint8_t { dead = 0, seed = 1, page = 2 };  // on disk: never renumber

// What is known of a node: nothing for ever, a seed of the whole subtree, or the key of its page.
struct Entry {
  EntryType type = EntryType::dead;
  Secret key;

  Entry clone() const { return {type, key.clone()}; }
};

struct Page {
  TreeVersion version;
  std::array<Entry, kTreeFanout> children;
};

struct Anchor {
  TreeVersion version;
  Entry top;
  struct Carried {
    ErasureId erasure;
    std::uint32_t part = 0;
  };
  std::optional<Carried> erasure;  // the transaction that made this version
};

// Bytes that held secrets: wiped when they go out of scope.
struct WipedBytes {
  Bytes bytes;

  WipedBytes() = default;
  explicit WipedBytes(Bytes taken) : bytes(std::move(taken)) {}
  WipedBytes(WipedBytes&&) = default;
  WipedBytes& operator=(WipedBytes&&) = delete;
  ~WipedBytes() { wipe(bytes); }
  ByteView view() const { return bytes; }
};

inline constexpr std::size_t kPagePlainMax = 8 + 4 + kTreeFanout * Secret::kSize;
inline constexpr std::size_t kAnchorPlainBytes = 97;
inline constexpr std::size_t kSealedOverhead = 1 + 8 + kNonceBytes + kMacBytes;

// seed(child) = K(seed(parent), "kt.n1" | u8 level | u64 index of the child at its own level).
Secret deriveChild(const Secret& parent, const Node& child);
// Derives the children that it is given, several at once.
class ChildSeeds {
 public:
  // Borrowed until the next derive(): `into`.
  void add(const Secret& parent, const Node& child, std::optional<Secret>& into);
  void derive();  // what was added

 private:
  static constexpr std::size_t kMost = 16;
  std::array<Secret, kMost> parents_;
  std::array<ByteArray<14>, kMost> messages_;
  std::array<std::optional<Secret>*, kMost> into_{};
  std::size_t count_ = 0;
};
// Down from a seed of `from` to the seed of `to`. Needs: from covers to.
Secret deriveDown(const Secret& seed, const Node& from, const Node& to);

WipedBytes encodePage(const Page& page);
std::optional<Page> parsePage(ByteView plain, unsigned level);
WipedBytes encodeAnchor(const Anchor& anchor);
std::optional<Anchor> parseAnchor(ByteView plain);

Bytes sealPage(const LedgerId& ledger, const Node& node, const Page& page, const Secret& key,
               Entropy& entropy);
std::optional<Page> openPage(const LedgerId& ledger, const Node& node, const Secret& key,
                             ByteView sealed);
Bytes sealAnchor(const LedgerId& ledger, std::uint8_t holder, const Anchor& anchor,
                 const Secret& root, Entropy& entropy);
std::optional<Anchor> openAnchor(const LedgerId& ledger, std::uint8_t holder, const Secret& root,
                                 ByteView sealed);
// The root of a holder's factor at a version: what seals and opens that version's anchor.
Secret rootOf(const Secret& factor, const LedgerId& ledger, std::uint8_t holder,
              TreeVersion version);

}  // namespace lacuna
