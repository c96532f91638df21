#pragma once

namespace lacuna {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace lacuna
