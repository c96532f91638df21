// Any line: refused, or an event that reads back from its own JSON and from its envelope.
#include "ledger/base/limits.h"
#include "ledger/record/event_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lacuna;
  static EventParser parser;
  const Result<Event> event = parser.parse(textOf({data, size}));
  if (!event) {
    LACUNA_ASSERT(!event.refusal().message.empty(), "a refusal says why");
    return 0;
  }
  LACUNA_ASSERT(checkShape(*event).ok(), "what was parsed has the shape of an event");
  const Result<Event> again = parser.parse(jsonOf(*event));
  LACUNA_ASSERT(again.ok() && *again == *event, "an event reads back from its JSON");
  LACUNA_ASSERT(canonicalOf(*event).size() <= kEventBytesMax, "an event is bounded");
  StoredEvent stored;
  stored.event = *event;
  const Result<StoredEvent> opened = decodeStored(encodeStored(stored));
  LACUNA_ASSERT(opened.ok() && *opened == stored, "an event reads back from its envelope");
  return 0;
}
