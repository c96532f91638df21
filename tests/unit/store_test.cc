#include "ledger/store/store.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/tiles.h"
#include "ledger/store/blocks.h"
#include "ledger/store/log_source.h"
#include "tests/support/faulty_fs.h"
#include "tests/support/log_maker.h"
#include "tests/support/scratch.h"

#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include <atomic>
#include <map>
#include <thread>

namespace lacuna {
namespace {

// What should be in the store: the groups as they were given.
struct Model {
  std::vector<Bytes> records;
  std::vector<std::optional<Bytes>> envelopes;
  std::map<std::uint64_t, ContentDigest> ids;
  TreeBuilder tree;
  std::map<std::pair<unsigned, std::uint64_t>, Bytes> tiles;

  void take(const Group& group) {
    for (std::size_t i = 0; i < group.records.size(); ++i) {
      records.push_back(group.records[i]);
      envelopes.push_back(group.envelopes[i]);
      tree.append(leafHash(group.records[i]), [&](const TileHash& at) {
        Bytes& tile = tiles[{at.level, at.index / kTileWidth}];
        tile.insert(tile.end(), at.hash.begin(), at.hash.end());
      });
    }
    for (const GroupId& id : group.ids) ids[group.first.raw() + id.index] = id.content;
  }
};

struct World {
  explicit World(std::size_t runEvents = 0) : env(disk.env()), maker(7) {
    options.env = env.get();  // of a healthy disk that does not wait for syncs
    options.directory = dir.path() / "log";
    options.runEvents = runEvents;
    store = std::move(*Store::create(options, maker.ledger()));
  }
  void grow(const GroupShape& shape, Sync sync = Sync::yes) {
    const Group group = maker.next(shape);
    model.take(group);
    store->apply(group, sync);
  }
  void reopen() {
    store.reset();
    auto opened = Store::open(options);
    REQUIRE(opened);
    store = std::move(*opened);
  }
  test::Scratch dir;
  FaultyFs disk;
  std::unique_ptr<rocksdb::Env> env;
  LogMaker maker;
  StoreOptions options;
  Model model;
  std::unique_ptr<Store> store;
};

void checkRecords(const Store& store, const Model& model) {
  REQUIRE(store.size() == TreeSize(model.records.size()));
  std::vector<Seq> seqs;
  for (std::uint64_t seq = 0; seq < model.records.size(); seq += 1 + seq % 7) {
    REQUIRE(store.record(Seq(seq)) == model.records[seq]);
    REQUIRE(store.envelope(Seq(seq)) == model.envelopes[seq]);
    seqs.insert(seqs.begin(), Seq(seq));  // in descending order: any order is allowed
  }
  const auto pairs = store.pairs(seqs);
  for (std::size_t i = 0; i < seqs.size(); ++i) {
    REQUIRE(pairs[i].record == model.records[seqs[i].raw()]);
    REQUIRE(pairs[i].envelope == model.envelopes[seqs[i].raw()]);
  }
  std::uint64_t seen = 0;
  store.scanPairs(Seq(0), store.size(), [&](Seq seq, ByteView record, auto envelope) {
    REQUIRE(seq.raw() == seen);
    REQUIRE(sameBytes(record, model.records[seen]));
    REQUIRE(envelope.has_value() == model.envelopes[seen].has_value());
    if (envelope) REQUIRE(sameBytes(*envelope, *model.envelopes[seen]));
    ++seen;
    return true;
  });
  REQUIRE(seen == model.records.size());
  REQUIRE_FALSE(store.record(Seq(seen)));
}

void checkTiles(const Store& store, const Model& model) {
  for (const auto& [at, hashes] : model.tiles) {
    const auto width = static_cast<unsigned>(hashes.size() / 32);
    REQUIRE(store.tile(at.first, at.second, width) == hashes);
    REQUIRE(store.tile(at.first, at.second, 1) == Bytes(hashes.begin(), hashes.begin() + 32));
    REQUIRE_FALSE(store.tile(at.first, at.second, width + 1));
  }
  if (model.records.empty()) return;
  const auto root = rootFromTiles([&](unsigned level, std::uint64_t index,
                                      unsigned width) { return store.tile(level, index, width); },
                                  store.size());
  REQUIRE(root);
  REQUIRE(*root == model.tree.root());
  REQUIRE(store.lastLeaf() == leafHash(model.records.back()));
}

void checkIndexes(const Store& store, const Model& model) {
  std::vector<Tag> tags;
  for (std::uint64_t seq = 0; seq < model.records.size() + 3; ++seq) tags.push_back(madeTag(seq));
  const auto found = store.findTags(tags);
  for (std::uint64_t seq = 0; seq < tags.size(); ++seq) {
    const bool there = seq < model.records.size();
    REQUIRE(found[seq] == (there ? std::optional(Seq(seq)) : std::nullopt));
    if (seq % 5 == 0) REQUIRE(store.findTag(tags[seq]) == found[seq]);
    const auto hit = store.findId(madeId(seq));
    const auto id = model.ids.find(seq);
    REQUIRE(hit.has_value() == (id != model.ids.end()));
    if (hit) REQUIRE((hit->seq == Seq(seq) && hit->content == id->second));
  }
}

void checkAll(const Store& store, const Model& model) {
  checkRecords(store, model);
  checkTiles(store, model);
  checkIndexes(store, model);
}

}  // namespace

TEST_CASE("what was applied reads back, in groups of every size", "[store][P1][P2]") {
  World world;
  REQUIRE(world.store->size() == TreeSize(0));
  checkAll(*world.store, world.model);
  for (const std::size_t events : {1, 1, 15, 16, 17, 1, 300, 33, 512}) {
    world.grow({.events = events, .envelopesOf4 = static_cast<unsigned>(events % 5), .idsOf4 = 3});
    if (events < 300) checkAll(*world.store, world.model);
  }
  checkAll(*world.store, world.model);
  world.reopen();
  checkAll(*world.store, world.model);
  world.grow({.events = 40, .computed = false});  // tags and leaves are computed
  checkAll(*world.store, world.model);
}

TEST_CASE("single-event groups stand in blocks of one", "[store]") {
  World world;
  for (int i = 0; i < 300; ++i) world.grow({.envelopesOf4 = 2}, Sync::no);
  REQUIRE(world.store->size() == TreeSize(0));  // readable, and not yet durable
  REQUIRE(world.store->record(Seq(299)));
  world.grow({});
  checkAll(*world.store, world.model);
  world.reopen();
  checkAll(*world.store, world.model);
}

TEST_CASE("indexes move into sorted runs and are complete at every moment", "[store][P7][P11]") {
  World world(200);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> known = 0;
  std::thread reader([&] {  // a reader sees everything applied before it asked
    std::uint64_t at = 0;
    while (!stop) {
      const std::uint64_t end = known;
      if (end == 0) continue;
      at = (at + 37) % end;
      if (world.store->findTag(madeTag(at)) != Seq(at)) std::abort();
      if (world.store->record(Seq(at)) == std::nullopt) std::abort();
    }
  });
  for (int i = 0; i < 60; ++i) {
    world.grow({.events = 30});
    known = world.model.records.size();
  }
  stop = true;
  reader.join();
  checkAll(*world.store, world.model);
  world.reopen();
  checkAll(*world.store, world.model);
  world.grow({.events = 700});  // more than a run in one group
  world.grow({.events = 1});
  checkAll(*world.store, world.model);
}

TEST_CASE("an id given again later means the later event", "[store][P11]") {
  World world(64);
  Group group = world.maker.next({.events = 1});
  group.ids = {{0, madeId(1'000'000), {}}};
  world.model.take(group);
  world.store->apply(group, Sync::yes);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) world.grow({.events = 20});  // the first one goes into a run
    Group again = world.maker.next({.events = 3});
    again.ids = {{1, madeId(1'000'000), *ContentDigest::from(Bytes(16, 9))},
                 {2, madeId(1'000'000), *ContentDigest::from(Bytes(16, 8))}};
    world.model.take(again);
    world.store->apply(again, Sync::yes);
    const Seq later(world.model.records.size() - 1);
    CHECK(world.store->findId(madeId(1'000'000))->seq == later);
    world.reopen();
    CHECK(world.store->findId(madeId(1'000'000))->seq == later);
  }
}

TEST_CASE("dropped derived rows are rebuilt to the same meaning", "[store][P7]") {
  World world(500);
  for (const std::size_t events : {256, 1, 999, 2048, 3}) world.grow({.events = events});
  SECTION("by command") {
    world.store->rebuildDerived();
    checkAll(*world.store, world.model);
    world.grow({.events = 20});
    world.reopen();
    checkAll(*world.store, world.model);
  }
  const auto withRaw = [&](const std::function<void(rocksdb::DB&, const std::string&,
                                                    rocksdb::ColumnFamilyHandle*)>& act) {
    world.store.reset();
    const std::string path = world.options.directory.string();
    std::vector<std::string> names;
    REQUIRE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    REQUIRE(rocksdb::DB::Open({}, path, families, &handles, &db).ok());
    for (std::size_t i = 0; i < names.size(); ++i) act(*db, names[i], handles[i]);
    for (auto* handle : handles) REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
    delete db;
  };
  SECTION("a run beyond the log's end") {
    withRaw([&](rocksdb::DB& db, const std::string& name, rocksdb::ColumnFamilyHandle* handle) {
      if (name != "derived") return;
      const auto beyond = key64(1'000'000);
      const rocksdb::Slice value(reinterpret_cast<const char*>(beyond.data()), beyond.size());
      REQUIRE(db.Put({}, handle, "run", value).ok());
    });
    world.reopen();
    checkAll(*world.store, world.model);
  }
  SECTION("one tile missing inside the tree") {
    withRaw([&](rocksdb::DB& db, const std::string& name, rocksdb::ColumnFamilyHandle* handle) {
      if (name != "tiles") return;
      const std::string key = std::string(8, '\0') + '\2';
      REQUIRE(db.Delete({}, handle, key).ok());
    });
    world.reopen();
    checkAll(*world.store, world.model);
  }
  const auto one = GENERATE(as<std::string>(), "tiles", "tags", "idindex", "derived", "all");
  DYNAMIC_SECTION("families gone: " << one) {
    withRaw([&](rocksdb::DB& db, const std::string& name, rocksdb::ColumnFamilyHandle* handle) {
      const bool derived =
          name == "tiles" || name == "tags" || name == "idindex" || name == "derived";
      if (derived && (one == "all" || one == name)) REQUIRE(db.DropColumnFamily(handle).ok());
    });
    world.reopen();
    checkAll(*world.store, world.model);
  }
  DYNAMIC_SECTION("rows gone: " << one) {
    withRaw([&](rocksdb::DB& db, const std::string& name, rocksdb::ColumnFamilyHandle* handle) {
      const bool derived =
          name == "tiles" || name == "tags" || name == "idindex" || name == "derived";
      if (!derived || (one != "all" && one != name)) return;
      const std::string end(32, '\xff');
      REQUIRE(db.DeleteRange({}, handle, "", end).ok());
    });
    world.reopen();
    checkAll(*world.store, world.model);
  }
}

TEST_CASE("rows beside the log are written, removed and scanned in order", "[store]") {
  World world;
  Group group = world.maker.next({.events = 2});
  group.rows = {{Table::persons, subjectRowKey(Slot(5)), Bytes{1}},
                {Table::persons, aliasRowKey(Slot(5), LeafNo(1)), Bytes{2}},
                {Table::persons, aliasRowKey(Slot(4), LeafNo(9)), Bytes{3}},
                {Table::documents, Bytes(32, 7), Bytes(5000, 8)},
                {Table::persons, aliasRowKey(Slot(5), LeafNo(1)), std::nullopt}};
  world.model.take(group);
  world.store->apply(group, Sync::yes);
  const RowChange note{Table::checkpoints, Bytes(8, 0), Bytes{9}};
  world.store->applyRows({&note, 1});
  const std::vector<RowChange> targets = {{Table::persons, targetsRowKey(Slot(1), 2), Bytes{4}},
                                          {Table::persons, fenceRowKey(Slot(1), 0), Bytes{5}}};
  world.store->applyRows(targets);
  world.reopen();
  CHECK(world.store->row(Table::persons, subjectRowKey(Slot(5))) == Bytes{1});
  CHECK_FALSE(world.store->row(Table::persons, aliasRowKey(Slot(5), LeafNo(1))));
  CHECK(world.store->row(Table::documents, Bytes(32, 7)) == Bytes(5000, 8));
  CHECK(StoreLogSource(*world.store).checkpoints() == std::vector<std::string>{"\x09"});
  std::vector<Bytes> keys;
  world.store->scan(Table::persons, {}, [&](ByteView key, ByteView) {
    keys.emplace_back(key.begin(), key.end());
    return true;
  });
  CHECK(keys == std::vector<Bytes>{aliasRowKey(Slot(4), LeafNo(9)), fenceRowKey(Slot(1), 0),
                                   subjectRowKey(Slot(5)), targetsRowKey(Slot(1), 2)});
  CHECK(world.store->freeDiskBytes() > 0);
}

TEST_CASE("a second opening, a wrong version and a foreign directory are refused", "[store]") {
  World world;
  world.grow({.events = 3});
  CHECK(Store::open(world.options).refusal().code == RefusalCode::alreadyRunning);
  CHECK(Store::create(world.options, world.maker.ledger()).refusal().code ==
        RefusalCode::alreadyRunning);
  world.store.reset();
  CHECK(Store::create(world.options, world.maker.ledger()).refusal().code ==
        RefusalCode::alreadyExists);
  StoreOptions elsewhere = world.options;
  elsewhere.directory = world.dir.path() / "nothing";
  CHECK(Store::open(elsewhere).refusal().code == RefusalCode::notFound);
  CHECK_FALSE(std::filesystem::exists(elsewhere.directory));

  const std::string path = world.options.directory.string();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  std::vector<std::string> names;
  REQUIRE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
  for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  REQUIRE(rocksdb::DB::Open({}, path, families, &handles, &db).ok());
  rocksdb::ColumnFamilyHandle* later = nullptr;
  REQUIRE(db->CreateColumnFamily({}, "of-a-later-version", &later).ok());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != "meta") continue;
    REQUIRE(db->Put({}, handles[i], "format", rocksdb::Slice("\0\0\0\2", 4)).ok());
  }
  handles.push_back(later);
  for (auto* handle : handles) REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
  delete db;
  CHECK(Store::open(world.options).refusal().code == RefusalCode::unknownVersion);
}

TEST_CASE("a copied log is verified without a byte being written to it", "[store][P1]") {
  World world(300);
  for (const std::size_t events : {256, 700, 44}) world.grow({.events = events});
  world.store.reset();  // files must not move under the copy; what is in the WAL stays there
  StoreOptions copy = world.options;
  copy.directory = world.dir.path() / "copy";
  copy.readOnly = true;
  std::filesystem::copy(world.options.directory, copy.directory);
  const auto listing = [&] {
    std::map<std::string, std::pair<std::uintmax_t, std::filesystem::file_time_type>> out;
    for (const auto& file : std::filesystem::directory_iterator(copy.directory)) {
      out[file.path().filename()] = {file.file_size(), file.last_write_time()};
    }
    return out;
  };
  const auto before = listing();
  {
    auto opened = Store::open(copy);
    REQUIRE(opened);
    checkRecords(**opened, world.model);
    checkTiles(**opened, world.model);
    CHECK((*opened)->ledger() == world.maker.ledger());
    CHECK_THROWS_AS((*opened)->apply(world.maker.next({}), Sync::yes), Bug);
  }
  CHECK(listing() == before);
}

TEST_CASE("a group that does not continue the log is a bug and changes nothing", "[store][P1]") {
  World world;
  world.grow({.events = 20});
  LogMaker other(8);
  CHECK_THROWS_AS(world.store->apply(other.next({.events = 20}), Sync::yes), Bug);  // wrong seq
  CHECK_THROWS_AS(world.store->apply(other.next({.events = 5}), Sync::yes), Bug);   // wrong link
  Group twice = world.maker.next({.events = 2});
  std::swap(twice.records[0], twice.records[1]);
  CHECK_THROWS_AS(world.store->apply(twice, Sync::yes), Bug);
  checkAll(*world.store, world.model);
  std::swap(twice.records[0], twice.records[1]);
  world.model.take(twice);
  world.store->apply(twice, Sync::yes);
  checkAll(*world.store, world.model);
}

TEST_CASE("damaged blocks are left out for the verifier and are faults to everyone else",
          "[store][P1]") {
  World world;
  for (int i = 0; i < 4; ++i) world.grow({.events = 16});
  world.store.reset();
  const auto flip = [&](const std::string& family, std::uint64_t key,
                        const std::function<void(std::string&)>& change) {
    const std::string path = world.options.directory.string();
    std::vector<std::string> names;
    REQUIRE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    REQUIRE(rocksdb::DB::Open({}, path, families, &handles, &db).ok());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != family) continue;
      const auto bytes = key64(key);
      const rocksdb::Slice at(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      std::string value;
      REQUIRE(db->Get({}, handles[i], at, &value).ok());
      change(value);
      REQUIRE(db->Put({}, handles[i], at, value).ok());
    }
    for (auto* handle : handles) REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
    delete db;
  };
  const auto seen = [&] {
    std::vector<std::uint64_t> out;
    StoreLogSource(*world.store).scan(Seq(0), TreeSize(1000), [&](const LogEntry& entry) {
      out.push_back(entry.seq.raw());
      return true;
    });
    return out;
  };
  SECTION("a length inside a block: the records before it are seen") {
    flip("records", 16, [](std::string& block) { block[1 + 3 * 107] = '\x7f'; });
    CHECK(Store::open(world.options).refusal().code == RefusalCode::tampered);
    CHECK(Store::open(world.options).refusal().message.find("(seq 19)") != std::string::npos);
    world.options.readOnly = true;
    world.reopen();
    const auto found = seen();
    CHECK(found.size() == 64 - 13);
    CHECK(found[18] == 18);
    CHECK(found[19] == 32);
    CHECK(world.store->record(Seq(15)));
    CHECK_THROWS_AS(world.store->record(Seq(20)), Fault);
    CHECK_THROWS_AS(
        world.store->scanRecords(Seq(0), world.store->size(), [](Seq, ByteView) { return true; }),
        Fault);
  }
  SECTION("bytes behind a block's end") {
    flip("records", 16, [](std::string& block) { block += "more"; });
    world.options.readOnly = true;
    world.reopen();
    CHECK(seen().size() == 63);
    CHECK_THROWS_AS(world.store->record(Seq(20)), Fault);
  }
  SECTION("the last block: refused, and open to the verifier") {
    flip("records", 48, [](std::string& block) { block[5] = static_cast<char>(block[5] ^ 1); });
    CHECK(Store::open(world.options).refusal().code == RefusalCode::tampered);
    world.options.readOnly = true;
    world.reopen();
    CHECK(world.store->size() == TreeSize(64));
    CHECK(seen().size() == 64);
  }
  SECTION("an envelope block") {
    flip("envelopes", 16, [](std::string& block) { block.resize(block.size() / 2); });
    world.reopen();
    CHECK(seen().size() == 64);
    CHECK(world.store->envelope(Seq(3)));
    CHECK_THROWS_AS(world.store->envelope(Seq(16)), Fault);
  }
}

TEST_CASE("a flipped byte in a file of the database is a gap to the verifier", "[store][P1]") {
  World world;
  for (int i = 0; i < 8; ++i) world.grow({.events = 512});
  world.reopen();  // what was in the write-ahead log is in files now
  world.store.reset();
  std::size_t damaged = 0;
  for (const auto& file : std::filesystem::directory_iterator(world.options.directory)) {
    if (file.path().extension() != ".sst" || file.file_size() < 100'000) continue;
    std::FILE* handle = std::fopen(file.path().c_str(), "r+b");
    std::fseek(handle, static_cast<long>(file.file_size() / 2), SEEK_SET);
    const int byte = std::fgetc(handle);
    std::fseek(handle, -1, SEEK_CUR);
    std::fputc(byte ^ 0x40, handle);
    std::fclose(handle);
    ++damaged;
  }
  REQUIRE(damaged >= 2);  // records, envelopes
  world.options.readOnly = true;
  world.reopen();
  std::uint64_t last = 0, visited = 0, bare = 0;
  StoreLogSource(*world.store).scan(Seq(0), world.store->size(), [&](const LogEntry& entry) {
    last = entry.seq.raw();
    bare += !entry.envelope;
    return ++visited, true;
  });
  CHECK(last == 4095);
  CHECK(visited < 4096);
  CHECK(visited > 3900);
  CHECK(bare > 0);
}

TEST_CASE("after the first failed write nothing more is acknowledged, and reading goes on",
          "[store][P8]") {
  World world;
  world.grow({.events = 30});
  const auto way = GENERATE(FaultWay::notDone, FaultWay::done, FaultWay::torn);
  world.disk.failAt(1, way);
  const Group lost = world.maker.next({.events = 10});
  CHECK_THROWS_AS(world.store->apply(lost, Sync::yes), Fault);
  CHECK(world.disk.fired());
  CHECK_THROWS_AS(world.store->apply(lost, Sync::yes), Fault);
  CHECK_THROWS_AS(world.store->applyRows({}), Fault);
  CHECK_THROWS_AS(world.store->rebuildDerived(), Fault);
  checkAll(*world.store, world.model);
}

TEST_CASE("a file that could not be removed is never written into", "[store][P1]") {
  World world(50);
  // Fails each change of the disk in turn while a run is written, taken in, and its first name removed.
  for (std::uint64_t n = 1; n < 40; n += 3) {
    world.disk.failAt(n, FaultWay::notDone);
    try {
      for (int i = 0; i < 4; ++i) world.grow({.events = 40});
    } catch (const Fault&) {
      world.model = {};
      world.maker = LogMaker(7);
    }
    world.disk.failAt(0, FaultWay::notDone);
    world.store.reset();
    if (world.model.records.empty()) {  // begin again: what stood is the crash tests' business
      std::filesystem::remove_all(world.options.directory);
      world.store = std::move(*Store::create(world.options, world.maker.ledger()));
    } else {
      world.store = std::move(*Store::open(world.options));
      checkAll(*world.store, world.model);
    }
  }
}

TEST_CASE("a group is a value: its bytes applied elsewhere give the same log", "[store][P1]") {
  World world;
  World replica;
  for (const std::size_t events : {1, 40, 300}) {
    Group group = world.maker.next({.events = events, .envelopesOf4 = 3});
    group.rows = {{Table::persons, subjectRowKey(Slot(events)), Bytes{1, 2}},
                  {Table::persons, subjectRowKey(Slot(0)), std::nullopt}};
    const Bytes bytes = encodeGroup(group);
    const auto decoded = decodeGroup(bytes);
    REQUIRE(decoded);
    CHECK(encodeGroup(*decoded) == bytes);
    world.model.take(group);
    replica.store->apply(*decoded, Sync::yes);
  }
  checkAll(*replica.store, world.model);
}

TEST_CASE("a group's bytes are read strictly", "[store]") {
  LogMaker maker(9);
  Group group = maker.next({.events = 3});
  group.rows = {{Table::meta, Bytes{1}, Bytes{2}}};
  const Bytes good = encodeGroup(group);
  REQUIRE(decodeGroup(good));
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    REQUIRE_FALSE(decodeGroup(ByteView(good).first(cut)));
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_FALSE(decodeGroup(longer));
  Bytes version = good;
  version[0] = 2;
  CHECK(decodeGroup(version).refusal().code == RefusalCode::unknownVersion);
  Bytes many = good;
  many[9] = 0xff;
  CHECK_FALSE(decodeGroup(many));
  Group odd = group;
  odd.ids = {{1, madeId(1), {}}, {0, madeId(2), {}}};
  CHECK_FALSE(decodeGroup(encodeGroup(odd)));
  odd.ids = {{3, madeId(1), {}}};
  CHECK_FALSE(decodeGroup(encodeGroup(odd)));
}

TEST_CASE("blocks are read strictly", "[store]") {
  CHECK_FALSE(decodeRecordBlock({}));
  CHECK_FALSE(decodeRecordBlock(Bytes{0}));
  CHECK_FALSE(decodeEnvelopeBlock({}));
  CHECK_FALSE(decodeEnvelopeBlock(Bytes{1, 0, 0, 0, 9, 1}));
  CHECK(decodeEnvelopeBlock(Bytes{2, 0, 0, 0, 0, 0, 0, 0, 1, 7}));
  CHECK_FALSE(decodeIds(Bytes{0, 0}));
  const std::vector<GroupId> ids = {{0, madeId(1), {}}, {4, madeId(2), {}}};
  Bytes row = encodeIds(ids);
  REQUIRE(decodeIds(row));
  CHECK(encodeIds(*decodeIds(row)) == row);
  row[1] = 1;
  CHECK_FALSE(decodeIds(row));
}

}  // namespace lacuna
