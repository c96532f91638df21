#include "ledger/register/register.h"

#include "ledger/base/limits.h"
#include "ledger/register/admission.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

// Five lines: the first line of what follows is line 6.
constexpr std::string_view kHead = R"([controller]
id = "acme"
name = "Acme"
country = "loc:NL"
zone = "Europe/Amsterdam"
)";

Result<std::shared_ptr<const Register>> parsed(const std::string& rest) {
  return Register::parse(std::string(kHead) + rest);
}

struct Wrong {
  const char* rest;
  RefusalCode code;
  std::uint32_t line;
  const char* nearest;
  const char* says;
};

void checkRefused(const Wrong& wrong) {
  CAPTURE(wrong.rest);
  const auto result = parsed(wrong.rest);
  REQUIRE_FALSE(result.ok());
  CAPTURE(result.refusal().message);
  CHECK(nameOf(result.refusal().code) == nameOf(wrong.code));
  CHECK(result.refusal().message.starts_with("line " + std::to_string(wrong.line) + ": "));
  CHECK(result.refusal().nearest == wrong.nearest);
  CHECK(result.refusal().message.find(wrong.says) != std::string::npos);
}

constexpr RefusalCode kInvalid = RefusalCode::invalidRegister;

Instant at(std::string_view text) { return instantOfRfc3339(text).value(); }

}  // namespace

TEST_CASE("a register says who answers for the data", "[register]") {
  const auto reg = parsed("");
  REQUIRE(reg.ok());
  CHECK((*reg)->controller().zone == "Europe/Amsterdam");
  CHECK((*reg)->text() == kHead);
  const auto none = Register::parse("");
  REQUIRE_FALSE(none.ok());
  CHECK(none.refusal().code == kInvalid);
  CHECK(none.refusal().message.find("controller") != std::string::npos);
}

TEST_CASE("the ledger's own classes stand in every register, also the empty one", "[register]") {
  const auto own = Register::empty();
  const auto reg = *parsed("[deadlines]\ncaseRetention = \"P2Y\"\n");
  for (const Register* each : {own.get(), reg.get()}) {
    for (const std::string_view id :
         {kAccessClass, kCaseClass, kOrganisationClass, kIdentityClass}) {
      REQUIRE(each->klass(id) != nullptr);
      CHECK_FALSE(each->klass(id)->perYear());
    }
    CHECK(each->purposeIds().empty());
  }
  CHECK(own->klass(kCaseClass)->retention.period == Period{0, 13, 0});
  CHECK(reg->klass(kCaseClass)->retention.period == Period{2, 0, 0});
}

TEST_CASE("what is wrong in a register is named by its line and the nearest known id",
          "[register]") {
  const Wrong wrong = GENERATE(
      Wrong{"[controller]\n", kInvalid, 6, "", "not TOML"},
      Wrong{"x = \n", kInvalid, 6, "", "not TOML"},
      Wrong{"color = 1\n", RefusalCode::unknownField, 6, "", "there is no key 'color'"},
      Wrong{"[[purpose]]\n", RefusalCode::unknownField, 6, "purposes", "'purpose'"},
      Wrong{"purposes = 3\n", RefusalCode::unknownField, 6, "", "controller"},
      Wrong{"[purposes]\n", kInvalid, 6, "", "[[purposes]]"},
      Wrong{"[[systems]]\nlabel = \"x\"\n", kInvalid, 6, "", "`id` is missing"},
      Wrong{"[[systems]]\nid = \"Big One\"\n", kInvalid, 7, "", "lower-case"},
      Wrong{"[[systems]]\nid = 4\n", kInvalid, 7, "", "must be a string"},
      Wrong{"[[systems]]\nid = \"\"\n", kInvalid, 7, "", "1 to"},
      Wrong{"[[systems]]\nid = \"a\\u0007\"\n", kInvalid, 7, "", "control characters"},
      Wrong{"[[systems]]\nid = \"a\"\n[[systems]]\nid = \"a\"\n", kInvalid, 9, "",
            "already in line 7"},
      Wrong{"[[systems]]\nid = \"lacuna\"\n", kInvalid, 7, "", "ledger's own"},
      Wrong{"[[systems]]\nid = \"a\"\nlable = \"x\"\n", RefusalCode::unknownField, 8, "label",
            "lable"},
      Wrong{"[[systems]]\nid = \"a\"\nlabel = { nl = \"x\" }\n", kInvalid, 8, "",
            "`en` is missing"},
      Wrong{"[[classes]]\nid = \"a\"\n", kInvalid, 6, "", "`retention` is missing"},
      Wrong{"[[classes]]\nid = \"access\"\nretention = { gap = true }\n", kInvalid, 7, "",
            "ledger's own"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"7Y\" }\n", kInvalid, 8, "", "P7Y"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"P9999Y\" }\n", kInvalid, 8, "",
            "at most"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"P0D\" }\n", kInvalid, 8, "",
            "must be a period"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = {}\n", kInvalid, 8, "", "how long"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { gap = true, period = \"P1Y\" }\n", kInvalid, 8,
            "", "beside a rule"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { from = \"session\", period = \"P1Y\" }\n",
            kInvalid, 8, "", "session"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"P1Y\", from = \"fiscal-year\" }\n",
            kInvalid, 8, "", "fiscal-year-end"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"P1Y\", from = \"until-evnt\" }\n",
            kInvalid, 8, "until-event", "must be one of"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"P1Y\", minimum = true }\n", kInvalid,
            8, "", "`law`"},
      Wrong{"[[classes]]\nid = \"a\"\nretention = { period = \"P1Y\", code = "
            "\"eu-gdpr:JustificationA17Archive\" }\n",
            kInvalid, 8, "eu-gdpr:JustificationA17Archiving", "17(3)"},
      Wrong{"[[categories]]\nid = \"a\"\ndpv = [\"Name\"]\n", kInvalid, 8, "", "dpv:"},
      Wrong{"[[subjects]]\nid = \"a\"\nfiedes = \"trainee\"\n", RefusalCode::unknownField, 8,
            "fides", "fiedes"},
      Wrong{"[[notices]]\nid = \"a\"\nversion = \"1\"\nlanguage = \"nl\"\nrights = [\"erasur\"]\n",
            kInvalid, 10, "erasure", "rectification"},
      Wrong{"[[notices]]\nid = \"a\"\nversion = \"1\"\nlanguage = \"nl\"\ngiven = [\"chang\"]\n",
            kInvalid, 10, "change", "collection"},
      Wrong{"[[notices]]\nid = \"a\"\nversion = \"1\"\nlanguage = \"nl\"\ncategories = [\"x\"]\n",
            RefusalCode::unknownCategory, 10, "", "category 'x'"},
      Wrong{"[[wordings]]\nid = \"a\"\nlanguage = \"nl\"\ntext = \"Ja.\"\nform = \"bundeled\"\n",
            kInvalid, 10, "bundled", "explicit"},
      Wrong{"[[claims]]\nid = \"a\"\n", kInvalid, 6, "", "whose claim"},
      Wrong{"[[claims]]\nid = \"a\"\npurpose = \"x\"\n", RefusalCode::unknownPurpose, 8, "",
            "purpose 'x'"},
      Wrong{"[[forms]]\nid = \"a\"\nnotice = \"x\"\n", RefusalCode::unknownNotice, 8, "",
            "notice 'x'"},
      Wrong{"[[categories]]\nid = \"a\"\nspecial = \"yes\"\n", kInvalid, 8, "", "true or false"},
      Wrong{"[[safeguards]]\nid = \"a\"\ntool = \"eu-gdpr:A45-4\"\n", kInvalid, 8, "eu-gdpr:A45-3",
            "chapter V"},
      Wrong{"[[safeguards]]\nid = \"a\"\ntool = \"eu-gdpr:A45-3\"\nvalidFrom = 2020-02-30\n",
            kInvalid, 9, "", "TOML"},
      Wrong{"[[safeguards]]\nid = \"a\"\ntool = \"eu-gdpr:A45-3\"\nvalidFrom = \"2020-2-1\"\n",
            kInvalid, 9, "", "a date"},
      Wrong{"[[safeguards]]\nid = \"a\"\ntool = \"eu-gdpr:A45-3\"\nvalidFrom = 2020-01-02\nvalidTo "
            "= 2020-01-01\n",
            kInvalid, 10, "", "lies before"},
      Wrong{"[[safeguards]]\nid = \"x:scc\"\ntool = \"eu-gdpr:A45-3\"\n", kInvalid, 7, "",
            "lower-case"},
      Wrong{"[[notices]]\nid = \"a\"\nversion = \"1\"\nlanguage = \"nl\"\nsha256 = \"abc\"\n",
            kInvalid, 10, "", "64"},
      Wrong{"[[schemes]]\nid = \"case\"\n", kInvalid, 7, "", "ledger's own"},
      Wrong{"[[schemes]]\nid = \"a.b\"\n", kInvalid, 7, "", "before a colon"},
      Wrong{"[[schemes]]\nid = \"a\"\nnormal = \"emial\"\n", kInvalid, 8, "email",
            "must be one of"},
      Wrong{"[[schemes]]\nid = \"staff\"\n[[parties]]\nid = \"staff\"\nkind = \"category\"\n",
            kInvalid, 9, "", "also a scheme"},
      Wrong{"[[parties]]\nid = \"a\"\nparent = \"b\"\n[[parties]]\nid = \"b\"\nparent = \"a\"\n",
            kInvalid, 7, "", "circle"},
      Wrong{"[[parties]]\nid = \"a\"\ncountry = \"US\"\n", kInvalid, 8, "", "loc:NL"},
      Wrong{"[[parties]]\nid = \"a\"\ncondition = \"agreed\"\n", kInvalid, 8, "", "agreement"},
      Wrong{"[[parties]]\nid = \"a\"\nroles = [\"dpv:Recipient\", \"dpv:Recipient\"]\n", kInvalid,
            8, "", "twice"},
      Wrong{"[deadlines]\nhouse = { acces = \"P28D\" }\n", RefusalCode::unknownField, 7, "access",
            "acces"},
      Wrong{"[holidays]\ndates = [2020-01-01, 3]\n", kInvalid, 7, "", "must be a date"},
      Wrong{"[[campaigns]]\nid = \"a\"\n", kInvalid, 6, "", "`party` is missing"},
      Wrong{"a.b.c.d.e.f.g.h.i.j.k = 1\n", kInvalid, 6, "", "dots"});
  checkRefused(wrong);
}

TEST_CASE("the controller's own lines are checked", "[register]") {
  const auto refusal = [](const std::string& text) { return Register::parse(text).refusal(); };
  CHECK(refusal("[controller]\nid = \"a\"\nnmae = \"A\"\n").nearest == "name");
  CHECK(refusal("[controller]\nid = \"a\"\nname = \"A\"\nzone = \"Europe/Amsterdm\"\n")
            .message.starts_with("line 4: "));
  CHECK(refusal("[controller]\nid = \"a\"\nname = \"A\"\nfiscalYearStartMonth = 13\n")
            .message.starts_with("line 4: "));
  CHECK(refusal("[controller]\nid = \"a\"\nname = \"A\"\nfiscalYearStartMonth = 1.5\n")
            .message.starts_with("line 4: "));
}

TEST_CASE("every reference leads somewhere, or is refused with the nearest id", "[register]") {
  // One thing of each list, called so that a slip in any reference is near to it.
  const std::string all = R"([[categories]]
id = "one-category"
[[classes]]
id = "one-class"
retention = { gap = true }
categories = ["one-category"]
[[safeguards]]
id = "one-safeguard"
tool = "eu-gdpr:A45-3"
[[purposes]]
id = "one-purpose"
basis = ["eu-gdpr:A6-1-a"]
class = "one-class"
[[parties]]
id = "one-party"
[[systems]]
id = "one-system"
)";
  REQUIRE(parsed(all).ok());
  struct Dangling {
    const char* rest;
    std::uint32_t line;  // within `rest`, from 1
    RefusalCode code;
    const char* nearest;
  };
  const Dangling dangling = GENERATE(
      Dangling{
          "[[classes]]\nid = \"c\"\nretention = { gap = true }\ncategories = [\"one-categry\"]\n",
          4, RefusalCode::unknownCategory, "one-category"},
      Dangling{"[[purposes]]\nid = \"p\"\nbasis = [\"eu-gdpr:A6-1-a\"]\nclass = \"on-class\"\n", 4,
               RefusalCode::unknownClass, "one-class"},
      Dangling{"[[purposes]]\nid = \"p\"\nbasis = [\"eu-gdpr:A6-1-a\"]\nclass = "
               "\"one-class\"\nclasses = [\n\"one-class\",\n\"one-clas\"]\n",
               7, RefusalCode::unknownClass, "one-class"},
      Dangling{"[[parties]]\nid = \"p\"\nparent = \"one-prty\"\n", 3, RefusalCode::unknownRecipient,
               "one-party"},
      Dangling{"[[parties]]\nid = \"p\"\nsafeguards = [\"one-safegaurd\"]\n", 3,
               RefusalCode::unknownSafeguard, "one-safeguard"},
      Dangling{"[[parties]]\nid = \"p\"\nallowedClasses = [\"one_class\"]\n", 3,
               RefusalCode::unknownClass, "one-class"},
      Dangling{"[[parties]]\nid = \"p\"\nallowedCategories = [\"one-categori\"]\n", 3,
               RefusalCode::unknownCategory, "one-category"},
      Dangling{"[[parties]]\nid = \"p\"\npurposes = [\"one-porpose\"]\n", 3,
               RefusalCode::unknownPurpose, "one-purpose"},
      Dangling{"[[systems]]\nid = \"s\"\nparty = \"one-pary\"\n", 3, RefusalCode::unknownRecipient,
               "one-party"},
      Dangling{
          "[[wordings]]\nid = \"w\"\nlanguage = \"nl\"\ntext = \"Ja\"\npurpose = \"one-purpos\"\n",
          5, RefusalCode::unknownPurpose, "one-purpose"},
      Dangling{"[[agreements]]\nid = \"a\"\nparty = \"one-parti\"\n", 3,
               RefusalCode::unknownRecipient, "one-party"},
      Dangling{"[[agreements]]\nid = \"a\"\nparty = \"one-party\"\nscope = [\"one-clss\"]\n", 4,
               RefusalCode::unknownClass, "one-class"},
      Dangling{"[[campaigns]]\nid = \"c\"\nfrom = 2020-01-01\nparty = \"nobody\"\n", 4,
               RefusalCode::unknownRecipient, ""},
      Dangling{"[[claims]]\nid = \"c\"\nparty = \"one-partie\"\n", 3, RefusalCode::unknownRecipient,
               "one-party"},
      Dangling{"[[forms]]\nid = \"f\"\nsystem = \"one-sistem\"\n", 3, RefusalCode::unknownSystem,
               "one-system"},
      Dangling{"[[forms]]\nid = \"f\"\npurpose = \"one-purpse\"\n", 3, RefusalCode::unknownPurpose,
               "one-purpose"},
      Dangling{"[[forms]]\nid = \"f\"\ncategories = [\"one-catgory\"]\n", 3,
               RefusalCode::unknownCategory, "one-category"});
  const auto lines = static_cast<std::uint32_t>(std::count(all.begin(), all.end(), '\n'));
  CAPTURE(dangling.rest);
  const auto result = parsed(all + dangling.rest);
  REQUIRE_FALSE(result.ok());
  CAPTURE(result.refusal().message);
  CHECK(nameOf(result.refusal().code) == nameOf(dangling.code));
  CHECK(result.refusal().message.starts_with("line " + std::to_string(5 + lines + dangling.line) +
                                             ": "));
  CHECK(result.refusal().nearest == dangling.nearest);
}

TEST_CASE("a purpose has a legal basis of the closed list and a class among its classes",
          "[register]") {
  const std::string head =
      "[[classes]]\nid = \"a\"\nretention = { gap = true }\n[[classes]]\nid = \"b\"\nretention = { "
      "gap = true }\n";
  checkRefused({(head + "[[purposes]]\nid = \"p\"\nclass = \"a\"\n").c_str(), kInvalid, 12, "",
                "legal basis"});
  checkRefused(
      {(head + "[[purposes]]\nid = \"p\"\nclass = \"a\"\nbasis = [\"eu-gdpr:A6-1-g\"]\n").c_str(),
       kInvalid, 15, "eu-gdpr:A6-1-a", "legal bases"});
  checkRefused({(head + "[[purposes]]\nid = \"p\"\nclass = \"a\"\nbasis = "
                        "[\"eu-gdpr:A6-1-a\"]\nclasses = [\"b\"]\n")
                    .c_str(),
                kInvalid, 16, "", "must hold"});
}

TEST_CASE("the first error by line is the one that is told", "[register]") {
  const auto result =
      parsed("[[systems]]\nid = \"a\"\nparty = \"nobody\"\n[[systems]]\nid = \"B\"\n");
  REQUIRE_FALSE(result.ok());
  CHECK(result.refusal().message.starts_with("line 8: "));
}

TEST_CASE("a register is bounded", "[register]") {
  CHECK(Register::parse(std::string(kDocumentBytesMax + 1, '#')).refusal().code ==
        RefusalCode::tooLarge);
  CHECK(Register::parse(std::string(kHead) + std::string(kDocumentBytesMax - kHead.size(), '#'))
            .ok());
  const std::string list = "[[forms]]\nid = \"f\"\ncategories = [";
  std::string items;
  for (std::size_t i = 0; i <= kRegisterListMax; ++i) items += "\"c" + std::to_string(i) + "\",";
  CHECK(parsed(list + items + "]\n").refusal().message.find("more than") != std::string::npos);
  std::string systems;
  for (std::size_t i = 0; i <= kRegisterEntriesMax; ++i)
    systems += "[[systems]]\nid = \"s" + std::to_string(i) + "\"\n";
  CHECK(parsed(systems).refusal().message.find("at most") != std::string::npos);
  // Depth that would exhaust the parser's stack.
  std::string deep = "a";
  for (int i = 0; i < 200'000; ++i) deep += ".a";
  CHECK_FALSE(Register::parse(deep + " = 1").ok());
  CHECK_FALSE(Register::parse("[" + deep + "]").ok());
  CHECK_FALSE(Register::parse("x = {" + deep + " = 1}").ok());
  CHECK_FALSE(Register::parse("x = " + std::string(100'000, '[')).ok());
  CHECK_FALSE(Register::parse("x = '''\n''' # '\n" + deep + " = \"\\\"\"").ok());
  CHECK(parsed("[[systems]]\nid = \"a\"\nnote = \"1.2.3.4.5.6.7.8.9.10.11 # not a key\"\n").ok());
}

TEST_CASE("nearest is a slip away, or nothing", "[register]") {
  const std::vector<std::string> known = {"course-admin", "course-delivery", "newsletter", "cards"};
  CHECK(nearestOf("newsleter", known) == "newsletter");
  CHECK(nearestOf("course_admin", known) == "course-admin");
  CHECK(nearestOf("cadrs", known) == "cards");
  CHECK(nearestOf("cards", known) == "cards");
  CHECK(nearestOf("invoices", known).empty());
  CHECK(nearestOf("", known).empty());
  CHECK(nearestOf(std::string(10'000, 'x'), known).empty());
}

TEST_CASE("a safeguard stands from its first day until the day that ended it", "[register]") {
  const auto reg = *parsed(R"([[safeguards]]
id = "shield"
tool = "eu-gdpr:A45-3"
validFrom = 2016-07-12
validTo = 2020-07-16
[[safeguards]]
id = "dpf"
tool = "eu-gdpr:A45-3"
validFrom = "2023-07-10"
[[parties]]
id = "mailer"
safeguards = ["shield", "dpf"]
[[parties]]
id = "plain"
)");
  const Safeguard& shield = *reg->safeguard("shield");
  CHECK_FALSE(shield.validOn(*dateOf("2016-07-11")));
  CHECK(shield.validOn(*dateOf("2016-07-12")));
  CHECK(shield.validOn(*dateOf("2020-07-15")));
  CHECK_FALSE(shield.validOn(*dateOf("2020-07-16")));
  const Party& mailer = *reg->party("mailer");
  CHECK(mailer.safeguard == "shield");
  CHECK(reg->safeguardOf(mailer, at("2010-01-01T00:00:00Z")) == "shield");  // none yet: the first
  CHECK(reg->safeguardOf(mailer, at("2018-01-01T00:00:00Z")) == "shield");
  CHECK(reg->safeguardOf(mailer, at("2021-01-01T00:00:00Z")) ==
        "shield");  // the dead one it relied on
  CHECK(reg->safeguardOf(mailer, at("2023-07-09T21:59:59Z")) == "shield");
  CHECK(reg->safeguardOf(mailer, at("2023-07-09T22:00:00Z")) == "dpf");  // midnight in Amsterdam
  CHECK(reg->safeguardOf(*reg->party("plain"), at("2020-01-01T00:00:00Z")).empty());
}

TEST_CASE("third countries lie outside the EEA", "[register]") {
  CHECK(thirdCountry("loc:US"));
  CHECK(thirdCountry("loc:GB"));
  CHECK(thirdCountry("loc:CH"));
  CHECK_FALSE(thirdCountry("loc:NL"));
  CHECK_FALSE(thirdCountry("loc:NO"));
  CHECK_FALSE(thirdCountry("loc:EU"));
  CHECK_FALSE(thirdCountry(""));
}

TEST_CASE("a year begins at midnight in the controller's zone", "[register]") {
  using Year = Register::Year;
  const auto reg = *Register::parse(
      "[controller]\nid = \"a\"\nname = \"A\"\nzone = \"Europe/Amsterdam\"\nfiscalYearStartMonth = "
      "7\n"
      "[[classes]]\nid = \"billing\"\nretention = { period = \"P7Y\", from = \"fiscal-year-end\" "
      "}\n"
      "[[classes]]\nid = \"chat\"\nretention = { period = \"P1Y\" }\n"
      "[[classes]]\nid = \"short\"\nretention = { period = \"P1M\", from = \"calendar-year-end\" "
      "}\n"
      "[[classes]]\nid = \"open\"\nretention = { from = \"until-event\", period = \"P1Y\" }\n"
      "[[classes]]\nid = \"gap\"\nretention = { gap = true }\n");
  CHECK(reg->yearOf(at("2019-12-31T22:59:59Z"), Year::calendar) == 2019);
  CHECK(reg->yearOf(at("2019-12-31T23:00:00Z"), Year::calendar) == 2020);
  CHECK(reg->yearOf(at("2020-06-30T21:59:59Z"), Year::fiscal) == 2019);
  CHECK(reg->yearOf(at("2020-06-30T22:00:00Z"), Year::fiscal) == 2020);
  CHECK(reg->yearOf(at("1912-06-30T22:00:00Z"), Year::calendar) == 1912);
  CHECK(reg->yearOf(at("2400-01-01T00:00:00Z"), Year::fiscal) == 2399);
  for (const std::int32_t year : {1950, 1990, 2020, 2060, 2061, 2300}) {
    for (const Year kind : {Year::calendar, Year::fiscal}) {
      const Instant start = reg->startOfYear(year, kind);
      CHECK(reg->yearOf(start, kind) == year);
      CHECK(reg->yearOf(start - std::chrono::milliseconds(1), kind) == year - 1);
    }
  }
  CHECK(periodOf(*reg->klass("billing"), *reg, at("2020-06-30T12:00:00Z")) == 2019);
  CHECK(periodOf(*reg->klass("chat"), *reg, at("2020-06-30T12:00:00Z")) == 2020);
  CHECK(periodOf(*reg->klass("open"), *reg, at("2020-06-30T12:00:00Z")) == 0);
  CHECK(periodOf(*reg->klass("gap"), *reg, at("2020-06-30T12:00:00Z")) == 0);
  CHECK(retentionEnd(*reg->klass("billing"), *reg, 2019) == at("2027-06-30T22:00:00Z"));
  CHECK(retentionEnd(*reg->klass("chat"), *reg, 2025) == at("2026-12-31T23:00:00Z"));
  CHECK(retentionEnd(*reg->klass("short"), *reg, 2025) == at("2026-01-31T23:00:00Z"));
  CHECK_FALSE(retentionEnd(*reg->klass("open"), *reg, 0));
  CHECK_FALSE(retentionEnd(*reg->klass("gap"), *reg, 0));
}

TEST_CASE("a system keeps its number for ever, new ones take the next", "[register]") {
  SystemNumbers numbers;
  numbers.add(*Register::empty());
  numbers.add(**parsed("[[systems]]\nid = \"website\"\n[[systems]]\nid = \"crm\"\n"));
  numbers.add(**parsed("[[systems]]\nid = \"lms\"\n[[systems]]\nid = \"crm\"\n"));
  CHECK(numbers.numberOf("lacuna") == SystemNo(0));
  CHECK(numbers.numberOf("website") == SystemNo(1));
  CHECK(numbers.numberOf("crm") == SystemNo(2));
  CHECK(numbers.numberOf("lms") == SystemNo(3));
  CHECK_FALSE(numbers.numberOf("mailer"));
  CHECK(numbers.idOf(SystemNo(1)) == "website");
  CHECK(numbers.idOf(SystemNo(0)) == "lacuna");
  CHECK(numbers.idOf(SystemNo(9)).empty());
}

}  // namespace lacuna
