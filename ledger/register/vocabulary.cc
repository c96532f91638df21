#include "ledger/register/vocabulary.h"

#include "ledger/base/limits.h"
#include "ledger/register/register.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

const auto& bases() {
  static const std::array<std::string, 23> list = {
      "eu-gdpr:A6-1-a",
      "eu-gdpr:A6-1-a-explicit-consent",
      "eu-gdpr:A6-1-a-non-explicit-consent",
      "eu-gdpr:A6-1-b",
      "eu-gdpr:A6-1-b-contract-performance",
      "eu-gdpr:A6-1-b-enter-into-contract",
      "eu-gdpr:A6-1-c",
      "eu-gdpr:A6-1-d",
      "eu-gdpr:A6-1-e",
      "eu-gdpr:A6-1-f",
      "eu-gdpr:A6-1-f-controller",
      "eu-gdpr:A6-1-f-third-party",
      "eu-gdpr:A9-2-a",
      "eu-gdpr:A9-2-b",
      "eu-gdpr:A9-2-c",
      "eu-gdpr:A9-2-d",
      "eu-gdpr:A9-2-e",
      "eu-gdpr:A9-2-f",
      "eu-gdpr:A9-2-g",
      "eu-gdpr:A9-2-h",
      "eu-gdpr:A9-2-i",
      "eu-gdpr:A9-2-j",
      "eu-gdpr:A10",
  };
  return list;
}

const auto& tools() {
  static const std::array<std::string, 17> list = {
      "eu-gdpr:A45-3",   "eu-gdpr:A46-2-a", "eu-gdpr:A46-2-b", "eu-gdpr:A46-2-c", "eu-gdpr:A46-2-d",
      "eu-gdpr:A46-2-e", "eu-gdpr:A46-2-f", "eu-gdpr:A46-3-a", "eu-gdpr:A46-3-b", "eu-gdpr:A49-1-a",
      "eu-gdpr:A49-1-b", "eu-gdpr:A49-1-c", "eu-gdpr:A49-1-d", "eu-gdpr:A49-1-e", "eu-gdpr:A49-1-f",
      "eu-gdpr:A49-1-g", "eu-gdpr:A49-2"};
  return list;
}

const auto& refusals() {
  static const std::array<std::string, 7> list = {
      "eu-gdpr:JustificationA17FreedomOfExpression", "eu-gdpr:JustificationA17LegallyRequired",
      "eu-gdpr:JustificationA17OfficialAuthority",   "eu-gdpr:JustificationA17PublicInterest",
      "eu-gdpr:JustificationA17PublicHealth",        "eu-gdpr:JustificationA17Archiving",
      "eu-gdpr:JustificationA17LegalClaims"};
  return list;
}

constexpr std::array<std::string_view, 10> kPrefixes = {
    "dpv", "pd", "eu-gdpr", "legal-eu", "legal-nl", "loc", "edu", "tech", "justifications", "risk"};

// The 27 members, and Iceland, Liechtenstein, Norway.
constexpr std::array<std::string_view, 30> kEea = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"};

template <typename List>
bool contains(const List& list, std::string_view what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

bool lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

bool basisKnown(std::string_view basis) { return contains(bases(), basis); }
std::span<const std::string> basisIds() { return bases(); }
bool transferToolKnown(std::string_view tool) { return contains(tools(), tool); }
std::span<const std::string> transferToolIds() { return tools(); }
bool erasureRefusalKnown(std::string_view code) { return contains(refusals(), code); }
std::span<const std::string> erasureRefusalIds() { return refusals(); }

bool curieValid(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.size() > kNameBytesMax) return false;
  const std::string_view local = text.substr(colon + 1);
  return contains(kPrefixes, text.substr(0, colon)) && !local.empty() &&
         std::all_of(local.begin(), local.end(),
                     [](char c) { return lower(c) || upper(c) || c == '-'; });
}

bool countryValid(std::string_view text) {
  return text.size() == 6 && text.starts_with("loc:") && upper(text[4]) && upper(text[5]);
}

bool thirdCountry(std::string_view country) {
  return countryValid(country) && country != "loc:EU" && !contains(kEea, country.substr(4));
}

bool nameValid(std::string_view id) {
  return !id.empty() && id.size() <= kNameBytesMax && lower(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return lower(c) || c == '-' || c == '_' || c == '.'; });
}

bool schemeValid(std::string_view id) {
  return nameValid(id) && id.front() >= 'a' && id.find_first_of("._") == std::string_view::npos;
}

bool textClean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

}  // namespace lacuna
