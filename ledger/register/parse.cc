#include "ledger/base/limits.h"
#include "ledger/register/entry.h"
#include "ledger/register/parts.h"
#include "ledger/register/register.h"
#include "ledger/register/vocabulary.h"

#include <algorithm>
#include <array>
#include <functional>

namespace lacuna {
namespace {

using From = RetentionRule::From;

RetentionRule retentionOf(TomlEntry& entry, Need need) {
  RetentionRule rule;
  std::optional<TomlEntry> table = entry.inner("retention");
  if (!table) {
    if (need == Need::required && !entry.has("retention")) {
      entry.missing("retention", ": write { period = ... }, or { gap = true } when none is stated");
    }
    rule.gap = true;
    return rule;
  }
  rule.gap = table->flag("gap");
  rule.period = table->period("period");
  rule.from = static_cast<From>(table->choice(
      "from", {"event", "calendar-year-end", "fiscal-year-end", "until-event", "session"}, 0));
  rule.legalMinimum = table->flag("minimum");
  rule.law = table->text("law");
  rule.code = table->text("code");
  table->done();
  const bool byDate = rule.from != From::untilEvent && rule.from != From::session;
  if (rule.gap && (rule.period || rule.legalMinimum)) {
    table->refuse("gap", "says that nothing is stated, beside a rule");
  } else if (!rule.gap && byDate && !table->has("period")) {
    table->refuse("period", "is missing: how long?");
  } else if (rule.from == From::session && rule.period) {
    table->refuse("period", "has no meaning for a session");
  } else if (rule.legalMinimum && (!byDate || rule.law.empty() || rule.code.empty())) {
    table->refuse("minimum", "by law needs `period`, `law` and `code`");
  }
  if (!rule.code.empty() && !erasureRefusalKnown(rule.code)) {
    table->refuse("code", "must be a ground of Art. 17(3)",
                  nearestOf(rule.code, erasureRefusalIds()));
  }
  return rule;
}

void checkOrder(TomlEntry& entry, std::string_view key, const std::optional<Date>& from,
                const std::optional<Date>& to) {
  if (from && to && *to < *from) entry.refuse(key, "lies before the date on which it begins");
}

void read(TomlEntry& e, Category& category) {
  category.dpv = e.curies("dpv");
  category.fides = e.texts("fides");
  category.special = e.flag("special");
}

void read(TomlEntry& e, RetentionClass& klass) {
  for (const std::string_view own :
       {kAccessClass, kCaseClass, kOrganisationClass, kIdentityClass}) {
    if (klass.id == own) e.refuse("id", "is a class of the ledger's own");
  }
  klass.categories = e.refers("categories", List::categories);
  klass.dpv = e.curies("dpv");
  klass.fides = e.texts("fides");
  klass.retention = retentionOf(e, Need::required);
}

void read(TomlEntry& e, Purpose& purpose) {
  purpose.dpv = e.curies("dpv");
  purpose.fides = e.text("fides");
  purpose.basis = e.texts("basis");
  for (const std::string& basis : purpose.basis) {
    if (!basisKnown(basis)) {
      e.refuse("basis", "must hold legal bases such as eu-gdpr:A6-1-a",
               nearestOf(basis, basisIds()));
    }
  }
  if (purpose.basis.empty()) e.refuse("basis", "must name a legal basis (Art. 6(1))");
  purpose.statedInNotice = e.flag("statedInNotice");
  purpose.klass = e.refer("class", List::classes, Need::required);
  purpose.classes = e.refers("classes", List::classes);
  const auto& all = purpose.classes;
  if (all.empty()) {
    purpose.classes = {purpose.klass};
  } else if (std::find(all.begin(), all.end(), purpose.klass) == all.end()) {
    e.refuse("classes", "must hold the purpose's `class`");
  }
  purpose.marketing = e.flag("marketing");
  purpose.subjects = e.refers("subjects", List::subjects);
  purpose.statedUnder = e.refer("statedUnder", List::purposes);
  purpose.interest = e.label("interest");
  purpose.withdrawal = e.label("withdrawal");
  purpose.objection = e.label("objection");
}

void read(TomlEntry& e, PersonKind& subject) { subject.fides = e.text("fides"); }

void read(TomlEntry& e, Party& party) {
  party.kind = static_cast<Party::Kind>(
      e.choice("kind", {"party", "category", "natural-person-category"}, 0));
  if (party.category() && !party.id.empty() && !schemeValid(party.id)) {
    e.refuse("id", "of a category must begin with a letter and hold letters, digits and '-'");
  }
  party.roles = e.curies("roles");
  party.rolesClaimed = e.curies("rolesClaimed");
  party.rolesAssessed = e.curies("rolesAssessed");
  party.parent = e.refer("parent", List::parties);
  party.owner = e.text("owner");
  party.country = e.country("country");
  party.safeguards = e.refers("safeguards", List::safeguards);
  if (!party.safeguards.empty()) party.safeguard = party.safeguards.front();
  party.channel = e.curie("channel");
  party.source = e.curie("source");
  party.allowedClasses = e.refers("allowedClasses", List::classes);
  party.allowedCategories = e.refers("allowedCategories", List::categories);
  party.purposes = e.refers("purposes", List::purposes);
  constexpr std::array<std::string_view, 4> conditions = {"", "consent", "agreement", "legal-duty"};
  party.condition =
      conditions[e.choice("condition", {"", "consent", "agreement", "legal-duty"}, 0)];
  party.cadence = e.choice("cadence", {"", "campaign"}, 0) == 1 ? "campaign" : "";
  party.retention = retentionOf(e, Need::optional);
}

void read(TomlEntry& e, System& system) {
  if (system.id == "lacuna") e.refuse("id", "is the ledger's own");
  system.party = e.refer("party", List::parties);
}

void read(TomlEntry& e, Source& source) { source.dpv = e.curie("dpv"); }

void read(TomlEntry& e, Safeguard& safeguard) {
  safeguard.tool = e.text("tool", Need::required);
  if (!safeguard.tool.empty() && !transferToolKnown(safeguard.tool)) {
    e.refuse("tool", "must be a transfer tool of chapter V such as eu-gdpr:A45-3",
             nearestOf(safeguard.tool, transferToolIds()));
  }
  safeguard.country = e.country("country");
  safeguard.endedBy = e.text("endedBy");
  safeguard.atRisk = e.text("atRisk");
  safeguard.validFrom = e.date("validFrom");
  safeguard.validTo = e.date("validTo");
  checkOrder(e, "validTo", safeguard.validFrom, safeguard.validTo);
}

void read(TomlEntry& e, Notice& notice) {
  constexpr std::array<std::string_view, 3> kinds = {"privacy", "terms", "cookies"};
  notice.kind = kinds[e.choice("kind", {"privacy", "terms", "cookies"}, 0)];
  notice.version = e.text("version", Need::required);
  notice.language = e.name("language", Need::required);
  notice.sha256 = e.text("sha256");
  const std::optional<Bytes> digest = bytesOfHex(notice.sha256);
  if (!notice.sha256.empty() && (!digest || digest->size() != 32)) {
    e.refuse("sha256", "must be 64 hexadecimal digits");
  }
  notice.url = e.text("url");
  notice.validFrom = e.date("validFrom");
  notice.categories = e.refers("categories", List::categories);
  notice.rights = e.choices("rights", kNoticeRights);
  notice.given = e.choices("given", kNoticeMoments);
}

void read(TomlEntry& e, Wording& wording) {
  wording.purpose = e.refer("purpose", List::purposes);
  wording.language = e.name("language", Need::required);
  wording.text = e.text("text", Need::required);
  constexpr std::array<std::string_view, 4> forms = {"", "explicit", "implied", "bundled"};
  wording.form = forms[e.choice("form", {"", "explicit", "implied", "bundled"}, 0)];
  wording.formClaimed = forms[e.choice("formClaimed", {"", "explicit", "implied", "bundled"}, 0)];
}

void read(TomlEntry& e, Agreement& agreement) {
  agreement.party = e.refer("party", List::parties, Need::required);
  constexpr std::array<std::string_view, 3> kinds = {"sharing", "processor", "joint-controllers"};
  agreement.kind = kinds[e.choice("kind", {"sharing", "processor", "joint-controllers"}, 0)];
  agreement.scope = e.refers("scope", List::classes);
  agreement.from = e.date("from");
  agreement.to = e.date("to");
  checkOrder(e, "to", agreement.from, agreement.to);
}

void read(TomlEntry& e, Campaign& campaign) {
  campaign.party = e.refer("party", List::parties, Need::required);
  campaign.from = e.date("from");
  campaign.to = e.date("to");
  if (!e.has("from")) e.missing("from");
  checkOrder(e, "to", campaign.from, campaign.to);
}

void read(TomlEntry& e, Scheme& scheme) {
  if (!scheme.id.empty() && !schemeValid(scheme.id)) {
    e.refuse("id",
             "must begin with a letter and hold letters, digits and '-': it stands before a colon");
  }
  if (scheme.id == "case") e.refuse("id", "is the ledger's own: case:N names a case");
  scheme.normal = static_cast<Scheme::Normal>(e.choice("normal", {"exact", "email", "phone"}, 0));
  scheme.unique = !e.has("unique") || e.flag("unique");
}

void read(TomlEntry& e, Measure& measure) { measure.dpv = e.curie("dpv"); }

void read(TomlEntry& e, Claim& claim) {
  claim.party = e.refer("party", List::parties);
  claim.purpose = e.refer("purpose", List::purposes);
  if (!e.has("party") && !e.has("purpose")) e.missing("party", ", and `purpose` too: whose claim?");
  claim.kind = static_cast<Claim::Kind>(e.choice("kind", {"assertion", "anonymisation"}, 0));
  claim.evidence = e.text("evidence");
  claim.url = e.text("url");
  claim.seenOn = e.date("seenOn");
}

void read(TomlEntry& e, Form& form) {
  form.system = e.refer("system", List::systems);
  form.purpose = e.refer("purpose", List::purposes);
  form.notice = e.refer("notice", List::notices);
  form.categories = e.refers("categories", List::categories);
}

template <typename T>
concept Labelled = requires(T item) {
  item.label;
};

// One section: a list of tables, each with an `id` of its own.
template <typename T>
void readList(TomlEntry& root, List list, std::vector<T>& into) {
  const std::string_view key = manyOf(list);
  const toml::node* node = root.take(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || array->size() > kRegisterEntriesMax) {
    root.refuse(key, "must be a list of at most " + std::to_string(kRegisterEntriesMax) +
                         " tables: [[" + std::string(key) + "]]");
    return;
  }
  for (const toml::node& item : *array) {
    const toml::table* table = item.as_table();
    if (table == nullptr) {
      root.reading().refuse(item.source().begin.line,
                            "`" + std::string(key) + "` must hold tables");
      continue;
    }
    TomlEntry entry(*table, "a " + std::string(oneOf(list)), root.reading());
    T& made = into.emplace_back();
    made.id = entry.name("id");
    entry.rename(std::string(oneOf(list)) + " '" + made.id + "'");
    if constexpr (Labelled<T>) made.label = entry.label();
    read(entry, made);
    entry.text("note");  // a remark for the reader of the register
    entry.done();
    if (made.id.empty()) continue;
    const std::uint32_t before = root.reading().define(list, made.id, entry.line("id"));
    if (before != 0) entry.refuse("id", "stands already in line " + std::to_string(before));
  }
}

void readController(TomlEntry& root, Controller& controller) {
  std::optional<TomlEntry> entry = root.inner("controller");
  if (!entry) {
    if (!root.has("controller")) root.missing("controller", ": who answers for the data?");
    return;
  }
  controller.id = entry->name("id");
  controller.name = entry->text("name", Need::required);
  controller.country = entry->country("country");
  controller.authority = entry->curie("authority");
  if (entry->has("zone")) controller.zone = entry->text("zone");
  if (!zoneKnown(controller.zone)) {
    entry->refuse("zone", "must be a time zone such as Europe/Amsterdam");
    controller.zone = "UTC";
  }
  controller.contact = entry->text("contact");
  controller.dpo = entry->text("dpo");
  controller.dpoNotRequired = entry->text("dpoNotRequired");
  controller.address = entry->text("address");
  controller.representative = entry->text("representative");
  if (!controller.dpo.empty() && !controller.dpoNotRequired.empty()) {
    entry->refuse("dpoNotRequired", "stands beside a `dpo`");
  }
  controller.fiscalYearStartMonth =
      static_cast<int>(entry->number("fiscalYearStartMonth", 1, 12, 1));
  entry->text("note");
  entry->done();
}

void readDeadlines(TomlEntry& root, Deadlines& deadlines) {
  std::optional<TomlEntry> entry = root.inner("deadlines");
  if (!entry) return;
  if (std::optional<TomlEntry> house = entry->inner("house")) {
    for (const std::string_view right :
         {"access", "rectification", "erasure", "restriction", "portability", "objection",
          "withdrawal", "not-automated", "complaint"}) {
      if (const std::optional<Period> period = house->period(right)) {
        deadlines.house.emplace(right, *period);
      }
    }
    house->done();
  }
  const auto take = [&](std::string_view key, Period& into) {
    if (const std::optional<Period> period = entry->period(key)) into = *period;
  };
  take("statute", deadlines.statute);
  take("extension", deadlines.extension);
  take("inform", deadlines.inform);
  take("fence", deadlines.fence);
  take("caseRetention", deadlines.caseRetention);
  entry->text("note");
  entry->done();
}

// Either spelling, as TOML is often written: secondOfficer or second_officer.
void readErasure(TomlEntry& root, Deadlines& policy) {
  std::optional<TomlEntry> entry = root.inner("erasure");
  if (!entry) return;
  const bool second = entry->flag("second_officer");
  policy.secondOfficer = entry->flag("secondOfficer") || second;
  const std::optional<Period> period = entry->period("cooling_off");
  policy.coolingOff = entry->period("coolingOff");
  if (!policy.coolingOff) policy.coolingOff = period;
  entry->text("note");
  policy.smallSweep = entry->flag("small_sweep");
  entry->done();
}

void readHolidays(TomlEntry& root, std::set<Date>& holidays) {
  std::optional<TomlEntry> entry = root.inner("holidays");
  if (!entry) return;
  for (const Date date : entry->dates("dates")) holidays.insert(date);
  entry->text("note");
  entry->done();
}

constexpr int kParentDepthMax = 16;

// What only the whole shows: schemes and instances share one space, and no party is its own parent.
void checkWhole(Reading& reading, const Register::Parts& parts) {
  std::map<std::string_view, const Party*> byId;
  for (const Party& party : parts.parties.items()) byId.emplace(party.id, &party);
  for (const Party& party : parts.parties.items()) {
    const std::uint32_t line = reading.lineOf(List::parties, party.id);
    if (party.category() && reading.lineOf(List::schemes, party.id) != 0) {
      reading.refuse(line, "party '" + party.id + "' is a category and also a scheme of aliases");
    }
    if (party.category() && party.id == "case") {
      reading.refuse(line, "party 'case': case:N names a case");
    }
    const Party* up = &party;
    for (int depth = 0; up != nullptr && !up->parent.empty(); ++depth) {
      if (depth == kParentDepthMax) {
        reading.refuse(line, "party '" + party.id + "': its parents go round in a circle");
        break;
      }
      const auto at = byId.find(up->parent);
      up = at == byId.end() ? nullptr : at->second;
    }
  }
}

std::vector<std::string> idsOf(const Register::Parts& parts, List list) {
  switch (list) {
    case List::categories:
      return parts.categories.ids();
    case List::classes:
      return parts.classes.ids();
    case List::purposes:
      return parts.purposes.ids();
    case List::parties:
      return parts.parties.ids();
    case List::systems:
      return parts.systems.ids();
    case List::sources:
      return parts.sources.ids();
    case List::safeguards:
      return parts.safeguards.ids();
    case List::notices:
      return parts.notices.ids();
    case List::wordings:
      return parts.wordings.ids();
    case List::agreements:
      return parts.agreements.ids();
    case List::campaigns:
      return parts.campaigns.ids();
    case List::schemes:
      return parts.schemes.ids();
    case List::measures:
      return parts.measures.ids();
    case List::claims:
      return parts.claims.ids();
    case List::forms:
      return parts.forms.ids();
    case List::subjects:
      return parts.subjects.ids();
  }
  return {};
}

// Every reference leads somewhere; the first by line that does not is the answer.
void checkReferences(Reading& reading, const Register::Parts& parts) {
  std::vector<Reference> references = reading.references();
  std::stable_sort(references.begin(), references.end(),
                   [](const Reference& a, const Reference& b) { return a.line < b.line; });
  for (const Reference& reference : references) {
    if (reading.lineOf(reference.list, reference.id) != 0) continue;
    reading.dangling(reference, idsOf(parts, reference.list));
    return;
  }
}

// The parser below descends one level per dot of a key, without a bound of its own. This scan follows
// strings and comments exactly as far as the parser will; beyond the parser's first error its opinion
// no longer matters. Returns the line of a key with too many dots, or 0.
std::uint32_t lineOfDeepKey(std::string_view toml) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  for (std::size_t i = 0; i < toml.size(); ++i) {
    const char c = toml[i];
    if (c == '#') {
      while (i + 1 < toml.size() && toml[i + 1] != '\n') ++i;
    } else if (c == '"' || c == '\'') {
      const std::string_view rest = toml.substr(i);
      const std::string three(3, c);
      const bool multi = rest.starts_with(three);
      const std::size_t width = multi ? 3 : 1;
      std::size_t at = i + width;
      while (at < toml.size() && toml.substr(at, width) != (multi ? three : std::string(1, c))) {
        if (!multi && toml[at] == '\n') break;
        if (toml[at] == '\n') ++line;
        at += c == '"' && toml[at] == '\\' ? 2 : 1;
      }
      i = at < toml.size() && toml[at] == '\n' ? at - 1 : at + width - 1;
    } else if (c == '.') {
      if (++dots > kRegisterKeyDotsMax) return line;
    } else if (c == '\n' || c == '=' || c == ',' || c == '[' || c == '{') {
      line += c == '\n' ? 1 : 0;
      dots = 0;
    }
  }
  return 0;
}

void readAll(TomlEntry& root, Register::Parts& parts) {
  readController(root, parts.controller);
  readDeadlines(root, parts.deadlines);
  readErasure(root, parts.deadlines);
  readHolidays(root, parts.holidays);
  readList(root, List::categories, parts.categories.items());
  readList(root, List::classes, parts.classes.items());
  readList(root, List::purposes, parts.purposes.items());
  readList(root, List::parties, parts.parties.items());
  readList(root, List::systems, parts.systems.items());
  readList(root, List::sources, parts.sources.items());
  readList(root, List::safeguards, parts.safeguards.items());
  readList(root, List::notices, parts.notices.items());
  readList(root, List::wordings, parts.wordings.items());
  readList(root, List::agreements, parts.agreements.items());
  readList(root, List::campaigns, parts.campaigns.items());
  readList(root, List::schemes, parts.schemes.items());
  readList(root, List::measures, parts.measures.items());
  readList(root, List::claims, parts.claims.items());
  readList(root, List::forms, parts.forms.items());
  readList(root, List::subjects, parts.subjects.items());
  root.done();
}

}  // namespace

Result<std::shared_ptr<const Register>> Register::parse(std::string_view toml) {
  if (toml.size() > kDocumentBytesMax) {
    return Refusal{RefusalCode::tooLarge,
                   "a register is at most " + std::to_string(kDocumentBytesMax >> 20) + " MiB"};
  }
  Reading reading;
  if (const std::uint32_t line = lineOfDeepKey(toml)) {
    reading.refuse(line, "a key has more than " + std::to_string(kRegisterKeyDotsMax) + " dots");
    return reading.first()->refusal;
  }
  auto parts = std::make_shared<Parts>();
  parts->text = std::string(toml);
  toml::table table;
  try {  // the parser says no by an exception: here it becomes a refusal
    table = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    std::string sentence(error.description().substr(0, kRegisterTextBytesMax));
    reading.refuse(error.source().begin.line, "this is not TOML: " + sentence);
    return reading.first()->refusal;
  }
  TomlEntry root(table, "", reading);
  readAll(root, *parts);
  checkReferences(reading, *parts);
  checkWhole(reading, *parts);
  if (reading.first()) return reading.first()->refusal;

  std::map<std::string_view, Party*> parties;
  for (Party& party : parts->parties.items()) parties.emplace(party.id, &party);
  for (const Claim& claim : parts->claims.items()) {
    if (!claim.party.empty()) parties[claim.party]->claims.push_back(claim.id);
  }
  for (const auto& [key, line] : reading.lines()) {
    parts->lines.emplace(std::pair(std::string(oneOf(key.first)), key.second), line);
  }
  parts->lines.emplace(std::pair("controller", parts->controller.id),
                       table.get("controller")->source().begin.line);
  parts->build();
  return std::shared_ptr<const Register>(new Register(std::move(parts)));
}

}  // namespace lacuna
