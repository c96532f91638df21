// Paths of the log over HTTP: each resource has one, and nothing beyond the published size has any.
#include "daemon/http/log_resource.h"
#include "ledger/proof/tiles.h"
#include "tests/support/public_log.h"

using namespace lacuna;
using namespace lacuna::test;

namespace {

struct SmallLog {
  PublicLog log{"example.org/fuzz", SigningKey(Secret(Bytes(32, 1)))};
  SmallLog() {
    for (std::uint8_t i = 0; i < 5; ++i) log.append(Bytes(i, i));
    log.publish();
    log.append({9});  // not published
  }
};
PublicLog& smallLog() {
  static SmallLog small;
  return small.log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = textOf(ByteView(data, size));
  const auto tile = tileOfPath(text);
  if (tile) {
    LACUNA_ASSERT(pathOf(*tile) == text, "a tile has one path");
    LACUNA_ASSERT(tile->width >= 1 && tile->width <= kTileWidth, "a width within a tile");
  }
  const std::string path = "/" + std::string(text);
  const LogAnswer plain = logAnswerOf(smallLog(), path, Gzip::no);
  LACUNA_ASSERT(plain.status == 200 || plain.status == 404, "there or not there");
  LACUNA_ASSERT((plain.status == 200) == (logAnswerOf(smallLog(), path, Gzip::yes).status == 200),
                "compression changes no answer");
  if (plain.status == 200 && text != "checkpoint") {
    LACUNA_ASSERT(tile && tile->level.value_or(0) == 0 && tile->index == 0 && tile->width <= 5,
                  "only what is published");
    if (tile->level) LACUNA_ASSERT(plain.body.size() == tile->width * 32, "an exact width");
  }
  (void)takesGzip(text);
  return 0;
}
