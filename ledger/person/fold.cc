#include "ledger/person/fold.h"

#include "ledger/person/flags.h"
#include "ledger/person/requests.h"
#include "ledger/record/bodies.h"
#include "ledger/register/admission.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace lacuna {
namespace {

class Folder {
 public:
  Folder(const Ordered& events, const RegisterHistory& registers, Instant asOf)
      : registers_(registers), facts_(events, registers), judge_(facts_, registers, asOf) {
    state_.asOf = asOf;
  }

  PersonState fold(const Ordered& shown, const PersonFacts& person) {
    for (const PersonEvent* e : shown) take(*e);
    takeConsents(shown);
    state_.requests = requests_.views(registers_);
    for (auto& [category, holders] : held_) {
      if (!holders.empty()) state_.categories.push_back(category);
    }
    for (RecipientView& view : state_.recipients) {
      view.safeguardStandsAtEnd =
          view.safeguard.empty()
              ? !thirdCountry(view.country)
              : judge_.safeguardStands(view.safeguard, judge_.dateOfInstant(state_.asOf));
    }
    takeLots(person);
    state_.restrictions = facts_.restrictionsAt(state_.asOf);
    state_.objections = facts_.objectionsAt(state_.asOf);
    return std::move(state_);
  }

 private:
  // Who holds a category: a system, with the retention class under which it came.
  using Holder = std::pair<std::string, std::string>;

  void take(const PersonEvent& e) {
    ++state_.events;
    ++lotEvents_[e.lot];
    if (facts_.supersession().replaced(e.seq)) return;
    for (Flagged& flagged : judge_.judge(e)) state_.flags.push_back(std::move(flagged));
    switch (e.kind) {
      case Kind::processing:
        return takeProcessing(e);
      case Kind::sharing:
        return takeSharing(e);
      case Kind::erasure:
        return takeErasure(e);
      case Kind::notice:
        return addOnce(state_.notices, e.stored.event.notice);
      case Kind::request:
      case Kind::complaint:
        return requests_.take(e);
      case Kind::consultation:
        return takeConsultation(e);
      default:
        return;
    }
  }

  void takePurpose(const PersonEvent& e) {
    const Event& event = e.stored.event;
    if (event.purpose.empty()) return;
    const auto [place, fresh] = purposeAt_.try_emplace(event.purpose, state_.purposes.size());
    if (fresh) state_.purposes.push_back({event.purpose, {}, {}, e.at(), e.at(), 0});
    PurposeView& view = state_.purposes[place->second];
    view.last = e.at();
    ++view.count;
    for (const std::string& category : event.categories) addOnce(view.categories, category);
    if (!event.basis.empty()) return addOnce(view.bases, event.basis);
    const Register& reg = registers_.version(e.stored.registerVersion);
    if (const Purpose* purpose = reg.purpose(event.purpose)) {
      for (const std::string& basis : purpose->basis) addOnce(view.bases, basis);
    }
  }

  void hold(const PersonEvent& e) {
    for (const std::string& category : e.stored.event.categories) {
      held_[category].emplace(e.system, e.klass);
    }
  }

  // A system has deleted what it held: the categories named, of the class named, or all it had.
  void release(const PersonEvent& e, std::string_view klass) {
    const Event& event = e.stored.event;
    for (auto& [category, holders] : held_) {
      if (!event.categories.empty() && !contains(event.categories, category)) continue;
      std::erase_if(holders, [&](const Holder& holder) {
        return holder.first == e.system && (klass.empty() || holder.second == klass);
      });
    }
  }

  void takeProcessing(const PersonEvent& e) {
    const Event& event = e.stored.event;
    takePurpose(e);
    const Register& reg = registers_.version(e.stored.registerVersion);
    // Of what a third party handed over, the notice is the one that applied; the person saw none yet.
    if (!fromThirdParty(e, reg)) addOnce(state_.notices, event.notice);
    if (event.operation == Operation::erase || event.operation == Operation::anonymise) {
      // With a purpose there is always a class; it is meant only where the reporter named it.
      return release(e, event.klass);
    }
    hold(e);
    addOnce(state_.sources, sourceOf(e));
  }

  void takeErasure(const PersonEvent& e) {
    if (e.body.empty()) release(e, e.stored.event.klass);  // a step of our own has a body
  }

  void takeSharing(const PersonEvent& e) {
    const Event& event = e.stored.event;
    takePurpose(e);
    // What the recipient collected by itself we may never have had.
    if (event.how != SharingHow::collectedByRecipient) hold(e);
    const std::string name = recipientOf(e);
    const auto [place, fresh] = recipientAt_.try_emplace(name, state_.recipients.size());
    if (fresh) {
      RecipientView view;
      view.recipient = name;
      view.first = e.at();
      state_.recipients.push_back(std::move(view));
    }
    RecipientView& view = state_.recipients[place->second];
    view.last = e.at();
    ++view.count;
    for (const std::string& category : event.categories) addOnce(view.categories, category);
    addOnce(view.purposes, event.purpose);
    Transfer transfer = judge_.transferOf(e);
    view.safeguardStoodOnEachDate = view.safeguardStoodOnEachDate && transfer.stood;
    if (!transfer.country.empty()) view.country = std::move(transfer.country);
    view.safeguard = std::move(transfer.safeguard);
  }

  void takeConsultation(const PersonEvent& e) {
    ConsultationView view;
    view.at = e.at();
    view.seq = e.seq;
    view.principal = e.stored.principal;
    view.reason = e.stored.reason;
    view.operation = e.stored.operationText;
    if (const Result<ConsultationBody> body = decodeConsultation(e.body)) {
      if (view.principal == 0) view.principal = body->officer;
      if (view.reason.empty()) view.reason = nameOf(body->reason);
      if (view.operation.empty()) view.operation = nameOf(body->operation);
    }
    if (view.reason.empty()) view.reason = nameOf(ReadReason::unstated);
    state_.consultations.push_back(std::move(view));
  }

  void takeConsents(const Ordered& shown) {
    std::set<std::string_view> purposes;
    for (const PersonEvent* e : shown) {
      if (e->kind == Kind::consent) purposes.insert(e->stored.event.purpose);
    }
    for (const auto& [purpose, all] : facts_.consents()) {
      if (!purposes.contains(purpose)) continue;
      ConsentView view;
      view.purpose = purpose;
      for (const PersonEvent* e : all) {
        const Event& event = e->stored.event;
        addOnce(state_.notices, event.notice);
        if (event.consentState == ConsentState::given) view.givenAt = e->at();
        view.notice = event.notice;
        view.wording = event.wording;
        view.form = nameOf(event.form);
        view.how = event.channel;
        view.state = event.consentState;
        view.since = e->at();
        view.validUntil = event.validUntil;
        view.seq = e->seq;
      }
      if (view.state == ConsentState::given && view.validUntil && *view.validUntil <= state_.asOf) {
        view.state = ConsentState::expired;
        view.since = *view.validUntil;
      }
      state_.consents.push_back(std::move(view));
    }
  }

  void takeLots(const PersonFacts& person) {
    const Register& reg = registers_.latest();
    for (LotView lot : person.lots) {
      const auto counted = lotEvents_.find(lot.leaf);
      lot.events = counted == lotEvents_.end() ? 0 : counted->second;
      const RetentionClass* klass = reg.klass(lot.klass);
      if (!lot.ends && !lot.erased && klass != nullptr) {
        lot.ends = retentionEnd(*klass, reg, lot.period);
      }
      state_.lots.push_back(std::move(lot));
    }
  }

  const RegisterHistory& registers_;
  Facts facts_;
  FlagJudge judge_;
  PersonState state_;
  RequestFold requests_;
  std::map<std::string, std::set<Holder>, std::less<>> held_;
  std::unordered_map<std::string, std::size_t> purposeAt_, recipientAt_;
  std::unordered_map<LeafNo, std::uint64_t> lotEvents_;
};

}  // namespace

PersonState fold(std::span<const PersonEvent> events, const PersonFacts& facts,
                 const RegisterHistory& registers, Instant asOf) {
  const Ordered all = allKnown(events, {}, asOf);
  return Folder(all, registers, asOf).fold(all, facts);
}

PersonState stateOf(std::span<const PersonEvent> events, const HistoryQuery& query,
                    const PersonFacts& facts, const RegisterHistory& registers, Instant now) {
  const RegisterHistory versions = registers.knownBy(query);
  const Instant asOf = standsAt(events, query, now);
  HistoryQuery shown = query;
  shown.asOf = asOf;
  return Folder(allKnown(events, query, asOf), versions, asOf).fold(select(events, shown), facts);
}

}  // namespace lacuna
