#include "daemon/read_query.h"

#include "ledger/base/civil.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace lacuna {
namespace {

// A mistyped filter must not look like "nothing there".
Refusal unknownName(RefusalCode code, const char* what, const std::string& given,
                    const std::vector<std::string>& known) {
  return {code, std::string("the register has no ") + what + " of that id",
          nearestOf(given, known)};
}

}  // namespace

Result<HistoryQuery> queryOf(const ReadRequest& request, const Register& reg) {
  if (!request.klass.empty() && reg.klass(request.klass) == nullptr) {
    return unknownName(RefusalCode::unknownClass, "class", request.klass, reg.classIds());
  }
  if (!request.purpose.empty() && reg.purpose(request.purpose) == nullptr) {
    return unknownName(RefusalCode::unknownPurpose, "purpose", request.purpose, reg.purposeIds());
  }
  const std::string party = request.recipient.substr(0, request.recipient.find(':'));
  if (!party.empty() && reg.party(party) == nullptr) {
    return unknownName(RefusalCode::unknownRecipient, "party", party, reg.partyIds());
  }
  HistoryQuery query;
  query.klass = request.klass;
  query.purpose = request.purpose;
  query.recipient = request.recipient;
  const std::string& zone = reg.controller().zone;
  const auto moment = [&](const std::string& text, std::optional<Instant>& out) {
    if (text.empty()) return true;
    out = momentOf(text, zone);
    return out.has_value();
  };
  std::uint64_t seq = 0;
  const std::string& known = request.knownAt;
  const auto [end, error] = std::from_chars(known.data(), known.data() + known.size(), seq);
  const bool isSeq = error == std::errc() && end == known.data() + known.size();
  if (isSeq) query.knownThrough = Seq(seq);
  // `from` a date means the beginning of that day.
  const std::optional<Date> fromDay = dateOf(request.from);
  if (fromDay) query.from = startOfDay(zone, *fromDay);
  if (!moment(request.asOf, query.asOf) || (!isSeq && !moment(known, query.knownAt)) ||
      (!fromDay && !moment(request.from, query.from)) || !moment(request.to, query.to)) {
    return Refusal{RefusalCode::invalidValue,
                   "a time is written as 2020-04-01T09:12:33Z or as a date, 2020-04-01"};
  }
  if (query.from && query.to && *query.from > *query.to) {
    return Refusal{RefusalCode::invalidValue,
                   "`from` lies after `to`: nothing can be between them"};
  }
  return query;
}

std::string shownPerson(const PersonFacts& facts) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["aliases"] = facts.aliases;
  out["admittedAt"] = rfc3339Of(facts.admittedAt);
  out["lots"] = Json::array();
  for (const LotView& lot : facts.lots) {
    Json one;
    one["class"] = lot.klass;
    if (lot.period != 0) one["period"] = lot.period;
    one["erased"] = lot.erased;
    if (!lot.erased) one["events"] = lot.events;
    if (lot.ends) one["ends"] = rfc3339Of(*lot.ends);
    out["lots"].push_back(std::move(one));
  }
  return out.dump();
}

}  // namespace lacuna
