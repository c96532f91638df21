// An alias is a stranger's text: it has one normal form, or a refusal that does not repeat it (P4).
#include "ledger/base/limits.h"
#include "ledger/register/admission.h"

using namespace lacuna;

namespace {

const Register& schemes() {
  static const std::shared_ptr<const Register> reg = Register::parse(R"([controller]
id = "a"
name = "A"
country = "loc:NL"
[[schemes]]
id = "email"
normal = "email"
[[schemes]]
id = "phone"
normal = "phone"
[[schemes]]
id = "crm"
[[parties]]
id = "teacher"
kind = "category"
)")
                                                         .value();
  return *reg;
}

void checkAlias(std::string_view text) {
  const Register& reg = schemes();
  const auto alias = aliasOf(text, reg);
  if (!alias) {
    const std::size_t colon = text.find(':');
    const std::string_view value = colon == std::string_view::npos ? text : text.substr(colon + 1);
    // Our sentences hold none of these, so a value with one of them is not there by chance.
    const bool telling = value.find_first_of("~^%$!|&*=_") != std::string_view::npos;
    LACUNA_ASSERT(!telling || alias.refusal().message.find(value) == std::string::npos,
                  "a refusal does not repeat the alias");
    return;
  }
  LACUNA_ASSERT(alias->text().size() <= kAliasBytesMax && !alias->value.empty(), "bounded");
  for (const char c : alias->value) {
    LACUNA_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control characters");
  }
  const auto again = aliasOf(alias->text(), reg);
  LACUNA_ASSERT(again.ok() && *again == *alias, "a normal form is its own normal form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  checkAlias(text);
  for (const char* scheme : {"email:", "phone:", "crm:", "teacher:"}) {
    checkAlias(scheme + std::string(text));
  }
  const auto party = partyOf(text, schemes(), RefusalCode::unknownRecipient);
  if (party)
    LACUNA_ASSERT(party->party->category() || party->instance.empty(), "instances have a category");
  return 0;
}
