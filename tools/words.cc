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
    Heading{"alias", "Alias", "Alias"},
    Heading{"aliases", "Aliases", "Aliassen"},
    Heading{"article", "Article", "Artikel"},
    Heading{"asOf", "As of", "Peildatum"},
    Heading{"assurance", "Assurance", "Zekerheid"},
    Heading{"at", "At", "Op"},
    Heading{"authority", "Authority", "Toezichthouder"},
    Heading{"bases", "Bases", "Grondslagen"},
    Heading{"basis", "Basis", "Grondslag"},
    Heading{"by", "Clock", "Klok"},
    Heading{"case", "Case", "Dossier"},
    Heading{"categories", "Categories", "Gegevens"},
    Heading{"certificate", "Certificate", "Certificaat"},
    Heading{"change", "Change", "Wijziging"},
    Heading{"changed", "Changed", "Gewijzigd"},
    Heading{"channel", "Channel", "Kanaal"},
    Heading{"checked", "Checked", "Gecontroleerd"},
    Heading{"checkpoint", "Checkpoint", "Controlepunt"},
    Heading{"checkpoints", "Checkpoints", "Controlepunten"},
    Heading{"class", "Class", "Klasse"},
    Heading{"classes", "Classes", "Klassen"},
    Heading{"closed", "Closed", "Gesloten"},
    Heading{"closedAt", "Closed at", "Gesloten op"},
    Heading{"code", "Code", "Code"},
    Heading{"committed", "Committed", "Vastgesteld"},
    Heading{"committedAt", "Committed at", "Vastgesteld op"},
    Heading{"complete", "Complete", "Voltooid"},
    Heading{"completedAt", "Completed at", "Voltooid op"},
    Heading{"consents", "Consents", "Toestemmingen"},
    Heading{"consultations", "Who looked", "Wie heeft gekeken"},
    Heading{"corrects", "Corrects", "Verbetert"},
    Heading{"count", "Count", "Aantal"},
    Heading{"country", "Country", "Land"},
    Heading{"data", "Data", "Inhoud"},
    Heading{"daysLeft", "Days left", "Dagen over"},
    Heading{"decision", "Decision", "Besluit"},
    Heading{"destroyed", "Destroyed", "Vernietigd"},
    Heading{"detail", "Detail", "Bijzonderheden"},
    Heading{"directory", "Directory", "Map"},
    Heading{"disclosed", "Disclosed", "Geopenbaard"},
    Heading{"dryRun", "Only a plan", "Alleen een plan"},
    Heading{"due", "Due", "Uiterlijk"},
    Heading{"dueHouse", "Due (our promise)", "Uiterlijk (eigen belofte)"},
    Heading{"dueStatute", "Due (law)", "Uiterlijk (wet)"},
    Heading{"end", "End", "Einde"},
    Heading{"ends", "Ends", "Eindigt"},
    Heading{"envelopes", "Envelopes", "Enveloppen"},
    Heading{"erase", "Erase", "Wissen"},
    Heading{"erased", "Erased", "Gewist"},
    Heading{"erasure", "Erasure", "Wissing"},
    Heading{"events", "Events", "Gebeurtenissen"},
    Heading{"extended", "Extended", "Verlengd"},
    Heading{"extension", "Extension", "Verlenging"},
    Heading{"field", "Field", "Veld"},
    Heading{"findings", "Findings", "Bevindingen"},
    Heading{"first", "First", "Eerste"},
    Heading{"flag", "Flag", "Signaal"},
    Heading{"flags", "Flags", "Signalen"},
    Heading{"form", "Form", "Vorm"},
    Heading{"freeDiskBytes", "Free on disk (bytes)", "Vrij op schijf (bytes)"},
    Heading{"from", "From", "Van"},
    Heading{"gid", "Gid", "Gid"},
    Heading{"givenAt", "Given at", "Gegeven op"},
    Heading{"ground", "Ground", "Grond"},
    Heading{"group", "Group", "Groep"},
    Heading{"groups", "Groups", "Groepen"},
    Heading{"holder", "Key holder", "Sleutelhouder"},
    Heading{"holders", "Key holders", "Sleutelhouders"},
    Heading{"holds", "Holds", "Bewaarplichten"},
    Heading{"how", "How", "Hoe"},
    Heading{"id", "Id", "Id"},
    Heading{"identity", "Identity", "Identiteit"},
    Heading{"imported", "Imported", "Ingelezen"},
    Heading{"keep", "Keep", "Bewaren"},
    Heading{"keptUntil", "Kept until", "Bewaard tot"},
    Heading{"key", "Key", "Sleutel"},
    Heading{"keyBelieved", "Key believed", "Geloofde sleutel"},
    Heading{"kind", "Kind", "Soort"},
    Heading{"knownAt", "Known at", "Bekend op"},
    Heading{"label", "Label", "Omschrijving"},
    Heading{"last", "Last", "Laatste"},
    Heading{"lastSeen", "Last seen", "Laatst gezien"},
    Heading{"late", "Late by", "Te laat volgens"},
    Heading{"leaf", "Leaf", "Blad"},
    Heading{"legalMinimumUntil", "Kept by law until", "Wettelijk bewaard tot"},
    Heading{"line", "Line", "Regel"},
    Heading{"linked", "Linked", "Gekoppeld"},
    Heading{"lots", "Lots", "Partijen gegevens"},
    Heading{"message", "Message", "Melding"},
    Heading{"name", "Name", "Naam"},
    Heading{"nearest", "Nearest", "Lijkt op"},
    Heading{"notChecked", "Not checked", "Niet gecontroleerd"},
    Heading{"notice", "Notice", "Kennisgeving"},
    Heading{"notices", "Notices", "Kennisgevingen"},
    Heading{"number", "Number", "Nummer"},
    Heading{"objections", "Objections", "Bezwaren"},
    Heading{"officer", "Officer", "Functionaris"},
    Heading{"online", "Online", "Bereikbaar"},
    Heading{"operation", "Operation", "Bewerking"},
    Heading{"origin", "Origin", "Herkomst"},
    Heading{"overdue", "Overdue", "Te laat"},
    Heading{"pending", "Waits for", "Wacht op"},
    Heading{"period", "Period", "Periode"},
    Heading{"person", "Person", "Betrokkene"},
    Heading{"persons", "Persons", "Betrokkenen"},
    Heading{"plan", "Plan", "Plan"},
    Heading{"principal", "Principal", "Houder"},
    Heading{"program", "Program", "Programma"},
    Heading{"purpose", "Purpose", "Doel"},
    Heading{"purposes", "Purposes", "Doelen"},
    Heading{"queuedBytes", "Waiting (bytes)", "In de wachtrij (bytes)"},
    Heading{"range", "Range", "Bereik"},
    Heading{"reason", "Reason", "Reden"},
    Heading{"reasons", "Reasons", "Redenen"},
    Heading{"received", "Received", "Ontvangen"},
    Heading{"recipient", "Recipient", "Ontvanger"},
    Heading{"recipients", "Recipients", "Ontvangers"},
    Heading{"recordedAt", "Recorded at", "Vastgelegd op"},
    Heading{"records", "Records", "Records"},
    Heading{"refusal", "Refusal", "Weigering"},
    Heading{"refused", "Refused", "Geweigerd"},
    Heading{"register", "Register", "Register"},
    Heading{"registerVersion", "Register version", "Versie van het register"},
    Heading{"remedies", "Remedies", "Rechtsmiddelen"},
    Heading{"remedy", "Remedy", "Rechtsmiddel"},
    Heading{"removed", "Removed", "Verwijderd"},
    Heading{"repeated", "Known before", "Al bekend"},
    Heading{"request", "Request", "Verzoek"},
    Heading{"requests", "Requests", "Verzoeken"},
    Heading{"restrictions", "Restrictions", "Beperkingen"},
    Heading{"result", "Result", "Uitkomst"},
    Heading{"revoked", "Revoked", "Ingetrokken"},
    Heading{"right", "Right", "Recht"},
    Heading{"roles", "Roles", "Rollen"},
    Heading{"root", "Root", "Wortel"},
    Heading{"rule", "Rule", "Regel"},
    Heading{"safeguard", "Safeguard", "Waarborg"},
    Heading{"safeguardStandsAtEnd", "Stands now", "Geldt nu"},
    Heading{"safeguardStoodOnEachDate", "Stood each time", "Gold steeds"},
    Heading{"salt", "Salt of the person", "Kenmerk van de betrokkene"},
    Heading{"scope", "Scope", "Omvang"},
    Heading{"sealed", "Sealed", "Verzegeld"},
    Heading{"searched", "Searched", "Doorzocht"},
    Heading{"searching", "Searching", "Bezig met zoeken"},
    Heading{"seq", "Seq", "Nr"},
    Heading{"severity", "Severity", "Ernst"},
    Heading{"signedBy", "Signed by", "Ondertekend door"},
    Heading{"since", "Since", "Sinds"},
    Heading{"singleUser", "Single-user mode", "Eengebruikersmodus"},
    Heading{"size", "Records", "Records"},
    Heading{"slotsReserved", "Slots reserved", "Gereserveerde plaatsen"},
    Heading{"source", "Source", "Bron"},
    Heading{"sources", "Sources", "Bronnen"},
    Heading{"state", "State", "Toestand"},
    Heading{"status", "Status", "Stand"},
    Heading{"step", "Step", "Stap"},
    Heading{"steps", "Steps", "Stappen"},
    Heading{"summary", "Summary", "Samenvatting"},
    Heading{"supersededBy", "Superseded by", "Vervangen door"},
    Heading{"system", "System", "Systeem"},
    Heading{"systems", "Systems", "Systemen"},
    Heading{"tasks", "Tasks", "Taken"},
    Heading{"to", "To", "Tot"},
    Heading{"totals", "Totals", "Totalen"},
    Heading{"treeVersion", "Tree version", "Boomversie"},
    Heading{"uid", "Uid", "Uid"},
    Heading{"until", "Until", "Tot"},
    Heading{"validUntil", "Valid until", "Geldig tot"},
    Heading{"verdict", "Verdict", "Uitkomst"},
    Heading{"version", "Version", "Versie"},
    Heading{"via", "Via", "Via"},
    Heading{"warning", "Warning", "Waarschuwing"},
    Heading{"what", "What", "Wat"},
    Heading{"why", "Why", "Waarom"},
    Heading{"withholdUntil", "Withheld until", "Achtergehouden tot"},
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

std::string_view dutchOf(RefusalCode code) {
  switch (code) {
    case RefusalCode::busy:
      return "er wacht te veel; probeer het zo opnieuw";
    case RefusalCode::sealed:
      return "na een storing wordt niets meer vastgelegd tot een herstart";
    case RefusalCode::stopping:
      return "de dienst stopt";
    case RefusalCode::noSpace:
      return "de schijf is bijna vol";
    case RefusalCode::invalidJson:
      return "dit is geen JSON";
    case RefusalCode::invalidValue:
      return "een waarde klopt niet";
    case RefusalCode::unknownField:
      return "dit veld is niet bekend";
    case RefusalCode::missingField:
      return "een veld ontbreekt";
    case RefusalCode::fieldNotAllowed:
      return "dit veld hoort hier niet";
    case RefusalCode::tooLarge:
      return "dit is te groot";
    case RefusalCode::tooMany:
      return "dit zijn er te veel";
    case RefusalCode::inFuture:
      return "het tijdstip ligt in de toekomst";
    case RefusalCode::idReused:
      return "onder dit id is al iets anders vastgelegd";
    case RefusalCode::unknownKind:
      return "deze soort gebeurtenis is niet bekend";
    case RefusalCode::kindNotAllowed:
      return "deze soort mag hier niet worden gemeld";
    case RefusalCode::unknownPerson:
      return "onder deze alias is niemand bekend";
    case RefusalCode::unknownScheme:
      return "dit soort alias staat niet in het register";
    case RefusalCode::unknownSystem:
      return "dit systeem staat niet in het register";
    case RefusalCode::unknownPurpose:
      return "dit doel staat niet in het register";
    case RefusalCode::unknownClass:
      return "deze klasse staat niet in het register";
    case RefusalCode::unknownCategory:
      return "deze categorie staat niet in het register";
    case RefusalCode::unknownRecipient:
      return "deze ontvanger staat niet in het register";
    case RefusalCode::unknownSource:
      return "deze bron staat niet in het register";
    case RefusalCode::unknownSafeguard:
      return "deze waarborg staat niet in het register";
    case RefusalCode::unknownNotice:
      return "deze kennisgeving staat niet in het register";
    case RefusalCode::unknownAgreement:
      return "deze overeenkomst staat niet in het register";
    case RefusalCode::unknownWording:
      return "deze tekst staat niet in het register";
    case RefusalCode::unknownBasis:
      return "deze grondslag is niet bekend";
    case RefusalCode::unknownRegister:
      return "er is nog geen register van kracht";
    case RefusalCode::invalidRegister:
      return "het register bevat een fout";
    case RefusalCode::pastRetention:
      return "de bewaartermijn van deze periode is al voorbij";
    case RefusalCode::erased:
      return "deze betrokkene is gewist";
    case RefusalCode::frozen:
      return "deze betrokkene wordt gewist";
    case RefusalCode::wrongRole:
      return "deze rol is u niet verleend";
    case RefusalCode::wrongSystem:
      return "voor dit systeem mag u niet melden";
    case RefusalCode::batchRefused:
      return "een andere gebeurtenis van deze reeks is geweigerd";
    case RefusalCode::notFound:
      return "dit is er niet";
    case RefusalCode::notPublished:
      return "nog geen ondertekend controlepunt omvat dit";
    case RefusalCode::keptByLaw:
      return "een wet houdt dit alles";
    case RefusalCode::onHold:
      return "een bewaarplicht houdt dit";
    case RefusalCode::needsAnother:
      return "hier moet een andere functionaris over beslissen";
    case RefusalCode::notPending:
      return "hierover valt niets meer te beslissen";
    case RefusalCode::nothingToErase:
      return "er is niets te wissen";
    case RefusalCode::weakErasure:
      return "de sleutels liggen op een schijf die niet ter plekke overschreven kan worden";
    case RefusalCode::unknownGround:
      return "deze grond van wissing is niet bekend";
    case RefusalCode::alreadyExists:
      return "dit is er al";
    case RefusalCode::alreadyRunning:
      return "er draait al een dienst op deze gegevens";
    case RefusalCode::tampered:
      return "dit is veranderd of beschadigd";
    case RefusalCode::rolledBack:
      return "het logboek is ouder dan wat ondertekend werd";
    case RefusalCode::foreignKey:
      return "deze sleutels horen bij een ander logboek";
    case RefusalCode::missingKey:
      return "de sleutels ontbreken";
    case RefusalCode::unknownVersion:
      return "deze versie van het formaat is niet bekend";
    case RefusalCode::incomplete:
      return "dit is niet afgemaakt";
    case RefusalCode::identityConflict:
      return "deze alias hoort bij een andere bekende betrokkene";
    case RefusalCode::notGranted:
      return "er is geen verleende toegang met dit nummer";
    case RefusalCode::unsupported:
      return "dit kan deze versie niet";
  }
  return "geweigerd";
}

// Whether the daemon's sentence says what exactly, and not only what the code says.
bool detailed(RefusalCode code) {
  constexpr std::array kDetailed{
      RefusalCode::invalidJson,   RefusalCode::invalidValue,    RefusalCode::unknownField,
      RefusalCode::missingField,  RefusalCode::fieldNotAllowed, RefusalCode::tooLarge,
      RefusalCode::tooMany,       RefusalCode::invalidRegister, RefusalCode::notFound,
      RefusalCode::tampered,      RefusalCode::unsupported,     RefusalCode::foreignKey,
      RefusalCode::keptByLaw,     RefusalCode::onHold,          RefusalCode::missingKey,
      RefusalCode::kindNotAllowed};
  return std::find(kDetailed.begin(), kDetailed.end(), code) != kDetailed.end();
}

}  // namespace

std::string messageOf(const Refusal& refusal, Language language) {
  if (language == Language::en) return refusal.message;
  std::string out(dutchOf(refusal.code));
  if (detailed(refusal.code)) out += ": " + refusal.message;
  return out;
}

std::string sentenceOf(const Refusal& refusal, Language language) {
  std::string out(in(language, "refused (", "geweigerd ("));
  out += std::string(nameOf(refusal.code)) + "): " + messageOf(refusal, language);
  if (!refusal.nearest.empty()) {
    out += std::string(in(language, "; nearest: ", "; lijkt op: ")) + refusal.nearest;
  }
  return out;
}

std::string headingOf(std::string_view field, Language language) {
  const auto found =
      std::lower_bound(kHeadings.begin(), kHeadings.end(), field,
                       [](const Heading& h, std::string_view f) { return h.field < f; });
  if (found == kHeadings.end() || found->field != field) return takenApart(field);
  return std::string(language == Language::nl ? found->nl : found->en);
}

}  // namespace lacuna::tool
