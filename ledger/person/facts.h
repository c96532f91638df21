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

// Spans of time, each begun by an event: is a moment within one of them? Log n, whatever a person's
// history holds.
class Timeline {
 public:
  void add(const PersonEvent& start, Instant end);  // Needs: starts in order. The end is exclusive.
  bool covers(const PersonEvent& user) const;
  bool empty() const { return starts_.empty(); }

 private:
  Ordered starts_;
  std::vector<Instant> latestEnd_;  // of all spans up to this one
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

  // How consent for the purpose stood where `user` happened, or came to stand until `asked`: a form
  // collects what is typed before the box is ticked. At least, one of the very same moment counts.
  Consent consent(std::string_view purpose, const PersonEvent& user, Instant asked) const;
  bool restricted(std::string_view purpose, const PersonEvent& user) const;
  // Who consents to a purpose after objecting to it has taken the objection back, for that purpose.
  bool objected(std::string_view purpose, const PersonEvent& user);
  // Whether the person was informed of this collection by `end`, or knew its notice already.
  // `notice`: the one that the collection names or, if none, the one in force then.
  bool informed(const PersonEvent& collection, std::string_view notice, Instant end) const;
  // Whether an event records an agreement with this recipient that was in force where it got data.
  bool agreed(std::string_view party, const PersonEvent& sharing) const;

  // Purposes; "*" is everything.
  std::vector<std::string> restrictionsAt(Instant t) const;
  std::vector<std::string> objectionsAt(Instant t) const;
  const std::map<std::string_view, Ordered>& consents() const { return consents_; }  // by purpose

 private:
  struct Span {  // of an objection or a restriction
    std::string_view purpose;
    const PersonEvent* start = nullptr;
    Instant end{};
  };
  void take(const PersonEvent& event, const RegisterHistory& registers);
  void takeAgreement(const PersonEvent& event);
  void inform(Instant at, std::string_view notice);
  Instant endOf(const PersonEvent& event) const;
  Instant endOf(const Span& objection, std::string_view purpose) const;

  Supersession supersession_;
  std::map<std::string_view, Ordered> consents_, given_;
  std::vector<Span> restrictions_, objections_;
  std::map<std::string_view, Timeline> restricted_;
  std::map<std::string, Timeline, std::less<>> objected_;  // filled as purposes are asked for
  std::map<std::string, Timeline, std::less<>> agreedById_, agreedByName_;
  std::vector<Instant> informedAt_;
  std::map<std::string_view, Instant> noticeFirst_;
};

}  // namespace lacuna
