#include "ledger/register/register.h"

#include "ledger/base/limits.h"
#include "ledger/base/nearest.h"
#include "ledger/register/parts.h"

#include <algorithm>

namespace lacuna {
namespace {

RetentionClass builtIn(std::string_view id, Label label, std::optional<Period> grace) {
  RetentionClass made;
  made.id = id;
  made.label = std::move(label);
  made.retention.from = RetentionRule::From::untilEvent;
  made.retention.period = grace;
  return made;
}

std::int32_t civilYear(std::string_view zone, Instant t, int startMonth) {
  const Date date = dateIn(zone, t);
  const std::int32_t year = static_cast<int>(date.year());
  return date.month() < std::chrono::month(static_cast<unsigned>(startMonth)) ? year - 1 : year;
}

}  // namespace

bool RetentionClass::perYear() const {
  using From = RetentionRule::From;
  return retention.period.has_value() &&
         (retention.from == From::event || retention.from == From::calendarYearEnd ||
          retention.from == From::fiscalYearEnd);
}

bool Safeguard::validOn(Date date) const {
  return (!validFrom || *validFrom <= date) && (!validTo || date < *validTo);
}

void Register::Parts::build() {
  using std::chrono::sys_days;
  auto& all = classes.items();
  all.push_back(builtIn(kAccessClass, {"inzages", "who looked"}, std::nullopt));
  all.push_back(builtIn(kCaseClass, {"verzoeken en klachten", "requests and complaints"},
                        deadlines.caseRetention));
  all.push_back(
      builtIn(kOrganisationClass, {"organisatie", "the organisation's own"}, std::nullopt));
  all.push_back(builtIn(kIdentityClass, {"identiteit", "identity"}, std::nullopt));
  categories.build(), classes.build(), purposes.build(), parties.build(), systems.build();
  sources.build(), safeguards.build(), notices.build(), wordings.build(), agreements.build();
  campaigns.build(), schemes.build(), measures.build(), claims.build(), forms.build();
  subjects.build();

  for (const Party& party : parties.items()) {
    std::vector<SafeguardSpan>& of = spans.emplace_back();
    for (const std::string& id : party.safeguards) {
      SafeguardSpan span{safeguards.find(id)};
      LACUNA_ASSERT(span.safeguard != nullptr, "references are checked before build()");
      const auto& [from, to] = std::tie(span.safeguard->validFrom, span.safeguard->validTo);
      if (from) span.from = startOfDay(controller.zone, *from);
      if (to) span.to = startOfDay(controller.zone, *to);
      of.push_back(span);
    }
  }
  for (std::int32_t year = kYearFirst; year <= kYearLast; ++year) {
    calendarYears.push_back(computeStart(year, Year::calendar));
    fiscalYears.push_back(computeStart(year, Year::fiscal));
  }
}

Instant Register::Parts::computeStart(std::int32_t year, Year kind) const {
  const int month = kind == Year::fiscal ? controller.fiscalYearStartMonth : 1;
  return startOfDay(controller.zone,
                    Date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                         std::chrono::day(1)));
}

Register::Register(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

std::shared_ptr<const Register> Register::empty() {
  auto parts = std::make_shared<Parts>();
  parts->build();
  return std::shared_ptr<const Register>(new Register(std::move(parts)));
}

const Controller& Register::controller() const { return parts_->controller; }
const Deadlines& Register::deadlines() const { return parts_->deadlines; }
const std::set<Date>& Register::holidays() const { return parts_->holidays; }
const std::string& Register::text() const { return parts_->text; }

#define LACUNA_LIST(Type, one, list, every)                                              \
  const Type* Register::one(std::string_view id) const { return parts_->list.find(id); } \
  std::vector<std::string> Register::every() const { return parts_->list.ids(); }
LACUNA_LIST(Category, category, categories, categoryIds)
LACUNA_LIST(RetentionClass, klass, classes, classIds)
LACUNA_LIST(Purpose, purpose, purposes, purposeIds)
LACUNA_LIST(Party, party, parties, partyIds)
LACUNA_LIST(System, system, systems, systemIds)
LACUNA_LIST(Source, source, sources, sourceIds)
LACUNA_LIST(Safeguard, safeguard, safeguards, safeguardIds)
LACUNA_LIST(Notice, notice, notices, noticeIds)
LACUNA_LIST(Wording, wording, wordings, wordingIds)
LACUNA_LIST(Agreement, agreement, agreements, agreementIds)
LACUNA_LIST(Campaign, campaign, campaigns, campaignIds)
LACUNA_LIST(Scheme, scheme, schemes, schemeIds)
LACUNA_LIST(Measure, measure, measures, measureIds)
LACUNA_LIST(Claim, claim, claims, claimIds)
LACUNA_LIST(Form, form, forms, formIds)
LACUNA_LIST(PersonKind, subject, subjects, subjectIds)
#undef LACUNA_LIST

std::uint32_t Register::lineOf(std::string_view kind, std::string_view id) const {
  const auto at = parts_->lines.find(std::pair(std::string(kind), std::string(id)));
  return at == parts_->lines.end() ? 0 : at->second;
}

std::string_view Register::safeguardOf(const Party& party, Instant at) const {
  const Party* known = parts_->parties.find(party.id);
  LACUNA_ASSERT(known != nullptr, "the party is one of this register");
  const auto place = static_cast<std::size_t>(known - parts_->parties.items().data());
  const std::vector<SafeguardSpan>& spans = parts_->spans[place];
  const Safeguard* begun = nullptr;
  for (const SafeguardSpan& span : spans) {
    if (span.from <= at && at < span.to) return span.safeguard->id;
    if (span.from <= at) begun = span.safeguard;
  }
  if (begun != nullptr) return begun->id;
  return spans.empty() ? std::string_view() : std::string_view(spans.front().safeguard->id);
}

std::int32_t Register::yearOf(Instant t, Year kind) const {
  const std::vector<Instant>& starts =
      kind == Year::fiscal ? parts_->fiscalYears : parts_->calendarYears;
  if (t < starts.front() || t >= starts.back()) {
    return civilYear(controller().zone, t,
                     kind == Year::fiscal ? controller().fiscalYearStartMonth : 1);
  }
  const auto after = std::upper_bound(starts.begin(), starts.end(), t);
  return Parts::kYearFirst + static_cast<std::int32_t>(after - starts.begin()) - 1;
}

Instant Register::startOfYear(std::int32_t year, Year kind) const {
  if (year < Parts::kYearFirst || year > Parts::kYearLast) return parts_->computeStart(year, kind);
  const auto place = static_cast<std::size_t>(year - Parts::kYearFirst);
  return kind == Year::fiscal ? parts_->fiscalYears[place] : parts_->calendarYears[place];
}

std::string nearestOf(std::string_view name, std::span<const std::string> known) {
  known = known.first(std::min(known.size(), kNearestCandidatesMax));
  const std::vector<std::string_view> views(known.begin(), known.end());
  return std::string(nearestOf(name, std::span<const std::string_view>(views)));
}

void SystemNumbers::add(const Register& version) {
  if (ids_.empty()) {
    ids_.emplace_back("lacuna");
    numbers_.emplace("lacuna", 0);
  }
  for (const std::string& id : version.systemIds()) {
    const auto number = static_cast<std::uint32_t>(ids_.size());
    if (numbers_.emplace(id, number).second) ids_.push_back(id);
  }
}

std::optional<SystemNo> SystemNumbers::numberOf(std::string_view id) const {
  if (id == "lacuna") return SystemNo(0);
  const auto at = numbers_.find(id);
  if (at == numbers_.end()) return std::nullopt;
  return SystemNo(at->second);
}

std::string SystemNumbers::idOf(SystemNo number) const {
  if (number.raw() == 0) return "lacuna";
  return number.raw() < ids_.size() ? ids_[number.raw()] : std::string();
}

}  // namespace lacuna
