#include "ledger/vault/tree_codec.h"

#include "ledger/crypto/blake2b_lanes.h"
#include "ledger/crypto/digest.h"

namespace lacuna {
namespace {

constexpr std::uint8_t kSealedVersion = 1;  // on disk: never renumber
constexpr std::uint8_t kAnchorShape = 1;    // on disk: never renumber

// version | tree version | nonce | ciphertext and mac
struct SealedView {
  TreeVersion version;
  Nonce nonce{};
  ByteView cipher;
};

std::optional<SealedView> splitSealed(ByteView sealed) {
  ByteReader in(sealed);
  const std::uint8_t format = in.u8();
  SealedView view;
  view.version = TreeVersion(in.u64());
  const ByteView nonce = in.raw(kNonceBytes);
  if (!in.ok() || format != kSealedVersion || in.rest().size() < kMacBytes) return std::nullopt;
  std::memcpy(view.nonce.data(), nonce.data(), kNonceBytes);
  view.cipher = in.rest();
  return view;
}

// The nonce depends on the plaintext too: an entropy source that repeats itself (a resumed snapshot
// of a machine) cannot make one nonce serve two plaintexts.
Bytes sealHedged(const Secret& key, TreeVersion version, ByteView aad, ByteView plain,
                 Entropy& entropy) {
  ByteArray<32> luck;
  entropy.fill(luck);
  ByteArray<32> hash = blake2b256(key, {bytesOf("nonce"), aad, plain, luck});
  Nonce nonce;
  std::memcpy(nonce.data(), hash.data(), nonce.size());
  ByteWriter out(plain.size() + kSealedOverhead);
  out.u8(kSealedVersion).u64(version.raw()).raw(nonce);
  Bytes sealed = out.take();
  sealInto(sealed, key, nonce, aad, plain);
  return sealed;
}

Bytes pageAad(const LedgerId& ledger, const Node& node, TreeVersion version) {
  ByteWriter out(8 + LedgerId::kSize + 1 + 8 + 8);
  out.raw("kt.page1").raw(ledger.view()).u8(static_cast<std::uint8_t>(node.level));
  return out.u64(node.index).u64(version.raw()).take();
}

Bytes anchorAad(const LedgerId& ledger, std::uint8_t holder, TreeVersion version) {
  ByteWriter out(10 + LedgerId::kSize + 1 + 8);
  return out.raw("kt.anchor1").raw(ledger.view()).u8(holder).u64(version.raw()).take();
}

std::optional<WipedBytes> openHedged(const Secret& key, const SealedView& sealed, ByteView aad) {
  std::optional<Bytes> plain = openSealed(key, sealed.nonce, aad, sealed.cipher);
  if (!plain) return std::nullopt;
  return WipedBytes(std::move(*plain));
}

ByteArray<14> childMessage(const Node& child) {
  ByteArray<14> message{'k', 't', '.', 'n', '1', static_cast<std::uint8_t>(child.level)};
  const ByteArray<8> index = key64(child.index);
  std::memcpy(message.data() + 6, index.data(), index.size());
  return message;
}

bool allZero(ByteView bytes) {
  std::uint8_t any = 0;
  for (const std::uint8_t byte : bytes) any = static_cast<std::uint8_t>(any | byte);
  return any == 0;
}

}  // namespace

Secret deriveChild(const Secret& parent, const Node& child) {
  return deriveKey(parent, {childMessage(child)});
}

void ChildSeeds::add(const Secret& parent, const Node& child, std::optional<Secret>& into) {
  if (count_ == kMost) derive();
  parents_[count_] = parent.clone();
  messages_[count_] = childMessage(child);
  into_[count_++] = &into;
}

void ChildSeeds::derive() {
  std::array<KeyedMessage, kMost> jobs;
  ByteArray<kMost * Secret::kSize> made;
  for (std::size_t i = 0; i < count_; ++i) jobs[i] = {parents_[i].view(), messages_[i]};
  const auto out = std::span(made).first(count_ * Secret::kSize);
  blake2bEach(std::span(jobs).first(count_), Secret::kSize, out);
  for (std::size_t i = 0; i < count_; ++i) {
    into_[i]->emplace(ByteView(out).subspan(i * Secret::kSize, Secret::kSize));
  }
  wipe(out);
  count_ = 0;
}

Secret deriveDown(const Secret& seed, const Node& from, const Node& to) {
  LACUNA_ASSERT(from.covers(to), "a seed derives only what it covers");
  Secret key = seed.clone();
  for (unsigned level = from.level; level > to.level; --level) {
    key = deriveChild(key, to.above(level - 1));
  }
  return key;
}

WipedBytes encodePage(const Page& page) {
  std::uint32_t bitmap = 0;
  for (const Entry& child : page.children) {
    bitmap = (bitmap << 2) | static_cast<std::uint32_t>(child.type);
  }
  ByteWriter out(kPagePlainMax);  // never grows, so that no copy of a seed stays behind
  out.u64(page.version.raw()).u32(bitmap);
  for (const Entry& child : page.children) {
    if (child.type != EntryType::dead) out.raw(child.key.view());
  }
  return WipedBytes(out.take());
}

std::optional<Page> parsePage(ByteView plain, unsigned level) {
  if (level < 1 || level > kTreeHeight) return std::nullopt;
  ByteReader in(plain);
  Page page;
  page.version = TreeVersion(in.u64());
  const std::uint32_t bitmap = in.u32();
  if (!in.ok() || bitmap == 0) return std::nullopt;  // a page of the dead only is never written
  for (unsigned c = 0; c < kTreeFanout; ++c) {
    const std::uint32_t type = (bitmap >> (2 * (kTreeFanout - 1 - c))) & 3;
    if (type == 0) continue;
    if (type == 3 || (type == 2 && level == 1)) return std::nullopt;  // a leaf has no page
    const ByteView key = in.raw(Secret::kSize);
    if (!in.ok()) return std::nullopt;
    page.children[c] = Entry{static_cast<EntryType>(type), Secret(key)};
  }
  if (!in.done()) return std::nullopt;
  return page;
}

WipedBytes encodeAnchor(const Anchor& anchor) {
  static constexpr ByteArray<32> kZeros{};
  ByteWriter out(kAnchorPlainBytes);
  out.u8(kAnchorShape).u8(kTreeFanout).u8(kTreeHeight).u64(anchor.version.raw());
  out.u8(static_cast<std::uint8_t>(anchor.top.type));
  const bool keyed = anchor.top.type != EntryType::dead;
  out.raw(keyed ? anchor.top.key.view() : ByteView(kZeros));
  const Anchor::Carried carried = anchor.erasure.value_or(Anchor::Carried{});
  out.raw(carried.erasure.view()).u32(carried.part).u8(anchor.erasure ? 1 : 0).raw(kZeros);
  LACUNA_ASSERT(out.size() == kAnchorPlainBytes, "an anchor has one length");
  return WipedBytes(out.take());
}

std::optional<Anchor> parseAnchor(ByteView plain) {
  ByteReader in(plain);
  if (in.u8() != kAnchorShape || in.u8() != kTreeFanout || in.u8() != kTreeHeight) {
    return std::nullopt;
  }
  Anchor anchor;
  anchor.version = TreeVersion(in.u64());
  const std::uint8_t type = in.u8();
  const ByteView key = in.raw(Secret::kSize);
  const ErasureId erasure = in.digest<ErasureId>();
  const std::uint32_t part = in.u32();
  const std::uint8_t carries = in.u8();
  const ByteView reserved = in.raw(32);
  if (!in.done() || type > 2 || carries > 1 || !allZero(reserved)) return std::nullopt;
  if (type == 0 && !allZero(key)) return std::nullopt;
  if (carries == 0 && (part != 0 || !allZero(erasure.view()))) return std::nullopt;
  anchor.top = Entry{static_cast<EntryType>(type), Secret(key)};
  if (carries == 1) anchor.erasure = Anchor::Carried{erasure, part};
  return anchor;
}

Bytes sealPage(const LedgerId& ledger, const Node& node, const Page& page, const Secret& key,
               Entropy& entropy) {
  const WipedBytes plain = encodePage(page);
  return sealHedged(key, page.version, pageAad(ledger, node, page.version), plain.view(), entropy);
}

std::optional<Page> openPage(const LedgerId& ledger, const Node& node, const Secret& key,
                             ByteView sealed) {
  const std::optional<SealedView> view = splitSealed(sealed);
  if (!view) return std::nullopt;
  const auto plain = openHedged(key, *view, pageAad(ledger, node, view->version));
  if (!plain) return std::nullopt;
  std::optional<Page> page = parsePage(plain->view(), node.level);
  if (!page || page->version != view->version) return std::nullopt;
  return page;
}

Bytes sealAnchor(const LedgerId& ledger, std::uint8_t holder, const Anchor& anchor,
                 const Secret& root, Entropy& entropy) {
  const WipedBytes plain = encodeAnchor(anchor);
  const Bytes aad = anchorAad(ledger, holder, anchor.version);
  return sealHedged(root, anchor.version, aad, plain.view(), entropy);
}

std::optional<Anchor> openAnchor(const LedgerId& ledger, std::uint8_t holder, const Secret& root,
                                 ByteView sealed) {
  const std::optional<SealedView> view = splitSealed(sealed);
  if (!view) return std::nullopt;
  const auto plain = openHedged(root, *view, anchorAad(ledger, holder, view->version));
  if (!plain) return std::nullopt;
  std::optional<Anchor> anchor = parseAnchor(plain->view());
  if (!anchor || anchor->version != view->version) return std::nullopt;
  return anchor;
}

Secret rootOf(const Secret& factor, const LedgerId& ledger, std::uint8_t holder,
              TreeVersion version) {
  ByteWriter message(8 + LedgerId::kSize + 1 + 8 + 1);
  message.raw("kt.root1").raw(ledger.view()).u8(holder).u64(version.raw()).u8(1);
  return deriveKey(factor, {message.view()});
}

}  // namespace lacuna
