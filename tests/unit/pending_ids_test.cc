#include "ledger/pending_ids.h"

#include <catch2/catch.hpp>

#include <map>
#include <random>

namespace lacuna {
namespace {

IdEntry entryOf(std::uint64_t home, std::uint64_t number) {
  IdEntry entry;
  std::memcpy(entry.bytes.data(), &home, sizeof home);
  std::memcpy(entry.bytes.data() + 8, &number, sizeof number);
  return entry;
}

}  // namespace

TEST_CASE("an id is pending from its decision until its group is durable", "[P11]") {
  PendingIds ids;
  ids.put(entryOf(1, 1), {Seq(10), {}});
  ids.closeGroup(1);
  ids.put(entryOf(1, 2), {Seq(11), {}});
  ids.closeGroup(2);
  ids.committed(1);
  CHECK(ids.find(entryOf(1, 1)) == nullptr);
  REQUIRE(ids.find(entryOf(1, 2)) != nullptr);
  CHECK(ids.find(entryOf(1, 2))->seq == Seq(11));
  ids.committed(2);
  CHECK(ids.size() == 0);
}

TEST_CASE("pending ids are those of a plain map, whatever collides", "[P11]") {
  std::mt19937_64 random(7);
  PendingIds ids;
  std::map<IdEntry, Seq> model;
  std::vector<std::vector<IdEntry>> groups;
  std::uint64_t number = 0;
  for (std::uint64_t group = 1; group <= 200; ++group) {
    std::vector<IdEntry>& mine = groups.emplace_back();
    for (std::uint64_t i = random() % 40; i > 0; --i) {
      // Few homes, some of them the last ones: chains that collide and wrap around.
      const std::uint64_t home =
          random() % 2 == 0 ? random() % 5 : ~std::uint64_t{0} - random() % 3;
      const IdEntry entry = entryOf(home, number);
      ids.put(entry, {Seq(number), {}});
      model[entry] = Seq(number++);
      mine.push_back(entry);
    }
    ids.closeGroup(group);
    if (group < 30 || random() % 3 != 0) continue;
    const std::uint64_t durable = group - random() % 25;
    ids.committed(durable);
    for (std::uint64_t done = 0; done < durable; ++done) {
      for (const IdEntry& entry : groups[done]) {
        model.erase(entry);
        CHECK(ids.find(entry) == nullptr);
      }
      groups[done].clear();
    }
    REQUIRE(ids.size() == model.size());
    for (const auto& [entry, seq] : model) {
      REQUIRE(ids.find(entry) != nullptr);
      CHECK(ids.find(entry)->seq == seq);
    }
  }
}

}  // namespace lacuna
