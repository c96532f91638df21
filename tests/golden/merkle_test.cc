// The published vectors of RFC 6962 trees (transparency-dev/merkle), and roots made by an own second method.
#include "ledger/proof/merkle.h"

#include "ledger/proof/tiles.h"
#include "tests/support/trees.h"

#include <catch2/catch.hpp>

using namespace lacuna;
using namespace lacuna::test;

namespace {

const std::vector<std::string> kEightLeaves = {"",
                                               "00",
                                               "10",
                                               "2021",
                                               "3031",
                                               "40414243",
                                               "5051525354555657",
                                               "606162636465666768696a6b6c6d6e6f"};

MemoryTree eightLeaves(std::size_t count) {
  MemoryTree tree;
  for (std::size_t i = 0; i < count; ++i) tree.append(leafHash(*bytesOfHex(kEightLeaves[i])));
  return tree;
}

std::vector<NodeHash> hashesOf(const std::vector<std::string>& base64) {
  std::vector<NodeHash> out;
  for (const std::string& text : base64) {
    const Bytes bytes = *bytesOfBase64(text);
    REQUIRE(bytes.size() == 32);
    std::memcpy(out.emplace_back().data(), bytes.data(), 32);
  }
  return out;
}

}  // namespace

TEST_CASE("hashes are those of RFC 6962", "[P1]") {
  CHECK(hexOf(emptyRoot().view()) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hexOf(leafHash({}).view()) ==
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(hexOf(leafHash(bytesOf("L123456")).view()) ==
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  CHECK(hexOf(nodeHash(bytesOf("N123"), bytesOf("N456"))) ==
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
  CHECK(base64Of(leafHash(bytesOf("hello world")).view()) ==
        "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=");
}

TEST_CASE("the eight published leaves give the published leaf hashes and roots", "[P1]") {
  const std::vector<std::string> leafHashes = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
      "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
      "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
      "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1"};
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  for (std::size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    CHECK(hexOf(leafHash(*bytesOfHex(kEightLeaves[i])).view()) == leafHashes[i]);
    CHECK(hexOf(eightLeaves(i + 1).root().view()) == roots[i]);
  }
}

TEST_CASE("inclusion proofs are the published ones", "[P1]") {
  struct Probe {
    std::uint64_t index, size;
    std::vector<std::string> proof;
  };
  const std::vector<Probe> probes = {{0,
                                      8,
                                      {"lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
                                       "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                                       "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ="}},
                                     {5,
                                      8,
                                      {"vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
                                       "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
                                       "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc="}},
                                     {2, 3, {"+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU="}},
                                     {1,
                                      5,
                                      {"bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
                                       "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                                       "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="}}};
  for (const Probe& probe : probes) {
    CAPTURE(probe.index, probe.size);
    const MemoryTree tree = eightLeaves(8);
    const auto proof = proveInclusion(tree.tiles(), Seq(probe.index), TreeSize(probe.size));
    REQUIRE(proof);
    CHECK(*proof == hashesOf(probe.proof));
    CHECK(verifyInclusion(tree.leaves()[probe.index], Seq(probe.index), TreeSize(probe.size),
                          *proof, eightLeaves(probe.size).root()));
  }
}

TEST_CASE("consistency proofs are the published ones", "[P1]") {
  struct Probe {
    std::uint64_t older, newer;
    std::vector<std::string> proof;
  };
  const std::vector<Probe> probes = {{1,
                                      8,
                                      {"lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
                                       "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                                       "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ="}},
                                     {6,
                                      8,
                                      {"DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
                                       "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
                                       "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc="}},
                                     {2,
                                      5,
                                      {"Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
                                       "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="}},
                                     {6,
                                      7,
                                      {"DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
                                       "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=",
                                       "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc="}}};
  for (const Probe& probe : probes) {
    CAPTURE(probe.older, probe.newer);
    const auto proof =
        proveConsistency(eightLeaves(8).tiles(), TreeSize(probe.older), TreeSize(probe.newer));
    REQUIRE(proof);
    CHECK(*proof == hashesOf(probe.proof));
    CHECK(verifyConsistency(TreeSize(probe.older), eightLeaves(probe.older).root(),
                            TreeSize(probe.newer), eightLeaves(probe.newer).root(), *proof));
  }
}

TEST_CASE("roots at the borders of tiles are those of a second implementation", "[P1]") {
  const std::vector<std::pair<std::uint64_t, std::string>> roots = {
      {1, "1bb97dcc21635d47e2663efdfd0a174686d98dd701352dd2cd06e8b43fd3d305"},
      {255, "d71592a219d4067663eede247f9b54c3f9e0290682d55de09b495b07f1de41c9"},
      {256, "cf5effdb11d0927a2edf53b0e73c7837f659414e00537da5d90eb5c4c49ff274"},
      {257, "855b936aa00cb98b5114484249ad39d78a6be93623e26c01e8e487dc02184a5a"},
      {65535, "b592480df20f0dd456e39db9cdb0a1fa85f3617ec2d30cffc52760c38776f393"},
      {65536, "e100ba54d69a91012fc13b7890feac78d6996a097268b6f735d17311c7402a60"},
      {65537, "689b22742cab2adeb36ba622ff2736336464858f5de4a2c02f33bf163e7dca5f"},
      {70000, "da0532ff7b2ee56f4067110fc964e9f27b5959f9527bfff3fa501aa7584deaf3"}};
  MemoryTree tree;
  for (const auto& [size, root] : roots) {
    while (tree.size().raw() < size) {
      tree.append(leafHash(bytesOf("leaf " + std::to_string(tree.size().raw()))));
    }
    CAPTURE(size);
    CHECK(hexOf(tree.root().view()) == root);
    const auto fromTiles = rootFromTiles(tree.tiles(), TreeSize(size));
    REQUIRE(fromTiles);
    CHECK(*fromTiles == tree.root());
  }
}
