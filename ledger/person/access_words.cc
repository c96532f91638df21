#include "ledger/person/access_words.h"

#include "ledger/base/civil.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

struct Word {
  std::string_view id, en, nl;
};

// Sorted by id.
constexpr std::array kWords{
    Word{"agreement", "agreement", "overeenkomst"},
    Word{"anonymise", "made anonymous", "geanonimiseerd"},
    Word{"audit", "audit", "controle"},
    Word{"breach", "data breach", "datalek"},
    Word{"bundled", "as part of something else", "als deel van iets anders"},
    Word{"calendar-year-end", "the end of the calendar year", "het einde van het kalenderjaar"},
    Word{"collect", "collected", "verzameld"},
    Word{"collected-by-recipient", "collected by the recipient", "verzameld door de ontvanger"},
    Word{"compelled", "handed over by legal duty", "verstrekt op grond van een wettelijke plicht"},
    Word{"complaint", "complaint", "klacht"},
    Word{"consent", "consent", "toestemming"},
    Word{"consultation", "consultation", "raadpleging"},
    Word{"controller", "ourselves", "wijzelf"},
    Word{"decide", "decided", "beslist"},
    Word{"delete", "deleted", "verwijderd"},
    Word{"derive", "derived", "afgeleid"},
    Word{"dpv:DataController", "controller", "verwerkingsverantwoordelijke"},
    Word{"dpv:DataProcessor", "processor", "verwerker"},
    Word{"dpv:DataSubProcessor", "sub-processor", "subverwerker"},
    Word{"dpv:JointDataControllers", "joint controller",
         "gezamenlijke verwerkingsverantwoordelijke"},
    Word{"dpv:Recipient", "recipient", "ontvanger"},
    Word{"dpv:ThirdParty", "third party", "derde"},
    Word{"erase-plan", "an erasure was prepared", "een wissing is voorbereid"},
    Word{"erasure", "erasure", "wissing"},
    Word{"event", "the event", "de gebeurtenis"},
    Word{"expired", "expired", "verlopen"},
    Word{"explicit", "explicit", "uitdrukkelijk"},
    Word{"export", "an export was made", "een export is gemaakt"},
    Word{"fetched", "fetched by the recipient", "opgehaald door de ontvanger"},
    Word{"find", "searched for", "opgezocht"},
    Word{"fiscal-year-end", "the end of the fiscal year", "het einde van het boekjaar"},
    Word{"given", "given", "gegeven"},
    Word{"history", "the history was read", "de geschiedenis is gelezen"},
    Word{"hold", "duty to keep", "bewaarplicht"},
    Word{"implied", "by conduct", "door gedrag"},
    Word{"invalidated", "invalidated", "ongeldig verklaard"},
    Word{"lift", "duty to keep lifted", "bewaarplicht opgeheven"},
    Word{"link", "an alias was added", "een alias is toegevoegd"},
    Word{"not-automated", "no solely automated decision",
         "geen uitsluitend geautomatiseerd besluit"},
    Word{"note", "note", "notitie"},
    Word{"notice", "you were informed", "u bent geïnformeerd"},
    Word{"objection", "objection", "bezwaar"},
    Word{"observe", "observed", "waargenomen"},
    Word{"other", "other", "anders"},
    Word{"place", "duty to keep begun", "bewaarplicht ingesteld"},
    Word{"portability", "data portability", "overdraagbaarheid"},
    Word{"processing", "processing", "verwerking"},
    Word{"published", "published", "gepubliceerd"},
    Word{"recipients", "the recipients were read", "de ontvangers zijn gelezen"},
    Word{"rectification", "rectification", "rectificatie"},
    Word{"refused", "refused", "geweigerd"},
    Word{"request", "request", "verzoek"},
    Word{"restriction", "restriction", "beperking"},
    Word{"sent", "sent", "verzonden"},
    Word{"session", "the session", "de sessie"},
    Word{"sharing", "sharing", "verstrekking"},
    Word{"show", "the identity was read", "de identiteit is gelezen"},
    Word{"state", "the present state was read", "de stand is gelezen"},
    Word{"store", "stored", "opgeslagen"},
    Word{"subject", "yourself", "uzelf"},
    Word{"support", "support", "ondersteuning"},
    Word{"unstated", "not stated", "niet opgegeven"},
    Word{"until-event", "the end of what it is needed for", "het einde van waarvoor het nodig is"},
    Word{"use", "used", "gebruikt"},
    Word{"withdrawal", "withdrawing consent", "intrekken van toestemming"},
    Word{"withdrawn", "withdrawn", "ingetrokken"},
};
static_assert(std::is_sorted(kWords.begin(), kWords.end(),
                             [](const Word& a, const Word& b) { return a.id < b.id; }));

constexpr BothWords kBases[] = {
    {"consent", "toestemming"},
    {"contract", "overeenkomst"},
    {"legal obligation", "wettelijke verplichting"},
    {"vital interests", "vitale belangen"},
    {"public task", "publieke taak"},
    {"legitimate interests", "gerechtvaardigd belang"},
};

void addUnit(std::string& out, int count, BothWords one, BothWords many, PageLanguage language) {
  if (count == 0) return;
  if (!out.empty()) out += ", ";
  out += std::to_string(count) + " " + std::string((count == 1 ? one : many).in(language));
}

}  // namespace

std::string_view wordOf(std::string_view id, PageLanguage language) {
  const auto at =
      std::lower_bound(kWords.begin(), kWords.end(), id,
                       [](const Word& word, std::string_view x) { return word.id < x; });
  if (at == kWords.end() || at->id != id) return id;
  return language == PageLanguage::nl ? at->nl : at->en;
}

std::string basisText(std::string_view id, PageLanguage language) {
  constexpr std::string_view kPrefix = "eu-gdpr:A6-1-";
  if (id.starts_with(kPrefix) && id.size() > kPrefix.size()) {
    const char letter = id[kPrefix.size()];
    if (letter >= 'a' && letter <= 'f') {
      return std::string(kBases[letter - 'a'].in(language)) + " (Art. 6(1)(" + letter + "))";
    }
  }
  return std::string(id);
}

std::string periodText(std::string_view text, PageLanguage language) {
  const std::optional<Period> period = periodOf(text);
  if (!period) return std::string(text);
  std::string out;
  addUnit(out, period->years, {"year", "jaar"}, {"years", "jaar"}, language);
  addUnit(out, period->months, {"month", "maand"}, {"months", "maanden"}, language);
  addUnit(out, period->days, {"day", "dag"}, {"days", "dagen"}, language);
  return out.empty() ? std::string(text) : out;
}

}  // namespace lacuna
