// What a person is told (Art. 15 GDPR), as a page to read and to print. A pure function of person.json and of the
// events' lines of an export: it says nothing that those do not say.
//
// One self-contained HTML document without scripts; every text in it is escaped. In the order of Art. 15: who is
// responsible, whether data are processed, purposes, recipients by name, who looked, consents, rights, automated
// decisions, the data themselves, what was erased, the words used.
// Thread: any.
#pragma once

#include "ledger/base/html.h"
#include "ledger/record/record.h"

#include <map>

namespace lacuna {

// One event as an export tells it.
struct AccessEvent {
  enum class Told : std::uint8_t { whole, closed, withdrawn, bare };  // bare: only that it was
  Told told = Told::whole;
  Kind kind = Kind::note;
  Instant recordedAt{};
  std::string_view content;  // of a whole one: a JSON object
  std::string_view added = "{}";
};

class AccessPage {
 public:
  // `person`: the text of person.json (accessAnswer()).
  AccessPage(PageLanguage language, std::string_view person);

  // The page is head, a row an event, tail. head() and tail() hand their text over: once each.
  std::string head() { return std::move(head_); }
  std::string row(const AccessEvent& event) const;  // empty: told in a section of its own
  std::string tail() { return std::move(tail_); }

 private:
  PageLanguage language_;
  std::map<std::string, std::string, std::less<>> labels_;  // "section/id": escaped
  std::string head_, tail_;
};

}  // namespace lacuna
