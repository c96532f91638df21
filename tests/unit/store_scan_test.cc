// Rows beside the log, walked by a prefix of their keys.
#include "ledger/store/store.h"
#include "tests/support/scratch.h"

#include <catch2/catch.hpp>

namespace lacuna {

TEST_CASE(
    "a scan ends where its prefix ends, whatever byte that ends with and whatever was deleted",
    "[store]") {
  const test::Scratch dir;
  StoreOptions options;
  options.directory = dir.path() / "log";
  const std::unique_ptr<Store> store = std::move(*Store::create(options, LedgerId{}));
  const Bytes high(4, 0xff);
  const std::vector<Bytes> keys{aliasRowKey(Slot(255), LeafNo(1)),
                                aliasRowKey(Slot(256), LeafNo(1)),
                                aliasRowKey(Slot(257), LeafNo(1)), high};
  std::vector<RowChange> rows;
  for (const Bytes& key : keys) rows.push_back({Table::persons, key, Bytes{1}});
  store->applyRows(rows);
  const RowChange gone{Table::persons, keys[1], std::nullopt};
  store->applyRows({&gone, 1});
  const auto found = [&](const Bytes& prefix) {
    std::vector<Bytes> out;
    store->scan(Table::persons, prefix, [&](ByteView key, ByteView) {
      out.emplace_back(key.begin(), key.end());
      return true;
    });
    return out;
  };
  const auto ofSlot = [](std::uint64_t slot) { return ByteWriter().u8('A').u64(slot).take(); };
  CHECK(found(ofSlot(255)) == std::vector<Bytes>{keys[0]});  // its prefix ends in 0xff
  CHECK(found(ofSlot(256)).empty());
  CHECK(found(Bytes{'A'}) == std::vector<Bytes>{keys[0], keys[2]});
  CHECK(found(Bytes(2, 0xff)) == std::vector<Bytes>{high});  // nothing comes after it
  CHECK(found({}) == std::vector<Bytes>{keys[0], keys[2], high});
}

}  // namespace lacuna
