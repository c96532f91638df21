// The nearest known name, for "did you mean".
#pragma once

#include <span>
#include <string_view>

namespace lacuna {

// The known name with the fewest edits (insert, delete, replace, swap neighbours; case is free), if they
// are few for its length; else empty. Texts over 64 bytes have no neighbour.
std::string_view nearestOf(std::string_view text, std::span<const std::string_view> known);

}  // namespace lacuna
