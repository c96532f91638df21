#include "ledger/vault/key_tree.h"

#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace lacuna;
using namespace lacuna::test;

namespace {

// The tree of one ledger in memory, without roots and disks.
class Tree {
 public:
  explicit Tree(std::uint64_t seed = 1) : entropy(seed) {
    top.type = EntryType::seed;
    entropy.fill({top.key.data(), Secret::kSize});
  }
  Rekeyed apply(RekeyPlan plan) {
    const FreshKey fresh = [this](const Node& node) {
      Secret key = freshKeyFrom(entropy)(node);
      ++given[hexOf(key.view())];
      return key;
    };
    const TreeVersion next(version.raw() + 1);
    Rekeyed made = rekey(view(), top, next, plan, fresh, entropy);
    for (const Node& node : made.removed) pages.erase(node);
    for (const SealedNode& page : made.pages) pages[page.node] = page.sealed;
    top = made.top.clone();
    version = next;
    return made;
  }
  Rekeyed kill(std::vector<Node> targets) { return apply({std::move(targets), std::nullopt}); }
  Entry entry(const Node& node) const { return descend(view(), kTopNode, top, node); }
  std::string key(std::uint64_t slot, std::uint16_t leaf) const {
    const Entry found = entry(lotNode(Slot(slot), LeafNo(leaf)));
    return found.type == EntryType::dead ? "dead" : hexOf(found.key.view());
  }
  TreeView view() const { return {ledger, version, source}; }

  const LedgerId ledger = someLedger();
  SeededEntropy entropy;
  TreeVersion version{1};
  Entry top;
  std::map<Node, Bytes> pages;
  std::map<std::string, int> given;  // every fresh key, how often

 private:
  const PageSource source = [this](const Node& node) -> std::optional<Bytes> {
    const auto found = pages.find(node);
    return found == pages.end() ? std::nullopt : std::optional(found->second);
  };
};

Node slot(std::uint64_t n) { return slotNode(Slot(n)); }
Node lot(std::uint64_t n, std::uint16_t leaf) { return lotNode(Slot(n), LeafNo(leaf)); }

std::size_t pagesFor(const Rekeyed& made) { return made.pages.size(); }

}  // namespace

TEST_CASE("nodes cover what lies below them", "[P5]") {
  CHECK(slot(5).firstLeaf() == 5 * 4096);
  CHECK(slot(5).endLeaf() == 6 * 4096);
  CHECK(slot(5).covers(lot(5, 4095)));
  CHECK_FALSE(slot(5).covers(lot(6, 0)));
  CHECK_FALSE(lot(5, 1).covers(slot(5)));
  CHECK(kTopNode.covers(slot(kSlotsMax - 1)));
  CHECK(slot(kSlotsMax - 1).above(kTreeHeight) == kTopNode);
  CHECK(slot(37).above(kBlockLevel) == Node{4, 2});
  CHECK(Node{4, 2}.child(5) == slot(37));
}

TEST_CASE("one lot costs a page a level, at any place", "[P5]") {
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{999'999}, kSlotsMax - 1}) {
    Tree tree;
    CHECK(pagesFor(tree.kill({lot(n, 7)})) == kTreeHeight);
    CHECK(pagesFor(tree.kill({slot(n)})) == kTreeHeight - kPersonLevel);
  }
}

TEST_CASE("targets are taken in any order, twice, and inside each other", "[P5]") {
  Tree tree;
  const std::string living = tree.key(9, 0);
  const Rekeyed made = tree.kill({lot(8, 3), slot(7), lot(7, 5), lot(8, 3), slot(7), lot(0, 0)});
  CHECK(tree.entry(slot(7)).type == EntryType::dead);
  CHECK(tree.key(7, 5) == "dead");
  CHECK(tree.key(8, 3) == "dead");
  CHECK(tree.key(0, 0) == "dead");
  CHECK(tree.key(9, 0) == living);
  std::set<Node> nodes;
  for (const SealedNode& page : made.pages) CHECK(nodes.insert(page.node).second);
}

TEST_CASE("pages whose children are all dead go, up to where something lives", "[P5]") {
  Tree tree;
  for (std::uint16_t leaf = 0; leaf < 15; ++leaf) tree.kill({lot(2, leaf)});
  CHECK(tree.pages.count(Node{1, 2 * 256}) == 1);
  const Rekeyed last = tree.kill({lot(2, 15)});
  CHECK(last.removed == std::vector<Node>{{1, 2 * 256}});
  CHECK(tree.entry({1, 2 * 256}).type == EntryType::dead);
  CHECK(tree.entry(slot(2)).type == EntryType::page);
  // The slot dies with pages below it: their rows go too.
  tree.kill({lot(2, 100)});
  const Rekeyed whole = tree.kill({slot(2)});
  CHECK(whole.removed.size() == 3);
  for (const auto& [node, sealed] : tree.pages) CHECK(node.level > kPersonLevel);
  // Sixteen dead slots are one dead block.
  std::vector<Node> block;
  for (std::uint64_t n = 0; n < 16; ++n) block.push_back(slot(n));
  tree.kill(block);
  CHECK(tree.pages.count(Node{4, 0}) == 0);
  CHECK(tree.entry({4, 0}).type == EntryType::dead);
  CHECK(tree.key(16, 0) != "dead");
}

TEST_CASE("a tree may die whole and stays dead", "[P5]") {
  Tree tree;
  tree.kill({lot(3, 3)});
  tree.kill({kTopNode});
  CHECK(tree.top.type == EntryType::dead);
  CHECK(tree.pages.empty());
  tree.kill({lot(4, 4)});
  CHECK(tree.key(4, 5) == "dead");
}

TEST_CASE("entries off the path are copied and the dead stay dead", "[P5]") {
  Tree tree(7);
  std::map<std::pair<std::uint64_t, std::uint16_t>, std::string> model;
  SeededEntropy dice(3);
  const auto roll = [&](std::uint64_t below) {
    ByteArray<8> bytes;
    dice.fill(bytes);
    return number64(bytes).value() % below;
  };
  for (std::uint64_t n = 0; n < 48; ++n) {
    for (std::uint16_t leaf = 0; leaf < 12; ++leaf) model[{n, leaf}] = tree.key(n, leaf);
  }
  for (int round = 0; round < 30; ++round) {
    std::vector<Node> targets;
    for (std::uint64_t i = 0; i <= roll(4); ++i) {
      const std::uint64_t n = roll(48);
      const auto leaf = static_cast<std::uint16_t>(roll(12));
      const bool all = roll(5) == 0;
      targets.push_back(all ? slot(n) : lot(n, leaf));
      for (auto& [at, key] : model) {
        if (at.first == n && (all || at.second == leaf)) key = "dead";
      }
    }
    tree.apply({targets, roll(3) == 0 ? std::optional<std::uint64_t>(48 * 4096) : std::nullopt});
    std::size_t wrong = 0;
    for (const auto& [at, key] : model) wrong += tree.key(at.first, at.second) == key ? 0 : 1;
    REQUIRE(wrong == 0);
  }
  // I2: a sealing key is used once. Every key given out was given once and seals at most one page.
  for (const auto& [key, times] : tree.given) REQUIRE(times == 1);
}

TEST_CASE("a page tells only of its own descendants", "[P5]") {
  Tree tree;
  tree.kill({lot(5, 1), slot(77)});
  for (const auto& [node, sealed] : tree.pages) {  // I3
    const Entry self = tree.entry(node);
    REQUIRE(self.type == EntryType::page);
    const auto page = openPage(tree.ledger, node, self.key, sealed);
    REQUIRE(page);
    for (unsigned c = 0; c < kTreeFanout; ++c) {
      const Entry child = tree.entry(node.child(c));
      CHECK(child.type == page->children[c].type);
      CHECK(sameSecret(child.key.view(), page->children[c].key.view()));
    }
  }
}

TEST_CASE("a missing, swapped, older or changed page is a fault, never a key", "[P5]") {
  Tree tree;
  tree.kill({lot(5, 1)});
  const auto old = tree.pages;
  tree.kill({lot(5, 2)});
  const Node bottom{1, 5 * 256};
  const auto good = tree.pages;
  const auto attempt = [&] {
    CHECK_THROWS_AS(tree.key(5, 3), Fault);
    CHECK_THROWS_AS(tree.kill({lot(5, 3)}), Fault);
    tree.pages = good;
  };
  tree.pages.erase(bottom);
  attempt();
  tree.pages[bottom] = old.at(bottom);
  attempt();
  tree.pages[bottom] = good.at(Node{2, 5 * 16});
  attempt();
  for (const std::size_t at : {0U, 5U, 20U, 60U, 500U}) {
    tree.pages[bottom][at] = static_cast<std::uint8_t>(tree.pages[bottom][at] ^ 1);
    attempt();
  }
  tree.pages[bottom].resize(20);
  attempt();
  CHECK(tree.key(5, 3) != "dead");
}

TEST_CASE("healing replaces what was never used, and nothing else", "[P5]") {
  Tree tree;
  tree.kill({lot(5, 1), slot(5000)});
  std::map<std::uint64_t, std::string> before;
  for (const std::uint64_t n : {0U, 5U, 999U, 1000U, 1001U, 1023U, 4999U, 5000U, 5001U, 70000U}) {
    before[n] = tree.key(n, 0);
  }
  // 1000 is not at the border of a block, so the frontier runs down to the slots.
  tree.apply({{lot(5, 2)}, 1000 * std::uint64_t{kLeavesPerSlot}});
  for (const auto& [n, key] : before) {
    CAPTURE(n);
    const bool unused = n >= 1000 && n != 5000;
    CHECK((tree.key(n, 0) != key) == unused);
  }
  CHECK(tree.key(5000, 0) == "dead");
}
