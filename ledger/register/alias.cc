#include "ledger/register/alias.h"

#include "ledger/base/limits.h"
#include "ledger/register/admission.h"

#include <phonenumbers/phonenumberutil.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace lacuna {
namespace {

Refusal invalid(std::string sentence) { return {RefusalCode::invalidValue, std::move(sentence)}; }

enum class Script : std::uint8_t { ascii, other, refused };

// Control characters of both sets are refused: an alias is something that people type.
Script scriptOf(std::string_view value) {
  Script script = Script::ascii;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte < 0x20 || byte == 0x7f) return Script::refused;
    if (byte < 0x80) continue;
    script = Script::other;
    if (byte == 0xc2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) < 0xa0) {
      return Script::refused;  // U+0080 to U+009F
    }
  }
  return script;
}

// NFC; nothing when the bytes are not UTF-8.
std::optional<std::string> composed(std::string_view text) {
  utf8proc_uint8_t* out = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &out,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size < 0) return std::nullopt;
  std::string made(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  std::free(out);  // utf8proc allocates with malloc
  return made;
}

// Lower case code point by code point. Needs: UTF-8.
std::string lowered(std::string_view text) {
  std::string made;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t step = utf8proc_iterate(at, left, &point);
    if (step <= 0) break;
    std::array<utf8proc_uint8_t, 4> bytes{};
    const utf8proc_ssize_t size = utf8proc_encode_char(utf8proc_tolower(point), bytes.data());
    made.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
    at += step;
    left -= step;
  }
  return made;
}

bool addressValid(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos) {
    return false;
  }
  const std::string_view domain = text.substr(at + 1);
  return !domain.empty() && domain.front() != '.' && domain.back() != '.' &&
         domain.find("..") == std::string_view::npos &&
         text.find_first_of(" \"<>(),;:\\[]") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Result<std::string> addressOf(std::string_view value, Script script) {
  std::string made(trimmed(value));
  if (script == Script::ascii) {
    std::transform(made.begin(), made.end(), made.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  } else {
    // Lowering can undo a composition and composing can make a capital; two rounds settle it, and
    // what still moves is not an address.
    constexpr int kRounds = 3;
    std::string before;
    for (int round = 0; round < kRounds && made != before; ++round) {
      before = made;
      made = composed(lowered(made)).value_or("");
    }
    if (made != before) return invalid("an e-mail address that has no settled lower-case form");
  }
  if (!addressValid(made)) return invalid("an alias of this scheme must be an e-mail address");
  return made;
}

std::optional<std::string> internationalOf(const std::string& text, const std::string& region) {
  using i18n::phonenumbers::PhoneNumber;
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(text, region, &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !util.IsPossibleNumber(number)) {
    return std::nullopt;
  }
  std::string made;
  util.Format(number, PhoneNumberUtil::E164, &made);
  return made;
}

Result<std::string> numberOf(std::string_view value, const Register& reg) {
  const Refusal refusal = invalid(
      "an alias of this scheme must be a telephone number without extension, international "
      "(+31...) or of the controller's country");
  // Letters would be read as keys, extensions would be cut off: two people in one alias.
  const std::string_view text = trimmed(value);
  if (text.empty() || text.find_first_not_of("0123456789+-(). /") != std::string_view::npos) {
    return refusal;
  }
  const std::string& country = reg.controller().country;  // "loc:NL"
  const std::string region = country.empty() ? "ZZ" : country.substr(country.find(':') + 1);
  const std::optional<std::string> made = internationalOf(std::string(text), region);
  // Digits that look like one more trunk prefix would be dropped the next time: no settled form.
  if (!made || internationalOf(*made, region) != made) return refusal;
  return *made;
}

}  // namespace

Result<std::string> normalValue(std::string_view value, Scheme::Normal normal,
                                const Register& reg) {
  if (value.empty() || value.size() > kAliasBytesMax) {
    return invalid("an alias has 1 to " + std::to_string(kAliasBytesMax) + " bytes");
  }
  const Script script = scriptOf(value);
  if (script == Script::refused) return invalid("an alias has no control characters");
  if (script == Script::ascii && normal == Scheme::Normal::exact) return std::string(value);

  const std::optional<std::string> nfc =
      script == Script::ascii ? std::string(value) : composed(value);
  if (!nfc) return invalid("an alias is UTF-8 text");
  Result<std::string> made = *nfc;
  if (normal == Scheme::Normal::email) made = addressOf(*nfc, script);
  if (normal == Scheme::Normal::phone) made = numberOf(*nfc, reg);
  return made;
}

Result<Alias> aliasOf(std::string_view text, const Register& reg) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return invalid("an alias is written scheme:value, such as crm:100234");
  }
  if (text.size() > kAliasBytesMax) {
    return invalid("an alias has at most " + std::to_string(kAliasBytesMax) + " bytes");
  }
  const std::string_view name = text.substr(0, colon);
  const Scheme* scheme = reg.scheme(name);
  if (scheme == nullptr) {
    const Party* category = reg.party(name);
    if (category == nullptr || !category->category()) {
      // What stands before the colon may be anything, a name too: it is not repeated.
      return Refusal{RefusalCode::unknownScheme,
                     "the register has no scheme of aliases of that name",
                     nearestOf(name, reg.schemeIds())};
    }
  }
  const Scheme::Normal normal = scheme == nullptr ? Scheme::Normal::exact : scheme->normal;
  Result<std::string> value = normalValue(text.substr(colon + 1), normal, reg);
  if (!value) return value.refusal();
  if (name.size() + 1 + value->size() > kAliasBytesMax) {
    return invalid("an alias has at most " + std::to_string(kAliasBytesMax) + " bytes");
  }
  return Alias{std::string(name), std::move(*value), scheme == nullptr || scheme->unique};
}

Result<NamedParty> partyOf(std::string_view text, const Register& reg, RefusalCode unknown) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const Party* party = reg.party(name);
  if (party == nullptr) {
    // Not repeated: somebody may have written a person's name here.
    return Refusal{unknown, "the register has no party of that name",
                   nearestOf(name, reg.partyIds())};
  }
  if (colon == std::string_view::npos) return NamedParty{party, {}};
  if (!party->category()) {
    return Refusal{unknown, "the party '" + party->id + "' is no category: it has no instances",
                   party->id};
  }
  Result<std::string> value = normalValue(text.substr(colon + 1), Scheme::Normal::exact, reg);
  if (!value) return value.refusal();
  if (party->id.size() + 1 + value->size() > kAliasBytesMax) {
    return invalid("a party has at most " + std::to_string(kAliasBytesMax) + " bytes");
  }
  return NamedParty{party, std::move(*value)};
}

}  // namespace lacuna
