#include "ledger/requests.h"

#include "ledger/person/facts.h"
#include "ledger/record/envelope.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

constexpr std::array kExtensions{
    RequestCode{"complexity", "eu-gdpr:JustificationA12Complexity", ""},
    RequestCode{"high-volume", "eu-gdpr:JustificationA12HighVolume", ""},
};

// `x:` is ours: the vocabulary has no word for it.
constexpr std::array kRefusals{
    RequestCode{"manifestly-unfounded", "eu-gdpr:JustificationA12ManifestlyUnfounded", ""},
    RequestCode{"manifestly-excessive", "eu-gdpr:JustificationA12ManifestlyExcessive", ""},
    RequestCode{"identity-failure", "eu-gdpr:JustificationA12IdentityFailure", ""},
    RequestCode{"freedom-of-expression", "eu-gdpr:JustificationA17FreedomOfExpression", "erasure"},
    RequestCode{"legally-required", "eu-gdpr:JustificationA17LegallyRequired", "erasure"},
    RequestCode{"official-authority", "eu-gdpr:JustificationA17OfficialAuthority", "erasure"},
    RequestCode{"public-interest", "eu-gdpr:JustificationA17PublicInterest", "erasure"},
    RequestCode{"public-health", "eu-gdpr:JustificationA17PublicHealth", "erasure"},
    RequestCode{"archiving", "eu-gdpr:JustificationA17Archiving", "erasure"},
    RequestCode{"legal-claims", "eu-gdpr:JustificationA17LegalClaims", "erasure"},
    RequestCode{"compelling-grounds", "x:A21CompellingGrounds", "objection"},
};

// What a submitter writes as a state is its own; the worklist, which names nobody, shows these alone.
constexpr std::array<std::string_view, 11> kStates{
    "received",        "acknowledged", "identity-asked", "identity-verified",
    "identity-failed", "extended",     "answered",       "fulfilled",
    "refused",         "withdrawn",    "closed"};
// Those that an officer says.
constexpr std::array<std::string_view, 8> kSteps{
    "identity-asked", "identity-verified", "identity-failed", "extended",
    "answered",       "refused",           "withdrawn",       "closed"};

template <typename List>
bool among(const List& list, std::string_view what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

Refusal wrong(std::string message) { return {RefusalCode::invalidValue, std::move(message)}; }

const RequestCode* codeOf(std::span<const RequestCode> known, std::string_view word) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const RequestCode& c) { return c.word == word; });
  return found == known.end() ? nullptr : &*found;
}

std::string wordsOf(std::span<const RequestCode> known, std::string_view right) {
  std::string out;
  for (const RequestCode& code : known) {
    if (!code.right.empty() && code.right != right) continue;
    out += (out.empty() ? "" : " ") + std::string(code.word);
  }
  return out;
}

// A date means its beginning where something arrives; where somebody is told, its end, or now on that very
// day: the clocks count days.
enum class Day : bool { begins, ends };
Result<Instant> momentIn(std::string_view text, const std::string& zone, Instant now, Day day) {
  std::optional<Instant> t = now;
  if (const std::optional<Date> date = dateOf(text)) {
    t = day == Day::begins ? startOfDay(zone, *date) : endOfDay(zone, *date);
    if (*date == dateIn(zone, now)) t = std::min(*t, now);
  } else if (!text.empty()) {
    t = instantOfRfc3339(text);
  }
  if (!t) return wrong("a time is written as 2020-04-01T09:12:33Z or as a date, 2020-04-01");
  if (*t > now) {
    return Refusal{RefusalCode::inFuture, "what has not happened yet cannot be recorded"};
  }
  return *t;
}

Ordered standing(const std::vector<PersonEvent>& events) {
  Ordered all;
  for (const PersonEvent& e : events) {
    if (!e.withdrawn) all.push_back(&e);
  }
  std::sort(all.begin(), all.end(),
            [](const PersonEvent* a, const PersonEvent* b) { return before(*a, *b); });
  const Supersession superseded(all);
  std::erase_if(all, [&](const PersonEvent* e) { return superseded.replaced(e->seq); });
  return all;
}

StoredEvent keptOf(const RequestView& view) {
  StoredEvent kept;
  kept.event.kind = Kind::request;
  kept.event.at = view.received;  // so that every later step stands behind it
  kept.event.received = view.received;
  kept.event.requestState = view.state;
  const auto note = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) kept.details.push_back(detailOf(key, value));
  };
  note("request", std::to_string(view.number));
  note("right", view.right);
  note("identity", view.identity);
  note("extension", view.extensionCode);
  note("refusal", view.refusalCode);
  if (view.extendedAt) note("extended", rfc3339Of(*view.extendedAt));
  if (view.closed) note("closed", rfc3339Of(*view.closed));
  return kept;
}

}  // namespace

std::span<const RequestCode> extensionCodes() { return kExtensions; }
std::span<const RequestCode> refusalCodes() { return kRefusals; }

// ---- what there is

std::vector<PersonEvent> Requests::eventsOf(Slot slot) const {
  std::vector<PersonEvent> events;
  People& people = sequencer_.people();
  if (!people.exists(slot)) return events;
  std::vector<LotOfSlot> lots;
  for (LotHandle& lot : people.lotsOf(slot)) {
    if (lot.klass == kCaseClass) lots.push_back({slot, std::move(lot)});
  }
  const auto take = [&](std::size_t, const PersonEvent& event) { events.push_back(event); };
  readKind(vault_, store_, sequencer_.systems(), lots, Kind::request, take);
  if (people.whatOf(slot) == SubjectWhat::caseFile) {
    addKept(slot, events);
  } else {
    readKind(vault_, store_, sequencer_.systems(), lots, Kind::complaint, take);
  }
  return events;
}

// What stood before the erasure, as if it were one event: at the place of the one that opened it.
void Requests::addKept(Slot caseSlot, std::vector<PersonEvent>& into) const {
  const std::optional<Secret> key = vault_.lotKey(caseSlot, LeafNo(0));
  if (!key) return;
  const Bytes prefix = ByteWriter().u8('Q').u64(caseSlot.raw()).take();
  store_.scan(Table::persons, prefix, [&](ByteView row, ByteView value) {
    const Result<Bytes> plain = openRow(*key, sealedKey(row), value);
    if (!plain) throw Fault("a request of a case does not open although its key lives");
    Result<StoredEvent> stored = decodeStored(*plain);
    if (!stored) throw Fault("a request of a case does not follow the format");
    PersonEvent kept;
    kept.kind = Kind::request;
    const std::optional<std::uint64_t> number = requestIn(*stored);
    if (!number) throw Fault("a request of a case does not follow the format");
    kept.seq = Seq(*number);
    kept.recordedAt = stored->event.at.value_or(Instant{});
    kept.stored = std::move(*stored);
    into.push_back(std::move(kept));
    return true;
  });
}

std::vector<RequestView> Requests::viewsOf(const std::vector<PersonEvent>& events) const {
  RequestFold fold;
  for (const PersonEvent* e : standing(events)) fold.take(*e);
  std::vector<RequestView> views = fold.views(sequencer_.registers());
  for (RequestView& view : views) {
    view.caseRef.clear();  // a submitter's text: it may name somebody
    if (!among(kStates, view.state)) view.state = "other";
    if (!among(kStates, "identity-" + view.identity)) view.identity.clear();
  }
  return views;
}

void Requests::fold(Slot slot) {
  std::vector<std::uint64_t> before;
  const auto [first, last] = bySlot_.equal_range(slot);
  for (auto at = first; at != last; ++at) before.push_back(at->second);
  bySlot_.erase(first, last);
  for (const std::uint64_t number : before) {
    const auto found = known_.find(number);
    if (found != known_.end() && found->second.slot == slot) known_.erase(found);
  }
  People& people = sequencer_.people();
  const bool lives = people.exists(slot);
  const bool erased = lives && people.whatOf(slot) == SubjectWhat::caseFile;
  for (RequestView& view : viewsOf(eventsOf(slot))) {
    const std::uint64_t number = view.number;
    bySlot_.emplace(slot, number);
    if (erased) keptBy_.insert_or_assign(number, slot);
    // While the person lives, their own events say it.
    const auto found = known_.find(number);
    if (found == known_.end() || found->second.erased) {
      known_.insert_or_assign(number, KnownRequest{std::move(view), slot, erased});
    }
  }
  for (const std::uint64_t number : before) {
    if (known_.count(number) > 0) continue;
    const auto kept = keptBy_.find(number);
    if (kept == keptBy_.end()) continue;
    const Slot by = kept->second;
    if (by == slot) {
      keptBy_.erase(kept);
    } else {
      fold(by);  // the case was folded before its person was gone; it refers to no other slot
    }
  }
}

bool Requests::refresh(std::size_t slotsMax) {
  const std::vector<Slot> touched = sequencer_.people().takeTouchedCases(slotsMax);
  for (const Slot slot : touched) fold(slot);
  return touched.size() == slotsMax;
}

const KnownRequest* Requests::find(std::uint64_t number) const {
  const auto found = known_.find(number);
  return found == known_.end() ? nullptr : &found->second;
}

std::vector<PersonEvent> Requests::stepsOf(const KnownRequest& request) const {
  std::vector<PersonEvent> events = eventsOf(request.slot);
  const std::vector<Seq>& steps = request.view.steps;
  std::erase_if(events, [&](const PersonEvent& e) {
    return std::find(steps.begin(), steps.end(), e.seq) == steps.end();
  });
  std::sort(events.begin(), events.end(), before);
  return events;
}

Date Requests::today() const {
  return dateIn(sequencer_.registers().latest().controller().zone, sequencer_.now());
}

// ---- steps

Result<Event> Requests::opening(std::string_view person, std::string_view right,
                                std::string_view received, std::string_view channel) const {
  Event event;
  event.person.emplace_back(person);
  event.channel = std::string(channel);
  if (right == kComplaint) {
    event.kind = Kind::complaint;
  } else if (const std::optional<Right> known = lacuna::rightOf(right);
             known && *known != Right::none) {
    event.kind = Kind::request;
    event.right = *known;
    event.requestState = "received";
  } else {
    return wrong(
        "the right is one of: access rectification erasure restriction portability objection "
        "withdrawal not-automated complaint");
  }
  const Register& reg = sequencer_.registers().latest();
  const Result<Instant> at =
      momentIn(received, reg.controller().zone, sequencer_.now(), Day::begins);
  if (!at) return at.refusal();
  event.at = *at;  // so that whatever the person was told since stands behind it
  if (event.kind == Kind::request) event.received = *at;
  if (Outcome shape = checkShape(event); !shape) return shape.refusal();
  return event;
}

Outcome Requests::allowed(const RequestStep& step, const RequestView& view, Instant told) const {
  if (!among(kSteps, step.state)) {
    return wrong(
        "a request knows: identity-asked identity-verified identity-failed extended answered "
        "refused withdrawn closed");
  }
  const bool ends = step.state == "closed";
  if (view.closed && (!ends || view.state == "closed" || view.state == "withdrawn")) {
    return Refusal{RefusalCode::notPending, "this request was closed already"};
  }
  if (!view.closed && ends) {
    return Refusal{RefusalCode::notPending,
                   "it is still to be answered or refused, or was withdrawn: say so first"};
  }
  if (view.steps.size() >= kRequestStepsMax) {
    return Refusal{RefusalCode::tooMany, "this request has as many steps as the ledger keeps"};
  }
  const std::string& zone = sequencer_.registers().latest().controller().zone;
  if (dateIn(zone, told) < dateIn(zone, view.received)) {
    return wrong("this lies before the day on which the request was received");
  }
  const std::span<const RequestCode> known = step.state == "extended" ? extensionCodes()
                                             : step.state == "refused"
                                                 ? refusalCodes()
                                                 : std::span<const RequestCode>();
  const RequestCode* code = codeOf(known, step.code);
  if (known.empty()) return step.code.empty() ? Outcome(Done{}) : wrong("this step has no code");
  if (code == nullptr || (!code->right.empty() && code->right != view.right)) {
    return wrong("the code is one of: " + wordsOf(known, view.right));
  }
  if (step.state == "refused") return Done{};
  if (!view.dueStatute) return wrong("the law sets a complaint no term that could be extended");
  if (view.extendedAt) {
    return Refusal{RefusalCode::alreadyExists, "it was extended before: once is the most"};
  }
  if (dateIn(zone, told) > *view.dueStatute) {
    return wrong("too late: the person has to be told of an extension by " +
                 textOf(*view.dueStatute) + " (Art. 12(3))");
  }
  return Done{};
}

Result<Seq> Requests::step(Draft& draft, const Caller& caller, const RequestStep& step) {
  const KnownRequest* request = find(step.number);
  if (request == nullptr) {
    return Refusal{RefusalCode::notFound, "there is no request of that number"};
  }
  const std::string& zone = sequencer_.registers().latest().controller().zone;
  const Result<Instant> told = momentIn(step.told, zone, draft.recordedAt, Day::ends);
  if (!told) return told.refusal();
  if (Outcome may = allowed(step, request->view, *told); !may) return may.refusal();
  StoredEvent stored;
  stored.event.kind = Kind::request;
  stored.event.at = *told;
  stored.event.requestState = step.state;
  stored.event.caseRef = std::to_string(step.number);
  stored.event.klass = std::string(kCaseClass);
  stored.principal = caller.principal;
  stored.details.push_back(detailOf("request", std::to_string(step.number)));
  for (const auto list : {extensionCodes(), refusalCodes()}) {
    const RequestCode* code = codeOf(list, step.code);
    if (code != nullptr) stored.details.push_back(detailOf("code", code->code));
  }
  // Art. 12(4): without them a refusal is none.
  if (step.state == "refused") stored.details.push_back(detailOf("remedies", "complaint court"));
  return sequencer_.requestEvent(draft, request->slot, std::move(stored));
}

// ---- what outlives a person

void Requests::carry(Draft& draft, Slot caseSlot, std::span<const EraseTarget> targets,
                     bool onlyOpen) {
  People& people = sequencer_.people();
  std::set<Slot> dying;
  for (const EraseTarget& target : targets) {
    if (dying.count(target.slot) > 0 || !people.exists(target.slot) ||
        people.whatOf(target.slot) == SubjectWhat::caseFile) {
      continue;
    }
    for (const LotHandle& lot : people.lotsOf(target.slot)) {
      if (lot.klass != kCaseClass || (target.leaf && *target.leaf != lot.leaf)) continue;
      dying.insert(target.slot);
    }
  }
  std::uint32_t carried = 0;
  for (const Slot slot : dying) {
    const std::vector<PersonEvent> events = eventsOf(slot);
    for (const RequestView& view : viewsOf(events)) {
      if ((onlyOpen && view.closed) || carried >= kRequestsCarriedMax) continue;
      StoredEvent kept = keptOf(view);
      for (const PersonEvent& e : events) {
        if (e.seq == view.seq) kept.registerVersion = e.stored.registerVersion;
      }
      draft.sealedRows.push_back(
          {requestRowKey(caseSlot, carried++), {caseSlot, LeafNo(0)}, encodeStored(kept)});
    }
  }
}

std::optional<Instant> Requests::quietSince(Slot caseSlot) const {
  std::optional<Instant> out;
  for (const RequestView& view : viewsOf(eventsOf(caseSlot))) {
    out = std::max(out.value_or(Instant::min()), view.closed.value_or(Instant::max()));
  }
  return out;
}

}  // namespace lacuna
