// What a register shows to be missing or doubtful under the GDPR: rules over the register alone, each a general
// function of it. A finding is a hint for the officer and no judgment: it says what the register does not show.
#pragma once

#include "ledger/register/register.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

// gap: the law asks for it and the register has it not; warning: somebody has to look; note: good to know.
enum class Severity : std::uint8_t { gap, warning, note };
std::string_view nameOf(Severity severity);

struct LintRule {
  std::string_view code;  // stable: scripts depend on it
  Severity severity = Severity::gap;
  std::string_view article;  // "13(1)(c)"; of the GDPR
  std::string_view kind;     // of entry that it is about: "purpose", "controller"
  std::string_view en, nl;   // the sentence; % is the finding's own detail
};
std::span<const LintRule> lintRules();

struct LintFinding {
  std::string code;
  Severity severity = Severity::gap;
  std::string article;
  std::string kind, id;    // the entry
  std::uint32_t line = 0;  // in the register's text; 0: unknown
  Label sentence;
};

// As of a day, on which safeguards, agreements and notices stand or do not. In the order of the rules, and of the
// register within one.
std::vector<LintFinding> lint(const Register& reg, Date on);

}  // namespace lacuna
