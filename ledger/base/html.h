// HTML pages: their language, and text that becomes part of one.
#pragma once

#include <string>
#include <string_view>

namespace lacuna {

enum class PageLanguage { en, nl };

// Safe as the text of an element and as a quoted attribute: & < > " ' are escaped, control characters (but tab and
// line feed) become U+FFFD. Needs: UTF-8.
std::string htmlOf(std::string_view text);

}  // namespace lacuna
