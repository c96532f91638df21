// A directory that `lacuna export` made, held against the log it names (FORMAT.md 11): no daemon, no database.
#pragma once

#include "ledger/proof/person_export.h"

#include <filesystem>
#include <functional>

namespace lacuna::tool {

// Whether the directory holds a manifest, so that it is no export of the public log.
bool isPersonExport(const std::filesystem::path& directory);

// One page of memory, whatever the export holds. Refuses tampered, with the sentence for people. `onProgress` hears
// of events checked.
Result<ExportReport> checkPersonExport(const std::filesystem::path& directory,
                                       const std::optional<VerifierKey>& key,
                                       const std::function<void(std::uint64_t)>& onProgress);
// The signed note beside the manifest, for a policy to be asked. Refuses tampered.
Result<std::string> checkpointOfExport(const std::filesystem::path& directory);

}  // namespace lacuna::tool
