// What changed between two registers, entry by entry and field by field. A pure function of their texts;
// comments and order of entries are no change, the order within a list is (of safeguards the first counts).
#pragma once

#include "ledger/register/register.h"

#include <optional>
#include <string>
#include <vector>

namespace lacuna {

struct RegisterValue {
  enum class Type : std::uint8_t { text, flag, number, list };
  Type type = Type::text;
  std::vector<std::string> items;  // one, unless it is a list
  bool operator==(const RegisterValue&) const = default;
};

struct RegisterField {
  std::string name;  // "retention.period": tables within an entry are taken apart
  RegisterValue value;
  bool operator==(const RegisterField&) const = default;
};

struct RegisterChange {
  enum class What : std::uint8_t { added, removed, changed };
  What what = What::changed;
  std::string kind, id;                   // "purpose", "newsletter"; "controller" and no id
  std::vector<RegisterField> entry;       // added or removed: all of it
  std::string field;                      // changed: which one
  std::optional<RegisterValue> from, to;  // changed: what it was and is, where it was or is there
};

// The controller and the other single tables first, then the lists as register.h has them.
std::vector<RegisterChange> differences(const Register& from, const Register& to);

}  // namespace lacuna
