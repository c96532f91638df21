// The export of a person is held against the log offline: nothing in it is changed, and nothing is missing.
#include "ledger/proof/person_export.h"
#include "tests/support/export_world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace lacuna {
namespace {

using test::ExportWorld;
using Json = nlohmann::ordered_json;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

template <typename T>
void drop(std::vector<T>& list, std::size_t at) {
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
}
void dropEvent(ExportWorld& world, std::size_t at) {
  drop(world.files.events, at);
  drop(world.files.proofs, at);
}
void retell(ExportWorld& world, std::size_t at, const std::function<void(ExportEvent&)>& change) {
  ExportEvent event = exportEventOfLine(world.files.events.at(at)).value();
  change(event);
  world.files.events[at] = lineOf(event);
}
void reprove(ExportWorld& world, std::size_t at, const std::function<void(ExportProof&)>& change) {
  Result<ExportProof> read = exportProofOfLine(world.files.proofs.at(at));
  ExportProof& proof = read.value();
  change(proof);
  world.files.proofs[at] = lineOf(proof);
}

}  // namespace

TEST_CASE("an export is verified by its files and the log's key alone", "[P1][export]") {
  const ExportWorld world;
  const std::string manifest = world.signedFor(world.files);
  CHECK(world.refused(manifest, world.files).empty());
  auto check = ExportCheck::begin(manifest, world.files.checkpoint, world.verifierKey());
  REQUIRE(check);
  for (std::size_t i = 0; i < world.files.events.size(); ++i) {
    REQUIRE(check->take(world.files.events[i], world.files.proofs[i], shownEventOf));
  }
  REQUIRE(check->end());
  const ExportReport& report = check->report();
  CHECK(report.trusted);
  CHECK(report.lots == 4);
  CHECK(report.erasedLots == 1);
  CHECK(report.open == 3);
  CHECK(report.closed == 1);
  CHECK(report.withdrawn == 1);
  CHECK(report.checkpoint.size == TreeSize(6));
  const auto believed = ExportCheck::begin(manifest, world.files.checkpoint, std::nullopt);
  REQUIRE(believed);
  CHECK_FALSE(believed->report().trusted);
  const SigningKey other(Secret(Bytes(32, 8)));
  CHECK_FALSE(ExportCheck::begin(manifest, world.files.checkpoint,
                                 verifierKeyOf(ExportWorld::kOrigin, other.publicKey())));
}

TEST_CASE("whoever takes an event out of an export is told which one is missing", "[P1][export]") {
  const ExportWorld world;
  const auto without = [&](std::size_t at) {
    ExportWorld changed;
    dropEvent(changed, at);
    const std::string unsignedSays = changed.refused(world.signedFor(world.files), changed.files);
    // Signed anew it is refused as well: the lots say how many there are.
    CHECK(unsignedSays == changed.refused(changed.signedFor(changed.files), changed.files));
    return unsignedSays;
  };
  CHECK(has(without(0), "that lot 2 (marketing) carries, the one of ordinal 0"));
  CHECK(has(without(1), "lacks an event: of lot 2 (marketing) the one of ordinal 0"));
  CHECK(has(without(2), "lacks an event: of lot 2 (marketing) the one of ordinal 0"));
  CHECK(has(without(3), "lot 2 (marketing) has 4, and 3 are there"));    // the tail of a lot
  CHECK(has(without(4), "lot 4 (access 2026) has 1, and 0 are there"));  // the last of all
}

TEST_CASE("a lot that is taken out of an export is missed, and so is the order", "[P1][export]") {
  const ExportWorld world;
  CHECK(has(world.refusedSigned([](ExportWorld& w) {
    for (int i = 0; i < 4; ++i) dropEvent(w, 0);
  }),
            "lacks events: lot 2 (marketing) has 4, and 0 are there"));
  CHECK(has(world.refusedSigned([](ExportWorld& w) {
    std::swap(w.files.events[2], w.files.events[3]);
    std::swap(w.files.proofs[2], w.files.proofs[3]);
  }),
            "lacks an event: of lot 2 (marketing) the one of ordinal 0"));
  // Its ordinals changed with them: the order of the log tells.
  CHECK(has(world.refusedSigned([](ExportWorld& w) {
    std::swap(w.files.events[2], w.files.events[3]);
    std::swap(w.files.proofs[2], w.files.proofs[3]);
    retell(w, 2, [](ExportEvent& e) { e.ordinal = Ordinal(0); });
    retell(w, 3, [](ExportEvent& e) { e.ordinal = Ordinal(1); });
  }),
            "does not tell its events in their order"));
  // One told twice, in two lots.
  CHECK(has(world.refusedSigned([](ExportWorld& w) {
    w.manifest.lots.back().events = 1;
    w.files.events.push_back(w.files.events[3]);
    w.files.proofs.push_back(w.files.proofs[3]);
    retell(w, 5, [](ExportEvent& e) {
      e.lot = LeafNo(5);
      e.ordinal = Ordinal(0);
    });
  }),
            "tells one record twice"));
  CHECK(has(world.refusedSigned([](ExportWorld& w) {
    w.files.events.push_back(w.files.events[4]);
    w.files.proofs.push_back(w.files.proofs[4]);
  }),
            "holds more events than its lots have"));
  // The list of lots itself is signed: one that is left out there is the ledger's own lie, and is not found.
  ExportWorld shorter;
  drop(shorter.manifest.lots, 0);
  CHECK(shorter.signedFor(shorter.files) != world.signedFor(world.files));
  CHECK(shorter.refused(shorter.signedFor(shorter.files), shorter.files).empty());
}

TEST_CASE("an event that is not the one in the log is refused with its place", "[P1][export]") {
  const ExportWorld world;
  const auto says = [&](const std::function<void(ExportWorld&)>& change) {
    return world.refusedSigned(change);
  };
  CHECK(has(says([](ExportWorld& w) {
              retell(w, 0, [](ExportEvent& e) {
                Json content = Json::parse(e.content);
                content["event"]["purpose"] = "invoicing";
                e.content = content.dump();
              });
            }),
            "shows another text than the envelope holds: the event at seq 0"));
  CHECK(has(says([](ExportWorld& w) {
              retell(w, 0, [](ExportEvent& e) { e.recordedAt += std::chrono::milliseconds(1); });
            }),
            "says otherwise than the record: the event at seq 0"));
  CHECK(has(says([](ExportWorld& w) {
              reprove(w, 0, [](ExportProof& p) { p.inclusion.back()[0] ^= 1; });
            }),
            "tells what does not stand in the log: the event at seq 0"));
  CHECK(has(
      says([](ExportWorld& w) { reprove(w, 0, [](ExportProof& p) { p.envelope.back() ^= 1; }); }),
      "holds another envelope than the record commits to"));
  CHECK(has(says([](ExportWorld& w) {
              reprove(w, 0, [](ExportProof& p) { p.opening->data()[0] ^= 1; });
            }),
            "does not open what it tells"));
  CHECK(has(says([](ExportWorld& w) { std::swap(w.files.proofs[0], w.files.proofs[2]); }),
            "proves another event than it tells"));
  // What is closed cannot be said to be public, nor the other way round.
  CHECK(has(says([](ExportWorld& w) {
              retell(w, 1, [](ExportEvent& e) { e.standing = ExportStanding::isPublic; });
            }),
            "whether it is sealed"));
  CHECK(has(says([](ExportWorld& w) {
              retell(w, 4, [](ExportEvent& e) {
                e.added = R"({"operation":"history","reason":"audit"})";
              });
            }),
            "who looked and why"));
  // A record that somebody makes himself is not in the tree.
  CHECK(has(says([](ExportWorld& w) {
              reprove(w, 1, [](ExportProof& p) {
                Record record = decodeRecord(p.record).value();
                record.tag.bytes[0] ^= 1;
                p.record = encode(record);
              });
            }),
            "tells what does not stand in the log"));
}

TEST_CASE("every changed byte of an export is refused", "[P1][export]") {
  const ExportWorld world;
  const std::string manifest = world.signedFor(world.files);
  const auto changed = [](std::string text, std::size_t at) {
    text[at] = static_cast<char>(text[at] ^ (1 << (at % 7)));
    return text;
  };
  for (std::size_t i = 0; i < manifest.size(); i += 3) {
    CAPTURE(i);
    CHECK_FALSE(world.refused(changed(manifest, i), world.files).empty());
  }
  const auto each = [&](auto member) {
    for (std::size_t line = 0; line < (world.files.*member).size(); ++line) {
      for (std::size_t i = 0; i < (world.files.*member)[line].size(); i += 7) {
        ExportWorld::Files files = world.files;
        (files.*member)[line] = changed((files.*member)[line], i);
        CAPTURE(line, i);
        CHECK_FALSE(world.refused(manifest, files).empty());
      }
    }
  };
  each(&ExportWorld::Files::events);
  each(&ExportWorld::Files::proofs);
  for (std::size_t i = 0; i < world.files.checkpoint.size(); ++i) {
    ExportWorld::Files files = world.files;
    files.checkpoint = changed(files.checkpoint, i);
    CHECK_FALSE(world.refused(manifest, files).empty());
  }
  ExportWorld::Files files = world.files;
  files.person = "[]\n";
  CHECK(world.refused(manifest, files) ==
        "the export holds another person.json than its manifest was signed for");
}

TEST_CASE("an export opens its events, and leads to no lot key, tag or other envelope",
          "[P6][export]") {
  const ExportWorld world;
  std::string all = world.signedFor(world.files) + world.joined(world.files.events) +
                    world.joined(world.files.proofs);
  // Those withdrawn and kept closed have no key in it; nor is the lot's own there.
  for (const std::size_t at : {1U, 5U}) {
    CHECK_FALSE(has(all, hexOf(world.opening(at).view())));
    CHECK_FALSE(has(all, base64Of(world.envelopes[at])));
  }
  CHECK(has(all, hexOf(world.opening(0).view())));
  CHECK_FALSE(has(all, "a colleague asked"));
  CHECK_FALSE(has(all, hexOf(world.lotKey.view())));
  const Secret opening = world.opening(4);
  for (const std::size_t at : {0U, 1U, 2U, 5U}) {
    CHECK_FALSE(openEventWithKey(opening, encodeHead(decodeRecord(world.records[at]).value()),
                                 world.envelopes[at]));
    CHECK_FALSE(tagOf(opening, Ordinal(at)) == decodeRecord(world.records[at]).value().tag);
  }
}

TEST_CASE("texts of an export have one spelling and bounds", "[export]") {
  const ExportWorld world;
  const std::string manifest = world.signedFor(world.files);
  REQUIRE(exportManifestOfText(manifest));
  CHECK_FALSE(exportManifestOfText(manifest + "\n"));
  CHECK_FALSE(exportManifestOfText(Json::parse(manifest).dump()));
  CHECK_FALSE(exportManifestOfText(std::string(kExportManifestBytesMax + 1, ' ')));
  CHECK_FALSE(exportManifestOfText(std::string(100'000, '[')));
  Json other = Json::parse(manifest);
  other["form"] = "lacuna-person-export/2";
  const auto version = exportManifestOfText(other.dump(2) + "\n");
  REQUIRE_FALSE(version);
  CHECK(version.refusal().code == RefusalCode::unknownVersion);
  ExportWorld unordered;
  std::swap(unordered.manifest.lots[0], unordered.manifest.lots[1]);
  CHECK_FALSE(exportManifestOfText(unordered.signedFor(unordered.files)));
  ExportWorld many;
  many.manifest.lots[1].events = kExportEventsMax + 1;
  CHECK_FALSE(exportManifestOfText(many.signedFor(many.files)));
  for (const std::string& line : world.files.events) {
    CHECK(lineOf(exportEventOfLine(line).value()) == line);
    CHECK_FALSE(exportEventOfLine(line + " "));
    CHECK_FALSE(exportProofOfLine(line));
  }
  for (const std::string& line : world.files.proofs) {
    CHECK(lineOf(exportProofOfLine(line).value()) == line);
  }
}

}  // namespace lacuna
