// The record of processing activities that a controller keeps (Art. 30(1) GDPR), from one register: as JSON, and as one
// page that needs nothing else, for printing. A pure function; no person stands in it.
#pragma once

#include "ledger/base/html.h"
#include "ledger/register/register.h"

#include <string>

namespace lacuna {

// Which register it was made of; empty or 0 where it is not known.
struct RopaSource {
  std::uint64_t version = 0;
  std::string since, until, sha256, file;
};

// On a day: which safeguards stood then. One JSON document, indented.
std::string ropaJson(const Register& reg, Date on, const RopaSource& source);

// HTML without script and without anything from outside; every text of the register is escaped.
std::string ropaPage(const Register& reg, Date on, const RopaSource& source, PageLanguage language);

}  // namespace lacuna
