#include "ledger/proof/tiles.h"

#include <catch2/catch.hpp>

using namespace lacuna;

TEST_CASE("paths of tiles are those of C2SP", "[P1]") {
  const std::vector<std::pair<TileId, std::string>> known = {
      {{0, 0, 256}, "tile/0/000"},
      {{0, 5, 256}, "tile/0/005"},
      {{0, 999, 7}, "tile/0/999.p/7"},
      {{1, 1000, 256}, "tile/1/x001/000"},
      {{63, 1234067, 255}, "tile/63/x001/x234/067.p/255"},
      {{std::nullopt, 123456078, 256}, "tile/entries/x123/x456/078"},
      {{std::nullopt, 3057500, 1}, "tile/entries/x003/x057/500.p/1"},
      {{2, 999999999999999999, 256}, "tile/2/x999/x999/x999/x999/x999/999"}};
  for (const auto& [tile, path] : known) {
    CHECK(pathOf(tile) == path);
    CHECK(tileOfPath(path) == tile);
  }
}

TEST_CASE("a tile has one path and no other", "[P1]") {
  const std::vector<std::string> wrong = {"",
                                          "tile",
                                          "tile/",
                                          "tile/0",
                                          "tile/0/",
                                          "tile/0/0",
                                          "tile/0/00",
                                          "tile/0/0000",
                                          "tile/0/000/",
                                          "tile/00/000",
                                          "tile/01/000",
                                          "tile/64/000",
                                          "tile/-1/000",
                                          "tile/99999999999999999999/000",
                                          "tile//000",
                                          "/tile/0/000",
                                          "tile/0/000.p",
                                          "tile/0/000.p/",
                                          "tile/0/000.p/0",
                                          "tile/0/000.p/256",
                                          "tile/0/000.p/01",
                                          "tile/0/000.p/1/",
                                          "tile/0/000.p/1x",
                                          "tile/0/000.p/99999999999",
                                          "tile/0/x000/000",
                                          "tile/0/x000/x001/000",
                                          "tile/0/x001",
                                          "tile/0/x001/",
                                          "tile/0/x001/x000",
                                          "tile/0/001/000",
                                          "tile/0/123/456/078",
                                          "tile/0/x12a/000",
                                          "tile/0/ 00",
                                          "tile/0/+00",
                                          "tile/entrie/000",
                                          "tile/entries000",
                                          "tile/entries/x001/x000/x000/x000/x000/x000/000",
                                          "tile/data/000",
                                          "tile/8/0/000",
                                          std::string("tile/0/000\0", 11)};
  for (const std::string& path : wrong) {
    CAPTURE(path);
    CHECK_FALSE(tileOfPath(path));
  }
}

TEST_CASE("the widths of tiles follow from the tree's size", "[P1]") {
  const TreeSize size(70000);
  CHECK(tileWidth(0, 0, size) == 256);
  CHECK(tileWidth(0, 272, size) == 256);
  CHECK(tileWidth(0, 273, size) == 112);
  CHECK(tileWidth(0, 274, size) == 0);
  CHECK(tileWidth(1, 0, size) == 256);
  CHECK(tileWidth(1, 1, size) == 17);
  CHECK(tileWidth(1, 2, size) == 0);
  CHECK(tileWidth(2, 0, size) == 1);
  CHECK(tileWidth(3, 0, size) == 0);
  CHECK(tileWidth(0, 0, TreeSize(0)) == 0);
  CHECK(tileWidth(0, 0, TreeSize(256)) == 256);
  CHECK(tileWidth(0, 1, TreeSize(256)) == 0);
  CHECK(tileWidth(1, 0, TreeSize(256)) == 1);
  CHECK(tileWidth(2, 0, TreeSize(65536)) == 1);
  CHECK(tileWidth(7, 0, TreeSize(~0ULL)) == 255);
  CHECK(tileWidth(8, 0, TreeSize(~0ULL)) == 0);
  CHECK(tileWidth(63, 0, TreeSize(~0ULL)) == 0);
  CHECK(tileWidth(0, ~0ULL, TreeSize(~0ULL)) == 0);
  CHECK(tileWidth(0, ~0ULL / 256, TreeSize(~0ULL)) == 255);
}

TEST_CASE("bundles hold exactly the entries of their width", "[P1]") {
  const std::vector<Bytes> entries = {Bytes{}, Bytes{1}, Bytes(65535, 7)};
  const Bytes bundle = encodeBundle(entries);
  CHECK(bundle.size() == 3 * 2 + 1 + 65535);
  CHECK(decodeBundle(bundle, 3).value() == entries);
  CHECK_FALSE(decodeBundle(bundle, 2));
  CHECK_FALSE(decodeBundle(bundle, 4));
  CHECK_FALSE(decodeBundle(ByteView(bundle).first(bundle.size() - 1), 3));
  CHECK_FALSE(decodeBundle(ByteView(bundle).first(1), 1));
  CHECK(decodeBundle({}, 0).value().empty());
  CHECK_FALSE(decodeBundle({}, 1));
  const std::vector<Bytes> many(256, Bytes{9});
  CHECK(decodeBundle(encodeBundle(many), 256).value() == many);
  CHECK_FALSE(decodeBundle(Bytes(2 * 257), 257));
  CHECK_THROWS_AS(encodeBundle(std::vector<Bytes>(257)), Bug);
  CHECK_THROWS_AS(encodeBundle(std::vector<Bytes>{Bytes(65536)}), Bug);
}
