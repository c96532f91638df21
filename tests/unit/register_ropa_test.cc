#include "ledger/register/ropa.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

namespace lacuna {
namespace {

using Json = nlohmann::json;

std::shared_ptr<const Register> parsed(const std::string& toml) {
  const auto reg = Register::parse(toml);
  if (!reg) FAIL(reg.refusal().message);
  return *reg;
}

std::shared_ptr<const Register> kjenning() {
  std::ifstream in(LACUNA_SOURCE_DIR "/tools/examples/kjenning/register.toml", std::ios::binary);
  REQUIRE(in.good());
  return parsed({std::istreambuf_iterator<char>(in), {}});
}

Date day(int y, unsigned m, unsigned d) {
  return Date(std::chrono::year(y), std::chrono::month(m), std::chrono::day(d));
}
const Date kOn = day(2026, 11, 23);

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const Json& byId(const Json& list, const std::string& id) {
  for (const Json& item : list) {
    if (item["id"] == id) return item;
  }
  FAIL("there is no " << id);
  return list;
}

}  // namespace

TEST_CASE("the Art. 30 record has every row of Art. 30(1)(a) to (g)", "[register]") {
  const auto reg = kjenning();
  for (const PageLanguage language : {PageLanguage::en, PageLanguage::nl}) {
    const std::string page = ropaPage(*reg, kOn, {}, language);
    for (const char* letter : {"a", "b", "c", "d", "e", "f", "g"}) {
      CAPTURE(letter);
      CHECK(has(page, "30(1)(" + std::string(letter) + ")"));
    }
    for (const std::string& id : reg->purposeIds()) {
      const Label& label = reg->purpose(id)->label;
      const std::string& text = language == PageLanguage::nl ? label.nl : label.en;
      CAPTURE(text);
      if (text.find('\'') == std::string::npos) CHECK(has(page, text));
    }
  }
  const Json record = Json::parse(ropaJson(*reg, kOn, {2, "2026-11-23T12:00:00Z", "", "aa", ""}));
  CHECK(record["register"]["version"] == 2);
  CHECK(record["controller"]["name"] == "Kjenning B.V.");
  CHECK(record["controller"]["contact"] == "info@example.nl");
  CHECK(record["controller"]["jointControllers"].size() == 3);
  CHECK(record["purposes"].size() == reg->purposeIds().size());
  const Json& admin = byId(record["purposes"], "course-admin");
  CHECK(admin["subjects"][0]["label"]["nl"] == "cursisten");
  CHECK(admin["recipients"] == Json{"employer"});
  CHECK(byId(admin["categories"], "billing-details")["label"]["en"] == "billing details");
  const Json& zoom = byId(record["recipients"], "zoom");
  CHECK(zoom["thirdCountry"] == true);
  CHECK(zoom["safeguards"][0]["stands"] == false);
  CHECK(zoom["retention"]["stated"] == false);
  const Json& billing = byId(record["retention"], "billing")["retention"];
  CHECK(billing["period"] == "P7Y");
  CHECK(billing["law"] == "AWR 52");
  CHECK(record["measures"][0]["id"] == "current-techniques");
  // The ledger's own classes are no processing of the controller's, but its requests and complaints are.
  for (const Json& klass : record["retention"]) CHECK(klass["id"] != "organisation");
  CHECK(byId(record["retention"], "case")["retention"]["period"] == "P13M");
}

TEST_CASE("the record tells whether a safeguard stood on its day", "[register]") {
  const auto stood = [](Date on) {
    const Json record = Json::parse(ropaJson(*kjenning(), on, {}));
    return byId(record["recipients"], "zoom")["safeguards"][0]["stands"].get<bool>();
  };
  CHECK(stood(day(2020, 7, 15)));
  CHECK_FALSE(stood(day(2020, 7, 16)));
  const std::string page = ropaPage(*kjenning(), kOn, {}, PageLanguage::nl);
  CHECK(has(page, "Safe Harbor (Art. 45(3)), vervallen op 2015-10-06 (C-362/14)"));
  CHECK(has(page, "modelcontractbepalingen (Art. 46(2)(c)), geldt"));
  CHECK(has(page, "7 jaar na het einde van het boekjaar; wettelijk minimum: AWR 52"));
  CHECK(has(page, "Art. 6(1)(b), overeenkomst"));
  CHECK(has(page, "niet vermeld"));
}

TEST_CASE("the page needs nothing from outside and shows every text as text", "[register]") {
  const std::string evil = "</td><script>alert('x')</script>&amp;\\\"<img src=x onerror=y>";
  const auto reg = parsed("[controller]\nid = \"acme\"\nname = \"" + evil + "\"\ncontact = \"" +
                          evil + "\"\naddress = \"" + evil + "\"\nrepresentative = \"" + evil +
                          "\"\ndpo = \"" + evil + R"("
[[categories]]
id = "name"
label = ")" + evil + R"("
[[subjects]]
id = "s"
label = ")" + evil + R"("
[[classes]]
id = "c"
label = ")" + evil + R"("
categories = ["name"]
retention = { period = "P1Y", minimum = true, law = ")" +
                          evil +
                          R"(", code = "eu-gdpr:JustificationA17LegallyRequired" }
[[purposes]]
id = "p"
label = ")" + evil + R"("
interest = ")" + evil + R"("
basis = ["eu-gdpr:A6-1-f"]
subjects = ["s"]
class = "c"
[[safeguards]]
id = "g"
label = ")" + evil + R"("
tool = "eu-gdpr:A45-3"
validTo = 2020-07-16
endedBy = ")" + evil + R"("
[[safeguards]]
id = "h"
tool = "eu-gdpr:A45-3"
atRisk = ")" + evil + R"("
[[parties]]
id = "r"
label = ")" + evil + R"("
country = "loc:US"
safeguards = ["g", "h"]
purposes = ["p"]
allowedCategories = ["name"]
[[parties]]
id = "o"
label = ")" + evil + R"("
allowedClasses = ["c"]
[[measures]]
id = "m"
label = ")" + evil + "\"\n");
  for (const PageLanguage language : {PageLanguage::en, PageLanguage::nl}) {
    const std::string page = ropaPage(*reg, kOn, {3, "<b>", "<b>", "<b>", "<b>"}, language);
    for (const char* never :
         {"<script", "<img", "<b>", "http:", "https:", "url(", "src=\"", "href"}) {
      CAPTURE(never);
      CHECK_FALSE(has(page, never));
    }
    CHECK(has(ropaPage(*reg, kOn, {0, "", "", "", "<i>"}, language), "&lt;i&gt;"));
    CHECK(has(page, "&lt;script&gt;alert(&#39;x&#39;)"));
    CHECK(has(page, "default-src 'none'"));
    CHECK(has(page, language == PageLanguage::nl ? "<html lang=\"nl\">" : "<html lang=\"en\">"));
    // Every element that is opened is closed.
    const auto count = [&](std::string_view what) {
      std::size_t n = 0;
      for (std::size_t at = page.find(what); at != page.npos; at = page.find(what, at + 1)) ++n;
      return n;
    };
    for (const char* element : {"table", "section", "tr", "ul", "li", "thead", "p", "span"}) {
      CAPTURE(element);
      const std::string open = "<" + std::string(element);
      CHECK(count(open + ">") + count(open + " ") == count("</" + std::string(element) + ">"));
    }
  }
}

}  // namespace lacuna
