// Walking and re-keying the key tree. Pure: pages come from and go to the caller.
//
// Invariants kept here (P5): a page is sealed under a key made for that one ciphertext; a page holds
// only secrets of its own descendants; DEAD absorbs; unchanged entries off the path are copied.
#pragma once

#include "ledger/vault/tree_codec.h"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace lacuna {

// The sealed page of a node in one epoch, or nothing.
using PageSource = std::function<std::optional<Bytes>(const Node&)>;
// A key never used before, for the page (or, healing, for the seed) of a node.
using FreshKey = std::function<Secret(const Node&)>;

FreshKey freshKeyFrom(Entropy& entropy);

// Reads the tree of one version. Borrowed: all members' targets outlive it.
struct TreeView {
  const LedgerId& ledger;
  TreeVersion version;  // no page is newer
  const PageSource& pages;
};

// The entry of `to`, found from the entry of `at`. DEAD when anything above is dead.
// Needs: at covers to. Throws Fault when a page is missing or does not open.
Entry descend(const TreeView& tree, const Node& at, const Entry& entry, const Node& to);
// As above, and hands out the entry met at `passing` on the way (for the seed cache), if one is met
// above `to`: a subtree that is dead higher up is not reported.
Entry descend(const TreeView& tree, const Node& at, const Entry& entry, const Node& to,
              unsigned passing, const std::function<void(const Entry&)>& met);

struct SealedNode {
  Node node;
  Bytes sealed;
};

// What one transaction changes: the new top entry for the anchor, pages to write, pages to delete.
struct Rekeyed {
  Entry top;
  std::vector<SealedNode> pages;
  std::vector<Node> removed;
};

struct RekeyPlan {
  std::vector<Node> targets;  // nodes that die; any level, any order, doubles allowed
  // Healing: leaves from here on were never used; their seeds become fresh randomness, so that a
  // copy of keys/ taken before does not open who is admitted after.
  std::optional<std::uint64_t> unusedFromLeaf;
};

// Makes version `next` out of `tree`. Throws Fault when a page on the way is missing or does not open.
Rekeyed rekey(const TreeView& tree, const Entry& top, TreeVersion next, const RekeyPlan& plan,
              const FreshKey& fresh, Entropy& entropy);

}  // namespace lacuna
