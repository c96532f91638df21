// An invented trainee's events and a small register, for tests of the fold.
#pragma once

#include "ledger/person/fold.h"

#include <deque>
#include <functional>
#include <map>

namespace lacuna::test {

inline Instant moment(std::string_view text) {
  const std::optional<Instant> t = momentOf(text, "Europe/Amsterdam");
  LACUNA_ASSERT(t.has_value(), "a test writes real moments");
  return *t;
}

inline constexpr std::string_view kSmallRegister = R"(
[controller]
id = "kjenning"
name = "Kjenning B.V."
country = "loc:NL"
zone = "Europe/Amsterdam"
[deadlines]
statute = "P1M"
extension = "P2M"
house = { access = "P28D", rectification = "P28D" }
[holidays]
dates = [2020-04-27, 2020-06-01, 2024-04-01]
[[categories]]
id = "name"
[[categories]]
id = "email"
[[categories]]
id = "presence"
[[categories]]
id = "amount"
[[categories]]
id = "page"
[[classes]]
id = "identity"
categories = ["name", "email"]
retention = { from = "until-event" }
[[classes]]
id = "attendance"
categories = ["name", "presence"]
retention = { gap = true }
[[classes]]
id = "billing"
categories = ["name", "amount"]
retention = { period = "P7Y", from = "fiscal-year-end", minimum = true, law = "AWR 52", code = "eu-gdpr:JustificationA17LegallyRequired" }
[[classes]]
id = "marketing"
categories = ["name", "email"]
retention = { from = "until-event" }
[[classes]]
id = "web-usage"
categories = ["page"]
retention = { gap = true }
[[purposes]]
id = "course-admin"
basis = ["eu-gdpr:A6-1-b", "eu-gdpr:A6-1-f"]
class = "identity"
[[purposes]]
id = "course-delivery"
basis = ["eu-gdpr:A6-1-b"]
class = "attendance"
[[purposes]]
id = "invoicing"
basis = ["eu-gdpr:A6-1-c"]
class = "billing"
[[purposes]]
id = "newsletter"
basis = ["eu-gdpr:A6-1-a"]
class = "marketing"
marketing = true
[[purposes]]
id = "offers"
basis = ["eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f"]
class = "marketing"
marketing = true
[[purposes]]
id = "site-statistics"
basis = ["eu-gdpr:A6-1-f"]
class = "web-usage"
[[purposes]]
id = "social-sharing"
basis = ["eu-gdpr:A6-1-a"]
class = "web-usage"
[[parties]]
id = "employer"
kind = "category"
source = "dpv:ThirdPartyDataSource"
condition = "agreement"
allowedClasses = ["attendance"]
[[parties]]
id = "teacher"
kind = "natural-person-category"
allowedClasses = ["identity"]
[[parties]]
id = "venue"
kind = "category"
allowedCategories = ["name"]
[[parties]]
id = "mandrill"
roles = ["dpv:DataProcessor"]
country = "loc:US"
safeguards = ["us-privacy-shield", "us-dpf"]
[[parties]]
id = "zoom"
rolesAssessed = ["dpv:DataProcessor"]
country = "loc:US"
safeguards = ["us-privacy-shield"]
condition = "consent"
[[parties]]
id = "facebook"
country = "loc:US"
safeguards = ["us-safe-harbor"]
[[parties]]
id = "pollster"
country = "loc:US"
[[parties]]
id = "hotjar"
roles = ["dpv:DataProcessor"]
cadence = "campaign"
[[sources]]
id = "subject"
dpv = "dpv:DataSubjectDataSource"
[[sources]]
id = "list-broker"
dpv = "dpv:ThirdPartyDataSource"
[[systems]]
id = "website"
[[systems]]
id = "crm"
[[systems]]
id = "hotjar-script"
party = "hotjar"
[[safeguards]]
id = "us-safe-harbor"
tool = "eu-gdpr:A45-3"
validTo = 2015-10-06
[[safeguards]]
id = "us-privacy-shield"
tool = "eu-gdpr:A45-3"
validFrom = 2016-07-12
[[safeguards]]
id = "us-dpf"
tool = "eu-gdpr:A45-3"
validFrom = 2023-07-10
[[notices]]
id = "privacy-2018-05-25"
version = "2018-05-25"
language = "nl"
validFrom = 2018-05-25
[[notices]]
id = "privacy-2020-03-31"
version = "2020-03-31"
language = "nl"
validFrom = 2020-03-31
[[agreements]]
id = "acme-2020"
party = "employer"
scope = ["attendance"]
from = 2020-04-10
to = 2020-12-31
[[campaigns]]
id = "hotjar-spring"
party = "hotjar"
from = 2020-05-01
to = 2020-05-14
)";

inline std::shared_ptr<const Register> parsedRegister(const std::string& toml) {
  Result<std::shared_ptr<const Register>> parsed = Register::parse(toml);
  LACUNA_ASSERT(parsed.ok(), parsed.ok() ? "" : parsed.refusal().message);
  return *parsed;
}

// The same register after the judgment of 16 July 2020 was entered.
inline std::string registerAfterSchremsTwo() {
  std::string text(kSmallRegister);
  const std::string_view line = "validFrom = 2016-07-12\n";
  return text.insert(text.find(line) + line.size(), "validTo = 2020-07-16\n");
}

class PersonWorld {
 public:
  PersonWorld() { apply("2018-05-25", std::string(kSmallRegister)); }

  void apply(std::string_view since, const std::string& toml) {
    registers.add(Seq(nextSeq_++), moment(since), parsedRegister(toml));
  }

  // An event of that kind; recorded when it happened unless `recorded` says later. Parties are written
  // as an application would: "zoom", "teacher:jansen".
  PersonEvent& add(Kind kind, std::string_view at, const std::function<void(Event&)>& fill = {},
                   std::string_view recorded = {}) {
    PersonEvent e;
    e.seq = Seq(nextSeq_++);
    e.leaf.bytes.fill(static_cast<std::uint8_t>(e.seq.raw()));
    e.kind = kind;
    e.recordedAt = moment(recorded.empty() ? at : recorded);
    e.system = "website";
    e.stored.registerVersion = registers.versions();
    Event& event = e.stored.event;
    event.kind = kind;
    event.at = moment(at);
    if (fill) fill(event);
    if (!event.system.empty()) e.system = event.system;
    const Purpose* purpose = registers.latest().purpose(event.purpose);
    e.klass = !event.klass.empty() ? event.klass : purpose != nullptr ? purpose->klass : "note";
    resolve(event.recipient, e.stored.recipient, e.recipientName);
    resolve(event.source, e.stored.source, e.sourceName);
    events.push_back(std::move(e));
    return events.back();
  }

  std::vector<PersonEvent> all() const { return {events.begin(), events.end()}; }
  PersonState state(std::string_view asOf) const {
    const std::vector<PersonEvent> list = all();
    return fold(list, person, registers, moment(asOf));
  }
  std::vector<std::string> history(const HistoryQuery& query, std::string_view now) const {
    return historyLines(all(), query, registers, moment(now));
  }
  // "flag@seq detail", in order.
  std::vector<std::string> flags(std::string_view asOf) const {
    std::vector<std::string> out;
    for (const Flagged& f : state(asOf).flags) {
      out.push_back(std::string(nameOf(f.flag)) + "@" + std::to_string(f.seq.raw()) +
                    (f.detail.empty() ? "" : " " + f.detail));
    }
    return out;
  }

  RegisterHistory registers;
  std::deque<PersonEvent> events;  // references stay good
  PersonFacts person;

 private:
  void resolve(std::string& text, std::optional<InstanceRef>& ref, std::string& name) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return;
    const Slot slot(slots_.try_emplace(text, 100 + slots_.size()).first->second);
    ref = InstanceRef{text.substr(0, colon), slot};
    name = text.substr(colon + 1);
    text.clear();
  }
  std::uint64_t nextSeq_ = 1;
  std::map<std::string, std::uint64_t> slots_;
};

}  // namespace lacuna::test
