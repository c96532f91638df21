// P6, attacked: with every backup of the log ever taken, read row by row with RocksDB itself, and the final keys,
// is a record of an erased person linked to another one of the same person? What P6 names may remain.
#include "ledger/record/record.h"
#include "ledger/store/store.h"
#include "tests/support/sweep_run.h"
#include "tests/support/world.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <map>
#include <random>
#include <set>

namespace lacuna::ledgertest {
namespace {

namespace fs = std::filesystem;
using test::Envelopes;

constexpr int kPersons = 130, kErased = 110, kRounds = 4;

std::string nameOf(int n) { return "crm:" + std::to_string(1000 + n); }

using Table = std::map<std::string, std::string>;  // key -> value

struct Row {
  std::string family, key;
};

// What a copy of the log tells whoever opens it without keys.
struct Copy {
  std::map<std::string, Table> tables;
  std::vector<std::vector<Row>> writes;  // what was written at once, in order: the write-ahead log
};

class Rows final : public rocksdb::WriteBatch::Handler {
 public:
  Rows(const std::map<std::uint32_t, std::string>& names, std::vector<Row>& out)
      : names_(names), out_(out) {}
  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice&) override {
    out_.push_back({names_.at(family), key.ToString()});
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    out_.push_back({names_.at(family), key.ToString()});
    return rocksdb::Status::OK();
  }

 private:
  const std::map<std::uint32_t, std::string>& names_;
  std::vector<Row>& out_;
};

Copy read(const fs::path& log) {
  Copy out;
  std::vector<std::string> names;
  REQUIRE(rocksdb::DB::ListColumnFamilies(rocksdb::Options(), log.string(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const auto opened =
      rocksdb::DB::OpenForReadOnly(rocksdb::DBOptions(), log.string(), families, &handles, &raw);
  INFO(opened.ToString());
  REQUIRE(opened.ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::map<std::uint32_t, std::string> ids;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    ids[handles[i]->GetID()] = names[i];
    const std::unique_ptr<rocksdb::Iterator> rows(
        db->NewIterator(rocksdb::ReadOptions(), handles[i]));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next())
      out.tables[names[i]][rows->key().ToString()] = rows->value().ToString();
  }
  std::unique_ptr<rocksdb::TransactionLogIterator> updates;
  if (db->GetUpdatesSince(0, &updates).ok()) {
    for (; updates->Valid(); updates->Next()) {
      Rows rows(ids, out.writes.emplace_back());
      REQUIRE(updates->GetBatch().writeBatchPtr->Iterate(&rows).ok());
    }
  }
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  return out;
}

// A ledger in which everybody does the same, in another order each time; copies are taken on the way.
struct Attacked {
  World world;
  std::map<std::uint64_t, int> whose;  // the truth: seq -> person
  std::map<std::uint64_t, int> rounds;
  std::map<std::uint64_t, Bytes> envelopes;  // as they were
  std::map<int, std::uint64_t> slots;        // person -> slot
  std::vector<Copy> copies;

  Attacked() {
    std::mt19937_64 random(11);
    for (int round = 0; round < kRounds; ++round) {
      std::vector<int> order;
      for (int n = 0; n < kPersons; ++n) order.push_back(n);
      std::shuffle(order.begin(), order.end(), random);
      std::vector<std::string> lines;
      for (const int n : order) {
        const std::string id = R"(,"id":")" + std::to_string(round) + "-" + nameOf(n) + "\"";
        // Another class in one round, so that the subject's row is written again.
        lines.push_back(round == 2 ? consent(nameOf(n), "given", id) : collect(nameOf(n), id));
      }
      const std::vector<EventResult> results = world.submit(lines);
      for (std::size_t i = 0; i < order.size(); ++i) {
        REQUIRE(results[i]);
        const Seq seq = results[i]->seq;
        whose[seq.raw()] = order[i];
        rounds[seq.raw()] = round;
        envelopes[seq.raw()] = world.ledger().store().envelope(seq).value();
      }
    }
    world.ledger().signCheckpoint();
    for (int n = 0; n < kPersons; ++n) {
      slots[n] = world.sequencer().people().find(nameOf(n))->raw();
    }
    take();
    for (int n = 0; n < kErased; ++n) {
      REQUIRE(world.erase(nameOf(n)));
      if (n == 0 || n == 1 || n == kErased / 2) take();  // around one erasure, and on the way
    }
    take();
    REQUIRE(test::sweep(world.ledger()));
    take();
  }

  void take() {
    world.close();
    copies.push_back(read(world.options().data / "log"));
    world.open();
  }
};

// The windows of 8 bytes of a text; not those that are mostly alike, such as the zeros of a number.
std::set<std::string> windowsOf(ByteView bytes) {
  std::set<std::string> out;
  const std::string_view text = textOf(bytes);
  for (std::size_t at = 0; at + 8 <= text.size(); ++at) {
    const std::string_view window = text.substr(at, 8);
    if (std::set<char>(window.begin(), window.end()).size() >= 6) out.emplace(window);
  }
  return out;
}

}  // namespace

TEST_CASE("copies of the log, of any age, link no two records of an erased person",
          "[forensic][P6]") {
  Attacked attacked;
  World& world = attacked.world;
  REQUIRE(attacked.copies.size() == 6);
  Store& store = world.ledger().store();

  SECTION("an erasure changes nothing of what stands beside a record") {
    for (std::size_t i = 1; i + 1 < attacked.copies.size(); ++i) {
      CAPTURE(i);
      for (const char* family : {"records", "envelopes", "ids"}) {
        for (const auto& [key, value] : attacked.copies[i - 1].tables.at(family)) {
          const Table& later = attacked.copies[i].tables.at(family);
          const auto found = later.find(key);
          CHECK((found != later.end() && found->second == value));
        }
      }
      // What goes are rows of slots: a nameless number each, and no row that names a record.
      for (const auto& [key, value] : attacked.copies[i - 1].tables.at("persons")) {
        if (attacked.copies[i].tables.at("persons").count(key) > 0) continue;
        CHECK((key[0] == 'S' || key[0] == 'A' || key[0] == 'T' || key[0] == 'H'));
      }
    }
  }

  SECTION("the sweep takes what all of them had at once, and nothing that tells them apart") {
    const Envelopes now = test::envelopesOf(store);
    // What the last copy lacks of the one before it, told from the copies alone.
    std::set<std::uint64_t> removed, expected;
    for (const std::uint64_t seq : now.missing) {
      if (attacked.whose.count(seq) > 0) removed.insert(seq);
    }
    for (const auto& [seq, n] : attacked.whose) {
      if (n < kErased) expected.insert(seq);
    }
    CHECK(removed == expected);
    CHECK(attacked.copies.back().tables.at("envelopes") !=
          attacked.copies[attacked.copies.size() - 2].tables.at("envelopes"));
  }

  SECTION("two records of one person share no bytes that others do not share") {
    std::map<std::string, std::set<int>> who;  // window -> persons
    std::map<std::string, int> times;
    for (const auto& [seq, n] : attacked.whose) {
      Bytes all = *store.record(Seq(seq));
      const Bytes& envelope = attacked.envelopes.at(seq);
      all.insert(all.end(), envelope.begin(), envelope.end());
      for (const std::string& window : windowsOf(all)) {
        who[window].insert(n);
        ++times[window];
      }
    }
    std::size_t linking = 0;
    for (const auto& [window, persons] : who) {
      if (persons.size() == 1 && times[window] > 1) ++linking;
    }
    CHECK(linking == 0);
  }

  SECTION("nor do their ids, or the sizes of their envelopes") {
    std::set<std::string> entries;
    for (const auto& [key, value] : attacked.copies[0].tables.at("ids")) {
      for (std::size_t at = 4; at + 16 <= value.size(); at += 34)
        CHECK(entries.insert(value.substr(at, 16)).second);
    }
    // Everybody did the same: so every envelope of a round has the same size.
    std::map<std::uint64_t, std::set<std::size_t>> sizes;
    for (const auto& [seq, envelope] : attacked.envelopes)
      sizes[static_cast<std::uint64_t>(attacked.rounds.at(seq))].insert(envelope.size());
    CHECK(sizes.size() == kRounds);
    for (const auto& [round, distinct] : sizes) {
      CAPTURE(round, distinct.size());
      CHECK(distinct.size() <= 1);
    }
  }

  SECTION("the order in which rows were written is that of their numbers, not of the records") {
    std::size_t groups = 0;
    for (const Copy& copy : attacked.copies) {
      for (const std::vector<Row>& write : copy.writes) {
        std::vector<std::string> rows;
        for (const Row& row : write) {
          if (row.family == "persons") rows.push_back(row.key);
        }
        if (rows.size() < 2) continue;
        ++groups;
        CHECK(std::is_sorted(rows.begin(), rows.end()));
      }
    }
    CHECK(groups >= 2);
  }

  SECTION("nor are the numbers of new slots those of the records that admitted: they are drawn") {
    std::map<int, std::size_t> rank;  // by the records that admitted
    for (const auto& [seq, n] : attacked.whose) {
      if (attacked.rounds.at(seq) == 0) rank.emplace(n, rank.size());
    }
    std::map<std::uint64_t, int> owners;  // by the rows that a group wrote first
    for (const auto& [n, slot] : attacked.slots) owners[slot] = n;
    REQUIRE(owners.size() == rank.size());
    const std::size_t last = owners.size() - 1;
    std::size_t up = 0, down = 0, next = 0;
    double apart = 0;
    for (const auto& [slot, owner] : owners) {
      std::string key = "S";
      for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(slot >> shift);
      CHECK(attacked.copies[0].tables.at("persons").count(key) == 1);
      const std::size_t at = rank.at(owner);
      if (at == next) ++up;
      if (at == last - next) ++down;
      const double distance = static_cast<double>(at) - static_cast<double>(next++);
      apart += distance * distance;
    }
    // Who pairs them off, from either end, is right about once; and the two orders have nothing in common.
    const auto n = static_cast<double>(owners.size());
    const double correlation = 1 - 6 * apart / (n * (n * n - 1));
    CAPTURE(up, down, correlation);
    CHECK(up < 10);
    CHECK(down < 10);
    CHECK(std::abs(correlation) < 0.5);
  }

  SECTION("no key that is left derives one of their tags") {
    const std::set<std::uint64_t> readable = test::readable(world.ledger());
    for (const auto& [seq, n] : attacked.whose) {
      if (n >= kErased) CHECK(readable.count(seq) == 1);
    }
    for (const std::uint64_t seq : test::envelopesOf(store).missing)
      CHECK(readable.count(seq) == 0);
  }
}

}  // namespace lacuna::ledgertest
