#include "ledger/base/result.h"

#include <array>

namespace lacuna {
namespace {

constexpr std::array kNames = {
#define X(enumerator, name) std::string_view(name),
    LACUNA_REFUSALS(X)
#undef X
};

}  // namespace

std::string_view nameOf(RefusalCode code) { return kNames.at(static_cast<std::size_t>(code)); }

std::optional<RefusalCode> refusalCodeOf(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<RefusalCode>(i);
  }
  return std::nullopt;
}

}  // namespace lacuna
