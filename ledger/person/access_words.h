// The words of the page of Art. 15, in two languages. Internal to person/.
#pragma once

#include "ledger/person/access_page.h"

namespace lacuna {

struct BothWords {
  std::string_view en, nl;
  std::string_view in(PageLanguage language) const {
    return language == PageLanguage::nl ? nl : en;
  }
};

// A value of a closed list (kinds, operations, states, rights, roles ...); its own name when it is none of them.
std::string_view wordOf(std::string_view id, PageLanguage language);
// "eu-gdpr:A6-1-b-contract-performance" is "contract (Art. 6(1)(b))"; its own name when it is none of Art. 6(1).
std::string basisText(std::string_view id, PageLanguage language);
// "P7Y" is "7 years"; the text itself when it is no period.
std::string periodText(std::string_view text, PageLanguage language);

}  // namespace lacuna
