#include "ledger/record/event_shown.h"

#include "ledger/record/event_json.h"

namespace lacuna {
namespace {

// Appends members to an object that may have some already.
class Members {
 public:
  explicit Members(std::string object = "{}") : out_(std::move(object)) { out_.pop_back(); }

  std::string& begin(const char* name) {
    if (out_.size() > 1) out_ += ',';
    putJsonString(out_, name);
    return out_ += ':';
  }
  void text(const char* name, const std::string& text) {
    if (!text.empty()) putJsonString(begin(name), text);
  }
  void number(const char* name, std::uint64_t value) {
    if (value != 0) begin(name) += std::to_string(value);
  }
  template <typename T, typename Put>
  void list(const char* name, const std::vector<T>& values, Put put) {
    if (values.empty()) return;
    char before = '[';
    begin(name);
    for (const T& value : values) {
      out_ += before;
      put(out_, value);
      before = ',';
    }
    out_ += ']';
  }
  // A party of the register by its id; an instance of one by its number.
  void party(const char* name, const std::optional<InstanceRef>& ref) {
    if (!ref) return;
    if (ref->slot == Slot(0)) return putJsonString(begin(name), ref->category);
    putJsonString(begin(name) += R"({"party":)", ref->category);
    out_ += R"(,"number":)" + std::to_string(ref->slot.raw()) + '}';
  }
  std::string take() { return std::move(out_ += '}'); }

 private:
  std::string out_;
};

}  // namespace

std::string jsonOf(const StoredEvent& stored) {
  Event event = stored.event;
  event.data.clear();
  const auto putNumber = [](std::string& out, auto value) { out += std::to_string(value.raw()); };
  Members inner(jsonOf(event));
  inner.text("data", stored.event.data);
  Members members;
  members.begin("event") += inner.take();
  members.party("recipient", stored.recipient);
  members.party("source", stored.source);
  members.party("via", stored.via);
  members.party("actor", stored.actor);
  members.list("aliases", stored.aliases, putNumber);
  members.list("otherPersons", stored.otherPersons, putNumber);
  members.number("registerVersion", stored.registerVersion);
  members.number("principal", stored.principal);
  members.text("systemId", stored.systemId);
  members.text("reason", stored.reason);
  members.text("operationText", stored.operationText);
  members.list("details", stored.details,
               [](std::string& out, const std::string& text) { putJsonString(out, text); });
  return members.take();
}

Result<std::string> shownEventOf(ByteView plain) {
  const Result<StoredEvent> stored = decodeStored(plain);
  if (!stored) return stored.refusal();
  return jsonOf(*stored);
}

}  // namespace lacuna
