#include "ledger/person/access_answer.h"

#include "ledger/person/facts.h"
#include "ledger/person/flags.h"
#include "ledger/record/bodies.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

// The rights of the data subject that the answer has to name (Art. 15(1)(e) and (f)).
constexpr std::pair<std::string_view, std::string_view> kRights[] = {
    {"rectification", "Art. 16"}, {"erasure", "Art. 17"},   {"restriction", "Art. 18"},
    {"portability", "Art. 20"},   {"objection", "Art. 21"}, {"not-automated", "Art. 22"},
    {"withdrawal", "Art. 7(3)"},  {"complaint", "Art. 77"},
};

void put(Json& out, const char* name, std::string_view text) {
  if (!text.empty()) out[name] = text;
}
void put(Json& out, const char* name, const std::optional<Instant>& at) {
  if (at) out[name] = rfc3339Of(*at);
}
Json jsonOf(const Label& label) {
  Json out = Json::object();
  put(out, "nl", label.nl);
  put(out, "en", label.en);
  return out;
}
std::string_view nameOf(RetentionRule::From from) {
  switch (from) {
    case RetentionRule::From::event:
      return "event";
    case RetentionRule::From::calendarYearEnd:
      return "calendar-year-end";
    case RetentionRule::From::fiscalYearEnd:
      return "fiscal-year-end";
    case RetentionRule::From::untilEvent:
      return "until-event";
    case RetentionRule::From::session:
      return "session";
  }
  throwBug(__FILE__, __LINE__, "nameOf(From)", "a beginning outside its list");
}

// An instance by its name; a party of the register stands in the content by its id.
void putInstance(Json& out, const char* name, const std::optional<InstanceRef>& ref,
                 const std::string& called) {
  if (ref && ref->slot != Slot(0)) put(out, name, called);
}

class Teller {
 public:
  Teller(const std::vector<PersonEvent>& events, const PersonFacts& facts,
         const RegisterHistory& registers, const AccessContext& context)
      : facts_(facts),
        context_(context),
        reg_(registers.latest()),
        state_(stateOf(events, {}, facts, registers, context.now)),
        all_(allKnown(events, {}, state_.asOf)),
        established_(all_, registers),
        judge_(established_, registers, state_.asOf) {
    for (const PersonEvent& event : events) {
      if (event.withdrawn) withdrawn_.push_back(&event);
    }
    std::sort(withdrawn_.begin(), withdrawn_.end(),
              [](const PersonEvent* a, const PersonEvent* b) { return a->seq < b->seq; });
  }

  AccessAnswer answer() {
    AccessAnswer out;
    for (const PersonEvent* event : all_) {
      if (const Json added = addedTo(*event); !added.empty()) {
        out.added.emplace(event->seq, added.dump());
      }
    }
    out.person = person().dump(2) + "\n";
    return out;
  }

 private:
  Json addedTo(const PersonEvent& e) {
    Json out = Json::object();
    if (e.kind == Kind::consultation) {
      if (const Result<ConsultationBody> body = decodeConsultation(e.body)) {
        out["operation"] = lacuna::nameOf(body->operation);
        out["reason"] = lacuna::nameOf(body->reason);
        Json told{{"at", rfc3339Of(e.at())}};
        told.update(out);
        told["seq"] = e.seq.raw();
        consultations_.push_back(std::move(told));
      }
      return out;
    }
    if (keptClosed(e, context_.now)) return ownNote(e);
    putInstance(out, "recipient", e.stored.recipient, e.recipientName);
    putInstance(out, "source", e.stored.source, e.sourceName);
    putInstance(out, "via", e.stored.via, e.viaName);
    if (e.kind == Kind::sharing && !established_.supersession().replaced(e.seq)) {
      transfer(e, out);
    }
    if (const std::optional<Seq> by = established_.supersession().by(e.seq)) {
      out["supersededBy"] = by->raw();
    }
    if (e.stored.event.operation == Operation::decide) {
      decisions_.push_back(
          {{"seq", e.seq.raw()}, {"at", rfc3339Of(e.at())}, {"purpose", e.stored.event.purpose}});
    }
    return out;
  }

  // Of what officers did about the person: that, and on what ground; neither who nor in what words.
  static Json ownNote(const PersonEvent& e) {
    Json out = Json::object();
    put(out, "operation", e.stored.operationText);
    for (const std::string& detail : e.stored.details) {
      for (const char* name : {"hold", "ground"}) {
        const std::string prefix = std::string(name) + "=";
        if (detail.starts_with(prefix)) out[name] = detail.substr(prefix.size());
      }
    }
    return out;
  }

  void transfer(const PersonEvent& e, Json& out) {
    const Transfer transfer = judge_.transferOf(e);
    Json safeguard = Json::object();
    put(safeguard, "id", transfer.safeguard);
    put(safeguard, "country", transfer.country);
    safeguard["stood"] = transfer.stood;
    out["safeguard"] = safeguard;
    Json sharing{{"seq", e.seq.raw()}, {"at", rfc3339Of(e.at())}};
    put(sharing, "purpose", e.stored.event.purpose);
    sharing["categories"] = e.stored.event.categories;
    put(sharing, "how", lacuna::nameOf(e.stored.event.how));
    sharing["safeguard"] = std::move(safeguard);
    Shared& shared = shared_[recipientOf(e)];
    shared.party = partyIdOf(e.stored.recipient, e.stored.event.recipient);
    shared.sharings.push_back(std::move(sharing));
  }

  Json person() {
    Json out{{"form", "lacuna-person/1"}};
    out["controller"] = controller();
    out["request"] = {{"madeAt", rfc3339Of(context_.now)},
                      {"reason", lacuna::nameOf(ReadReason::unstated)},
                      {"log", context_.origin},
                      {"size", context_.size},
                      {"root", context_.root}};
    if (!context_.reason.empty()) out["request"]["reason"] = context_.reason;
    out["aliases"] = facts_.aliases;
    out["admittedAt"] = rfc3339Of(facts_.admittedAt);
    out["processed"] = state_.events > 0;
    out["purposes"] = purposes();
    out["categories"] = state_.categories;
    out["sources"] = state_.sources;
    out["recipients"] = recipients();
    out["consultations"] = std::move(consultations_);
    out["consents"] = consents();
    out["notices"] = state_.notices;
    out["objections"] = state_.objections;
    out["restrictions"] = state_.restrictions;
    out["requests"] = requests();
    out["rights"] = Json::array();
    for (const auto& [right, article] : kRights) {
      out["rights"].push_back({{"right", right}, {"article", article}});
    }
    out["automatedDecisions"] = std::move(decisions_);
    out["kept"] = kept();
    out["holds"] = holds();
    out["erased"] = erased();
    out["events"] = all_.size() + withdrawn_.size();
    out["glossary"] = glossary();
    return out;
  }

  Json controller() const {
    const Controller& c = reg_.controller();
    Json out = Json::object();
    put(out, "name", c.name);
    put(out, "country", c.country);
    put(out, "contact", c.contact);
    put(out, "dpo", c.dpo);
    put(out, "authority", c.authority);
    put(out, "zone", c.zone);
    return out;
  }

  Json purposes() {
    Json out = Json::array();
    for (const PurposeView& view : state_.purposes) {
      purposeIds_.insert(view.purpose);
      categoryIds_.insert(view.categories.begin(), view.categories.end());
      out.push_back({{"purpose", view.purpose},
                     {"bases", view.bases},
                     {"categories", view.categories},
                     {"first", rfc3339Of(view.first)},
                     {"last", rfc3339Of(view.last)},
                     {"count", view.count}});
    }
    return out;
  }

  Json recipients() {
    Json out = Json::array();
    for (const RecipientView& view : state_.recipients) {
      Shared& shared = shared_[view.recipient];
      Json one{{"recipient", view.recipient}};
      if (const Party* party = reg_.party(shared.party)) {
        partyIds_.insert(party->id);
        one["party"] = party->id;
        one["roles"] = party->roles;
      }
      put(one, "country", view.country);
      one["first"] = rfc3339Of(view.first);
      one["last"] = rfc3339Of(view.last);
      one["count"] = view.count;
      one["categories"] = view.categories;
      one["purposes"] = view.purposes;
      put(one, "safeguard", view.safeguard);
      if (!view.safeguard.empty()) safeguardIds_.insert(view.safeguard);
      one["safeguardStoodOnEachDate"] = view.safeguardStoodOnEachDate;
      one["safeguardStandsNow"] = view.safeguardStandsAtEnd;
      one["sharings"] = std::move(shared.sharings);
      out.push_back(std::move(one));
    }
    return out;
  }

  Json consents() const {
    Json out = Json::array();
    for (const ConsentView& view : state_.consents) {
      Json one{{"purpose", view.purpose},
               {"state", lacuna::nameOf(view.state)},
               {"since", rfc3339Of(view.since)}};
      put(one, "givenAt", view.givenAt);
      put(one, "validUntil", view.validUntil);
      put(one, "form", view.form);
      put(one, "notice", view.notice);
      put(one, "wording", view.wording);
      one["seq"] = view.seq.raw();
      out.push_back(std::move(one));
    }
    return out;
  }

  Json requests() const {
    Json out = Json::array();
    for (const RequestView& view : state_.requests) {
      Json one{
          {"right", view.right}, {"state", view.state}, {"received", rfc3339Of(view.received)}};
      put(one, "case", view.caseRef);
      if (view.dueStatute) one["due"] = textOf(*view.dueStatute);
      put(one, "closed", view.closed);
      out.push_back(std::move(one));
    }
    return out;
  }

  Json kept() {
    Json out = Json::array();
    for (const LotView& lot : state_.lots) {
      if (lot.erased) continue;
      Json one{{"class", lot.klass}, {"events", lot.events}};
      if (lot.period != 0) one["period"] = lot.period;
      put(one, "ends", lot.ends);
      if (const RetentionClass* klass = reg_.klass(lot.klass)) {
        classIds_.insert(klass->id);
        const RetentionRule& rule = klass->retention;
        Json told{{"from", nameOf(rule.from)}};
        if (rule.period) told["period"] = textOf(*rule.period);
        put(told, "law", rule.law);
        if (rule.gap) told["gap"] = true;
        one["rule"] = std::move(told);
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  Json holds() const {
    Json out = Json::array();
    for (const HoldView& hold : facts_.holds) {
      out.push_back({{"classes", hold.classes},
                     {"ground", hold.ground},
                     {"placedAt", rfc3339Of(hold.placedAt)},
                     {"review", rfc3339Of(hold.review)}});
    }
    return out;
  }

  // What is not there any more. The lot that a withdrawal ended is among them; its other events went on in another.
  Json erased() {
    Json lots = Json::array(), withdrawn = Json::array();
    for (const LotView& lot : state_.lots) {
      if (!lot.erased) continue;
      classIds_.insert(lot.klass);
      Json one{{"class", lot.klass}};
      if (lot.period != 0) one["period"] = lot.period;
      lots.push_back(std::move(one));
    }
    for (const PersonEvent* event : withdrawn_) {
      withdrawn.push_back({{"seq", event->seq.raw()},
                           {"class", event->klass},
                           {"recordedAt", rfc3339Of(event->recordedAt)}});
    }
    return {{"lots", std::move(lots)}, {"withdrawn", std::move(withdrawn)}};
  }

  Json glossary() const {
    Json out = Json::object();
    const auto section = [&](const char* name, const std::set<std::string>& ids, auto find) {
      Json some = Json::object();
      for (const std::string& id : ids) {
        const auto* entry = find(id);
        if (entry != nullptr) some[id] = jsonOf(entry->label);
      }
      out[name] = std::move(some);
    };
    section("purposes", purposeIds_, [&](const std::string& id) { return reg_.purpose(id); });
    section("categories", categoryIds_, [&](const std::string& id) { return reg_.category(id); });
    section("classes", classIds_, [&](const std::string& id) { return reg_.klass(id); });
    section("parties", partyIds_, [&](const std::string& id) { return reg_.party(id); });
    section("safeguards", safeguardIds_, [&](const std::string& id) { return reg_.safeguard(id); });
    return out;
  }

  struct Shared {
    std::string party;
    Json sharings = Json::array();
  };

  const PersonFacts& facts_;
  const AccessContext& context_;
  const Register& reg_;
  const PersonState state_;
  const Ordered all_;
  Facts established_;
  FlagJudge judge_;
  Ordered withdrawn_;
  Json consultations_ = Json::array(), decisions_ = Json::array();
  std::map<std::string, Shared> shared_;
  std::set<std::string> purposeIds_, categoryIds_, classIds_, partyIds_, safeguardIds_;
};

}  // namespace

bool withheld(const PersonEvent& event, Instant now) {
  return event.stored.event.withholdUntil && *event.stored.event.withholdUntil > now;
}

bool keptClosed(const PersonEvent& event, Instant now) {
  return event.kind == Kind::consultation || !event.stored.operationText.empty() ||
         withheld(event, now);
}

AccessAnswer accessAnswer(std::vector<PersonEvent> events, const PersonFacts& facts,
                          const RegisterHistory& registers, const AccessContext& context) {
  const std::size_t before = events.size();
  std::erase_if(events, [&](const PersonEvent& event) { return withheld(event, context.now); });
  AccessAnswer out = Teller(events, facts, registers, context).answer();
  out.withheld = before - events.size();
  return out;
}

}  // namespace lacuna
