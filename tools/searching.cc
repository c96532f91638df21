#include "tools/searching.h"

#include "tools/console.h"

#include <algorithm>
#include <cstdio>

namespace lacuna::tool {

void showSearch(Loop& loop, wire::Officer::Client& officer) {
  const auto status = askText(loop, officer.withdrawStatusRequest());
  if (!status) return;
  const Json searched = parsedAnswer(*status).value("searched", Json::object());
  const std::uint64_t of = searched.value("of", std::uint64_t{0});
  if (of == 0) return;
  const std::uint64_t slots = std::min(of, searched.value("slots", std::uint64_t{0}));
  std::fprintf(stderr, "\rlooking for the event: %3llu %%",
               static_cast<unsigned long long>(slots * 100 / of));
}

void endSearch() { std::fprintf(stderr, "\r%-40s\r", ""); }

}  // namespace lacuna::tool
