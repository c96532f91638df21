#include "ledger/person/facts.h"
#include "ledger/record/bodies.h"
#include "ledger/record/event_json.h"

#include <charconv>

namespace lacuna {
namespace {

// Writes one JSON object, field by field; what was not given is left out.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) putJsonString(key(name), value);
  }
  void number(std::string_view name, std::int64_t value) { append(key(name), value); }
  void unsignedNumber(std::string_view name, std::uint64_t value) { append(key(name), value); }
  void flag(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  void time(std::string_view name, Instant t) {
    key(name);
    out_ += '"';
    out_ += rfc3339Of(t);
    out_ += '"';
  }
  void time(std::string_view name, const std::optional<Instant>& t) {
    if (t) time(name, *t);
  }
  void date(std::string_view name, const std::optional<Date>& value) {
    if (value) text(name, textOf(*value));
  }
  void givenList(std::string_view name, const std::vector<std::string>& items) {
    if (!items.empty()) list(name, items);
  }
  void list(std::string_view name, const std::vector<std::string>& items) {
    list(name, items, [this](const std::string& item) { putJsonString(out_, item); });
  }
  template <typename T, typename Put>
  void list(std::string_view name, const std::vector<T>& items, Put put) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ',';
      put(items[i]);
    }
    out_ += ']';
  }

 private:
  template <typename Int>
  static void append(std::string& out, Int value) {
    char digits[24];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    out.append(digits, end);
  }
  std::string& out_;
  bool first_ = true;
};

void putConsultation(Object& o, const PersonEvent& e) {
  std::string reason = e.stored.reason, operation = e.stored.operationText;
  std::uint32_t officer = e.stored.principal;
  if (const Result<ConsultationBody> body = decodeConsultation(e.body)) {
    if (reason.empty()) reason = nameOf(body->reason);
    if (operation.empty()) operation = nameOf(body->operation);
    if (officer == 0) officer = body->officer;
  }
  o.text("operation", operation);
  o.text("reason", reason.empty() ? nameOf(ReadReason::unstated) : std::string_view(reason));
  o.unsignedNumber("officer", officer);
  for (const std::string& detail : e.stored.details) {
    if (detail.starts_with("seq=")) o.text("disclosed", detail.substr(4));  // of a disclosure
  }
}

// What officers do about a person, and why: "place hold=3 ground=..." is told field by field.
void putHold(Object& o, const PersonEvent& e) {
  o.text("operation", e.stored.operationText);
  o.text("reason", e.stored.reason);
  o.unsignedNumber("officer", e.stored.principal);
  std::vector<std::string> classes;
  for (const std::string& detail : e.stored.details) {
    const std::size_t equals = detail.find('=');
    if (equals == std::string::npos) continue;
    const std::string value = detail.substr(equals + 1);
    if (detail.starts_with("class=")) {
      classes.push_back(value);
    } else {
      o.text(detail.substr(0, equals), value);
    }
  }
  o.givenList("classes", classes);
}

// A step of our own; an erasure reported by a system has no body.
void putErasure(Object& o, const PersonEvent& e) {
  if (e.body.empty()) return;
  const Result<ErasureBody> body = decodeErasure(e.body);
  if (!body) return;
  o.text("erasure", hexOf(body->erasure.view()));
  o.text("step", nameOf(body->step));
  if (body->ground != Ground::unstated) o.text("ground", nameOf(body->ground));
}

void putOwnFields(Object& o, const PersonEvent& e) {
  const Event& event = e.stored.event;
  o.text("operation", nameOf(event.operation));
  o.givenList("categories", event.categories);
  o.text("recipient", recipientOf(e));
  o.text("source", sourceOf(e));
  o.text("via", shownName(e.stored.via, event.via, e.viaName));
  o.text("how", nameOf(event.how));
  o.text("safeguard", event.safeguard);
  o.text("agreement", event.agreement);
  o.time("withholdUntil", event.withholdUntil);
  o.text("right", nameOf(event.right));
  o.text("state", nameOf(event.consentState));
  o.text("state", event.requestState);
  o.text("form", nameOf(event.form));
  o.text("wording", event.wording);
  o.text("channel", event.channel);
  o.time("received", event.received);
  o.time("validUntil", event.validUntil);
  o.text("notice", event.notice);
  o.text("actor", shownName(e.stored.actor, event.actor, e.actorName));
  o.text("case", event.caseRef);
  o.text("group", event.group);
  o.text("id", event.id);
  if (event.corrects) o.unsignedNumber("corrects", *event.corrects);
  if (event.imported) o.flag("imported", true);
  // Stored as the compact object that it was admitted as.
  if (!event.data.empty()) o.key("data") += event.data;
}

void put(std::string& out, const ConsentView& view) {
  Object o(out);
  o.text("purpose", view.purpose);
  o.text("state", nameOf(view.state));
  o.time("since", view.since);
  o.time("givenAt", view.givenAt);
  o.time("validUntil", view.validUntil);
  o.text("form", view.form);
  o.text("notice", view.notice);
  o.text("wording", view.wording);
  o.text("how", view.how);
  o.unsignedNumber("seq", view.seq.raw());
}

void put(std::string& out, const PurposeView& view) {
  Object o(out);
  o.text("purpose", view.purpose);
  o.list("bases", view.bases);
  o.list("categories", view.categories);
  o.time("first", view.first);
  o.time("last", view.last);
  o.unsignedNumber("count", view.count);
}

void put(std::string& out, const RecipientView& view) {
  Object o(out);
  o.text("recipient", view.recipient);
  o.time("first", view.first);
  o.time("last", view.last);
  o.unsignedNumber("count", view.count);
  o.list("categories", view.categories);
  o.list("purposes", view.purposes);
  o.text("country", view.country);
  o.text("safeguard", view.safeguard);
  o.flag("safeguardStoodOnEachDate", view.safeguardStoodOnEachDate);
  o.flag("safeguardStandsAtEnd", view.safeguardStandsAtEnd);
}

void put(std::string& out, const RequestView& view) {
  Object o(out);
  o.text("right", view.right);
  o.text("state", view.state);
  o.text("case", view.caseRef);
  o.time("received", view.received);
  o.date("dueHouse", view.dueHouse);
  o.date("dueStatute", view.dueStatute);
  if (view.extended) o.flag("extended", true);
  o.time("closed", view.closed);
  o.unsignedNumber("seq", view.seq.raw());
}

void put(std::string& out, const Flagged& flagged) {
  Object o(out);
  o.text("flag", nameOf(flagged.flag));
  o.unsignedNumber("seq", flagged.seq.raw());
  o.text("detail", flagged.detail);
}

void put(std::string& out, const ConsultationView& view) {
  Object o(out);
  o.time("at", view.at);
  o.text("operation", view.operation);
  o.text("reason", view.reason);
  o.unsignedNumber("officer", view.principal);
  o.unsignedNumber("seq", view.seq.raw());
}

void put(std::string& out, const HoldView& view) {
  Object o(out);
  o.unsignedNumber("hold", view.number);
  o.list("classes", view.classes);
  o.text("ground", view.ground);
  o.time("placedAt", view.placedAt);
  o.time("review", view.review);
}

void put(std::string& out, const LotView& view) {
  Object o(out);
  o.text("class", view.klass);
  if (view.period != 0) o.number("period", view.period);
  o.flag("erased", view.erased);
  o.unsignedNumber("events", view.events);
  o.time("ends", view.ends);
}

}  // namespace

std::string jsonOf(const PersonEvent& event) { return jsonOf(event, EventMarks{}); }

std::string jsonOf(const PersonEvent& e, const EventMarks& marks) {
  std::string out;
  out.reserve(512 + e.stored.event.data.size());
  {
    Object o(out);
    o.unsignedNumber("seq", e.seq.raw());
    o.text("leaf", hexOf(e.leaf.view()));
    o.time("at", e.at());
    o.time("recordedAt", e.recordedAt);
    o.text("kind", nameOf(e.kind));
    if (e.withdrawn) o.flag("withdrawn", true);
    o.text("system", e.system);
    o.text("class", e.klass);
    if (e.period != 0) o.number("period", e.period);
    o.text("purpose", e.stored.event.purpose);
    o.text("basis", e.stored.event.basis);
    if (e.kind == Kind::consultation) putConsultation(o, e);
    if (e.kind == Kind::erasure) putErasure(o, e);
    if (e.kind == Kind::hold) putHold(o, e);
    putOwnFields(o, e);
    if (marks.supersededBy) o.unsignedNumber("supersededBy", marks.supersededBy->raw());
    if (!marks.flags.empty()) {
      o.list("flags", marks.flags, [&](Flag flag) { putJsonString(out, nameOf(flag)); });
    }
  }
  return out;
}

std::string jsonOf(const RecipientView& view) {
  std::string out;
  put(out, view);
  return out;
}

std::string jsonOf(const PersonState& state, const PersonFacts& facts) {
  std::string out;
  out.reserve(4096);
  {
    const auto each = [&out](const auto& view) { put(out, view); };
    Object o(out);
    o.key("person");
    {
      Object person(out);
      person.list("aliases", facts.aliases);
      person.time("admittedAt", facts.admittedAt);
    }
    o.time("asOf", state.asOf);
    o.list("consents", state.consents, each);
    o.list("purposes", state.purposes, each);
    o.list("recipients", state.recipients, each);
    o.list("categories", state.categories);
    o.list("sources", state.sources);
    o.list("notices", state.notices);
    o.list("requests", state.requests, each);
    o.list("restrictions", state.restrictions);
    o.list("objections", state.objections);
    o.list("holds", facts.holds, each);
    o.list("flags", state.flags, each);
    o.list("consultations", state.consultations, each);
    o.list("lots", state.lots, each);
    o.unsignedNumber("events", state.events);
  }
  return out;
}

}  // namespace lacuna
