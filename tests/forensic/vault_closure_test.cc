// What an adversary gets who has every ciphertext ever written to keys/ and the root.ks of today.
//
// The adversary below is written from FORMAT.md 8 and 9 with libsodium alone and shares no code with the
// vault: it opens whatever any key it has opens, derives whatever derives, until nothing new is found.
// The controls break one rule each and must bring the erased back (or lose the living); they are composed
// here from the parts of a transaction, since the product has no switch for them.
#include "ledger/base/limits.h"
#include "ledger/vault/key_tree.h"
#include "ledger/vault/root_store.h"
#include "ledger/vault/vault.h"
#include "tests/support/keys_look.h"
#include "tests/support/vault_world.h"

#include <catch2/catch.hpp>
#include <rocksdb/db.h>
#include <sodium.h>

#include <fstream>
#include <map>
#include <random>
#include <set>

using namespace lacuna;
using namespace lacuna::test;

namespace {

namespace fs = std::filesystem;

using Lot = std::pair<std::uint64_t, std::uint16_t>;
using Row = std::pair<std::string, std::string>;  // key and value as RocksDB has them

// ---- the adversary ----

class Adversary {
 public:
  Adversary(std::string ledger, const std::set<Row>& everWritten, const std::string& rootFile)
      : ledger_(std::move(ledger)) {
    for (const Row& row : everWritten) {
      if (row.first[0] == 'A') anchors_.push_back(row);
      if (row.first[0] == 'K') pages_.push_back({row, false});
    }
    takeRoots(rootFile);
    for (std::size_t next = 0; next < keys_.size(); ++next) {
      for (Page& page : pages_) tryPage(page, std::string(keys_[next]));
    }
  }

  // Whether the lot's true key follows from anything found.
  bool has(const Lot& lot, const std::string& trueKeyHex) const {
    const std::uint64_t leaf = lot.first * 4096 + lot.second;
    for (unsigned level = 0; level <= 12; ++level) {
      const auto found = seeds_.find({level, leaf >> (4 * level)});
      if (found == seeds_.end()) continue;
      for (std::string seed : found->second) {
        for (unsigned l = level; l > 0; --l) seed = child(seed, l - 1, leaf >> (4 * (l - 1)));
        if (hexOf(bytesOf(seed)) == trueKeyHex) return true;
      }
    }
    return false;
  }

  std::size_t rootsFound = 0;

 private:
  static std::string number(std::uint64_t v) {
    std::string out;
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift));
    return out;
  }
  static std::uint64_t numberAt(const std::string& text, std::size_t at) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8; ++i) v = v << 8 | static_cast<unsigned char>(text.at(at + i));
    return v;
  }
  static const unsigned char* raw(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  static std::string keyed(const std::string& key, const std::string& message) {
    std::string out(32, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), 32, raw(message),
                       message.size(), raw(key), key.size());
    return out;
  }
  static std::string child(const std::string& seed, unsigned level, std::uint64_t index) {
    return keyed(seed, "kt.n1" + std::string(1, static_cast<char>(level)) + number(index));
  }
  static std::string unseal(const std::string& key, const std::string& aad,
                            const std::string& value) {
    if (value.size() < 49) return {};
    std::string plain(value.size() - 49, '\0');
    const int result = crypto_aead_xchacha20poly1305_ietf_decrypt(
        reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, raw(value) + 33,
        value.size() - 33, raw(aad), aad.size(), raw(value) + 9, raw(key));
    return result == 0 ? plain : std::string();
  }

  // Every 32 bytes of root.ks could be a factor, or a root itself.
  void takeRoots(const std::string& file) {
    for (const Row& anchor : anchors_) {
      const std::string version = anchor.second.substr(1, 8);
      const std::string holder = anchor.first.substr(1, 1);
      bool opened = false;
      for (const std::size_t slot : {0U, 4096U}) {
        for (std::size_t at = slot; at < slot + 160; ++at) {
          const std::string window = file.substr(at, 32);
          opened = tryAnchor(anchor, version, window) || opened;
          // The factor may belong to any version that the file names.
          const std::string named = file.substr(slot + 32, 8);
          opened =
              tryAnchor(anchor, version,
                        keyed(window, "kt.root1" + ledger_ + holder + named + std::string(1, 1))) ||
              opened;
        }
      }
      if (opened) ++rootsFound;
    }
  }
  bool tryAnchor(const Row& anchor, const std::string& version, const std::string& root) {
    const std::string plain =
        unseal(root, "kt.anchor1" + ledger_ + anchor.first.substr(1, 1) + version, anchor.second);
    if (plain.empty()) return false;
    learn(plain[11], 12, 0, plain.substr(12, 32));
    return true;
  }

  struct Page {
    Row row;
    bool opened = false;
  };
  // Any key at any page: a key that was used twice shows here.
  void tryPage(Page& page, const std::string& key) {
    if (page.opened) return;
    const auto& [address, value] = page.row;
    const auto level = static_cast<unsigned>(address[1]);
    const std::string aad = "kt.page1" + ledger_ + address.substr(1, 9) + value.substr(1, 8);
    const std::string plain = unseal(key, aad, value);
    if (plain.empty()) return;
    page.opened = true;
    std::size_t at = 12;
    for (unsigned c = 0; c < 16; ++c) {
      const int type = static_cast<unsigned char>(plain.at(8 + c / 4)) >> (6 - 2 * (c % 4)) & 3;
      if (type == 0) continue;
      learn(type, level - 1, numberAt(address, 2) * 16 + c, plain.substr(at, 32));
      at += 32;
    }
  }
  void learn(int type, unsigned level, std::uint64_t index, const std::string& key) {
    if (type == 1) seeds_[{level, index}].insert(key);
    if (known_.insert(key).second) keys_.push_back(key);
  }

  std::string ledger_;
  std::vector<Row> anchors_;
  std::vector<Page> pages_;
  std::vector<std::string> keys_;  // in the order in which they were found
  std::set<std::string> known_;
  std::map<std::pair<unsigned, std::uint64_t>, std::set<std::string>> seeds_;
};

std::string textOfFile(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {(std::istreambuf_iterator<char>(in)), {}};
}

std::string ledgerText() { return std::string(textOf(someLedger().view())); }

// ---- the product, watched ----

void readRows(const fs::path& database, std::set<Row>& into) {
  const std::unique_ptr<rocksdb::DB> db = test::lookAtKeys(database);
  const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(rocksdb::ReadOptions()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const std::string key = rows->key().ToString();
    if (key[0] == 'K' || key[0] == 'A') into.insert({key, rows->value().ToString()});
  }
}

struct Tally {
  std::size_t erased = 0, living = 0;            // how many there are
  std::size_t erasedFound = 0, livingFound = 0;  // how many of them the adversary has
};

Tally tally(const Adversary& adversary, const std::map<Lot, std::string>& keys,
            const std::set<Lot>& dead) {
  Tally out;
  for (const auto& [lot, key] : keys) {
    const bool found = adversary.has(lot, key);
    (dead.contains(lot) ? out.erased : out.living) += 1;
    (dead.contains(lot) ? out.erasedFound : out.livingFound) += found ? 1 : 0;
  }
  return out;
}

}  // namespace

TEST_CASE("every ciphertext ever written and the root of today do not give one erased key",
          "[forensic][P5]") {
  const auto seed = GENERATE(1, 2, 3);
  CAPTURE(seed);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  const ScratchDirectory scratch;
  VaultOptions options = vaultIn(scratch.path());
  options.healing = seed == 1 ? Healing::off : Healing::everyErasure;
  std::set<Row> everWritten;
  std::string breakAt;
  options.onStep = [&](std::string_view step) {
    if (step.starts_with("erase.")) readRows(options.directory / "db", everWritten);
    if (step == breakAt) throw Fault("power cut");
  };
  auto vault = madeVault(options, 64);
  readRows(options.directory / "db", everWritten);
  std::map<Lot, std::string> keys;
  for (std::uint64_t slot = 0; slot < 64; ++slot) {
    for (std::uint16_t leaf = 0; leaf < 6; ++leaf) {
      keys[{slot, leaf}] = hexOfKey(vault->lotKey(Slot(slot), LeafNo(leaf)));
    }
  }
  std::set<Lot> dead;
  const std::string cuts[] = {"",
                              "",
                              "",
                              "erase.root.after",
                              "erase.tree.before",
                              "erase.tree.after",
                              "erase.wipe.before",
                              "erase.wipe.after"};
  for (std::uint64_t number = 1; number <= 20; ++number) {
    std::vector<EraseTarget> targets;
    for (std::uint64_t i = 0; i <= random() % 3; ++i) {
      const std::uint64_t slot = random() % 64;
      const auto leaf = static_cast<std::uint16_t>(random() % 6);
      const bool whole = random() % 4 == 0;
      targets.push_back({Slot(slot), whole ? std::nullopt : std::optional(LeafNo(leaf))});
      for (std::uint16_t n = 0; n < 6; ++n) {
        if (whole || n == leaf) dead.insert({slot, n});
      }
    }
    breakAt = cuts[random() % std::size(cuts)];
    try {
      vault->erase(targets, erasureNumber(number), 0);
    } catch (const Fault&) {
      breakAt.clear();
      vault.reset();
      vault = std::move(*Vault::open(options));
      vault->erase(targets, erasureNumber(number), 0);
    }
  }
  vault.reset();
  const Adversary adversary(ledgerText(), everWritten, textOfFile(options.directory / "root.ks"));
  const Tally got = tally(adversary, keys, dead);
  REQUIRE(got.erased > 30);
  REQUIRE(got.living > 50);
  CHECK(got.erasedFound == 0);
  CHECK(got.livingFound == got.living);  // so the adversary does know how to look
  CHECK(adversary.rootsFound == 1);
}

namespace {

// ---- transactions put together by hand, with one rule broken ----

enum class Broken {
  nothing,
  pageKeyReused,
  parentKeyReused,
  rootNotRotated,
  oldSlotNotWiped,
  pagesBeforeRoot,
};

class ByHand {
 public:
  explicit ByHand(Broken broken) : broken_(broken), entropy_(11) {
    roots_ = RootStore::create(scratch_ / "root.ks", someLedger(), 0, entropy_);
    top_.type = EntryType::seed;
    entropy_.fill({top_.key.data(), Secret::kSize});
    root_ = roots_->prepare(version_);
    roots_->promote();
    seal({});
  }

  std::string key(const Lot& lot) const {
    return hexOf(at(lotNode(Slot(lot.first), LeafNo(lot.second))).key.view());
  }

  void erase(const Lot& lot) {
    const TreeVersion next(version_.raw() + 1);
    const FreshKey fresh = [&](const Node& node) { return keyFor(node); };
    Rekeyed made = rekey(view(), top_, next, {{lotNode(Slot(lot.first), LeafNo(lot.second))}, {}},
                         fresh, entropy_);
    version_ = next;
    top_ = std::move(made.top);
    if (broken_ == Broken::pagesBeforeRoot) {
      root_ = freshKeyFrom(entropy_)(kTopNode);  // the root of a slot that is not on the disk yet
      seal(made);
      return;  // power cut
    }
    if (broken_ != Broken::rootNotRotated) root_ = roots_->prepare(next);
    seal(made);
    if (broken_ == Broken::rootNotRotated) return;
    roots_->promote();
    if (broken_ != Broken::oldSlotNotWiped) roots_->wipeSpare();
  }

  Adversary adversary() const {
    return Adversary(ledgerText(), everWritten_, textOfFile(scratch_ / "root.ks"));
  }
  // Who has only what stands now: the vault itself at its next start.
  Adversary owner() const {
    std::set<Row> now;
    for (const auto& [key, value] : rows_) now.insert({key, value});
    return Adversary(ledgerText(), now, textOfFile(scratch_ / "root.ks"));
  }

 private:
  static std::string rowKey(const Node& node) {
    ByteWriter out;
    out.u8('K').u8(static_cast<std::uint8_t>(node.level)).u64(node.index);
    return std::string(textOf(out.view()));
  }
  TreeView view() const { return {ledger_, version_, pages_}; }
  Entry at(const Node& node) const { return descend(view(), kTopNode, top_, node); }

  Secret keyFor(const Node& node) {
    const bool reuse = (broken_ == Broken::pageKeyReused && node.level == 1) ||
                       (broken_ == Broken::parentKeyReused && node.level == 2);
    if (reuse && rows_.contains(rowKey(node))) return at(node).key.clone();
    return freshKeyFrom(entropy_)(node);
  }
  void put(const std::string& key, const Bytes& value) {
    rows_[key] = std::string(textOf(value));
    everWritten_.insert({key, rows_[key]});
  }
  void seal(const Rekeyed& made) {
    for (const Node& node : made.removed) rows_.erase(rowKey(node));
    for (const SealedNode& page : made.pages) put(rowKey(page.node), page.sealed);
    put(std::string("A\0", 2),
        sealAnchor(ledger_, 0, {version_, top_.clone(), {}}, root_, entropy_));
  }

  const Broken broken_;
  const LedgerId ledger_ = someLedger();
  ScratchDirectory scratch_;
  SeededEntropy entropy_;
  std::unique_ptr<RootStore> roots_;
  TreeVersion version_{1};
  Entry top_;
  Secret root_;
  std::map<std::string, std::string> rows_;
  std::set<Row> everWritten_;
  const PageSource pages_ = [this](const Node& node) -> std::optional<Bytes> {
    const auto found = rows_.find(rowKey(node));
    if (found == rows_.end()) return std::nullopt;
    const ByteView bytes = bytesOf(found->second);
    return Bytes(bytes.begin(), bytes.end());
  };
};

struct Findings {
  Tally byAll, byOwner;
};

// Lots 0..5 of slots 2 and 3; four of them die in turn, two in the page of one another.
Findings findingsOf(Broken broken) {
  ByHand hand(broken);
  std::map<Lot, std::string> keys;
  for (const std::uint64_t slot : {2U, 3U}) {
    for (std::uint16_t leaf = 0; leaf < 6; ++leaf) keys[{slot, leaf}] = hand.key({slot, leaf});
  }
  std::set<Lot> dead;
  for (const Lot& lot : {Lot{2, 0}, Lot{2, 1}, Lot{3, 4}, Lot{2, 3}}) {
    hand.erase(lot);
    dead.insert(lot);
    if (broken == Broken::pagesBeforeRoot) break;
  }
  return {tally(hand.adversary(), keys, dead), tally(hand.owner(), keys, dead)};
}

}  // namespace

TEST_CASE("each rule of an erasure is needed: broken, the adversary or the loss shows it",
          "[forensic][P5]") {
  const Findings right = findingsOf(Broken::nothing);
  CHECK(right.byAll.erased == 4);
  CHECK(right.byAll.erasedFound == 0);
  CHECK(right.byAll.livingFound == right.byAll.living);
  CHECK(right.byOwner.livingFound == right.byOwner.living);

  for (const Broken broken : {Broken::pageKeyReused, Broken::parentKeyReused,
                              Broken::rootNotRotated, Broken::oldSlotNotWiped}) {
    CAPTURE(static_cast<int>(broken));
    CHECK(findingsOf(broken).byAll.erasedFound > 0);
  }
  // Pages under a root that is not durable: a power cut loses everybody.
  CHECK(findingsOf(Broken::pagesBeforeRoot).byOwner.livingFound == 0);
}
