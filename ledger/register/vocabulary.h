// Closed lists of the register's language: legal bases, transfer tools, prefixes of vocabularies.
// Ids are those of the Data Privacy Vocabulary 2.3, written as CURIEs. Internal to ledger/register/.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lacuna {

bool transferToolKnown(std::string_view tool);  // "eu-gdpr:A45-3"
std::span<const std::string> transferToolIds();
bool erasureRefusalKnown(std::string_view code);  // Art. 17(3): "eu-gdpr:JustificationA17Archiving"
std::span<const std::string> erasureRefusalIds();
// "prefix:Local-Name" with a prefix that we know.
bool curieValid(std::string_view text);
bool countryValid(std::string_view text);  // "loc:" and two capitals

// Ids of the register and of events: lower-case letters, digits, '-', '_', '.'; begins with a letter
// or digit; at most kNameBytesMax.
bool nameValid(std::string_view id);
// Schemes of aliases and category parties, which stand before a colon: letter first, then letters,
// digits, '-'.
bool schemeValid(std::string_view id);
// No control characters; UTF-8 is the parser's business.
bool textClean(std::string_view text);

}  // namespace lacuna
