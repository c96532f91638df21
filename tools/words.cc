#include "tools/words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace lacuna::tool {
namespace {

struct Heading {
  std::string_view field, en, nl;
};

// Sorted by field.
constexpr std::array kHeadings{
    Heading{"action", "Action", "Handeling"},
    Heading{"actor", "Actor", "Uitvoerder"},
    Heading{"admissible", "Admissible", "Toelaatbaar"},
    Heading{"admittedAt", "Admitted at", "Opgenomen op"},
    Heading{"agreement", "Agreement", "Overeenkomst"},
    Heading{"aliases", "Aliases", "Aliassen"},
    Heading{"asOf", "As of", "Peildatum"},
    Heading{"assurance", "Assurance", "Zekerheid"},
    Heading{"at", "At", "Op"},
    Heading{"bases", "Bases", "Grondslagen"},
    Heading{"basis", "Basis", "Grondslag"},
    Heading{"case", "Case", "Dossier"},
    Heading{"categories", "Categories", "Gegevens"},
    Heading{"channel", "Channel", "Kanaal"},
    Heading{"checkpoint", "Checkpoint", "Controlepunt"},
    Heading{"class", "Class", "Klasse"},
    Heading{"classes", "Classes", "Klassen"},
    Heading{"closed", "Closed", "Gesloten"},
    Heading{"committed", "Committed", "Vastgesteld"},
    Heading{"complete", "Complete", "Voltooid"},
    Heading{"consents", "Consents", "Toestemmingen"},
    Heading{"consultations", "Who looked", "Wie heeft gekeken"},
    Heading{"corrects", "Corrects", "Verbetert"},
    Heading{"count", "Count", "Aantal"},
    Heading{"country", "Country", "Land"},
    Heading{"data", "Data", "Inhoud"},
    Heading{"decision", "Decision", "Besluit"},
    Heading{"detail", "Detail", "Bijzonderheden"},
    Heading{"dueHouse", "Due (our promise)", "Uiterlijk (eigen belofte)"},
    Heading{"dueStatute", "Due (law)", "Uiterlijk (wet)"},
    Heading{"ends", "Ends", "Eindigt"},
    Heading{"erased", "Erased", "Gewist"},
    Heading{"erasure", "Erasure", "Wissing"},
    Heading{"events", "Events", "Gebeurtenissen"},
    Heading{"extended", "Extended", "Verlengd"},
    Heading{"first", "First", "Eerste"},
    Heading{"flag", "Flag", "Signaal"},
    Heading{"flags", "Flags", "Signalen"},
    Heading{"form", "Form", "Vorm"},
    Heading{"gid", "Gid", "Gid"},
    Heading{"givenAt", "Given at", "Gegeven op"},
    Heading{"ground", "Ground", "Grond"},
    Heading{"group", "Group", "Groep"},
    Heading{"holders", "Key holders", "Sleutelhouders"},
    Heading{"how", "How", "Hoe"},
    Heading{"id", "Id", "Id"},
    Heading{"kind", "Kind", "Soort"},
    Heading{"knownAt", "Known at", "Bekend op"},
    Heading{"label", "Label", "Omschrijving"},
    Heading{"last", "Last", "Laatste"},
    Heading{"leaf", "Leaf", "Blad"},
    Heading{"line", "Line", "Regel"},
    Heading{"lots", "Lots", "Partijen gegevens"},
    Heading{"message", "Message", "Melding"},
    Heading{"nearest", "Nearest", "Lijkt op"},
    Heading{"notice", "Notice", "Kennisgeving"},
    Heading{"notices", "Notices", "Kennisgevingen"},
    Heading{"objections", "Objections", "Bezwaren"},
    Heading{"officer", "Officer", "Functionaris"},
    Heading{"operation", "Operation", "Bewerking"},
    Heading{"origin", "Origin", "Herkomst"},
    Heading{"period", "Period", "Periode"},
    Heading{"person", "Person", "Betrokkene"},
    Heading{"principal", "Principal", "Houder"},
    Heading{"purpose", "Purpose", "Doel"},
    Heading{"purposes", "Purposes", "Doelen"},
    Heading{"reason", "Reason", "Reden"},
    Heading{"received", "Received", "Ontvangen"},
    Heading{"recipient", "Recipient", "Ontvanger"},
    Heading{"recipients", "Recipients", "Ontvangers"},
    Heading{"recordedAt", "Recorded at", "Vastgelegd op"},
    Heading{"refused", "Refused", "Geweigerd"},
    Heading{"repeated", "Known before", "Al bekend"},
    Heading{"requests", "Requests", "Verzoeken"},
    Heading{"restrictions", "Restrictions", "Beperkingen"},
    Heading{"revoked", "Revoked", "Ingetrokken"},
    Heading{"right", "Right", "Recht"},
    Heading{"roles", "Roles", "Rollen"},
    Heading{"safeguard", "Safeguard", "Waarborg"},
    Heading{"safeguardStandsAtEnd", "Stands now", "Geldt nu"},
    Heading{"safeguardStoodOnEachDate", "Stood each time", "Gold steeds"},
    Heading{"sealed", "Sealed", "Verzegeld"},
    Heading{"seq", "Seq", "Nr"},
    Heading{"since", "Since", "Sinds"},
    Heading{"singleUser", "Single-user mode", "Eengebruikersmodus"},
    Heading{"size", "Records", "Records"},
    Heading{"source", "Source", "Bron"},
    Heading{"sources", "Sources", "Bronnen"},
    Heading{"state", "State", "Toestand"},
    Heading{"step", "Step", "Stap"},
    Heading{"supersededBy", "Superseded by", "Vervangen door"},
    Heading{"system", "System", "Systeem"},
    Heading{"systems", "Systems", "Systemen"},
    Heading{"treeVersion", "Tree version", "Boomversie"},
    Heading{"uid", "Uid", "Uid"},
    Heading{"until", "Until", "Tot"},
    Heading{"validUntil", "Valid until", "Geldig tot"},
    Heading{"version", "Version", "Versie"},
    Heading{"via", "Via", "Via"},
    Heading{"what", "What", "Wat"},
    Heading{"why", "Why", "Waarom"},
    Heading{"wording", "Wording", "Tekst"},
};
static_assert(std::is_sorted(kHeadings.begin(), kHeadings.end(),
                             [](const Heading& a, const Heading& b) { return a.field < b.field; }));

std::string takenApart(std::string_view field) {
  std::string out;
  for (const char c : field) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !out.empty()) {
      out += ' ';
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace

std::string headingOf(std::string_view field, Language language) {
  const auto found =
      std::lower_bound(kHeadings.begin(), kHeadings.end(), field,
                       [](const Heading& h, std::string_view f) { return h.field < f; });
  if (found == kHeadings.end() || found->field != field) return takenApart(field);
  return std::string(language == Language::nl ? found->nl : found->en);
}

}  // namespace lacuna::tool
