#include "ledger/base/html.h"
#include "ledger/register/ropa.h"
#include "ledger/register/ropa_parts.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

constexpr std::string_view kStyle = R"(
body{font:11pt/1.45 "Liberation Sans",Arial,sans-serif;color:#111;max-width:60em;margin:2em auto;padding:0 1em}
h1{font-size:1.6em;margin-bottom:.2em}h2{font-size:1.2em;margin:1.8em 0 .4em;border-bottom:1px solid #777}
h3{font-size:1.05em;margin:1.4em 0 .3em}
table{border-collapse:collapse;width:100%;margin:.3em 0 1em}
th,td{border:1px solid #999;padding:.3em .5em;text-align:left;vertical-align:top}
thead th{background:#eee}tbody th{width:15em;font-weight:normal;background:#f6f6f6}
ul{margin:0;padding-left:1.2em}.of{color:#444}.missing{font-style:italic}.art{color:#444;font-size:.85em}
@media print{body{margin:0;max-width:none;font-size:9.5pt}section,tr{break-inside:avoid}h2,h3{break-after:avoid}}
@page{size:A4;margin:16mm}
)";

// "eu-gdpr:A6-1-b-contract-performance" as "Art. 6(1)(b)": the digits, and one letter.
std::string articleOf(std::string_view term) {
  const std::size_t start = term.find(":A");
  if (start == std::string_view::npos) return std::string(term);
  std::string out = "Art. ";
  std::string_view rest = term.substr(start + 2);
  for (int part = 0; part < 3 && !rest.empty(); ++part) {
    const std::size_t dash = std::min(rest.find('-'), rest.size());
    const std::string_view piece = rest.substr(0, dash);
    const bool digits =
        std::all_of(piece.begin(), piece.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits && piece.size() != 1) break;
    out += part == 0 ? std::string(piece) : "(" + std::string(piece) + ")";
    rest = rest.substr(std::min(dash + 1, rest.size()));
  }
  return out;
}

class Page {
 public:
  Page(const Register& reg, Date on, PageLanguage language)
      : reg_(reg), on_(on), dutch_(language == PageLanguage::nl) {}

  std::string made(const RopaSource& source) {
    const Controller& us = reg_.controller();
    const std::string title =
        say("Record of processing activities", "Register van verwerkingsactiviteiten");
    out_ = "<!doctype html>\n<html lang=\"" + say("en", "nl") +
           "\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'\">\n"
           "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
           htmlOf(title + ", " + us.name) + "</title>\n<style>" + std::string(kStyle) +
           "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n<p>" + htmlOf(us.name) + ". " +
           say("Art. 30(1) GDPR, on ", "Art. 30 lid 1 AVG, op ") + textOf(on_) + ".</p>\n";
    about(source);
    controller();
    for (const std::string& id : reg_.purposeIds()) purpose(*reg_.purpose(id));
    otherRecipients();
    recipients();
    retention();
    measures();
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  std::string say(std::string_view en, std::string_view nl) const {
    return std::string(dutch_ ? nl : en);
  }
  // Escaped; the id where there is no label.
  std::string label(const Label& label, const std::string& id) const {
    const std::string& text = dutch_ ? label.nl : label.en;
    return htmlOf(text.empty() ? id : text);
  }
  template <typename T>
  std::string label(const T& entry) const {
    return label(entry.label, entry.id);
  }
  std::string missing() const {
    return "<span class=\"missing\">" + say("not stated", "niet vermeld") + "</span>";
  }
  std::string orMissing(const std::string& text) const {
    return text.empty() ? missing() : htmlOf(text);
  }
  static std::string listed(const std::vector<std::string>& items) {
    std::string out = "<ul>";
    for (const std::string& item : items) out += "<li>" + item + "</li>";
    return out + "</ul>";
  }
  std::string listedOrMissing(const std::vector<std::string>& items) const {
    return items.empty() ? missing() : listed(items);
  }

  // `article`: the letter of Art. 30(1) that asks for the row; what stands in the cell is HTML.
  void row(const std::string& heading, const char* article, const std::string& cell) {
    out_ += "<tr><th scope=\"row\">" + heading;
    if (article[0] != 0) out_ += " <span class=\"art\">30(1)(" + std::string(article) + ")</span>";
    out_ += "</th><td>" + cell + "</td></tr>\n";
  }
  void begin(const char* level, const std::string& heading, const char* article = "") {
    out_ += std::string("<section>\n<") + level + ">" + heading;
    if (article[0] != 0) out_ += " <span class=\"art\">30(1)(" + std::string(article) + ")</span>";
    out_ += std::string("</") + level + ">\n<table>\n";
  }
  void end() { out_ += "</table>\n</section>\n"; }
  void heads(std::initializer_list<std::string> names) {
    out_ += "<thead><tr>";
    for (const std::string& name : names) out_ += "<th scope=\"col\">" + name + "</th>";
    out_ += "</tr></thead>\n";
  }
  void cells(std::initializer_list<std::string> cells) {
    out_ += "<tr>";
    for (const std::string& cell : cells) out_ += "<td>" + cell + "</td>";
    out_ += "</tr>\n";
  }

  void about(const RopaSource& source) {
    std::string text;
    if (source.version != 0) {
      text = say("Register version ", "Register, versie ") + std::to_string(source.version) +
             say(", in force since ", ", van kracht sinds ") + htmlOf(source.since);
      if (!source.until.empty()) text += say(" until ", " tot ") + htmlOf(source.until);
    } else if (!source.file.empty()) {
      text = say("Register file ", "Registerbestand ") + htmlOf(source.file);
    }
    if (text.empty()) return;
    out_ += "<p class=\"of\">" + text;
    if (!source.sha256.empty()) out_ += "<br>SHA-256 " + htmlOf(source.sha256);
    out_ += "</p>\n";
  }

  void controller() {
    const Controller& us = reg_.controller();
    begin("h2", say("Controller", "Verwerkingsverantwoordelijke"), "a");
    row(say("Name", "Naam"), "a", orMissing(us.name));
    std::vector<std::string> contact;
    for (const std::string* text : {&us.address, &us.contact}) {
      if (!text->empty()) contact.push_back(htmlOf(*text));
    }
    row(say("Contact details", "Contactgegevens"), "a", listedOrMissing(contact));
    if (!us.country.empty()) row(say("Country", "Land"), "", country(us.country));
    std::vector<std::string> joint;
    for (const Party* party : jointControllers(reg_)) joint.push_back(label(*party));
    row(say("Joint controllers", "Gezamenlijk verwerkingsverantwoordelijken"), "a",
        joint.empty() ? say("none", "geen") : listed(joint));
    row(say("Representative (Art. 27)", "Vertegenwoordiger (art. 27)"), "a",
        us.representative.empty() ? say("none", "geen") : htmlOf(us.representative));
    row(say("Data protection officer", "Functionaris gegevensbescherming"), "a",
        us.dpo.empty() && !us.dpoNotRequired.empty()
            ? say("not required: ", "niet vereist: ") + htmlOf(us.dpoNotRequired)
            : orMissing(us.dpo));
    end();
  }

  std::string basis(const std::string& term) const {
    struct Word {
      std::string_view prefix, en, nl;
    };
    constexpr std::array<Word, 8> words{{
        {"eu-gdpr:A6-1-a", "consent", "toestemming"},
        {"eu-gdpr:A6-1-b", "contract", "overeenkomst"},
        {"eu-gdpr:A6-1-c", "legal obligation", "wettelijke verplichting"},
        {"eu-gdpr:A6-1-d", "vital interests", "vitale belangen"},
        {"eu-gdpr:A6-1-e", "public task", "publieke taak"},
        {"eu-gdpr:A6-1-f", "legitimate interest", "gerechtvaardigd belang"},
        {"eu-gdpr:A9-2", "special categories", "bijzondere gegevens"},
        {"eu-gdpr:A10", "criminal convictions", "strafrechtelijke gegevens"},
    }};
    std::string out = htmlOf(articleOf(term));
    for (const Word& word : words) {
      if (term.starts_with(word.prefix)) return out + ", " + say(word.en, word.nl);
    }
    return out;
  }

  std::string country(const std::string& term) const {
    const std::string code = htmlOf(term.starts_with("loc:") ? term.substr(4) : term);
    return thirdCountry(term) ? code + say(" (outside the EEA)", " (buiten de EER)") : code;
  }

  std::string number(int n, std::string_view en, std::string_view enMany, std::string_view nl,
                     std::string_view nlMany) const {
    return std::to_string(n) + " " + (n == 1 ? say(en, nl) : say(enMany, nlMany));
  }
  std::string period(const Period& p) const {
    std::string out;
    const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
    if (p.years != 0) add(number(p.years, "year", "years", "jaar", "jaar"));
    if (p.months != 0) add(number(p.months, "month", "months", "maand", "maanden"));
    if (p.days != 0) add(number(p.days, "day", "days", "dag", "dagen"));
    return out;
  }
  std::string rule(const RetentionRule& rule) const {
    using From = RetentionRule::From;
    if (rule.gap) return missing();
    std::string out = rule.period ? period(*rule.period) : "";
    switch (rule.from) {
      case From::event:
        out += say(" from each event", " na elke gebeurtenis");
        break;
      case From::calendarYearEnd:
        out += say(" from the end of the year", " na het einde van het jaar");
        break;
      case From::fiscalYearEnd:
        out += say(" from the end of the fiscal year", " na het einde van het boekjaar");
        break;
      case From::untilEvent:
        out = rule.period ? out + say(" after the purpose ended", " nadat het doel is vervallen")
                          : say("as long as the purpose needs it", "zo lang het doel het vereist");
        break;
      case From::session:
        out = say("until the end of the session", "tot het einde van de sessie");
        break;
    }
    if (rule.legalMinimum)
      out += say("; minimum by law: ", "; wettelijk minimum: ") + htmlOf(rule.law);
    return out;
  }

  void purpose(const Purpose& p) {
    begin("h2", say("Purpose: ", "Doel: ") + label(p), "b");
    std::vector<std::string> bases, subjects, categories, recipients, transfers, kept;
    for (const std::string& term : p.basis) bases.push_back(basis(term));
    row(say("Legal basis", "Grondslag"), "", listed(bases));
    const std::string& interest = dutch_ ? p.interest.nl : p.interest.en;
    if (!interest.empty()) row(say("Interest", "Belang"), "", htmlOf(interest));
    for (const std::string& id : p.subjects) subjects.push_back(label(*reg_.subject(id)));
    row(say("Categories of persons", "Categorieën van betrokkenen"), "c",
        listedOrMissing(subjects));
    for (const Category* category : categoriesOf(reg_, p)) {
      categories.push_back(
          label(*category) +
          (category->special ? say(" (special, Art. 9)", " (bijzonder, art. 9)") : ""));
    }
    row(say("Categories of data", "Categorieën van gegevens"), "c", listedOrMissing(categories));
    for (const Party* party : recipientsOf(reg_, &p)) {
      recipients.push_back(label(*party));
      if (thirdCountry(party->country))
        transfers.push_back(label(*party) + ", " + country(party->country) + ": " +
                            safeguards(*party));
    }
    row(say("Recipients", "Ontvangers"), "d",
        recipients.empty() ? say("none", "geen") : listed(recipients));
    row(say("Transfers outside the EEA", "Doorgifte buiten de EER"), "e",
        transfers.empty() ? say("none", "geen") : listed(transfers));
    for (const std::string& id : p.classes) {
      const RetentionClass& klass = *reg_.klass(id);
      kept.push_back(label(klass) + ": " + rule(klass.retention));
    }
    row(say("Kept", "Bewaard"), "f", listedOrMissing(kept));
    end();
  }

  std::string safeguards(const Party& party) const {
    if (party.safeguards.empty())
      return thirdCountry(party.country)
                 ? "<strong>" + say("no safeguard", "geen waarborg") + "</strong>"
                 : "";
    std::string out;
    for (const std::string& id : party.safeguards) {
      const Safeguard& s = *reg_.safeguard(id);
      out += (out.empty() ? "" : "; ") + label(s) + " (" + htmlOf(articleOf(s.tool)) + ")";
      if (safeguardStands(s, party, on_)) {
        out += say(", stands", ", geldt");
        if (!s.atRisk.empty())
          out += say(", contested in ", ", aangevochten in ") + htmlOf(s.atRisk);
      } else if (s.validTo && *s.validTo <= on_) {
        out += say(", ended on ", ", vervallen op ") + textOf(*s.validTo);
        if (!s.endedBy.empty()) out += " (" + htmlOf(s.endedBy) + ")";
      } else {
        out += say(", does not cover this", ", geldt hier niet");
      }
    }
    return out;
  }

  std::string role(const Party& party) const {
    std::string out;
    for (const auto* roles : {&party.roles, &party.rolesAssessed}) {
      for (const std::string& term : *roles)
        out += (out.empty() ? "" : ", ") + htmlOf(term.substr(term.find(':') + 1));
    }
    if (party.condition == "consent") out += say("; with consent", "; met toestemming");
    if (party.condition == "agreement") out += say("; if agreed", "; indien overeengekomen");
    if (party.condition == "legal-duty")
      out += say("; where the law obliges", "; indien wettelijk verplicht");
    return out.starts_with("; ") ? out.substr(2) : out;
  }

  void otherRecipients() {
    const std::vector<const Party*> others = recipientsOf(reg_, nullptr);
    if (others.empty()) return;
    begin("h2", say("Recipients outside these purposes", "Ontvangers buiten deze doelen"), "d");
    heads({say("Recipient", "Ontvanger"), say("Role and condition", "Rol en voorwaarde")});
    for (const Party* party : others) cells({label(*party), role(*party)});
    end();
  }

  void recipients() {
    begin("h2", say("Recipients, countries and safeguards", "Ontvangers, landen en waarborgen"),
          "d), 30(1)(e");
    heads({say("Recipient", "Ontvanger"), say("Role and condition", "Rol en voorwaarde"),
           say("Data", "Gegevens"), say("Country", "Land"), say("Safeguards", "Waarborgen")});
    for (const std::string& id : reg_.partyIds()) {
      const Party& party = *reg_.party(id);
      if (!receivesData(party)) continue;
      std::string data;
      for (const std::string& category : party.allowedCategories)
        data += (data.empty() ? "" : ", ") + label(*reg_.category(category));
      for (const std::string& klass :
           party.allowedCategories.empty() ? party.allowedClasses : std::vector<std::string>())
        data += (data.empty() ? "" : ", ") + label(*reg_.klass(klass));
      cells({label(party), role(party), data.empty() ? missing() : data,
             party.country.empty() ? missing() : country(party.country), safeguards(party)});
    }
    end();
  }

  void retention() {
    begin("h2", say("Time limits for erasure", "Bewaartermijnen"), "f");
    heads({say("Class", "Klasse"), say("Data", "Gegevens"), say("Kept", "Bewaard")});
    for (const RetentionClass* klass : ownClasses(reg_)) {
      std::string data;
      for (const std::string& category : klass->categories)
        data += (data.empty() ? "" : ", ") + label(*reg_.category(category));
      cells({label(*klass), data, rule(klass->retention)});
    }
    end();
  }

  void measures() {
    begin("h2", say("Security measures", "Beveiligingsmaatregelen"), "g");
    heads({say("Measure", "Maatregel"), say("Term", "Term")});
    for (const std::string& id : reg_.measureIds()) {
      const Measure& measure = *reg_.measure(id);
      cells({label(measure), measure.dpv.empty() ? missing() : htmlOf(measure.dpv)});
    }
    if (reg_.measureIds().empty()) cells({missing(), ""});
    end();
  }

  const Register& reg_;
  const Date on_;
  const bool dutch_;
  std::string out_;
};

}  // namespace

std::string ropaPage(const Register& reg, Date on, const RopaSource& source,
                     PageLanguage language) {
  return Page(reg, on, language).made(source);
}

}  // namespace lacuna
