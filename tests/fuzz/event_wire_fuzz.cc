// Any message: refused, or an event that goes over the wire and comes back itself.
#include "ledger/base/limits.h"
#include "ledger/record/event_wire.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lacuna;
  std::vector<capnp::word> words(size / sizeof(capnp::word));
  if (words.empty()) return 0;
  std::memcpy(static_cast<void*>(words.data()), data, words.size() * sizeof(capnp::word));
  std::optional<Result<Event>> read;
  try {  // the transport's part: a broken segment table, a root that is no struct
    capnp::ReaderOptions options;
    options.traversalLimitInWords = kMessageBytesMax / sizeof(capnp::word);
    capnp::FlatArrayMessageReader message(kj::arrayPtr(words.data(), words.size()), options);
    const auto root = message.getRoot<schema::Event>();
    read.emplace(fromWire(root));
  } catch (const kj::Exception&) {
    LACUNA_ASSERT(!read, "fromWire answers; it does not throw");
    return 0;
  }
  if (!*read) return 0;
  const Event& event = **read;
  LACUNA_ASSERT(checkShape(event).ok(), "what came over the wire has the shape of an event");
  capnp::MallocMessageBuilder out;
  toWire(event, out.initRoot<schema::Event>());
  const Result<Event> again = fromWire(out.getRoot<schema::Event>().asReader());
  LACUNA_ASSERT(again.ok() && *again == event, "an event comes back over the wire");
  return 0;
}
