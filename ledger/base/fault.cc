#include "ledger/base/fault.h"

namespace lacuna {

void throwBug(const char* file, int line, const char* condition, std::string_view why) {
  std::string_view name(file);
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  throw Bug("bug at " + std::string(name) + ":" + std::to_string(line) + ": " + std::string(why) +
            " (" + condition + ")");
}

}  // namespace lacuna
