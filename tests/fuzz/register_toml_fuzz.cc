// A register text is a stranger's: parse answers with a register or with a refusal that names a line,
// and what it accepts holds together.
#include "ledger/base/limits.h"
#include "ledger/register/admission.h"
#include "ledger/register/diff.h"
#include "ledger/register/lint.h"
#include "ledger/register/ropa.h"

#include <algorithm>

using namespace lacuna;

namespace {

void checkRefusal(const Refusal& refusal, std::string_view text) {
  LACUNA_ASSERT(!refusal.message.empty() && refusal.message.size() < 8 * 1024, "a sentence");
  if (refusal.code == RefusalCode::tooLarge) return;
  LACUNA_ASSERT(refusal.message.starts_with("line "), "a refusal names its line");
  std::size_t line = 0;
  for (const char c : refusal.message.substr(5)) {
    if (c < '0' || c > '9') break;
    line = line * 10 + static_cast<std::size_t>(c - '0');
  }
  const auto ends = std::count(text.begin(), text.end(), '\n');
  LACUNA_ASSERT(line >= 1 && line <= static_cast<std::size_t>(ends) + 1, "a line of the text");
}

void checkAccepted(const Register& reg, std::string_view text) {
  LACUNA_ASSERT(reg.text() == text, "the document is kept byte for byte");
  for (const std::string& id : reg.purposeIds()) {
    const Purpose& purpose = *reg.purpose(id);
    LACUNA_ASSERT(reg.klass(purpose.klass) != nullptr, "a purpose's class stands");
    LACUNA_ASSERT(!purpose.basis.empty(), "a purpose has a basis");
  }
  for (const std::string& id : reg.partyIds()) {
    const Party& party = *reg.party(id);
    LACUNA_ASSERT(party.parent.empty() || reg.party(party.parent) != nullptr, "a parent stands");
    const std::string_view safeguard = reg.safeguardOf(party, Instant{});
    LACUNA_ASSERT(safeguard.empty() == party.safeguards.empty(), "one of the party's own");
  }
  for (const std::string& id : reg.classIds()) {
    const RetentionClass& klass = *reg.klass(id);
    const Instant at = instantOf(1'585'732'353'000);
    const std::int32_t period = periodOf(klass, reg, at);
    const auto end = retentionEnd(klass, reg, period);
    LACUNA_ASSERT(klass.perYear() == end.has_value(), "a class per year ends by date");
    LACUNA_ASSERT(!end || *end > at, "a period does not end before what is in it");
  }
  SystemNumbers numbers;
  numbers.add(reg);
  for (const std::string& id : reg.systemIds()) {
    LACUNA_ASSERT(numbers.idOf(*numbers.numberOf(id)) == id, "a system has one number");
  }
}

// What is made of an accepted register for people.
void checkShown(const Register& reg) {
  LACUNA_ASSERT(differences(reg, reg).empty(), "nothing differs from itself");
  LACUNA_ASSERT(!differences(*Register::empty(), reg).empty(), "a register says something");
  const Date on(std::chrono::year(2026), std::chrono::month(11), std::chrono::day(23));
  for (const LintFinding& finding : lint(reg, on)) {
    LACUNA_ASSERT(finding.line > 0 && !finding.sentence.en.empty(), "a finding stands somewhere");
  }
  LACUNA_ASSERT(!ropaJson(reg, on, {}).empty(), "a record");
  const std::string page = ropaPage(reg, on, {}, PageLanguage::nl);
  LACUNA_ASSERT(page.find("<script") == std::string::npos, "every text is escaped");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = Register::parse(text);
  if (result) {
    checkAccepted(**result, text);
    checkShown(**result);
  } else {
    checkRefusal(result.refusal(), text);
  }
  return 0;
}
