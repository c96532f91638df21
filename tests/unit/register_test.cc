#include "ledger/register/register.h"

#include "ledger/base/limits.h"

#include <catch2/catch.hpp>

namespace lacuna {
namespace {

constexpr std::string_view kHead = R"([controller]
id = "acme"
name = "Acme"
country = "loc:NL"
zone = "Europe/Amsterdam"
)";

// Line 6 is the first of `rest`.
Result<std::shared_ptr<const Register>> parsed(const std::string& rest) {
  return Register::parse(std::string(kHead) + rest);
}

Refusal refusalOf(const std::string& rest) {
  const auto result = parsed(rest);
  REQUIRE_FALSE(result.ok());
  return result.refusal();
}

}  // namespace

TEST_CASE("a register says who answers for the data", "[P10]") {
  const auto reg = parsed("");
  REQUIRE(reg.ok());
  CHECK((*reg)->controller().zone == "Europe/Amsterdam");
  CHECK((*reg)->text() == kHead);
  const auto none = Register::parse("");
  REQUIRE_FALSE(none.ok());
  CHECK(none.refusal().code == RefusalCode::invalidRegister);
}

}  // namespace lacuna
