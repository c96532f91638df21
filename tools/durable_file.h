// Files that have to be there after a power cut.
#pragma once

#include <filesystem>
#include <string_view>
#include <sys/types.h>

namespace lacuna::tool {

// A crash leaves the old content or the new one, whole; on return it is the new one, and durable. Of mode 0600, or
// as the umask lets it. Throws Fault, with `what` in its sentence: then which of the two is there is unknown.
enum class Secrecy : bool { no, yes };
void replaceDurably(const std::filesystem::path& file, std::string_view content,
                    std::string_view what, Secrecy secrecy);
// Makes the names in a folder durable.
void syncFolder(const std::filesystem::path& folder, std::string_view what);

}  // namespace lacuna::tool
