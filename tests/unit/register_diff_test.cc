#include "daemon/register_desk.h"
#include "ledger/register/diff.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace lacuna {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kHead = R"([controller]
id = "acme"
name = "Acme"
zone = "Europe/Amsterdam"
)";

std::shared_ptr<const Register> parsed(const std::string& rest, std::string_view head = kHead) {
  const auto reg = Register::parse(std::string(head) + rest);
  if (!reg) FAIL(reg.refusal().message);
  return *reg;
}

// "changed system website label.nl: site -> website", the items of a list joined by a comma.
std::string textOf(const RegisterChange& change) {
  const auto value = [](const std::optional<RegisterValue>& v) {
    std::string out = v ? "" : "-";
    for (const std::string& item : v ? v->items : std::vector<std::string>())
      out += (out.empty() ? "" : ",") + item;
    return out;
  };
  constexpr std::array<const char*, 3> words{"added", "removed", "changed"};
  std::string out = words[static_cast<std::size_t>(change.what)];
  out += " " + change.kind + (change.id.empty() ? "" : " " + change.id);
  if (change.what == RegisterChange::What::changed)
    return out + " " + change.field + ": " + value(change.from) + " -> " + value(change.to);
  for (const RegisterField& field : change.entry)
    out += " " + field.name + "=" + value(field.value);
  return out;
}

std::vector<std::string> between(const Register& from, const Register& to) {
  std::vector<std::string> out;
  for (const RegisterChange& change : differences(from, to)) out.push_back(textOf(change));
  return out;
}
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a diff says what was added, removed and changed, by entry and by field", "[register]") {
  const auto from = parsed(R"([deadlines]
house = { access = "P28D" }
[holidays]
dates = [2026-01-01, 2026-04-27]
[[systems]]
id = "website"
label = { nl = "site", en = "site" }
[[systems]]
id = "crm"
[[schemes]]
id = "name"
unique = false
)");
  const auto to = parsed(R"([deadlines]
house = { access = "P14D" }
[holidays]
dates = [2026-01-01]
[erasure]
secondOfficer = true
[[systems]]
id = "website"
label = { nl = "website", en = "site" }
note = "the new one"
[[systems]]
id = "lms"
[[schemes]]
id = "name"
)");
  CHECK(between(*from, *to) == Lines{"changed deadlines house.access: P28D -> P14D",
                                     "changed holidays dates: 2026-01-01,2026-04-27 -> 2026-01-01",
                                     "added erasure secondOfficer=true",
                                     "changed system website label.nl: site -> website",
                                     "changed system website note: - -> the new one",
                                     "added system lms", "removed system crm",
                                     "changed scheme name unique: false -> -"});
  CHECK(between(*to, *from).size() == 8);
}

TEST_CASE("comments and the order of entries are no change, the order within a list is",
          "[register]") {
  const std::string a = "[[systems]]\nid = \"a\"\n", b = "[[systems]]\nid = \"b\"\n";
  CHECK(between(*parsed(a + b), *parsed("# new\n" + b + "# and\n" + a)).empty());
  const std::string safeguards =
      "[[safeguards]]\nid = \"x\"\ntool = \"eu-gdpr:A45-3\"\n[[safeguards]]\nid = \"y\"\ntool = "
      "\"eu-gdpr:A45-3\"\n[[parties]]\nid = \"p\"\n";
  CHECK(between(*parsed(safeguards + "safeguards = [\"x\", \"y\"]\n"),
                *parsed(safeguards + "safeguards = [\"y\", \"x\"]\n")) ==
        Lines{"changed party p safeguards: x,y -> y,x"});
  CHECK(between(*parsed("[holidays]\ndates = [2026-01-01]\n"),
                *parsed("[holidays]\ndates = [\"2026-01-01\"]\n"))
            .empty());
}

TEST_CASE("against nothing everything is added, and against itself nothing changed", "[register]") {
  const auto reg = parsed("[[systems]]\nid = \"a\"\n");
  CHECK(between(*Register::empty(), *reg) ==
        Lines{"added controller id=acme name=Acme zone=Europe/Amsterdam", "added system a"});
  CHECK(between(*reg, *Register::empty()).size() == 2);
  CHECK(between(*reg, *reg).empty());
}

TEST_CASE("a version of the register is shown by its number and by every moment of its time",
          "[register][P1]") {
  const auto first = parsed(""), second = parsed("[[systems]]\nid = \"a\"\n");
  const auto at = [](std::string_view text) { return instantOfRfc3339(text).value(); };
  RegisterHistory history;
  CHECK(registerShown(history, "", "").refusal().code == RefusalCode::unknownRegister);
  CHECK(registerShown(history, "", "list").refusal().code == RefusalCode::unknownRegister);
  history.add(Seq(3), at("2026-03-01T12:00:00Z"), first);
  history.add(Seq(9), at("2026-05-01T12:00:00Z"), second);
  struct Asked {
    const char* asOf;
    int version;
  };
  const Asked asked[] = {{"", 2},
                         {"1", 1},
                         {"2", 2},
                         {"2026-03-01", 1},  // the end of that day
                         {"2026-05-01T11:59:59.999Z", 1},
                         {"2026-05-01T12:00:00Z", 2},
                         {"2040-01-01", 2}};
  for (const Asked& each : asked) {
    CAPTURE(each.asOf);
    const auto text = registerShown(history, each.asOf, "");
    REQUIRE(text.ok());
    CHECK(*text == (each.version == 1 ? first : second)->text());
    const Json about = Json::parse(*registerShown(history, each.asOf, "version"));
    CHECK(about["version"] == each.version);
    CHECK(about["register"] == *text);
    CHECK(about["seq"] == (each.version == 1 ? 3 : 9));
  }
  const Json one = Json::parse(*registerShown(history, "1", "version"));
  CHECK(one["since"] == "2026-03-01T12:00:00Z");
  CHECK(one["until"] == "2026-05-01T12:00:00Z");
  for (const char* none : {"0", "3", "99999999999999999999999", "2026-02-28"}) {
    CAPTURE(none);
    CHECK(registerShown(history, none, "").refusal().code == RefusalCode::notFound);
  }
  for (const char* wrong : {"soon", "2026-02-30", "-1"}) {
    CAPTURE(wrong);
    CHECK(registerShown(history, wrong, "").refusal().code == RefusalCode::invalidValue);
  }
  CHECK(registerShown(history, "", "xml").refusal().code == RefusalCode::invalidValue);
  const Json list = Json::parse(*registerShown(history, "", "list"));
  REQUIRE(list["versions"].size() == 2);
  CHECK(list["versions"][1]["until"].is_null());
  CHECK_FALSE(list["versions"][0].contains("register"));
}

}  // namespace lacuna
