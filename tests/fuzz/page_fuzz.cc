// Pages and anchors of the key tree: the parsers of their plaintexts, and what opens sealed ones.
// First byte: 0 page plaintext (then the level), 1 anchor plaintext, 2 sealed page, 3 sealed anchor.
#include "ledger/vault/tree_codec.h"

#include <cstdlib>

using namespace lacuna;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

class NoLuck final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override { wipe(out); }
};

LedgerId ledger() { return LedgerId{}; }

void page(unsigned level, ByteView plain) {
  const std::optional<Page> parsed = parsePage(plain, level);
  if (!parsed) return;
  must(sameBytes(encodePage(*parsed).view(), plain));
  bool lives = false;
  for (const Entry& child : parsed->children) {
    lives = lives || child.type != EntryType::dead;
    must(level > 1 || child.type != EntryType::page);
  }
  must(lives);
  // What parses can be sealed, and opens to the same at its own place only.
  NoLuck luck;
  const Secret key;
  const Bytes sealed = sealPage(ledger(), {level, 3}, *parsed, key, luck);
  const auto opened = openPage(ledger(), {level, 3}, key, sealed);
  must(opened && sameBytes(encodePage(*opened).view(), plain));
  must(!openPage(ledger(), {level, 4}, key, sealed));
}

void anchor(ByteView plain) {
  const std::optional<Anchor> parsed = parseAnchor(plain);
  if (!parsed) return;
  must(sameBytes(encodeAnchor(*parsed).view(), plain));
  NoLuck luck;
  const Secret root;
  const Bytes sealed = sealAnchor(ledger(), 0, *parsed, root, luck);
  const auto opened = openAnchor(ledger(), 0, root, sealed);
  must(opened && sameBytes(encodeAnchor(*opened).view(), plain));
  must(!openAnchor(ledger(), 1, root, sealed));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView rest{data + 1, size - 1};
  const Secret key;
  switch (data[0]) {
    case 0:
      page(rest[0], rest.subspan(1));
      break;
    case 1:
      anchor(rest);
      break;
    case 2: {
      const auto opened = openPage(ledger(), {3, 3}, key, rest);
      if (opened) page(3, encodePage(*opened).view());
      break;
    }
    case 3: {
      const auto opened = openAnchor(ledger(), 0, key, rest);
      if (opened) anchor(encodeAnchor(*opened).view());
      break;
    }
    default:
      break;
  }
  return 0;
}
