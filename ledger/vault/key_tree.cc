#include "ledger/vault/key_tree.h"

#include <algorithm>

namespace lacuna {
namespace {

Page readPage(const TreeView& tree, const Node& node, const Secret& key) {
  const std::optional<Bytes> sealed = tree.pages(node);
  if (!sealed) throw Fault("a page of the key tree is missing");
  std::optional<Page> page = openPage(tree.ledger, node, key, *sealed);
  if (!page || page->version > tree.version) throw Fault("a page of the key tree does not open");
  return std::move(*page);
}

// Targets in the order of their leaves, wider ones first, none below another.
std::vector<Node> normalised(std::vector<Node> targets) {
  std::sort(targets.begin(), targets.end(), [](const Node& a, const Node& b) {
    return a.firstLeaf() != b.firstLeaf() ? a.firstLeaf() < b.firstLeaf() : a.level > b.level;
  });
  std::vector<Node> out;
  for (const Node& target : targets) {
    if (out.empty() || !out.back().covers(target)) out.push_back(target);
  }
  return out;
}

class Rekeyer {
 public:
  Rekeyer(const TreeView& tree, TreeVersion next, std::optional<std::uint64_t> unusedFrom,
          const FreshKey& fresh, Entropy& entropy, Rekeyed& out)
      : tree_(tree),
        next_(next),
        unusedFrom_(unusedFrom),
        fresh_(fresh),
        entropy_(entropy),
        out_(out) {}

  Entry visit(const Node& node, const Entry& entry, std::span<const Node> targets) {
    if (entry.type == EntryType::dead) return {};
    if (!targets.empty() && targets.front().covers(node)) return kill(node, entry);
    if (targets.empty() && !healsWithin(node, entry)) {
      return healsWhole(node) ? Entry{EntryType::seed, fresh_(node)} : entry.clone();
    }
    LACUNA_ASSERT(node.level > 0, "a leaf is a target or it is not touched");
    Page page = childrenOf(node, entry);
    page.version = next_;
    bool lives = false;
    for (unsigned c = 0; c < kTreeFanout; ++c) {
      const Node child = node.child(c);
      const std::size_t mine = countBelow(targets, child.endLeaf());
      page.children[c] = visit(child, page.children[c], targets.first(mine));
      targets = targets.subspan(mine);
      lives = lives || page.children[c].type != EntryType::dead;
    }
    if (!lives) {
      if (entry.type == EntryType::page) out_.removed.push_back(node);
      return {};
    }
    Secret key = fresh_(node);
    out_.pages.push_back({node, sealPage(tree_.ledger, node, page, key, entropy_)});
    return {EntryType::page, std::move(key)};
  }

 private:
  // Everything from the frontier on is unused: a seed there is simply replaced.
  bool healsWhole(const Node& node) const {
    return unusedFrom_ && node.firstLeaf() >= *unusedFrom_;
  }
  // The frontier passes through the node, or the node is beyond it but has pages of its own.
  bool healsWithin(const Node& node, const Entry& entry) const {
    if (!unusedFrom_ || node.endLeaf() <= *unusedFrom_ || node.level == 0) return false;
    return node.firstLeaf() < *unusedFrom_ || entry.type == EntryType::page;
  }

  static std::size_t countBelow(std::span<const Node> targets, std::uint64_t endLeaf) {
    const auto end = std::partition_point(targets.begin(), targets.end(), [&](const Node& target) {
      return target.firstLeaf() < endLeaf;
    });
    return static_cast<std::size_t>(end - targets.begin());
  }

  Page childrenOf(const Node& node, const Entry& entry) const {
    if (entry.type == EntryType::page) return readPage(tree_, node, entry.key);
    Page page;
    for (unsigned c = 0; c < kTreeFanout; ++c) {
      page.children[c] = {EntryType::seed, deriveChild(entry.key, node.child(c))};
    }
    return page;
  }

  // The pages below a dead node are unreadable from now on; their rows go as well.
  Entry kill(const Node& node, const Entry& entry) {
    if (entry.type != EntryType::page) return {};
    const Page page = readPage(tree_, node, entry.key);
    for (unsigned c = 0; c < kTreeFanout; ++c) kill(node.child(c), page.children[c]);
    out_.removed.push_back(node);
    return {};
  }

  const TreeView& tree_;
  const TreeVersion next_;
  const std::optional<std::uint64_t> unusedFrom_;
  const FreshKey& fresh_;
  Entropy& entropy_;
  Rekeyed& out_;
};

}  // namespace

FreshKey freshKeyFrom(Entropy& entropy) {
  return [&entropy](const Node&) {
    Secret key;
    entropy.fill({key.data(), Secret::kSize});
    return key;
  };
}

Entry descend(const TreeView& tree, const Node& at, const Entry& entry, const Node& to,
              unsigned passing, const std::function<void(const Entry&)>& met) {
  LACUNA_ASSERT(at.covers(to), "a walk goes down");
  Node here = at;
  Entry now = entry.clone();
  while (now.type != EntryType::dead) {
    if (here.level == passing) met(now);
    if (here.level == to.level) return now;
    const Node child = to.above(here.level - 1);
    if (now.type == EntryType::seed) {
      now.key = deriveChild(now.key, child);
    } else {
      Page page = readPage(tree, here, now.key);
      now = std::move(page.children[child.index % kTreeFanout]);
    }
    here = child;
  }
  return {};
}

Entry descend(const TreeView& tree, const Node& at, const Entry& entry, const Node& to) {
  return descend(tree, at, entry, to, kTreeHeight + 1, [](const Entry&) {});
}

Rekeyed rekey(const TreeView& tree, const Entry& top, TreeVersion next, const RekeyPlan& plan,
              const FreshKey& fresh, Entropy& entropy) {
  LACUNA_ASSERT(next > tree.version, "tree versions grow");
  const std::vector<Node> targets = normalised(plan.targets);
  Rekeyed out;
  Rekeyer rekeyer(tree, next, plan.unusedFromLeaf, fresh, entropy, out);
  out.top = rekeyer.visit(kTopNode, top, targets);
  // Even when every target was dead already the anchor gets a new top: no key outlives its version.
  return out;
}

}  // namespace lacuna
