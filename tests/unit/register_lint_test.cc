// The rules of `register lint`: each speaks on a register that lacks one thing, and is silent on the mended one.
#include "ledger/register/lint.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace lacuna {
namespace {

// Nothing is missing here, on kOn.
constexpr std::string_view kMended = R"([controller]
id = "acme"
name = "Acme"
country = "loc:NL"
zone = "Europe/Amsterdam"
contact = "privacy@example.nl"
dpo = "dpo@example.nl"
[deadlines]
house = { access = "P28D" }
[[categories]]
id = "name"
[[categories]]
id = "health"
special = true
[[subjects]]
id = "customer"
[[classes]]
id = "customers"
categories = ["name"]
retention = { period = "P2Y" }
[[classes]]
id = "care"
categories = ["health"]
retention = { from = "until-event", period = "P1Y" }
[[purposes]]
id = "admin"
subjects = ["customer"]
basis = ["eu-gdpr:A6-1-b", "eu-gdpr:A9-2-h"]
statedInNotice = true
class = "customers"
classes = ["customers", "care"]
dpv = ["dpv:ServiceProvision"]
[[purposes]]
id = "newsletter"
subjects = ["customer"]
basis = ["eu-gdpr:A6-1-a"]
statedInNotice = true
class = "customers"
dpv = ["dpv:DirectMarketing"]
withdrawal = "a link in each letter"
[[purposes]]
id = "cards"
subjects = ["customer"]
basis = ["eu-gdpr:A6-1-f-controller"]
statedInNotice = true
class = "customers"
marketing = true
dpv = ["dpv:DirectMarketing"]
statedUnder = "newsletter"
interest = "keeping in touch"
objection = "an e-mail is enough"
[[safeguards]]
id = "shield"
tool = "eu-gdpr:A45-3"
country = "loc:US"
validFrom = 2016-07-12
validTo = 2020-07-16
endedBy = "C-311/18"
[[safeguards]]
id = "clauses"
tool = "eu-gdpr:A46-2-c"
validFrom = 2021-06-27
[[parties]]
id = "mailer"
roles = ["dpv:DataProcessor"]
rolesAssessed = ["dpv:DataProcessor"]
country = "loc:US"
safeguards = ["shield", "clauses"]
purposes = ["newsletter"]
retention = { period = "P1Y" }
parent = "holding"
[[parties]]
id = "holding"
[[parties]]
id = "network"
roles = ["dpv:JointDataControllers"]
[[parties]]
id = "employer"
kind = "category"
roles = ["dpv:Recipient"]
source = "dpv:ThirdPartyDataSource"
purposes = ["admin"]
[[parties]]
id = "authorities"
kind = "category"
condition = "legal-duty"
[[sources]]
id = "broker"
dpv = "dpv:ThirdPartyDataSource"
[[agreements]]
id = "mail"
party = "holding"
kind = "processor"
to = 2027-01-01
[[agreements]]
id = "joint"
party = "network"
kind = "joint-controllers"
[[notices]]
id = "privacy"
version = "2"
language = "nl"
sha256 = "647c6fd9bbe574c8f85db3c9806fa66beade9eebab34075f26f019dc92f66a16"
validFrom = 2024-01-01
categories = ["name", "health"]
rights = ["access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal", "complaint", "not-automated"]
given = ["collection", "indirect", "change"]
[[notices]]
id = "before"
version = "1"
language = "nl"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
validFrom = 2015-01-01
[[wordings]]
id = "opt-in"
purpose = "newsletter"
language = "nl"
text = "Ja."
form = "explicit"
[[claims]]
id = "anonymous"
purpose = "admin"
kind = "anonymisation"
evidence = "k = 20, report 7"
seenOn = 2026-01-01
[[claims]]
id = "no-onward"
party = "mailer"
url = "https://mailer.example.com/privacy"
seenOn = 2026-01-01
[[measures]]
id = "at-rest"
dpv = "dpv:EncryptionAtRest"
[[forms]]
id = "sign-up"
purpose = "newsletter"
notice = "privacy"
categories = ["name"]
)";

constexpr Date kOn{std::chrono::year(2026), std::chrono::month(11), std::chrono::day(23)};
using Found = std::set<std::string>;  // "code id"

std::vector<LintFinding> findingsOf(const std::string& toml, Date on = kOn) {
  const auto reg = Register::parse(toml);
  if (!reg) FAIL(reg.refusal().message);
  return lint(**reg, on);
}

Found foundIn(const std::string& toml, Date on = kOn) {
  Found out;
  for (const LintFinding& f : findingsOf(toml, on)) out.insert(f.code + " " + f.id);
  return out;
}

std::string with(std::string text, std::string_view what, std::string_view instead) {
  const std::size_t at = text.find(what);
  INFO(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

struct Broken {
  const char *what, *instead;
  Found found;
};

const std::vector<Broken>& breaks() {
  static const std::vector<Broken> list{
      {"contact = \"privacy@example.nl\"\n", "", {"no-contact acme"}},
      {"dpo = \"dpo@example.nl\"\n", "", {"no-dpo-contact acme"}},
      {"access = \"P28D\"", "access = \"P30D\"", {"house-deadline-late acme"}},
      {"[[measures]]\nid = \"at-rest\"\ndpv = \"dpv:EncryptionAtRest\"\n",
       "",
       {"no-measures acme"}},
      {"dpv = \"dpv:EncryptionAtRest\"\n", "", {"measure-unspecific at-rest"}},
      {"statedInNotice = true\nclass = \"customers\"\nclasses",
       "class = \"customers\"\nclasses",
       {"basis-not-stated admin"}},
      {"interest = \"keeping in touch\"\n", "", {"interest-not-stated cards"}},
      {", \"eu-gdpr:A9-2-h\"", "", {"no-special-basis admin"}},
      {"subjects = [\"customer\"]\n", "", {"no-subjects admin"}},
      {"statedUnder = \"newsletter\"", "statedUnder = \"admin\"", {"purpose-misfiled cards"}},
      {"purpose = \"newsletter\"\nlanguage", "language", {"no-consent-wording newsletter"}},
      {"withdrawal = \"a link in each letter\"\n", "", {"no-withdrawal-route newsletter"}},
      {"objection = \"an e-mail is enough\"\n", "", {"no-objection-route cards"}},
      {"form = \"explicit\"", "form = \"implied\"", {"implied-consent opt-in"}},
      {"form = \"explicit\"",
       "form = \"bundled\"\nformClaimed = \"explicit\"",
       {"implied-consent opt-in"}},
      {"notice = \"privacy\"\n", "", {"form-without-notice sign-up"}},
      {"notice = \"privacy\"\ncategories = [\"name\"]",
       "notice = \"privacy\"\ncategories = [\"name\", \"health\"]",
       {"form-beyond-purpose sign-up"}},
      {"classes = [\"customers\", \"care\"]\n", "", {"class-without-purpose care"}},
      {"retention = { period = \"P2Y\" }",
       "retention = { gap = true }",
       {"no-retention customers"}},
      {"from = \"until-event\", period = \"P1Y\"",
       "from = \"until-event\"",
       {"open-ended-retention care"}},
      {"retention = { period = \"P1Y\" }\n", "", {"recipient-retention-unknown mailer"}},
      {"condition = \"legal-duty\"",
       "condition = \"consent\"",
       {"recipient-open-ended authorities"}},
      {"rolesAssessed = [\"dpv:DataProcessor\"]",
       "rolesAssessed = [\"dpv:DataController\"]",
       {"role-not-claimed mailer"}},
      {"kind = \"joint-controllers\"", "kind = \"sharing\"", {"no-joint-arrangement network"}},
      {"to = 2027-01-01", "to = 2026-11-22", {"no-processor-agreement mailer"}},
      {"safeguards = [\"shield\", \"clauses\"]\n", "", {"no-safeguard mailer"}},
      {"safeguards = [\"shield\", \"clauses\"]",
       "safeguards = [\"shield\"]",
       {"dead-safeguard mailer"}},
      {"validFrom = 2021-06-27", "country = \"loc:GB\"", {"dead-safeguard mailer"}},
      {"validFrom = 2021-06-27", "atRisk = \"C-703/25 P\"", {"safeguard-at-risk mailer"}},
      {"evidence = \"k = 20, report 7\"\n", "", {"anonymisation-unproven anonymous"}},
      {"url = \"https://mailer.example.com/privacy\"\n", "", {"claim-unproven no-onward"}},
      {"seenOn = 2026-01-01", "seenOn = 2025-11-22", {"claim-stale anonymous"}},
      {"validFrom = 2024-01-01\ncategories",
       "kind = \"terms\"\ncategories",
       {"category-not-in-notice health", "category-not-in-notice name",
        "change-not-announced before", "indirect-not-informed broker",
        "indirect-not-informed employer", "notice-not-given before", "right-not-named before"}},
      {"sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n",
       "",
       {"notice-text-not-kept before"}},
      {"\"restriction\", ", "", {"right-not-named privacy"}},
      {"categories = [\"name\", \"health\"]",
       "categories = [\"name\"]",
       {"category-not-in-notice health"}},
      {"\"collection\", ", "", {"notice-not-given privacy"}},
      {"\"indirect\", ", "", {"indirect-not-informed broker", "indirect-not-informed employer"}},
      {", \"change\"", "", {"change-not-announced privacy"}},
  };
  return list;
}

std::string kjenningText() {
  std::ifstream in(LACUNA_SOURCE_DIR "/tools/examples/kjenning/register.toml", std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("lint has nothing to say of a register that lacks nothing", "[register]") {
  CHECK(foundIn(std::string(kMended)) == Found{});
  const auto without = with(std::string(kMended), "dpo = \"dpo@example.nl\"",
                            "dpoNotRequired = \"no large-scale monitoring\"");
  CHECK(foundIn(without) == Found{});
}

TEST_CASE("each rule of lint speaks on the one thing that is missing, and no other rule does",
          "[register]") {
  std::set<std::string> spoken{"no-privacy-notice"};
  for (const Broken& broken : breaks()) {
    CAPTURE(broken.what, broken.instead);
    CHECK(foundIn(with(std::string(kMended), broken.what, broken.instead)) == broken.found);
    for (const std::string& found : broken.found) spoken.insert(found.substr(0, found.find(' ')));
  }
  std::string none = with(std::string(kMended), "validFrom = 2024-01-01", "validFrom = 2030-01-01");
  none = with(none, "validFrom = 2015-01-01", "validFrom = 2030-01-01");
  CHECK(foundIn(none) == Found{"no-privacy-notice acme", "indirect-not-informed broker",
                               "indirect-not-informed employer"});
  for (const LintRule& rule : lintRules()) {
    CAPTURE(rule.code);
    CHECK(spoken.count(std::string(rule.code)) == 1);
  }
}

TEST_CASE("lint looks at a day: a safeguard that stood then is none that is dead", "[register]") {
  const auto shield = with(std::string(kMended), "[\"shield\", \"clauses\"]", "[\"shield\"]");
  const auto day = [](int y, unsigned m, unsigned d) {
    return Date(std::chrono::year(y), std::chrono::month(m), std::chrono::day(d));
  };
  const auto dead = [&](Date on) {
    return foundIn(shield, on).count("dead-safeguard mailer") == 1;
  };
  CHECK_FALSE(dead(day(2020, 7, 15)));
  CHECK(dead(day(2020, 7, 16)));
  CHECK(dead(day(2016, 7, 11)));
  // The older notice is the one that held then; it says less.
  CHECK(foundIn(std::string(kMended), day(2023, 12, 31)).count("change-not-announced before") == 1);
}

TEST_CASE("which rights a notice has to name follows from the bases of the purposes",
          "[register]") {
  const auto rights = [](const std::string& toml) {
    std::set<std::string> out;
    for (const LintFinding& f : findingsOf(toml)) {
      if (f.code == "right-not-named") out.insert(f.article);
    }
    return out;
  };
  const std::string none =
      with(std::string(kMended),
           "rights = [\"access\", \"rectification\", \"erasure\", \"restriction\", "
           "\"portability\", \"objection\", \"withdrawal\", \"complaint\", "
           "\"not-automated\"]\n",
           "");
  CHECK(rights(none).size() == 9);
  std::string duty = none;
  for (const char* basis : {"\"eu-gdpr:A6-1-b\", \"eu-gdpr:A9-2-h\"", "\"eu-gdpr:A6-1-a\"",
                            "\"eu-gdpr:A6-1-f-controller\""}) {
    duty = with(duty, basis, "\"eu-gdpr:A6-1-c\"");
  }
  duty = with(duty, "marketing = true\n", "");
  CHECK(rights(duty) == std::set<std::string>{"13(2)(b), 15", "13(2)(b), 16", "13(2)(b), 17",
                                              "13(2)(b), 18", "13(2)(d), 77", "13(2)(f), 22"});
}

TEST_CASE("a finding names the entry, its line, its article, and a sentence in both languages",
          "[register]") {
  const std::string toml =
      with(std::string(kMended), "retention = { period = \"P2Y\" }", "retention = { gap = true }");
  const std::vector<LintFinding> findings = findingsOf(toml);
  REQUIRE(findings.size() == 1);
  const LintFinding& f = findings[0];
  CHECK(f.kind == "class");
  CHECK(f.severity == Severity::gap);
  const auto before = toml.substr(0, toml.find("id = \"customers\""));
  CHECK(f.line == 1 + std::count(before.begin(), before.end(), '\n'));
  std::ifstream in(LACUNA_SOURCE_DIR "/ledger/register/README.md", std::ios::binary);
  const std::string readme(std::istreambuf_iterator<char>(in), {});
  std::set<std::string_view> codes;
  for (const LintRule& rule : lintRules()) {
    CAPTURE(rule.code);
    CHECK(codes.insert(rule.code).second);
    CHECK(rule.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    CHECK(readme.find("| `" + std::string(rule.code) + "` | " + std::string(nameOf(rule.severity)) +
                      " | " + std::string(rule.article) + " | ") != std::string::npos);
    CHECK((rule.en.find('%') == rule.en.npos) == (rule.nl.find('%') == rule.nl.npos));
  }
  for (const LintFinding& each : findingsOf(kjenningText())) {
    CAPTURE(each.code, each.id);
    CHECK(each.line > 0);
    CHECK(each.sentence.en.find('%') == std::string::npos);
    CHECK(each.sentence.nl.find('%') == std::string::npos);
    CHECK(each.sentence.nl != each.sentence.en);
  }
}

TEST_CASE("every gap of the Kjenning policy is found in its register, with its article",
          "[register]") {
  struct Gap {
    const char *says, *code, *id, *article;
  };
  const Gap gaps[] = {
      {"no legal bases", "basis-not-stated", "course-admin", "13(1)(c)"},
      {"no legal bases", "basis-not-stated", "social-sharing", "13(1)(c)"},
      {"no DPO contact", "no-dpo-contact", "kjenning", "13(1)(b)"},
      {"no retention numbers", "no-retention", "attendance", "13(2)(a)"},
      {"no retention numbers", "recipient-retention-unknown", "mandrill", "13(2)(a)"},
      {"restriction absent", "right-not-named", "privacy-2020-03-31", "18"},
      {"portability absent", "right-not-named", "privacy-2020-03-31", "20"},
      {"objection absent", "right-not-named", "privacy-2020-03-31", "21"},
      {"withdrawal absent", "right-not-named", "privacy-2020-03-31", "7(3)"},
      {"automated absent", "right-not-named", "privacy-2020-03-31", "22"},
      {"Safe Harbor", "dead-safeguard", "facebook", "46"},
      {"Safe Harbor", "dead-safeguard", "linkedin", "46"},
      {"Safe Harbor", "dead-safeguard", "twitter", "46"},
      {"Privacy Shield", "dead-safeguard", "zoom", "46"},
      {"geen invloed", "role-not-claimed", "zoom", "28(1)"},
      {"geen invloed", "role-not-claimed", "facebook", "26(1)"},
      {"joint control", "no-joint-arrangement", "facebook", "26(1)"},
      {"birth date", "category-not-in-notice", "birth-date", "14(1)(d)"},
      {"chat", "category-not-in-notice", "chat", "14(1)(d)"},
      {"audio/video", "category-not-in-notice", "audio-video", "14(1)(d)"},
      {"derde partijen", "recipient-open-ended", "third-party", "13(1)(e)"},
      {"implied called explicit", "implied-consent", "zoom-conditions", "4(11)"},
      {"statistics under Marketing", "purpose-misfiled", "site-statistics", "5(1)(b)"},
      {"anonymisation", "anonymisation-unproven", "anonymised", "4(1)"},
      {"anonymisation", "anonymisation-unproven", "anonymised-analyses", "4(1)"},
      {"claims", "claim-unproven", "no-onward-sharing", "5(2)"},
      {"open-ended retention", "open-ended-retention", "identity", "5(1)(e)"},
      {"Art. 14 duty", "indirect-not-informed", "employer", "14(3)"},
      {"no withdrawal route", "no-withdrawal-route", "newsletter", "7(3)"},
      {"change is pull-only", "change-not-announced", "privacy-2020-03-31", "12(1)"},
      {"current techniques", "measure-unspecific", "current-techniques", "32(1)"},
      {"processors without an agreement", "no-processor-agreement", "zendesk", "28(3)"},
  };
  const std::vector<LintFinding> findings = findingsOf(kjenningText());
  for (const Gap& gap : gaps) {
    CAPTURE(gap.says, gap.code, gap.id);
    CHECK(std::any_of(findings.begin(), findings.end(), [&](const LintFinding& f) {
      return f.code == gap.code && f.id == gap.id && f.article.find(gap.article) != f.article.npos;
    }));
  }
  // What the policy does say is no gap.
  const Found found = foundIn(kjenningText());
  for (const char* silent : {"category-not-in-notice name", "no-retention billing",
                             "dead-safeguard mandrill", "recipient-open-ended public-authority",
                             "no-retention chat", "form-beyond-purpose enrolment-form"}) {
    CAPTURE(silent);
    CHECK(found.count(silent) == 0);
  }
}

}  // namespace lacuna
