// What the JSON files of proofs have in common.
#pragma once

#include <string_view>

namespace lacuna {

// A parser goes as deep as the text, and so would whoever copies what it made: asked before parsing.
bool shallow(std::string_view json);

}  // namespace lacuna
