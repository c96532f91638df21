// Key tree, pages, anchors and slots against the independent writer.
#include "ledger/vault/key_tree.h"

#include "ledger/crypto/digest.h"
#include "ledger/vault/root_store.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace lacuna;
using namespace lacuna::test;

namespace {

// Gives out exactly the vector's 32 random bytes.
class GivenEntropy final : public Entropy {
 public:
  explicit GivenEntropy(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> out) override {
    if (out.size() != bytes_.size())
      throw std::logic_error("another amount of luck than the format says");
    std::copy(bytes_.begin(), bytes_.end(), out.begin());
  }

 private:
  Bytes bytes_;
};

const nlohmann::json& tree() { return goldenVectors()["keyTree"]; }
LedgerId ledgerId() { return hexDigest<LedgerId>(tree()["ledger"]); }
Node nodeOf(const nlohmann::json& v) {
  return {v["level"].get<unsigned>(), v["index"].get<std::uint64_t>()};
}
Entry entryOf(const nlohmann::json& type, const nlohmann::json& key) {
  Entry entry;
  entry.type = static_cast<EntryType>(type.get<int>());
  if (entry.type != EntryType::dead) entry.key = Secret(hexBytes(key));
  return entry;
}

}  // namespace

TEST_CASE("a lot key derives along the golden path", "[P4][P5]") {
  const PageSource noPages = [](const Node&) { return std::nullopt; };
  const LedgerId ledger = ledgerId();
  const TreeView view{ledger, TreeVersion(1), noPages};
  for (const nlohmann::json& v : tree()["paths"]) {
    const Entry top{EntryType::seed, Secret(hexBytes(v["top"]))};
    const Node lot =
        lotNode(Slot(v["slot"].get<std::uint64_t>()), LeafNo(v["leaf"].get<std::uint16_t>()));
    for (const nlohmann::json& step : v["path"]) {
      CHECK(lot.above(nodeOf(step).level) == nodeOf(step));
      const Secret seed = deriveDown(top.key, kTopNode, nodeOf(step));
      CHECK(hexOf(seed.view()) == step["seed"].get<std::string>());
    }
    const Entry found = descend(view, kTopNode, top, lot);
    CHECK(found.type == EntryType::seed);
    CHECK(hexOf(found.key.view()) == v["lotKey"].get<std::string>());
  }
}

TEST_CASE("pages have the golden bytes and open to what they were", "[P5]") {
  for (const nlohmann::json& v : tree()["pages"]) {
    const Node node = nodeOf(v);
    Page page;
    page.version = TreeVersion(v["version"].get<std::uint64_t>());
    for (unsigned c = 0; c < kTreeFanout; ++c) {
      page.children[c] = entryOf(v["children"][c]["type"], v["children"][c]["key"]);
    }
    const Bytes plain = hexBytes(v["plain"]);
    CHECK(encodePage(page).bytes == plain);
    const Secret key(hexBytes(v["key"]));
    GivenEntropy luck(hexBytes(v["random"]));
    const Bytes sealed = sealPage(ledgerId(), node, page, key, luck);
    CHECK(sealed == hexBytes(v["sealed"]));
    const auto opened = openPage(ledgerId(), node, key, sealed);
    REQUIRE(opened);
    CHECK(encodePage(*opened).bytes == plain);
    CHECK_FALSE(openPage(ledgerId(), {node.level, node.index + 1}, key, sealed));
    CHECK_FALSE(openPage(LedgerId{}, node, key, sealed));
  }
}

TEST_CASE("anchors have the golden bytes and open under the golden root only", "[P5]") {
  for (const nlohmann::json& v : tree()["anchors"]) {
    Anchor anchor;
    anchor.version = TreeVersion(v["version"].get<std::uint64_t>());
    anchor.top = entryOf(v["topType"], v["topKey"]);
    if (!v["erasure"].is_null()) {
      anchor.erasure =
          Anchor::Carried{hexDigest<ErasureId>(v["erasure"]), v["part"].get<std::uint32_t>()};
    }
    const auto holder = v["holder"].get<std::uint8_t>();
    const Secret factor(hexBytes(v["factor"]));
    const Secret root = rootOf(factor, ledgerId(), holder, anchor.version);
    CHECK(hexOf(root.view()) == v["key"].get<std::string>());
    const Bytes plain = hexBytes(v["plain"]);
    CHECK(encodeAnchor(anchor).bytes == plain);
    GivenEntropy luck(hexBytes(v["random"]));
    const Bytes sealed = sealAnchor(ledgerId(), holder, anchor, root, luck);
    CHECK(sealed == hexBytes(v["sealed"]));
    const auto opened = openAnchor(ledgerId(), holder, root, sealed);
    REQUIRE(opened);
    CHECK(encodeAnchor(*opened).bytes == plain);
    CHECK_FALSE(openAnchor(ledgerId(), static_cast<std::uint8_t>(holder + 1), root, sealed));
    CHECK_FALSE(openAnchor(ledgerId(), holder, factor, sealed));
  }
}

TEST_CASE("slots of root.ks have the golden bytes; any changed byte makes them no slot", "[P5]") {
  for (const nlohmann::json& v : tree()["slots"]) {
    RootSlot slot{hexDigest<LedgerId>(v["ledger"]), v["holder"].get<std::uint8_t>(),
                  TreeVersion(v["version"].get<std::uint64_t>()), Secret(hexBytes(v["factor"]))};
    Bytes bytes(kRootSlotBytes, 0x5a);
    encodeRootSlot(slot, bytes);
    const Bytes front = hexBytes(v["front"]);
    CHECK(front.size() + v["fillerBytes"].get<std::size_t>() == kRootSlotBytes);
    CHECK(sameBytes(ByteView(bytes).first(front.size()), front));
    const Secret root = rootOf(slot.factor, slot.ledger, slot.holder, slot.version);
    CHECK(hexOf(root.view()) == v["root"].get<std::string>());
    const auto parsed = parseRootSlot(bytes);
    REQUIRE(parsed);
    CHECK(parsed->ledger == slot.ledger);
    CHECK(parsed->holder == slot.holder);
    CHECK(parsed->version == slot.version);
    CHECK(sameSecret(parsed->factor.view(), slot.factor.view()));
    for (std::size_t at = 0; at < front.size(); ++at) {
      Bytes changed = bytes;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ 1);
      CHECK_FALSE(parseRootSlot(changed));
    }
    CHECK_FALSE(parseRootSlot(ByteView(bytes).first(kRootSlotBytes - 1)));
  }
}
