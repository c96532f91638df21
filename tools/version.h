#pragma once

#include <string_view>

namespace lacuna::tool {

inline constexpr std::string_view kVersion = LACUNA_VERSION;  // the build's

}  // namespace lacuna::tool
