// A small register with one of each: what most tests of the ledger, and the benches, need.
#pragma once

#include <string_view>

namespace lacuna::ledgertest {

inline constexpr std::string_view kSmallRegister = R"(
[controller]
id = "acme"
name = "Acme Training"
country = "loc:NL"
zone = "Europe/Amsterdam"

[[categories]]
id = "name"
[[categories]]
id = "contact"
[[categories]]
id = "invoice"

[[classes]]
id = "enrolment"
categories = ["name", "contact"]
retention = { gap = true }
[[classes]]
id = "billing"
categories = ["name", "invoice"]
retention = { period = "P7Y", from = "fiscal-year-end", minimum = true, law = "AWR 52", code = "eu-gdpr:JustificationA17LegallyRequired" }
[[classes]]
id = "marketing"
categories = ["contact"]
retention = { gap = true }

[[purposes]]
id = "course-admin"
basis = ["eu-gdpr:A6-1-b"]
class = "enrolment"
[[purposes]]
id = "invoicing"
basis = ["eu-gdpr:A6-1-c"]
class = "billing"
[[purposes]]
id = "newsletter"
basis = ["eu-gdpr:A6-1-a"]
class = "marketing"

[[parties]]
id = "mailer"
[[parties]]
id = "teacher"
kind = "natural-person-category"

[[systems]]
id = "website"
[[systems]]
id = "crm"

[[schemes]]
id = "email"
normal = "email"
[[schemes]]
id = "crm"
[[schemes]]
id = "name"
unique = false
)";

}  // namespace lacuna::ledgertest
