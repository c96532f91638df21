#include "ledger/person/access_page.h"

#include "ledger/base/civil.h"
#include "ledger/base/html.h"
#include "ledger/person/access_words.h"

#include <nlohmann/json.hpp>

#include <set>

namespace lacuna {
namespace {

using Json = nlohmann::json;
using Labels = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kStyle =
    "body{font:11pt/1.45 sans-serif;max-width:62em;margin:2em auto;padding:0 "
    "1em;color:#111;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.8em;border-bottom:1px solid #999}"
    "h3{font-size:1em;margin-bottom:.3em}table{border-collapse:collapse;width:100%;margin:.6em 0}"
    "th,td{border:1px solid #bbb;padding:.25em "
    ".5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eee}dt{font-weight:bold}dd{margin:0 0 .4em 1.5em;overflow-wrap:anywhere}"
    "@media "
    "print{body{margin:0;max-width:none;font-size:9pt}h2{break-after:avoid}tr{break-inside:avoid}}";

std::string textOf(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) return {};
  if (at->is_string()) return at->get<std::string>();
  return at->is_null() ? std::string() : at->dump();
}
const Json& listOf(const Json& object, const char* name) {
  static const Json kNone = Json::array();
  const auto at = object.find(name);
  return at != object.end() && at->is_array() ? *at : kNone;
}
const Json& objectOf(const Json& object, const char* name) {
  static const Json kNone = Json::object();
  const auto at = object.find(name);
  return at != object.end() && at->is_object() ? *at : kNone;
}

// "2015-03-04T11:39:03Z" is "2015-03-04 11:39"; the page says that times are in UTC.
std::string timeText(const std::string& rfc3339) {
  if (rfc3339.size() < 17 || rfc3339[10] != 'T') return htmlOf(rfc3339);
  return htmlOf(rfc3339.substr(0, 10) + " " + rfc3339.substr(11, 5));
}

// What an application wrote: members of an object one by one, anything else as it is.
std::string dataText(const std::string& data) {
  const Json read = Json::parse(data, nullptr, false);
  if (!read.is_object()) return htmlOf(data);
  std::string out;
  for (const auto& [name, value] : read.items()) {
    if (!out.empty()) out += "<br>";
    out +=
        htmlOf(name) + ": " + htmlOf(value.is_string() ? value.get<std::string>() : value.dump());
  }
  return out;
}

class Writer {
 public:
  Writer(PageLanguage language, const Labels& labels) : language_(language), labels_(labels) {}

  std::string_view say(std::string_view en, std::string_view nl) const {
    return BothWords{en, nl}.in(language_);
  }
  std::string word(const std::string& id) const { return htmlOf(wordOf(id, language_)); }
  std::string yesNo(const Json& object, const char* name) const {
    const bool yes = object.contains(name) && object[name].is_boolean() && object[name].get<bool>();
    return std::string(yes ? say("yes", "ja") : say("no", "nee"));
  }
  std::string label(std::string_view section, const std::string& id) const {
    const auto at = labels_.find(std::string(section) + "/" + id);
    return at != labels_.end() ? at->second : htmlOf(id);
  }
  std::string labels(std::string_view section, const Json& ids) const {
    return joined(ids, [&](const std::string& id) { return label(section, id); });
  }
  template <typename Text>
  static std::string joined(const Json& ids, const Text& text) {
    std::set<std::string> told;  // two bases of one article are one
    std::string out;
    for (const Json& id : ids) {
      if (!id.is_string()) continue;
      const std::string one = text(id.get<std::string>());
      if (one.empty() || !told.insert(one).second) continue;
      if (!out.empty()) out += ", ";
      out += one;
    }
    return out;
  }

  void raw(std::string_view html) { out_ += html; }
  void heading(std::string_view en, std::string_view nl) {
    out_ += "<h2>" + std::to_string(++section_) + ". " + htmlOf(say(en, nl)) + "</h2>\n";
  }
  void paragraph(std::string_view en, std::string_view nl) {
    out_ += "<p>" + htmlOf(say(en, nl)) + "</p>\n";
  }
  void item(std::string_view en, std::string_view nl, const std::string& html) {
    if (html.empty()) return;
    out_ += "<dt>" + htmlOf(say(en, nl)) + "</dt><dd>" + html + "</dd>\n";
  }
  void none(std::string_view en = "None.", std::string_view nl = "Geen.") { paragraph(en, nl); }
  void openTable(std::initializer_list<BothWords> columns) {
    out_ += "<table><thead><tr>";
    for (const BothWords& column : columns) {
      out_ += "<th scope=\"col\">" + htmlOf(column.in(language_)) + "</th>";
    }
    out_ += "</tr></thead><tbody>\n";
  }
  void row(std::initializer_list<std::string> cells) {
    out_ += "<tr>";
    for (const std::string& cell : cells) out_ += "<td>" + cell + "</td>";
    out_ += "</tr>\n";
  }
  void closeTable() { out_ += "</tbody></table>\n"; }
  std::string take() { return std::move(out_); }

 private:
  const PageLanguage language_;
  const Labels& labels_;
  std::string out_;
  int section_ = 0;
};

void tellBegin(Writer& w, PageLanguage language, const Json& person) {
  const std::string name = htmlOf(textOf(objectOf(person, "controller"), "name"));
  const std::string title =
      std::string(w.say("Your personal data at ", "Uw persoonsgegevens bij ")) + name;
  w.raw(std::string("<!DOCTYPE html>\n<html lang=\"") +
        (language == PageLanguage::nl ? "nl" : "en") +
        "\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>" +
        title + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n<h1>" +
        title + "</h1>\n");
  w.paragraph("This is the answer to a request for access (Art. 15 GDPR). Times are in UTC.",
              "Dit is het antwoord op een verzoek om inzage (art. 15 AVG). Tijden zijn in UTC.");
}

void tellController(Writer& w, const Json& person) {
  const Json& c = objectOf(person, "controller");
  const Json& request = objectOf(person, "request");
  w.heading("Who is responsible", "Wie verantwoordelijk is");
  w.raw("<dl>\n");
  w.item("Controller", "Verwerkingsverantwoordelijke", htmlOf(textOf(c, "name")));
  w.item("Country", "Land", htmlOf(textOf(c, "country")));
  w.item("Contact", "Contact", htmlOf(textOf(c, "contact")));
  w.item("Data protection officer", "Functionaris gegevensbescherming", htmlOf(textOf(c, "dpo")));
  w.item("You are known as", "U bent bekend als",
         Writer::joined(listOf(person, "aliases"), htmlOf));
  w.item("Made at", "Gemaakt op", timeText(textOf(request, "madeAt")));
  w.item("Reason", "Aanleiding", w.word(textOf(request, "reason")));
  w.item("Log", "Logboek", htmlOf(textOf(request, "log")));
  w.item("Records in the log", "Records in het logboek", htmlOf(textOf(request, "size")));
  w.item("Root of the log", "Wortel van het logboek", htmlOf(textOf(request, "root")));
  w.raw("</dl>\n");
  w.heading("Whether we process your data", "Of wij uw gegevens verwerken");
  const bool processed = person.value("processed", false);
  if (processed) {
    w.paragraph("Yes. What we process, what for and with whom we shared it is told below.",
                "Ja. Wat wij verwerken, waarvoor en met wie wij het deelden staat hieronder.");
  } else {
    w.paragraph("No: nothing is recorded of you but what is told below.",
                "Nee: van u is niets vastgelegd dan wat hieronder staat.");
  }
}

std::string ruleText(const Writer& w, PageLanguage language, const Json& rule) {
  std::string out;
  if (const std::string period = textOf(rule, "period"); !period.empty()) {
    out = htmlOf(periodText(period, language)) + " " + std::string(w.say("after ", "na "));
  }
  if (rule.contains("from")) out += w.word(textOf(rule, "from"));
  if (const std::string law = textOf(rule, "law"); !law.empty()) out += " (" + htmlOf(law) + ")";
  if (rule.value("gap", false)) {
    out += std::string(w.say("; no period is laid down yet", "; nog geen termijn vastgelegd"));
  }
  return out;
}

void tellPurposes(Writer& w, PageLanguage language, const Json& person) {
  w.heading("What we use your data for", "Waarvoor wij uw gegevens gebruiken");
  if (listOf(person, "purposes").empty()) {
    w.none();
  } else {
    w.openTable({{"Purpose", "Doel"},
                 {"Legal basis", "Grondslag"},
                 {"Data", "Gegevens"},
                 {"First", "Eerste keer"},
                 {"Last", "Laatste keer"},
                 {"Times", "Aantal"}});
    for (const Json& one : listOf(person, "purposes")) {
      w.row({w.label("purposes", textOf(one, "purpose")),
             Writer::joined(listOf(one, "bases"),
                            [&](const std::string& id) { return htmlOf(basisText(id, language)); }),
             w.labels("categories", listOf(one, "categories")), timeText(textOf(one, "first")),
             timeText(textOf(one, "last")), htmlOf(textOf(one, "count"))});
    }
    w.closeTable();
  }
  w.raw("<dl>\n");
  w.item("Data that we hold now", "Gegevens die wij nu hebben",
         w.labels("categories", listOf(person, "categories")));
  w.item(
      "Where they come from", "Waar ze vandaan komen",
      Writer::joined(listOf(person, "sources"), [&](const std::string& id) { return w.word(id); }));
  w.raw("</dl>\n");
  if (listOf(person, "kept").empty()) return;
  w.raw("<h3>" + htmlOf(w.say("How long we keep them", "Hoe lang wij ze bewaren")) + "</h3>\n");
  w.openTable({{"Kind of data", "Soort gegevens"},
               {"Year", "Jaar"},
               {"Events", "Gebeurtenissen"},
               {"Until", "Tot"},
               {"Rule", "Regel"}});
  for (const Json& one : listOf(person, "kept")) {
    w.row({w.label("classes", textOf(one, "class")), htmlOf(textOf(one, "period")),
           htmlOf(textOf(one, "events")), timeText(textOf(one, "ends")),
           ruleText(w, language, objectOf(one, "rule"))});
  }
  w.closeTable();
}

std::string safeguardText(const Writer& w, const Json& one) {
  const std::string id = textOf(one, "id");
  std::string out = id.empty() ? std::string() : w.label("safeguards", id);
  if (const std::string country = textOf(one, "country"); !country.empty()) {
    if (!out.empty()) out += ", ";
    out += htmlOf(country);
  }
  return out;
}

void tellRecipients(Writer& w, const Json& person) {
  w.heading("Who received your data", "Wie uw gegevens ontving");
  if (listOf(person, "recipients").empty()) return w.none();
  for (const Json& one : listOf(person, "recipients")) {
    const std::string name = textOf(one, "recipient"), party = textOf(one, "party");
    w.raw("<h3>" + (name == party ? w.label("parties", party) : htmlOf(name)) + "</h3>\n<dl>\n");
    w.item("Role", "Rol",
           Writer::joined(listOf(one, "roles"), [&](const std::string& id) { return w.word(id); }));
    w.item("Country", "Land", htmlOf(textOf(one, "country")));
    w.item("Data", "Gegevens", w.labels("categories", listOf(one, "categories")));
    w.item("Purposes", "Doelen", w.labels("purposes", listOf(one, "purposes")));
    if (const std::string safeguard = textOf(one, "safeguard"); !safeguard.empty()) {
      w.item("Safeguard of the transfer", "Waarborg van de doorgifte",
             w.label("safeguards", safeguard));
      w.item("It stood on each date", "Gold op elke datum",
             w.yesNo(one, "safeguardStoodOnEachDate"));
      w.item("It stands now", "Geldt nu", w.yesNo(one, "safeguardStandsNow"));
    }
    w.raw("</dl>\n");
    w.openTable({{"Date", "Datum"},
                 {"Purpose", "Doel"},
                 {"Data", "Gegevens"},
                 {"How", "Hoe"},
                 {"Safeguard, country", "Waarborg, land"},
                 {"It stood then", "Gold toen"}});
    for (const Json& sharing : listOf(one, "sharings")) {
      const Json& safeguard = objectOf(sharing, "safeguard");
      w.row({timeText(textOf(sharing, "at")), w.label("purposes", textOf(sharing, "purpose")),
             w.labels("categories", listOf(sharing, "categories")), w.word(textOf(sharing, "how")),
             safeguardText(w, safeguard), w.yesNo(safeguard, "stood")});
    }
    w.closeTable();
  }
}

void tellConsultations(Writer& w, const Json& person) {
  w.heading("When we looked at your data, and why", "Wanneer wij uw gegevens inzagen, en waarom");
  if (listOf(person, "consultations").empty()) return w.none();
  w.openTable({{"Date", "Datum"}, {"What", "Wat"}, {"Why", "Waarom"}});
  for (const Json& one : listOf(person, "consultations")) {
    w.row({timeText(textOf(one, "at")), w.word(textOf(one, "operation")),
           w.word(textOf(one, "reason"))});
  }
  w.closeTable();
}

void tellConsents(Writer& w, const Json& person) {
  w.heading("Your consents", "Uw toestemmingen");
  if (listOf(person, "consents").empty()) {
    w.none();
  } else {
    w.openTable({{"Purpose", "Doel"},
                 {"State", "Stand"},
                 {"Since", "Sinds"},
                 {"Given at", "Gegeven op"},
                 {"Valid until", "Geldig tot"},
                 {"Form", "Vorm"},
                 {"Notice", "Kennisgeving"}});
    for (const Json& one : listOf(person, "consents")) {
      w.row({w.label("purposes", textOf(one, "purpose")), w.word(textOf(one, "state")),
             timeText(textOf(one, "since")), timeText(textOf(one, "givenAt")),
             timeText(textOf(one, "validUntil")), w.word(textOf(one, "form")),
             htmlOf(textOf(one, "notice"))});
    }
    w.closeTable();
  }
  const auto purposes = [&](const char* name) {
    return Writer::joined(listOf(person, name), [&](const std::string& id) {
      return id == "*" ? std::string(w.say("everything", "alles")) : w.label("purposes", id);
    });
  };
  w.raw("<dl>\n");
  w.item("Notices that you were given", "Kennisgevingen die u kreeg",
         Writer::joined(listOf(person, "notices"), htmlOf));
  w.item("You object to", "U maakt bezwaar tegen", purposes("objections"));
  w.item("Restricted", "Beperkt", purposes("restrictions"));
  w.raw("</dl>\n");
}

void tellRights(Writer& w, const Json& person) {
  w.heading("Your rights", "Uw rechten");
  w.paragraph("You can ask us for, or make use of:", "U kunt ons vragen om, of gebruikmaken van:");
  w.raw("<ul>\n");
  for (const Json& one : listOf(person, "rights")) {
    w.raw("<li>" + w.word(textOf(one, "right")) + " (" + htmlOf(textOf(one, "article")) +
          ")</li>\n");
  }
  w.raw("</ul>\n");
  const Json& c = objectOf(person, "controller");
  w.raw("<dl>\n");
  w.item("Ask us", "Vraag het ons", htmlOf(textOf(c, "contact")));
  w.item("Complain to the supervisory authority", "Klagen bij de toezichthouder",
         htmlOf(textOf(c, "authority")));
  w.raw("</dl>\n");
  if (listOf(person, "requests").empty()) return;
  w.openTable({{"Your request", "Uw verzoek"},
               {"Received", "Ontvangen"},
               {"State", "Stand"},
               {"Answer due", "Antwoord uiterlijk"},
               {"Closed", "Gesloten"}});
  for (const Json& one : listOf(person, "requests")) {
    w.row({w.word(textOf(one, "right")), timeText(textOf(one, "received")),
           w.word(textOf(one, "state")), htmlOf(textOf(one, "due")),
           timeText(textOf(one, "closed"))});
  }
  w.closeTable();
}

void tellDecisions(Writer& w, const Json& person) {
  w.heading("Automated decisions", "Geautomatiseerde besluiten");
  if (listOf(person, "automatedDecisions").empty()) return w.none();
  w.openTable({{"Date", "Datum"}, {"Purpose", "Doel"}});
  for (const Json& one : listOf(person, "automatedDecisions")) {
    w.row({timeText(textOf(one, "at")), w.label("purposes", textOf(one, "purpose"))});
  }
  w.closeTable();
}

void tellErased(Writer& w, const Json& person) {
  w.heading("What was erased or must be kept", "Wat gewist is of bewaard moet blijven");
  const Json& erased = objectOf(person, "erased");
  const Json& lots = listOf(erased, "lots");
  const Json& withdrawn = listOf(erased, "withdrawn");
  const Json& holds = listOf(person, "holds");
  if (lots.empty() && withdrawn.empty() && holds.empty()) return w.none("Nothing.", "Niets.");
  w.raw("<ul>\n");
  for (const Json& one : lots) {
    w.raw("<li>" +
          htmlOf(w.say("Erased, by destroying the key: ",
                       "Gewist, door de sleutel te vernietigen: ")) +
          w.label("classes", textOf(one, "class")) + " " + htmlOf(textOf(one, "period")) +
          "</li>\n");
  }
  for (const Json& one : withdrawn) {
    w.raw("<li>" +
          htmlOf(w.say("One event was made unreadable: ", "Eén gebeurtenis onleesbaar gemaakt: ")) +
          w.label("classes", textOf(one, "class")) + ", " + timeText(textOf(one, "recordedAt")) +
          "</li>\n");
  }
  for (const Json& one : holds) {
    std::string classes = w.labels("classes", listOf(one, "classes"));
    if (classes.empty()) classes = w.say("everything", "alles");
    w.raw("<li>" + htmlOf(w.say("Kept by duty: ", "Bewaard uit plicht: ")) + classes + " (" +
          htmlOf(textOf(one, "ground")) + "), " +
          htmlOf(w.say("to be reviewed on ", "te herzien op ")) + timeText(textOf(one, "review")) +
          "</li>\n");
  }
  w.raw("</ul>\n");
}

void tellGlossary(Writer& w, const Json& person) {
  w.heading("Words used", "Gebruikte woorden");
  w.raw("<dl>\n");
  for (const auto& [section, entries] : objectOf(person, "glossary").items()) {
    for (const auto& [id, unused] : entries.items()) {
      w.raw("<dt>" + htmlOf(id) + "</dt><dd>" + w.label(section, id) + "</dd>\n");
    }
  }
  w.raw("</dl>\n");
}

void tellProof(Writer& w) {
  w.heading("How this can be checked", "Hoe dit te controleren is");
  w.paragraph(
      "The files beside this page show, without us, that each event told here stands in our log as "
      "it is told, and "
      "that none between is missing: lacuna verify --export DIRECTORY --key KEY.",
      "De bestanden naast deze pagina laten zien, zonder ons, dat elke gebeurtenis hier zo in ons "
      "logboek staat, en "
      "dat er geen tussenuit is: lacuna verify --export MAP --key SLEUTEL.");
  w.raw("</body>\n</html>\n");
}

}  // namespace

AccessPage::AccessPage(PageLanguage language, std::string_view text) : language_(language) {
  const Json person = Json::parse(text);
  for (const auto& [section, entries] : objectOf(person, "glossary").items()) {
    for (const auto& [id, label] : entries.items()) {
      std::string said = textOf(label, language == PageLanguage::nl ? "nl" : "en");
      if (said.empty()) said = textOf(label, language == PageLanguage::nl ? "en" : "nl");
      if (!said.empty()) labels_.emplace(section + "/" + id, htmlOf(said));
    }
  }
  Writer w(language_, labels_);
  tellBegin(w, language_, person);
  tellController(w, person);
  tellPurposes(w, language_, person);
  tellRecipients(w, person);
  tellConsultations(w, person);
  tellConsents(w, person);
  tellRights(w, person);
  tellDecisions(w, person);
  w.heading("What is recorded about you", "Wat er over u is vastgelegd");
  w.openTable({{"Date", "Datum"},
               {"What", "Wat"},
               {"Purpose", "Doel"},
               {"Data", "Gegevens"},
               {"From or to", "Van of aan"},
               {"Content", "Inhoud"}});
  head_ = w.take();
  w.closeTable();
  tellErased(w, person);
  tellGlossary(w, person);
  tellProof(w);
  tail_ = w.take();
}

std::string AccessPage::row(const AccessEvent& told) const {
  if (told.kind == Kind::consultation) return {};
  Writer w(language_, labels_);
  const std::string kind = w.word(std::string(nameOf(told.kind)));
  const Json added = Json::parse(told.added, nullptr, false);
  if (told.told != AccessEvent::Told::whole) {
    std::string why;
    if (told.told == AccessEvent::Told::withdrawn) {
      why = w.say("made unreadable", "onleesbaar gemaakt");
    } else if (told.told == AccessEvent::Told::closed) {
      why = w.say("recorded; not shown here", "vastgelegd; hier niet getoond");
    }
    w.row({timeText(rfc3339Of(told.recordedAt)), kind, "", "", "", why});
    return w.take();
  }
  const Json content = Json::parse(told.content, nullptr, false);
  const Json& event = objectOf(content, "event");
  std::string what = kind;
  for (const char* name : {"operation", "how", "state", "right"}) {
    if (const std::string said = textOf(event, name); !said.empty()) what += ", " + w.word(said);
  }
  std::string whom;
  for (const char* name : {"source", "recipient", "via"}) {
    std::string said = textOf(added, name);
    const bool instance = !said.empty();
    if (said.empty()) said = textOf(event, name);
    if (said.empty() && content.is_object() && content.contains(name) &&
        content[name].is_string()) {
      said = content[name].get<std::string>();
    }
    if (said.empty()) continue;
    if (!whom.empty()) whom += ", ";
    const auto party = labels_.find("parties/" + said);
    whom += instance ? htmlOf(said) : party != labels_.end() ? party->second : w.word(said);
  }
  const std::string at = textOf(event, "at");
  w.row({at.empty() ? timeText(rfc3339Of(told.recordedAt)) : timeText(at), what,
         w.label("purposes", textOf(event, "purpose")),
         w.labels("categories", listOf(event, "categories")), whom,
         dataText(textOf(event, "data"))});
  return w.take();
}

}  // namespace lacuna
