// Exports of persons: what parses has one text, and nothing is taken but what the log sealed, in its place.
#include "ledger/proof/person_export.h"
#include "tests/support/export_world.h"

using namespace lacuna;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::ExportWorld world;
  static const std::string manifest = world.signedFor(world.files);
  const std::string_view text = textOf(ByteView(data, size));
  if (const auto read = exportManifestOfText(text)) {
    LACUNA_ASSERT(text == manifest, "only what the ledger signed is a manifest");
  }
  if (ExportCheck::begin(text, world.files.checkpoint, world.verifierKey())) {
    LACUNA_ASSERT(text == manifest, "only what the ledger signed begins a check");
  }
  // A line of each kind, and both together as the first event.
  const std::size_t cut = text.find('\n');
  const std::string_view first = text.substr(0, cut);
  const std::string_view second =
      cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
  if (const auto event = exportEventOfLine(first)) {
    LACUNA_ASSERT(lineOf(*event) == first, "an event has one line");
  }
  if (const auto proof = exportProofOfLine(second)) {
    LACUNA_ASSERT(lineOf(*proof) == second, "a proof has one line");
  }
  auto check = ExportCheck::begin(manifest, world.files.checkpoint, world.verifierKey());
  LACUNA_ASSERT(check.ok(), "the honest manifest begins a check");
  if (check->take(first, second, shownEventOf)) {
    // What the ledger says beside the log is under its signature alone.
    const auto event = exportEventOfLine(first);
    LACUNA_ASSERT(event.ok() && event->lot == LeafNo(2) && event->ordinal == Ordinal(0),
                  "the first of the lot comes first");
    LACUNA_ASSERT(event->content.empty() || event->content == world.events[0].content ||
                      event->content == world.events[2].content,
                  "nothing is told but what was sealed");
  }
  LACUNA_ASSERT(!check->end(), "an export without its events is not whole");
  return 0;
}
