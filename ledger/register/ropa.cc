#include "ledger/register/ropa.h"

#include "ledger/register/ropa_parts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

bool holds(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void put(Json& out, const char* field, const std::string& text) {
  if (!text.empty()) out[field] = text;
}
void put(Json& out, const char* field, const Label& label) {
  if (!label.en.empty() || !label.nl.empty()) out[field] = Json{{"nl", label.nl}, {"en", label.en}};
}
void put(Json& out, const char* field, const std::optional<Date>& date) {
  if (date) out[field] = textOf(*date);
}

template <typename T>
Json named(const T& entry) {
  Json out{{"id", entry.id}};
  put(out, "label", entry.label);
  return out;
}

Json jsonOf(const RetentionRule& rule) {
  constexpr std::array<std::string_view, 5> from{"event", "calendar-year-end", "fiscal-year-end",
                                                 "until-event", "session"};
  if (rule.gap) return Json{{"stated", false}};
  Json out{{"stated", true}, {"from", from[static_cast<std::size_t>(rule.from)]}};
  if (rule.period) out["period"] = textOf(*rule.period);
  if (rule.legalMinimum) out["legalMinimum"] = true;
  put(out, "law", rule.law);
  return out;
}

Json jsonOf(const Controller& us, const Register& reg) {
  Json out{{"id", us.id}, {"name", us.name}};
  put(out, "address", us.address);
  put(out, "contact", us.contact);
  put(out, "country", us.country);
  put(out, "representative", us.representative);
  put(out, "dataProtectionOfficer", us.dpo);
  put(out, "dpoNotRequired", us.dpoNotRequired);
  put(out, "authority", us.authority);
  out["jointControllers"] = Json::array();
  for (const Party* party : jointControllers(reg)) {
    Json joint = named(*party);
    put(joint, "country", party->country);
    out["jointControllers"].push_back(std::move(joint));
  }
  return out;
}

Json jsonOf(const Purpose& purpose, const Register& reg) {
  Json out = named(purpose);
  out["basis"] = purpose.basis;
  put(out, "interest", purpose.interest);
  out["subjects"] = Json::array();
  for (const std::string& id : purpose.subjects) out["subjects"].push_back(named(*reg.subject(id)));
  out["categories"] = Json::array();
  for (const Category* category : categoriesOf(reg, purpose)) {
    Json shown = named(*category);
    if (category->special) shown["special"] = true;
    out["categories"].push_back(std::move(shown));
  }
  out["classes"] = purpose.classes;
  out["recipients"] = Json::array();
  for (const Party* party : recipientsOf(reg, &purpose)) out["recipients"].push_back(party->id);
  return out;
}

Json jsonOf(const Safeguard& safeguard, const Party& party, Date on) {
  Json out = named(safeguard);
  out["tool"] = safeguard.tool;
  put(out, "validFrom", safeguard.validFrom);
  put(out, "validTo", safeguard.validTo);
  put(out, "endedBy", safeguard.endedBy);
  put(out, "atRisk", safeguard.atRisk);
  out["stands"] = safeguardStands(safeguard, party, on);
  return out;
}

Json jsonOf(const Party& party, const Register& reg, Date on) {
  constexpr std::array<std::string_view, 3> kinds{"party", "category", "natural-person-category"};
  Json out = named(party);
  out["kind"] = kinds[static_cast<std::size_t>(party.kind)];
  put(out, "owner", party.owner);
  if (!party.roles.empty()) out["roles"] = party.roles;
  if (!party.rolesAssessed.empty()) out["rolesAssessed"] = party.rolesAssessed;
  put(out, "condition", party.condition);
  put(out, "country", party.country);
  out["thirdCountry"] = thirdCountry(party.country);
  out["purposes"] = party.purposes;
  out["categories"] = party.allowedCategories;
  out["classes"] = party.allowedClasses;
  out["safeguards"] = Json::array();
  for (const std::string& id : party.safeguards)
    out["safeguards"].push_back(jsonOf(*reg.safeguard(id), party, on));
  if (!party.category()) out["retention"] = jsonOf(party.retention);
  return out;
}

}  // namespace

bool receivesData(const Party& party) {
  return !party.purposes.empty() || !party.allowedClasses.empty() ||
         !party.allowedCategories.empty() || !party.condition.empty() ||
         holds(party.roles, "dpv:Recipient");
}

bool safeguardStands(const Safeguard& safeguard, const Party& party, Date on) {
  return safeguard.validOn(on) && (safeguard.country.empty() || safeguard.country == party.country);
}

std::vector<const Party*> recipientsOf(const Register& reg, const Purpose* purpose) {
  std::vector<const Party*> out;
  for (const std::string& id : reg.partyIds()) {
    const Party* party = reg.party(id);
    const bool here = purpose == nullptr ? party->purposes.empty() && receivesData(*party)
                                         : holds(party->purposes, purpose->id);
    if (here) out.push_back(party);
  }
  return out;
}

std::vector<const Category*> categoriesOf(const Register& reg, const Purpose& purpose) {
  std::set<std::string_view> used;
  for (const std::string& klass : purpose.classes) {
    for (const std::string& id : reg.klass(klass)->categories) used.insert(id);
  }
  std::vector<const Category*> out;
  for (const std::string& id : reg.categoryIds()) {
    if (used.count(id) > 0) out.push_back(reg.category(id));
  }
  return out;
}

std::vector<const Party*> jointControllers(const Register& reg) {
  constexpr std::string_view kJoint = "dpv:JointDataControllers";
  std::vector<const Party*> out;
  for (const std::string& id : reg.partyIds()) {
    const Party* p = reg.party(id);
    if (holds(p->roles, kJoint) || holds(p->rolesClaimed, kJoint) ||
        holds(p->rolesAssessed, kJoint))
      out.push_back(p);
  }
  return out;
}

std::vector<const RetentionClass*> ownClasses(const Register& reg) {
  std::vector<const RetentionClass*> out;
  for (const std::string& id : reg.classIds()) {
    if (id != kAccessClass && id != kOrganisationClass && id != kIdentityClass)
      out.push_back(reg.klass(id));
  }
  return out;
}

std::string ropaJson(const Register& reg, Date on, const RopaSource& source) {
  Json of = Json::object();
  if (source.version != 0) of["version"] = source.version;
  put(of, "since", source.since);
  put(of, "until", source.until);
  put(of, "file", source.file);
  put(of, "sha256", source.sha256);
  Json out{{"record", "GDPR Art. 30(1)"}, {"on", textOf(on)},
           {"register", std::move(of)},   {"controller", jsonOf(reg.controller(), reg)},
           {"purposes", Json::array()},   {"recipients", Json::array()},
           {"retention", Json::array()},  {"measures", Json::array()}};
  for (const std::string& id : reg.purposeIds())
    out["purposes"].push_back(jsonOf(*reg.purpose(id), reg));
  for (const std::string& id : reg.partyIds()) {
    const Party& party = *reg.party(id);
    if (receivesData(party)) out["recipients"].push_back(jsonOf(party, reg, on));
  }
  for (const RetentionClass* klass : ownClasses(reg)) {
    Json shown = named(*klass);
    shown["categories"] = klass->categories;
    shown["retention"] = jsonOf(klass->retention);
    out["retention"].push_back(std::move(shown));
  }
  for (const std::string& id : reg.measureIds()) {
    Json shown = named(*reg.measure(id));
    put(shown, "dpv", reg.measure(id)->dpv);
    out["measures"].push_back(std::move(shown));
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lacuna
