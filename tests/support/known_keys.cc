#include "tests/support/known_keys.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/ledger.h"
#include "ledger/record/envelope.h"
#include "ledger/record/record.h"
#include "ledger/vault/holder.h"
#include "tests/support/scratch.h"

#include <fstream>

namespace lacuna::test {
namespace {

namespace fs = std::filesystem;

void keep(Secrets& secrets, const std::string& what, ByteView secret) {
  secrets[what].emplace_back(secret.begin(), secret.end());
}

// The keys of single events, and what they are sealed with.
void keepEventKeys(Secrets& secrets, Ledger& ledger, Slot slot) {
  for (const LotHandle& lot : ledger.sequencer().people().lotsOf(slot)) {
    const std::optional<Secret> lotKey = ledger.vault().lotKey(slot, lot.leaf);
    if (!lotKey) throw std::runtime_error("an open lot without a key");
    ledger.store().scanPairs(Seq(0), ledger.store().size(),
                             [&](Seq, ByteView bytes, std::optional<ByteView> envelope) {
                               const Result<Record> record = decodeRecord(bytes);
                               if (!record || !envelope) return true;
                               const Bytes head = encodeHead(*record);
                               Nonce nonce;
                               std::memcpy(nonce.data(), envelope->data() + 1, nonce.size());
                               const Secret e = eventKey(*lotKey, nonce, head);
                               if (!openEventWithKey(e, head, *envelope)) return true;
                               keep(secrets, "event", e.view());
                               keep(secrets, "event", deriveKey(e, {bytesOf("key")}).view());
                               return true;
                             });
  }
}

void keepBelow(Secrets& secrets, const Node& person, const Secret& seed) {
  keep(secrets, "person", seed.view());
  for (unsigned c = 0; c < kTreeFanout; ++c) {
    const Node middle = person.child(c);
    const Secret above = deriveChild(seed, middle);
    keep(secrets, "person", above.view());
    for (unsigned d = 0; d < kTreeFanout; ++d) {
      const Node near = middle.child(d);
      const Secret key = deriveChild(above, near);
      keep(secrets, "near", key.view());
      for (unsigned leaf = 0; leaf < kTreeFanout; ++leaf)
        keep(secrets, "lot", deriveChild(key, near.child(leaf)).view());
    }
  }
}

// Every key from the root down to each lot that the person may ever have.
void keepTreeKeys(Secrets& secrets, Holder& holder, const LiveAnchor& live, Slot slot) {
  const auto slots = holder.roots->load();
  const Secret& factor = slots[live.place]->factor;
  keep(secrets, "root", factor.view());
  keep(secrets, "root", rootOf(factor, holder.ledger, holder.number, live.anchor.version).view());
  const PageSource pages = [&](const Node& node) { return holder.db->get(pageRowKey(node)); };
  const TreeView tree{holder.ledger, live.anchor.version, pages};
  for (unsigned level = kTreeHeight; level > kPersonLevel; --level) {
    const Entry entry = descend(tree, kTopNode, live.anchor.top, slotNode(slot).above(level));
    keep(secrets, "path", entry.key.view());
  }
  const Entry person = descend(tree, kTopNode, live.anchor.top, slotNode(slot));
  if (person.type != EntryType::seed) throw std::runtime_error("something of the person is dead");
  keepBelow(secrets, slotNode(slot), person.key);
}

}  // namespace

std::vector<Secrets> secretsOf(const fs::path& data, const std::vector<std::string>& persons) {
  const Scratch copy;
  fs::create_directories(copy / "data");
  for (const char* part : {"log", "keys"})
    fs::copy(data / part, copy / "data" / part, fs::copy_options::recursive);
  std::vector<Secrets> out(persons.size());
  std::vector<Slot> slots;
  {
    LedgerOptions options;
    options.data = copy / "data";
    options.allowWeakErasure = true;
    auto ledger = Ledger::open(options);
    if (!ledger) throw std::runtime_error("the copy does not open: " + ledger.refusal().message);
    for (std::size_t i = 0; i < persons.size(); ++i) {
      slots.push_back((*ledger)->sequencer().resolve(persons[i]).value());
      keepEventKeys(out[i], **ledger, slots.back());
    }
  }
  auto holder = openHolder(copy / "data" / "keys", nullptr, systemEntropy());
  if (!holder) throw std::runtime_error("the copied keys do not open");
  const auto live = findLive(**holder);
  if (!live) throw std::runtime_error("no root opens the copied keys");
  for (std::size_t i = 0; i < persons.size(); ++i) keepTreeKeys(out[i], **holder, *live, slots[i]);
  return out;
}

std::vector<Bytes> factorsIn(const fs::path& rootStore) {
  std::ifstream in(rootStore, std::ios::binary);
  const Bytes content((std::istreambuf_iterator<char>(in)), {});
  std::vector<Bytes> out;
  for (std::size_t place = 0; place + kRootSlotBytes <= content.size(); place += kRootSlotBytes) {
    const auto slot = parseRootSlot(ByteView(content).subspan(place, kRootSlotBytes));
    if (!slot) continue;
    const ByteView factor = slot->factor.view();
    out.emplace_back(factor.begin(), factor.end());
  }
  return out;
}

}  // namespace lacuna::test
