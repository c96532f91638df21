// The words of headings in two languages; names of fields, codes and ids are never translated.
#pragma once

#include <string>
#include <string_view>

namespace lacuna::tool {

enum class Language { en, nl };

// The heading of a field: "recordedAt" is "Recorded at" or "Vastgelegd op". A field that has no
// translation is shown by its own name, taken apart.
std::string headingOf(std::string_view field, Language language);

}  // namespace lacuna::tool
