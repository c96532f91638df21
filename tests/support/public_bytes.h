// Every byte of a running daemon that the log over HTTP, the auditor's role and an export give away.
#pragma once

#include "ledger/base/bytes.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lacuna::test {

// What was asked (a path, a method with its arguments) -> the bytes of the answer.
using PublicBytes = std::map<std::string, std::string>;

// The log over HTTP: every path that is published, in every width, plain and compressed, with the heads of the
// answers; the status; and what is refused.
PublicBytes overHttp(std::uint16_t loopbackPort);
// Every method of the wire's Auditor, of every record; the gate's identity and status.
PublicBytes asAuditor(const std::filesystem::path& socket);
// Names and contents of all files.
PublicBytes asFiles(const std::filesystem::path& exported);

// The bytes of a record that are neither random nor a time: what is random in it is zeros.
Bytes withoutChance(ByteView record);

}  // namespace lacuna::test
