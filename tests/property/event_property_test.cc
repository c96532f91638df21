// An event is the same event whichever way it came and however it was kept.
#include "ledger/crypto/digest.h"
#include "ledger/record/event_json.h"
#include "ledger/record/event_wire.h"
#include "tests/support/random_event.h"

#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <catch2/catch.hpp>
#include <kj/io.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace lacuna;
using lacuna::test::EventMaker;

namespace {

Event overTheWire(const Event& event) {
  capnp::MallocMessageBuilder message;
  toWire(event, message.initRoot<schema::Event>());
  const Result<Event> read = fromWire(message.getRoot<schema::Event>().asReader());
  if (!read) FAIL("refused on the wire: " << read.refusal().message);
  return *read;
}

// What the library makes of the same message: unpacked, then packed again piece by piece.
Bytes packedByTheLibrary(const Bytes& sealed) {
  kj::ArrayInputStream in(kj::arrayPtr(sealed.data(), sealed.size()));
  capnp::_::PackedInputStream unpacked(in);
  std::array<std::uint32_t, 2> table{};
  unpacked.read(table.data(), sizeof table);
  std::vector<std::uint64_t> words(table[1]);
  unpacked.read(words.data(), words.size() * 8);
  kj::VectorOutputStream out;
  capnp::_::PackedOutputStream packed(out);
  packed.write(table.data(), sizeof table);
  packed.write(words.data(), words.size() * 8);
  const auto bytes = out.getArray();
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

TEST_CASE("a sealed event is packed as the library packs it", "[property][event]") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    StoredEvent stored = EventMaker(seed).stored();
    const Bytes bytes = encodeStored(stored);
    REQUIRE(packedByTheLibrary(bytes) == bytes);
    // Runs longer than a count holds, with a zero byte in a word here and there.
    if (seed % 10 != 0) continue;
    stored.reason.assign(3000 + seed, 'x');
    for (std::size_t i = seed % 97; i < stored.reason.size(); i += 97 + seed % 31)
      stored.reason[i] = '\0';
    const Bytes longer = encodeStored(stored);
    REQUIRE(packedByTheLibrary(longer) == longer);
  }
}

TEST_CASE("an event survives JSON, the wire and its envelope unchanged", "[property][event]") {
  EventParser parser;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    const Event event = EventMaker(seed).event();
    if (const Outcome shape = checkShape(event); !shape) {
      REQUIRE(shape.refusal().code == RefusalCode::tooLarge);  // 64 long categories
      continue;
    }
    const std::string json = jsonOf(event);
    CAPTURE(json);
    const Result<Event> parsed = parser.parse(json);
    if (!parsed) FAIL("refused as JSON: " << parsed.refusal().message);
    REQUIRE(*parsed == event);
    const Event wired = overTheWire(*parsed);
    REQUIRE(wired == event);
    StoredEvent stored;
    stored.event = wired;
    const Result<StoredEvent> opened = decodeStored(encodeStored(stored));
    REQUIRE(opened.ok());
    REQUIRE(*opened == stored);
    REQUIRE(canonicalOf(opened->event) == canonicalOf(event));
    REQUIRE(jsonOf(opened->event) == json);
  }
}

TEST_CASE("whatever the ledger adds to an event survives its envelope", "[property][event]") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    const StoredEvent stored = EventMaker(seed).stored();
    const Bytes bytes = encodeStored(stored);
    const Result<StoredEvent> opened = decodeStored(bytes);
    REQUIRE(opened.ok());
    REQUIRE(*opened == stored);
    REQUIRE(encodeStored(*opened) == bytes);
  }
}

TEST_CASE("the canonical form changes with every field but id and admit, and with nothing else",
          "[property][event][P11]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    EventMaker maker(seed);
    const Event event = maker.event();
    const Bytes canonical = canonicalOf(event);
    for (const FieldSpec& spec : eventFields()) {
      CAPTURE(spec.name);
      Event other = event;
      maker.fill(other, spec);
      if (spec.field == EventField::kind) {
        other.kind = event.kind == Kind::note ? Kind::breach : Kind::note;
      }
      const bool counts = spec.field != EventField::id && spec.field != EventField::admit;
      CHECK((canonicalOf(other) != canonical) == (counts && other != event));
    }
  }
}

TEST_CASE("the order of JSON keys does not change the canonical form", "[property][event][P11]") {
  EventParser parser;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const Event event = EventMaker(seed).event();
    if (!checkShape(event)) continue;
    // Keys of the event in another order, the inside of `data` as it was.
    const auto json = nlohmann::ordered_json::parse(jsonOf(event));
    std::vector<std::string> fields;
    for (const auto& [key, value] : json.items()) {
      fields.push_back("\"" + key + "\" :\t" + (key == "data" ? event.data : value.dump()));
    }
    std::shuffle(fields.begin(), fields.end(), std::mt19937_64(seed));
    std::string shuffled = " {";
    for (const std::string& field : fields)
      shuffled += (shuffled.size() > 2 ? " , " : "\n") + field;
    const Result<Event> parsed = parser.parse(shuffled + "} ");
    REQUIRE(parsed.ok());
    REQUIRE(canonicalOf(*parsed) == canonicalOf(event));
  }
}

TEST_CASE(
    "a sealed event with any byte changed, cut or added is refused or another event, never a crash",
    "[property][event]") {
  std::size_t refused = 0, tried = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Bytes bytes = encodeStored(EventMaker(seed).stored());
    for (std::size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 200) {
      Bytes flipped = bytes;
      flipped[i] ^= static_cast<std::uint8_t>(1U << (seed % 8));
      const Result<StoredEvent> opened = decodeStored(flipped);
      ++tried;
      if (!opened) {
        ++refused;
        REQUIRE(opened.refusal().code == RefusalCode::tampered);
      } else {
        encodeStored(*opened);
      }
      REQUIRE_FALSE(decodeStored(ByteView(bytes).first(i)).ok());
    }
    Bytes longer = bytes;
    longer.push_back(0);
    REQUIRE_FALSE(decodeStored(longer).ok());
    REQUIRE(sha256(encodeStored(*decodeStored(bytes))) == sha256(bytes));
  }
  CHECK(refused > tried / 20);
}
