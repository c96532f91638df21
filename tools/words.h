// What is said to people, in two languages; names of fields, codes and ids are never translated.
#pragma once

#include "ledger/base/result.h"

#include <string>
#include <string_view>

namespace lacuna::tool {

enum class Language { en, nl };

// The heading of a field: "recordedAt" is "Recorded at" or "Vastgelegd op". A field that has no
// translation is shown by its own name, taken apart.
std::string headingOf(std::string_view field, Language language);

// Of a sentence in both languages, the one that was asked for.
inline std::string_view in(Language language, std::string_view en, std::string_view nl) {
  return language == Language::nl ? nl : en;
}

// "refused (unknown-purpose): sentence; nearest: course-admin". The daemon speaks English: in Dutch a code
// has a sentence of its own, followed by the daemon's where that says more than the code.
std::string sentenceOf(const Refusal& refusal, Language language = Language::en);
std::string messageOf(const Refusal& refusal, Language language);  // without the code

}  // namespace lacuna::tool
