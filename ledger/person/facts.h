// What a person's events establish, so that other events can be judged by it. Internal to person/.
#pragma once

#include "ledger/person/fold.h"

#include <map>
#include <string_view>
#include <unordered_map>

namespace lacuna {

using Ordered = std::vector<const PersonEvent*>;  // by (at, seq)

bool before(const PersonEvent& a, const PersonEvent& b);  // in that order

// The party's id in the register, and the name shown: the id, or `category:name` of an instance.
// `ref` is what the event was resolved to, `text` what stands in it when nothing was resolved.
std::string partyIdOf(const std::optional<InstanceRef>& ref, std::string_view text);
std::string shownName(const std::optional<InstanceRef>& ref, std::string_view text,
                      std::string_view name);
inline std::string recipientOf(const PersonEvent& e) {
  return shownName(e.stored.recipient, e.stored.event.recipient, e.recipientName);
}
inline std::string sourceOf(const PersonEvent& e) {
  return shownName(e.stored.source, e.stored.event.source, e.sourceName);
}
bool contains(const std::vector<std::string>& list, std::string_view what);
void addOnce(std::vector<std::string>& list, std::string_view what);

// Whether data of this source did not come from the person (Art. 14): processors collect for the
// controller, so what they observe comes from the person.
bool fromThirdParty(const PersonEvent& event, const Register& reg);

// When the answer to a query stands, and every event that it may rest on, in order.
Instant standsAt(std::span<const PersonEvent> events, const HistoryQuery& query, Instant now);
Ordered allKnown(std::span<const PersonEvent> events, const HistoryQuery& query, Instant asOf);

// Which events were superseded by another one's `corrects`.
class Supersession {
 public:
  explicit Supersession(const Ordered& events);

  std::optional<Seq> by(Seq seq) const;
  bool replaced(Seq seq) const;                 // by one of its own kind: it no longer counts
  std::optional<Instant> endOf(Seq seq) const;  // of what lasts (a restriction): until superseded

 private:
  struct Mark {
    Seq last;
    bool replaced = false;
    Instant first{};
  };
  const Mark* find(Seq seq) const;
  std::unordered_map<Seq, Mark> marks_;
};

enum class Consent : std::uint8_t {
  none,
  given,
  byConduct,
  withdrawn
};  // byConduct: implied, bundled

class Facts {
 public:
  explicit Facts(const Ordered& events, const RegisterHistory& registers);

  const Supersession& supersession() const { return supersession_; }

  // How consent for the purpose stood where `user` happened. A consent of the very same moment counts.
  Consent consent(std::string_view purpose, const PersonEvent& user) const;
  bool restricted(std::string_view purpose, const PersonEvent& user) const;
  bool objected(std::string_view purpose, const PersonEvent& user) const;
  // Whether the person was informed of this collection by `end`, or knew its notice already.
  // `notice`: the one that the collection names or, if none, the one in force then.
  bool informed(const PersonEvent& collection, std::string_view notice, Instant end) const;
  // Whether an event records an agreement with this party that was in force where `user` happened.
  bool agreed(std::string_view party, const PersonEvent& user) const;

  // Purposes; "*" is everything.
  std::vector<std::string> restrictionsAt(Instant t) const;
  std::vector<std::string> objectionsAt(Instant t) const;
  const std::map<std::string_view, Ordered>& consents() const { return consents_; }  // by purpose

 private:
  struct Span {  // of a restriction or an objection
    std::string_view purpose;
    const PersonEvent* event = nullptr;
    std::optional<Instant> until;
  };
  struct Informed {
    Instant at{};
    std::string_view notice;
  };
  void take(const PersonEvent& event, const RegisterHistory& registers);
  Span spanOf(const PersonEvent& event) const;
  bool liftedByConsent(const Span& objection, std::string_view purpose, Instant t) const;

  Supersession supersession_;
  std::map<std::string_view, Ordered> consents_;
  std::vector<Span> restrictions_, objections_;
  std::vector<Informed> informed_;
  Ordered agreements_;
};

}  // namespace lacuna
