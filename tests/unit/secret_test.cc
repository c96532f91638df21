#include "ledger/crypto/secret.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace lacuna;

TEST_CASE("a secret that moved or was wiped leaves zeros behind", "[P5]") {
  const Bytes zeros(32, 0);
  const Bytes bytes(32, 7);
  Secret first{ByteView(bytes)};
  Secret second(std::move(first));
  CHECK(sameBytes(first.view(), zeros));  // NOLINT: that is the point
  CHECK(sameBytes(second.view(), bytes));
  Secret third;
  third = std::move(second);
  CHECK(sameBytes(second.view(), zeros));  // NOLINT
  Secret& itself = third;
  third = std::move(itself);
  CHECK(sameBytes(third.view(), bytes));
  const Secret copy = third.clone();
  third.wipe();
  CHECK(sameBytes(third.view(), zeros));
  CHECK(sameBytes(copy.view(), bytes));
}

TEST_CASE("a secret of another length is a bug") {
  CHECK_THROWS_AS(Secret(Bytes(31)), Bug);
  CHECK_THROWS_AS(Secret(Bytes(33)), Bug);
}

TEST_CASE("secrets are compared whole") {
  CHECK(sameSecret(Bytes{1, 2}, Bytes{1, 2}));
  CHECK_FALSE(sameSecret(Bytes{1, 2}, Bytes{1, 3}));
  CHECK_FALSE(sameSecret(Bytes{1, 2}, Bytes{1, 2, 3}));
}

TEST_CASE("locked memory begins with zeros and has the size asked for", "[P5]") {
  LockedBytes region(100);
  CHECK(region.view().size() == 100);
  CHECK(std::all_of(region.view().begin(), region.view().end(),
                    [](std::uint8_t b) { return b == 0; }));
  region.bytes()[99] = 1;
  CHECK(region.view()[99] == 1);
}
