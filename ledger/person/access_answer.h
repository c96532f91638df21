// What a person is told who asks for it (Art. 15 GDPR): the page for the reader, and what the ledger says beside each
// event. A pure function of the events. The JSON is described in ledger/person/README.md.
//
// Nobody else's: staff who looked are left out, instances that received or gave data are named (they have to be),
// and a sharing that is still withheld is not told.
#pragma once

#include "ledger/person/fold.h"

#include <unordered_map>

namespace lacuna {

// Whether an event's text is kept from the person: the ledger's own notes of who looked, held or linked, and why;
// and a sharing before its `withholdUntil`.
bool keptClosed(const PersonEvent& event, Instant now);
bool withheld(const PersonEvent& event, Instant now);

struct AccessContext {
  Instant now{};
  std::string reason;  // under which it was asked for
  std::string origin;  // of the log, and the head under which all of it is proved
  std::uint64_t size = 0;
  std::string root;
};

struct AccessAnswer {
  std::string person;                          // one JSON object, indented
  std::unordered_map<Seq, std::string> added;  // where there is something: a compact JSON object
  std::uint64_t withheld = 0;                  // sharings that are not told
};
// `events`: everything known, in any order; `data` is not looked at.
AccessAnswer accessAnswer(std::vector<PersonEvent> events, const PersonFacts& facts,
                          const RegisterHistory& registers, const AccessContext& context);

}  // namespace lacuna
