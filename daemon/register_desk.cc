#include "daemon/register_desk.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

Result<std::uint64_t> versionOf(const RegisterHistory& registers, std::string_view asOf) {
  const std::uint64_t newest = registers.versions();
  if (asOf.empty()) return newest;
  if (std::all_of(asOf.begin(), asOf.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(asOf.data(), asOf.data() + asOf.size(), number);
    if (error != std::errc() || number == 0 || number > newest) {
      return Refusal{RefusalCode::notFound,
                     "the register has versions 1 to " + std::to_string(newest)};
    }
    return number;
  }
  const std::optional<Instant> moment = momentOf(asOf, registers.latest().controller().zone);
  if (!moment) {
    return Refusal{
        RefusalCode::invalidValue,
        "a time is written as 2020-04-01T09:12:33Z or 2020-04-01; a version is a number"};
  }
  const std::uint64_t number = registers.numberKnownAt(*moment);
  if (number == 0) return Refusal{RefusalCode::notFound, "no register was in force at that time"};
  return number;
}

Json about(const RegisterHistory& registers, std::uint64_t number) {
  const std::string& text = registers.version(number).text();
  Json out{{"version", number},    {"since", rfc3339Of(registers.since(number))},
           {"until", nullptr},     {"seq", registers.from(number).raw()},
           {"bytes", text.size()}, {"sha256", hexOf(sha256(bytesOf(text)))}};
  if (number < registers.versions()) out["until"] = rfc3339Of(registers.since(number + 1));
  return out;
}

}  // namespace

Result<std::string> registerShown(const RegisterHistory& registers, std::string_view asOf,
                                  std::string_view form) {
  if (registers.versions() == 0) {
    return Refusal{RefusalCode::unknownRegister,
                   "no register was applied yet: `lacuna register apply FILE`"};
  }
  if (form == "list") {
    Json out{{"versions", Json::array()}};
    for (std::uint64_t n = 1; n <= registers.versions(); ++n)
      out["versions"].push_back(about(registers, n));
    return out.dump();
  }
  if (!form.empty() && form != "version") {
    return Refusal{RefusalCode::invalidValue, "a register is shown as version or list"};
  }
  const Result<std::uint64_t> number = versionOf(registers, asOf);
  if (!number) return number.refusal();
  const std::string& text = registers.version(*number).text();
  if (form.empty()) return text;
  Json out = about(registers, *number);
  out["register"] = text;
  return out.dump();
}

}  // namespace lacuna
