// What opens something of a person, told beforehand by a copy of a stopped ledger: for tests that look for it
// where it may not be any more.
#pragma once

#include "ledger/base/bytes.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::test {

// By what they are: `root`, `path` (the seeds above the person), `person` (down to 256 lots), `near` (16 lots),
// `lot` (all 4096), `event` (one event each).
using Secrets = std::map<std::string, std::vector<Bytes>>;

// `data` is copied, and the copy is opened. Throws when the person is not in it.
std::vector<Secrets> secretsOf(const std::filesystem::path& data,
                               const std::vector<std::string>& persons);

// The factors of the roots that a root.ks holds now.
std::vector<Bytes> factorsIn(const std::filesystem::path& rootStore);

}  // namespace lacuna::test
