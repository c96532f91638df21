#include "ledger/base/nearest.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace lacuna {
namespace {

constexpr std::size_t kBytesMax = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment, three rows.
std::size_t edits(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kBytesMax + 1>;
  Row before{}, above{}, row{};
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = lower(a[i - 1]), y = lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y ? 0U : 1U)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = above;
    above = row;
  }
  return above[b.size()];
}

}  // namespace

std::string_view nearestOf(std::string_view text, std::span<const std::string_view> known) {
  if (text.empty() || text.size() > kBytesMax) return {};
  std::string_view nearest;
  std::size_t fewest = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const std::string_view name : known) {
    if (name.empty() || name.size() > kBytesMax) continue;
    const std::size_t apart =
        name.size() > text.size() ? name.size() - text.size() : text.size() - name.size();
    if (apart >= fewest) continue;
    const std::size_t n = edits(text, name);
    if (n < fewest) fewest = n, nearest = name;
  }
  return nearest;
}

}  // namespace lacuna
